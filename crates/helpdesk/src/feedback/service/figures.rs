//! The figures of a period.

use kamhub_postgres::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use crate::agents;
use crate::feedback::error::Error;
use crate::feedback::figures::{Asked, FeedbackGroup, Figures, GroupBy, SurveyFigures, Tally};
use crate::feedback::repo::figures as repo;
use crate::ids::AgentId;
use crate::period::Period;

/// What customers think, over a period.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackMetrics {
    /// From when to when.
    pub period: Period,
    /// Over all feedback on tickets that was asked for.
    #[serde(flatten)]
    pub figures: Figures,
    /// Over surveys; null where an agent, a team or a category is asked for, since a survey has no
    /// ticket.
    pub surveys: Option<SurveyFigures>,
    /// What the groups are told apart by.
    pub group_by: Option<GroupBy>,
    /// Groups: weeks in their order, others by how much feedback they have, at most 200. They count
    /// feedback on tickets only.
    pub groups: Vec<FeedbackGroup>,
}

/// The figures that are asked for.
///
/// # Errors
/// A database fault.
pub async fn metrics(
    connection: &mut PgConnection,
    asked: &Asked,
) -> Result<FeedbackMetrics, Error> {
    let mut all = repo::tallies(connection, asked, None).await?;
    let mut tally = all.pop().unwrap_or_default();
    let surveys = if asked.is_whole() {
        let (figures, answers) = repo::surveys(connection, asked.from, asked.to).await?;
        tally.add_survey(&answers);
        Some(figures)
    } else {
        None
    };
    let groups = match asked.group_by {
        None => Vec::new(),
        Some(by) => {
            let tallies = repo::tallies(connection, asked, Some(by)).await?;
            named(connection, by, tallies).await?
        }
    };
    Ok(FeedbackMetrics {
        period: Period { from: asked.from, to: asked.to },
        figures: tally.figures(),
        surveys,
        group_by: asked.group_by,
        groups,
    })
}

async fn named(
    connection: &mut PgConnection,
    by: GroupBy,
    tallies: Vec<Tally>,
) -> Result<Vec<FeedbackGroup>, Error> {
    let agent = |tally: &Tally| tally.key.as_deref().and_then(|key| key.parse::<AgentId>().ok());
    let names = match by {
        GroupBy::Agent => {
            let agents: Vec<AgentId> = tallies.iter().filter_map(agent).collect();
            agents::service::agent_names(connection, &agents).await?
        }
        _ => Default::default(),
    };
    let group = |tally: Tally| FeedbackGroup {
        name: agent(&tally).and_then(|agent| names.get(&agent).cloned()),
        figures: tally.figures(),
        key: tally.key,
    };
    Ok(tallies.into_iter().map(group).collect())
}
