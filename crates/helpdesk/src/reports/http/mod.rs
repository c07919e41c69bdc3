//! The calls of the reports.

pub mod agent_metrics;
pub mod compliance;
