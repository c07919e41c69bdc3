//! `kamhub api-key`: keys for programs. Works while the server runs.

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use kamhub_helpdesk::access::Permission;
use kamhub_helpdesk::identity::http::api_key_create::ApiKeyCreate;
use kamhub_helpdesk::identity::model::ApiKey;
use kamhub_helpdesk::identity::service;
use kamhub_httpkit::decode::decode;
use kamhub_kernel::page::{MAX_LIMIT, PageRequest, Start};
use kamhub_kernel::{Clock as _, Role};
use serde_json::json;

use super::user::{OPERATOR, left_to_its_lifetime};
use super::{CLOCK, refusal, wrong_usage};
use crate::config::Config;
use crate::database::Database;

/// The flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kamhub api-key create --name booking --role agent
  KEY=$(kamhub api-key create --name nightly --role viewer --scope tickets:read --expires-days 90)
  curl -H \"X-API-Key: $KEY\" http://127.0.0.1:3000/api/support/tickets
  kamhub api-key list
  kamhub api-key revoke nightly")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key and print it; it is shown this once only
    Create(Create),
    /// List keys; those that are revoked or ended are marked
    List,
    /// Revoke a key
    Revoke {
        /// The id or the name, as `list` shows them
        key: String,
    },
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

impl Create {
    /// Checks and cleans the name as the API does; the rest was read by its type.
    fn check(&mut self) -> Result<()> {
        let body = json!({"name": self.name, "role": self.role});
        self.name = decode::<ApiKeyCreate>(body).map_err(wrong_usage)?.name;
        Ok(())
    }
}

/// Runs the command.
///
/// # Errors
/// A database that is away, or a wish that cannot be granted.
pub async fn run(config: Config, mut arguments: Arguments) -> Result<()> {
    if let Action::Create(create) = &mut arguments.action {
        create.check()?;
    }
    let database = Database::ready(&config).await?;
    let done = match arguments.action {
        Action::Create(create) => self::create(&database, create).await,
        Action::List => list(&database).await,
        Action::Revoke { key } => revoke(&database, &key).await,
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

async fn list(database: &Database) -> Result<()> {
    let now = CLOCK.now();
    for key in all(database).await? {
        let state = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "ended",
            _ => "active",
        };
        let scopes = key.scopes.map_or_else(|| "all of its role".to_owned(), |list| list.join(","));
        println!(
            "{:<6} {:<10} {:<8} {}  {}  {scopes}",
            key.id, key.role, state, key.prefix, key.name
        );
    }
    Ok(())
}

async fn revoke(database: &Database, wanted: &str) -> Result<()> {
    let wanted = wanted.trim();
    let keys = all(database).await?;
    let key = keys
        .iter()
        .filter(|key| key.revoked_at.is_none())
        .find(|key| key.id.to_string() == wanted || key.name.trim() == wanted)
        .with_context(|| format!("there is no active key {wanted}: see 'kamhub api-key list'"))?;
    let mut tx = database.db.begin().await?;
    let stale = service::api_key_revoke(&mut tx, &OPERATOR, &CLOCK, key.id).await;
    left_to_its_lifetime(stale.map_err(refusal)?);
    tx.commit().await?;
    println!("key {} ({}) is revoked; running servers notice within seconds", key.id, key.name);
    Ok(())
}

async fn all(database: &Database) -> Result<Vec<ApiKey>> {
    let mut connection = database.db.connection().await?;
    let mut keys = Vec::new();
    let mut start = Start::Offset(0);
    loop {
        let page = PageRequest { start, limit: MAX_LIMIT, exact_total: false };
        let page = service::api_key_list(&mut connection, &page).await.map_err(refusal)?;
        keys.extend(page.items);
        match (page.next_cursor, keys.last()) {
            (Some(_), Some(last)) => start = Start::After(last.id.0),
            _ => return Ok(keys),
        }
    }
}
