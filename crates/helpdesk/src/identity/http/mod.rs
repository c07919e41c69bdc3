//! The calls of the identity slice, and the gate before every call.

pub mod api_key_create;
pub mod api_key_list;
pub mod api_key_revoke;
pub mod authorise;
pub mod caller;
mod cookie;
mod credentials;
mod csrf;
mod identify;
pub mod me;
pub mod password_change;
mod prove;
pub mod reader;
pub mod session_list;
pub mod session_revoke;
pub mod sign_in;
pub mod sign_out;
pub mod token_create;
pub mod token_refresh;
pub mod token_revoke;
pub mod user_create;
pub mod user_list;
pub mod user_read;
pub mod user_update;
