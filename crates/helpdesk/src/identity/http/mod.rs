//! The calls of the identity slice, and the gate before every call.

pub mod authorise;
pub mod caller;
pub mod me;
