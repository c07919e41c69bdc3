//! Whom a ticket goes to, and why not to the others; no I/O (semantics, section 2).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{AgentStatus, WorkingHours, at_work};
use crate::category::Category;
use crate::ids::AgentId;

/// How many agents a decision names; the others are counted.
const NAMED: usize = 10;

kamhub_kernel::wire_enum! {
    /// Why an agent was not chosen. Where several hold, the first one in this order is told: it is
    /// the one that has to change first.
    pub enum Reason {
        /// Is not specialised in the category.
        NotSpecialised = "not_specialised",
        /// Is not at work.
        Offline = "offline",
        /// Is away for a moment.
        Away = "away",
        /// Takes no more tickets at present.
        Busy = "busy",
        /// It is outside working hours in the agent's own zone.
        OutsideHours = "outside_hours",
        /// Has as many tickets in work as allowed.
        AtCapacity = "at_capacity",
        /// Could take it, but somebody else has less to do or waits longer.
        LessSuitable = "less_suitable",
        /// Could take it, but the ticket is snoozed: nobody gets it now.
        Snoozed = "snoozed",
    }
}

/// An agent as assignment sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    pub name: String,
    /// Whether the agent takes tickets.
    pub status: AgentStatus,
    /// Whether the agent knows the category in question.
    pub specialised: bool,
    /// The agent's zone, an IANA name.
    pub timezone: String,
    /// The agent's shift; none means always.
    pub hours: Option<WorkingHours>,
    /// Tickets in work.
    pub open_tickets: i32,
    /// The most tickets in work at once.
    pub max_concurrent_tickets: i32,
    /// When the agent last got a ticket.
    pub last_assigned_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// Why the agent cannot take a ticket at `now`; `None` where they can.
    pub fn obstacle(&self, now: DateTime<Utc>) -> Option<Reason> {
        let by_status = match self.status {
            AgentStatus::Online => None,
            AgentStatus::Away => Some(Reason::Away),
            AgentStatus::Busy => Some(Reason::Busy),
            AgentStatus::Offline => Some(Reason::Offline),
        };
        let specialised = (!self.specialised).then_some(Reason::NotSpecialised);
        specialised
            .or(by_status)
            .or_else(|| (!at_work(self.hours, &self.timezone, now)).then_some(Reason::OutsideHours))
            .or_else(|| (self.room() == 0).then_some(Reason::AtCapacity))
    }

    /// How many tickets more the agent may have in work.
    pub fn room(&self) -> i64 {
        (i64::from(self.max_concurrent_tickets) - i64::from(self.open_tickets)).max(0)
    }

    /// Who comes first: the least loaded for their capacity, then who has waited longest, then the
    /// lower id.
    pub fn before(&self, other: &Self) -> Ordering {
        // a/b < c/d, without division.
        let mine = i64::from(self.open_tickets) * i64::from(other.max_concurrent_tickets);
        let theirs = i64::from(other.open_tickets) * i64::from(self.max_concurrent_tickets);
        mine.cmp(&theirs)
            .then(self.last_assigned_at.cmp(&other.last_assigned_at))
            .then(self.agent_id.cmp(&other.agent_id))
    }
}

/// The agent who got the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    pub name: String,
    /// Tickets in work before this one.
    pub open_tickets: i32,
    /// The most tickets in work at once.
    pub max_concurrent_tickets: i32,
}

/// An agent who did not get the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotChosen {
    /// The agent.
    pub agent_id: AgentId,
    /// The agent's name.
    pub name: String,
    /// Why not.
    pub reason: Reason,
    /// Tickets in work.
    pub open_tickets: i32,
    /// The most tickets in work at once.
    pub max_concurrent_tickets: i32,
}

/// A decision of assignment, as it is kept with the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What the ticket is about.
    pub category: Category,
    /// When it was decided.
    pub decided_at: DateTime<Utc>,
    /// Who got the ticket; null where nobody could take it.
    pub chosen: Option<Chosen>,
    /// How many agents were not chosen, by reason.
    #[schema(value_type = BTreeMap<String, u32>, examples(json!({"offline": 3, "at_capacity": 1})))]
    pub not_chosen: BTreeMap<Reason, u32>,
    /// Up to ten of those who were not chosen, the most suitable first.
    pub candidates: Vec<NotChosen>,
}

impl Decision {
    /// Says of every agent why they got the ticket or not. `chosen` counts as able to take it.
    pub fn of(
        category: Category,
        now: DateTime<Utc>,
        standings: &[Standing],
        chosen: Option<AgentId>,
    ) -> Self {
        Self::where_others(category, now, standings, chosen, Reason::LessSuitable)
    }

    /// Says of every agent why they do not get a ticket that nobody is given now.
    pub fn of_snoozed(category: Category, now: DateTime<Utc>, standings: &[Standing]) -> Self {
        Self::where_others(category, now, standings, None, Reason::Snoozed)
    }

    /// The same, with what is to say of those who could have taken it.
    fn where_others(
        category: Category,
        now: DateTime<Utc>,
        standings: &[Standing],
        chosen: Option<AgentId>,
        otherwise: Reason,
    ) -> Self {
        let mut not_chosen = BTreeMap::new();
        let mut others: Vec<(Reason, &Standing)> = Vec::with_capacity(standings.len());
        for standing in standings.iter().filter(|standing| Some(standing.agent_id) != chosen) {
            let reason = standing.obstacle(now).unwrap_or(otherwise);
            *not_chosen.entry(reason).or_insert(0) += 1;
            others.push((reason, standing));
        }
        // The reasons are declared from the hardest obstacle to the least.
        others.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.before(other)));
        let winner = standings.iter().find(|standing| Some(standing.agent_id) == chosen);
        Self {
            category,
            decided_at: now,
            chosen: winner.map(|standing| Chosen {
                agent_id: standing.agent_id,
                name: standing.name.clone(),
                open_tickets: standing.open_tickets,
                max_concurrent_tickets: standing.max_concurrent_tickets,
            }),
            not_chosen,
            candidates: others.into_iter().take(NAMED).map(NotChosen::of).collect(),
        }
    }
}

impl NotChosen {
    fn of((reason, standing): (Reason, &Standing)) -> Self {
        Self {
            agent_id: standing.agent_id,
            name: standing.name.clone(),
            reason,
            open_tickets: standing.open_tickets,
            max_concurrent_tickets: standing.max_concurrent_tickets,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing(id: i64, status: AgentStatus, open: i32, capacity: i32) -> Standing {
        Standing {
            agent_id: AgentId(id),
            name: format!("Agent {id}"),
            status,
            specialised: true,
            timezone: "UTC".to_owned(),
            hours: None,
            open_tickets: open,
            max_concurrent_tickets: capacity,
            last_assigned_at: None,
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    #[test]
    fn of_several_obstacles_the_hardest_is_told() {
        let mut agent = standing(1, AgentStatus::Offline, 5, 5);
        assert_eq!(agent.obstacle(now()), Some(Reason::Offline));
        agent.specialised = false;
        assert_eq!(agent.obstacle(now()), Some(Reason::NotSpecialised));
        agent = standing(1, AgentStatus::Online, 7, 5);
        assert_eq!((agent.obstacle(now()), agent.room()), (Some(Reason::AtCapacity), 0));
    }

    #[test]
    fn an_agent_who_never_got_a_ticket_has_waited_longest() {
        let fresh = standing(9, AgentStatus::Online, 0, 5);
        let mut served = standing(1, AgentStatus::Online, 0, 5);
        served.last_assigned_at = Some(now());
        assert_eq!(fresh.before(&served), Ordering::Less);
    }

    prop_compose! {
        fn any_standing()(
            id in 1..1000_i64,
            status in prop::sample::select(AgentStatus::ALL),
            specialised: bool,
            open in 0..60_i32,
            capacity in 1..=50_i32,
            last in prop::option::of(0..100_i64),
        ) -> Standing {
            Standing {
                specialised,
                last_assigned_at: last.and_then(|second| DateTime::from_timestamp(second, 0)),
                ..standing(id, status, open, capacity)
            }
        }
    }

    proptest! {
        #[test]
        fn the_order_is_total_and_agrees_with_the_share_of_capacity_as_the_database_computes_it(
            one in any_standing(), other in any_standing(),
        ) {
            prop_assert_eq!(one.before(&other), other.before(&one).reverse());
            let share = |agent: &Standing| {
                f64::from(agent.open_tickets) / f64::from(agent.max_concurrent_tickets)
            };
            let by_share = share(&one).total_cmp(&share(&other));
            if by_share.is_ne() {
                prop_assert_eq!(one.before(&other), by_share);
            }
        }

        #[test]
        fn a_decision_counts_everybody_once_and_names_the_most_suitable_first(
            mut agents in prop::collection::vec(any_standing(), 0..40),
        ) {
            agents.sort_by_key(|agent| agent.agent_id);
            agents.dedup_by_key(|agent| agent.agent_id);
            let able = agents.iter().filter(|agent| agent.obstacle(now()).is_none());
            let best = able.min_by(|one, other| one.before(other)).map(|agent| agent.agent_id);
            let decision = Decision::of(Category::Other, now(), &agents, best);
            let counted: u32 = decision.not_chosen.values().sum();
            let chosen = u32::from(decision.chosen.is_some());
            prop_assert_eq!(usize::try_from(counted + chosen).unwrap(), agents.len());
            prop_assert_eq!(decision.chosen.map(|chosen| chosen.agent_id), best);
            prop_assert!(decision.candidates.is_sorted_by(|a, b| a.reason >= b.reason));
            prop_assert_eq!(decision.candidates.len(), agents.len().saturating_sub(usize::from(best.is_some())).min(NAMED));
        }
    }
}
