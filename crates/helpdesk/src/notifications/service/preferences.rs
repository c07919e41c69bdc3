//! What a person wants to be told.

use kamhub_kernel::{Clock, UserId};
use kamhub_postgres::PgConnection;

use crate::language::Language;
use crate::notifications::error::Error;
use crate::notifications::model::Preferences;
use crate::notifications::repo::preferences as repo;

/// A person's preferences; the defaults where they have chosen nothing.
///
/// # Errors
/// A database fault.
pub async fn read(connection: &mut PgConnection, user: UserId) -> Result<Preferences, Error> {
    Ok(repo::of_users(connection, &[user]).await?.remove(&user).unwrap_or_default())
}

/// Writes a person's choice down; it counts for what is planned from now on.
///
/// # Errors
/// A database fault.
pub async fn replace(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    user: UserId,
    preferences: &Preferences,
    language: Language,
) -> Result<(), Error> {
    Ok(repo::put(tx, user, preferences, language, clock.now()).await?)
}
