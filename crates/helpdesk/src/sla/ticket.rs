//! The service level of one ticket: its clocks, the versions that each counts by, and the steps
//! that were taken for it. Pure; the same happenings always give the same.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::happening::{Event, Happening};
use super::history::TicketClocks;
use super::model::{ClockState, Metric};
use super::policies::model::PolicyVersion;
use super::steps::{Done, Row, Step, bit};
use super::terms::Terms;
use super::timeline::{Told, What};
use crate::calendars::Calendar;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId};

/// What a clock counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The policy.
    pub policy: PolicyId,
    /// Its version.
    pub policy_version: PolicyVersionId,
    /// Its calendar.
    pub calendar: CalendarId,
    /// The calendar's version.
    pub calendar_version: CalendarVersionId,
}

/// What is kept of a clock beside the clock itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What it counts by; once it has ended, what it counted by.
    pub versions: Versions,
    /// Bits of the warnings of this version of the policy that were given, or are not worth giving.
    pub warned: u32,
    /// Bits of its escalations that were made, or are not worth making.
    pub escalated: u32,
    /// When its violation was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
}

/// The versions that some tickets' happenings name, looked up beforehand.
#[derive(Debug, Clone, Default)]
pub struct Book {
    terms: HashMap<(PolicyVersionId, CalendarVersionId), Arc<Terms>>,
    policies: HashMap<PolicyVersionId, Arc<PolicyVersion>>,
}

impl Book {
    /// Whether these versions are in it.
    pub fn has(&self, versions: &Versions) -> bool {
        self.terms.contains_key(&(versions.policy_version, versions.calendar_version))
    }

    /// Adds what some versions are.
    pub fn add(&mut self, versions: &Versions, terms: Arc<Terms>, policy: Arc<PolicyVersion>) {
        self.terms.insert((versions.policy_version, versions.calendar_version), terms);
        self.policies.insert(versions.policy_version, policy);
    }

    /// What they grant.
    pub fn terms(&self, versions: &Versions) -> Option<&Arc<Terms>> {
        self.terms.get(&(versions.policy_version, versions.calendar_version))
    }

    /// When time counts by them.
    pub fn calendar(&self, versions: &Versions) -> Option<&Arc<Calendar>> {
        self.terms(versions).map(|terms| &terms.calendar)
    }

    /// The version of the policy.
    pub fn policy(&self, versions: &Versions) -> Option<&Arc<PolicyVersion>> {
        self.policies.get(&versions.policy_version)
    }
}

/// The service level of one ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TicketSla {
    /// Its clocks.
    pub clocks: TicketClocks,
    /// Of each clock, in their order.
    pub kept: Vec<Kept>,
    /// What clocks that start now count by.
    pub versions: Option<Versions>,
    /// When the last thing happened that it knows of.
    pub last_at: Option<DateTime<Utc>>,
    /// The steps that were taken for its clocks, whatever they counted by then. Known only where it
    /// was rebuilt: other steps than those that it has need a rebuilt one.
    pub done: Vec<Done>,
}

impl TicketSla {
    /// From all that was told of a ticket, in order.
    pub fn rebuilt(told: &[Told], book: &Book) -> Self {
        let mut ticket = Self::default();
        for told in told {
            ticket.apply(told, book);
        }
        ticket
    }

    /// Takes the next happening into account.
    pub fn apply(&mut self, told: &Told, book: &Book) {
        if let Some(happening) = self.happening(&told.what, book) {
            self.clocks.apply(&Event { moment: told.moment, happening });
        }
        if let Some(versions) = self.versions {
            self.keep(versions, told.moment.at, book);
        }
        self.mark(told, book);
        self.last_at = self.last_at.max(Some(told.moment.at));
    }

    /// Notes what the open clocks count by. Those that have ended keep what they counted by.
    fn keep(&mut self, versions: Versions, now: DateTime<Utc>, book: &Book) {
        for (index, clock) in self.clocks.clocks().iter().enumerate() {
            let Some(kept) = self.kept.get_mut(index) else {
                let kept = Kept { versions, warned: 0, escalated: 0, acknowledged_at: None };
                self.kept.push(kept);
                continue;
            };
            if !clock.is_open() {
                continue;
            }
            let other = kept.versions.policy_version != versions.policy_version;
            kept.versions = versions;
            if other {
                let row = Row { clock, kept };
                (kept.warned, kept.escalated) = row.needless(&self.done, now, book);
            }
        }
    }

    fn happening(&mut self, what: &What, book: &Book) -> Option<Happening> {
        match what {
            What::Happened(happening) => Some(happening.clone()),
            What::Absorbed { since, never_answered, .. } => Some(Happening::Absorbed {
                unanswered_since: *since,
                never_answered: *never_answered,
            }),
            What::Begun { by_customer, versions } => {
                self.versions = *versions;
                let terms = versions.and_then(|versions| book.terms(&versions));
                let terms = terms.map(|terms| Terms::clone(terms));
                Some(Happening::Created { by_customer: *by_customer, terms })
            }
            What::Terms(versions) => {
                self.versions = Some(*versions);
                book.terms(versions).map(|terms| Happening::TermsChanged(Terms::clone(terms)))
            }
            What::Calendar(version) => {
                let versions = Versions { calendar_version: *version, ..self.versions? };
                self.versions = Some(versions);
                book.calendar(&versions).cloned().map(Happening::CalendarEdited)
            }
            What::Warned { metric, number, .. } => {
                Some(Happening::Warned { metric: *metric, number: *number })
            }
            What::Escalated { .. } | What::Acknowledged { .. } => None,
        }
    }

    /// Notes the step that was taken for a clock.
    fn mark(&mut self, told: &Told, book: &Book) {
        let (metric, number) = match told.what {
            What::Warned { metric, number, .. }
            | What::Escalated { metric, number, .. }
            | What::Acknowledged { metric, number } => (metric, number),
            _ => return,
        };
        let Some(place) = self.place(metric, number) else { return };
        let row = self.rows().nth(place);
        let done = match told.what {
            What::Warned { step, .. } => row.and_then(|row| row.warned(step, book)),
            What::Escalated { step, .. } => row.and_then(|row| row.escalated(step, book)),
            _ => None,
        };
        self.done.extend(done);
        let Some(kept) = self.kept.get_mut(place) else { return };
        match told.what {
            What::Warned { step, .. } => kept.warned |= bit(step),
            What::Escalated { step, .. } => kept.escalated |= bit(step),
            What::Acknowledged { .. } => {
                kept.acknowledged_at = kept.acknowledged_at.or(Some(told.moment.at));
            }
            _ => {}
        }
    }

    /// Where a clock is among them.
    pub fn place(&self, metric: Metric, number: u32) -> Option<usize> {
        self.clocks
            .clocks()
            .iter()
            .position(|clock| (clock.metric, clock.number) == (metric, number))
    }

    /// The clocks with what is kept of them, in the order in which they started.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.clocks.clocks().iter().zip(&self.kept).map(|(clock, kept)| Row { clock, kept })
    }

    /// The earliest deadline of the clocks that run.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        let running = self.rows().filter(|row| row.clock.state() == ClockState::Running);
        running.filter_map(|row| row.clock.due_at).min()
    }

    /// When there is something to do next for one of the clocks.
    pub fn next_step_at(&self, book: &Book) -> Option<DateTime<Utc>> {
        self.rows().filter_map(|row| row.steps(book).map(|(at, _)| at).min()).min()
    }

    /// The steps that are due, warnings first: a warning that comes late comes all the same.
    pub fn due_steps(&self, now: DateTime<Utc>, book: &Book) -> Vec<(DateTime<Utc>, usize, Step)> {
        let mut due: Vec<_> = self
            .rows()
            .enumerate()
            .flat_map(|(place, row)| {
                row.steps(book)
                    .filter(|(at, _)| *at <= now)
                    .map(move |(at, step)| (at, place, step))
            })
            .collect();
        due.sort_unstable_by_key(|(at, place, step)| (step.turn(), *at, *place, *step));
        due
    }
}
