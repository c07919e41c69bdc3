//! A desk that reaches people, for the tests of notifications.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};
use kamhub_helpdesk::Settings;
use kamhub_helpdesk::events::Event;
use kamhub_helpdesk::ids::{AgentId, TicketId};
use kamhub_helpdesk::jobs;
use kamhub_helpdesk::notifications::{notices, rules};
use kamhub_helpdesk::sla::model::{Metric, Notice, NoticeKind};
use kamhub_jobs::{DrainReport, Worker, WorkerOptions};
use kamhub_kernel::Role;
use kamhub_mail::Mailer;
use kamhub_testkit::{Client, HttpSink, SmtpSink, TestApp};
use serde_json::{Value, json};

use crate::people::{tokens, user};
use crate::support::agent;

/// A desk with a mail server and a Slack hook.
pub struct Desk {
    pub app: TestApp,
    pub mail: SmtpSink,
    pub slack: HttpSink,
    /// The last event that was taken from the outbox.
    pub taken: AtomicI64,
}

impl Desk {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (mail, slack) = (SmtpSink::start().await, HttpSink::start().await);
        let from = "KamHub Support <desk@kamhub.example>".parse().unwrap();
        let mailer = Mailer::new(mail.url().parse().unwrap(), from).unwrap();
        let hook = slack.url("/services/T0/B0/x");
        let app = TestApp::with(|settings| {
            settings.outlets.mail = Some(mailer);
            settings.outlets.slack_webhook = Some(hook);
            settings.csat_delay = None;
            change(settings);
        })
        .await;
        Self { app, mail, slack, taken: AtomicI64::new(0) }
    }

    /// Takes events from the outbox and lets the jobs run that are due.
    pub async fn work(&self) -> DrainReport {
        let pool = self.app.database.db.pool();
        let rows: Vec<(i64, String, String, DateTime<Utc>, Value)> = sqlx::query_as(
            "SELECT id, type, subject, occurred_at, data FROM event_outbox WHERE id > $1 ORDER BY id",
        )
        .bind(self.taken.load(Ordering::SeqCst))
        .fetch_all(pool)
        .await
        .unwrap();
        let mut tx = self.app.app.db.begin().await.unwrap();
        for (id, kind, subject, occurred_at, data) in rows {
            let event = Event { id, kind, subject, occurred_at, data };
            self.taken.store(id, Ordering::SeqCst);
            rules::plan_event(&mut tx, &self.app.app, &event).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.run().await
    }

    /// Lets the jobs run that are due.
    pub async fn run(&self) -> DrainReport {
        let registry = jobs::registry(&self.app.app).unwrap();
        let worker = Worker::new(self.app.app.queue.clone(), registry, WorkerOptions::default());
        worker.drain().await.unwrap()
    }

    /// Moves the clock and works.
    pub async fn later(&self, by: Duration) -> DrainReport {
        self.app.clock.advance(by);
        self.work().await
    }

    /// An agent with an account, and the account's client.
    pub async fn colleague(&self, name: &str, role: Role) -> (Value, Client) {
        let email = format!("{}@agents.example.com", name.to_lowercase());
        user(&self.app, &email, role).await;
        let profile = agent(&self.app, name, json!({})).await;
        let client = self.app.anonymous.bearer(&tokens(&self.app, &email).await.0);
        (profile, client)
    }

    /// The receipts of a ticket, oldest first.
    pub async fn receipts(&self, ticket: &Value) -> Vec<Value> {
        let id = ticket["id"].as_str().unwrap();
        let path = format!("/api/support/notifications?ticketId={id}&limit=100");
        let mut rows = self.app.admin.get(&path).await.data(200).as_array().unwrap().clone();
        rows.reverse();
        rows
    }

    /// There is something to tell of these tickets' first response.
    pub async fn notice(&self, tickets: &[Value], kind: &NoticeKind) {
        let list: Vec<Notice> = tickets.iter().map(|ticket| notice(ticket, kind.clone())).collect();
        let mut tx = self.app.app.db.begin().await.unwrap();
        notices::plan(&mut tx, &*self.app.clock, &list).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn notice(ticket: &Value, kind: NoticeKind) -> Notice {
    let id = |value: &Value| value.as_str().map(|id| id.parse::<i64>().unwrap());
    Notice {
        ticket: TicketId(id(&ticket["id"]).unwrap()),
        ticket_number: ticket["ticketNumber"].as_str().unwrap().to_owned(),
        subject: ticket["subject"].as_str().unwrap().to_owned(),
        priority: ticket["priority"].as_str().unwrap().parse().unwrap(),
        metric: Metric::FirstResponse,
        number: 1,
        kind,
        violation: None,
        due_at: ticket["createdAt"].as_str().unwrap().parse().unwrap(),
        target: kamhub_helpdesk::calendars::Seconds::minutes(60),
        agent: id(&ticket["agentId"]).map(AgentId),
        team: ticket["team"].as_str().map(str::to_owned),
        policy: kamhub_helpdesk::ids::PolicyId(1),
        policy_version: kamhub_helpdesk::ids::PolicyVersionId(1),
    }
}

/// What lies in somebody's inbox.
pub async fn inbox(client: &Client) -> Vec<Value> {
    let reply = client.get("/api/support/notifications?limit=100").await;
    reply.data(200).as_array().unwrap().clone()
}

/// The kinds of these entries or receipts.
pub fn kinds(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["kind"].as_str().unwrap()).collect()
}
