//! From credentials to an actor. What the database says of a key or session is kept for a moment,
//! and taken out of the cache the moment it is revoked.

use std::time::Duration;

use chrono::TimeDelta;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::{Actor, ApiKeyId, SessionId, UserId};

use super::credentials::Credentials;
use crate::app::App;
use crate::identity::Error;
use crate::identity::model::{Principal, Stale, secret_hash};
use crate::identity::service::{self, Used};
use crate::identity::token::{self, Bearer};

const SPACE: &str = "principals";
/// How long another process may take to learn of a revocation where there is no Redis.
const TTL: Duration = Duration::from_secs(5);

/// Who calls. A browser's session that has ended is nobody: the browser sends its cookie by itself
/// and could not even sign in again. Anything else that is wrong is refused.
pub(super) async fn identify(app: &App, given: &Credentials, address: &str) -> ApiResult<Actor> {
    let found = match given {
        Credentials::None => None,
        Credentials::ApiKey(secret) => {
            Some(principal(app, Asked::ApiKey(secret_hash(secret))).await?)
        }
        Credentials::Bearer(text) => Some(by_token(app, text).await?),
        Credentials::Link(text) => Some(by_link(app, text).await?),
        Credentials::Cookie(secret) => {
            match principal(app, Asked::Cookie(secret_hash(secret))).await {
                Err(Error::BadCredentials) => None,
                other => Some(other?),
            }
        }
    };
    Ok(found.unwrap_or_else(|| Actor::Anonymous { address: address.to_owned() }))
}

/// Takes principals that are no longer true out of the cache; after the commit.
pub(super) async fn forget(app: &App, stale: Stale) {
    for name in stale.0 {
        app.cache.remove(SPACE, &name).await;
    }
}

async fn by_token(app: &App, text: &str) -> Result<Actor, Error> {
    let claims = match token::bearer_verify(&app.keys, app.clock.now(), text)? {
        Bearer::Ours(claims) => claims,
        Bearer::Platform(claims) => {
            let mut connection = app.db.connection().await?;
            if let Some(known) = service::customer_of_platform(&mut connection, &claims).await? {
                return Ok(known);
            }
            drop(connection);
            let mut tx = app.db.begin().await?;
            let actor = service::customer_take_from_platform(&mut tx, &*app.clock, &claims).await?;
            tx.commit().await?;
            return Ok(actor);
        }
    };
    let actor = principal(app, Asked::Session(claims.sid, claims.sub)).await?;
    // The cache knows sessions, not tokens: the token must be of the session's own user.
    if actor.id() == Some(claims.sub.0) { Ok(actor) } else { Err(Error::BadCredentials) }
}

async fn by_link(app: &App, text: &str) -> Result<Actor, Error> {
    let link = service::ticket_link_verify(&app.keys, app.clock.now(), text)?;
    let mut connection = app.db.connection().await?;
    service::customer_by_link(&mut connection, link).await
}

/// What the database is asked for.
#[derive(Clone)]
enum Asked {
    ApiKey(Vec<u8>),
    Cookie(Vec<u8>),
    Session(SessionId, UserId),
}

impl Asked {
    fn name(&self) -> String {
        match self {
            Self::ApiKey(hash) | Self::Cookie(hash) => Stale::secret(hash),
            Self::Session(session, _) => Stale::session(*session),
        }
    }

    async fn load(self, app: App) -> Result<Principal, Error> {
        let now = app.clock.now();
        let mut connection = app.db.connection().await?;
        match self {
            Self::Cookie(hash) => service::principal_by_cookie(&mut connection, now, &hash).await,
            Self::Session(session, user) => {
                service::principal_by_session(&mut connection, now, session, user).await
            }
            Self::ApiKey(hash) => {
                let (principal, used) =
                    service::principal_by_api_key(&mut connection, now, &hash).await?;
                if let Used::Note(key) = used {
                    note_use(app.clone(), key);
                }
                Ok(principal)
            }
        }
    }
}

/// From the cache, or from the database where the cache has none that is fresh by our own clock.
async fn principal(app: &App, asked: Asked) -> Result<Actor, Error> {
    let name = asked.name();
    let load = || asked.clone().load(app.clone());
    let mut found: Principal = app.cache.get_or_load(SPACE, &name, TTL, load).await?;
    let age = app.clock.now() - found.loaded_at;
    if age >= TimeDelta::from_std(TTL).unwrap_or_default() {
        app.cache.remove(SPACE, &name).await;
        found = app.cache.get_or_load(SPACE, &name, TTL, load).await?;
    }
    found.actor(app.clock.now())
}

/// Beside the call: nobody waits for it, and a failure costs nothing but this note.
fn note_use(app: App, key: ApiKeyId) {
    tokio::spawn(async move {
        let noted = async {
            let mut connection = app.db.connection().await?;
            service::api_key_note_use(&mut connection, app.clock.now(), key).await
        };
        if let Err(error) = noted.await {
            tracing::debug!(%error, "the use of an API key was not noted");
        }
    });
}
