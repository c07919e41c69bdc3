//! What would have been: a ticket's clocks by its timeline under other policies. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::model::Simulation;
use crate::calendars::{Calendar, CalendarFaults};
use crate::category::Category;
use crate::ids::CalendarId;
use crate::sla::happening::{Event, Happening};
use crate::sla::history::rebuild;
use crate::sla::model::{Moment, ViolationType};
use crate::sla::policies::model::PolicyDraft;
use crate::sla::terms::Terms;
use crate::sla::timeline::{self, Told, What};
use crate::tickets::model::{Entry, Priority};

/// The policies of a simulation, ready to count by.
#[derive(Debug, Clone)]
pub struct Desk {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    draft: PolicyDraft,
    fallback: bool,
    terms: Terms,
}

impl Desk {
    /// Compiles the policies of a simulation. A policy whose calendar the simulation does not have counts
    /// around the clock.
    ///
    /// # Errors
    /// Hours that make no sense.
    pub fn of(simulation: &Simulation) -> Result<Self, CalendarFaults> {
        let mut calendars: HashMap<CalendarId, Arc<Calendar>> = HashMap::new();
        for calendar in &simulation.calendars {
            calendars.insert(calendar.calendar_id, Arc::new(calendar.spec.check()?));
        }
        let always = Arc::new(Calendar::always_open());
        let rule = |rule: &super::model::DraftRule| {
            let calendar = calendars.get(&rule.draft.calendar_id).unwrap_or(&always);
            let terms = rule.draft.terms(Arc::clone(calendar));
            Rule { draft: rule.draft.clone(), fallback: rule.fallback, terms }
        };
        Ok(Self { rules: simulation.policies.iter().map(rule).collect() })
    }

    /// Which policy applies to such tickets.
    fn fitting(&self, category: Category, priority: Priority) -> Option<usize> {
        let fit = |(place, rule): (usize, &Rule)| {
            let active = Some(rule).filter(|rule| rule.draft.active)?;
            Some((active.fallback, active.draft.fit(category, priority)?, place))
        };
        self.rules.iter().enumerate().filter_map(fit).min().map(|(.., place)| place)
    }

    /// The violations that a ticket would have had until `as_of`; none where its timeline does not tell how
    /// its clocks began. `category` and `priority` are those it has now.
    #[must_use]
    pub fn violations(
        &self,
        timeline: &[Entry],
        (category, priority): (Category, Priority),
        as_of: DateTime<Utc>,
    ) -> Option<Vec<ViolationType>> {
        let events = self.events(timeline, (category, priority), as_of)?;
        let clocks = rebuild(&events);
        let broken = clocks.iter().filter(|clock| clock.breached_at.is_some());
        let mut violations: Vec<_> = broken.map(|clock| clock.metric.violation()).collect();
        violations.sort_unstable();
        Some(violations)
    }

    fn events(
        &self,
        timeline: &[Entry],
        present: (Category, Priority),
        as_of: DateTime<Utc>,
    ) -> Option<Vec<Event>> {
        let kinds = Kinds::of(timeline, present);
        let mut fitting = self.fitting(kinds.first.0, kinds.first.1)?;
        let mut begun = false;
        let mut events = Vec::new();
        for told in timeline::history(timeline) {
            let Told { moment, what, .. } = told;
            let happening = match what {
                What::Begun { by_customer, .. } if !begun => {
                    begun = true;
                    let terms = Some(self.rules[fitting].terms.clone());
                    Happening::Created { by_customer, terms }
                }
                What::Absorbed { since, never_answered, .. } => {
                    Happening::Absorbed { unanswered_since: since, never_answered }
                }
                What::Happened(Happening::Swept | Happening::PolicyDeactivated) => continue,
                What::Happened(happening) => happening,
                // What was decided, noticed and done under the policies of the time.
                _ => continue,
            };
            events.push(Event { moment, happening });
        }
        for (at, (category, priority)) in kinds.changes {
            let now = self.fitting(category, priority)?;
            if now != fitting {
                fitting = now;
                let happening = Happening::TermsChanged(self.rules[now].terms.clone());
                events.push(Event { moment: Moment::live(at), happening });
            }
        }
        events.retain(|event| event.moment.at <= as_of);
        events.push(Event { moment: Moment::live(as_of), happening: Happening::Swept });
        begun.then_some(events)
    }
}

/// What a ticket was about, and how urgent, over time.
struct Kinds {
    first: (Category, Priority),
    changes: Vec<(DateTime<Utc>, (Category, Priority))>,
}

impl Kinds {
    fn of(timeline: &[Entry], present: (Category, Priority)) -> Self {
        let said = |entry: &Entry, side: &str| {
            let category = read::<Category>(&entry.data, side, "category");
            let priority = read::<Priority>(&entry.data, side, "priority");
            (category, priority)
        };
        // What the creation does not say, the first change does; what no change says never changed.
        let mut first = (None, None);
        for entry in timeline {
            let side = if entry.kind == "created" { "after" } else { "before" };
            let (category, priority) = said(entry, side);
            first = (first.0.or(category), first.1.or(priority));
        }
        let first = (first.0.unwrap_or(present.0), first.1.unwrap_or(present.1));
        let mut kind = first;
        let mut changes = Vec::new();
        for entry in timeline.iter().filter(|entry| entry.kind != "created") {
            let (category, priority) = said(entry, "after");
            let next = (category.unwrap_or(kind.0), priority.unwrap_or(kind.1));
            if next != kind {
                kind = next;
                changes.push((entry.occurred_at, kind));
            }
        }
        Self { first, changes }
    }
}

fn read<T: serde::de::DeserializeOwned>(data: &Value, side: &str, field: &str) -> Option<T> {
    T::deserialize(data.get(side)?.get(field)?).ok()
}
