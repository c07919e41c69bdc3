//! `kamhub seed`: data to look at, and data to measure with.

use anyhow::Result;
use clap::Args;
use kamhub_helpdesk::identity::password;
use kamhub_helpdesk::seed::{self, SeedError};
use kamhub_postgres::Db;

use super::{CLOCK, refusal};
use crate::config::Config;
use crate::database::Database;
use crate::first_start::random_password;

/// The flags.
#[derive(Debug, Args)]
#[command(after_help = "\
Works beside a running server. The demo is loaded once; loading it again changes nothing.

Examples:
  kamhub seed --demo                agents, customers and eight weeks of tickets in two languages
  kamhub seed --tickets 1000000     a million tickets with their messages, for benchmarks")]
pub struct Arguments {
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Load the demo company
    #[arg(long)]
    demo: bool,
    /// Make so many tickets with their messages
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    tickets: Option<u32>,
}

/// Runs the command.
///
/// # Errors
/// A database that is away, or data that has no room.
pub async fn run(config: Config, arguments: Arguments) -> Result<()> {
    let database = Database::prepared(&config).await?;
    let done = match arguments.what.tickets {
        Some(count) => tickets(&database.db, count).await,
        None => demo(&database.db).await.map(|told| println!("{told}")),
    };
    database.close().await;
    done
}

async fn tickets(db: &Db, count: u32) -> Result<()> {
    let summary = seed::bulk::tickets(db, &CLOCK, count, &|line| eprintln!("{line}")).await?;
    println!("{summary}");
    Ok(())
}

/// Loads the demo unless it is there, and answers what to print.
///
/// # Errors
/// Addresses that somebody else has; a database fault.
pub async fn demo(db: &Db) -> Result<String> {
    // Each of the demo's people has the same password, so one hash serves them all.
    let password = random_password(&CLOCK);
    let [(first, ..), ..] = seed::demo::SIGN_INS;
    let hash = password::hash(&CLOCK, "password", first, &password).await.map_err(refusal)?;
    match seed::demo::load(db, &CLOCK, Some(&hash)).await {
        Ok(summary) => {
            let mut told = format!("  Demo data        {summary}\n  Demo password    {password}");
            for (email, _, role) in seed::demo::SIGN_INS {
                told.push_str(&format!("\n  {:<16} {email}", role.as_str()));
            }
            Ok(told + "\n")
        }
        Err(SeedError::AlreadySeeded) => Ok("  Demo data        is there already".to_owned()),
        Err(error) => Err(error.into()),
    }
}
