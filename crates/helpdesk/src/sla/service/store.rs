//! Clocks as they are stored, and as they are worked on.

use std::collections::HashMap;
use std::sync::Arc;

use kamhub_postgres::PgConnection;
use sqlx::types::Json;

use crate::calendars::Seconds;
use crate::ids::TicketId;
use crate::sla::clock::Clock;
use crate::sla::error::Error;
use crate::sla::history::TicketClocks;
use crate::sla::model::{Adjustment, Cancellation, ClockState};
use crate::sla::policies;
use crate::sla::repo::{self, ClockRow, TicketRow};
use crate::sla::steps::Row;
use crate::sla::ticket::{Book, Kept, TicketSla, Versions};

/// A ticket's service level with its clocks as they are stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Stored {
    pub(super) sla: TicketSla,
    pub(super) rows: Vec<ClockRow>,
}

/// What is stored of these tickets; the versions that they count by are added to the book.
pub(super) async fn load(
    connection: &mut PgConnection,
    ids: &[TicketId],
    book: &mut Book,
) -> Result<HashMap<TicketId, Stored>, Error> {
    let tickets = repo::tickets(connection, ids).await?;
    let mut by_ticket: HashMap<TicketId, Vec<ClockRow>> = HashMap::new();
    for row in repo::clocks(connection, ids).await? {
        by_ticket.entry(row.ticket_id).or_default().push(row);
    }
    let mut stored = HashMap::with_capacity(tickets.len());
    for ticket in tickets {
        let rows = by_ticket.remove(&ticket.ticket_id).unwrap_or_default();
        let versions = versions_of(&ticket);
        if let Some(versions) = &versions {
            look_up(connection, book, versions).await?;
        }
        let mut clocks = Vec::with_capacity(rows.len());
        for row in &rows {
            let kept = kept_of(row).versions;
            look_up(connection, book, &kept).await?;
            clocks.extend(book.terms(&kept).map(|terms| (clock_of(row), Arc::clone(terms))));
        }
        let terms = versions.and_then(|versions| book.terms(&versions).cloned());
        let sla = TicketSla {
            clocks: TicketClocks::resumed(clocks, terms, ticket.phase, ticket.ended),
            kept: rows.iter().map(kept_of).collect(),
            versions,
            last_at: Some(ticket.last_at),
            done: Vec::new(),
        };
        stored.insert(ticket.ticket_id, Stored { sla, rows });
    }
    Ok(stored)
}

/// Adds to the book what these versions are.
pub(super) async fn look_up(
    connection: &mut PgConnection,
    book: &mut Book,
    versions: &Versions,
) -> Result<(), Error> {
    if !book.has(versions) {
        let (policy, calendar) = (versions.policy_version, versions.calendar_version);
        let terms = policies::service::terms(connection, policy, calendar).await?;
        let policy = policies::service::policy_version(connection, policy).await?;
        book.add(versions, terms, policy);
    }
    Ok(())
}

fn versions_of(row: &TicketRow) -> Option<Versions> {
    Some(Versions {
        policy: row.policy_id?,
        policy_version: row.policy_version_id?,
        calendar: row.calendar_id?,
        calendar_version: row.calendar_version_id?,
    })
}

fn kept_of(row: &ClockRow) -> Kept {
    Kept {
        versions: Versions {
            policy: row.policy_id,
            policy_version: row.policy_version_id,
            calendar: row.calendar_id,
            calendar_version: row.calendar_version_id,
        },
        warned: row.warned_steps.cast_unsigned(),
        escalated: row.escalated_steps.cast_unsigned(),
        acknowledged_at: row.acknowledged_at,
    }
}

/// The target of a clock as it is stored.
pub(super) fn target_of(row: &ClockRow) -> Seconds {
    seconds(row.target_seconds)
}

fn clock_of(row: &ClockRow) -> Clock {
    Clock {
        metric: row.metric,
        number: row.number.cast_unsigned(),
        target: seconds(row.target_seconds),
        started_at: row.started_at,
        imported_at: row.imported_at,
        ran: row.stretches.0.clone(),
        consumed: seconds(row.consumed_seconds),
        running_since: row.running_since,
        due_at: row.due_at,
        warned_at: row.warned_at,
        breached_at: row.breached_at,
        detected_at: row.detected_at,
        cause: row.cause,
        fulfilled_at: row.fulfilled_at,
        fulfilled_by: row.fulfilled_by,
        cancelled: row
            .cancelled_at
            .zip(row.cancel_reason)
            .map(|(at, reason)| Cancellation { at, reason }),
        adjusted: row
            .adjusted_at
            .zip(row.adjusted_cause)
            .map(|(at, cause)| Adjustment { at, cause }),
    }
}

/// The rows of a ticket as it is now.
pub(super) fn rows_of(
    ticket: TicketId,
    sla: &TicketSla,
    book: &Book,
) -> Option<(TicketRow, Vec<ClockRow>)> {
    let clocks: Vec<ClockRow> =
        sla.rows().zip(1..).map(|(row, at)| clock_row(ticket, row, at)).collect();
    let open = clocks
        .iter()
        .filter(|row| matches!(row.state, ClockState::Running | ClockState::Paused))
        .count();
    let kept = TicketRow {
        ticket_id: ticket,
        policy_id: sla.versions.map(|it| it.policy),
        policy_version_id: sla.versions.map(|it| it.policy_version),
        calendar_id: sla.versions.map(|it| it.calendar),
        calendar_version_id: sla.versions.map(|it| it.calendar_version),
        phase: sla.clocks.phase(),
        ended: sla.clocks.ended(),
        last_at: sla.last_at?,
        open_clocks: i16::try_from(open).unwrap_or(i16::MAX),
        next_step_at: sla.next_step_at(book),
    };
    Some((kept, clocks))
}

fn clock_row(ticket: TicketId, row: Row<'_>, place: i32) -> ClockRow {
    let Row { clock, kept } = row;
    ClockRow {
        ticket_id: ticket,
        metric: clock.metric,
        number: clock.number.cast_signed(),
        place,
        policy_id: kept.versions.policy,
        policy_version_id: kept.versions.policy_version,
        calendar_id: kept.versions.calendar,
        calendar_version_id: kept.versions.calendar_version,
        target_seconds: number(clock.target),
        consumed_seconds: number(clock.consumed),
        state: clock.state(),
        started_at: clock.started_at,
        imported_at: clock.imported_at,
        running_since: clock.running_since,
        due_at: clock.due_at,
        warned_steps: kept.warned.cast_signed(),
        escalated_steps: kept.escalated.cast_signed(),
        warned_at: clock.warned_at,
        breached_at: clock.breached_at,
        detected_at: clock.detected_at,
        cause: clock.cause,
        acknowledged_at: kept.acknowledged_at,
        fulfilled_at: clock.fulfilled_at,
        fulfilled_by: clock.fulfilled_by,
        cancelled_at: clock.cancelled.map(|cancelled| cancelled.at),
        cancel_reason: clock.cancelled.map(|cancelled| cancelled.reason),
        adjusted_at: clock.adjusted.map(|adjusted| adjusted.at),
        adjusted_cause: clock.adjusted.map(|adjusted| adjusted.cause),
        stretches: Json(clock.ran.clone()),
    }
}

fn seconds(stored: i64) -> Seconds {
    Seconds::new(u64::try_from(stored).unwrap_or(0))
}

fn number(seconds: Seconds) -> i64 {
    i64::try_from(seconds.get()).unwrap_or(i64::MAX)
}
