//! Use cases of the identity slice.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, ApiKeyId, Clock, Faults, Role, clock::random_token};
use kamhub_postgres::{OnConstraint as _, PgConnection};

use super::{Error, model, repo};

/// A new API key: the only moment at which its secret is known.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// What the caller sends as `X-API-Key`.
    pub secret: String,
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
    let id = repo::api_key_insert(tx, name, &prefix, &hash, role, scopes, expires_at, clock.now())
        .await
        .on_constraint("api_keys_name_key", || {
            Error::Invalid(Faults::of("name", "An active key has this name already"))
        })?;
    Ok(NewApiKey { id, secret })
}

/// The service behind an API key.
///
/// # Errors
/// A key that is unknown, revoked or expired; a database fault.
pub async fn actor_by_api_key(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    secret: &str,
) -> Result<Actor, Error> {
    let hash = model::secret_hash(secret);
    let row = repo::api_key_by_hash(connection, &hash, now).await?.ok_or(Error::BadCredentials)?;
    Ok(Actor::Service {
        key: row.id,
        name: row.name,
        role: row.role,
        scopes: row.scopes.map(Into::into),
    })
}

/// The platform's number of a customer.
///
/// # Errors
/// A database fault.
pub async fn customer_number(
    connection: &mut PgConnection,
    id: kamhub_kernel::CustomerId,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar!("SELECT external_id FROM customers WHERE id = $1", id.0)
        .fetch_optional(connection)
        .await
        .map_err(kamhub_postgres::DbError::from)?
        .flatten())
}

/// The customer for whom a service makes a ticket.
///
/// # Errors
/// A database fault.
pub async fn customer_for_service(
    tx: &mut PgConnection,
    _clock: &dyn Clock,
    number: Option<i64>,
    name: &str,
    email: &str,
) -> Result<kamhub_kernel::CustomerId, Error> {
    let known = sqlx::query_scalar!(
        "SELECT id FROM customers WHERE external_id = $1 OR lower(email) = lower($2)
         ORDER BY (external_id IS NOT DISTINCT FROM $1) DESC LIMIT 1",
        number,
        email
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(kamhub_postgres::DbError::from)?;
    if let Some(id) = known {
        return Ok(kamhub_kernel::CustomerId(id));
    }
    let id = sqlx::query_scalar!(
        "INSERT INTO customers (external_id, email, name) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING RETURNING id",
        number,
        email,
        name
    )
    .fetch_optional(&mut *tx)
    .await
    .map_err(kamhub_postgres::DbError::from)?;
    match id {
        Some(id) => Ok(kamhub_kernel::CustomerId(id)),
        None => Box::pin(customer_for_service(tx, _clock, number, name, email)).await,
    }
}

/// A link to one ticket.
pub fn ticket_link_create(
    _keys: &super::keys::Keys,
    ticket: crate::ids::TicketId,
    customer: kamhub_kernel::CustomerId,
    _expires_at: DateTime<Utc>,
) -> String {
    format!("{ticket}-{customer}")
}
