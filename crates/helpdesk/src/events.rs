//! Every event that the rest of the platform can learn of. It is written in the transaction of the
//! change itself, so that there is never one without the other (semantics, section 4).

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use serde::Serialize;

kamhub_kernel::wire_enum! {
    /// What can happen (contract, section 6).
    pub enum EventType {
        /// A ticket was created.
        TicketCreated = "ticket.created",
        /// A ticket changed.
        TicketUpdated = "ticket.updated",
        /// A ticket was deleted.
        TicketDeleted = "ticket.deleted",
        /// Somebody wrote in a ticket.
        TicketMessageCreated = "ticket.message.created",
        /// A message was rated.
        TicketMessageRated = "ticket.message.rated",
        /// An agent was created.
        AgentCreated = "agent.created",
        /// An agent changed.
        AgentUpdated = "agent.updated",
        /// An agent's availability changed.
        AgentStatusChanged = "agent.status_changed",
        /// A customer gave feedback on a ticket.
        FeedbackCreated = "feedback.created",
        /// A customer changed their feedback.
        FeedbackUpdated = "feedback.updated",
        /// A customer wants to hear from a supervisor.
        FeedbackFollowUpRequired = "feedback.follow_up_required",
        /// Somebody answered a survey.
        SurveyCompleted = "survey.completed",
        /// A ticket was resolved, and its customer is asked how it was.
        CsatRequested = "csat.requested",
        /// A deadline comes near.
        SlaWarning = "sla.warning",
        /// A promise was not kept.
        SlaViolationDetected = "sla.violation_detected",
        /// Somebody has seen that a promise was not kept.
        SlaViolationAcknowledged = "sla.violation_acknowledged",

        /// An article was written in a language.
        ArticleCreated = "article.created",
        /// An article changed.
        ArticleUpdated = "article.updated",
        /// The public reads an article from now on.
        ArticlePublished = "article.published",
        /// The public does not read an article any more.
        ArticleUnpublished = "article.unpublished",
        /// An article was deleted, or one of its languages.
        ArticleDeleted = "article.deleted",
        /// A question was written.
        FaqCreated = "faq.created",
        /// A question changed.
        FaqUpdated = "faq.updated",
        /// A question was deleted.
        FaqDeleted = "faq.deleted",
        /// The product has switched a webhook off.
        WebhookEndpointDisabled = "webhook.endpoint_disabled",
        /// Somebody tries whether a webhook's receiver hears. Sent to that webhook alone, and never published.
        WebhookTest = "webhook.test",
    }
}

/// An event as it lies in the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// What happened, an [`EventType`]; a newer version may write types that this one does not know.
    pub kind: String,
    /// The object, for example `tickets/17`.
    pub subject: String,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// What there is to tell.
    pub data: serde_json::Value,
}

/// Writes an event; `subject` names the object, for example `tickets/17`.
///
/// # Errors
/// A database fault.
pub async fn publish(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    kind: EventType,
    subject: &str,
    data: &impl Serialize,
) -> DbResult<()> {
    let data = serde_json::to_value(data).unwrap_or_default();
    sqlx::query!(
        "INSERT INTO event_outbox (type, subject, occurred_at, data) VALUES ($1, $2, $3, $4)",
        kind.as_str(),
        subject,
        now,
        data
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes many events at once, in their order: type, subject, data.
///
/// # Errors
/// A database fault.
pub async fn publish_all(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    told: &[(EventType, String, serde_json::Value)],
) -> DbResult<()> {
    if told.is_empty() {
        return Ok(());
    }
    let kinds: Vec<String> = told.iter().map(|(kind, _, _)| kind.to_string()).collect();
    let subjects: Vec<String> = told.iter().map(|(_, subject, _)| subject.clone()).collect();
    let data: Vec<serde_json::Value> = told.iter().map(|(_, _, data)| data.clone()).collect();
    sqlx::query!(
        "INSERT INTO event_outbox (type, subject, occurred_at, data)
         SELECT event.type, event.subject, $1, event.data
         FROM unnest($2::text[], $3::text[], $4::jsonb[]) WITH ORDINALITY
             AS event (type, subject, data, place)
         ORDER BY event.place",
        now,
        &kinds,
        &subjects,
        &data
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets events from before `until` that every consumer of the bus has seen; answers how many.
///
/// # Errors
/// A database fault.
pub async fn forget_before(connection: &mut PgConnection, until: DateTime<Utc>) -> DbResult<u64> {
    let gone = sqlx::query!(
        "DELETE FROM event_outbox
         WHERE occurred_at < $1 AND position <= (SELECT min(position) FROM event_cursors)",
        until
    )
    .execute(connection)
    .await?;
    Ok(gone.rows_affected())
}
