//! The calls of webhooks.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod delivery_replay;
pub mod list;
pub mod read;
pub mod replay;
pub mod rotate_secret;
pub mod test;
pub mod update;
