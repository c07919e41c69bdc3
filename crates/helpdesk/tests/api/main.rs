//! Tests of the API, through HTTP, on a real PostgreSQL. The modules mirror the URLs.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agent_metrics;
mod agents;
mod api_keys;
mod assignment;
mod auth;
mod calendars;
mod customers_access;
mod envelope;
mod feedback;
mod feedback_figures;
mod feedback_requests;
mod help_centre;
mod histories;
mod hostile;
mod hostile_http;
mod knowledge;
mod knowledge_xss;
mod ledger;
mod merge;
mod message_effects;
mod message_ratings;
mod messages;
mod people;
mod policies;
mod sla;
mod sla_decisions;
mod sla_histories;
mod sla_sweep;
mod snooze;
mod speaking;
mod split;
mod support;
mod ticket_lists;
mod tickets;
mod users;
