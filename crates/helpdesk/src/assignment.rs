//! Where agents and tickets meet. Agents rank below tickets and may not call them, so what tickets
//! have to do when an agent becomes available is called from here, by the handlers of both.

use kamhub_httpkit::ApiResult;
use kamhub_postgres::PgConnection;

use crate::app::App;
use crate::ids::AgentId;
use crate::tickets::service::backlog;

/// An agent was created, came online, got more capacity or learned something: gives them the
/// waiting tickets that they can take, in the caller's transaction, so that nothing waits while
/// somebody is free. Whether they can take any is decided by the ledger's `free_slots`; it is
/// right to call this after every change of an agent.
///
/// # Errors
/// A database fault.
pub async fn agent_became_available(
    tx: &mut PgConnection,
    app: &App,
    agent: AgentId,
) -> ApiResult<()> {
    backlog::drain_for_agent(tx, &*app.clock, agent, None).await?;
    Ok(())
}

/// Gives waiting tickets to whoever has room now, each agent in a transaction of their own. It runs
/// every few seconds, for what no change announces: working hours that begin, and tickets that came
/// in while somebody's capacity was being freed.
///
/// # Errors
/// A database fault.
pub async fn fill(app: &App) -> ApiResult<usize> {
    let mut connection = app.db.connection().await?;
    let agents = backlog::agents_to_fill(&mut connection, &*app.clock).await?;
    drop(connection);
    let mut given = 0;
    for agent in agents {
        let mut tx = app.db.begin().await?;
        given += backlog::drain_for_agent(&mut tx, &*app.clock, agent, None).await?;
        tx.commit().await?;
    }
    Ok(given)
}
