//! Re-evaluation: open tickets are brought under the policies in force. Edits of policies leave running
//! clocks alone until somebody asks for this.

use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::{OnConstraint as _, PgConnection};
use serde_json::json;

use super::repo;
use super::repo::{Candidate, Fits};
use crate::category::Category;
use crate::ids::{RunId, TicketId};
use crate::reports::runs::Error;
use crate::reports::runs::jobs;
use crate::reports::runs::model::{
    PreviewedClock, PreviewedTicket, Reevaluated, ReevaluationPreview, Run, RunKind,
};
use crate::sla::policies;
use crate::sla::policies::view::InForce;
use crate::sla::service::recompute;
use crate::sla::ticket::Versions;
use crate::tickets::model::Priority;

/// How many tickets a preview shows.
const EXAMPLES: i64 = 100;
/// How many tickets one transaction takes.
const BATCH: i64 = 100;

/// What would change.
///
/// # Errors
/// A database fault.
pub async fn preview(
    connection: &mut PgConnection,
    clock: &dyn Clock,
) -> Result<ReevaluationPreview, Error> {
    let all = policies::service::in_force(connection).await?;
    let fits = fits(&all);
    let (tickets, changing) = repo::count_candidates(connection, &fits).await?;
    let mut examples = Vec::new();
    for candidate in repo::candidates(connection, &fits, TicketId(0), EXAMPLES).await? {
        let Some(versions) = versions(&all, &candidate) else { continue };
        let foreseen =
            recompute::foresee(connection, clock, candidate.ticket_id, &versions).await?;
        let clocks = foreseen.into_iter().map(|it| PreviewedClock {
            metric: it.metric,
            number: it.number,
            due_at: it.due_at,
            new_due_at: it.new_due_at,
            would_breach: it.would_breach,
        });
        examples.push(PreviewedTicket {
            ticket_id: candidate.ticket_id,
            ticket_number: candidate.ticket_number,
            policy_id: candidate.policy_id,
            policy_version_id: candidate.policy_version_id,
            new_policy_id: versions.policy,
            new_policy_version_id: versions.policy_version,
            clocks: clocks.collect(),
        });
    }
    Ok(ReevaluationPreview { tickets, changing, examples })
}

/// Begins a re-evaluation, which a job works on.
///
/// # Errors
/// [`Error::UnderWay`]; a database fault.
pub async fn begin(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
) -> Result<RunId, Error> {
    if let Some(run) = repo::under_way(tx).await? {
        return Err(Error::UnderWay(Some(run)));
    }
    let all = policies::service::in_force(tx).await?;
    let (_, changing) = repo::count_candidates(tx, &fits(&all)).await?;
    let (kind, start) = (RunKind::ReEvaluation, (TicketId(0), changing));
    let id = repo::insert(tx, kind, &json!({}), start, &actor.label(), clock.now())
        .await
        .on_constraint("sla_runs_one_re_evaluation_key", || Error::UnderWay(None))?;
    jobs::enqueue(tx, clock, id).await?;
    Ok(id)
}

/// Brings the next tickets under the policies in force.
pub(super) async fn batch(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    run: &mut Run,
) -> Result<bool, Error> {
    let all = policies::service::in_force(tx).await?;
    let next = repo::candidates(tx, &fits(&all), run.position, BATCH).await?;
    let mut result: Reevaluated = match run.done {
        0 => Reevaluated::default(),
        _ => serde_json::from_value(run.result.clone())?,
    };
    for candidate in &next {
        if let Some(versions) = versions(&all, candidate) {
            recompute::reevaluate(tx, clock, candidate.ticket_id, &versions).await?;
            result.changed += 1;
        }
        run.position = candidate.ticket_id;
        run.done += 1;
    }
    run.result = serde_json::to_value(result)?;
    Ok(!next.is_empty())
}

fn versions(all: &[InForce], candidate: &Candidate) -> Option<Versions> {
    InForce::fitting(all, candidate.category, candidate.priority).map(versions_of)
}

fn versions_of(one: &InForce) -> Versions {
    Versions {
        policy: one.policy.facts.id,
        policy_version: one.policy.facts.version_id,
        calendar: one.policy.draft.calendar_id,
        calendar_version: one.calendar_version,
    }
}

/// Which versions apply to which tickets.
fn fits(all: &[InForce]) -> Fits {
    let mut fits = Fits::default();
    for category in Category::ALL {
        for priority in Priority::ALL {
            let Some(one) = InForce::fitting(all, *category, *priority) else { continue };
            let versions = versions_of(one);
            fits.categories.push(*category);
            fits.priorities.push(*priority);
            fits.policy_versions.push(versions.policy_version.0);
            fits.calendar_versions.push(versions.calendar_version.0);
        }
    }
    fits
}
