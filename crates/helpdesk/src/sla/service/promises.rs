//! What a customer may be told of the clocks.

use chrono::{DateTime, Utc};
use kamhub_postgres::PgConnection;

use crate::ids::TicketId;
use crate::sla::error::Error;
use crate::sla::repo;

/// Until when the customer is to have an answer; `None` where none is owed.
///
/// # Errors
/// A database fault.
pub async fn answer_due(
    connection: &mut PgConnection,
    ticket: TicketId,
) -> Result<Option<DateTime<Utc>>, Error> {
    Ok(repo::answer_due(connection, ticket).await?)
}
