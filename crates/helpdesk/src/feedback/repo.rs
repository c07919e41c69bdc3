//! The SQL of the feedback slice.

pub(super) mod figures;
pub(super) mod list;
pub(super) mod requests;

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::{Feedback, Survey};
use crate::ids::{CustomerId, FeedbackId, TicketId};

/// The columns of a [`Feedback`].
pub(super) const COLUMNS: &str = "id, ticket_id, customer_id, requester_id, agent_id, category, \
    team, rating, comment, response_time, resolution, professionalism, knowledge, \
    would_recommend, nps_score, ces_score, follow_up_required, follow_up_done_at, \
    follow_up_done_by, follow_up_done_by_name, created_at, updated_at";

/// What a customer has said of a ticket: the customer who is known, or the number where none is.
pub(super) async fn of_customer(
    connection: &mut PgConnection,
    ticket: TicketId,
    requester: Option<CustomerId>,
    number: Option<i64>,
) -> DbResult<Option<Feedback>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM feedback WHERE ticket_id = $1 AND CASE WHEN $2::bigint IS NULL \
         THEN requester_id IS NULL AND customer_id IS NOT DISTINCT FROM $3 \
         ELSE requester_id = $2 END"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(ticket)
        .bind(requester)
        .bind(number)
        .fetch_optional(connection)
        .await?)
}

/// The feedback with this id, locked until the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection, id: FeedbackId) -> DbResult<Option<Feedback>> {
    let sql = format!("SELECT {COLUMNS} FROM feedback WHERE id = $1 FOR UPDATE");
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(tx).await?)
}

/// Stores new feedback; answers its id.
pub(super) async fn insert(tx: &mut PgConnection, new: &Feedback) -> DbResult<FeedbackId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO feedback (ticket_id, customer_id, requester_id, agent_id, category, team,
               rating, comment, response_time, resolution, professionalism, knowledge,
               would_recommend, nps_score, ces_score, follow_up_required, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
           RETURNING id AS "id: FeedbackId""#,
        new.ticket_id.0,
        new.customer_id,
        new.requester_id.map(|id| id.0),
        new.agent_id.map(|id| id.0),
        new.category.map(|category| category.as_str()),
        new.team,
        new.rating,
        new.comment,
        new.response_time,
        new.resolution,
        new.professionalism,
        new.knowledge,
        new.would_recommend,
        new.nps_score,
        new.ces_score,
        new.follow_up_required,
        new.created_at
    )
    .fetch_one(tx)
    .await?)
}

/// Stores feedback that was changed.
pub(super) async fn update(tx: &mut PgConnection, changed: &Feedback) -> DbResult<()> {
    sqlx::query!(
        "UPDATE feedback SET agent_id = $2, rating = $3, comment = $4, response_time = $5,
             resolution = $6, professionalism = $7, knowledge = $8, would_recommend = $9,
             nps_score = $10, ces_score = $11, follow_up_required = $12, follow_up_done_at = $13,
             follow_up_done_by = $14, follow_up_done_by_name = $15, updated_at = $16
         WHERE id = $1",
        changed.id.0,
        changed.agent_id.map(|id| id.0),
        changed.rating,
        changed.comment,
        changed.response_time,
        changed.resolution,
        changed.professionalism,
        changed.knowledge,
        changed.would_recommend,
        changed.nps_score,
        changed.ces_score,
        changed.follow_up_required,
        changed.follow_up_done_at,
        changed.follow_up_done_by,
        changed.follow_up_done_by_name,
        changed.updated_at
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Stores an answered survey; the id that it comes with is not looked at.
pub(super) async fn survey_insert(
    tx: &mut PgConnection,
    new: &Survey,
    now: DateTime<Utc>,
) -> DbResult<Survey> {
    Ok(sqlx::query_as(
        "INSERT INTO surveys (customer_id, requester_id, email, overall_rating, support_quality,
             response_time, resolution, nps_score, ces_score, comment, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         RETURNING id, customer_id, requester_id, email, overall_rating, support_quality,
             response_time, resolution, nps_score, ces_score, comment, created_at",
    )
    .bind(new.customer_id)
    .bind(new.requester_id)
    .bind(&new.email)
    .bind(new.overall_rating)
    .bind(new.support_quality)
    .bind(new.response_time)
    .bind(new.resolution)
    .bind(new.nps_score)
    .bind(new.ces_score)
    .bind(&new.comment)
    .bind(now)
    .fetch_one(tx)
    .await?)
}
