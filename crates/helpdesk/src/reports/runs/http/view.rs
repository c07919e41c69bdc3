//! Runs as callers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::RunId;
use crate::period::Period;
use crate::reports::runs::Error;
use crate::reports::runs::model::{
    ChangedSides, Reevaluated, Run, RunKind, RunState, Simulated, Simulation, Tally,
};
use crate::reports::service::compliance::TicketFigures;

/// A run, how far it has come and what it has found until now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// The run.
    pub id: RunId,
    /// What it does.
    pub kind: RunKind,
    /// Where it is.
    pub state: RunState,
    /// Tickets to look at, counted when it was asked for.
    #[schema(examples(12000))]
    pub total: i64,
    /// Tickets that were looked at.
    #[schema(examples(3500))]
    pub done: i64,
    /// What a re-evaluation has done until now; null for a simulation.
    pub re_evaluation: Option<Reevaluated>,
    /// What a simulation has found until now, complete once the run is done; null for a re-evaluation.
    pub simulation: Option<SimulationView>,
    /// Why it was given up; null where it was not.
    #[schema(examples(json!(null)))]
    pub failure: Option<String>,
    /// Who asked for it.
    #[schema(examples("user:7"))]
    pub created_by: String,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it last went on.
    pub updated_at: DateTime<Utc>,
    /// When it ended; null while it has not.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What a simulation has found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SimulationView {
    /// Tickets created in this period are counted.
    pub period: Period,
    /// Compliance as it was.
    pub now: TicketFigures,
    /// Compliance as it would have been.
    pub then: TicketFigures,
    /// Tickets that had no clocks, and are left out of both.
    #[schema(examples(0))]
    pub unmeasured: i64,
    /// Tickets that would have kept what they broke.
    #[schema(examples(31))]
    pub became_compliant: i64,
    /// Tickets that would have broken what they kept.
    #[schema(examples(2))]
    pub became_violating: i64,
    /// The first 1000 tickets that change sides.
    pub changed: Vec<ChangedSides>,
}

impl TryFrom<Run> for RunView {
    type Error = Error;

    fn try_from(run: Run) -> Result<Self, Error> {
        let begun = run.done > 0;
        let (mut re_evaluation, mut simulation) = (None, None);
        match run.kind {
            RunKind::ReEvaluation if begun => {
                re_evaluation = Some(serde_json::from_value(run.result)?);
            }
            RunKind::ReEvaluation => re_evaluation = Some(Reevaluated::default()),
            RunKind::Simulation => {
                let asked: Simulation = serde_json::from_value(run.request)?;
                let found: Simulated =
                    if begun { serde_json::from_value(run.result)? } else { Simulated::default() };
                let period = Period { from: asked.from, to: asked.to };
                simulation = Some(SimulationView {
                    period,
                    now: figures(&found.now),
                    then: figures(&found.then),
                    unmeasured: found.unmeasured,
                    became_compliant: found.became_compliant,
                    became_violating: found.became_violating,
                    changed: found.changed,
                });
            }
        }
        Ok(Self {
            id: run.id,
            kind: run.kind,
            state: run.state,
            total: run.total,
            done: run.done,
            re_evaluation,
            simulation,
            failure: run.failure,
            created_by: run.created_by,
            created_at: run.created_at,
            updated_at: run.updated_at,
            finished_at: run.finished_at,
        })
    }
}

fn figures(tally: &Tally) -> TicketFigures {
    TicketFigures::new(
        tally.tickets,
        tally.violating,
        (tally.first_response, tally.next_response, tally.resolution),
    )
}
