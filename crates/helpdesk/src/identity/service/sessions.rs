//! Signing in, staying signed in, and signing out.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock, Role, SessionId, UserId, clock::random_token};
use kamhub_postgres::{DbResult, PgConnection};
use subtle::ConstantTimeEq as _;

use crate::identity::Error;
use crate::identity::keys::Keys;
use crate::identity::model::{self, Session, SessionKind, Stale, User};
use crate::identity::password::PasswordHash;
use crate::identity::repo::{sessions as repo, users};
use crate::identity::token::{self, Refresh};

/// What is needed to check a password.
#[derive(Debug)]
pub struct Account {
    /// The user.
    pub id: UserId,
    /// What the password is checked against; none where no password opens the account.
    pub password: Option<PasswordHash>,
}

/// The account of an address that can sign in.
///
/// # Errors
/// A database fault.
pub async fn account_by_email(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<Account>, Error> {
    let row = users::sign_in_row(connection, email).await?;
    Ok(row
        .filter(|row| row.disabled_at.is_none())
        .map(|row| Account { id: row.id, password: row.password_hash.map(PasswordHash) }))
}

/// Where a sign-in came from, as it is shown to the user.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The network address.
    pub address: String,
    /// The program, as it names itself.
    pub user_agent: Option<String>,
}

impl Origin {
    fn program(&self) -> Option<String> {
        let clean = self.user_agent.as_ref()?.chars().filter(|letter| !letter.is_control());
        Some(clean.take(300).collect())
    }
}

/// A browser that is signed in. Its secret is known only now.
pub struct BrowserSignIn {
    /// The user.
    pub user: User,
    /// What the cookie holds.
    pub secret: String,
    /// When the session ends if nothing comes from the browser.
    pub expires_at: DateTime<Utc>,
}

/// Begins a browser's session for an account whose password was checked.
///
/// # Errors
/// [`Error::SignInFailed`] where the account was disabled, or its password changed, meanwhile; a
/// database fault.
pub async fn browser_sign_in(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    account: &Account,
    origin: &Origin,
) -> Result<BrowserSignIn, Error> {
    let now = clock.now();
    let user = proved(tx, now, account).await?;
    let secret = random_token(clock);
    let program = origin.program();
    let expires_at = model::session_end(now, now);
    let row = repo::NewSessionRow {
        id: repo::session_next_id(tx).await?,
        user: user.id,
        kind: SessionKind::Browser,
        hash: &model::secret_hash(&secret),
        user_agent: program.as_deref(),
        address: &origin.address,
        expires_at,
    };
    repo::session_insert(tx, now, row).await?;
    Ok(BrowserSignIn { user, secret, expires_at })
}

/// The tokens of a program. They are never printed.
pub struct Tokens {
    /// Good for [`model::ACCESS_TOKEN_LIFE`].
    pub access: String,
    /// Good once.
    pub refresh: String,
}

/// Begins a token family for an account whose password was checked.
///
/// # Errors
/// As for [`browser_sign_in`].
pub async fn token_sign_in(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    keys: &Keys,
    account: &Account,
    origin: &Origin,
) -> Result<Tokens, Error> {
    let now = clock.now();
    let user = proved(tx, now, account).await?;
    let id = repo::session_next_id(tx).await?;
    let refresh = Refresh::first(id, now).write(keys);
    let program = origin.program();
    let row = repo::NewSessionRow {
        id,
        user: user.id,
        kind: SessionKind::Token,
        hash: &model::secret_hash(&refresh),
        user_agent: program.as_deref(),
        address: &origin.address,
        expires_at: now + model::SESSION_LIFE,
    };
    repo::session_insert(tx, now, row).await?;
    tokens(keys, now, user.id, user.role, id, refresh)
}

async fn proved(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    account: &Account,
) -> Result<User, Error> {
    let hash = account.password.as_ref().ok_or(Error::SignInFailed)?;
    let user = users::signed_in(tx, now, account.id, &hash.0).await?.ok_or(Error::SignInFailed)?;
    tracing::info!(target: "kamhub::audit", action = "sign_in", user = user.id.0, "audit");
    Ok(user)
}

fn tokens(
    keys: &Keys,
    now: DateTime<Utc>,
    user: UserId,
    role: Role,
    session: SessionId,
    refresh: String,
) -> Result<Tokens, Error> {
    Ok(Tokens { access: token::access_mint(keys, now, user, role, session)?, refresh })
}

/// What became of a refresh.
pub enum Refreshed {
    /// A fresh pair.
    Pair(Tokens),
    /// The token had been used before: somebody else has it, so the whole family has ended. This
    /// must be committed too.
    Reused(Stale),
}

/// Exchanges a refresh token. The one before it is answered again for
/// [`model::REFRESH_GRACE`], with the same successor, because the answer may have been lost; any
/// other that was used before ends the family.
///
/// # Errors
/// [`Error::BadCredentials`] for what is no token of a living family; a database fault.
pub async fn token_refresh(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    keys: &Keys,
    text: &str,
) -> Result<Refreshed, Error> {
    let now = clock.now();
    let given = Refresh::read(keys, text).ok_or(Error::BadCredentials)?;
    let family = repo::family_lock(tx, now, given.session)
        .await?
        .filter(|family| family.created_at.timestamp_micros() == given.begun)
        .ok_or(Error::BadCredentials)?;
    let hash = model::secret_hash(text);
    let next = given.next().write(keys);
    let next_hash = model::secret_hash(&next);
    let same = |a: &[u8], b: &[u8]| bool::from(a.ct_eq(b));
    if same(&hash, &family.secret_hash) {
        repo::family_rotate(tx, now, given.session, &next_hash).await?;
    } else {
        let lost_answer = family.previous_hash.is_some_and(|previous| same(&hash, &previous))
            && same(&next_hash, &family.secret_hash)
            && now - family.rotated_at <= model::REFRESH_GRACE;
        if !lost_answer {
            tracing::warn!(
                target: "kamhub::audit",
                action = "refresh_token_reused",
                user = family.user.0,
                session = given.session.0,
                "audit"
            );
            let only = Some(given.session);
            let ended = repo::sessions_revoke(tx, now, family.user, only, None).await?;
            return Ok(Refreshed::Reused(Stale::sessions(ended)));
        }
    }
    tokens(keys, now, family.user, family.role, given.session, next).map(Refreshed::Pair)
}

/// Ends the family of a refresh token; what is no token of a living family is left alone
/// (RFC 7009, section 2.2).
///
/// # Errors
/// A database fault.
pub async fn token_revoke(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    keys: &Keys,
    text: &str,
) -> Result<Stale, Error> {
    let now = clock.now();
    let Some(given) = Refresh::read(keys, text) else { return Ok(Stale::default()) };
    let family = repo::family_lock(tx, now, given.session).await?;
    let family = family.filter(|family| family.created_at.timestamp_micros() == given.begun);
    let Some(family) = family else { return Ok(Stale::default()) };
    let ended = repo::sessions_revoke(tx, now, family.user, Some(given.session), None).await?;
    Ok(Stale::sessions(ended))
}

/// The sessions of a user that have not ended, newest first.
///
/// # Errors
/// A database fault.
pub async fn session_list(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    user: UserId,
    current: SessionId,
) -> Result<Vec<Session>, Error> {
    let rows = repo::sessions_of_user(connection, now, user).await?;
    let shown = rows.into_iter().map(|row| Session {
        id: row.id,
        kind: row.kind,
        user_agent: row.user_agent,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        current: row.id == current,
    });
    Ok(shown.collect())
}

/// Ends one session of the user.
///
/// # Errors
/// [`Error::NotFound`] where the user has no such session; a database fault.
pub async fn session_revoke(
    tx: &mut PgConnection,
    actor: &Actor,
    clock: &dyn Clock,
    user: UserId,
    session: SessionId,
) -> Result<Stale, Error> {
    let ended = repo::sessions_revoke(tx, clock.now(), user, Some(session), None).await?;
    if ended.is_empty() {
        return Err(Error::NotFound("The session"));
    }
    super::audit(actor, "session_revoke", session);
    Ok(Stale::sessions(ended))
}

/// Gives a user a new password, and ends every session but the one that asks.
///
/// # Errors
/// A database fault.
pub async fn password_change(
    tx: &mut PgConnection,
    actor: &Actor,
    clock: &dyn Clock,
    user: UserId,
    keep: SessionId,
    password: &PasswordHash,
) -> Result<Stale, Error> {
    users::password_update(tx, user, &password.0).await?;
    let ended = repo::sessions_revoke(tx, clock.now(), user, None, Some(keep)).await?;
    super::audit(actor, "password_change", user);
    Ok(Stale::sessions(ended))
}

/// Deletes sessions that ended before `until`; answers how many.
///
/// # Errors
/// A database fault.
pub async fn sessions_forget(connection: &mut PgConnection, until: DateTime<Utc>) -> DbResult<u64> {
    repo::sessions_forget(connection, until).await
}
