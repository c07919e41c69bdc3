//! What a ticket's events do to its clocks: the decision table as one pure function, so that stored
//! clocks can be rebuilt from the ticket's history at any time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::happening::{Author, Event, Happening};
use super::model::{BreachCause, CancelReason, Metric, Moment};
use super::terms::{Phase, Terms};
use crate::calendars::{Calendar, Seconds};

/// A public reply by a person that has not bounced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    at: DateTime<Utc>,
    message: i64,
}

/// The clocks of one ticket and what is needed to go on with them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketClocks {
    clocks: Vec<Clock>,
    /// What each of them counts by; once it has ended, what it counted by.
    own: Vec<Arc<Terms>>,
    terms: Option<Arc<Terms>>,
    phase: Phase,
    /// When the customer wrote, in order.
    asked: Vec<DateTime<Utc>>,
    /// Public replies by persons that have not bounced, in order.
    answers: Vec<Answer>,
    /// Those that have bounced at some time, as of when they were written.
    bounced: Vec<Answer>,
    /// Why no clock runs any more.
    ended: Option<CancelReason>,
}

/// The clocks that a ticket's events make, in the order in which they started. Events of the same
/// instant count in the order given.
#[must_use]
pub fn rebuild(events: &[Event]) -> Vec<Clock> {
    let mut ordered: Vec<&Event> = events.iter().collect();
    ordered.sort_by_key(|event| event.moment.at);
    let mut ticket = TicketClocks::default();
    for event in ordered {
        ticket.apply(event);
    }
    ticket.clocks
}

impl TicketClocks {
    /// Clocks as they were kept, each with the terms that it counts or counted by, to go on with them.
    /// What a bounce would have to know of earlier messages is not among it: a history with a bounce
    /// is rebuilt.
    #[must_use]
    pub fn resumed(
        clocks: Vec<(Clock, Arc<Terms>)>,
        terms: Option<Arc<Terms>>,
        phase: Phase,
        ended: Option<CancelReason>,
    ) -> Self {
        let (clocks, own) = clocks.into_iter().unzip();
        Self { clocks, own, terms, phase, ended, ..Self::default() }
    }

    /// What the ticket's state means to them.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why no clock runs any more.
    #[must_use]
    pub fn ended(&self) -> Option<CancelReason> {
        self.ended
    }

    /// All clocks, in the order in which they started.
    #[must_use]
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// Takes the next event into account. One that happened before the last needs [`rebuild`].
    pub fn apply(&mut self, event: &Event) {
        let now = event.moment;
        match &event.happening {
            Happening::Created { by_customer, terms } => self.create(*by_customer, terms, now),
            Happening::CustomerMessage { automatic: false } => {
                self.asked.push(now.at);
                self.ask(now);
            }
            Happening::Reply { message, author: Author::Person, internal: false } => {
                self.answer(*message, now);
            }
            Happening::CustomerMessage { .. } | Happening::Reply { .. } => {}
            Happening::Bounced { message } => self.bounce(*message, now),
            Happening::Delivered { message } => self.deliver(*message, now),
            Happening::PhaseChanged(phase) => self.change_phase(*phase, now),
            Happening::TermsChanged(terms) => {
                self.ended = self.ended.filter(|why| *why != CancelReason::PolicyDeactivated);
                self.change_terms(Arc::new(terms.clone()), now);
                self.pause_or_resume(now);
            }
            Happening::CalendarEdited(calendar) => self.edit_calendar(calendar, now),
            Happening::PolicyDeactivated => self.end(CancelReason::PolicyDeactivated, now),
            Happening::MergedAway => self.end(CancelReason::Merged, now),
            Happening::Absorbed { unanswered_since, never_answered } => {
                if let Some(since) = unanswered_since {
                    self.inherit(*since, *never_answered, now);
                }
            }
            Happening::Deleted => self.end(CancelReason::TicketDeleted, now),
            Happening::Warned { metric, number } => {
                let warned =
                    |clock: &&mut Clock| (clock.metric, clock.number) == (*metric, *number);
                if let Some(clock) = self.clocks.iter_mut().find(warned) {
                    clock.warned_at = Some(now.at);
                }
            }
            Happening::Swept => {
                for clock in &mut self.clocks {
                    clock.detect(now);
                }
            }
        }
    }

    fn create(&mut self, by_customer: bool, terms: &Option<Terms>, now: Moment) {
        self.terms = terms.clone().map(Arc::new);
        if by_customer {
            self.start(Metric::FirstResponse, now);
            self.start(Metric::NextResponse, now);
        }
        self.start(Metric::Resolution, now);
    }

    fn start(&mut self, metric: Metric, now: Moment) {
        if let Some(target) = self.terms.as_ref().and_then(|terms| terms.target(metric)) {
            self.start_with(metric, target, now);
        }
    }

    fn start_with(&mut self, metric: Metric, target: Seconds, now: Moment) {
        let Some(terms) = self.terms.as_ref().filter(|_| self.ended.is_none()) else { return };
        let before = self.clocks.iter().filter(|clock| clock.metric == metric).count();
        let number = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        self.clocks.push(Clock::start(metric, number, target, now, &terms.calendar));
        self.own.push(Arc::clone(terms));
    }

    /// Each clock with the terms that are its own.
    fn each(&mut self) -> impl Iterator<Item = (&mut Clock, &mut Arc<Terms>)> {
        self.clocks.iter_mut().zip(&mut self.own)
    }

    fn waits_for(&self, metric: Metric) -> bool {
        self.clocks.iter().any(|clock| clock.metric == metric && clock.is_open())
    }

    fn ask(&mut self, now: Moment) {
        if !self.waits_for(Metric::NextResponse) {
            self.start(Metric::NextResponse, now);
        }
    }

    fn answer(&mut self, message: i64, now: Moment) {
        self.answers.push(Answer { at: now.at, message });
        for (clock, own) in self.each().filter(|(clock, _)| clock.metric != Metric::Resolution) {
            clock.fulfil(now, Some(message), &own.calendar);
        }
    }

    /// The reply never was: what it fulfilled goes on, unless a later reply fulfils it.
    fn bounce(&mut self, message: i64, now: Moment) {
        let is_it = |answer: &Answer| answer.message == message;
        let (gone, left): (Vec<Answer>, _) = self.answers.iter().copied().partition(is_it);
        self.answers = left;
        if !self.bounced.iter().any(is_it) {
            self.bounced.extend(gone);
        }
        let Some(terms) = self.terms.clone() else { return };
        let (ended, answers) = (self.ended, std::mem::take(&mut self.answers));
        for (clock, own) in self.each() {
            let fulfilled = clock.fulfilled_at.filter(|_| clock.fulfilled_by == Some(message));
            let Some(fulfilled) = fulfilled else { continue };
            clock.unfulfil(&own.calendar);
            let later = answers.iter().find(|answer| answer.at >= fulfilled);
            match (later, ended) {
                (Some(answer), _) => {
                    let then = Moment { at: answer.at, recorded_at: now.recorded_at };
                    clock.fulfil(then, Some(answer.message), &own.calendar);
                }
                (None, Some(reason)) => clock.cancel(now, reason, &own.calendar),
                (None, None) => bring_under(clock, own, &terms, now),
            }
        }
        self.answers = answers;
    }

    /// The customer has the reply now: it answers what was asked before it was written. Who has written
    /// since still waits.
    fn deliver(&mut self, message: i64, now: Moment) {
        let is_it = |answer: &&Answer| answer.message == message;
        let written = self.bounced.iter().find(is_it).map(|answer| answer.at);
        let Some(written) = written.filter(|_| self.answers.iter().find(is_it).is_none()) else {
            return;
        };
        for (clock, own) in self.each().filter(|(clock, _)| clock.metric != Metric::Resolution) {
            if clock.started_at <= written {
                clock.fulfil(now, Some(message), &own.calendar);
            }
        }
        let answered = |at: DateTime<Utc>| self.answers.iter().any(|answer| answer.at >= at);
        let asked = self.asked.iter().copied().find(|at| *at > written && !answered(*at));
        self.answers.push(Answer { at: now.at, message });
        if let Some(asked) = asked.filter(|_| !self.waits_for(Metric::NextResponse)) {
            self.start(Metric::NextResponse, Moment::live(asked));
            self.each().for_each(|(clock, _)| clock.settle(now));
        }
    }

    fn change_phase(&mut self, phase: Phase, now: Moment) {
        let was = std::mem::replace(&mut self.phase, phase);
        let Some(terms) = self.terms.clone() else { return };
        let target = terms.resolution.filter(|_| self.ended.is_none());
        for (clock, own) in self.each().filter(|(clock, _)| clock.metric == Metric::Resolution) {
            match (was, phase, target) {
                (_, Phase::Done, _) => clock.fulfil(now, None, &own.calendar),
                (Phase::Done, _, Some(target)) => {
                    clock.reopen(target, now, (&own.calendar, &terms.calendar));
                    if clock.is_open() {
                        *own = Arc::clone(&terms);
                    }
                }
                _ => {}
            }
        }
        self.pause_or_resume(now);
    }

    fn pause_or_resume(&mut self, now: Moment) {
        let Some(terms) = &self.terms else { return };
        for clock in self.clocks.iter_mut().filter(|clock| clock.metric == Metric::Resolution) {
            if terms.pauses(self.phase) {
                clock.pause(now, &terms.calendar);
            } else {
                clock.resume(now, &terms.calendar);
            }
        }
    }

    fn change_terms(&mut self, terms: Arc<Terms>, now: Moment) {
        for (clock, own) in self.each().filter(|(clock, _)| clock.is_open()) {
            bring_under(clock, own, &terms, now);
        }
        self.terms = Some(terms);
    }

    fn edit_calendar(&mut self, calendar: &Arc<Calendar>, now: Moment) {
        let Some(terms) = &self.terms else { return };
        let terms = Arc::new(Terms { calendar: Arc::clone(calendar), ..Terms::clone(terms) });
        for (clock, own) in self.each().filter(|(clock, _)| clock.is_open()) {
            clock.adjust(clock.target, now, calendar, BreachCause::CalendarEdit);
            *own = Arc::clone(&terms);
        }
        self.terms = Some(terms);
    }

    /// Somebody waits here who waited in another ticket. What they were promised there is owed here:
    /// the first response, where they have had none, and by its target where this ticket's own has
    /// been given and no next one is promised.
    fn inherit(&mut self, since: DateTime<Utc>, never_answered: bool, now: Moment) {
        let Some(terms) = self.terms.clone() else { return };
        let first = never_answered && self.waits_for(Metric::FirstResponse);
        let owed = terms.first_response.filter(|_| never_answered && !first);
        let target = terms.next_response.or(owed);
        if let Some(target) = target.filter(|_| !self.waits_for(Metric::NextResponse)) {
            self.start_with(Metric::NextResponse, target, now);
        }
        for clock in self.clocks.iter_mut().filter(|clock| clock.is_open()) {
            let waits = match clock.metric {
                Metric::FirstResponse => first,
                Metric::NextResponse => true,
                Metric::Resolution => false,
            };
            if waits {
                clock.start_earlier(since, now, &terms.calendar);
            }
        }
    }

    fn end(&mut self, reason: CancelReason, now: Moment) {
        let before = self.ended.filter(|why| *why != CancelReason::PolicyDeactivated);
        self.ended = before.or(Some(reason));
        for (clock, own) in self.each() {
            clock.cancel(now, reason, &own.calendar);
        }
    }
}

/// Brings an open clock under other terms: another target and, where it counts by the same calendar,
/// its present hours; in another calendar what was used stays used.
fn bring_under(clock: &mut Clock, own: &mut Arc<Terms>, terms: &Arc<Terms>, now: Moment) {
    let cause = BreachCause::Retarget;
    match terms.target_after(own, clock.metric) {
        Some(target) if own.calendar_id == terms.calendar_id => {
            clock.adjust(target, now, &terms.calendar, cause);
        }
        Some(target) => clock.move_to(target, now, (&own.calendar, &terms.calendar), cause),
        None => {
            clock.cancel(now, CancelReason::NoTarget, &own.calendar);
            return;
        }
    }
    *own = Arc::clone(terms);
}
