//! Compliance: the contract's figure by ticket, and beside it the one by clock instance.

use std::collections::BTreeMap;

use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::hundredths;
use crate::period::Period;
use crate::reports::Error;
use crate::reports::repo::compliance::{self as repo, InstanceRow, TicketRow};
use crate::sla::model::Metric;

/// The most groups of an answer.
const GROUPS_AT_MOST: i64 = 1_000;

kamhub_kernel::wire_enum! {
    /// What tickets are grouped by.
    pub enum Dimension {
        /// The team that has them now.
        Team = "team",
        /// The agent who has them now.
        Agent = "agent",
        /// Their category now.
        Category = "category",
        /// Their priority now.
        Priority = "priority",
        /// The day in UTC: on which tickets were created, on which targets ended.
        Day = "day",
    }
}

/// How well promises were kept in a period (contract, section 4). Tickets are those created in it, clock
/// instances those whose target ended in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// From when to when.
    pub period: Period,
    /// By ticket.
    #[serde(flatten)]
    pub tickets: TicketFigures,
    /// By clock instance.
    pub instances: InstanceFigures,
    /// The same by metric, those that have any.
    pub by_metric: Vec<MetricFigures>,
    /// What the groups have in common; null where none were asked for.
    #[schema(examples("team"))]
    pub group_by: Option<Dimension>,
    /// The groups in the order of their keys, at most 1000; empty where none were asked for.
    pub groups: Vec<ComplianceGroup>,
}

/// Figures by ticket: a ticket with two violations counts once in the percentage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketFigures {
    /// Tickets created in the period.
    #[schema(examples(150))]
    pub total_tickets: i64,
    /// Their violations of the first response.
    #[schema(examples(12))]
    pub first_response_violations: i64,
    /// Their violations of the resolution.
    #[schema(examples(8))]
    pub resolution_violations: i64,
    /// Both together.
    #[schema(examples(20))]
    pub total_violations: i64,
    /// The share of tickets without either; 100 where there are no tickets.
    #[schema(examples(86.67))]
    pub compliance_percentage: f64,
    /// Their violations of next responses, which are in none of the figures above.
    #[schema(examples(5))]
    pub next_response_violations: i64,
}

impl TicketFigures {
    /// Of so many tickets, so many of them in violation, with these violations of first responses, next
    /// responses and resolutions.
    pub fn new(tickets: i64, violating: i64, (first, next, resolution): (i64, i64, i64)) -> Self {
        Self {
            total_tickets: tickets,
            first_response_violations: first,
            resolution_violations: resolution,
            total_violations: first + resolution,
            compliance_percentage: percentage(tickets - violating, tickets),
            next_response_violations: next,
        }
    }
}

impl From<&TicketRow> for TicketFigures {
    fn from(row: &TicketRow) -> Self {
        let violations = (row.first_response, row.next_response, row.resolution);
        Self::new(row.tickets, row.violating, violations)
    }
}

/// Figures by clock instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceFigures {
    /// Fulfilled in time.
    #[schema(examples(260))]
    pub met: i64,
    /// Fulfilled too late, or ended after the time was up.
    #[schema(examples(18))]
    pub breached: i64,
    /// Met as a share of met and breached; 100 where there are neither.
    #[schema(examples(93.53))]
    pub compliance_percentage: f64,
    /// Missed, and still waited for; not in the share.
    #[schema(examples(2))]
    pub running_overdue: i64,
    /// Missed because of another target, calendar or merge, not by time; not in the share.
    #[schema(examples(1))]
    pub retargeted: i64,
    /// Cancelled before the time was up; not in the share.
    #[schema(examples(4))]
    pub cancelled: i64,
}

impl InstanceFigures {
    fn sum<'a>(rows: impl Iterator<Item = &'a InstanceRow>) -> Self {
        let mut sum = Self::default();
        for row in rows {
            sum.met += row.met;
            sum.breached += row.breached;
            sum.running_overdue += row.overdue;
            sum.retargeted += row.retargeted;
            sum.cancelled += row.cancelled;
        }
        sum.compliance_percentage = percentage(sum.met, sum.met + sum.breached);
        sum
    }
}

/// Figures of the clocks of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricFigures {
    /// What the clocks measure.
    pub metric: Metric,
    /// Their figures.
    #[serde(flatten)]
    pub instances: InstanceFigures,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComplianceGroup {
    /// What its members have in common; null for those that have none, such as tickets of no team.
    #[schema(examples("Bookings"))]
    pub key: Option<String>,
    /// The agent's name, where that is the key.
    #[schema(examples("Анна Лебедева"))]
    pub name: Option<String>,
    /// By ticket.
    #[serde(flatten)]
    pub tickets: TicketFigures,
    /// By clock instance.
    pub instances: InstanceFigures,
}

/// Compliance in a period, also in groups where a dimension is given.
///
/// # Errors
/// A database fault.
pub async fn compliance(
    connection: &mut PgConnection,
    clock: &dyn Clock,
    period: Period,
    group_by: Option<Dimension>,
) -> Result<Compliance, Error> {
    let (from, to, now) = (period.from, period.to, clock.now());
    let tickets = repo::tickets(connection, from, to).await?;
    let instances = repo::instances(connection, from, to, now).await?;
    let groups = match group_by {
        None => Vec::new(),
        Some(by) => {
            let limit = GROUPS_AT_MOST;
            let tickets = repo::ticket_groups(connection, from, to, by, limit).await?;
            let most = limit * i64::try_from(Metric::ALL.len()).unwrap_or(3);
            let rows = repo::instance_groups(connection, from, to, now, by, most).await?;
            grouped(&tickets, &rows)
        }
    };
    let metric = |row: &InstanceRow| MetricFigures {
        metric: row.metric,
        instances: InstanceFigures::sum(std::iter::once(row)),
    };
    Ok(Compliance {
        period,
        tickets: TicketFigures::from(&tickets),
        instances: InstanceFigures::sum(instances.iter()),
        by_metric: instances.iter().map(metric).collect(),
        group_by,
        groups,
    })
}

/// Tickets and instances of the same key together; what has no key comes last.
fn grouped(tickets: &[TicketRow], instances: &[InstanceRow]) -> Vec<ComplianceGroup> {
    type Members<'a> = (Option<&'a TicketRow>, Vec<&'a InstanceRow>);
    let mut groups: BTreeMap<(bool, &Option<String>), Members<'_>> = BTreeMap::new();
    for row in tickets {
        groups.entry((row.key.is_none(), &row.key)).or_default().0 = Some(row);
    }
    for row in instances {
        groups.entry((row.key.is_none(), &row.key)).or_default().1.push(row);
    }
    let group = |((_, key), (tickets, rows)): (_, Members<'_>)| ComplianceGroup {
        key: Option::clone(key),
        name: tickets
            .and_then(|row| row.name.clone())
            .or_else(|| rows.iter().find_map(|row| row.name.clone())),
        tickets: TicketFigures::from(tickets.unwrap_or(&TicketRow::default())),
        instances: InstanceFigures::sum(rows.into_iter()),
    };
    let most = usize::try_from(GROUPS_AT_MOST).unwrap_or_default();
    groups.into_iter().map(group).take(most).collect()
}

/// A share in per cent, rounded to two places; 100 where there is nothing to share.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn percentage(part: i64, whole: i64) -> f64 {
    if whole == 0 { 100.0 } else { hundredths(part as f64 * 100.0 / whole as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_example_comes_out_to_the_digit() {
        assert!((percentage(130, 150) - 86.67).abs() < f64::EPSILON);
        assert!((percentage(0, 0) - 100.0).abs() < f64::EPSILON);
        assert!((percentage(2, 3) - 66.67).abs() < f64::EPSILON);
    }
}
