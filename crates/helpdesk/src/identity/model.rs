//! What identities are made of; no I/O.

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::{Actor, ApiKeyId, Role, SessionId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use super::Error;

/// How every API key begins, so that secret scanners and people recognise one.
pub const API_KEY_PREFIX: &str = "kh_";
/// A browser's session ends when nothing came from it for so long.
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// A browser's session or a token family ends so long after the sign-in, whatever happens.
pub const SESSION_LIFE: TimeDelta = TimeDelta::days(30);
/// How long an access token is good for.
pub const ACCESS_TOKEN_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long after a rotation the refresh token before it is answered again: the answer may have
/// been lost on the way.
pub const REFRESH_GRACE: TimeDelta = TimeDelta::seconds(30);
/// How often it is written down that a key or session was used.
pub const SEEN_EVERY: TimeDelta = TimeDelta::seconds(60);

/// The form in which a secret of high entropy is stored: SHA-256. A slow hash would add nothing to
/// 256 random bits, and be paid for at every call.
pub fn secret_hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

kamhub_kernel::wire_enum! {
    /// What a sign-in was for.
    pub enum SessionKind {
        /// A browser, which holds a cookie.
        Browser = "browser",
        /// A program, which holds a refresh token.
        Token = "token",
    }
}

/// A person of the company.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The e-mail address, by which the user signs in.
    #[schema(examples("anna@kamhub.example"))]
    pub email: String,
    /// The name that customers see.
    #[schema(examples("Анна Лебедева"))]
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Since when the user cannot sign in; null for those who can.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The last sign-in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// When the user was last changed.
    pub updated_at: DateTime<Utc>,
}

/// An API key as it is shown; its secret is not known any more.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// The id.
    pub id: ApiKeyId,
    /// The name, unique among the active keys.
    #[schema(examples("booking service"))]
    pub name: String,
    /// The first characters of the secret, by which people recognise it.
    #[schema(examples("kh_5f0c1b7e"))]
    pub prefix: String,
    /// The role that bounds what the key may do.
    pub role: Role,
    /// The rights it is narrowed to; null means all of its role.
    #[schema(examples(json!(["tickets:read", "tickets:write"])))]
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; null means never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A sign-in as its user sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The id.
    pub id: SessionId,
    /// A browser's or a program's.
    pub kind: SessionKind,
    /// The program that signed in, as it named itself.
    #[schema(examples("Mozilla/5.0 (X11; Linux x86_64)"))]
    pub user_agent: Option<String>,
    /// The network address that the sign-in came from.
    #[schema(examples("203.0.113.7"))]
    pub address: Option<String>,
    /// When the user signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used: to the minute for a browser, at the last refresh for a program.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    #[schema(examples(true))]
    pub current: bool,
}

/// Until when a browser's session that is used at `seen` is good.
pub fn session_end(created: DateTime<Utc>, seen: DateTime<Utc>) -> DateTime<Utc> {
    (seen + SESSION_IDLE).min(created + SESSION_LIFE)
}

/// Whoever stands behind a key or session, as the cache holds it for a moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Principal {
    /// Who it is.
    pub who: Who,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// When this was read from the database.
    pub loaded_at: DateTime<Utc>,
}

/// Who a principal is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Who {
    /// A program.
    Service {
        /// The key.
        key: ApiKeyId,
        /// The key's name.
        name: String,
        /// The role.
        role: Role,
        /// The rights it is narrowed to.
        scopes: Option<Vec<String>>,
    },
    /// A person.
    User {
        /// The user.
        id: UserId,
        /// The role.
        role: Role,
        /// The name.
        name: String,
        /// The e-mail address.
        email: String,
        /// The sign-in.
        session: SessionId,
    },
}

impl Principal {
    /// The actor.
    ///
    /// # Errors
    /// [`Error::BadCredentials`] where the key or session has ended.
    pub fn actor(self, now: DateTime<Utc>) -> Result<Actor, Error> {
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Error::BadCredentials);
        }
        Ok(match self.who {
            Who::Service { key, name, role, scopes } => {
                Actor::Service { key, name, role, scopes: scopes.map(Into::into) }
            }
            Who::User { id, role, name, email, session } => {
                Actor::User { id, role, name, email, session }
            }
        })
    }
}

/// The names under which principals lie in the cache and that are no longer true.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a revoked key or session stays good for seconds unless it is taken out of the cache"]
pub struct Stale(pub Vec<String>);

impl Stale {
    /// The name of a key, or of a browser's session, by the hash of its secret.
    pub fn secret(hash: &[u8]) -> String {
        hex::encode(hash)
    }

    /// The name of a session, by its id.
    pub fn session(id: SessionId) -> String {
        format!("session:{id}")
    }

    /// Both names of each session.
    pub(super) fn sessions(ended: Vec<(SessionId, Vec<u8>)>) -> Self {
        let names = ended.into_iter();
        Self(names.flat_map(|(id, hash)| [Self::session(id), Self::secret(&hash)]).collect())
    }
}

/// The rules for a new password: 10 to 128 characters, and not the e-mail address.
///
/// # Errors
/// What is wrong with it.
pub fn password_rules(email: &str, password: &str) -> Result<(), &'static str> {
    let length = password.chars().count();
    if !(10..=128).contains(&length) {
        return Err("Password must be 10 to 128 characters");
    }
    let (plain, email) = (password.trim().to_lowercase(), email.trim().to_lowercase());
    if plain == email || plain.is_empty() {
        return Err("Password must not be the e-mail address or only spaces");
    }
    Ok(())
}

/// The name of a customer as it can be stored, 2 to 100 characters.
pub fn customer_name(given: Option<&str>, number: Option<i64>) -> String {
    let clean: String = given.unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let name: String = clean.trim().chars().take(100).collect();
    match (name.chars().count() >= 2, number) {
        (true, _) => name,
        (false, Some(number)) => format!("Customer {number}"),
        (false, None) => "Customer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_enough_and_not_the_address() {
        assert!(password_rules("a@b.example", "nine chars").is_ok());
        assert!(password_rules("a@b.example", "ninechars").is_err());
        assert!(password_rules("a@b.example", &"я".repeat(128)).is_ok());
        assert!(password_rules("a@b.example", &"я".repeat(129)).is_err());
        assert!(password_rules("Anna@kamhub.example", "anna@KAMHUB.example").is_err());
        assert!(password_rules("a@b.example", "           ").is_err());
    }

    #[test]
    fn whatever_the_platform_calls_a_customer_can_be_stored() {
        assert_eq!(customer_name(Some(" Ия\0 "), Some(7)), "Ия");
        assert_eq!(customer_name(Some("Я"), Some(7)), "Customer 7");
        assert_eq!(customer_name(None, None), "Customer");
        assert_eq!(customer_name(Some(&"x".repeat(300)), None).len(), 100);
    }
}
