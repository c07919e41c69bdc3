//! The load ledger where it matters: under concurrency. There is no call for a claim of its own, so
//! these tests use the service.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kamhub_helpdesk::agents::model::{Decision, Reason};
use kamhub_helpdesk::agents::service;
use kamhub_helpdesk::category::Category;
use kamhub_helpdesk::ids::AgentId;
use kamhub_kernel::Clock as _;
use kamhub_postgres::{Db, DbConfig};
use kamhub_testkit::{TestClock, TestDatabase};

/// So many agents, online, who know `billing`.
async fn agents(db: &Db, count: i32, capacity: i32) {
    sqlx::query(
        "WITH agent AS (
             INSERT INTO support_agents (email, name, specialization, status, max_concurrent_tickets)
             SELECT 'agent' || n || '@kamhub.example', 'Agent ' || n, '{billing}', 'online', $2
             FROM generate_series(1, $1) n RETURNING id)
         INSERT INTO agent_load (agent_id) SELECT id FROM agent",
    )
    .bind(count)
    .bind(capacity)
    .execute(db.pool())
    .await
    .unwrap();
}

async fn loads(db: &Db) -> Vec<i32> {
    sqlx::query_scalar("SELECT open_tickets FROM agent_load ORDER BY agent_id")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

async fn claim(db: &Db, clock: &TestClock) -> (Option<AgentId>, Decision) {
    let mut tx = db.begin().await.unwrap();
    let claim = service::claim(&mut tx, clock.now(), Category::Billing).await.unwrap();
    tx.commit().await.unwrap();
    (claim.agent, claim.decision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_claims_at_once_fill_every_place_and_no_place_twice() {
    let database = TestDatabase::create().await;
    let mut config = DbConfig::new(database.url.clone());
    config.max_connections = 64;
    config.acquire_timeout = Duration::from_secs(60);
    let db = Db::connect_lazy(&config).unwrap();
    let clock = Arc::new(TestClock::default());
    agents(&db, 40, 5).await;
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (db, clock) = (db.clone(), Arc::clone(&clock));
        workers.spawn(async move {
            let mut claims = Vec::new();
            for _ in 0..5 {
                claims.push(claim(&db, &clock).await);
            }
            claims
        });
    }
    let claims: Vec<_> = workers.join_all().await.into_iter().flatten().collect();
    let mut given: HashMap<AgentId, u32> = HashMap::new();
    for agent in claims.iter().filter_map(|(agent, _)| *agent) {
        *given.entry(agent).or_default() += 1;
    }
    assert_eq!(given.values().sum::<u32>(), 200);
    assert!(given.values().all(|count| *count == 5), "{given:?}");
    assert_eq!(loads(&db).await, vec![5; 40]);
    for (agent, decision) in &claims {
        assert_eq!(decision.chosen.as_ref().map(|chosen| chosen.agent_id), *agent);
        let others = u32::from(agent.is_some());
        assert_eq!(decision.not_chosen.values().sum::<u32>() + others, 40);
        if agent.is_none() {
            assert_eq!(decision.not_chosen.get(&Reason::AtCapacity), Some(&40));
        }
    }
    db.close().await;
}

#[tokio::test]
async fn a_claim_waits_for_the_only_place_while_somebody_else_may_still_give_it_back() {
    let database = TestDatabase::create().await;
    let (db, clock) = (database.db.clone(), Arc::new(TestClock::default()));
    agents(&db, 1, 1).await;
    for gives_back in [true, false] {
        let mut first = db.begin().await.unwrap();
        let taken = service::claim(&mut first, clock.now(), Category::Billing).await.unwrap();
        assert!(taken.agent.is_some());
        let (other_db, other_clock) = (db.clone(), Arc::clone(&clock));
        let second = tokio::spawn(async move { claim(&other_db, &other_clock).await.0 });
        until_somebody_waits(&db).await;
        if gives_back {
            first.rollback().await.unwrap();
        } else {
            first.commit().await.unwrap();
        }
        assert_eq!(second.await.unwrap().is_some(), gives_back);
        assert_eq!(loads(&db).await, [1]);
        sqlx::query("UPDATE agent_load SET open_tickets = 0").execute(db.pool()).await.unwrap();
    }
}

async fn until_somebody_waits(db: &Db) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let waits: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock')",
        )
        .fetch_one(db.pool())
        .await
        .unwrap();
        if waits {
            return;
        }
        assert!(Instant::now() < deadline, "nobody came to wait for the lock");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_least_loaded_comes_first_then_who_has_waited_longest() {
    let database = TestDatabase::create().await;
    let (db, clock) = (database.db.clone(), TestClock::default());
    agents(&db, 3, 2).await;
    sqlx::query("UPDATE support_agents SET max_concurrent_tickets = 4 WHERE id = 3")
        .execute(db.pool())
        .await
        .unwrap();
    let mut order = Vec::new();
    for _ in 0..9 {
        clock.advance(chrono::Duration::minutes(1));
        order.push(claim(&db, &clock).await.0.map(|agent| agent.0));
    }
    // Empty ones by id; then 1/4 before 1/2; 2/4 equals 1/2, and who got one last waits.
    let expected = [1, 2, 3, 3, 1, 2, 3, 3].map(Some);
    assert_eq!(order, [expected.as_slice(), &[None]].concat());
}

#[tokio::test]
async fn a_decision_says_of_everybody_why_not_and_an_explanation_changes_nothing() {
    let database = TestDatabase::create().await;
    let (db, clock) = (database.db.clone(), TestClock::default());
    agents(&db, 14, 5).await;
    sqlx::raw_sql(
        "UPDATE support_agents SET status = 'offline' WHERE id = 1;
         UPDATE support_agents SET status = 'away' WHERE id = 2;
         UPDATE support_agents SET status = 'busy' WHERE id = 3;
         UPDATE support_agents SET timezone = 'Europe/Moscow', working_hours_start = '09:00',
             working_hours_end = '18:00' WHERE id = 4;
         UPDATE agent_load SET open_tickets = 5 WHERE agent_id = 5;
         UPDATE support_agents SET specialization = '{refund}', status = 'offline' WHERE id = 6;
         UPDATE agent_load SET open_tickets = 1 WHERE agent_id > 7;",
    )
    .execute(db.pool())
    .await
    .unwrap();
    let mut connection = db.connection().await.unwrap();
    let why =
        service::explain(&mut connection, clock.now(), Category::Billing, false).await.unwrap();
    assert_eq!(loads(&db).await[6], 0);
    drop(connection);
    let (agent, decision) = claim(&db, &clock).await;
    assert_eq!(agent, Some(AgentId(7)));
    assert_eq!(why, decision);
    let chosen = decision.chosen.as_ref().unwrap();
    assert_eq!((chosen.open_tickets, chosen.max_concurrent_tickets), (0, 5));
    let text = serde_json::to_value(&decision).unwrap();
    assert_eq!(
        text["notChosen"],
        serde_json::json!({"offline": 1, "away": 1, "busy": 1, "outside_hours": 1, "at_capacity": 1,
            "not_specialised": 1, "less_suitable": 7})
    );
    assert_eq!(decision.candidates.len(), 10);
    let reasons: Vec<Reason> = decision.candidates.iter().map(|one| one.reason).collect();
    assert_eq!(reasons[..7], [Reason::LessSuitable; 7]);
    assert_eq!(reasons[7..], [Reason::AtCapacity, Reason::OutsideHours, Reason::Busy]);
    assert_eq!(serde_json::from_value::<Decision>(text).unwrap(), decision);
}

#[tokio::test]
async fn a_broken_zone_takes_out_its_own_agent_and_nobody_else() {
    let database = TestDatabase::create().await;
    let (db, clock) = (database.db.clone(), TestClock::default());
    agents(&db, 2, 5).await;
    sqlx::query(
        "UPDATE support_agents SET timezone = 'Mars/Olympus', working_hours_start = '00:00',
             working_hours_end = '00:00' WHERE id = 1",
    )
    .execute(db.pool())
    .await
    .unwrap();
    let (agent, decision) = claim(&db, &clock).await;
    assert_eq!(agent, Some(AgentId(2)));
    assert_eq!(decision.not_chosen.get(&Reason::OutsideHours), Some(&1));
}

#[tokio::test]
async fn work_begins_and_ends_in_the_ledger_and_tells_what_is_free() {
    let database = TestDatabase::create().await;
    let (db, clock) = (database.db.clone(), TestClock::default());
    agents(&db, 1, 2).await;
    let (agent, now) = (AgentId(1), clock.now());
    let mut tx = db.begin().await.unwrap();
    assert_eq!(service::free_slots(&mut tx, now, agent).await.unwrap(), 2);
    for _ in 0..3 {
        service::work_started(&mut tx, agent, now).await.unwrap();
    }
    // A person may give more than the capacity; nothing is free then.
    assert_eq!(service::free_slots(&mut tx, now, agent).await.unwrap(), 0);
    assert!(service::available_agents_with_room(&mut tx, now).await.unwrap().is_empty());
    service::work_ended(&mut tx, agent).await.unwrap();
    service::work_ended(&mut tx, agent).await.unwrap();
    assert_eq!(service::free_slots(&mut tx, now, agent).await.unwrap(), 1);
    assert_eq!(service::available_agents_with_room(&mut tx, now).await.unwrap(), [agent]);
    assert_eq!(service::specialities(&mut tx, agent).await.unwrap(), [Category::Billing]);
    assert_eq!(service::free_slots(&mut tx, now, AgentId(99)).await.unwrap(), 0);
    assert!(service::work_started(&mut tx, AgentId(99), now).await.is_err());
}
