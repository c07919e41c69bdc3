//! The SQL of the demo. Rows come as JSON and become columns of the same names.

use std::collections::BTreeMap;

use kamhub_postgres::{DbResult, PgConnection};
use serde::Serialize;
use sqlx::types::Json;

use super::content::KnowledgeCategory;
use super::rows::{
    AgentRow, ArticleRow, CustomerRow, EventRow, FaqRow, FeedbackRow, LoadRow, MergeRow,
    MessageRow, SurveyRow, TicketRow,
};

/// Keeps two seeders from working at once; ends with the transaction.
pub(super) async fn lock(tx: &mut PgConnection) -> DbResult<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('kamhub seed'))").execute(tx).await?;
    Ok(())
}

/// Whether one of the agents is there already.
pub(super) async fn has_agent(tx: &mut PgConnection, emails: &[String]) -> DbResult<bool> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM support_agents WHERE lower(email) = ANY ($1))",
    )
    .bind(emails)
    .fetch_one(tx)
    .await?)
}

/// Whether a user has this address already.
pub(super) async fn has_user(tx: &mut PgConnection, email: &str) -> DbResult<bool> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT FROM users WHERE lower(email) = lower($1))")
        .bind(email)
        .fetch_one(tx)
        .await?)
}

/// The agents' ids by address.
pub(super) async fn insert_agents(
    tx: &mut PgConnection,
    agents: &[AgentRow],
) -> DbResult<BTreeMap<String, i64>> {
    let ids: Vec<(String, i64)> = sqlx::query_as(
        "INSERT INTO support_agents (email, name, team, specialization, timezone, working_hours_start, working_hours_end,
            max_concurrent_tickets, status, account_id, status_changed_at, created_at, updated_at)
         SELECT email, name, team, specialization, timezone, working_hours_start, working_hours_end,
            max_concurrent_tickets, status, account_id, status_changed_at, created_at, updated_at
         FROM jsonb_populate_recordset(NULL::support_agents, $1) RETURNING email, id",
    )
    .bind(Json(agents))
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().collect())
}

/// The new customers' ids by their numbers on the platform; those whose number or address is
/// taken are missing.
pub(super) async fn insert_customers(
    tx: &mut PgConnection,
    customers: &[CustomerRow],
) -> DbResult<BTreeMap<i64, i64>> {
    let ids: Vec<(i64, i64)> = sqlx::query_as(
        "INSERT INTO customers (external_id, email, name, locale, created_at, updated_at)
         SELECT external_id, email, name, locale, created_at, updated_at
         FROM jsonb_populate_recordset(NULL::customers, $1)
         ON CONFLICT DO NOTHING RETURNING external_id, id",
    )
    .bind(Json(customers))
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().collect())
}

/// Takes `count` ids of a table's rows from its sequence, in rising order.
pub(super) async fn reserve_ids(
    tx: &mut PgConnection,
    table: &str,
    count: usize,
) -> DbResult<Vec<i64>> {
    let mut ids: Vec<i64> = sqlx::query_scalar(
        "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2)",
    )
    .bind(table)
    .bind(i64::try_from(count).unwrap_or(0))
    .fetch_all(tx)
    .await?;
    ids.sort_unstable();
    Ok(ids)
}

async fn insert<T: Serialize>(
    tx: &mut PgConnection,
    statement: &'static str,
    rows: &[T],
) -> DbResult<u64> {
    Ok(sqlx::query(statement).bind(Json(rows)).execute(tx).await?.rows_affected())
}

pub(super) async fn insert_tickets(tx: &mut PgConnection, rows: &[TicketRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO tickets (id, subject, description, customer_id, customer_name, customer_email, requester_id, category,
            priority, status, channel, agent_id, team, tags, related_booking_id, resolution, version, queue_at, snoozed_until,
            first_response_at, resolved_at, closed_at, reopened_count, merged_into_id, follow_up_of_id, created_at, updated_at)
         OVERRIDING SYSTEM VALUE
         SELECT id, subject, description, customer_id, customer_name, customer_email, requester_id, category,
            priority, status, channel, agent_id, team, tags, related_booking_id, resolution, version,
            created_at + CASE priority WHEN 'critical' THEN interval '15 minutes' WHEN 'urgent' THEN interval '1 hour'
                WHEN 'high' THEN interval '4 hours' WHEN 'medium' THEN interval '24 hours' ELSE interval '72 hours' END,
            snoozed_until, first_response_at, resolved_at, closed_at, reopened_count, merged_into_id, follow_up_of_id,
            created_at, updated_at
         FROM jsonb_populate_recordset(NULL::tickets, $1) ORDER BY id",
        rows,
    )
    .await
}

pub(super) async fn insert_messages(tx: &mut PgConnection, rows: &[MessageRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO ticket_messages (id, ticket_id, sender_type, sender_id, sender_name, message, is_internal, rating,
            rating_comment, rated_at, original_ticket_id, created_at, updated_at)
         OVERRIDING SYSTEM VALUE
         SELECT id, ticket_id, sender_type, sender_id, sender_name, message, is_internal, rating,
            rating_comment, rated_at, original_ticket_id, created_at, updated_at
         FROM jsonb_populate_recordset(NULL::ticket_messages, $1) ORDER BY id",
        rows,
    )
    .await
}

pub(super) async fn insert_events(tx: &mut PgConnection, rows: &[EventRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO ticket_events (ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data)
         SELECT ticket_id, type, actor_kind, actor_id, actor_name, occurred_at, data
         FROM ROWS FROM (jsonb_to_recordset($1) AS (ticket_id bigint, type text, actor_kind text, actor_id bigint,
            actor_name text, occurred_at timestamptz, data jsonb)) WITH ORDINALITY e
         ORDER BY occurred_at, ordinality",
        rows,
    )
    .await
}

pub(super) async fn insert_merges(tx: &mut PgConnection, rows: &[MergeRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO ticket_merges (source_id, target_id, source_status, source_agent_id, merged_at)
         SELECT source_id, target_id, source_status, source_agent_id, merged_at
         FROM jsonb_populate_recordset(NULL::ticket_merges, $1)",
        rows,
    )
    .await
}

pub(super) async fn insert_loads(tx: &mut PgConnection, rows: &[LoadRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO agent_load (agent_id, open_tickets, last_assigned_at)
         SELECT agent_id, open_tickets, last_assigned_at FROM jsonb_populate_recordset(NULL::agent_load, $1)
         ON CONFLICT (agent_id) DO UPDATE
         SET open_tickets = EXCLUDED.open_tickets, last_assigned_at = EXCLUDED.last_assigned_at",
        rows,
    )
    .await
}

pub(super) async fn insert_categories(
    tx: &mut PgConnection,
    rows: &[KnowledgeCategory],
) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO knowledge_categories (name, title_ru, title_en, icon, position)
         SELECT name, title_ru, title_en, icon, position
         FROM jsonb_populate_recordset(NULL::knowledge_categories, $1)
         ON CONFLICT DO NOTHING",
        rows,
    )
    .await
}

pub(super) async fn insert_articles(tx: &mut PgConnection, rows: &[ArticleRow]) -> DbResult<u64> {
    let (originals, translations): (Vec<ArticleRow>, Vec<ArticleRow>) =
        rows.iter().cloned().partition(|row| row.original.is_none());
    let written = insert(
        tx,
        "INSERT INTO knowledge_base_articles (title, slug, content, category, tags, language, author_id, is_published,
            published_at, views, helpful_votes, unhelpful_votes, created_at, updated_at)
         SELECT title, slug, content, category, tags, language, author_id, is_published,
            published_at, views, helpful_votes, unhelpful_votes, created_at, updated_at
         FROM jsonb_populate_recordset(NULL::knowledge_base_articles, $1)
         ON CONFLICT DO NOTHING",
        &originals,
    )
    .await?;
    let translated = insert(
        tx,
        "INSERT INTO knowledge_base_articles (translation_of_id, title, slug, content, category, tags, language, author_id,
            is_published, published_at, views, helpful_votes, unhelpful_votes, created_at, updated_at)
         SELECT original.id, given.title, given.slug, given.content, given.category, given.tags, given.language,
            given.author_id, given.is_published, given.published_at, given.views, given.helpful_votes,
            given.unhelpful_votes, given.created_at, given.updated_at
         FROM jsonb_array_elements($1) AS row
         CROSS JOIN LATERAL jsonb_populate_record(NULL::knowledge_base_articles, row) AS given
         JOIN knowledge_base_articles AS original ON original.slug = row ->> 'original'
         ON CONFLICT DO NOTHING",
        &translations,
    )
    .await?;
    Ok(written + translated)
}

pub(super) async fn insert_faqs(tx: &mut PgConnection, rows: &[FaqRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO faqs (question, answer, category, priority, language, views, created_at, updated_at)
         SELECT question, answer, category, priority, language, views, created_at, updated_at
         FROM jsonb_populate_recordset(NULL::faqs, $1)",
        rows,
    )
    .await
}

pub(super) async fn insert_feedback(tx: &mut PgConnection, rows: &[FeedbackRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO feedback (ticket_id, customer_id, requester_id, agent_id, category, team, rating, comment,
            response_time, resolution, professionalism, knowledge, would_recommend, follow_up_required, created_at,
            updated_at)
         SELECT f.ticket_id, f.customer_id, t.requester_id, f.agent_id, t.category, COALESCE(t.team, a.team), f.rating,
            f.comment, f.response_time, f.resolution, f.professionalism, f.knowledge, f.would_recommend,
            f.follow_up_required, f.created_at, f.updated_at
         FROM jsonb_populate_recordset(NULL::feedback, $1) f
         JOIN tickets t ON t.id = f.ticket_id LEFT JOIN support_agents a ON a.id = f.agent_id",
        rows,
    )
    .await
}

pub(super) async fn insert_surveys(tx: &mut PgConnection, rows: &[SurveyRow]) -> DbResult<u64> {
    insert(
        tx,
        "INSERT INTO surveys (customer_id, email, overall_rating, support_quality, response_time, resolution, comment,
            created_at, updated_at)
         SELECT customer_id, email, overall_rating, support_quality, response_time, resolution, comment,
            created_at, updated_at
         FROM jsonb_populate_recordset(NULL::surveys, $1)",
        rows,
    )
    .await
}
