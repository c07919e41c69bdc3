//! Notices of deadlines: planned in the transaction that finds them, told together.
//!
//! Each notice is a row per person and channel. What waits for the same person and channel becomes one
//! message, which is fixed in a transaction of its own before it is sent: a hundred missed deadlines of
//! one sweep are one mail, and a crash repeats the same mail with the same Message-ID.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_jobs::{Context, Job, JobError, NewJob, enqueue_each};
use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::deliveries;
use super::error::Error;
use super::model::{About, Content, Deadline, DeliveryChannel, NewDelivery, NotificationKind};
use super::people::{People, Person, Wanted};
use super::repo::notices as repo;
use crate::app::App;
use crate::language::Language;
use crate::sla::model::{Notice, NoticeKind};
use crate::sla::policies::model::Recipient;

/// How long notices of one person are collected before they are told.
const COLLECT: TimeDelta = TimeDelta::seconds(3);
/// The most deadlines that one message tells.
const MOST_TOGETHER: i64 = 500;
/// The name of the one Slack hook.
pub const SLACK_HOOK: &str = "default";

/// What is stored with a notice: the deadline, and how its reader is spoken to.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    deadline: Deadline,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<Language>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
}

/// Tells people of deadlines: warnings and breaches to whoever works on the ticket, or to the
/// supervisors where nobody does; escalations to whom the policy names. Slack learns of breaches and
/// escalations.
///
/// # Errors
/// A database fault.
pub async fn plan(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    notices: &[Notice],
) -> Result<(), Error> {
    if notices.is_empty() {
        return Ok(());
    }
    let now = clock.now();
    let people = People::find(tx, &wanted(notices)).await?;
    let mut plan = Plan { now, rows: repo::Columns::default(), digests: BTreeMap::new() };
    for notice in notices {
        let deadline = deadline(notice);
        let mut told = HashSet::new();
        for person in concerned(&people, notice) {
            if told.insert(&person.email) {
                plan.tell(notice, &deadline, person);
            }
        }
        if deadline.kind != NotificationKind::SlaWarning {
            let stored = Stored { deadline, name: None, language: None, timezone: None };
            plan.add(notice, &stored, DeliveryChannel::Slack, SLACK_HOOK.to_owned(), None);
        }
    }
    repo::insert(tx, &plan.rows, now).await?;
    let digests = plan.digests.into_iter().map(|((channel, recipient, at), later)| {
        let key = TellTogether::key(channel, &recipient, later.then_some(at));
        NewJob::new(TellTogether { channel, recipient }).run_at(at).dedupe_key(key)
    });
    enqueue_each(tx, clock, digests.collect()).await?;
    Ok(())
}

/// Rows, and the messages that will tell them: when, and whether that is later than usual.
struct Plan {
    now: DateTime<Utc>,
    rows: repo::Columns,
    digests: BTreeMap<(DeliveryChannel, String, DateTime<Utc>), bool>,
}

impl Plan {
    fn tell(&mut self, notice: &Notice, deadline: &Deadline, person: &Person) {
        let preferences = &person.preferences;
        let stored = Stored {
            deadline: deadline.clone(),
            name: Some(person.name.clone()),
            language: preferences.language,
            timezone: Some(preferences.timezone.name().to_owned()),
        };
        let inbox = person.user.map(|user| (DeliveryChannel::Dashboard, user.to_string()));
        let mail = Some((DeliveryChannel::Email, person.email.clone()));
        for (channel, recipient) in inbox.into_iter().chain(mail) {
            if preferences.wants(deadline.kind, channel) {
                let until = preferences.waits_until(deadline.kind, channel, self.now);
                self.add(notice, &stored, channel, recipient, until);
            }
        }
    }

    fn add(
        &mut self,
        notice: &Notice,
        stored: &Stored,
        channel: DeliveryChannel,
        recipient: String,
        until: Option<DateTime<Utc>>,
    ) {
        let at = until.unwrap_or(self.now + COLLECT);
        let rows = &mut self.rows;
        rows.violations.push(notice.violation.map(|violation| violation.0));
        rows.tickets.push(notice.ticket.0);
        rows.notices.push(name_of(notice));
        rows.kinds.push(word(stored.deadline.kind).to_owned());
        rows.channels.push(channel.to_string());
        rows.recipients.push(recipient.clone());
        rows.data.push(serde_json::to_value(stored).unwrap_or_default());
        rows.not_before.push(until.unwrap_or(self.now));
        self.digests.insert((channel, recipient, at), until.is_some());
    }
}

/// What a notice is about, so that nobody is told the same twice. Steps are those of one version of a
/// policy: another one counts its own.
fn name_of(notice: &Notice) -> String {
    let version = notice.policy_version;
    let step = match &notice.kind {
        NoticeKind::Warning { step } => format!("warning:{version}:{step}"),
        NoticeKind::Breach => "breach".to_owned(),
        NoticeKind::Escalation { step, .. } => format!("escalation:{version}:{step}"),
    };
    format!("{}:{}:{}:{step}", notice.ticket, notice.metric, notice.number)
}

/// How the table calls it (contract, section 5, and its later columns).
fn word(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::SlaWarning => "warning",
        NotificationKind::SlaEscalation => "escalation",
        _ => "breach",
    }
}

fn deadline(notice: &Notice) -> Deadline {
    let kind = match notice.kind {
        NoticeKind::Warning { .. } => NotificationKind::SlaWarning,
        NoticeKind::Breach => NotificationKind::SlaBreach,
        NoticeKind::Escalation { .. } => NotificationKind::SlaEscalation,
    };
    Deadline {
        ticket: About {
            id: notice.ticket,
            number: notice.ticket_number.clone(),
            subject: Some(notice.subject.clone()),
        },
        kind,
        metric: notice.metric.to_string(),
        priority: notice.priority.to_string(),
        due_at: notice.due_at,
    }
}

fn wanted(notices: &[Notice]) -> Wanted {
    let mut wanted = Wanted::default();
    for notice in notices {
        wanted.agents.extend(notice.agent);
        // Whoever is to be told may have left: then the supervisors are.
        wanted.supervisors = true;
        if let NoticeKind::Escalation { recipients, .. } = &notice.kind {
            for recipient in recipients {
                match recipient {
                    Recipient::Team => wanted.teams.extend(notice.team.clone()),
                    Recipient::User(user) => {
                        wanted.users.insert(*user);
                    }
                    Recipient::Assignee | Recipient::Supervisors => {}
                }
            }
        }
    }
    wanted
}

/// Who is told; where that is nobody, the supervisors are.
fn concerned<'a>(people: &'a People, notice: &Notice) -> Vec<&'a Person> {
    let assignee = notice.agent.and_then(|agent| people.agent(agent));
    let mut found: Vec<&Person> = Vec::new();
    match &notice.kind {
        NoticeKind::Warning { .. } | NoticeKind::Breach => found.extend(assignee),
        NoticeKind::Escalation { recipients, .. } => {
            for recipient in recipients {
                match recipient {
                    Recipient::Assignee => found.extend(assignee),
                    Recipient::Team => {
                        found.extend(people.team(notice.team.as_deref().unwrap_or_default()));
                    }
                    Recipient::Supervisors => found.extend(people.supervisors()),
                    Recipient::User(user) => found.extend(people.user(*user)),
                }
            }
        }
    }
    if found.is_empty() {
        found.extend(people.supervisors());
    }
    found
}

/// Makes one message of everything that waits for one person and channel.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellTogether {
    /// The way.
    pub channel: DeliveryChannel,
    /// The address, the user's id or the hook's name.
    pub recipient: String,
}

impl Job for TellTogether {
    const KIND: &'static str = "notifications.tell_together";
    const TIMEOUT: Duration = Duration::from_secs(60);
}

impl TellTogether {
    /// Interchangeable jobs: the same person and channel, and the same end of quiet hours.
    fn key(channel: DeliveryChannel, recipient: &str, later: Option<DateTime<Utc>>) -> String {
        let later = later.map_or(0, |at| at.timestamp());
        format!("{channel}:{}:{later}", hex::encode(Sha256::digest(recipient.as_bytes())))
    }
}

/// Runs [`TellTogether`].
///
/// # Errors
/// A database fault.
pub async fn tell_together(
    app: &App,
    context: &Context,
    job: &TellTogether,
) -> Result<(), JobError> {
    let outlets = &app.settings.outlets;
    let configured = match job.channel {
        DeliveryChannel::Email => outlets.mail.is_some(),
        DeliveryChannel::Slack => outlets.slack_webhook.is_some(),
        DeliveryChannel::Dashboard | DeliveryChannel::Webhook => true,
    };
    let mut tx = app.db.begin().await?;
    if configured {
        while fix_message(&mut tx, &*app.clock, job).await? {}
    } else {
        repo::drop_waiting(&mut tx, job.channel, &job.recipient).await?;
    }
    context.lease().finish_in(&mut tx).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(())
}

/// Fixes one message; answers whether there may be more to tell.
async fn fix_message(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    job: &TellTogether,
) -> Result<bool, Error> {
    let now = clock.now();
    let (channel, recipient) = (job.channel, &job.recipient);
    let rows = repo::lock_waiting(tx, channel, recipient, now, MOST_TOGETHER).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let first_ticket = rows.first().and_then(|row| row.ticket_id);
    let one_ticket = rows.iter().all(|row| row.ticket_id == first_ticket);
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == MOST_TOGETHER;
    let mut content: Option<Content> = None;
    for row in rows {
        let Ok(stored) = serde_json::from_value::<Stored>(row.data) else { continue };
        let content = content.get_or_insert_with(|| Content::of(stored.deadline.kind));
        content.name = stored.name;
        content.language = stored.language;
        content.timezone = stored.timezone;
        content.kind = content.kind.max(stored.deadline.kind);
        content.deadlines.push(stored.deadline);
    }
    let Some(content) = content else { return Ok(false) };
    let planned = NewDelivery {
        event_id: None,
        ticket_id: first_ticket.filter(|_| one_ticket),
        channel,
        destination: recipient.clone(),
        sequence: None,
        kind: content.kind.to_string(),
        payload: serde_json::to_value(&content).unwrap_or_default(),
        not_before: None,
    };
    if let Some(delivery) = deliveries::plan(tx, clock, &[planned]).await?.pop() {
        repo::set_delivery(tx, &ids, delivery, now).await?;
    }
    Ok(full)
}
