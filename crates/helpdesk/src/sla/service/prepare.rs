//! Before something is written to a ticket's timeline, its clocks are brought up to date: warnings that
//! nobody has given yet are given before the change can make them pointless, and what went out of
//! force while no clock was open is replaced before one opens.

use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde_json::{Value, json};

use super::case::Case;
use super::live::{absorbs, look_up_all, matching, matters};
use super::record::record;
use super::store::load;
use crate::calendars;
use crate::sla::error::Error;
use crate::sla::happening::Happening;
use crate::sla::model::CancelReason;
use crate::sla::policies;
use crate::sla::repo;
use crate::sla::terms::Phase;
use crate::sla::ticket::{Book, Versions};
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::{Entry, Ticket};

/// Entries are about to be written to the timeline of a locked ticket; `ticket` is as it will be with
/// them.
///
/// # Errors
/// A database fault.
pub async fn timeline_opening(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    ticket: &Ticket,
    entries: &[Entry],
) -> Result<(), Error> {
    if !entries.iter().any(matters) {
        return Ok(());
    }
    let Some(kept) = repo::tickets(tx, &[ticket.id]).await?.pop() else { return Ok(()) };
    let now = clock.now();
    let told: Vec<Told> = entries.iter().flat_map(timeline::told).collect();
    let begins = told.iter().map(|told| told.moment.at).min().unwrap_or(now);
    let overdue = kept.next_step_at.is_some_and(|at| at < begins);
    let dormant = kept.open_clocks == 0;
    if !overdue && !dormant {
        return Ok(());
    }
    let mut book = Book::default();
    let Some(stored) = load(tx, &[ticket.id], &mut book).await?.remove(&ticket.id) else {
        return Ok(());
    };
    let mut case = Case::new(ticket.head(), stored);
    if let Some(waking) = Waking::of(entries, &told, kept.phase).filter(|_| dormant)
        && let Some((kind, data)) = renewal(tx, &case, waking, &mut book).await?
    {
        let entry = Entry { kind: kind.to_owned(), occurred_at: now, data: data.clone() };
        look_up_all(tx, &mut book, &timeline::told(&entry), case.sla.versions).await?;
        case.tell(now, &book, kind, data);
    }
    case.warn(now, begins, &book);
    if case.entries.is_empty() {
        return Ok(());
    }
    record(tx, clock, now, &[case], &book, false).await
}

/// How clocks may open on a ticket that has none open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waking {
    /// Somebody waits or works again.
    Anew,
    /// They go on as if they had never ended.
    AsBefore,
}

impl Waking {
    fn of(entries: &[Entry], told: &[Told], phase: Phase) -> Option<Self> {
        if entries.iter().any(timeline::is_revision) {
            return Some(Self::AsBefore);
        }
        let opens = |told: &Told| match told.what {
            What::Happened(Happening::CustomerMessage { automatic: false }) => true,
            What::Happened(Happening::PhaseChanged(next)) => {
                phase == Phase::Done && next != Phase::Done
            }
            _ => false,
        };
        (told.iter().any(opens) || entries.iter().any(absorbs)).then_some(Self::Anew)
    }
}

/// What has to be said of the terms of a ticket before its clocks go on: those that it had may have
/// gone out of force without anybody telling it.
async fn renewal(
    tx: &mut PgConnection,
    case: &Case,
    waking: Waking,
    book: &mut Book,
) -> Result<Option<(&'static str, Value)>, Error> {
    let Some(versions) = case.sla.versions else { return Ok(None) };
    let ended = case.sla.clocks.ended();
    let gone = ended == Some(CancelReason::PolicyDeactivated)
        || !policies::service::is_in_force(tx, versions.policy).await?;
    match waking {
        Waking::Anew if gone => {
            let fits = matching(tx, book, case.head.category, case.head.priority).await?;
            Ok(Some((timeline::TERMS, timeline::terms_entry(&fits, "reopened"))))
        }
        Waking::AsBefore if gone => {
            let data = json!({"policyId": versions.policy});
            let told = ended == Some(CancelReason::PolicyDeactivated);
            Ok((!told).then_some((timeline::POLICY_DEACTIVATED, data)))
        }
        _ => newer_calendar(tx, &versions).await,
    }
}

async fn newer_calendar(
    tx: &mut PgConnection,
    versions: &Versions,
) -> Result<Option<(&'static str, Value)>, Error> {
    let present = calendars::service::current_version(tx, versions.calendar).await?;
    let data = json!({"calendarId": versions.calendar, "calendarVersionId": present});
    Ok((present > versions.calendar_version).then_some((timeline::CALENDAR, data)))
}
