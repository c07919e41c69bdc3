//! The SQL of the identity slice.

use chrono::{DateTime, Utc};
use kamhub_kernel::{ApiKeyId, Role};
use kamhub_postgres::{DbResult, PgConnection};

/// An API key as authentication needs it.
pub(super) struct ApiKeyRow {
    pub id: ApiKeyId,
    pub name: String,
    pub role: Role,
    pub scopes: Option<Vec<String>>,
}

/// The key with this hash, unless it is revoked or expired.
pub(super) async fn api_key_by_hash(
    connection: &mut PgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> DbResult<Option<ApiKeyRow>> {
    Ok(sqlx::query_as!(
        ApiKeyRow,
        r#"SELECT id AS "id: ApiKeyId", name, role AS "role: Role", scopes FROM api_keys
           WHERE secret_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"#,
        hash,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// Stores a new key.
pub(super) async fn api_key_insert(
    connection: &mut PgConnection,
    name: &str,
    prefix: &str,
    hash: &[u8],
    role: Role,
    scopes: Option<&[String]>,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> DbResult<ApiKeyId> {
    Ok(sqlx::query_scalar!(
        r#"INSERT INTO api_keys (name, prefix, secret_hash, role, scopes, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id AS "id: ApiKeyId""#,
        name,
        prefix,
        hash,
        role as Role,
        scopes,
        now,
        expires_at
    )
    .fetch_one(connection)
    .await?)
}
