//! Tests of the program itself: the real binary, real signals, a real PostgreSQL.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must stop with the reason"
)]

mod commands;
mod crashes;
mod outage;
mod run_script;
mod shutdown;
mod start;
mod support;
