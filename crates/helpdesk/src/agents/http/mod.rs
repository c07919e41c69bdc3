//! The calls of the agents slice.

pub mod create;
pub mod input;
pub mod list;
pub mod read;
pub mod status;
pub mod update;

use kamhub_httpkit::ApiResult;
use kamhub_postgres::Tx;

use super::model::Agent;
use super::service;
use crate::app::App;
use crate::assignment;
use crate::ids::AgentId;

/// Ends every change of an agent: what waits for somebody like them is assigned, and all of it is
/// committed together. Answers the agent as they are afterwards.
async fn finish(mut tx: Tx, app: &App, id: AgentId) -> ApiResult<Agent> {
    assignment::agent_became_available(&mut tx, app, id).await?;
    let agent = service::read(&mut tx, app.clock.now(), id).await?;
    tx.commit().await?;
    Ok(agent)
}
