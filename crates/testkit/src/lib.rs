//! The product under test: a real HTTP server on a database of its own, which is a clone of a
//! template that was migrated once. The clock stands still until a test moves it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must stop with the reason"
)]

pub mod app;
pub mod client;
pub mod clock;
pub mod database;
pub mod http_sink;
pub mod smtp;

pub use app::TestApp;
pub use client::{Client, Reply};
pub use clock::TestClock;
pub use database::TestDatabase;
pub use http_sink::HttpSink;
pub use smtp::SmtpSink;
