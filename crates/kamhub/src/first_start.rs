//! The first start: somebody must be able to come in.

use std::fmt;

use anyhow::{Result, bail};
use kamhub_helpdesk::identity::model::User;
use kamhub_helpdesk::identity::service::{self, FirstAdmin};
use kamhub_helpdesk::identity::{Error, password};
use kamhub_kernel::clock::random_token;
use kamhub_kernel::{Clock, Role};
use kamhub_postgres::Db;

use crate::commands::{refusal, user};
use crate::config::Config;

/// The name of the first API key.
const KEY_NAME: &str = "first administrator";

/// What is printed once, and kept nowhere in clear.
pub struct Greeting {
    url: String,
    email: String,
    /// None where the operator chose it.
    password: Option<String>,
    key: Option<String>,
}

impl fmt::Display for Greeting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter)?;
        writeln!(formatter, "  KamHub Support   {}", self.url)?;
        writeln!(formatter, "  Sign in as       {}", self.email)?;
        let password = self.password.as_deref().unwrap_or("as given in KAMHUB_ADMIN_PASSWORD");
        writeln!(formatter, "  Password         {password}")?;
        if let Some(key) = &self.key {
            writeln!(formatter, "  API key          {key}")?;
        }
        writeln!(formatter, "  These are shown this once; note them now.")
    }
}

/// Makes the first administrator and a first API key where there is no administrator yet.
///
/// # Errors
/// A password that the rules refuse; a database fault.
pub async fn run(db: &Db, config: &Config, clock: &dyn Clock) -> Result<Option<Greeting>> {
    let governs = |user: &User| user.role == Role::Admin && user.disabled_at.is_none();
    if user::all(db).await?.iter().any(governs) {
        return Ok(None);
    }
    let email = config.admin_email.clone();
    let given = config.admin_password.clone();
    let chosen = given.clone().unwrap_or_else(|| random_password(clock));
    let hash = match password::hash(clock, "KAMHUB_ADMIN_PASSWORD", &email, &chosen).await {
        Err(Error::Invalid(faults)) => bail!("KAMHUB_ADMIN_PASSWORD: {}", Error::Invalid(faults)),
        hash => hash.map_err(refusal)?,
    };
    let mut tx = db.begin().await?;
    match service::first_admin(&mut tx, clock, &email, &hash).await.map_err(refusal)? {
        FirstAdmin::AlreadyThere => return Ok(None),
        FirstAdmin::Created(_) => {}
    }
    tx.commit().await?;
    let key = first_key(db, clock).await?;
    Ok(Some(Greeting {
        url: config.settings.public_url.clone(),
        email,
        password: given.is_none().then_some(chosen),
        key,
    }))
}

/// None where the key is there already: the administrator was lost, and the key was not.
async fn first_key(db: &Db, clock: &dyn Clock) -> Result<Option<String>> {
    let mut tx = db.begin().await?;
    match service::api_key_create(&mut tx, clock, KEY_NAME, Role::Admin, None, None).await {
        Ok(key) => {
            tx.commit().await?;
            Ok(Some(key.secret))
        }
        Err(Error::Taken(_)) => Ok(None),
        Err(error) => Err(refusal(error)),
    }
}

/// A password of 96 random bits, easy to copy.
pub fn random_password(clock: &dyn Clock) -> String {
    let token = random_token(clock);
    [&token[..6], &token[6..12], &token[12..18], &token[18..24]].join("-")
}
