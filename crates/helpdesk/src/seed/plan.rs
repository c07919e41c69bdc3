//! Which tickets the demo has: how each ends, when it began, and which scenario it tells.

use chrono::{Datelike as _, Duration};

use super::content::{Content, Scenario, Tour, When};
use super::random::Random;
use super::rows::Time;

/// How far a ticket has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody of ours has answered.
    Open,
    /// Being worked on.
    InProgress,
    /// The customer was asked something.
    Waiting,
    /// A third party has to answer first.
    OnHold,
    /// Solved, not closed yet.
    Resolved,
    /// Solved and closed.
    Closed,
    /// Closed because the customer never answered our question.
    ClosedSilent,
    /// Solved, as we thought.
    Reopened,
}

impl Fate {
    /// Whether it is work that counts against an agent's capacity.
    pub(super) fn is_open_work(self) -> bool {
        matches!(self, Self::Open | Self::InProgress | Self::Reopened)
    }
}

/// One ticket to be.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) fate: Fate,
    pub(super) created_at: Time,
    pub(super) scenario: &'a Scenario,
    pub(super) tour: Option<&'a Tour>,
}

/// Fate, how many tickets have it, and their age in hours (youngest, oldest). With the duplicates
/// and follow-ups of the story they make 300.
const FATES: [(Fate, usize, i64, i64); 8] = [
    (Fate::InProgress, 26, 3, 6 * 24),
    (Fate::Reopened, 10, 7 * 24, 24 * 24),
    (Fate::Open, 34, 0, 3 * 24),
    (Fate::Waiting, 24, 6, 8 * 24),
    (Fate::OnHold, 18, 20, 14 * 24),
    (Fate::Resolved, 36, 30, 10 * 24),
    (Fate::Closed, 122, 8 * 24, 56 * 24 - 2),
    (Fate::ClosedSilent, 18, 10 * 24, 56 * 24 - 2),
];

/// The plans; open work first, in the order in which it asks for agents.
pub(super) fn plans<'a>(content: &'a Content, now: Time, random: &mut Random) -> Vec<Plan<'a>> {
    let mut used = vec![0_usize; content.scenarios.len()];
    let mut plans = Vec::new();
    for (fate, count, youngest, oldest) in FATES {
        for _ in 0..count {
            let minutes = random.between(youngest * 60 + 12, oldest * 60);
            let created_at = now - Duration::seconds(minutes * 60 + random.between(0, 59));
            let mut order: Vec<usize> = (0..content.scenarios.len()).collect();
            random.shuffle(&mut order);
            let fitting = order
                .into_iter()
                .filter(|index| fits(content, &content.scenarios[*index], fate, created_at))
                .min_by_key(|index| used[*index]);
            let Some(index) = fitting else { continue };
            used[index] += 1;
            let scenario = &content.scenarios[index];
            let tour = random.pick(&tours(content, scenario, created_at)).copied();
            plans.push(Plan { fate, created_at, scenario, tour });
        }
    }
    plans
}

fn fits(content: &Content, scenario: &Scenario, fate: Fate, created_at: Time) -> bool {
    let told = match fate {
        Fate::OnHold => scenario.hold.is_some(),
        Fate::Reopened => scenario.reopen.is_some(),
        Fate::Waiting | Fate::ClosedSilent => scenario.asks(),
        _ => true,
    };
    told && (scenario.tours.is_empty() || !tours(content, scenario, created_at).is_empty())
}

/// The tours of a scenario that run when it happens.
fn tours<'a>(content: &'a Content, scenario: &Scenario, created_at: Time) -> Vec<&'a Tour> {
    content
        .tours
        .iter()
        .filter(|tour| scenario.tours.contains(&tour.id))
        .filter(|tour| scenario.when == When::Future || tour.months.contains(&created_at.month()))
        .collect()
}

impl Scenario {
    /// Whether an agent asks the customer something.
    fn asks(&self) -> bool {
        self.turns
            .iter()
            .any(|turn| turn.ways().iter().any(|way| way.starts_with("A: ") && way.contains('?')))
    }
}
