//! Migrations, built into the binary: one linear list, never edited after they landed.

use sqlx::migrate::Migrator;

use crate::db::Db;
use crate::error::DbResult;

/// Every migration of this version of the product.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Where a database stands against this version of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Every migration is applied.
    Current,
    /// So many migrations are still to be applied.
    Behind(usize),
    /// The database was migrated by a newer version, which added this migration.
    Ahead(i64),
    /// This migration began and did not end, or its text differs from what was applied.
    Broken(i64),
}

/// Applies what is missing. Several processes may do it at once: they take turns.
///
/// # Errors
/// The first migration that fails, which is rolled back.
pub async fn apply(db: &Db) -> Result<(), sqlx::migrate::MigrateError> {
    let mut connection = db.pool().acquire().await?;
    sqlx::query("SET statement_timeout = 0").execute(&mut *connection).await?;
    MIGRATOR.run_direct(None, &mut *connection, false).await?;
    // The raised limit must not stay on a connection of the pool.
    connection.close_on_drop();
    Ok(())
}

/// Compares the database with the built-in list.
///
/// # Errors
/// [`DbError::Unavailable`] where the database is away.
pub async fn standing(db: &Db) -> DbResult<Standing> {
    let mut connection = db.connection().await?;
    let exists =
        sqlx::query_scalar::<_, bool>("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    let known = MIGRATOR.iter().filter(|migration| !migration.migration_type.is_down_migration());
    if !exists {
        return Ok(Standing::Behind(known.count()));
    }
    let applied = sqlx::query_as::<_, (i64, Vec<u8>, bool)>(
        "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut missing = 0;
    for migration in known {
        match applied.iter().find(|(version, ..)| *version == migration.version) {
            None => missing += 1,
            Some((version, checksum, success)) => {
                if !success || **checksum != *migration.checksum {
                    return Ok(Standing::Broken(*version));
                }
            }
        }
    }
    if let Some((version, ..)) =
        applied.iter().find(|(version, ..)| !MIGRATOR.version_exists(*version))
    {
        return Ok(Standing::Ahead(*version));
    }
    Ok(if missing == 0 { Standing::Current } else { Standing::Behind(missing) })
}
