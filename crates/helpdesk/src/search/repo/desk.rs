//! Tickets and messages: candidates, the newest first; and what results show.
//!
//! The statements are not kept prepared: a plan for any word would be wrong for one that half of all tickets have or
//! for one that none has, and would read the query of the index anew for every row that is weighed.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::search::model::{DocumentKind, Reach, Request, Tickets};
use crate::search::rank::PLACES;

/// The most candidates that are put in order; the newest.
pub(in crate::search) const MOST: i64 = 200;
/// Tickets and messages are indexed by their four thousands.
const BLOCK: i64 = 12;
/// The share that words are taken to have which are not counted.
const UNKNOWN: f64 = 0.01;
/// Where too few are found, so many times more are looked through, again and again: the newest texts may be of one kind
/// that lacks the word, such as those of a burst, and all that have it would be far more.
const WIDER: i64 = 8;
/// Of more blocks than these the index is not asked: what it would find without them is less.
const MOST_BLOCKS: i64 = 256;
/// The same where the blocks are asked all at once.
const MOST_AT_ONCE: i64 = 32;

/// A ticket, message or customer, and how well it fits.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::search) struct Ranked {
    pub id: i64,
    pub score: f64,
}

/// How common the words of a query are taken to be.
#[derive(Debug, Clone, Copy)]
pub(in crate::search) struct Share {
    /// The share of all texts that have them; 0 where they are not counted.
    pub of_all: f64,
    /// How many texts there are.
    pub collection: i64,
    /// Whether a text must have several words. Looked up block by block, the index would go through all texts of
    /// their words for every block in which they do not meet.
    pub several: bool,
}

/// Of the newest texts, so many; block by block from the newest on, or all blocks at once.
#[derive(Debug, Clone, Copy)]
struct Window {
    texts: i64,
    by_block: bool,
}

impl Share {
    /// How many of the newest texts are worth asking the index for, one after the other; none where all had better be
    /// asked for at once.
    fn windows(self) -> impl Iterator<Item = Window> {
        let share = if self.of_all > 0.0 { self.of_all } else { UNKNOWN };
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let window = (MOST as f64 / share).min(i64::MAX as f64) as i64;
        let (most, wider) =
            if self.several { (MOST_AT_ONCE, i64::MAX) } else { (MOST_BLOCKS, WIDER) };
        std::iter::successors(Some(window), move |window| window.checked_mul(wider))
            .take_while(move |window| *window < self.collection && window >> BLOCK <= most)
            .map(move |texts| Window { texts, by_block: !self.several })
    }
}

fn is_enough(found: &[Ranked]) -> bool {
    i64::try_from(found.len()).unwrap_or(MOST) >= MOST / 4
}

/// Texts of one table that have the words.
struct Texts {
    table: &'static str,
    /// What is kept of each; `id` is among it.
    columns: &'static str,
    /// The condition that the index knows; the query of words follows.
    have: &'static str,
}

const TICKETS: Texts = Texts { table: "tickets", columns: "t.id", have: "t.search_vector @@ " };
const MESSAGES: Texts = Texts {
    table: "ticket_messages",
    columns: "t.id, t.ticket_id, t.created_at",
    have: "to_tsvector('kamhub', search_fold(t.message)) @@ ",
};

impl Texts {
    /// Those that have the words: all, or the newest `most` of a window. By a range of blocks, the index first gathers
    /// all texts of these; block by block it goes no further than until there are enough.
    fn hits(
        &self,
        query: &mut QueryBuilder<Postgres>,
        asked: &str,
        window: Option<Window>,
        most: i64,
        conditions: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) {
        let Self { table, columns, have } = self;
        let by_block = window.filter(|window| window.by_block);
        if let Some(Window { texts, .. }) = by_block {
            query.push(
                "SELECT of_block.* FROM (SELECT generate_series(newest >> 12, greatest(0, newest - ",
            );
            query.push_bind(texts).push("::bigint) >> 12, -1) AS block");
            query.push(format!(
                " FROM (SELECT max(id) AS newest FROM {table}) AS of_all) AS blocks"
            ));
            query.push(" CROSS JOIN LATERAL (SELECT * FROM (");
        }
        query.push(format!("SELECT {columns} FROM {table} t WHERE {have}"));
        query.push_bind(asked.to_owned()).push("::text::tsquery");
        if by_block.is_some() {
            query.push(" AND (t.id >> 12) = block");
        } else if let Some(Window { texts, .. }) = window {
            query.push(" AND (t.id >> 12) >= (SELECT greatest(0, max(id) - ");
            query.push_bind(texts).push(format!("::bigint) FROM {table}) >> 12"));
        }
        conditions(query);
        if by_block.is_some() {
            // Sorted apart from the looking up: the planner would rather walk from the newest text on.
            query
                .push(" OFFSET 0) AS fitting ORDER BY id DESC) AS of_block LIMIT ")
                .push_bind(most);
        }
    }
}

/// The tickets that this query of the index finds: of the newest, the best first. Of common words only the newest
/// blocks of the index are asked.
pub(in crate::search) async fn tickets(
    connection: &mut PgConnection,
    asked: &str,
    share: Share,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    if reach.tickets == Tickets::All {
        for window in share.windows() {
            let found = tickets_matching(connection, asked, Some(window), reach, request).await?;
            if is_enough(&found) {
                return Ok(found);
            }
        }
    }
    tickets_matching(connection, asked, None, reach, request).await
}

/// All that fit are taken before the newest are kept, so that the index is asked and no walk along the tickets looks
/// cheaper.
async fn tickets_matching(
    connection: &mut PgConnection,
    asked: &str,
    window: Option<Window>,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query = QueryBuilder::new("WITH hits AS MATERIALIZED (");
    TICKETS.hits(&mut query, asked, window, MOST, |query| ticket_conditions(query, reach, request));
    query.push(") SELECT id, (ts_rank(").push_bind(PLACES.to_vec());
    query.push("::float4[], search_vector, ").push_bind(asked.to_owned());
    query.push(
        "::text::tsquery) + 0.2 / (1 + greatest(0, extract(epoch FROM now() - created_at)::float8) / 2592000))::float8 \
         AS score FROM (SELECT id FROM hits ORDER BY id DESC LIMIT ",
    );
    query.push_bind(MOST).push(") AS newest JOIN tickets USING (id) ORDER BY score DESC, id DESC");
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

fn ticket_conditions(query: &mut QueryBuilder<Postgres>, reach: Reach, request: &Request) {
    query.push(" AND t.deleted_at IS NULL AND t.merged_into_id IS NULL");
    match reach.tickets {
        Tickets::All => {}
        Tickets::None => {
            query.push(" AND false");
        }
        // A link opens its ticket also where nobody is known to ask.
        Tickets::Own { only_ticket: Some(only), .. } => {
            query.push(" AND t.id = ").push_bind(only);
        }
        Tickets::Own { requester, only_ticket: None } => {
            query.push(" AND t.requester_id = ").push_bind(requester);
        }
    }
    if let Some(category) = &request.category {
        query.push(" AND t.category = lower(").push_bind(category.clone()).push(")");
    }
}

/// Messages that this query of the index finds, the newest first. Of common words only the newest blocks of the index
/// are asked.
pub(in crate::search) async fn messages(
    connection: &mut PgConnection,
    asked: &str,
    share: Share,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    if reach.tickets != Tickets::All {
        return own_messages(connection, asked, reach, request).await;
    }
    for window in share.windows() {
        let found = messages_matching(connection, asked, Some(window), reach, request).await?;
        if is_enough(&found) {
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
    window: Option<Window>,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    // Some belong to tickets that are deleted, or of another category.
    let looked_at = if request.category.is_some() { 5 * MOST } else { MOST + MOST / 4 };
    let mut query = QueryBuilder::new("WITH hits AS MATERIALIZED (");
    MESSAGES.hits(&mut query, asked, window, looked_at, |_| {});
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
const AGE: &str = "(1.0::float8 / (1 + greatest(0, extract(epoch FROM now() - m.created_at)::float8) / 2592000))::float8 AS score";

/// What a query may name exactly.
pub(in crate::search) struct Identified {
    /// Identifiers in their one form.
    pub identifiers: Vec<String>,
    /// The ticket of this number or id.
    pub ticket: Option<i64>,
    /// Numbers that bookings or orders may have.
    pub numbers: Vec<i64>,
}

/// Tickets or messages in which one of these identifiers stands, the newest first. A ticket is also found by its number,
/// its customer's address, its booking and its order; of one that was merged the ticket that it went into.
pub(in crate::search) async fn identified(
    connection: &mut PgConnection,
    kind: DocumentKind,
    asked: &Identified,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(match kind {
        DocumentKind::Message => "m.id, 1.0::float8 AS score FROM ticket_messages m JOIN tickets t ON t.id = m.ticket_id WHERE ",
        _ => "t.id, 1.0::float8 AS score FROM tickets t WHERE ",
    });
    let own = if kind == DocumentKind::Message { "m.id" } else { "t.id" };
    query.push(format!("{own} IN (SELECT source_id FROM search_identifiers WHERE kind = '{kind}'"));
    query.push(" AND identifier = ANY (").push_bind(asked.identifiers.clone()).push(")");
    if kind == DocumentKind::Ticket {
        named_by_columns(&mut query, asked);
    }
    query.push(")");
    if kind == DocumentKind::Message && reach.tickets != Tickets::All {
        query.push(" AND NOT m.is_internal");
    }
    ticket_conditions(&mut query, reach, request);
    query.push(format!(" ORDER BY {own} DESC LIMIT ")).push_bind(MOST);
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

fn named_by_columns(query: &mut QueryBuilder<Postgres>, asked: &Identified) {
    query.push(" UNION SELECT coalesce(merged_into_id, id) FROM tickets WHERE id = ");
    query.push_bind(asked.ticket);
    let addresses: Vec<String> =
        asked.identifiers.iter().filter(|one| one.contains('@')).cloned().collect();
    if !addresses.is_empty() {
        query.push(
            " UNION (SELECT id FROM tickets WHERE requester_id IS NULL AND deleted_at IS NULL AND merged_into_id IS NULL
                 AND lower(customer_email) = ANY (",
        );
        query.push_bind(addresses.clone()).push(") ORDER BY created_at DESC LIMIT ");
        query.push_bind(MOST).push(
            ") UNION (SELECT r.id FROM customers c JOIN tickets r ON r.requester_id = c.id
                 WHERE r.deleted_at IS NULL AND r.merged_into_id IS NULL AND lower(c.email) = ANY (",
        );
        query.push_bind(addresses).push(") ORDER BY r.created_at DESC LIMIT ");
        query.push_bind(MOST).push(")");
    }
    for column in ["related_booking_id", "related_order_id"] {
        query.push(format!(" UNION (SELECT id FROM tickets WHERE {column} = ANY ("));
        query.push_bind(asked.numbers.clone());
        query.push(format!(") ORDER BY {column}, id DESC LIMIT ")).push_bind(MOST).push(")");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(of_all: f64, several: bool) -> Vec<i64> {
        Share { of_all, collection: 1_000_000, several }.windows().map(|one| one.texts).collect()
    }

    #[test]
    fn a_common_word_is_looked_for_in_ever_wider_windows_before_all_texts_are() {
        assert_eq!(texts(0.2, false), [1_000, 8_000, 64_000, 512_000]);
        assert_eq!(texts(0.004, false), [50_000, 400_000]);
        assert_eq!(texts(0.2, true), [1_000]);
        assert_eq!(texts(0.002, true), [100_000]);
        assert_eq!(texts(0.0001, false), [0; 0]);
    }
}
