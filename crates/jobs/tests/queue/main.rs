//! The guarantees of the queue, on a real PostgreSQL: `KAMHUB_TEST_DATABASE_URL` names the server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "tests are told by variables where the servers are")]

mod bench;
mod dead_letters;
mod enqueue;
mod failures;
mod leases;
mod schedules;
mod workers;
