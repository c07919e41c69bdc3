//! `Idempotency-Key`: a request that is repeated with the same key is answered as the first time.
//! Key, hash, the rows themselves and the answer are written in one transaction, so that there is
//! never an answer without its effect, or an effect that could happen twice (semantics, section 3).

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use kamhub_kernel::Actor;
use kamhub_postgres::{DbError, PgConnection};
use sha2::{Digest as _, Sha256};

use crate::answer::Answer;
use crate::problem::Problem;

/// The header's value with what it is bound to: method and path.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    key: Option<String>,
    target: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let target = format!("{} {}", parts.method, parts.uri.path());
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self { key: None, target });
        };
        let key = value.to_str().unwrap_or_default().trim();
        if key.is_empty() || key.len() > 255 {
            return Err(Problem::invalid_field(
                "Idempotency-Key",
                "Idempotency-Key must be 1 to 255 printable ASCII characters",
            ));
        }
        Ok(Self { key: Some(key.to_owned()), target })
    }
}

impl IdempotencyKey {
    /// The key of a request that is recognised by something else than the header, such as a form of ours.
    pub fn of(key: String, target: String) -> Self {
        Self { key: Some(key), target }
    }

    /// Claims the key in the caller's transaction. A second request with the same key waits here
    /// for the first, and is given its answer.
    ///
    /// # Errors
    /// 422 `IDEMPOTENCY_KEY_REUSED` where the key was used for another request; a database fault.
    pub async fn begin(
        &self,
        tx: &mut PgConnection,
        now: DateTime<Utc>,
        actor: &Actor,
        body_hash: &[u8; 32],
    ) -> Result<Option<Answer>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let caller = actor.label();
        let hash = self.request_hash(body_hash);
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys (caller, key, request_hash, created_at)
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            caller,
            key,
            hash,
            now
        )
        .execute(&mut *tx)
        .await
        .map_err(DbError::from)?;
        if claimed.rows_affected() == 1 {
            return Ok(None);
        }
        let stored = sqlx::query!(
            "SELECT request_hash, status, headers, body FROM idempotency_keys
             WHERE caller = $1 AND key = $2",
            caller,
            key
        )
        .fetch_one(tx)
        .await
        .map_err(DbError::from)?;
        if stored.request_hash != hash {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "IDEMPOTENCY_KEY_REUSED",
                "This Idempotency-Key was used for another request; take a new one",
            ));
        }
        let status = stored.status.and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let header = |name: &str| {
            let value = stored.headers.as_ref().and_then(|headers| headers.get(name));
            value.and_then(|value| value.as_str()).map(str::to_owned)
        };
        Ok(Some(Answer {
            status: status.unwrap_or(StatusCode::OK),
            body: stored.body.unwrap_or_default(),
            etag: header("etag"),
            location: header("location"),
        }))
    }

    /// Keeps the answer beside the key, in the same transaction.
    ///
    /// # Errors
    /// A database fault.
    pub async fn finish(
        &self,
        tx: &mut PgConnection,
        actor: &Actor,
        answer: &Answer,
    ) -> Result<(), Problem> {
        let Some(key) = &self.key else { return Ok(()) };
        let status = i16::try_from(answer.status.as_u16()).unwrap_or_default();
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $3, headers = $4, body = $5
             WHERE caller = $1 AND key = $2",
            actor.label(),
            key,
            status,
            serde_json::json!({"etag": answer.etag, "location": answer.location}),
            answer.body
        )
        .execute(tx)
        .await
        .map_err(DbError::from)?;
        Ok(())
    }

    fn request_hash(&self, body_hash: &[u8; 32]) -> Vec<u8> {
        Sha256::new()
            .chain_update(&self.target)
            .chain_update([0])
            .chain_update(body_hash)
            .finalize()
            .to_vec()
    }
}

/// Forgets keys from before `until`; answers how many.
///
/// # Errors
/// A database fault.
pub async fn forget_before(
    connection: &mut PgConnection,
    until: DateTime<Utc>,
) -> Result<u64, DbError> {
    let gone = sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < $1", until)
        .execute(connection)
        .await?;
    Ok(gone.rows_affected())
}
