use std::collections::BTreeSet;

use kamhub_kernel::Clock as _;
use kamhub_testkit::{TestClock, TestDatabase};

use super::content::{Content, Turn};
use super::{SeedError, bulk, demo};
use crate::identity::password;

const STATES: i64 = 7;
const CATEGORIES: i64 = 9;
const PRIORITIES: i64 = 5;

/// The rules that every row of the product obeys, each as a query for those that break it.
const BROKEN: [(&str, &str); 13] = [
    (
        "the ledger differs from the open work",
        "SELECT count(*) FROM support_agents a LEFT JOIN agent_load l ON l.agent_id = a.id
         WHERE coalesce(l.open_tickets, -1) <> (SELECT count(*) FROM tickets t WHERE t.agent_id = a.id
            AND t.status IN ('open', 'in_progress', 'reopened') AND t.deleted_at IS NULL AND t.merged_into_id IS NULL)",
    ),
    (
        "an agent is over capacity",
        "SELECT count(*) FROM support_agents JOIN agent_load ON agent_id = id WHERE open_tickets > max_concurrent_tickets",
    ),
    (
        "a ticket waits although somebody online could take it",
        "SELECT count(*) FROM tickets t WHERE agent_id IS NULL AND status IN ('open', 'in_progress', 'reopened')
            AND EXISTS (SELECT FROM support_agents a JOIN agent_load l ON l.agent_id = a.id WHERE a.status = 'online'
                AND t.category = ANY (a.specialization) AND l.open_tickets < a.max_concurrent_tickets)",
    ),
    (
        "the first event of a ticket is not its creation",
        "SELECT count(*) FROM tickets t WHERE (SELECT type || occurred_at FROM ticket_events e WHERE e.ticket_id = t.id
            ORDER BY id LIMIT 1) IS DISTINCT FROM 'created' || t.created_at",
    ),
    (
        "the events do not lead to the ticket's state",
        "SELECT count(*) FROM tickets t WHERE status <> coalesce((SELECT data #>> '{after,status}' FROM ticket_events e
            WHERE e.ticket_id = t.id AND type IN ('updated', 'closed', 'reopened') ORDER BY id DESC LIMIT 1), 'open')",
    ),
    (
        "a change of state begins where the last one did not end",
        "SELECT count(*) FROM (SELECT data #>> '{before,status}' AS before,
            lag(data #>> '{after,status}', 1, 'open') OVER (PARTITION BY ticket_id ORDER BY id) AS last
            FROM ticket_events WHERE type IN ('updated', 'closed', 'reopened')) e WHERE before <> last",
    ),
    (
        "a change of state is none of the contract's",
        "SELECT count(*) FROM ticket_events WHERE type IN ('updated', 'closed', 'reopened')
            AND (data #>> '{before,status}') || ' ' || (data #>> '{after,status}') <> ALL (ARRAY['open in_progress',
            'open on_hold', 'open closed', 'in_progress resolved', 'in_progress waiting_customer', 'in_progress on_hold',
            'waiting_customer in_progress', 'waiting_customer closed', 'resolved closed', 'resolved reopened',
            'closed reopened', 'reopened in_progress', 'reopened closed', 'on_hold in_progress', 'on_hold closed'])",
    ),
    (
        "an assigned ticket has no event of its assignment",
        "SELECT count(*) FROM tickets t WHERE agent_id IS NOT NULL AND NOT EXISTS (SELECT FROM ticket_events e
            WHERE e.ticket_id = t.id AND type = 'assigned' AND data #>> '{after,agentId}' = t.agent_id::text)",
    ),
    (
        "the first response is not the first public reply of an agent",
        "SELECT count(*) FROM tickets t WHERE first_response_at IS DISTINCT FROM (SELECT min(created_at) FROM ticket_messages m
            WHERE m.ticket_id = t.id AND sender_type = 'agent' AND NOT is_internal)",
    ),
    (
        "times of a ticket are out of order",
        "SELECT count(*) FROM tickets WHERE NOT (created_at <= coalesce(first_response_at, created_at)
            AND coalesce(first_response_at, created_at) <= coalesce(resolved_at, updated_at)
            AND coalesce(resolved_at, created_at) <= coalesce(closed_at, updated_at)
            AND updated_at >= greatest(created_at, first_response_at, resolved_at, closed_at) AND updated_at <= $1)",
    ),
    (
        "times do not fit the state",
        "SELECT count(*) FROM tickets WHERE (status = 'closed') <> (closed_at IS NOT NULL)
            OR resolved_at IS NULL AND status = 'resolved'
            OR resolved_at IS NOT NULL AND status NOT IN ('resolved', 'closed')",
    ),
    (
        "messages or events lie outside their ticket's life",
        "SELECT (SELECT count(*) FROM ticket_messages m JOIN tickets t ON t.id = ticket_id
                WHERE m.created_at NOT BETWEEN t.created_at AND t.updated_at)
            + (SELECT count(*) FROM ticket_events e JOIN tickets t ON t.id = ticket_id
                WHERE type <> 'follow_up' AND occurred_at NOT BETWEEN t.created_at AND t.updated_at)",
    ),
    (
        "a constraint or an index is not valid, or the seeder left something behind",
        "SELECT (SELECT count(*) FROM pg_constraint WHERE NOT convalidated) + (SELECT count(*) FROM pg_index WHERE NOT indisvalid)
            + (SELECT count(*) FROM pg_class WHERE relname LIKE 'kamhub\\_seed\\_%')",
    ),
];

async fn count(database: &TestDatabase, question: &'static str, clock: &TestClock) -> i64 {
    let query = sqlx::query_scalar(question);
    let query = if question.contains("$1") { query.bind(clock.now()) } else { query };
    query.fetch_one(database.db.pool()).await.unwrap()
}

async fn nothing_is_broken(database: &TestDatabase, clock: &TestClock) {
    for (rule, question) in BROKEN {
        assert_eq!(count(database, question, clock).await, 0, "{rule}");
    }
}

/// The names of all indexes and foreign keys, and the settings of the tables.
async fn furniture(database: &TestDatabase) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
         UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
         UNION ALL SELECT relname || ' ' || coalesce(reloptions::text, '') FROM pg_class WHERE relkind = 'r' ORDER BY 1",
    )
    .fetch_all(database.db.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn the_demo_obeys_every_rule_and_shows_every_state() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    let hash = password::hash(&clock, "password", "", "mutnovsky and gorely").await.unwrap();
    let summary = demo::load(&database.db, &clock, Some(&hash)).await.unwrap();
    assert_eq!((summary.tickets, summary.agents, summary.customers), (300, 14, 120));
    assert_eq!((summary.users, summary.articles, summary.faqs), (4, 14, 15));
    nothing_is_broken(&database, &clock).await;
    for (column, expected) in
        [("status", STATES), ("category", CATEGORIES), ("priority", PRIORITIES)]
    {
        let question = match column {
            "status" => "SELECT count(DISTINCT status) FROM tickets",
            "category" => "SELECT count(DISTINCT category) FROM tickets",
            _ => "SELECT count(DISTINCT priority) FROM tickets",
        };
        assert_eq!(count(&database, question, &clock).await, expected, "{column}");
    }
    for (what, question) in [
        ("snoozed", "SELECT count(*) FROM tickets WHERE snoozed_until IS NOT NULL"),
        ("merged", "SELECT count(*) FROM ticket_merges"),
        ("follow-up", "SELECT count(*) FROM tickets WHERE follow_up_of_id IS NOT NULL"),
        ("waiting", "SELECT count(*) FROM tickets WHERE agent_id IS NULL AND status = 'open'"),
        ("rated", "SELECT count(*) FROM ticket_messages WHERE rating IS NOT NULL"),
        ("note", "SELECT count(*) FROM ticket_messages WHERE is_internal"),
        ("feedback", "SELECT count(*) FROM feedback"),
        (
            "translated",
            "SELECT count(*) FROM knowledge_base_articles WHERE translation_of_id IS NOT NULL",
        ),
    ] {
        assert!(count(&database, question, &clock).await > 2, "{what}");
    }
    let alike = "SELECT count(*) - count(DISTINCT description) FROM tickets";
    assert!(count(&database, alike, &clock).await < 15, "tickets look copied");
}

#[tokio::test]
async fn the_demo_is_complete_in_every_season_and_loaded_once() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    clock.advance(chrono::Duration::days(140));
    demo::load(&database.db, &clock, None).await.unwrap();
    let again = demo::load(&database.db, &clock, None).await;
    assert!(matches!(again, Err(SeedError::AlreadySeeded)), "{again:?}");
    assert_eq!(count(&database, "SELECT count(*) FROM tickets", &clock).await, 300);
}

#[tokio::test]
async fn bulk_tickets_obey_every_rule_and_leave_the_schema_as_it_was() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    let before = furniture(&database).await;
    let summary = bulk::tickets(&database.db, &clock, 2_000, &|_| {}).await.unwrap();
    assert_eq!((summary.tickets, summary.customers, summary.agents), (2_000, 100, 200));
    assert!((6_000..=10_000).contains(&summary.messages), "{summary}");
    nothing_is_broken(&database, &clock).await;
    let closed = "SELECT count(*) FROM tickets WHERE status = 'closed'";
    assert!((1_640..1_760).contains(&count(&database, closed, &clock).await));
    assert_eq!(furniture(&database).await, before);
}

#[tokio::test]
async fn bulk_tickets_come_on_top_of_others() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    demo::load(&database.db, &clock, None).await.unwrap();
    for _ in 0..2 {
        bulk::tickets(&database.db, &clock, 500, &|_| {}).await.unwrap();
    }
    assert_eq!(count(&database, "SELECT count(*) FROM tickets", &clock).await, 1_300);
    let agents = "SELECT count(*) FROM support_agents WHERE email LIKE 'bulk-agent-%'";
    assert_eq!(count(&database, agents, &clock).await, 200);
    for (rule, question) in BROKEN.into_iter().filter(|(rule, _)| !rule.contains("waits")) {
        assert_eq!(count(&database, question, &clock).await, 0, "{rule}");
    }
}

#[tokio::test]
async fn two_bulk_seeders_do_not_work_at_once() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    let mut other = database.db.connection().await.unwrap();
    assert!(super::bulk_repo::claim(&mut other).await.unwrap());
    let refused = bulk::tickets(&database.db, &clock, 10, &|_| {}).await;
    assert!(matches!(refused, Err(SeedError::Busy)), "{refused:?}");
    assert_eq!(count(&database, "SELECT count(*) FROM support_agents", &clock).await, 0);
}

#[tokio::test]
async fn what_a_killed_seeder_took_away_is_put_back() {
    let (database, clock) = (TestDatabase::create().await, TestClock::default());
    let before = furniture(&database).await;
    let mut tx = database.db.begin().await.unwrap();
    super::indexes::take(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_ne!(furniture(&database).await, before);
    bulk::repair(&database.db, &|_| {}).await.unwrap();
    assert_eq!(furniture(&database).await, before);
    nothing_is_broken(&database, &clock).await;
}

#[test]
fn every_address_of_the_demo_is_reserved_for_examples() {
    let content = Content::load().unwrap();
    let customers = super::cast::customers(
        &content,
        TestClock::default().now(),
        &mut super::random::Random::new(1),
    );
    let mut seen = BTreeSet::new();
    let agents = content.agents.iter().map(|agent| agent.email.clone());
    for email in customers.iter().map(|customer| customer.row.email.clone()).chain(agents) {
        let domain = email.split_once('@').unwrap().1;
        assert!(["example.com", "example.org", "example.net"].contains(&domain), "{email}");
        assert!(email.is_ascii() && !email.contains(".."), "{email}");
        assert!(seen.insert(email));
    }
}

#[test]
fn every_turn_of_a_scenario_says_whose_it_is() {
    let content = Content::load().unwrap();
    assert!(content.scenarios.len() >= 45);
    let mut keys = BTreeSet::new();
    for scenario in &content.scenarios {
        assert!(keys.insert(&scenario.key), "{}", scenario.key);
        let closing = scenario.reopen.iter().chain(scenario.hold.iter().flatten());
        for text in scenario.turns.iter().flat_map(Turn::ways).chain(closing) {
            assert!(["A: ", "C: ", "N: "].iter().any(|who| text.starts_with(who)), "{text}");
        }
    }
}
