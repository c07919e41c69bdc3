//! The tickets of a customer in short.

use kamhub_postgres::{DbResult, PgConnection};

use crate::ids::{CustomerId, TicketId};
use crate::tickets::model::TicketInShort;
use crate::tickets::state::Status;

/// The newest tickets that are known to be this customer's, or that name the address and are known to
/// be nobody's.
pub(in crate::tickets) async fn newest_of_customer(
    connection: &mut PgConnection,
    customer: Option<CustomerId>,
    address: &str,
    limit: i64,
) -> DbResult<Vec<TicketInShort>> {
    Ok(sqlx::query_as!(
        TicketInShort,
        r#"SELECT id AS "id!: TicketId", ticket_number AS "number!", subject AS "subject!",
             customer_name AS "customer_name!", status AS "status!: Status",
             created_at AS "created_at!", updated_at AS "updated_at!"
           FROM (
             (SELECT id, ticket_number, subject, customer_name, status, created_at, updated_at
              FROM tickets
              WHERE requester_id = $1 AND deleted_at IS NULL AND merged_into_id IS NULL
              ORDER BY created_at DESC, id DESC LIMIT $3)
             UNION ALL
             (SELECT id, ticket_number, subject, customer_name, status, created_at, updated_at
              FROM tickets
              WHERE requester_id IS NULL AND lower(customer_email) = lower($2)
                AND deleted_at IS NULL AND merged_into_id IS NULL
              ORDER BY created_at DESC, id DESC LIMIT $3)
           ) AS theirs
           ORDER BY created_at DESC, id DESC LIMIT $3"#,
        customer.map(|customer| customer.0),
        address,
        limit
    )
    .fetch_all(connection)
    .await?)
}
