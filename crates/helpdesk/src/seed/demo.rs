//! The demo: a travel company in Kamchatka with its agents, customers and eight weeks of tickets.

use std::collections::BTreeMap;

use kamhub_kernel::{Clock, Role};
use kamhub_postgres::{Db, PgConnection};

use super::cast::{self, Customer, Player, Team};
use super::content::{Agent, Content};
use super::drafts::drafts;
use super::plan::plans;
use super::random::Random;
use super::rows::{MergeRow, Time};
use super::scribe::{self, Draft, Written};
use super::{SeedError, Summary, extras, repo};
use crate::identity::password::PasswordHash;
use crate::identity::service::user_create;
use crate::sla::jobs::Adopt;

/// The people who can sign in once the demo is loaded with a password: address, name and role.
/// The two agents are agents of the demo, too.
pub const SIGN_INS: [(&str, &str, Role); 4] = [
    ("vera.stellerova@example.com", "Вера Стеллерова", Role::Supervisor),
    ("olga.ermakova@example.com", "Ольга Ермакова", Role::Agent),
    ("sophie.turner-hale@example.com", "Sophie Turner-Hale", Role::Agent),
    ("pavel.viewer@example.com", "Павел Читалов", Role::Viewer),
];

const SEED: u64 = 0x4B61_6D48_7562;

/// Loads the demo, in one transaction. The users of [`SIGN_INS`] can sign in with `password`, except
/// those whose address a user has already, who stays as they are; without one nobody new can.
///
/// # Errors
/// [`SeedError::AlreadySeeded`] where the demo is there; [`SeedError::Taken`] where its customers'
/// addresses or numbers are somebody else's; a database fault. In each case nothing is written.
pub async fn load(
    db: &Db,
    clock: &dyn Clock,
    password: Option<&PasswordHash>,
) -> Result<Summary, SeedError> {
    let content = Content::load()?;
    let now = clock.now();
    let mut random = Random::new(SEED);
    let mut tx = db.begin().await?;
    repo::lock(&mut tx).await?;
    let emails: Vec<String> = content.agents.iter().map(|agent| agent.email.clone()).collect();
    if repo::has_agent(&mut tx, &emails).await? {
        return Err(SeedError::AlreadySeeded);
    }
    let accounts = users(&mut tx, clock, password).await?;
    let mut summary = Summary { users: count(&accounts), ..Summary::default() };
    let customers = customers(&mut tx, &content, now, &mut random).await?;
    summary.customers = count(&customers);
    let mut team = team(&mut tx, &content, &accounts, now).await?;
    summary.agents = count(&team.players);
    let planned = plans(&content, now, &mut random);
    let mut drafts = drafts(&content, &customers, &mut team, &planned, now, &mut random)?;
    let written = tickets(&mut tx, &mut drafts, &team, &mut random, &mut summary).await?;
    let opinions: Vec<_> = drafts
        .iter()
        .zip(&written)
        .filter_map(|(draft, written)| Some((written, draft.rating.as_ref()?)))
        .map(|(written, rating)| extras::feedback(&written.ticket, rating, &mut random))
        .collect();
    let surveys = extras::surveys(&content, &customers, now, &mut random);
    summary.feedback = repo::insert_feedback(&mut tx, &opinions).await?
        + repo::insert_surveys(&mut tx, &surveys).await?;
    repo::insert_categories(&mut tx, &content.categories).await?;
    let articles = extras::articles(&content, &team.players, now, &mut random);
    summary.articles = repo::insert_articles(&mut tx, &articles).await?;
    let faqs = extras::faqs(&content, now, &mut random);
    summary.faqs = repo::insert_faqs(&mut tx, &faqs).await?;
    // Its tickets are older than their clocks: a server that runs already makes them at once.
    kamhub_jobs::enqueue(&mut tx, clock, Adopt {}).await?;
    tx.commit().await?;
    Ok(summary)
}

fn count<T>(rows: impl IntoIterator<Item = T>) -> u64 {
    rows.into_iter().fold(0, |count, _| count + 1)
}

async fn users(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    password: Option<&PasswordHash>,
) -> Result<BTreeMap<String, i64>, SeedError> {
    let mut accounts = BTreeMap::new();
    let Some(password) = password else { return Ok(accounts) };
    for (email, name, role) in SIGN_INS {
        if !repo::has_user(tx, email).await? {
            let user = user_create(tx, clock, email, name, role, Some(password)).await?;
            accounts.insert(email.to_owned(), user.id.0);
        }
    }
    Ok(accounts)
}

async fn customers(
    tx: &mut PgConnection,
    content: &Content,
    now: Time,
    random: &mut Random,
) -> Result<Vec<Customer>, SeedError> {
    let mut customers = cast::customers(content, now, random);
    let rows: Vec<_> = customers.iter().map(|customer| customer.row.clone()).collect();
    let ids = repo::insert_customers(tx, &rows).await?;
    for customer in &mut customers {
        let id = ids.get(&customer.row.external_id);
        customer.id = *id.ok_or_else(|| SeedError::Taken(customer.row.email.clone()))?;
    }
    Ok(customers)
}

async fn team<'a>(
    tx: &mut PgConnection,
    content: &'a Content,
    accounts: &BTreeMap<String, i64>,
    now: Time,
) -> Result<Team<'a>, SeedError> {
    let rows = cast::agent_rows(content, accounts, now);
    let ids = repo::insert_agents(tx, &rows).await?;
    let player = |agent: &'a Agent| {
        let id = ids.get(&agent.email).copied().unwrap_or_default();
        Player::new(agent, id, accounts.get(&agent.email).copied())
    };
    Ok(Team { players: content.agents.iter().map(player).collect::<Result<_, _>>()? })
}

/// Writes tickets, messages, events, merges and the ledger; answers the tickets by their drafts.
async fn tickets(
    tx: &mut PgConnection,
    drafts: &mut [Draft<'_>],
    team: &Team<'_>,
    random: &mut Random,
    summary: &mut Summary,
) -> Result<Vec<Written>, SeedError> {
    let reserved = repo::reserve_ids(tx, "tickets", drafts.len()).await?;
    let mut by_age: Vec<usize> = (0..drafts.len()).collect();
    by_age.sort_by_key(|place| drafts[*place].ticket.created_at);
    let mut ids = vec![0; drafts.len()];
    for (place, id) in by_age.into_iter().zip(reserved) {
        ids[place] = id;
    }
    name_duplicates(drafts, &ids);
    let lines = drafts.iter().map(|draft| draft.tale.lines()).sum();
    let mut message_ids = repo::reserve_ids(tx, "ticket_messages", lines).await?.into_iter();
    let mut written: Vec<Written> = Vec::with_capacity(drafts.len());
    for (place, draft) in drafts.iter().enumerate() {
        let player = draft.player.map(|index| &team.players[index]);
        written.push(scribe::write(draft, place, &ids, player, &mut message_ids, random));
    }
    let rows: Vec<_> = written.iter().map(|written| written.ticket.clone()).collect();
    summary.tickets = repo::insert_tickets(tx, &rows).await?;
    let messages: Vec<_> = written.iter().flat_map(|written| written.messages.clone()).collect();
    summary.messages = repo::insert_messages(tx, &messages).await?;
    let events: Vec<_> = written.iter().flat_map(|written| written.events.clone()).collect();
    summary.events = repo::insert_events(tx, &events).await?;
    let merges: Vec<MergeRow> = written.iter().filter_map(merge).collect();
    repo::insert_merges(tx, &merges).await?;
    let loads: Vec<_> = team.players.iter().map(Player::load).collect();
    repo::insert_loads(tx, &loads).await?;
    Ok(written)
}

/// The note about a merge names the duplicate by its number, which exists only now.
fn name_duplicates(drafts: &mut [Draft<'_>], ids: &[i64]) {
    for place in 0..drafts.len() {
        if let Some(target) = drafts[place].merged_into {
            drafts[target].tale.name_ticket(&format!("TKT-{}", ids[place]));
        }
    }
}

fn merge(written: &Written) -> Option<MergeRow> {
    Some(MergeRow {
        source_id: written.ticket.id,
        target_id: written.ticket.merged_into_id?,
        source_status: "open",
        source_agent_id: None,
        merged_at: written.ticket.updated_at,
    })
}
