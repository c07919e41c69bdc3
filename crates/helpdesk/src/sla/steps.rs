//! What is done for a clock, and when: warnings before its target runs out, the breach itself,
//! escalations after it.

use chrono::{DateTime, Utc};

use super::clock::Clock;
use super::model::{BreachCause, ClockState, Metric};
use super::policies::model::{EscalationAction, EscalationStep, PolicyVersion, Recipient};
use super::ticket::{Book, Kept};
use crate::calendars::{Calendar, Seconds};

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
    /// The order in which steps are taken that are due together.
    pub(super) fn turn(self) -> u8 {
        match self {
            Self::Warning(_) => 0,
            Self::Breach => 1,
            Self::Escalation(_) => 2,
        }
    }
}

/// A step that was taken, as far as another policy has to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    metric: Metric,
    number: u32,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Warned {
        /// What was left of the target.
        left: Seconds,
        target: Seconds,
        due_at: Option<DateTime<Utc>>,
    },
    Escalated {
        action: EscalationAction,
        recipients: Vec<Recipient>,
    },
}

/// A clock with what is kept of it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The clock.
    pub clock: &'a Clock,
    /// What is kept of it.
    pub kept: &'a Kept,
}

impl Row<'_> {
    /// What is still to be done for the clock as it is now, and when.
    pub(super) fn steps(self, book: &Book) -> impl Iterator<Item = (DateTime<Utc>, Step)> {
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
        let Some(from) = self.escalates_from().filter(|_| self.kept.acknowledged_at.is_none())
        else {
            return;
        };
        for (step, escalation) in policy.escalations.iter().enumerate() {
            if self.kept.escalated & bit(step) == 0 {
                steps.push((made_at(escalation, from, calendar), Step::Escalation(step)));
            }
        }
    }

    fn escalates_from(self) -> Option<DateTime<Utc>> {
        match self.clock.cause {
            Some(BreachCause::Imported) | None => None,
            Some(BreachCause::Elapsed) => self.clock.breached_at,
            // Nobody could have known before the change that moved the deadline.
            Some(_) => self.clock.detected_at,
        }
    }

    /// A warning that was given.
    pub(super) fn warned(self, step: usize, book: &Book) -> Option<Done> {
        let Row { clock, kept } = self;
        let warning = book.policy(&kept.versions)?.warnings.get(step)?;
        let left = clock.target.minus(warning.after(clock.metric, clock.target)?);
        let what = What::Warned { left, target: clock.target, due_at: clock.due_at };
        Some(Done { metric: clock.metric, number: clock.number, what })
    }

    /// An escalation that was made.
    pub(super) fn escalated(self, step: usize, book: &Book) -> Option<Done> {
        let Row { clock, kept } = self;
        let escalation = book.policy(&kept.versions)?.escalations.get(step)?;
        let recipients = escalation.recipients.clone();
        let what = What::Escalated { action: escalation.action, recipients };
        Some(Done { metric: clock.metric, number: clock.number, what })
    }

    /// The clock has come under a policy whose steps it has not taken. Bits of those warnings and
    /// escalations whose time is past already, and which would only say or do again what was said or
    /// done before; all others are still to come, late ones at once.
    pub(super) fn needless(self, done: &[Done], now: DateTime<Utc>, book: &Book) -> (u32, u32) {
        let Row { clock, kept } = self;
        let known = book.policy(&kept.versions).zip(book.calendar(&kept.versions));
        let Some((policy, calendar)) = known else { return (0, 0) };
        let of_this = |done: &&Done| (done.metric, done.number) == (clock.metric, clock.number);
        let done: Vec<&What> = done.iter().filter(of_this).map(|done| &done.what).collect();
        let used = clock.consumed_until(now, calendar);
        let warned = policy.warnings.iter().map(|warning| {
            let after = warning.after(clock.metric, clock.target);
            after.is_some_and(|after| after <= used && self.was_warned(after, &done))
        });
        let from = self.escalates_from();
        let escalated = policy.escalations.iter().map(|step| {
            from.is_some_and(|from| made_at(step, from, calendar) <= now) && was_made(step, &done)
        });
        (bits(warned), bits(escalated))
    }

    /// Whether people were warned when no more time was left than now, of a deadline no later than the
    /// present one.
    fn was_warned(self, after: Seconds, done: &[&What]) -> bool {
        let remains = self.clock.target.minus(after);
        done.iter().any(|done| match done {
            What::Warned { left, target, due_at } => {
                let nearer = match (due_at, self.clock.due_at) {
                    (Some(told), Some(due)) => due < *told,
                    _ => self.clock.target < *target,
                };
                *left <= remains && !nearer
            }
            What::Escalated { .. } => false,
        })
    }
}

/// Whether an escalation would do what was done before, or tell only people who were told before.
fn was_made(step: &EscalationStep, done: &[&What]) -> bool {
    let made = || {
        done.iter().filter_map(|done| match done {
            What::Escalated { action, recipients } => Some((*action, recipients)),
            What::Warned { .. } => None,
        })
    };
    match step.action {
        EscalationAction::Notify => step
            .recipients
            .iter()
            .all(|recipient| made().any(|(_, recipients)| recipients.contains(recipient))),
        action => made().any(|(done, _)| done == action),
    }
}

fn made_at(step: &EscalationStep, from: DateTime<Utc>, calendar: &Calendar) -> DateTime<Utc> {
    calendar.add(from, Seconds::minutes(step.after_minutes))
}

fn bits(steps: impl Iterator<Item = bool>) -> u32 {
    steps.enumerate().filter(|(_, set)| *set).fold(0, |bits, (step, _)| bits | bit(step))
}

pub(super) fn bit(step: usize) -> u32 {
    u32::try_from(step).ok().and_then(|step| 1_u32.checked_shl(step)).unwrap_or(0)
}
