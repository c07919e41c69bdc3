//! What a customer has asked before.

use kamhub_postgres::PgConnection;

use crate::ids::CustomerId;
use crate::tickets::error::Error;
use crate::tickets::model::TicketInShort;
use crate::tickets::repo;

/// The newest tickets of whoever reads the mail of an address: those of the customer who is known to
/// have it, and those that only name it. So much is sent to the address anyway.
///
/// # Errors
/// A database fault.
pub async fn newest(
    connection: &mut PgConnection,
    customer: Option<CustomerId>,
    address: &str,
    limit: i64,
) -> Result<Vec<TicketInShort>, Error> {
    Ok(repo::of_customer::newest_of_customer(connection, customer, address, limit).await?)
}
