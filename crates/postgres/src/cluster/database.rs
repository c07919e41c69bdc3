//! The role and the database that the product uses inside its private cluster.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::error::ClusterError;
use super::process::Postmaster;
use super::server::SUPERUSER;

/// Name of the product's database, and of the role that owns it.
pub(super) const NAME: &str = "kamhub";

/// A server that is still recovering says so with this code.
const CANNOT_CONNECT_NOW: &str = "57P03";
const READY_WITHIN: Duration = Duration::from_secs(600);

/// Waits until the server accepts connections; `None` when it died meanwhile.
///
/// # Errors
/// When it refuses for another reason than still starting, or for too long.
pub(super) async fn connect(
    pgdata: &Path,
    socket_directory: &Path,
) -> Result<Option<PgConnection>, ClusterError> {
    let begun = Instant::now();
    loop {
        match options(socket_directory, "postgres").connect().await {
            Ok(connection) => return Ok(Some(connection)),
            Err(error) if !is_starting(&error) => return Err(error.into()),
            Err(_) if Postmaster::running(pgdata).is_none() => return Ok(None),
            Err(_) if begun.elapsed() > READY_WITHIN => {
                let directory = pgdata.parent().unwrap_or(pgdata).to_owned();
                let seconds = READY_WITHIN.as_secs();
                return Err(ClusterError::NotReady { directory, seconds });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Makes the role and the database where they are missing.
///
/// # Errors
/// When the server refuses a statement.
pub(super) async fn prepare(
    mut connection: PgConnection,
    socket_directory: &Path,
) -> Result<(), ClusterError> {
    let role = sqlx::query("SELECT FROM pg_roles WHERE rolname = $1").bind(NAME);
    if role.fetch_optional(&mut connection).await?.is_none() {
        sqlx::raw_sql("CREATE ROLE kamhub LOGIN; GRANT pg_monitor TO kamhub")
            .execute(&mut connection)
            .await?;
    }
    let database = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(NAME);
    if database.fetch_optional(&mut connection).await?.is_none() {
        sqlx::raw_sql("CREATE DATABASE kamhub OWNER kamhub").execute(&mut connection).await?;
    }
    let statistics = sqlx::query(
        "SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements' \
         AND current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'",
    );
    let statistics = statistics.fetch_optional(&mut connection).await?.is_some();
    connection.close().await?;
    if statistics {
        let mut connection = options(socket_directory, NAME).connect().await?;
        // Only a superuser may, and a notice at each start that it exists would be noise.
        let found = sqlx::query("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'");
        if found.fetch_optional(&mut connection).await?.is_none() {
            let create = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements";
            sqlx::raw_sql(create).execute(&mut connection).await?;
        }
        connection.close().await?;
    }
    Ok(())
}

fn options(socket_directory: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_directory)
        .port(5432)
        .username(SUPERUSER)
        .database(database)
}

fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().as_deref() == Some(CANNOT_CONNECT_NOW),
        _ => false,
    }
}
