//! The SQL of the tickets slice.

pub(super) mod backlog;
pub(super) mod due;
pub(super) mod list;
pub(super) mod merges;
pub(super) mod moves;
pub(super) mod of_customer;
pub(super) mod reach;

use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_postgres::{DbResult, PgConnection};
use serde_json::Value;
use sqlx::types::Json;

use super::model::{Entry, NewTicket, Ticket, TimelineEntry};
use crate::ids::{AgentId, TicketEventId, TicketId};

/// The columns of a [`Ticket`], for statements that are put together.
pub(super) const COLUMNS: &str = "id, ticket_number, subject, description, customer_id, \
    customer_name, customer_email, requester_id, category, priority, status, channel, agent_id, \
    team, tags, attachments, related_booking_id, related_order_id, resolution, version, \
    snoozed_until, snooze_slack_minutes, first_response_at, resolved_at, closed_at, \
    reopened_count, merged_into_id, follow_up_of_id, split_from_id, created_at, updated_at, \
    deleted_at, sla_due_at, address_claimed";

/// Stores a new ticket, with its agent where one was found.
pub(super) async fn insert(
    tx: &mut PgConnection,
    new: &NewTicket,
    agent: Option<AgentId>,
    due: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DbResult<Ticket> {
    let sql = format!(
        "INSERT INTO tickets (subject, description, customer_id, customer_name, customer_email, \
             requester_id, category, priority, channel, agent_id, team, tags, attachments, \
             related_booking_id, related_order_id, queue_at, follow_up_of_id, split_from_id, \
             created_at, updated_at, sla_due_at, address_claimed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
             $19, $20, $21, $22) RETURNING {COLUMNS}"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(&new.subject)
        .bind(&new.description)
        .bind(new.customer_id)
        .bind(&new.customer_name)
        .bind(&new.customer_email)
        .bind(new.requester_id)
        .bind(new.category)
        .bind(new.priority)
        .bind(new.channel)
        .bind(agent)
        .bind(&new.team)
        .bind(&new.tags)
        .bind(Json(&new.attachments))
        .bind(new.related_booking_id)
        .bind(new.related_order_id)
        .bind(new.place_in_queue(due))
        .bind(new.follow_up_of_id)
        .bind(new.split_from_id)
        .bind(new.created_at)
        .bind(now)
        .bind(due)
        .bind(new.address_claimed)
        .fetch_one(tx)
        .await?)
}

/// The ticket with this id, unless it is deleted.
pub(super) async fn find(connection: &mut PgConnection, id: TicketId) -> DbResult<Option<Ticket>> {
    let sql = format!("SELECT {COLUMNS} FROM tickets WHERE id = $1 AND deleted_at IS NULL");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(connection).await?)
}

/// The same, locked until the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection, id: TicketId) -> DbResult<Option<Ticket>> {
    let sql =
        format!("SELECT {COLUMNS} FROM tickets WHERE id = $1 AND deleted_at IS NULL FOR UPDATE");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx).await?)
}

/// Writes everything of a ticket that can change.
pub(super) async fn update(tx: &mut PgConnection, ticket: &Ticket) -> DbResult<()> {
    sqlx::query!(
        "UPDATE tickets SET subject = $2, description = $3, category = $4, priority = $5,
             status = $6, agent_id = $7, team = $8, tags = $9, related_booking_id = $10,
             related_order_id = $11, resolution = $12, version = $13, queue_at = $14,
             snoozed_until = $15, first_response_at = $16, resolved_at = $17, closed_at = $18,
             reopened_count = $19, merged_into_id = $20, updated_at = $21, deleted_at = $22,
             requester_id = $23, sla_due_at = $24, snooze_slack_minutes = $25
         WHERE id = $1",
        ticket.id.0,
        ticket.subject,
        ticket.description,
        ticket.category.as_str(),
        ticket.priority.as_str(),
        ticket.status.as_str(),
        ticket.agent_id.map(|id| id.0),
        ticket.team,
        &ticket.tags,
        ticket.related_booking_id,
        ticket.related_order_id,
        ticket.resolution,
        ticket.version,
        ticket.place_in_queue(),
        ticket.snoozed_until,
        ticket.first_response_at,
        ticket.resolved_at,
        ticket.closed_at,
        ticket.reopened_count,
        ticket.merged_into_id.map(|id| id.0),
        ticket.updated_at,
        ticket.deleted_at,
        ticket.requester_id.map(|id| id.0),
        ticket.sla_due_at,
        ticket.snooze_slack_minutes
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds entries to a ticket's timeline, in their order.
pub(super) async fn events_insert(
    tx: &mut PgConnection,
    ticket: TicketId,
    actor: &Actor,
    now: DateTime<Utc>,
    entries: &[Entry],
) -> DbResult<()> {
    let kinds: Vec<String> = entries.iter().map(|entry| entry.kind.clone()).collect();
    let data: Vec<Value> = entries.iter().map(|entry| entry.data.clone()).collect();
    sqlx::query!(
        "INSERT INTO ticket_events (ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data)
         SELECT $1, entry.type, $2, $3, $4, $5, entry.data
         FROM unnest($6::text[], $7::jsonb[]) WITH ORDINALITY AS entry (type, data, place)
         ORDER BY entry.place",
        ticket.0,
        actor.kind(),
        actor.id(),
        actor.name(),
        now,
        &kinds,
        &data
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Adds entries to the timelines of several tickets, in their order.
pub(super) async fn events_insert_many(
    tx: &mut PgConnection,
    actor: &Actor,
    now: DateTime<Utc>,
    entries: &[(TicketId, &'static str, Value)],
) -> DbResult<()> {
    let tickets: Vec<i64> = entries.iter().map(|(ticket, _, _)| ticket.0).collect();
    let kinds: Vec<String> = entries.iter().map(|(_, kind, _)| (*kind).to_owned()).collect();
    let data: Vec<Value> = entries.iter().map(|(_, _, data)| data.clone()).collect();
    sqlx::query!(
        "INSERT INTO ticket_events (ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data)
         SELECT entry.ticket, entry.type, $1, $2, $3, $4, entry.data
         FROM unnest($5::bigint[], $6::text[], $7::jsonb[]) WITH ORDINALITY
             AS entry (ticket, type, data, place)
         ORDER BY entry.place",
        actor.kind(),
        actor.id(),
        actor.name(),
        now,
        &tickets,
        &kinds,
        &data
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A ticket's whole timeline, oldest first.
pub(super) async fn events_all(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "SELECT type AS kind, occurred_at, data FROM ticket_events WHERE ticket_id = $1 ORDER BY id",
        ticket.0
    )
    .fetch_all(connection)
    .await?)
}

/// What people and customers did in a ticket, and every message in public, whoever brought it; without its
/// creation.
pub(super) async fn events_by_hand(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> DbResult<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "SELECT type AS kind, occurred_at, data FROM ticket_events
         WHERE ticket_id = $1 AND type <> 'created' AND (actor_kind IN ('user', 'customer') OR type = 'message')
         ORDER BY id",
        ticket.0
    )
    .fetch_all(connection)
    .await?)
}

/// A page of a ticket's timeline, oldest first.
pub(super) async fn events_after(
    connection: &mut PgConnection,
    ticket: TicketId,
    after: i64,
    limit: i64,
) -> DbResult<Vec<TimelineEntry>> {
    Ok(sqlx::query_as!(
        TimelineEntry,
        r#"SELECT id AS "id: TicketEventId", type AS kind, actor_kind, actor_id, actor_name,
               occurred_at, data
           FROM ticket_events WHERE ticket_id = $1 AND id > $2 ORDER BY id LIMIT $3"#,
        ticket.0,
        after,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// How many entries a ticket's timeline has, counted up to `cap`.
pub(super) async fn events_count(
    connection: &mut PgConnection,
    ticket: TicketId,
    cap: i64,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM
           (SELECT 1 FROM ticket_events WHERE ticket_id = $1 LIMIT $2) AS counted"#,
        ticket.0,
        cap
    )
    .fetch_one(connection)
    .await?)
}
