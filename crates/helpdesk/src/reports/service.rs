//! Use cases of the reports.

use chrono::{DateTime, Duration, Utc};
use kamhub_kernel::{Clock, Faults};
use kamhub_postgres::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, repo};
use crate::ids::AgentId;

/// The days of a period where none is given (contract, section 1).
const DEFAULT_DAYS: i64 = 30;
/// The most days of a period: what a report reads stays bounded.
const MOST_DAYS: i64 = 366;

/// From when to when a report looks, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Period {
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The last moment.
    pub to: DateTime<Utc>,
}

impl Period {
    /// The period that is asked for; an end that is not given is now, a beginning 30 days earlier.
    ///
    /// # Errors
    /// A period that ends before it begins, or is longer than 366 days.
    pub fn of(
        clock: &dyn Clock,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> Result<Self, Error> {
        let to = to.unwrap_or_else(|| clock.now());
        let default = to.checked_sub_signed(Duration::days(DEFAULT_DAYS)).unwrap_or(to);
        let from = from.unwrap_or(default);
        if from > to {
            return Err(Error::Invalid(Faults::of("from", "From must not be later than to")));
        }
        if to - from > Duration::days(MOST_DAYS) {
            let sentence = format!("From must be at most {MOST_DAYS} days before to");
            return Err(Error::Invalid(Faults::of("from", sentence)));
        }
        Ok(Self { from, to })
    }
}

/// How an agent is doing. Counts and averages are over the agent's tickets that were created in
/// the period; ratings over those given in it.
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
    })
}

/// Rounded to two places: what people read.
fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
