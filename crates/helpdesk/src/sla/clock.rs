//! One clock instance: a target, the time that has counted towards it, and its deadline.
//!
//! Every change is told when it happened and when it was recorded, and first settles what happened
//! before it: a deadline that passed is a breach at that deadline, whenever anybody notices. A clock
//! that stops exactly at its deadline has kept it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::model::{
    Adjustment, BreachCause, CancelReason, Cancellation, ClockState, Metric, Moment, Stretch,
};
use crate::calendars::{Calendar, OpenInterval, Seconds};

/// One clock instance of a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clock {
    /// What it measures.
    pub metric: Metric,
    /// Counts the instances of the metric on the ticket, from 1.
    pub number: u32,
    /// The open time allowed.
    pub target: Seconds,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// When its start was recorded, where that was later: its history was imported.
    pub imported_at: Option<DateTime<Utc>>,
    /// The stretches in which it ran, without the one in which it is running.
    pub ran: Vec<Stretch>,
    /// The open time in those stretches.
    pub consumed: Seconds,
    /// Since when it is running.
    pub running_since: Option<DateTime<Utc>>,
    /// When the target runs out; none while paused. A finished clock keeps the last one.
    pub due_at: Option<DateTime<Utc>>,
    /// The last warning.
    pub warned_at: Option<DateTime<Utc>>,
    /// When the target ran out with the clock running: the deadline, not when it was noticed.
    pub breached_at: Option<DateTime<Utc>>,
    /// When the breach was noticed.
    pub detected_at: Option<DateTime<Utc>>,
    /// Why the target was missed.
    pub cause: Option<BreachCause>,
    /// When what it waits for happened.
    pub fulfilled_at: Option<DateTime<Utc>>,
    /// The id of the message that fulfilled it.
    pub fulfilled_by: Option<i64>,
    /// Its end without fulfilment.
    pub cancelled: Option<Cancellation>,
    /// The last change that moved its deadline by decree.
    pub adjusted: Option<Adjustment>,
}

impl Clock {
    /// A clock that has just started to run.
    #[must_use]
    pub fn start(
        metric: Metric,
        number: u32,
        target: Seconds,
        now: Moment,
        calendar: &Calendar,
    ) -> Self {
        Self {
            metric,
            number,
            target,
            started_at: now.at,
            imported_at: (now.recorded_at > now.at).then_some(now.recorded_at),
            ran: Vec::new(),
            consumed: Seconds::ZERO,
            running_since: Some(now.at),
            due_at: Some(calendar.add(now.at, target)),
            warned_at: None,
            breached_at: None,
            detected_at: None,
            cause: None,
            fulfilled_at: None,
            fulfilled_by: None,
            cancelled: None,
            adjusted: None,
        }
    }

    /// Where it is in its life.
    #[must_use]
    pub fn state(&self) -> ClockState {
        match (self.cancelled, self.fulfilled_at, self.running_since) {
            (Some(_), _, _) => ClockState::Cancelled,
            (None, Some(_), _) => ClockState::Fulfilled,
            (None, None, Some(_)) => ClockState::Running,
            (None, None, None) => ClockState::Paused,
        }
    }

    /// Whether it still waits for what it measures.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state(), ClockState::Running | ClockState::Paused)
    }

    /// The open time that has counted until `now`.
    #[must_use]
    pub fn consumed_until(&self, now: DateTime<Utc>, calendar: &Calendar) -> Seconds {
        let running =
            self.running_since.map_or(Seconds::ZERO, |since| calendar.elapsed(since, now));
        self.consumed.plus(running)
    }

    /// Each interval that has counted until `now`, in order: what the deadline is made of.
    pub fn counted<'a>(
        &'a self,
        now: DateTime<Utc>,
        calendar: &'a Calendar,
    ) -> impl Iterator<Item = OpenInterval> + 'a {
        let running = self.running_since.map(|from| calendar.open_intervals(from, now));
        let ran = self.ran.iter().flat_map(|stretch| stretch.open(calendar));
        ran.chain(running.into_iter().flatten())
    }

    /// Time no longer counts. Nothing happens to a clock that is not running.
    pub fn pause(&mut self, now: Moment, calendar: &Calendar) {
        if self.state() == ClockState::Running {
            self.settle(now);
            self.stop(now.at, calendar);
            self.due_at = None;
        }
    }

    /// Time counts again, from what was consumed. Nothing happens to a clock that is not paused.
    pub fn resume(&mut self, now: Moment, calendar: &Calendar) {
        if self.state() == ClockState::Paused {
            self.running_since = Some(now.at);
            self.due_at = self.deadline(calendar);
        }
    }

    /// An open clock gets a target, other hours of its calendar, or both; what has run so far is
    /// counted anew and kept. An earlier breach stays; one that only this brings about has `cause`.
    pub fn adjust(
        &mut self,
        target: Seconds,
        now: Moment,
        calendar: &Calendar,
        cause: BreachCause,
    ) {
        if self.is_open() {
            self.settle(now);
            self.take_terms(target, now, calendar, cause);
        }
    }

    /// An open clock gets a target in another calendar: what was used until now stays as its own
    /// calendar has it, and the other one counts from here. Breaches as with [`Clock::adjust`].
    pub fn move_to(
        &mut self,
        target: Seconds,
        now: Moment,
        (own, other): (&Calendar, &Calendar),
        cause: BreachCause,
    ) {
        if self.is_open() {
            self.settle(now);
            if let Some(since) = self.running_since.filter(|since| *since < now.at) {
                self.ran.push(Stretch::new(since, now.at));
                self.running_since = Some(now.at);
            }
            self.keep_counted(own);
            self.take_terms(target, now, other, cause);
        }
    }

    /// A running clock that never paused, such as that of a response, started earlier than it knew.
    pub fn start_earlier(&mut self, since: DateTime<Utc>, now: Moment, calendar: &Calendar) {
        if self.state() == ClockState::Running && since < self.started_at {
            self.settle(now);
            if self.ran.is_empty() {
                self.running_since = Some(since);
            } else {
                self.ran.insert(0, Stretch::new(since, self.started_at));
            }
            self.started_at = since;
            self.adjusted = Some(Adjustment { at: now.at, cause: BreachCause::Merge });
            self.recount(calendar);
            self.settle_adjustment(now, calendar);
        }
    }

    /// What it waits for has happened, by the message `by` where it was one.
    pub fn fulfil(&mut self, now: Moment, by: Option<i64>, calendar: &Calendar) {
        if self.is_open() {
            self.settle(now);
            self.stop(now.at, calendar);
            self.fulfilled_at = Some(now.at);
            self.fulfilled_by = by;
        }
    }

    /// What fulfilled it never arrived: it goes on as if it had not stopped then. Its deadline is the old
    /// one until it is adjusted.
    pub fn unfulfil(&mut self, calendar: &Calendar) {
        if self.state() == ClockState::Fulfilled {
            self.fulfilled_at = None;
            self.fulfilled_by = None;
            self.running_since = self.ran.pop().map(|stretch| stretch.from);
            self.consumed = counted_in(&self.ran, calendar);
        }
    }

    /// The work it measured begins again: it runs on by the present calendar from what was consumed,
    /// which stays as its own calendar had it; the time in between does not count.
    pub fn reopen(&mut self, target: Seconds, now: Moment, (own, present): (&Calendar, &Calendar)) {
        if self.state() == ClockState::Fulfilled {
            self.fulfilled_at = None;
            self.fulfilled_by = None;
            if own != present {
                self.keep_counted(own);
            }
            self.take_terms(target, now, present, BreachCause::Retarget);
            self.resume(now, present);
        }
    }

    /// It no longer matters; what happened before stays.
    pub fn cancel(&mut self, now: Moment, reason: CancelReason, calendar: &Calendar) {
        if self.is_open() {
            self.settle(now);
            self.stop(now.at, calendar);
            self.due_at = None;
            self.cancelled = Some(Cancellation { at: now.at, reason });
        }
    }

    /// A sweep looks at it: a deadline that is reached is a breach. Answers whether this noticed one.
    pub fn detect(&mut self, now: Moment) -> bool {
        let due = self.due_at.filter(|due| *due <= now.at);
        match due {
            Some(due) if self.state() == ClockState::Running && self.breached_at.is_none() => {
                self.breach(due, now);
                true
            }
            _ => false,
        }
    }

    /// What has counted stays as this calendar has it, whatever the clock counts by from now on.
    fn keep_counted(&mut self, calendar: &Calendar) {
        for stretch in &mut self.ran {
            stretch.settle(calendar);
        }
        self.consumed = counted_in(&self.ran, calendar);
    }

    fn take_terms(
        &mut self,
        target: Seconds,
        now: Moment,
        calendar: &Calendar,
        cause: BreachCause,
    ) {
        let before = (self.target, self.consumed, self.running_since.and(self.due_at));
        self.target = target;
        self.recount(calendar);
        if before != (self.target, self.consumed, self.due_at) {
            self.adjusted = Some(Adjustment { at: now.at, cause });
            self.settle_adjustment(now, calendar);
        }
    }

    /// A deadline that passed before `now` is a breach.
    pub(super) fn settle(&mut self, now: Moment) {
        let due = self.due_at.filter(|due| *due < now.at);
        if let (Some(due), ClockState::Running, None) = (due, self.state(), self.breached_at) {
            self.breach(due, now);
        }
    }

    /// A target that an adjustment finds used up is a breach, at the instant at which it was.
    fn settle_adjustment(&mut self, now: Moment, calendar: &Calendar) {
        self.settle(now);
        if self.consumed > self.target && self.breached_at.is_none() {
            let due = self.overrun(calendar);
            self.breach(due, now);
        }
    }

    fn breach(&mut self, due: DateTime<Utc>, now: Moment) {
        let adjusted = self.adjusted.filter(|adjusted| due <= adjusted.at);
        self.breached_at = Some(due);
        self.detected_at = Some(now.recorded_at);
        self.cause = Some(match adjusted {
            _ if self.imported_at.is_some_and(|imported| due <= imported) => BreachCause::Imported,
            Some(adjusted) => adjusted.cause,
            None => BreachCause::Elapsed,
        });
    }

    fn stop(&mut self, at: DateTime<Utc>, calendar: &Calendar) {
        if let Some(from) = self.running_since.take() {
            self.ran.push(Stretch::new(from, at));
            self.consumed = self.consumed.plus(calendar.elapsed(from, at));
        }
    }

    fn recount(&mut self, calendar: &Calendar) {
        self.consumed = counted_in(&self.ran, calendar);
        self.due_at = self.deadline(calendar);
    }

    fn deadline(&self, calendar: &Calendar) -> Option<DateTime<Utc>> {
        let since = self.running_since?;
        if self.consumed > self.target {
            return Some(self.overrun(calendar));
        }
        Some(calendar.add(since, self.target.minus(self.consumed)))
    }

    /// The instant in the past at which more than the target was consumed.
    fn overrun(&self, calendar: &Calendar) -> DateTime<Utc> {
        let mut left = self.target;
        for ran in &self.ran {
            let counted = ran.counted(calendar);
            if counted > left {
                return ran.at(left, calendar);
            }
            left = left.minus(counted);
        }
        self.running_since.unwrap_or(self.started_at)
    }
}

fn counted_in(stretches: &[Stretch], calendar: &Calendar) -> Seconds {
    let counted = stretches.iter().map(|ran| ran.counted(calendar));
    counted.fold(Seconds::ZERO, Seconds::plus)
}
