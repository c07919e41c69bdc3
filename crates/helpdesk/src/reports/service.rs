//! Use cases of the reports.

pub mod compliance;

use kamhub_postgres::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, repo};
use crate::ids::AgentId;
use crate::period::Period;

/// How an agent is doing. Counts and averages are over the agent's tickets that were created in
/// the period; ratings and feedback over those given in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentMetrics {
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    #[schema(examples("Анна Лебедева"))]
    pub name: String,
    /// From when to when.
    pub period: Period,
    /// Tickets in work now.
    #[schema(examples(3))]
    pub open_tickets: i32,
    /// The most tickets in work at once.
    #[schema(examples(5))]
    pub capacity: i32,
    /// Tickets in work as a share of capacity; above 1 where a person assigned more.
    #[schema(examples(0.6))]
    pub utilisation: f64,
    /// Tickets of the period that are the agent's.
    #[schema(examples(41))]
    pub assigned_tickets: i64,
    /// Those of them that are resolved, or were before they were closed.
    #[schema(examples(36))]
    pub resolved_tickets: i64,
    /// Those of them that are closed.
    #[schema(examples(30))]
    pub closed_tickets: i64,
    /// Minutes from creation to the first public reply, on average; null where there was none.
    #[schema(examples(42.5))]
    pub average_first_response_minutes: Option<f64>,
    /// Minutes from creation to resolution, on average; null where none is resolved.
    #[schema(examples(612.0))]
    pub average_resolution_minutes: Option<f64>,
    /// The average of ratings of the agent's messages, 1 to 5; null where there is none.
    #[schema(examples(4.6))]
    pub average_rating: Option<f64>,
    /// How many ratings there are.
    #[schema(examples(17))]
    pub rating_count: i64,
    /// The average of feedback on the agent's tickets, 1 to 5; null where there is none.
    #[schema(examples(4.41))]
    pub average_feedback: Option<f64>,
    /// How much feedback there is.
    #[schema(examples(12))]
    pub feedback_count: i64,
    /// Customer satisfaction: per cent of feedback with 4 or 5; null where there is none.
    #[schema(examples(91.67))]
    pub csat: Option<f64>,
}

/// The figures of one agent.
///
/// # Errors
/// [`Error::AgentNotFound`]; a database fault.
pub async fn agent_metrics(
    connection: &mut PgConnection,
    agent: AgentId,
    period: Period,
) -> Result<AgentMetrics, Error> {
    let row = repo::agent(connection, agent, period.from, period.to)
        .await?
        .ok_or(Error::AgentNotFound)?;
    let minutes = |seconds: Option<f64>| seconds.map(|seconds| hundredths(seconds / 60.0));
    Ok(AgentMetrics {
        agent_id: agent,
        name: row.name,
        period,
        open_tickets: row.open_tickets,
        capacity: row.capacity,
        utilisation: hundredths(f64::from(row.open_tickets) / f64::from(row.capacity.max(1))),
        assigned_tickets: row.assigned,
        resolved_tickets: row.resolved,
        closed_tickets: row.closed,
        average_first_response_minutes: minutes(row.first_response_seconds),
        average_resolution_minutes: minutes(row.resolution_seconds),
        average_rating: row.rating.map(hundredths),
        rating_count: row.ratings,
        average_feedback: row.feedback_rating.map(hundredths),
        feedback_count: row.feedback,
        csat: row.csat.map(hundredths),
    })
}

/// Rounded to two places: what people read.
fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
