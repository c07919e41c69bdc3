//! The first start: somebody must be able to come in.

use anyhow::Result;
use kamhub_helpdesk::identity::{Error, service};
use kamhub_kernel::{Clock, Role};
use kamhub_postgres::Db;

use crate::config::Config;

/// The name of the first API key.
const KEY_NAME: &str = "first administrator";

/// Makes a first API key where there is none yet, and answers what to print once; it is kept nowhere
/// in clear.
///
/// # Errors
/// A database fault.
pub async fn run(db: &Db, config: &Config, clock: &dyn Clock) -> Result<Option<String>> {
    let mut tx = db.begin().await?;
    match service::api_key_create(&mut tx, clock, KEY_NAME, Role::Admin, None, None).await {
        Ok(key) => {
            tx.commit().await?;
            let url = &config.settings.public_url;
            Ok(Some(format!("\n  KamHub Support   {url}\n  API key          {}\n", key.secret)))
        }
        Err(Error::Invalid(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
