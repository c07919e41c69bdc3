//! Use cases of the feedback slice. Each takes the transaction, the actor and the clock; the caller
//! commits.

pub mod figures;
pub mod follow_ups;
pub mod give;
pub mod list;
pub mod requests;
pub mod survey;
