//! What a ticket's link opens beside the ticket itself.

use kamhub_postgres::{DbResult, PgConnection};

use super::COLUMNS;
use crate::ids::{CustomerId, TicketId};
use crate::tickets::model::Ticket;

/// A conversation that was continued, split and merged more often than this is nobody's.
const MOST: i64 = 1_000;

/// The ticket of a link, and whatever continues it, was split from it or was merged with it, as far as the same person
/// asks there: the customer of the link, or, where nobody is known to ask, whoever reads the address that the link was
/// sent to.
pub(in crate::tickets) async fn of_link(
    connection: &mut PgConnection,
    only: TicketId,
    customer: CustomerId,
) -> DbResult<Vec<TicketId>> {
    Ok(sqlx::query_scalar!(
        r#"WITH RECURSIVE reached AS (
               SELECT id, merged_into_id FROM tickets WHERE id = $1 AND deleted_at IS NULL
               UNION
               SELECT beside.id, beside.merged_into_id FROM reached CROSS JOIN LATERAL (
                   SELECT id, merged_into_id FROM tickets WHERE follow_up_of_id = reached.id
                   UNION ALL
                   SELECT id, merged_into_id FROM tickets WHERE split_from_id = reached.id
                   UNION ALL
                   SELECT id, merged_into_id FROM tickets WHERE merged_into_id = reached.id
                   UNION ALL
                   SELECT id, merged_into_id FROM tickets WHERE id = reached.merged_into_id
               ) AS beside
           )
           SELECT t.id AS "id: TicketId" FROM reached
           JOIN tickets AS t ON t.id = reached.id
           JOIN tickets AS linked ON linked.id = $1
           WHERE t.deleted_at IS NULL
             AND (t.id = $1 OR t.requester_id = $2
                 OR t.requester_id IS NULL
                    AND lower(t.customer_email) = lower(linked.customer_email))
           ORDER BY t.id LIMIT $3"#,
        only.0,
        customer.0,
        MOST
    )
    .fetch_all(connection)
    .await?)
}

/// Those of the tickets that have a conversation of their own, oldest first.
pub(in crate::tickets) async fn unmerged(
    connection: &mut PgConnection,
    tickets: &[TicketId],
) -> DbResult<Vec<Ticket>> {
    let ids: Vec<i64> = tickets.iter().map(|ticket| ticket.0).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM tickets WHERE id = ANY ($1) AND deleted_at IS NULL
             AND merged_into_id IS NULL ORDER BY created_at, id"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(ids).fetch_all(connection).await?)
}
