//! The calls of the policies.

pub mod create;
pub mod delete;
pub mod list;
pub mod read;
pub mod update;
pub mod versions;

use kamhub_httpkit::{ApiResult, Unchecked};
use kamhub_postgres::PgConnection;

use super::input::PolicyInput;
use super::service;
use crate::ids::PolicyId;

/// The body, where it has no fault; otherwise those of what it refers to are told with the others.
async fn valid<T>(
    tx: &mut PgConnection,
    changed: Option<PolicyId>,
    mut body: Unchecked<T>,
    input: impl Fn(&T) -> &PolicyInput,
) -> ApiResult<T> {
    if let Some(read) = body.read().filter(|_| !body.is_sound()) {
        let input = input(read).clone();
        let more = service::reference_faults(tx, changed, |before| input.drafted(before)).await?;
        body.add(&more);
    }
    Ok(body.valid()?.value)
}
