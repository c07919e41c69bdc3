//! Tickets, messages and customers: candidates, the newest first.
//!
//! The statements are not kept prepared: a plan for any word would walk all tickets for one that none has, or
//! collect half of them for one that half have.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::search::model::{DocumentKind, Reach, Request, Tickets};
use crate::search::rank::PLACES;

/// The most candidates that are put in order; the newest.
const MOST: i64 = 200;
/// Messages are indexed by their four thousands.
const BLOCK: i64 = 12;

/// A ticket, message or customer, and how well it fits.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::search) struct Ranked {
    pub id: i64,
    pub score: f64,
}

/// The tickets that this query of the index finds: of the newest, the best first.
pub(in crate::search) async fn tickets(
    connection: &mut PgConnection,
    asked: &str,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query = QueryBuilder::new(
        "WITH candidates AS MATERIALIZED (SELECT t.id FROM tickets t WHERE t.search_vector @@ ",
    );
    query.push_bind(asked.to_owned()).push("::text::tsquery");
    ticket_conditions(&mut query, reach, request);
    query.push(" ORDER BY t.id DESC LIMIT ").push_bind(MOST);
    query.push(") SELECT id, (ts_rank(").push_bind(PLACES.to_vec());
    query.push("::float4[], search_vector, ").push_bind(asked.to_owned());
    query.push(
        "::text::tsquery) + 0.2 / (1 + greatest(0, extract(epoch FROM now() - created_at)) / 2592000))::float8 \
         AS score FROM candidates JOIN tickets USING (id) ORDER BY score DESC, id DESC",
    );
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

fn ticket_conditions(query: &mut QueryBuilder<Postgres>, reach: Reach, request: &Request) {
    query.push(" AND t.deleted_at IS NULL AND t.merged_into_id IS NULL");
    match reach.tickets {
        Tickets::All => {}
        Tickets::None => {
            query.push(" AND false");
        }
        Tickets::Own { requester, only_ticket } => {
            query.push(" AND t.requester_id = ").push_bind(requester);
            if let Some(only) = only_ticket {
                query.push(" AND t.id = ").push_bind(only);
            }
        }
    }
    if let Some(category) = &request.category {
        query.push(" AND t.category = ").push_bind(category.clone());
    }
}

/// Messages that this query of the index finds, the newest first. `share` is how many of all messages are
/// expected to have the words: with many, only the newest blocks of the index are asked.
pub(in crate::search) async fn messages(
    connection: &mut PgConnection,
    asked: &str,
    share: f64,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    if reach.tickets != Tickets::All {
        return own_messages(connection, asked, reach, request).await;
    }
    let last: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM ticket_messages")
        .fetch_one(&mut *connection)
        .await?;
    let last = last.unwrap_or_default();
    // Twice as many as are needed, because words do not lie evenly.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
    let window = ((2 * MOST) as f64 / share.max(1e-9)).min(last as f64) as i64;
    let from = last.saturating_sub(window) >> BLOCK;
    if from > 0 {
        let found = messages_matching(connection, asked, Some(from), reach, request).await?;
        if i64::try_from(found.len()).unwrap_or(MOST) >= MOST / 4 {
            return Ok(found);
        }
    }
    messages_matching(connection, asked, None, reach, request).await
}

/// The index gives all matches of its blocks, so that neither a walk along all messages nor a join with all tickets
/// looks cheaper: every message that is looked at would be split into words again.
async fn messages_matching(
    connection: &mut PgConnection,
    asked: &str,
    from: Option<i64>,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query = QueryBuilder::new(
        "WITH hits AS MATERIALIZED (SELECT m.id, m.ticket_id, m.created_at FROM ticket_messages m \
         WHERE to_tsvector('kamhub', search_fold(m.message)) @@ ",
    );
    query.push_bind(asked.to_owned()).push("::text::tsquery");
    if let Some(from) = from {
        query.push(" AND (m.id >> 12) >= ").push_bind(from).push("::bigint");
    }
    let looked_at = if request.category.is_some() { 5 * MOST } else { 2 * MOST };
    query.push("), newest AS MATERIALIZED (SELECT * FROM hits ORDER BY id DESC LIMIT ");
    query.push_bind(looked_at).push(") SELECT m.id, ");
    query.push(AGE).push(" FROM newest m JOIN tickets t ON t.id = m.ticket_id WHERE true");
    ticket_conditions(&mut query, reach, request);
    query.push(" ORDER BY m.id DESC LIMIT ").push_bind(MOST);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// Public messages of a customer's own tickets: these are few, and are read.
async fn own_messages(
    connection: &mut PgConnection,
    asked: &str,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query =
        QueryBuilder::new("WITH own AS MATERIALIZED (SELECT id FROM tickets t WHERE true");
    ticket_conditions(&mut query, reach, request);
    query.push(" ORDER BY id DESC LIMIT ").push_bind(MOST).push(") SELECT m.id, ").push(AGE);
    query.push(
        " FROM own JOIN ticket_messages m ON m.ticket_id = own.id WHERE NOT m.is_internal \
         AND to_tsvector('kamhub', search_fold(m.message)) @@ ",
    );
    query.push_bind(asked.to_owned()).push("::text::tsquery ORDER BY m.id DESC LIMIT ");
    query.push_bind(MOST);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// The newer, the better.
const AGE: &str = "(1.0 / (1 + greatest(0, extract(epoch FROM now() - m.created_at)) / 2592000))::float8 AS score";

/// Tickets or messages in which one of these identifiers stands, or the ticket of this id; the newest first.
pub(in crate::search) async fn identified(
    connection: &mut PgConnection,
    kind: DocumentKind,
    identifiers: &[String],
    ticket: Option<i64>,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(match kind {
        DocumentKind::Message => "m.id, 1.0::float8 AS score FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id WHERE ",
        _ => "t.id, 1.0::float8 AS score FROM tickets t WHERE ",
    });
    let own = if kind == DocumentKind::Message { "m.id" } else { "t.id" };
    query.push(own).push(" IN (SELECT source_id FROM search_identifiers WHERE kind = ");
    query.push_bind(kind.as_str()).push(" AND identifier = ANY (");
    query.push_bind(identifiers.to_vec()).push(")");
    if kind == DocumentKind::Ticket {
        query.push(" UNION SELECT ").push_bind(ticket).push("::bigint");
    }
    query.push(")");
    if kind == DocumentKind::Message && reach.tickets != Tickets::All {
        query.push(" AND NOT m.is_internal");
    }
    ticket_conditions(&mut query, reach, request);
    query.push(format!(" ORDER BY {own} DESC LIMIT ")).push_bind(MOST);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// Customers whose name or address has words that begin like these, or whose number it is.
pub(in crate::search) async fn customers(
    connection: &mut PgConnection,
    beginnings: &str,
    number: Option<i64>,
) -> DbResult<Vec<Ranked>> {
    Ok(sqlx::query_as(
        "SELECT id, 1.0::float8 AS score FROM (
             (SELECT id FROM customers
              WHERE to_tsvector('simple', search_plain(name || ' ' || coalesce(email, ''))) @@ $1::text::tsquery LIMIT $3)
             UNION SELECT id FROM customers WHERE external_id = $2) c ORDER BY id DESC LIMIT $3",
    )
    .bind(beginnings)
    .bind(number)
    .bind(MOST)
    .persistent(false)
    .fetch_all(connection)
    .await?)
}

/// What a result shows of a ticket, a message or a customer.
#[derive(Debug, Clone)]
pub(in crate::search) struct Shown {
    pub id: i64,
    pub title: String,
    pub body: String,
    pub category: Option<String>,
    pub ticket_id: Option<i64>,
    pub ticket_number: Option<String>,
    pub status: Option<String>,
    pub email: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// The rows of a page of one kind, in any order.
pub(in crate::search) async fn shown(
    connection: &mut PgConnection,
    kind: DocumentKind,
    ids: &[i64],
) -> DbResult<Vec<Shown>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = match kind {
        DocumentKind::Message => {
            sqlx::query_as!(
                Shown,
                r#"SELECT m.id AS "id!", t.subject AS "title!", m.message AS "body!", t.category AS "category?",
                          t.id AS "ticket_id?", t.ticket_number AS "ticket_number?", t.status AS "status?",
                          NULL::text AS "email?", m.created_at AS "created_at!"
                   FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id WHERE m.id = ANY ($1)"#,
                ids
            )
            .fetch_all(connection)
            .await?
        }
        DocumentKind::Customer => {
            sqlx::query_as!(
                Shown,
                r#"SELECT id AS "id!", name AS "title!", '' AS "body!", NULL::text AS "category?",
                          NULL::bigint AS "ticket_id?", NULL::text AS "ticket_number?", NULL::text AS "status?",
                          email AS "email?", created_at AS "created_at!"
                   FROM customers WHERE id = ANY ($1)"#,
                ids
            )
            .fetch_all(connection)
            .await?
        }
        _ => {
            sqlx::query_as!(
                Shown,
                r#"SELECT id AS "id!", subject AS "title!", description AS "body!", category AS "category?",
                          id AS "ticket_id?", ticket_number AS "ticket_number?", status AS "status?",
                          customer_email AS "email?", created_at AS "created_at!"
                   FROM tickets WHERE id = ANY ($1)"#,
                ids
            )
            .fetch_all(connection)
            .await?
        }
    };
    Ok(rows)
}
