//! `kamhub migrate`: brings the database to this version, or says where it stands.

use anyhow::Result;
use kamhub_postgres::migrations::{self, Standing};

use crate::config::Config;
use crate::database::{self, Database, Opening};
use crate::lifecycle::NotReady;

/// The flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Several processes may migrate at once: they take turns. Each migration is one transaction.

Examples:
  kamhub migrate            apply what is missing
  kamhub migrate --check    only say where the database stands; exit 3 where something is missing")]
pub struct Arguments {
    /// Change nothing; exit 3 unless every migration is applied
    #[arg(long)]
    check: bool,
}

/// Runs the command.
///
/// # Errors
/// A database that is away, a migration that fails, or (`--check`) one that is missing.
pub async fn run(config: Config, arguments: Arguments) -> Result<()> {
    let opening = if arguments.check { Opening::Existing } else { Opening::Create };
    let database = Database::open(&config, opening).await?;
    let done = migrate(&database, arguments.check).await;
    database.close().await;
    done
}

async fn migrate(database: &Database, check: bool) -> Result<()> {
    if check {
        return match migrations::standing(&database.db).await.map_err(database::away)? {
            Standing::Current => {
                println!("{}", database::describe(&Standing::Current));
                Ok(())
            }
            standing => Err(NotReady(database::describe(&standing)).into()),
        };
    }
    database.wait().await?;
    database.migrate().await?;
    let standing = migrations::standing(&database.db).await.map_err(database::away)?;
    println!("{}", database::describe(&standing));
    Ok(())
}
