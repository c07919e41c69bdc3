//! The SQL of compliance. Tickets are found by when they were created, violations by when they
//! happened, clock instances by when their target ended; each range lies in an index.
//!
//! The contract's two violations never happen before their ticket exists, so those of tickets created from
//! `from` on are among those that happened from `from` on.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::reports::service::compliance::Dimension;
use crate::sla::model::Metric;

/// Violations of some tickets; `violating` counts each ticket once, for the contract's two types.
#[derive(Debug, Clone, Default)]
pub(in crate::reports) struct TicketRow {
    pub key: Option<String>,
    pub name: Option<String>,
    pub tickets: i64,
    pub first_response: i64,
    pub next_response: i64,
    pub resolution: i64,
    pub violating: i64,
}

/// Clock instances of one metric.
#[derive(Debug, Clone)]
pub(in crate::reports) struct InstanceRow {
    pub key: Option<String>,
    pub name: Option<String>,
    pub metric: Metric,
    pub met: i64,
    pub breached: i64,
    pub retargeted: i64,
    pub cancelled: i64,
    pub overdue: i64,
}

/// All tickets created from `from` to `to`.
pub(in crate::reports) async fn tickets(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> DbResult<TicketRow> {
    Ok(sqlx::query_as!(
        TicketRow,
        r#"SELECT NULL::text AS key, NULL::text AS name,
                  (SELECT count(*) FROM tickets WHERE created_at BETWEEN $1 AND $2
                       AND deleted_at IS NULL AND merged_into_id IS NULL) AS "tickets!",
                  count(*) FILTER (WHERE v.violation_type = 'FIRST_RESPONSE_SLA') AS "first_response!",
                  count(*) FILTER (WHERE v.violation_type = 'NEXT_RESPONSE_SLA') AS "next_response!",
                  count(*) FILTER (WHERE v.violation_type = 'RESOLUTION_SLA') AS "resolution!",
                  count(DISTINCT v.ticket_id) FILTER (WHERE v.violation_type <> 'NEXT_RESPONSE_SLA')
                      AS "violating!"
           FROM sla_violations v JOIN tickets t ON t.id = v.ticket_id
           WHERE v.breached_at >= $1 AND v.withdrawn_at IS NULL AND t.created_at BETWEEN $1 AND $2
             AND t.deleted_at IS NULL AND t.merged_into_id IS NULL"#,
        from,
        to
    )
    .fetch_one(connection)
    .await?)
}

/// The same by what the tickets have in common now, in its order, at most `limit` groups.
pub(in crate::reports) async fn ticket_groups(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    by: Dimension,
    limit: i64,
) -> DbResult<Vec<TicketRow>> {
    Ok(sqlx::query_as!(
        TicketRow,
        r#"WITH violating AS (
               SELECT ticket_id,
                      count(*) FILTER (WHERE violation_type = 'FIRST_RESPONSE_SLA') AS first_response,
                      count(*) FILTER (WHERE violation_type = 'NEXT_RESPONSE_SLA') AS next_response,
                      count(*) FILTER (WHERE violation_type = 'RESOLUTION_SLA') AS resolution
               FROM sla_violations WHERE breached_at >= $1 AND withdrawn_at IS NULL
               GROUP BY ticket_id),
           grouped AS (
               SELECT CASE $3::text WHEN 'team' THEN t.team WHEN 'agent' THEN t.agent_id::text
                          WHEN 'category' THEN t.category WHEN 'priority' THEN t.priority
                          ELSE to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END AS key,
                      count(*) AS tickets,
                      coalesce(sum(v.first_response), 0)::bigint AS first_response,
                      coalesce(sum(v.next_response), 0)::bigint AS next_response,
                      coalesce(sum(v.resolution), 0)::bigint AS resolution,
                      count(*) FILTER (WHERE v.first_response + v.resolution > 0) AS violating
               FROM tickets t LEFT JOIN violating v ON v.ticket_id = t.id
               WHERE t.created_at BETWEEN $1 AND $2 AND t.deleted_at IS NULL
                 AND t.merged_into_id IS NULL
               GROUP BY 1)
           SELECT g.key, a.name AS "name?", g.tickets AS "tickets!",
                  g.first_response AS "first_response!", g.next_response AS "next_response!",
                  g.resolution AS "resolution!", g.violating AS "violating!"
           FROM grouped g
           LEFT JOIN support_agents a ON $3 = 'agent' AND a.id = g.key::bigint
           ORDER BY g.key NULLS LAST LIMIT $4"#,
        from,
        to,
        by.as_str(),
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// Clock instances whose target ended from `from` to `to`, by metric: kept, or missed by time; and apart
/// from those, missed by decree, cancelled before the end, and missed and still waited for at `now`.
pub(in crate::reports) async fn instances(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
) -> DbResult<Vec<InstanceRow>> {
    Ok(sqlx::query_as!(
        InstanceRow,
        r#"WITH ended AS (
               SELECT metric, 'met' AS what FROM sla_clocks
               WHERE fulfilled_at BETWEEN $1 AND $2 AND breached_at IS NULL
               UNION ALL
               SELECT metric, CASE WHEN cause NOT IN ('elapsed', 'imported') THEN 'retargeted'
                   WHEN state IN ('running', 'paused') THEN 'overdue' ELSE 'breached' END
               FROM sla_clocks WHERE breached_at BETWEEN $1 AND $2
               UNION ALL
               SELECT metric, 'overdue' FROM sla_clocks
               WHERE state = 'running' AND due_at BETWEEN $1 AND least($2, $3) AND breached_at IS NULL
               UNION ALL
               SELECT metric, 'cancelled' FROM sla_clocks
               WHERE cancelled_at BETWEEN $1 AND $2 AND breached_at IS NULL)
           SELECT NULL::text AS key, NULL::text AS name, metric AS "metric!: Metric",
                  count(*) FILTER (WHERE what = 'met') AS "met!",
                  count(*) FILTER (WHERE what = 'breached') AS "breached!",
                  count(*) FILTER (WHERE what = 'retargeted') AS "retargeted!",
                  count(*) FILTER (WHERE what = 'cancelled') AS "cancelled!",
                  count(*) FILTER (WHERE what = 'overdue') AS "overdue!"
           FROM ended GROUP BY metric ORDER BY metric"#,
        from,
        to,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// The same by what their tickets have in common now, or by the day on which the target ended; at most
/// `limit` rows.
pub(in crate::reports) async fn instance_groups(
    connection: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    by: Dimension,
    limit: i64,
) -> DbResult<Vec<InstanceRow>> {
    Ok(sqlx::query_as!(
        InstanceRow,
        r#"WITH ended AS (
               SELECT ticket_id, metric, 'met' AS what, fulfilled_at AS at FROM sla_clocks
               WHERE fulfilled_at BETWEEN $1 AND $2 AND breached_at IS NULL
               UNION ALL
               SELECT ticket_id, metric, CASE WHEN cause NOT IN ('elapsed', 'imported')
                   THEN 'retargeted' WHEN state IN ('running', 'paused') THEN 'overdue'
                   ELSE 'breached' END, breached_at
               FROM sla_clocks WHERE breached_at BETWEEN $1 AND $2
               UNION ALL
               SELECT ticket_id, metric, 'overdue', due_at FROM sla_clocks
               WHERE state = 'running' AND due_at BETWEEN $1 AND least($2, $3) AND breached_at IS NULL
               UNION ALL
               SELECT ticket_id, metric, 'cancelled', cancelled_at FROM sla_clocks
               WHERE cancelled_at BETWEEN $1 AND $2 AND breached_at IS NULL),
           grouped AS (
               SELECT CASE $4::text WHEN 'team' THEN t.team WHEN 'agent' THEN t.agent_id::text
                          WHEN 'category' THEN t.category WHEN 'priority' THEN t.priority
                          ELSE to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') END AS key,
                      e.metric,
                      count(*) FILTER (WHERE what = 'met') AS met,
                      count(*) FILTER (WHERE what = 'breached') AS breached,
                      count(*) FILTER (WHERE what = 'retargeted') AS retargeted,
                      count(*) FILTER (WHERE what = 'cancelled') AS cancelled,
                      count(*) FILTER (WHERE what = 'overdue') AS overdue
               FROM ended e JOIN tickets t ON t.id = e.ticket_id
               GROUP BY 1, 2)
           SELECT g.key, a.name AS "name?", g.metric AS "metric!: Metric", g.met AS "met!",
                  g.breached AS "breached!", g.retargeted AS "retargeted!",
                  g.cancelled AS "cancelled!", g.overdue AS "overdue!"
           FROM grouped g
           LEFT JOIN support_agents a ON $4 = 'agent' AND a.id = g.key::bigint
           ORDER BY g.key NULLS LAST, g.metric LIMIT $5"#,
        from,
        to,
        now,
        by.as_str(),
        limit
    )
    .fetch_all(connection)
    .await?)
}
