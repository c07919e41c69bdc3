//! Tickets by the hundred thousand, for benchmarks: made inside the database, in batches, on two
//! connections at once. On empty tables the secondary indexes and foreign keys are taken away first
//! and built again afterwards, also when something goes wrong in between.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::Instant;

use futures::future::join_all;
use kamhub_kernel::Clock;
use kamhub_postgres::{Db, DbResult, PgConnection};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

use super::bulk_repo::{self as repo, Counts, Ground};
use super::content::{Content, Person};
use super::indexes::{self, Taken};
use super::{SeedError, Summary};

/// Told in one line what has been done; called from the seeding task.
pub type Progress<'a> = &'a (dyn Fn(&str) + Send + Sync);

const BATCH: i64 = 25_000;
const WORKERS: u32 = 2;
const AGENTS: usize = 200;
const TICKETS_PER_CUSTOMER: i64 = 20;

/// Makes `count` tickets with about five messages each, over the last three years.
///
/// The benchmark's agents are offline meanwhile. On a database that holds tickets already nothing
/// is taken away, which is slower and disturbs nobody.
///
/// # Errors
/// [`SeedError::Busy`] while another seeder is at work; a database fault, before which whole batches
/// may have been written: they stay, in good order.
pub async fn tickets(
    db: &Db,
    clock: &dyn Clock,
    count: u32,
    progress: Progress<'_>,
) -> Result<Summary, SeedError> {
    let content = Content::load()?;
    let started = Instant::now();
    let say =
        |line: String| progress(&format!("{line} ({:.1} s)", started.elapsed().as_secs_f64()));
    let mut connection = alone(db).await?;
    repair_alone(db, &mut connection, progress).await?;
    let (ground, bare) = prepare(db, clock, &content, i64::from(count)).await?;
    texts(&mut connection, &content).await?;
    say(format!("{} customers and {} agents", ground.customers, ground.agents.len()));
    let filled = fill(db, &ground, &say).await;
    let restored = if bare { restore(db, &mut connection, &say).await } else { Ok(()) };
    repo::drop_texts(&mut connection).await?;
    restored?;
    let counts = filled?;
    vacuum(db).await?;
    say("statistics and visibility maps".to_owned());
    repo::open_shop(&mut connection, &ground.agents, ground.now).await?;
    Ok(Summary {
        agents: u64::try_from(ground.agents.len()).unwrap_or(0),
        customers: ground.customers.unsigned_abs(),
        tickets: counts.tickets,
        messages: counts.messages,
        events: counts.events,
        ..Summary::default()
    })
}

/// Puts back what a seeder that was killed had taken away; does nothing where nothing is missing.
///
/// # Errors
/// [`SeedError::Busy`] while a seeder is at work; a database fault.
pub async fn repair(db: &Db, progress: Progress<'_>) -> Result<(), SeedError> {
    let mut connection = alone(db).await?;
    repair_alone(db, &mut connection, progress).await
}

async fn repair_alone(
    db: &Db,
    connection: &mut PgConnection,
    progress: Progress<'_>,
) -> Result<(), SeedError> {
    if indexes::taken(connection).await?.is_empty() {
        return Ok(indexes::forget(connection).await?);
    }
    progress("an earlier run was interrupted: putting indexes back");
    restore(db, connection, &|line| progress(&line)).await
}

/// A connection that keeps other seeders out for as long as it is open.
async fn alone(db: &Db) -> Result<PoolConnection<Postgres>, SeedError> {
    let mut connection = db.pool().acquire().await?;
    connection.close_on_drop();
    repo::lift_limits(&mut connection, "64MB").await?;
    if repo::claim(&mut connection).await? { Ok(connection) } else { Err(SeedError::Busy) }
}

/// Customers, agents and ids, and whether indexes and foreign keys were taken away.
async fn prepare(
    db: &Db,
    clock: &dyn Clock,
    content: &Content,
    count: i64,
) -> Result<(Ground, bool), SeedError> {
    let now = clock.now();
    let (russian, english) = names(content);
    let mut tx = db.begin().await?;
    super::repo::lock(&mut tx).await?;
    let customers = (count / TICKETS_PER_CUSTOMER).max(1);
    let first_customer =
        repo::insert_customers(&mut tx, customers, (&russian, &english), now).await?;
    let staff: Vec<String> = russian.iter().step_by(16).take(AGENTS).cloned().collect();
    let agents = repo::upsert_agents(&mut tx, &staff, now).await?;
    let mut slots = repo::free_slots(&mut tx, &agents).await?;
    slots.truncate(usize::try_from(count / 100).unwrap_or(0));
    let first_ticket = repo::reserve_tickets(&mut tx, count).await?;
    let bare = repo::is_empty(&mut tx).await?;
    if bare {
        indexes::take(&mut tx).await?;
    }
    tx.commit().await?;
    let tickets = count;
    Ok((Ground { now, tickets, first_ticket, customers, first_customer, agents, slots }, bare))
}

/// First names with other people's last names of the same gender.
fn names(content: &Content) -> (Vec<String>, Vec<String>) {
    let mixed = |people: &[Person]| -> Vec<String> {
        let pairs = people.iter().flat_map(|one| people.iter().map(move |two| (one, two)));
        pairs
            .filter(|(one, two)| one.1 == two.1)
            .filter_map(|(one, two)| {
                Some(format!("{} {}", one.0.split_once(' ')?.0, two.0.split_once(' ')?.1))
            })
            .collect()
    };
    (mixed(&content.people.ru), mixed(&content.people.en))
}

/// Words, the most common first, and sentences of the demo, by language.
async fn texts(connection: &mut PgConnection, content: &Content) -> Result<(), SeedError> {
    repo::create_texts(connection).await?;
    for russian in [true, false] {
        let sentences: Vec<String> =
            content.sentences().into_iter().filter(|text| is_russian(text) == russian).collect();
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        for word in
            sentences.iter().flat_map(|text| text.split(|letter: char| !letter.is_alphabetic()))
        {
            if word.chars().count() > 1 && is_russian(word) == russian {
                *seen.entry(word.to_lowercase()).or_default() += 1;
            }
        }
        let mut words: Vec<(u32, String)> =
            seen.into_iter().map(|(word, times)| (times, word)).collect();
        words.sort_by(|one, two| two.cmp(one));
        let rare = if russian { &content.vocabulary.ru } else { &content.vocabulary.en };
        let words: Vec<String> =
            words.into_iter().map(|(_, word)| word).chain(rare.words()).collect();
        repo::fill_texts(connection, russian, &words, &sentences).await?;
    }
    repo::analyze_texts(connection).await?;
    Ok(())
}

fn is_russian(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'))
}

/// How many may work at once.
fn workers(db: &Db) -> u32 {
    WORKERS.min(db.pool().options().get_max_connections().saturating_sub(1)).max(1)
}

/// All batches.
async fn fill(
    db: &Db,
    ground: &Ground,
    say: &(dyn Fn(String) + Send + Sync),
) -> Result<Counts, SeedError> {
    let next = AtomicI64::new(0);
    let stop = AtomicBool::new(false);
    let done = Mutex::new(Counts::default());
    let worker = || async {
        let result = fill_batches(db, ground, &next, &stop, &done, say).await;
        if result.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        result
    };
    for result in join_all((0..workers(db)).map(|_| worker())).await {
        result?;
    }
    Ok(done.lock().map(|done| *done).unwrap_or_default())
}

async fn fill_batches(
    db: &Db,
    ground: &Ground,
    next: &AtomicI64,
    stop: &AtomicBool,
    done: &Mutex<Counts>,
    say: &(dyn Fn(String) + Send + Sync),
) -> DbResult<()> {
    let mut connection = db.pool().acquire().await?;
    connection.close_on_drop();
    repo::lift_limits(&mut connection, "64MB").await?;
    while !stop.load(Ordering::Relaxed) {
        let from = next.fetch_add(BATCH, Ordering::Relaxed);
        if from >= ground.tickets {
            break;
        }
        let to = (from + BATCH).min(ground.tickets);
        let mut tx = sqlx::Connection::begin(&mut *connection).await?;
        let counts = repo::insert_batch(&mut tx, ground, (from, to)).await?;
        tx.commit().await?;
        if let Ok(mut done) = done.lock() {
            done.tickets += counts.tickets;
            done.messages += counts.messages;
            done.events += counts.events;
            let Counts { tickets, messages, events } = *done;
            say(format!("{tickets} tickets, {messages} messages, {events} events"));
        }
    }
    Ok(())
}

/// Builds the indexes side by side, then checks and restores the foreign keys one by one.
async fn restore(
    db: &Db,
    connection: &mut PgConnection,
    say: &(dyn Fn(String) + Send + Sync),
) -> Result<(), SeedError> {
    let (built, others): (Vec<Taken>, Vec<Taken>) =
        indexes::taken(connection).await?.into_iter().partition(|taken| taken.is_index);
    let next = AtomicUsize::new(0);
    let worker = || async {
        let mut connection = db.pool().acquire().await?;
        connection.close_on_drop();
        repo::lift_limits(&mut connection, "512MB").await?;
        while let Some(taken) = built.get(next.fetch_add(1, Ordering::Relaxed)) {
            indexes::put_back(&mut connection, taken).await?;
            say(format!("index {}", taken.name));
        }
        DbResult::Ok(())
    };
    for result in join_all((0..workers(db)).map(|_| worker())).await {
        result?;
    }
    for taken in &others {
        indexes::put_back(connection, taken).await?;
    }
    indexes::forget(connection).await?;
    say("foreign keys".to_owned());
    Ok(())
}

async fn vacuum(db: &Db) -> Result<(), SeedError> {
    const TABLES: [&str; 4] = ["ticket_messages", "tickets", "ticket_events", "customers"];
    let next = AtomicUsize::new(0);
    let worker = || async {
        let mut connection = db.pool().acquire().await?;
        connection.close_on_drop();
        repo::lift_limits(&mut connection, "512MB").await?;
        while let Some(table) = TABLES.get(next.fetch_add(1, Ordering::Relaxed)) {
            repo::vacuum(&mut connection, table).await?;
        }
        DbResult::Ok(())
    };
    for result in join_all((0..workers(db)).map(|_| worker())).await {
        result?;
    }
    Ok(())
}
