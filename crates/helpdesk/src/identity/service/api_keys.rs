//! API keys.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{Page, PageRequest, Start, encode_cursor};
use kamhub_kernel::{Actor, ApiKeyId, Clock, Faults, Role, clock::random_token};
use kamhub_postgres::{OnConstraint as _, PgConnection};

use super::users::may_govern;
use crate::identity::model::{self, ApiKey, Stale};
use crate::identity::{Error, repo};

/// A new API key: the only moment at which its secret is known.
#[derive(Clone)]
pub struct NewApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What the caller sends as `X-API-Key`.
    pub secret: String,
}

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("NewApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Makes an API key.
///
/// # Errors
/// A name that an active key has already; a database fault.
pub async fn api_key_create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    name: &str,
    role: Role,
    scopes: Option<&[String]>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<NewApiKey, Error> {
    let secret = format!("{}{}", model::API_KEY_PREFIX, random_token(clock));
    let prefix: String = secret.chars().take(11).collect();
    let hash = model::secret_hash(&secret);
    let row = repo::NewApiKeyRow { name, prefix: &prefix, hash: &hash, role, scopes, expires_at };
    let id = repo::api_key_insert(tx, clock.now(), row)
        .await
        .on_constraint("api_keys_name_key", || {
            Error::Taken(Faults::of("name", "An active key has this name already"))
        })?;
    Ok(NewApiKey { id, secret })
}

/// Makes an API key for an actor, who must have every right that the key will have.
///
/// # Errors
/// [`Error::RightNotHeld`]; an end that has passed; those of [`api_key_create`].
pub async fn api_key_mint(
    tx: &mut PgConnection,
    actor: &Actor,
    clock: &dyn Clock,
    name: &str,
    role: Role,
    scopes: Option<&[String]>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<NewApiKey, Error> {
    may_govern(actor, role, scopes)?;
    api_key_end_faults(expires_at, clock.now()).check(()).map_err(Error::Invalid)?;
    let key = api_key_create(tx, clock, name, role, scopes, expires_at).await?;
    super::audit(actor, "api_key_create", key.id);
    Ok(key)
}

/// A fault of `expiresAt` where a new key would have ended already.
pub fn api_key_end_faults(expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Faults {
    match expires_at {
        Some(end) if end <= now => Faults::of("expiresAt", "Expires at must be in the future"),
        _ => Faults::new(),
    }
}

/// API keys, revoked ones too, in the order in which they were made.
///
/// # Errors
/// A database fault.
pub async fn api_key_list(
    connection: &mut PgConnection,
    page: &PageRequest<i64>,
) -> Result<Page<ApiKey>, Error> {
    let (after, offset) = match page.start {
        Start::After(id) => (Some(id), 0),
        Start::Offset(rows) => (None, rows),
    };
    let total = repo::api_key_count(connection).await?;
    let mut items = repo::api_keys(connection, after, offset, page.limit + 1).await?;
    let next_cursor = super::users::cut(&mut items, page.limit, |key| key.id.0);
    Ok(Page {
        items,
        total,
        total_capped: false,
        next_cursor: next_cursor.map(|id| encode_cursor(&id)),
    })
}

/// One API key.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn api_key_read(connection: &mut PgConnection, id: ApiKeyId) -> Result<ApiKey, Error> {
    repo::api_key_by_id(connection, id).await?.ok_or(Error::NotFound("The API key"))
}

/// Revokes an API key; one that is revoked already stays so.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn api_key_revoke(
    tx: &mut PgConnection,
    actor: &Actor,
    clock: &dyn Clock,
    id: ApiKeyId,
) -> Result<Stale, Error> {
    let hash =
        repo::api_key_revoke(tx, clock.now(), id).await?.ok_or(Error::NotFound("The API key"))?;
    super::audit(actor, "api_key_revoke", id);
    Ok(Stale(vec![Stale::secret(&hash)]))
}
