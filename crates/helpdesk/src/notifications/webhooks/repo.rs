//! The SQL of webhooks.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::{DisabledReason, Endpoint, Profile, ReplayStatus, Secret, WebhookDelivery};
use crate::ids::{DeliveryId, TicketId, WebhookId};
use crate::notifications::model::DeliveryStatus;

/// Stores a new endpoint.
pub(super) async fn insert(
    tx: &mut PgConnection,
    profile: &Profile,
    secret: &Secret,
    now: DateTime<Utc>,
) -> DbResult<WebhookId> {
    let id = sqlx::query_scalar!(
        r#"INSERT INTO webhook_endpoints (url, description, events, active, secret, created_at)
           VALUES ($1, $2, $3, $4, $5, $6) RETURNING id AS "id: WebhookId""#,
        profile.url,
        profile.description,
        &profile.events,
        profile.active,
        secret.bytes(),
        now
    )
    .fetch_one(tx)
    .await?;
    Ok(id)
}

/// How many endpoints there are. Those who ask in order to add one wait for each other.
pub(super) async fn count_locked(tx: &mut PgConnection) -> DbResult<i64> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('webhook_endpoints'))::text AS locked")
        .fetch_one(&mut *tx)
        .await?;
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoints WHERE deleted_at IS NULL"#
    )
    .fetch_one(tx)
    .await?;
    Ok(count)
}

/// Endpoints by id: one, or all of them; with `active`, only those that are called.
pub(super) async fn endpoints(
    connection: &mut PgConnection,
    id: Option<WebhookId>,
    active: bool,
) -> DbResult<Vec<Endpoint>> {
    let endpoints = sqlx::query_as!(
        Endpoint,
        r#"SELECT id AS "id: WebhookId", url, description, events, active, previous_valid_until, failing_since,
                  last_success_at, disabled_at, disabled_reason AS "disabled_reason: DisabledReason",
                  created_at, updated_at
           FROM webhook_endpoints
           WHERE deleted_at IS NULL AND ($1::bigint IS NULL OR id = $1) AND (active OR NOT $2) ORDER BY id"#,
        id.map(|id| id.0),
        active
    )
    .fetch_all(connection)
    .await?;
    Ok(endpoints)
}

/// Changes an endpoint. Switching it on forgets why it was off, and its failures.
pub(super) async fn update(
    tx: &mut PgConnection,
    id: WebhookId,
    profile: &Profile,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET url = $2, description = $3, events = $4,
             failing_since = CASE WHEN $5 AND NOT active OR url <> $2 THEN NULL ELSE failing_since END,
             disabled_at = CASE WHEN $5 THEN NULL ELSE disabled_at END,
             disabled_reason = CASE WHEN $5 THEN NULL ELSE disabled_reason END,
             active = $5
         WHERE id = $1",
        id.0,
        profile.url,
        profile.description,
        &profile.events,
        profile.active
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes an endpoint; `false` where there was none. Its secrets go at once.
pub(super) async fn delete(
    tx: &mut PgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let gone = sqlx::query!(
        "UPDATE webhook_endpoints
         SET deleted_at = $2, active = false, secret = decode(repeat('00', 32), 'hex'),
             previous_secret = NULL, previous_valid_until = NULL
         WHERE id = $1 AND deleted_at IS NULL",
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(gone.rows_affected() > 0)
}

/// Lets another secret sign, the one before until `until`; `false` where there is no such endpoint.
pub(super) async fn rotate(
    tx: &mut PgConnection,
    id: WebhookId,
    secret: &Secret,
    until: DateTime<Utc>,
) -> DbResult<bool> {
    let rotated = sqlx::query!(
        "UPDATE webhook_endpoints SET previous_secret = secret, previous_valid_until = $3, secret = $2
         WHERE id = $1 AND deleted_at IS NULL",
        id.0,
        secret.bytes(),
        until
    )
    .execute(tx)
    .await?;
    Ok(rotated.rows_affected() > 0)
}

/// The secrets that sign now, the newest first.
pub(super) async fn secrets(
    connection: &mut PgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> DbResult<Vec<Secret>> {
    let row = sqlx::query!(
        "SELECT secret, previous_secret, previous_valid_until FROM webhook_endpoints
         WHERE id = $1 AND deleted_at IS NULL",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let still = row.previous_valid_until.is_some_and(|until| until > now);
    let previous = row.previous_secret.filter(|_| still);
    Ok([Some(row.secret), previous].into_iter().flatten().map(Secret::from).collect())
}

/// Keeps what the receiver answered last.
pub(super) async fn keep_answer(
    tx: &mut PgConnection,
    delivery: DeliveryId,
    status: i16,
    body: &str,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO webhook_answers (delivery_id, status, body, answered_at)
         SELECT id, $2, $3, $4 FROM deliveries WHERE id = $1
         ON CONFLICT (delivery_id) DO UPDATE SET status = $2, body = $3, answered_at = $4",
        delivery.0,
        status,
        body,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that an endpoint works. Written at most once a minute, because many deliveries end at once.
pub(super) async fn succeeded(
    tx: &mut PgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET failing_since = NULL, last_success_at = $2
         WHERE id = $1 AND (failing_since IS NOT NULL OR last_success_at IS NULL
                            OR last_success_at < $2::timestamptz - interval '1 minute')",
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes a failure.
pub(super) async fn failed(
    tx: &mut PgConnection,
    id: WebhookId,
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL",
        id.0,
        now
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Switches an endpoint off: one that has failed since `failing_before`, or at once where that is not
/// given. Answers it where it was on until now.
pub(super) async fn disable(
    tx: &mut PgConnection,
    id: WebhookId,
    reason: DisabledReason,
    failing_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DbResult<bool> {
    let disabled = sqlx::query!(
        "UPDATE webhook_endpoints SET active = false, disabled_at = $3, disabled_reason = $2
         WHERE id = $1 AND active AND ($4::timestamptz IS NULL OR failing_since <= $4)",
        id.0,
        reason as DisabledReason,
        now,
        failing_before
    )
    .execute(tx)
    .await?;
    Ok(disabled.rows_affected() > 0)
}

/// Deliveries of an endpoint, newest first, from before the one that the cursor names.
pub(super) async fn deliveries(
    connection: &mut PgConnection,
    endpoint: WebhookId,
    status: Option<DeliveryStatus>,
    before: Option<i64>,
    limit: i64,
) -> DbResult<Vec<WebhookDelivery>> {
    let deliveries = sqlx::query_as!(
        WebhookDelivery,
        r#"SELECT d.id AS "id: DeliveryId", installation.id || '-' || d.id AS "webhook_id!", d.kind AS event,
                  d.payload->>'id' AS event_id, d.status AS "status: DeliveryStatus", d.attempts,
                  a.status AS "response_status?", a.body AS "response_body?", d.last_error,
                  d.next_attempt_at, d.sent_at, d.created_at
           FROM deliveries d CROSS JOIN installation LEFT JOIN webhook_answers a ON a.delivery_id = d.id
           WHERE d.channel = 'webhook' AND d.destination = $1::text
             AND ($2::text IS NULL OR d.status = $2) AND ($3::bigint IS NULL OR d.id < $3)
           ORDER BY d.id DESC LIMIT $4"#,
        endpoint.to_string(),
        status as Option<DeliveryStatus>,
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(deliveries)
}

/// How many deliveries an endpoint has, counted up to `most`.
pub(super) async fn count_deliveries(
    connection: &mut PgConnection,
    endpoint: WebhookId,
    status: Option<DeliveryStatus>,
    most: i64,
) -> DbResult<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM deliveries WHERE channel = 'webhook' AND destination = $1::text
               AND ($2::text IS NULL OR status = $2) LIMIT $3
           ) AS bounded"#,
        endpoint.to_string(),
        status as Option<DeliveryStatus>,
        most
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// A delivery that is to be replayed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Past {
    pub id: DeliveryId,
    pub destination: String,
    pub status: DeliveryStatus,
    pub job: Option<i64>,
    pub ticket: Option<TicketId>,
    pub kind: String,
    pub payload: serde_json::Value,
}

/// One delivery to a webhook, locked.
pub(super) async fn past(tx: &mut PgConnection, id: DeliveryId) -> DbResult<Option<Past>> {
    let past = sqlx::query_as!(
        Past,
        r#"SELECT id AS "id: DeliveryId", destination, status AS "status: DeliveryStatus", job_id AS job,
                  ticket_id AS "ticket: TicketId", kind, payload
           FROM deliveries WHERE id = $1 AND channel = 'webhook' FOR UPDATE"#,
        id.0
    )
    .fetch_optional(tx)
    .await?;
    Ok(past)
}

/// Deliveries of an endpoint that ended like this and were planned from `from` to `until`, oldest first, after
/// the one that the cursor names; locked.
pub(super) async fn past_between(
    tx: &mut PgConnection,
    endpoint: WebhookId,
    status: ReplayStatus,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    after: i64,
    limit: i64,
) -> DbResult<Vec<Past>> {
    let past = sqlx::query_as!(
        Past,
        r#"SELECT id AS "id: DeliveryId", destination, status AS "status: DeliveryStatus", job_id AS job,
                  ticket_id AS "ticket: TicketId", kind, payload
           FROM deliveries
           WHERE channel = 'webhook' AND destination = $1::text AND status = $2
             AND created_at >= $3 AND created_at <= $4 AND kind <> 'webhook.test' AND id > $5
           ORDER BY id LIMIT $6 FOR UPDATE"#,
        endpoint.to_string(),
        status as ReplayStatus,
        from,
        until,
        after,
        limit
    )
    .fetch_all(tx)
    .await?;
    Ok(past)
}

/// How many endpoints the product has switched off.
pub(super) async fn disabled(connection: &mut PgConnection) -> DbResult<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoints WHERE deleted_at IS NULL AND disabled_at IS NOT NULL"#
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}
