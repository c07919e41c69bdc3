//! What a ticket's events do to its clocks: the decision table as one pure function, so that stored
//! clocks can be rebuilt from the ticket's history at any time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::clock::Clock;
use super::model::{BreachCause, CancelReason, Metric, Moment};
use crate::calendars::{Calendar, Seconds};

/// What a policy version grants a ticket. A metric without a target has no clock; a target that comes
/// later counts from the metric's next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Terms {
    /// Time to the first response.
    pub first_response: Option<Seconds>,
    /// Time to each next response.
    pub next_response: Option<Seconds>,
    /// Time to resolution.
    pub resolution: Option<Seconds>,
    /// When time counts.
    pub calendar: Arc<Calendar>,
    /// Whether resolution pauses while the ticket waits for the customer.
    pub pauses_waiting_customer: bool,
    /// Whether resolution pauses while the ticket is on hold.
    pub pauses_on_hold: bool,
}

impl Terms {
    /// The target of a metric.
    #[must_use]
    pub fn target(&self, metric: Metric) -> Option<Seconds> {
        match metric {
            Metric::FirstResponse => self.first_response,
            Metric::NextResponse => self.next_response,
            Metric::Resolution => self.resolution,
        }
    }

    fn pauses(&self, phase: Phase) -> bool {
        match phase {
            Phase::WaitingCustomer => self.pauses_waiting_customer,
            Phase::OnHold => self.pauses_on_hold,
            Phase::Working | Phase::Done => false,
        }
    }
}

kamhub_kernel::wire_enum! {
    /// What a ticket's state means to its clocks.
    #[derive(Default)]
    pub enum Phase {
        /// Open, in progress or reopened.
        #[default]
        Working = "working",
        /// Waiting for the customer.
        WaitingCustomer = "waiting_customer",
        /// On hold.
        OnHold = "on_hold",
        /// Resolved or closed.
        Done = "done",
    }
}

/// Who wrote something that the customer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// An agent, by hand.
    Person,
    /// A bot.
    Bot,
    /// An automatic answer.
    AutoReply,
    /// The system.
    System,
}

/// Something that happened to a ticket and may matter to its clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When.
    pub moment: Moment,
    /// What.
    pub happening: Happening,
}

/// What happened to a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// It was created: by the customer, with a first message, or by an agent.
    Created {
        /// Whether it began with a message of the customer.
        by_customer: bool,
        /// The terms that apply.
        terms: Option<Terms>,
    },
    /// The customer wrote.
    CustomerMessage {
        /// Whether a machine answered in the customer's name.
        automatic: bool,
    },
    /// Somebody wrote on our side.
    Reply {
        /// The message's id.
        message: i64,
        /// Who wrote it.
        author: Author,
        /// Whether it is a note that the customer does not see.
        internal: bool,
    },
    /// A reply turned out not to be deliverable.
    Bounced {
        /// The reply's id.
        message: i64,
    },
    /// Its state changed.
    PhaseChanged(Phase),
    /// Other terms apply: its priority, category or policy changed, or an administrator had it evaluated
    /// anew.
    TermsChanged(Terms),
    /// The calendar of its terms was edited.
    CalendarEdited(Arc<Calendar>),
    /// Its policy was deactivated.
    PolicyDeactivated,
    /// It was merged into another ticket.
    MergedAway,
    /// Another ticket was merged into it.
    Absorbed {
        /// The other ticket's earliest unanswered message of the customer.
        unanswered_since: Option<DateTime<Utc>>,
    },
    /// It was deleted.
    Deleted,
    /// A warning was given.
    Warned {
        /// Of which metric.
        metric: Metric,
        /// Of which instance.
        number: u32,
    },
    /// A sweep looked for deadlines that have passed.
    Swept,
}

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
    terms: Option<Terms>,
    phase: Phase,
    /// Public replies by persons that have not bounced, in order.
    answers: Vec<Answer>,
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
    /// Clocks as they were kept, to go on with them. What a bounce would have to know of earlier
    /// answers is not among it: a history with a bounce is rebuilt.
    #[must_use]
    pub fn resumed(
        clocks: Vec<Clock>,
        terms: Option<Terms>,
        phase: Phase,
        ended: Option<CancelReason>,
    ) -> Self {
        Self { clocks, terms, phase, answers: Vec::new(), ended }
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
            Happening::CustomerMessage { automatic: false } => self.ask(now),
            Happening::Reply { message, author: Author::Person, internal: false } => {
                self.answer(*message, now);
            }
            Happening::CustomerMessage { .. } | Happening::Reply { .. } => {}
            Happening::Bounced { message } => self.bounce(*message, now),
            Happening::PhaseChanged(phase) => self.change_phase(*phase, now),
            Happening::TermsChanged(terms) => {
                self.terms = Some(terms.clone());
                self.ended = self.ended.filter(|why| *why != CancelReason::PolicyDeactivated);
                self.adjust(now, BreachCause::Retarget);
                self.pause_or_resume(now);
            }
            Happening::CalendarEdited(calendar) => self.edit_calendar(calendar, now),
            Happening::PolicyDeactivated => self.end(CancelReason::PolicyDeactivated, now),
            Happening::MergedAway => self.end(CancelReason::Merged, now),
            Happening::Absorbed { unanswered_since } => {
                if let Some(since) = unanswered_since {
                    self.inherit(*since, now);
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
        self.terms.clone_from(terms);
        if by_customer {
            self.start(Metric::FirstResponse, now);
            self.start(Metric::NextResponse, now);
        }
        self.start(Metric::Resolution, now);
    }

    fn start(&mut self, metric: Metric, now: Moment) {
        let Some(terms) = self.terms.as_ref().filter(|_| self.ended.is_none()) else { return };
        if let Some(target) = terms.target(metric) {
            let before = self.clocks.iter().filter(|clock| clock.metric == metric).count();
            let number = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
            self.clocks.push(Clock::start(metric, number, target, now, &terms.calendar));
        }
    }

    fn ask(&mut self, now: Moment) {
        if !self.clocks.iter().any(is_unanswered) {
            self.start(Metric::NextResponse, now);
        }
    }

    fn answer(&mut self, message: i64, now: Moment) {
        self.answers.push(Answer { at: now.at, message });
        let Some(terms) = &self.terms else { return };
        for clock in &mut self.clocks {
            if clock.metric != Metric::Resolution {
                clock.fulfil(now, Some(message), &terms.calendar);
            }
        }
    }

    /// The reply never was: what it fulfilled goes on, unless a later reply fulfils it.
    fn bounce(&mut self, message: i64, now: Moment) {
        self.answers.retain(|answer| answer.message != message);
        let Some(terms) = self.terms.clone() else { return };
        for clock in &mut self.clocks {
            let fulfilled = clock.fulfilled_at.filter(|_| clock.fulfilled_by == Some(message));
            let Some(fulfilled) = fulfilled else { continue };
            clock.unfulfil(&terms.calendar);
            let later = self.answers.iter().find(|answer| answer.at >= fulfilled);
            if let Some(answer) = later {
                let then = Moment { at: answer.at, recorded_at: now.recorded_at };
                clock.fulfil(then, Some(answer.message), &terms.calendar);
                continue;
            }
            match (self.ended, terms.target(clock.metric)) {
                (None, Some(target)) if clock.differs_from(target, &terms.calendar) => {
                    clock.adjust(target, now, &terms.calendar, BreachCause::Retarget);
                }
                (None, Some(_)) => clock.settle(now),
                (ended, _) => {
                    let reason = ended.unwrap_or(CancelReason::NoTarget);
                    clock.cancel(now, reason, &terms.calendar);
                }
            }
        }
    }

    fn change_phase(&mut self, phase: Phase, now: Moment) {
        let was = std::mem::replace(&mut self.phase, phase);
        let Some(terms) = &self.terms else { return };
        let target = terms.resolution.filter(|_| self.ended.is_none());
        for clock in self.clocks.iter_mut().filter(|clock| clock.metric == Metric::Resolution) {
            match (was, phase, target) {
                (_, Phase::Done, _) => clock.fulfil(now, None, &terms.calendar),
                (Phase::Done, _, Some(target)) => clock.reopen(target, now, &terms.calendar),
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

    fn edit_calendar(&mut self, calendar: &Arc<Calendar>, now: Moment) {
        if let Some(terms) = &mut self.terms {
            terms.calendar = Arc::clone(calendar);
            self.adjust(now, BreachCause::CalendarEdit);
        }
    }

    /// Brings every open clock under the present terms.
    fn adjust(&mut self, now: Moment, cause: BreachCause) {
        let Some(terms) = &self.terms else { return };
        for clock in &mut self.clocks {
            match terms.target(clock.metric) {
                Some(target) => clock.adjust(target, now, &terms.calendar, cause),
                None => clock.cancel(now, CancelReason::NoTarget, &terms.calendar),
            }
        }
    }

    fn inherit(&mut self, since: DateTime<Utc>, now: Moment) {
        self.ask(now);
        let Some(terms) = &self.terms else { return };
        if let Some(clock) = self.clocks.iter_mut().find(|clock| is_unanswered(clock)) {
            clock.start_earlier(since, now, &terms.calendar);
        }
    }

    fn end(&mut self, reason: CancelReason, now: Moment) {
        let before = self.ended.filter(|why| *why != CancelReason::PolicyDeactivated);
        self.ended = before.or(Some(reason));
        let Some(terms) = &self.terms else { return };
        for clock in &mut self.clocks {
            clock.cancel(now, reason, &terms.calendar);
        }
    }
}

fn is_unanswered(clock: &Clock) -> bool {
    clock.metric == Metric::NextResponse && clock.is_open()
}
