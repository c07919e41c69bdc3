//! `kamhub user`: people who can sign in. Works while the server runs.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use kamhub_helpdesk::identity::http::user_create::UserCreate;
use kamhub_helpdesk::identity::model::{Stale, User};
use kamhub_helpdesk::identity::password::{self, PasswordHash};
use kamhub_helpdesk::identity::service::{self, UserChange};
use kamhub_httpkit::decode::decode;
use kamhub_kernel::page::{MAX_LIMIT, PageRequest, Start};
use kamhub_kernel::{Actor, Role, UserId};
use kamhub_postgres::Db;
use serde_json::json;

use super::{CLOCK, refusal, wrong_usage};
use crate::config::Config;
use crate::database::Database;
use crate::first_start::random_password;

/// The flags.
#[derive(Debug, Args)]
#[command(after_help = "\
A password is read from standard input with --password-stdin, so that it stands in no list of processes;
without it a random one is made and printed.

Examples:
  kamhub user create --email anna@example.com --name 'Anna Lebedeva' --role agent
  kamhub user set-password anna@example.com --password-stdin < password.txt
  kamhub user disable anna@example.com
  kamhub user list")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a user and print the password, unless it was given
    Create(Create),
    /// List users
    List,
    /// Give a user a new password and end their sessions
    SetPassword {
        /// The user's address
        email: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Keep a user from signing in and end their sessions
    Disable {
        /// The user's address
        email: String,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The user's address
        email: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// The address by which they sign in
    #[arg(long)]
    email: String,
    /// The name that customers see, 2 to 100 characters
    #[arg(long)]
    name: String,
    /// What they may do: admin, supervisor, agent or viewer
    #[arg(long)]
    role: Role,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl Create {
    /// Checks and cleans address and name as the API does; the password is checked when it is read.
    fn check(&mut self) -> Result<()> {
        let body = json!({"email": self.email, "name": self.name, "role": self.role});
        let body = decode::<UserCreate>(body).map_err(wrong_usage)?;
        (self.email, self.name) = (body.email, body.name);
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
        Action::Create(create) => self::create(&database, &create).await,
        Action::List => list(&database).await,
        Action::SetPassword { email, password_stdin } => {
            set_password(&database, &email, password_stdin).await
        }
        Action::Disable { email } => disable(&database, &email, true).await,
        Action::Enable { email } => disable(&database, &email, false).await,
    };
    database.close().await;
    done
}

/// Who acts from the command line.
pub const OPERATOR: Actor = Actor::System { job: "command line" };

/// What other processes have in their caches lives for seconds: no way leads there from here.
pub fn left_to_its_lifetime(_: Stale) {}

async fn create(database: &Database, create: &Create) -> Result<()> {
    let Create { email, name, role, password_stdin } = create;
    let (password, made) = password(email, *password_stdin).await?;
    let mut tx = database.db.begin().await?;
    let user = service::user_create(&mut tx, &CLOCK, email, name, *role, Some(&password))
        .await
        .map_err(refusal)?;
    tx.commit().await?;
    println!("user {} {} may sign in as {}", user.id, user.email, user.role);
    tell(made);
    Ok(())
}

async fn set_password(database: &Database, email: &str, stdin: bool) -> Result<()> {
    let email = email.trim();
    let (password, made) = password(email, stdin).await?;
    let mut tx = database.db.begin().await?;
    let stale = service::user_password_set(&mut tx, &CLOCK, email, &password).await;
    left_to_its_lifetime(stale.map_err(refusal)?);
    tx.commit().await?;
    println!("{email} has a new password; their sessions have ended");
    tell(made);
    Ok(())
}

async fn disable(database: &Database, email: &str, disabled: bool) -> Result<()> {
    let email = email.trim();
    let user = find(database, email).await?;
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    let mut tx = database.db.begin().await?;
    let updated = service::user_update(&mut tx, &OPERATOR, &CLOCK, user, change).await;
    left_to_its_lifetime(updated.map_err(refusal)?.1);
    tx.commit().await?;
    println!("{email} {}", if disabled { "is disabled" } else { "may sign in again" });
    Ok(())
}

async fn find(database: &Database, email: &str) -> Result<UserId> {
    let users = all(&database.db).await?;
    let user = users.iter().find(|user| user.email.trim().to_lowercase() == email.to_lowercase());
    Ok(user.with_context(|| format!("there is no user {email}: see 'kamhub user list'"))?.id)
}

async fn list(database: &Database) -> Result<()> {
    for user in all(&database.db).await? {
        let state = if user.disabled_at.is_some() { "disabled" } else { "active" };
        println!("{:<6} {:<10} {:<8} {}  {}", user.id, user.role, state, user.email, user.name);
    }
    Ok(())
}

/// Every user, in the order in which they were made.
///
/// # Errors
/// A database fault.
pub async fn all(db: &Db) -> Result<Vec<User>> {
    let mut connection = db.connection().await?;
    let mut users = Vec::new();
    let mut start = Start::Offset(0);
    loop {
        let page = PageRequest { start, limit: MAX_LIMIT, exact_total: false };
        let page = service::user_list(&mut connection, &page).await.map_err(refusal)?;
        users.extend(page.items);
        match (page.next_cursor, users.last()) {
            (Some(_), Some(last)) => start = Start::After(last.id.0),
            _ => return Ok(users),
        }
    }
}

/// The password as it is stored, and in clear where it was made here.
async fn password(email: &str, stdin: bool) -> Result<(PasswordHash, Option<String>)> {
    let (password, made) =
        if stdin { (read_password()?, false) } else { (random_password(&CLOCK), true) };
    let hash = password::hash(&CLOCK, "password", email, &password).await.map_err(refusal)?;
    Ok((hash, made.then_some(password)))
}

fn read_password() -> Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("kamhub: type the password and press Enter; it is shown as you type");
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("the password cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn tell(made: Option<String>) {
    if let Some(password) = made {
        println!("password {password}");
    }
}
