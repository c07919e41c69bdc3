//! Use cases of the clocks. Whoever changes clocks holds the lock of their ticket.

pub mod adopt;
pub mod audit;
mod case;
pub mod check;
pub mod explain;
pub mod live;
pub mod prepare;
pub mod promises;
pub mod recompute;
mod record;
mod store;
pub mod sweep;
pub mod violations;
