//! Calls to addresses that somebody else chose (webhooks and the like), which must never become calls into the
//! operator's own network.
//!
//! - [`Policy::check`] looks at an address as it is written, without the network.
//! - [`Policy::resolve`] resolves the name and refuses it if any of its addresses is not public.
//! - [`Client::post`] does both, and connects to exactly the addresses that were looked at, so that a name that
//!   changes its mind in between (DNS rebinding) gains nothing. It follows no redirect, knows no proxy, and
//!   reads a bounded answer in bounded time.

mod address;
mod client;
mod policy;

pub use address::{Reach, reach};
pub use client::{ANSWER_AT_MOST, Client, Fault, Reply};
pub use policy::{Policy, Refusal, Target};
