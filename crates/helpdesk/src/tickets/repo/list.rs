//! The list of tickets: filters are put together, so that each combination gets a plan of its own.
//!
//! The statements are not kept prepared: a plan for any value would serve the word that half of all
//! tickets have and the word that one has in the same way, and be wrong for one of them.

use chrono::{DateTime, NaiveTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{FromRow as _, Postgres, QueryBuilder, Row as _};

use super::COLUMNS;
use crate::ids::TicketId;
use crate::tickets::model::Ticket;
use crate::tickets::query::{
    Assignee, Field, Filter, ListRequest, Reach, SortBy, SortKey, SortOrder, Way, months, rank,
};

/// The rows of a page of a long list and, where there may be more, one beyond it.
pub(in crate::tickets) async fn page(
    connection: &mut PgConnection,
    request: &ListRequest,
    way: Way,
) -> DbResult<Vec<Ticket>> {
    let mut query = match way {
        Way::Walk => walk(request),
        Way::Gather => gather(request, |query| {
            candidates(query, request, &request.filter);
            after(query, request);
        }),
        Way::EachValue(field) => gather(request, |query| each_value(query, request, field)),
        Way::EachMonth => gather(request, |query| each_month(query, request)),
    };
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// The rows of a page of a list of words within that reach; `None` where they do not fill the page and one beyond it.
pub(in crate::tickets) async fn page_within(
    connection: &mut PgConnection,
    request: &ListRequest,
    reach: Reach,
) -> DbResult<Option<Vec<Ticket>>> {
    let (_, rows) = window(request);
    let mut query = match (reach, day_of(request.sort_by)) {
        (Reach::Rows(most), _) => walk_of(request, most),
        (Reach::Days(days), Some(day)) => gather(request, |query| {
            candidates(query, request, &request.filter);
            after(query, request);
            of_days(query, request, day, days);
        }),
        (Reach::Days(_), None) => return Ok(None),
    };
    let found = query.build_query_as().persistent(false).fetch_all(connection).await?;
    Ok((i64::try_from(found.len()).is_ok_and(|found| found >= rows)).then_some(found))
}

/// The first rows of an ordered index, and of these the ones that fit.
fn walk_of(request: &ListRequest, most: i64) -> QueryBuilder<Postgres> {
    let (skip, rows) = window(request);
    let mut query =
        QueryBuilder::new(format!("SELECT {COLUMNS} FROM (SELECT tickets.* FROM tickets"));
    let narrowest = request.filter.narrowest();
    conditions(&mut query, &narrowest);
    of_ranks(&mut query, request, &narrowest);
    after(&mut query, request);
    query.push(order(request, request.sort_by.column(), "id")).push(" LIMIT ").push_bind(most);
    query.push(") AS tickets");
    conditions(&mut query, &request.filter);
    query.push(order(request, request.sort_by.column(), "id"));
    query.push(" LIMIT ").push_bind(rows).push(" OFFSET ").push_bind(skip);
    query
}

/// The day (UTC) of the order's moment, as the index of combinations knows it.
fn day_of(sort_by: SortBy) -> Option<&'static str> {
    match sort_by {
        SortBy::CreatedAt => Some("(created_at AT TIME ZONE 'UTC')::date"),
        SortBy::UpdatedAt => Some("(updated_at AT TIME ZONE 'UTC')::date"),
        SortBy::Priority | SortBy::SlaDue => None,
    }
}

/// The first days of the list, from its end or its cursor on. For one word each is looked up by itself: of a range, the
/// index would gather everything first.
fn of_days(query: &mut QueryBuilder<Postgres>, request: &ListRequest, day: &str, days: i32) {
    let (end, sign, beyond) = match request.order {
        SortOrder::Asc => ("min", "+", "<="),
        SortOrder::Desc => ("max", "-", ">="),
    };
    if request.filter.is_one_word() {
        query.push(format!(
            " AND {day} = ANY (ARRAY(SELECT first {sign} n FROM generate_series(0, "
        ));
        query.push_bind(days - 1).push(") AS n");
    } else {
        query.push(format!(" AND {day} {beyond} (SELECT first {sign} "));
        query.push_bind(days - 1).push("::integer FROM (VALUES (1)) AS one");
    }
    query.push(", (SELECT (");
    match &request.page.start {
        Start::After(from) => {
            query.push_bind(DateTime::<Utc>::from_timestamp_micros(from.value));
            query.push("::timestamptz");
        }
        Start::Offset(_) => {
            let column = request.sort_by.column();
            query.push(format!(
                "(SELECT {end}({column}) FROM tickets WHERE deleted_at IS NULL AND merged_into_id IS NULL)"
            ));
        }
    }
    query.push(" AT TIME ZONE 'UTC')::date AS first) AS of_list)");
    query.push(if request.filter.is_one_word() { ")" } else { "" });
}

/// How many rows the filter lets through, up to one beyond the cap, and the rows of the page, which
/// are right where there are not more: one look at the rows serves both.
pub(in crate::tickets) async fn counted_page(
    connection: &mut PgConnection,
    request: &ListRequest,
) -> DbResult<(i64, Vec<Ticket>)> {
    let order = order(request, "key", "candidate");
    let (skip, rows) = window(request);
    let mut query = QueryBuilder::new("WITH candidates AS MATERIALIZED (");
    candidates(&mut query, request, &request.filter);
    query.push(" LIMIT ").push_bind(COUNT_CAP + 1);
    query.push(
        "), page AS (SELECT tickets.*, key, candidate FROM (SELECT candidate, key FROM candidates",
    );
    if let Start::After(from) = &request.page.start {
        query.push(" WHERE ");
        beyond(&mut query, request, from, "key", "candidate");
    }
    query.push(format!("{order} LIMIT ")).push_bind(rows).push(" OFFSET ").push_bind(skip);
    query.push(") AS place JOIN tickets ON id = candidate) ");
    query.push(format!(
        "SELECT counted, {COLUMNS} FROM (SELECT count(*) AS counted FROM candidates) AS total \
         LEFT JOIN page ON true{order}"
    ));
    let found = query.build().persistent(false).fetch_all(connection).await?;
    let counted = found.first().map_or(Ok(0), |row| row.try_get("counted"))?;
    let mut tickets = Vec::new();
    for row in &found {
        if row.try_get::<Option<i64>, _>("id")?.is_some() {
            tickets.push(Ticket::from_row(row)?);
        }
    }
    Ok((counted, tickets))
}

/// Along the index of the order, passing over rows that do not fit, until the page is full.
fn walk(request: &ListRequest) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM tickets"));
    conditions(&mut query, &request.filter);
    of_ranks(&mut query, request, &request.filter);
    after(&mut query, request);
    query.push(order(request, request.sort_by.column(), "id"));
    let (skip, rows) = window(request);
    query.push(" LIMIT ").push_bind(rows).push(" OFFSET ").push_bind(skip);
    query
}

/// The candidates first, then their order, then the rows of the page.
fn gather(
    request: &ListRequest,
    candidates: impl FnOnce(&mut QueryBuilder<Postgres>),
) -> QueryBuilder<Postgres> {
    let order = order(request, "key", "candidate");
    let (skip, rows) = window(request);
    let mut query = QueryBuilder::new("WITH candidates AS MATERIALIZED (");
    candidates(&mut query);
    query.push(format!(
        ") SELECT {COLUMNS} FROM (SELECT candidate, key FROM candidates{order} LIMIT "
    ));
    query.push_bind(rows).push(" OFFSET ").push_bind(skip);
    query.push(format!(") AS page JOIN tickets ON id = candidate{order}"));
    query
}

fn candidates(query: &mut QueryBuilder<Postgres>, request: &ListRequest, filter: &Filter) {
    let column = request.sort_by.column();
    query.push(format!("SELECT id AS candidate, {column} AS key FROM tickets"));
    conditions(query, filter);
}

/// As many of each value of the field as the page could need.
fn each_value(query: &mut QueryBuilder<Postgres>, request: &ListRequest, field: Field) {
    for (place, filter) in request.filter.each_value(field).iter().enumerate() {
        query.push(if place == 0 { "(" } else { " UNION ALL (" });
        candidates(query, request, filter);
        of_ranks(query, request, filter);
        first_of_part(query, request);
    }
}

/// In the order of priority, priorities are a part of that order.
fn of_ranks(query: &mut QueryBuilder<Postgres>, request: &ListRequest, filter: &Filter) {
    let ranks = || filter.priority.iter().copied().map(rank);
    let (SortBy::Priority, Some((least, most))) =
        (request.sort_by, ranks().min().zip(ranks().max()))
    else {
        return;
    };
    query.push(" AND priority_rank BETWEEN ").push_bind(least).push(" AND ").push_bind(most);
}

/// As many of each month of creation as the page could need.
fn each_month(query: &mut QueryBuilder<Postgres>, request: &ListRequest) {
    let period = request.filter.from.zip(request.filter.until);
    let months = period.map_or_else(Vec::new, |(from, until)| months(from, until));
    for (place, month) in months.into_iter().enumerate() {
        query.push(if place == 0 { "(" } else { " UNION ALL (" });
        candidates(query, request, &request.filter);
        query.push(" AND date_trunc('month', created_at AT TIME ZONE 'UTC') = ");
        query.push_bind(month.and_time(NaiveTime::MIN));
        first_of_part(query, request);
    }
}

/// The first rows of a part of the list.
fn first_of_part(query: &mut QueryBuilder<Postgres>, request: &ListRequest) {
    let (skip, rows) = window(request);
    after(query, request);
    query.push(order(request, request.sort_by.column(), "id"));
    query.push(" LIMIT ").push_bind(skip + rows).push(")");
}

fn order(request: &ListRequest, key: &str, id: &str) -> String {
    let direction = match request.order {
        SortOrder::Asc => "ASC",
        SortOrder::Desc => "DESC",
    };
    format!(" ORDER BY {key} {direction}, {id} {direction}")
}

/// How many rows are passed over, and how many are read: one more than the page has.
fn window(request: &ListRequest) -> (i64, i64) {
    let skip = match request.page.start {
        Start::Offset(rows) => rows,
        Start::After(_) => 0,
    };
    (skip, request.page.limit + 1)
}

fn after(query: &mut QueryBuilder<Postgres>, request: &ListRequest) {
    let Start::After(from) = &request.page.start else { return };
    query.push(" AND ");
    beyond(query, request, from, request.sort_by.column(), "id");
}

fn beyond(
    query: &mut QueryBuilder<Postgres>,
    request: &ListRequest,
    SortKey { value, id: last, .. }: &SortKey,
    key: &str,
    id: &str,
) {
    let sign = match request.order {
        SortOrder::Asc => ">",
        SortOrder::Desc => "<",
    };
    query.push(format!("({key}, {id}) {sign} ("));
    match request.sort_by {
        SortBy::Priority => query.push_bind(i16::try_from(*value).unwrap_or_default()),
        SortBy::SlaDue => {
            let due = DateTime::<Utc>::from_timestamp_micros(*value).filter(|_| *value != i64::MAX);
            query.push("COALESCE(").push_bind(due).push("::timestamptz, 'infinity')")
        }
        _ => query.push_bind(DateTime::<Utc>::from_timestamp_micros(*value)),
    };
    query.push(", ").push_bind(*last).push(")");
}

/// How many rows the filter lets through, however many they are.
pub(in crate::tickets) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
) -> DbResult<i64> {
    // Nothing is selected, so that an index alone can answer.
    let mut query = QueryBuilder::new("SELECT count(*) FROM tickets");
    conditions(&mut query, filter);
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(" WHERE deleted_at IS NULL AND merged_into_id IS NULL");
    fields(query, filter);
    asked_words(query, filter);
}

/// The conditions on columns.
fn fields(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    words(query, "status", filter.status.iter().map(|status| status.as_str()));
    words(query, "priority", filter.priority.iter().map(|priority| priority.as_str()));
    words(query, "category", filter.category.iter().map(|category| category.as_str()));
    if let Some(customer) = filter.customer_id {
        query.push(" AND customer_id = ").push_bind(customer);
    }
    if let Some(requester) = filter.requester {
        query.push(" AND requester_id = ").push_bind(requester);
    }
    if let Some(only) = &filter.only {
        let ids: Vec<i64> = only.iter().map(|ticket| ticket.0).collect();
        query.push(" AND id = ANY (").push_bind(ids).push(")");
    }
    match filter.assignee {
        None => {}
        Some(Assignee::Nobody) => {
            query.push(" AND agent_id IS NULL");
        }
        Some(Assignee::Agent(agent)) => {
            query.push(" AND agent_id = ").push_bind(agent);
        }
    }
    if let Some(team) = &filter.team {
        query.push(" AND team = ").push_bind(team.clone());
    }
    match filter.snoozed {
        None => {}
        Some(true) => {
            query.push(" AND snoozed_until IS NOT NULL");
        }
        Some(false) => {
            query.push(" AND snoozed_until IS NULL");
        }
    }
    if let Some(from) = filter.from {
        query.push(" AND created_at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at <= ").push_bind(until);
    }
}

/// The words and the tag.
fn asked_words(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    if let Some(tag) = &filter.tag {
        query.push(" AND tags @> ").push_bind(vec![tag.clone()]);
    }
    if let Some(search) = &filter.search {
        query.push(" AND (search_vector @@ websearch_to_tsquery('kamhub', search_fold(");
        query.push_bind(search.clone()).push("))");
        if let Some(TicketId(id)) = TicketId::from_number_or_id(search) {
            query.push(" OR id = ").push_bind(id);
        }
        query.push(")");
    }
}

/// One word is compared, several are looked up, so that a single one can use the index's order.
fn words(
    query: &mut QueryBuilder<Postgres>,
    column: &str,
    words: impl Iterator<Item = &'static str>,
) {
    let words: Vec<&'static str> = words.collect();
    match words.as_slice() {
        [] => {}
        [word] => {
            query.push(format!(" AND {column} = ")).push_bind(*word);
        }
        several => {
            query.push(format!(" AND {column} = ANY (")).push_bind(several.to_vec()).push(")");
        }
    }
}
