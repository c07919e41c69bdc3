//! Who stands behind a key, a cookie or a token, as the database says now.

use chrono::{DateTime, Utc};
use kamhub_kernel::{ApiKeyId, SessionId, UserId};
use kamhub_postgres::PgConnection;

use crate::identity::model::{self, Principal, SEEN_EVERY, Who};
use crate::identity::repo::sessions::{self, PrincipalRow};
use crate::identity::{Error, repo};

/// Whether it is time to write down that a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// It was written down less than a minute ago.
    NotedAlready,
    /// It is to be noted, beside the call rather than before its answer.
    Note(ApiKeyId),
}

/// The service behind an API key.
///
/// # Errors
/// [`Error::BadCredentials`] for a key that is unknown, revoked or expired; a database fault.
pub async fn principal_by_api_key(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    hash: &[u8],
) -> Result<(Principal, Used), Error> {
    let row = repo::api_key_by_hash(connection, hash, now).await?.ok_or(Error::BadCredentials)?;
    let used = match row.last_used_at {
        Some(noted) if noted > now - SEEN_EVERY => Used::NotedAlready,
        _ => Used::Note(row.id),
    };
    let who = Who::Service { key: row.id, name: row.name, role: row.role, scopes: row.scopes };
    Ok((Principal { who, expires_at: row.expires_at, loaded_at: now }, used))
}

/// Notes that a key was used, at most once a minute.
///
/// # Errors
/// A database fault.
pub async fn api_key_note_use(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    key: ApiKeyId,
) -> Result<(), Error> {
    Ok(repo::api_key_used(connection, now, key, now - SEEN_EVERY).await?)
}

/// The user behind a browser's cookie. Being used keeps the session: that is written at most once
/// a minute.
///
/// # Errors
/// [`Error::BadCredentials`] for a session that is unknown or has ended, or a user who is
/// disabled; a database fault.
pub async fn principal_by_cookie(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    hash: &[u8],
) -> Result<Principal, Error> {
    let row = sessions::principal_by_cookie(connection, now, hash).await?;
    let row = row.ok_or(Error::BadCredentials)?;
    let mut end = row.expires_at;
    if row.last_seen_at <= now - SEEN_EVERY {
        end = model::session_end(row.created_at, now);
        sessions::session_seen(connection, now, row.session, end).await?;
    }
    Ok(principal(row, end, now))
}

/// The user behind an access token. Role and name are those of now, not of the token.
///
/// # Errors
/// As for [`principal_by_cookie`]; also where the session is another user's.
pub async fn principal_by_session(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    session: SessionId,
    user: UserId,
) -> Result<Principal, Error> {
    let row = sessions::principal_by_session(connection, now, session).await?;
    let row = row.filter(|row| row.user == user).ok_or(Error::BadCredentials)?;
    let end = row.expires_at;
    Ok(principal(row, end, now))
}

fn principal(row: PrincipalRow, end: DateTime<Utc>, now: DateTime<Utc>) -> Principal {
    let who = Who::User {
        id: row.user,
        role: row.role,
        name: row.name,
        email: row.email,
        session: row.session,
    };
    Principal { who, expires_at: Some(end), loaded_at: now }
}
