//! `kamhub api-key`: keys for programs. Works while the server runs.

use anyhow::Result;
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use kamhub_helpdesk::access::Permission;
use kamhub_helpdesk::identity::service;
use kamhub_kernel::{Clock as _, Role};

use super::{CLOCK, refusal};
use crate::config::Config;
use crate::database::Database;

/// The flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kamhub api-key create --name booking --role agent
  KEY=$(kamhub api-key create --name nightly --role viewer --scope tickets:read --expires-days 90)
  curl -H \"X-API-Key: $KEY\" http://127.0.0.1:3000/api/support/tickets")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and print it; it is shown this once only
    Create(Create),
}

#[derive(Debug, Args)]
struct Create {
    /// What the key is for, 1 to 100 characters, unique among active keys
    #[arg(long)]
    name: String,
    /// The most it may do: admin, supervisor, agent or viewer
    #[arg(long)]
    role: Role,
    /// Narrow it to this right, such as tickets:read; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<Permission>,
    /// The key ends after so many days; without it, never
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    expires_days: Option<u32>,
}

/// Runs the command.
///
/// # Errors
/// A database that is away, or a wish that cannot be granted.
pub async fn run(config: Config, arguments: Arguments) -> Result<()> {
    let database = Database::ready(&config).await?;
    let done = match arguments.action {
        Action::Create(create) => self::create(&database, create).await,
    };
    database.close().await;
    done
}

async fn create(database: &Database, create: Create) -> Result<()> {
    let scopes: Vec<String> = create.scopes.iter().map(ToString::to_string).collect();
    let scopes = (!scopes.is_empty()).then_some(scopes);
    let ends = create.expires_days.map(|days| CLOCK.now() + TimeDelta::days(days.into()));
    let mut tx = database.db.begin().await?;
    let key = service::api_key_create(
        &mut tx,
        &CLOCK,
        &create.name,
        create.role,
        scopes.as_deref(),
        ends,
    )
    .await
    .map_err(refusal)?;
    tx.commit().await?;
    println!("{}", key.secret);
    Ok(())
}
