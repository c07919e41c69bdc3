//! The SQL of the identity slice: API keys here, the rest beside.

pub(super) mod customers;
pub(super) mod sessions;
pub(super) mod users;

use chrono::{DateTime, Utc};
use kamhub_kernel::{ApiKeyId, Role};
use kamhub_postgres::{DbResult, PgConnection};

use super::model::ApiKey;

/// An API key as authentication needs it.
pub(super) struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub role: Role,
    pub scopes: Option<Vec<String>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The key with this hash, unless it is revoked or expired.
pub(super) async fn api_key_by_hash(
    connection: &mut PgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> DbResult<Option<ApiKeyRow>> {
    Ok(sqlx::query_as!(
        ApiKeyRow,
        r#"SELECT id AS "id: ApiKeyId", name, role AS "role: Role", scopes, expires_at, last_used_at
           FROM api_keys
           WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"#,
        hash,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// What a new key is made of.
pub(super) struct NewApiKeyRow<'a> {
    pub name: &'a str,
    pub prefix: &'a str,
    pub hash: &'a [u8],
    pub role: Role,
    pub scopes: Option<&'a [String]>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Stores a new key.
pub(super) async fn api_key_insert(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    key: NewApiKeyRow<'_>,
) -> DbResult<ApiKeyId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO api_keys (name, prefix, secret_hash, role, scopes, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id AS "id: ApiKeyId""#,
        key.name,
        key.prefix,
        key.hash,
        key.role as Role,
        key.scopes,
        now,
        key.expires_at
    )
    .fetch_one(connection)
    .await?)
}

/// Keys in the order of their ids, revoked ones too.
pub(super) async fn api_keys(
    connection: &mut PgConnection,
    after: Option<i64>,
    offset: i64,
    limit: i64,
) -> DbResult<Vec<ApiKey>> {
    Ok(sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: ApiKeyId", name, prefix, role AS "role: Role", scopes, created_at,
                  expires_at, last_used_at, revoked_at
           FROM api_keys WHERE ($1::bigint IS NULL OR id > $1) ORDER BY id LIMIT $2 OFFSET $3"#,
        after,
        limit,
        offset
    )
    .fetch_all(connection)
    .await?)
}

/// How many keys there are.
pub(super) async fn api_key_count(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM api_keys"#)
        .fetch_one(connection)
        .await?)
}

/// One key.
pub(super) async fn api_key_by_id(
    connection: &mut PgConnection,
    id: ApiKeyId,
) -> DbResult<Option<ApiKey>> {
    Ok(sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: ApiKeyId", name, prefix, role AS "role: Role", scopes, created_at,
                  expires_at, last_used_at, revoked_at
           FROM api_keys WHERE id = $1"#,
        id as ApiKeyId
    )
    .fetch_optional(connection)
    .await?)
}

/// Revokes a key, once; answers the hash of its secret.
pub(super) async fn api_key_revoke(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: ApiKeyId,
) -> DbResult<Option<Vec<u8>>> {
    Ok(sqlx::query_scalar!(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING secret_hash",
        id as ApiKeyId,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// Notes that a key was used, unless that was noted since `unless_since`.
pub(super) async fn api_key_used(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: ApiKeyId,
    unless_since: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE api_keys SET last_used_at = $2
         WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)",
        id as ApiKeyId,
        now,
        unless_since
    )
    .execute(connection)
    .await?;
    Ok(())
}
