//! Whatever happens to tickets, in whatever order: the clocks that are stored are those that their
//! timelines make, and the deadline of each ticket is that of its clocks.

use chrono::Duration;
use kamhub_helpdesk::ids::TicketId;
use kamhub_helpdesk::sla::service::audit;
use kamhub_kernel::Clock as _;
use kamhub_testkit::{Client, TestApp};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::sla::{policy, sweep};
use crate::support::{agent, ticket_with};

const STATES: [&str; 6] =
    ["in_progress", "waiting_customer", "resolved", "closed", "reopened", "on_hold"];
const PRIORITIES: [&str; 3] = ["low", "high", "urgent"];

#[derive(Debug, Clone)]
enum Action {
    Create { priority: usize, ago: i64 },
    Say { ticket: usize, who: usize, ago: i64 },
    Step { ticket: usize, to: usize },
    Prioritise { ticket: usize, priority: usize },
    Merge { ticket: usize, into: usize },
    Unmerge { ticket: usize },
    Split { ticket: usize },
    Bounce { ticket: usize },
    Deliver { ticket: usize },
    Delete { ticket: usize },
    EditCalendar { day: u32 },
    SwitchPolicy,
    Acknowledge,
    Sweep,
    Wait { minutes: i64 },
}

fn action() -> impl Strategy<Value = Action> {
    let ticket = 0..5_usize;
    let ago = prop_oneof![3 => Just(0_i64), 1 => 1..3_000_i64];
    prop_oneof![
        3 => (0..3_usize, ago.clone()).prop_map(|(priority, ago)| Action::Create { priority, ago }),
        9 => (ticket.clone(), 0..5_usize, ago).prop_map(|(ticket, who, ago)| Action::Say { ticket, who, ago }),
        7 => (ticket.clone(), 0..6_usize).prop_map(|(ticket, to)| Action::Step { ticket, to }),
        3 => (ticket.clone(), 0..3_usize).prop_map(|(ticket, priority)| Action::Prioritise { ticket, priority }),
        2 => (ticket.clone(), ticket.clone()).prop_map(|(ticket, into)| Action::Merge { ticket, into }),
        2 => ticket.clone().prop_map(|ticket| Action::Unmerge { ticket }),
        1 => ticket.clone().prop_map(|ticket| Action::Split { ticket }),
        2 => ticket.clone().prop_map(|ticket| Action::Bounce { ticket }),
        1 => ticket.clone().prop_map(|ticket| Action::Deliver { ticket }),
        1 => ticket.prop_map(|ticket| Action::Delete { ticket }),
        1 => (3..8_u32).prop_map(|day| Action::EditCalendar { day }),
        1 => Just(Action::SwitchPolicy),
        1 => Just(Action::Acknowledge),
        4 => Just(Action::Sweep),
        9 => (1..400_i64).prop_map(|minutes| Action::Wait { minutes }),
    ]
}

#[test]
fn stored_clocks_are_those_that_the_timeline_makes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let config =
        Config { cases: 8, max_shrink_iters: 30, failure_persistence: None, ..Config::default() };
    let histories = (0..3_usize, proptest::collection::vec(action(), 30..70));
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&histories, |(zone, history)| runtime.block_on(live_through(zone, history)))
        .unwrap();
}

struct World {
    app: TestApp,
    calendar: String,
    policy: String,
    tickets: Vec<String>,
}

async fn live_through(zone: usize, history: Vec<Action>) -> Result<(), TestCaseError> {
    let app = TestApp::start().await;
    app.clock.tick(Duration::microseconds(1_300));
    agent(&app, "Anna", json!({})).await;
    let zone = ["UTC", "Asia/Kamchatka", "America/New_York"][zone];
    let day = json!([{"start": "22:00", "end": "02:30"}, {"start": "06:00", "end": "15:00"}]);
    let weekly =
        json!({"monday": day, "tuesday": day, "wednesday": day, "friday": day, "sunday": day});
    let calendar = json!({"name": "Odd", "zone": zone, "weekly": weekly});
    let calendar = app.admin.post("/api/support/calendars", calendar).await.data(201).clone();
    policy(
        &app,
        json!({"name": "All", "nextResponseMinutes": 90, "calendarId": calendar["id"],
            "warnings": [{"percent": 50}, {"minutesBefore": 20}],
            "escalations": [{"afterMinutes": 15, "recipients": ["team"]}]}),
    )
    .await;
    let urgent = policy(
        &app,
        json!({"name": "Urgent", "priority": "urgent", "firstResponseTime": null,
            "firstResponseMinutes": 20, "resolutionTime": 3, "pausesOnHold": false,
            "warnings": [{"percent": 50}],
            "escalations": [{"afterMinutes": 15, "recipients": ["supervisors"]}]}),
    )
    .await;
    let calendar = calendar["id"].as_str().unwrap().to_owned();
    let policy = urgent["id"].as_str().unwrap().to_owned();
    let mut world = World { app, calendar, policy, tickets: Vec::new() };
    for action in history {
        let told = format!("{action:?}");
        world.act(action).await?;
        world.clocks_agree(&told).await?;
    }
    Ok(())
}

impl World {
    fn at(&self, ticket: usize) -> Option<String> {
        self.tickets.get(ticket).map(|id| format!("/api/support/tickets/{id}"))
    }

    async fn act(&mut self, action: Action) -> Result<(), TestCaseError> {
        let app = &self.app;
        let admin: &Client = &app.admin;
        let reply = match action {
            Action::Create { priority, ago } => {
                let mut changes = json!({"priority": PRIORITIES[priority]});
                if ago > 0 {
                    changes["createdAt"] = json!(app.clock.now() - Duration::minutes(ago));
                }
                let made = admin.post("/api/support/tickets", ticket_with(changes)).await;
                self.tickets.push(made.data(201)["id"].as_str().unwrap().to_owned());
                return Ok(());
            }
            Action::Wait { minutes } => {
                app.clock.advance(Duration::minutes(minutes));
                return Ok(());
            }
            Action::Sweep => {
                sweep(app).await;
                return Ok(());
            }
            Action::EditCalendar { day } => {
                let path = format!("/api/support/calendars/{}", self.calendar);
                let holidays = json!({"holidays": [{"date": format!("2026-03-{day:02}")}]});
                admin.patch(&path, holidays).await.data(200);
                self.work().await;
                return Ok(());
            }
            Action::SwitchPolicy => {
                let path = format!("/api/support/sla/policies/{}", self.policy);
                let active = admin.get(&path).await.data(200)["active"] == true;
                admin.patch(&path, json!({"active": !active})).await.data(200);
                self.work().await;
                return Ok(());
            }
            Action::Acknowledge => {
                let list = admin.get("/api/support/sla/violations?acknowledged=false").await;
                let Some(id) = list.data(200)[0]["id"].as_str().map(str::to_owned) else {
                    return Ok(());
                };
                let path = format!("/api/support/sla/violations/{id}/acknowledge");
                admin.post(&path, json!({})).await
            }
            Action::Say { ticket, .. }
            | Action::Step { ticket, .. }
            | Action::Prioritise { ticket, .. }
            | Action::Merge { ticket, .. }
            | Action::Unmerge { ticket }
            | Action::Split { ticket }
            | Action::Bounce { ticket }
            | Action::Deliver { ticket }
            | Action::Delete { ticket } => {
                let Some(path) = self.at(ticket) else { return Ok(()) };
                self.change(&path, action).await
            }
        };
        prop_assert!(reply.status.as_u16() < 500, "{}", reply.text);
        Ok(())
    }

    async fn change(&self, path: &str, action: Action) -> kamhub_testkit::Reply {
        let admin = &self.app.admin;
        match action {
            Action::Say { who, ago, .. } => {
                let mut body = match who {
                    0 | 1 => json!({"senderType": "customer", "message": "What now?"}),
                    2 => json!({"senderType": "agent", "message": "This is how"}),
                    3 => json!({"message": "A note", "isInternal": true}),
                    _ => json!({"message": "We will answer", "isAutomatic": true}),
                };
                if ago > 0 {
                    body["createdAt"] = json!(self.app.clock.now() - Duration::minutes(ago));
                }
                admin.post(&format!("{path}/messages"), body).await
            }
            Action::Step { to, .. } => admin.patch(path, json!({"status": STATES[to]})).await,
            Action::Prioritise { priority, .. } => {
                admin.patch(path, json!({"priority": PRIORITIES[priority]})).await
            }
            Action::Merge { into, .. } => {
                let into = self.tickets.get(into).cloned().unwrap_or_else(|| "999999".to_owned());
                admin.post(&format!("{path}/merge"), json!({"into": into})).await
            }
            Action::Unmerge { .. } => admin.post(&format!("{path}/unmerge"), json!({})).await,
            Action::Split { .. } => {
                let messages = admin.get(&format!("{path}/messages?limit=100")).await;
                let last = messages.json["data"].as_array().and_then(|rows| rows.last().cloned());
                let id = last.map_or(json!("999999"), |row| row["id"].clone());
                let body = json!({"messageIds": [id], "subject": "Another thing"});
                admin.post(&format!("{path}/split"), body).await
            }
            Action::Bounce { .. } => {
                self.tell_of_the_last_answer(path, "message_bounced").await;
                admin.get(path).await
            }
            Action::Deliver { .. } => {
                self.tell_of_the_last_answer(path, "message_delivered").await;
                admin.get(path).await
            }
            _ => admin.delete(path).await,
        }
    }

    async fn work(&self) {
        let registry = kamhub_helpdesk::jobs::registry(&self.app.app).unwrap();
        let options = kamhub_jobs::WorkerOptions::default();
        let queue = self.app.app.queue.clone();
        kamhub_jobs::Worker::new(queue, registry, options).drain().await.unwrap();
    }

    /// The last answer of the ticket cannot be delivered, or is after all.
    async fn tell_of_the_last_answer(&self, path: &str, kind: &'static str) {
        use kamhub_helpdesk::tickets::service;
        let messages = self.app.admin.get(&format!("{path}/messages?limit=100")).await;
        let rows: Vec<Value> = messages.json["data"].as_array().cloned().unwrap_or_default();
        let Some(answer) = rows.iter().rev().find(|row| row["senderType"] == "agent") else {
            return;
        };
        let ticket: TicketId = answer["ticketId"].as_str().unwrap().parse().unwrap();
        let actor = kamhub_kernel::Actor::System { job: "mail" };
        let mut tx = self.app.app.db.begin().await.unwrap();
        let Ok(mut ticket) = service::lock(&mut tx, &actor, ticket).await else { return };
        let entry = vec![(kind, json!({"messageId": answer["id"]}))];
        let clock = &*self.app.clock;
        service::timeline::write(&mut tx, clock, &actor, &mut ticket, entry).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn clocks_agree(&self, after: &str) -> Result<(), TestCaseError> {
        let pool = self.app.database.db.pool();
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM tickets ORDER BY id").fetch_all(pool).await.unwrap();
        let mut connection = self.app.app.db.connection().await.unwrap();
        for id in ids {
            let found = audit::compare(&mut connection, TicketId(id)).await.unwrap();
            prop_assert_eq!(&found.stored, &found.rebuilt, "ticket {} after {}", id, after);
        }
        let wrong: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM tickets WHERE sla_due_at IS DISTINCT FROM (SELECT min(due_at)
             FROM sla_clocks WHERE ticket_id = tickets.id AND state = 'running')",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        prop_assert_eq!(wrong, 0, "deadlines of tickets after {}", after);
        let wrong: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sla_clocks c FULL JOIN
                 (SELECT * FROM sla_violations WHERE withdrawn_at IS NULL) v
                 ON v.ticket_id = c.ticket_id AND v.instance = c.number
                 AND v.violation_type = upper(c.metric) || '_SLA'
             WHERE (c.breached_at IS NULL) <> (v.id IS NULL)",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        prop_assert_eq!(wrong, 0, "violations after {}", after);
        Ok(())
    }
}
