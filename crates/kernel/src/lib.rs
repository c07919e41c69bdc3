//! The ground under every other crate: typed ids, wire enums, the clock, the actor, pages and
//! field faults. Pure: it depends on nothing of ours and does no I/O.

pub mod actor;
pub mod clock;
pub mod faults;
pub mod id;
pub mod page;
mod versions;
pub mod wire_enum;

pub use actor::{Actor, ApiKeyId, CustomerId, Role, Scope, SessionId, UserId};
pub use clock::{Clock, SystemClock};
pub use faults::Faults;
pub use id::IdError;
pub use versions::Versions;

/// Re-exports that the macros of this crate need at their call sites.
#[doc(hidden)]
pub mod macro_support {
    pub use serde;
    pub use sqlx;
    pub use utoipa;
}
