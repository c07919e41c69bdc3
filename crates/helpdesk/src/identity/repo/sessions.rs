//! The SQL of sessions.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Role, SessionId, UserId};
use kamhub_postgres::{DbResult, PgConnection};

use crate::identity::model::SessionKind;

/// The id of the next session: a refresh token names it before the row is there.
pub(in crate::identity) async fn session_next_id(
    connection: &mut PgConnection,
) -> DbResult<SessionId> {
    Ok(sqlx::query_scalar!(
        r#"SELECT nextval(pg_get_serial_sequence('sessions', 'id')) AS "id!: SessionId""#
    )
    .fetch_one(connection)
    .await?)
}

/// What a new session is made of.
pub(in crate::identity) struct NewSessionRow<'a> {
    pub id: SessionId,
    pub user: UserId,
    pub kind: SessionKind,
    pub hash: &'a [u8],
    pub user_agent: Option<&'a str>,
    pub address: &'a str,
    pub expires_at: DateTime<Utc>,
}

/// Stores a new session.
pub(in crate::identity) async fn session_insert(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    session: NewSessionRow<'_>,
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO sessions (id, user_id, kind, secret_hash, user_agent, address, created_at,
                               last_seen_at, expires_at)
         OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        session.id as SessionId,
        session.user as UserId,
        session.kind as SessionKind,
        session.hash,
        session.user_agent,
        session.address,
        now,
        session.expires_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A session and its user as authentication needs them.
pub(in crate::identity) struct PrincipalRow {
    pub session: SessionId,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub user: UserId,
    pub role: Role,
    pub name: String,
    pub email: String,
}

/// The browser's session with this hash, unless it has ended or its user is disabled.
pub(in crate::identity) async fn principal_by_cookie(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    hash: &[u8],
) -> DbResult<Option<PrincipalRow>> {
    Ok(sqlx::query_as!(
        PrincipalRow,
        r#"SELECT s.id AS "session: SessionId", s.created_at, s.last_seen_at, s.expires_at,
                  u.id AS "user: UserId", u.role AS "role: Role", u.name, u.email
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.secret_hash = $1 AND s.kind = 'browser' AND s.revoked_at IS NULL
             AND s.expires_at > $2 AND u.disabled_at IS NULL"#,
        hash,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// The token family with this id, unless it has ended or its user is disabled.
pub(in crate::identity) async fn principal_by_session(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: SessionId,
) -> DbResult<Option<PrincipalRow>> {
    Ok(sqlx::query_as!(
        PrincipalRow,
        r#"SELECT s.id AS "session: SessionId", s.created_at, s.last_seen_at, s.expires_at,
                  u.id AS "user: UserId", u.role AS "role: Role", u.name, u.email
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.kind = 'token' AND s.revoked_at IS NULL
             AND s.expires_at > $2 AND u.disabled_at IS NULL"#,
        id as SessionId,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// Notes that a session is in use, and until when that makes it good.
pub(in crate::identity) async fn session_seen(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: SessionId,
    expires_at: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sessions SET last_seen_at = $2, expires_at = $3
         WHERE id = $1 AND revoked_at IS NULL AND last_seen_at < $2",
        id as SessionId,
        now,
        expires_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A session as its user sees it.
pub(in crate::identity) struct SessionRow {
    pub id: SessionId,
    pub kind: SessionKind,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// The sessions of a user that have not ended, newest first.
pub(in crate::identity) async fn sessions_of_user(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
) -> DbResult<Vec<SessionRow>> {
    Ok(sqlx::query_as!(
        SessionRow,
        r#"SELECT id AS "id: SessionId", kind AS "kind: SessionKind", user_agent, address,
                  created_at, last_seen_at, expires_at
           FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
           ORDER BY created_at DESC, id DESC LIMIT 1000"#,
        user as UserId,
        now
    )
    .fetch_all(connection)
    .await?)
}

/// Ends sessions of a user: one, or all but one, or all. Answers those that it ended.
pub(in crate::identity) async fn sessions_revoke(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    only: Option<SessionId>,
    except: Option<SessionId>,
) -> DbResult<Vec<(SessionId, Vec<u8>)>> {
    let ended = sqlx::query!(
        r#"UPDATE sessions SET revoked_at = $2
           WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
             AND ($3::bigint IS NULL OR id = $3) AND ($4::bigint IS NULL OR id <> $4)
           RETURNING id AS "id: SessionId", secret_hash"#,
        user as UserId,
        now,
        only as Option<SessionId>,
        except as Option<SessionId>
    )
    .fetch_all(connection)
    .await?;
    Ok(ended.into_iter().map(|row| (row.id, row.secret_hash)).collect())
}

/// A token family as a refresh needs it.
pub(in crate::identity) struct FamilyRow {
    pub user: UserId,
    pub role: Role,
    pub secret_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub rotated_at: DateTime<Utc>,
}

/// The token family with this id, locked, unless it has ended or its user is disabled.
pub(in crate::identity) async fn family_lock(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: SessionId,
) -> DbResult<Option<FamilyRow>> {
    Ok(sqlx::query_as!(
        FamilyRow,
        r#"SELECT u.id AS "user: UserId", u.role AS "role: Role", s.secret_hash, s.previous_hash,
                  s.created_at, s.last_seen_at AS rotated_at
           FROM sessions s JOIN users u ON u.id = s.user_id
           WHERE s.id = $1 AND s.kind = 'token' AND s.revoked_at IS NULL AND s.expires_at > $2
             AND u.disabled_at IS NULL
           FOR UPDATE OF s"#,
        id as SessionId,
        now
    )
    .fetch_optional(connection)
    .await?)
}

/// Puts the next refresh token in the place of the present one.
pub(in crate::identity) async fn family_rotate(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: SessionId,
    next_hash: &[u8],
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE sessions SET previous_hash = secret_hash, secret_hash = $3, last_seen_at = $2
         WHERE id = $1",
        id as SessionId,
        now,
        next_hash
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes sessions that ended before `until`; answers how many.
pub(in crate::identity) async fn sessions_forget(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> DbResult<u64> {
    Ok(sqlx::query!("DELETE FROM sessions WHERE expires_at < $1", until)
        .execute(connection)
        .await?
        .rows_affected())
}

/// The id and the hash of every session of a user that has not ended.
pub(in crate::identity) async fn session_names(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
) -> DbResult<Vec<(SessionId, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: SessionId", secret_hash FROM sessions
           WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2"#,
        user as UserId,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.secret_hash)).collect())
}
