//! The calls of one article under its short address, `/api/support/knowledge-base/{id}`: the contract
//! can be read either way, and clients of both are served.

pub mod delete;
pub mod publish;
pub mod read;
pub mod stats;
pub mod update;
pub mod vote;
