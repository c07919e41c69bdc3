//! The SQL of the reports.

pub(super) mod compliance;

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::AgentId;

/// An agent's figures as the database has them; spans in seconds.
pub(super) struct AgentRow {
    pub name: String,
    pub open_tickets: i32,
    pub capacity: i32,
    pub assigned: i64,
    pub resolved: i64,
    pub closed: i64,
    pub first_response_seconds: Option<f64>,
    pub resolution_seconds: Option<f64>,
    pub rating: Option<f64>,
    pub ratings: i64,
    pub feedback_rating: Option<f64>,
    pub feedback: i64,
    pub csat: Option<f64>,
}

/// The figures of one agent over tickets created, and ratings and feedback given, from `from` to
/// `to`. All three ranges are read from indexes that begin with the agent and the time.
pub(super) async fn agent(
    connection: &mut PgConnection,
    agent: AgentId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> DbResult<Option<AgentRow>> {
    Ok(sqlx::query_as!(
        AgentRow,
        r#"SELECT a.name, l.open_tickets, a.max_concurrent_tickets AS capacity,
                  t.assigned AS "assigned!", t.resolved AS "resolved!", t.closed AS "closed!",
                  t.first_response_seconds, t.resolution_seconds, m.rating, m.ratings AS "ratings!",
                  f.rating AS feedback_rating, f.given AS "feedback!", f.csat
           FROM support_agents a
           JOIN agent_load l ON l.agent_id = a.id
           CROSS JOIN LATERAL (
               SELECT count(*) AS assigned, count(resolved_at) AS resolved,
                      count(*) FILTER (WHERE status = 'closed') AS closed,
                      avg(extract(epoch FROM first_response_at - created_at))::float8
                          AS first_response_seconds,
                      avg(extract(epoch FROM resolved_at - created_at))::float8
                          AS resolution_seconds
               FROM tickets
               WHERE agent_id = a.id AND created_at BETWEEN $2 AND $3
                 AND deleted_at IS NULL AND merged_into_id IS NULL) t
           CROSS JOIN LATERAL (
               SELECT avg(rating)::float8 AS rating, count(*) AS ratings FROM ticket_messages
               WHERE sender_id = a.id AND rated_at BETWEEN $2 AND $3
                 AND rating IS NOT NULL AND sender_type = 'agent') m
           CROSS JOIN LATERAL (
               SELECT avg(rating)::float8 AS rating, count(*) AS given,
                      (100.0 * count(*) FILTER (WHERE rating >= 4) / NULLIF(count(*), 0))::float8
                          AS csat
               FROM feedback WHERE agent_id = a.id AND created_at BETWEEN $2 AND $3) f
           WHERE a.id = $1 AND a.deleted_at IS NULL"#,
        agent as AgentId,
        from,
        to
    )
    .fetch_optional(connection)
    .await?)
}
