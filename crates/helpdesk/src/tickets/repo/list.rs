//! The list of tickets: filters are put together, so that each combination gets a plan of its own.
//!
//! The statements are not kept prepared: a plan for any value would serve the word that half of all
//! tickets have and the word that one has in the same way, and be wrong for one of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::COLUMNS;
use crate::ids::TicketId;
use crate::tickets::model::Ticket;
use crate::tickets::query::{Assignee, Filter, ListRequest, SortBy, SortKey, SortOrder, Way};
use crate::tickets::state::Status;

/// The rows of a page and, where there may be more, one beyond it.
pub(in crate::tickets) async fn page(
    connection: &mut PgConnection,
    request: &ListRequest,
    way: Way,
) -> DbResult<Vec<Ticket>> {
    let mut query = match way {
        Way::Walk => walk(request),
        Way::Gather => gather(request, |query| {
            candidates(query, request, &request.filter.status);
        }),
        Way::EachStatus => gather(request, |query| each_status(query, request)),
    };
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// Along the index of the order, passing over rows that do not fit, until the page is full.
fn walk(request: &ListRequest) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM tickets"));
    conditions(&mut query, &request.filter, &request.filter.status);
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

fn candidates(query: &mut QueryBuilder<Postgres>, request: &ListRequest, status: &[Status]) {
    let column = request.sort_by.column();
    query.push(format!("SELECT id AS candidate, {column} AS key FROM tickets"));
    conditions(query, &request.filter, status);
    after(query, request);
}

/// As many of each state as the page could need.
fn each_status(query: &mut QueryBuilder<Postgres>, request: &ListRequest) {
    let (skip, rows) = window(request);
    let states: BTreeSet<Status> = request.filter.status.iter().copied().collect();
    for (place, status) in states.iter().enumerate() {
        query.push(if place == 0 { "(" } else { " UNION ALL (" });
        candidates(query, request, &[*status]);
        query.push(order(request, request.sort_by.column(), "id"));
        query.push(" LIMIT ").push_bind(skip + rows).push(")");
    }
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
    let Start::After(SortKey { value, id, .. }) = &request.page.start else { return };
    let column = request.sort_by.column();
    let sign = match request.order {
        SortOrder::Asc => ">",
        SortOrder::Desc => "<",
    };
    query.push(format!(" AND ({column}, id) {sign} ("));
    match request.sort_by {
        SortBy::Priority => query.push_bind(i16::try_from(*value).unwrap_or_default()),
        _ => query.push_bind(DateTime::<Utc>::from_timestamp_micros(*value)),
    };
    query.push(", ").push_bind(*id).push(")");
}

/// How many rows the filter lets through: exactly, or up to one beyond the cap.
pub(in crate::tickets) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
    exact: bool,
) -> DbResult<i64> {
    // Nothing is selected, so that an index alone can answer.
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT FROM tickets");
    conditions(&mut query, filter, &filter.status);
    if !exact {
        query.push(" LIMIT ").push_bind(COUNT_CAP + 1);
    }
    query.push(") AS counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(connection).await?)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter, status: &[Status]) {
    query.push(" WHERE deleted_at IS NULL AND merged_into_id IS NULL");
    words(query, "status", status.iter().map(|status| status.as_str()));
    words(query, "priority", filter.priority.iter().map(|priority| priority.as_str()));
    words(query, "category", filter.category.iter().map(|category| category.as_str()));
    if let Some(customer) = filter.customer_id {
        query.push(" AND customer_id = ").push_bind(customer);
    }
    if let Some(requester) = filter.requester {
        query.push(" AND requester_id = ").push_bind(requester);
    }
    if let Some(only) = filter.only {
        query.push(" AND id = ").push_bind(only);
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
    if let Some(tag) = &filter.tag {
        query.push(" AND tags @> ").push_bind(vec![tag.clone()]);
    }
    if let Some(from) = filter.from {
        query.push(" AND created_at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND created_at <= ").push_bind(until);
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
