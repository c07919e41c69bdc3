//! The service level of one ticket: its clocks, the versions that each counts by, and the steps
//! that were taken for it. Pure; the same happenings always give the same.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::clock::Clock;
use super::history::{Event, Happening, Terms, TicketClocks};
use super::model::{BreachCause, ClockState, Metric};
use super::policies::model::PolicyVersion;
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
    /// Bits of the policy's warnings that were given.
    pub warned: u32,
    /// Bits of the policy's escalations that were made.
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
}

/// A clock with what is kept of it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The clock.
    pub clock: &'a Clock,
    /// What is kept of it.
    pub kept: &'a Kept,
}

/// What is done for a clock at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A warning of its policy, from 0.
    Warning(usize),
    /// Its target runs out.
    Breach,
    /// An escalation of its policy, from 0.
    Escalation(usize),
}

impl Step {
    fn turn(self) -> u8 {
        match self {
            Self::Warning(_) => 0,
            Self::Breach => 1,
            Self::Escalation(_) => 2,
        }
    }
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
        let before = self.clocks.clocks().to_vec();
        if let Some(happening) = self.happening(&told.what, book) {
            self.clocks.apply(&Event { moment: told.moment, happening });
        }
        if let Some(versions) = self.versions {
            for (index, clock) in self.clocks.clocks().iter().enumerate() {
                match self.kept.get_mut(index) {
                    Some(kept) if clock.is_open() || before.get(index) != Some(clock) => {
                        kept.versions = versions;
                    }
                    Some(_) => {}
                    None => self.kept.push(Kept {
                        versions,
                        warned: 0,
                        escalated: 0,
                        acknowledged_at: None,
                    }),
                }
            }
        }
        self.mark(told);
        self.last_at = self.last_at.max(Some(told.moment.at));
    }

    fn happening(&mut self, what: &What, book: &Book) -> Option<Happening> {
        match what {
            What::Happened(happening) => Some(happening.clone()),
            What::Absorbed { since, .. } => Some(Happening::Absorbed { unanswered_since: *since }),
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
    fn mark(&mut self, told: &Told) {
        let (metric, number) = match told.what {
            What::Warned { metric, number, .. }
            | What::Escalated { metric, number, .. }
            | What::Acknowledged { metric, number } => (metric, number),
            _ => return,
        };
        let place = self.place(metric, number);
        let Some(kept) = place.and_then(|place| self.kept.get_mut(place)) else { return };
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

impl Row<'_> {
    /// What is still to be done for the clock as it is now, and when.
    fn steps(self, book: &Book) -> impl Iterator<Item = (DateTime<Utc>, Step)> {
        let Row { clock, kept } = self;
        let mut steps = Vec::new();
        let known = book.policy(&kept.versions).zip(book.calendar(&kept.versions));
        if let (Some((policy, calendar)), Some(due), ClockState::Running) =
            (known, clock.due_at, clock.state())
        {
            if clock.breached_at.is_none() {
                steps.push((due, Step::Breach));
                self.warnings(policy, calendar, &mut steps);
            } else {
                self.escalations(policy, calendar, &mut steps);
            }
        }
        steps.into_iter()
    }

    fn warnings(
        self,
        policy: &PolicyVersion,
        calendar: &Calendar,
        steps: &mut Vec<(DateTime<Utc>, Step)>,
    ) {
        let Row { clock, kept } = self;
        let Some(since) = clock.running_since else { return };
        for (step, warning) in policy.warnings.iter().enumerate() {
            let after = warning.after(clock.metric, clock.target);
            let Some(after) = after.filter(|_| kept.warned & bit(step) == 0) else { continue };
            let at = calendar.add(since, after.minus(clock.consumed));
            // What was over before its history came here is not worth a warning.
            if clock.imported_at.is_none_or(|imported| at > imported) {
                steps.push((at, Step::Warning(step)));
            }
        }
    }

    fn escalations(
        self,
        policy: &PolicyVersion,
        calendar: &Calendar,
        steps: &mut Vec<(DateTime<Utc>, Step)>,
    ) {
        let Row { clock, kept } = self;
        let from = match clock.cause {
            Some(BreachCause::Imported) | None => None,
            Some(BreachCause::Elapsed) => clock.breached_at,
            // Nobody could have known before the change that moved the deadline.
            Some(_) => clock.detected_at,
        };
        let Some(from) = from.filter(|_| kept.acknowledged_at.is_none()) else { return };
        for (step, escalation) in policy.escalations.iter().enumerate() {
            if kept.escalated & bit(step) == 0 {
                let after = crate::calendars::Seconds::minutes(escalation.after_minutes);
                steps.push((calendar.add(from, after), Step::Escalation(step)));
            }
        }
    }
}

fn bit(step: usize) -> u32 {
    u32::try_from(step).ok().and_then(|step| 1_u32.checked_shl(step)).unwrap_or(0)
}
