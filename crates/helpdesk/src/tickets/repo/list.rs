//! The list of tickets: filters are put together, so that each combination gets a plan of its own.

use chrono::{DateTime, Utc};
use kamhub_kernel::page::{COUNT_CAP, Start};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use super::COLUMNS;
use crate::ids::TicketId;
use crate::tickets::model::Ticket;
use crate::tickets::service::list::{Assignee, Filter, ListRequest, SortBy, SortKey, SortOrder};

/// The rows of a page and, where there may be more, one beyond it.
pub(in crate::tickets) async fn page(
    connection: &mut PgConnection,
    request: &ListRequest,
) -> DbResult<Vec<Ticket>> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM tickets"));
    conditions(&mut query, &request.filter);
    let column = request.sort_by.column();
    let (sign, direction) = match request.order {
        SortOrder::Asc => (">", "ASC"),
        SortOrder::Desc => ("<", "DESC"),
    };
    if let Start::After(SortKey { value, id, .. }) = &request.page.start {
        query.push(format!(" AND ({column}, id) {sign} ("));
        match request.sort_by {
            SortBy::Priority => query.push_bind(i16::try_from(*value).unwrap_or_default()),
            _ => query.push_bind(DateTime::<Utc>::from_timestamp_micros(*value)),
        };
        query.push(", ").push_bind(*id).push(")");
    }
    query.push(format!(" ORDER BY {column} {direction}, id {direction} LIMIT "));
    query.push_bind(request.page.limit + 1);
    if let Start::Offset(rows) = request.page.start {
        query.push(" OFFSET ").push_bind(rows);
    }
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// How many rows the filter lets through: exactly, or up to one beyond the cap.
pub(in crate::tickets) async fn count(
    connection: &mut PgConnection,
    filter: &Filter,
    exact: bool,
) -> DbResult<i64> {
    let mut query = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM tickets");
    conditions(&mut query, filter);
    if !exact {
        query.push(" LIMIT ").push_bind(COUNT_CAP + 1);
    }
    query.push(") AS counted");
    Ok(query.build_query_scalar().fetch_one(connection).await?)
}

fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter) {
    query.push(" WHERE deleted_at IS NULL AND merged_into_id IS NULL");
    words(query, "status", filter.status.iter().map(|status| status.as_str()));
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
        query.push(" AND tags <> '{}' AND tags @> ").push_bind(vec![tag.clone()]);
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
