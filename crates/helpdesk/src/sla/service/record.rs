//! Writes down what became of tickets' clocks: rows, violations, timeline, events, and what people
//! have to be told; all of it or nothing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::case::{Case, Taken};
use super::store::{self, rows_of};
use crate::events::{self, EventType};
use crate::ids::{TicketId, ViolationId};
use crate::listeners;
use crate::sla::error::Error;
use crate::sla::jobs::{self, Escalate};
use crate::sla::message::violation_message;
use crate::sla::model::{BreachCause, Metric, Notice, NoticeKind, ViolationType};
use crate::sla::policies::model::EscalationAction;
use crate::sla::repo;
use crate::sla::repo::violations::{self, NewViolation};
use crate::sla::steps::{Row, Step};
use crate::sla::ticket::Book;
use crate::tickets::service::{create::subject_of, deadlines, timeline};

/// The product itself, when a clock acts.
pub(super) const CLOCKS: Actor = Actor::System { job: "sla" };

type Key = (TicketId, Metric, u32);

/// Writes these cases down. Deadlines of the tickets are written too, unless the caller does. `now`
/// is the moment that the cases were worked on at: another one here would be another history.
pub(super) async fn record(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    now: DateTime<Utc>,
    cases: &[Case],
    book: &Book,
    with_deadlines: bool,
) -> Result<(), Error> {
    rows(tx, now, cases, book).await?;
    let entries: Vec<(TicketId, &'static str, Value)> = cases
        .iter()
        .flat_map(|case| {
            case.entries.iter().map(|(kind, data)| (case.head.id, *kind, data.clone()))
        })
        .collect();
    timeline::add(tx, now, &CLOCKS, &entries).await?;
    if with_deadlines {
        let moved: Vec<_> = cases
            .iter()
            .map(|case| (case, case.sla.due_at()))
            .filter(|(case, due)| case.head.sla_due_at != *due)
            .map(|(case, due)| (case.head.id, due))
            .collect();
        deadlines::set(tx, &moved).await?;
    }
    if cases.iter().all(|case| case.taken.is_empty()) {
        return Ok(());
    }
    let violations = violations(tx, now, cases, book).await?;
    let mut notices: Vec<(DateTime<Utc>, Notice)> = Vec::new();
    for case in cases {
        let told =
            case.taken.iter().filter_map(|it| Some((it.at, notice(case, it, &violations, book)?)));
        notices.extend(told);
    }
    notices.sort_by_key(|(at, _)| *at);
    let notices: Vec<Notice> = notices.into_iter().map(|(_, notice)| notice).collect();
    publish(tx, now, &notices).await?;
    act(tx, clock, &notices).await?;
    listeners::sla_notices(tx, clock, &notices).await?;
    Ok(())
}

async fn rows(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    cases: &[Case],
    book: &Book,
) -> Result<(), Error> {
    let (mut tickets, mut clocks) = (Vec::with_capacity(cases.len()), Vec::new());
    for case in cases {
        let Some((ticket, rows)) = rows_of(case.head.id, &case.sla, book) else { continue };
        let gone: Vec<(Metric, u32)> = case
            .before
            .iter()
            .map(|row| (row.metric, row.number.cast_unsigned()))
            .filter(|(metric, number)| case.sla.place(*metric, *number).is_none())
            .collect();
        if !gone.is_empty() {
            repo::remove(tx, case.head.id, &gone).await?;
        }
        clocks.extend(rows.into_iter().filter(|row| !case.before.contains(row)));
        tickets.push(ticket);
        if !case.withdrawn.is_empty() {
            let which: Vec<(ViolationType, u32)> =
                case.withdrawn.iter().map(|(metric, it)| (metric.violation(), *it)).collect();
            violations::withdraw(tx, case.head.id, &which, now).await?;
        }
    }
    repo::save(tx, &tickets, &clocks, now).await?;
    Ok(())
}

/// Stores the violations that were found; answers all of these tickets.
async fn violations(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    cases: &[Case],
    book: &Book,
) -> Result<HashMap<Key, ViolationId>, Error> {
    let mut new = Vec::new();
    let mut escalated = Vec::new();
    for case in cases {
        for taken in &case.taken {
            match taken.step {
                Step::Breach => new.extend(violation(case, taken, now, book)),
                Step::Escalation(_) => escalated.push(case.head.id),
                Step::Warning(_) => {}
            }
        }
    }
    let mut ids = HashMap::new();
    let mut keep = |stored: violations::Stored| {
        let metric = stored.violation_type.metric();
        ids.insert((stored.ticket_id, metric, stored.instance.cast_unsigned()), stored.id);
    };
    if !new.is_empty() {
        let stored = violations::insert(tx, &new, now).await?;
        if stored.len() < new.len() {
            let already = new.len() - stored.len();
            tracing::warn!(already, "violations were stored already; nothing has changed");
        }
        stored.into_iter().for_each(&mut keep);
    }
    if !escalated.is_empty() {
        violations::ids(tx, &escalated).await?.into_iter().for_each(&mut keep);
    }
    Ok(ids)
}

fn violation(case: &Case, taken: &Taken, now: DateTime<Utc>, book: &Book) -> Option<NewViolation> {
    let Row { clock, kept } = case.row(taken.metric, taken.number)?;
    let kind = taken.metric.violation();
    let calendar = book.calendar(&kept.versions)?;
    let consumed = clock.consumed_until(now, calendar);
    // Where the same change has brought a longer target, the one that was missed is told.
    let missed = |row: &&repo::ClockRow| {
        (row.metric, row.number) == (taken.metric, taken.number.cast_signed())
    };
    let before = case.before.iter().find(missed).filter(|_| consumed < clock.target);
    let target = before.map_or(clock.target, store::target_of);
    Some(NewViolation {
        ticket_id: case.head.id,
        policy_id: kept.versions.policy,
        violation_type: kind,
        instance: taken.number,
        message: violation_message(kind, consumed, target),
        cause: clock.cause?,
        agent_id: case.head.agent_id,
        team: case.head.team.clone(),
        breached_at: clock.breached_at?,
        detected_at: clock.detected_at?,
    })
}

/// What people have to be told of a step: nothing of history that was imported.
fn notice(
    case: &Case,
    taken: &Taken,
    violations: &HashMap<Key, ViolationId>,
    book: &Book,
) -> Option<Notice> {
    let Row { clock, .. } = case.row(taken.metric, taken.number)?;
    let kind = match taken.step {
        Step::Warning(step) => NoticeKind::Warning { step },
        Step::Breach if clock.cause == Some(BreachCause::Imported) => return None,
        Step::Breach => NoticeKind::Breach,
        Step::Escalation(step) => {
            let escalation = book.policy(&taken.versions)?.escalations.get(step)?;
            let recipients = escalation.recipients.clone();
            NoticeKind::Escalation { step, recipients, action: escalation.action }
        }
    };
    let head = &case.head;
    Some(Notice {
        ticket: head.id,
        ticket_number: head.ticket_number.clone(),
        subject: head.subject.clone(),
        priority: head.priority,
        metric: taken.metric,
        number: taken.number,
        violation: violations.get(&(head.id, taken.metric, taken.number)).copied(),
        due_at: taken.due_at?,
        target: taken.target,
        agent: head.agent_id,
        team: head.team.clone(),
        policy: taken.versions.policy,
        policy_version: taken.versions.policy_version,
        kind,
    })
}

/// Tells the rest of the platform.
async fn publish(
    tx: &mut PgConnection,
    now: DateTime<Utc>,
    notices: &[Notice],
) -> Result<(), Error> {
    let mut told = Vec::with_capacity(notices.len());
    for notice in notices {
        let kind = match notice.kind {
            NoticeKind::Warning { .. } => EventType::SlaWarning,
            NoticeKind::Breach => EventType::SlaViolationDetected,
            NoticeKind::Escalation { .. } => continue,
        };
        let mut data = json!({
            "ticketId": notice.ticket, "ticketNumber": notice.ticket_number,
            "metric": notice.metric, "instance": notice.number, "dueAt": notice.due_at,
            "targetSeconds": notice.target.get(), "priority": notice.priority,
            "agentId": notice.agent, "team": notice.team, "policyId": notice.policy,
        });
        match notice.kind {
            NoticeKind::Warning { step } => data["step"] = json!(step),
            _ => {
                data["violationId"] = json!(notice.violation);
                data["type"] = json!(notice.metric.violation());
                data["breachedAt"] = json!(notice.due_at);
                data["detectedAt"] = json!(now);
            }
        }
        told.push((kind, subject_of(notice.ticket), data));
    }
    events::publish_all(tx, now, &told).await?;
    Ok(())
}

/// What an escalation does beside telling people follows in a job of its own for each ticket.
async fn act(tx: &mut PgConnection, clock: &dyn Clock, notices: &[Notice]) -> Result<(), Error> {
    let jobs: Vec<Escalate> = notices
        .iter()
        .filter_map(|notice| match notice.kind {
            NoticeKind::Escalation { action, .. } if action != EscalationAction::Notify => {
                let (ticket, priority, agent) = (notice.ticket, notice.priority, notice.agent);
                Some(Escalate { ticket, action, priority, agent })
            }
            _ => None,
        })
        .collect();
    jobs::enqueue_escalations(tx, clock, &jobs).await?;
    Ok(())
}
