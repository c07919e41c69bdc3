//! The calls of the notifications slice.

pub mod entry;
pub mod list;
pub mod preferences;
pub mod read;
pub mod read_all;
pub mod unread;

use kamhub_httpkit::{ApiResult, Problem};
use kamhub_kernel::{Actor, UserId};

/// The person whose inbox or preferences are meant: the caller, never somebody else.
fn person(actor: &Actor) -> ApiResult<UserId> {
    match actor {
        Actor::User { id, .. } => Ok(*id),
        _ => Err(Problem::forbidden("Only a signed-in person has an inbox")),
    }
}
