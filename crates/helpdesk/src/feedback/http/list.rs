//! `GET /api/support/feedback`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::number;
use kamhub_httpkit::{Answer, ApiResult, ListEnvelope, Problem, ValidQuery};
use kamhub_kernel::Faults;
use serde::Deserialize;
use utoipa::IntoParams;

use super::page_of;
use crate::app::App;
use crate::feedback::model::FeedbackView;
use crate::feedback::service::list::{self, FEEDBACK, Filter};
use crate::ids::{AgentId, CustomerId};

/// Filters and page.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// About this agent.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "7")]
    agent_id: Option<AgentId>,
    /// From the customer with this number on the platform.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "42")]
    customer_id: Option<CustomerId>,
    /// This rating or a better one, 1 to 5.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 5)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5, example = 1)]
    rating_min: Option<i64>,
    /// This rating or a worse one, 1 to 5.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 5)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 5, example = 2)]
    rating_max: Option<i64>,
    /// The page, from 1; page × limit may reach 10,000, beyond that use the cursor.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1)))]
    #[param(value_type = Option<i64>, minimum = 1, example = 1)]
    page: Option<i64>,
    /// The most rows of a page, 1 to 100.
    #[serde(deserialize_with = "number")]
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<i64>,
    /// Continues after an earlier page: its `nextCursor`.
    #[garde(skip)]
    cursor: Option<String>,
}

impl ListQuery {
    fn filter(&self) -> Result<Filter, Faults> {
        let rating = |given: Option<i64>, otherwise: i16| {
            given.and_then(|rating| i16::try_from(rating).ok()).unwrap_or(otherwise)
        };
        let filter = Filter {
            agent: self.agent_id,
            customer_id: self.customer_id.map(|id| id.0),
            rating_min: rating(self.rating_min, 1),
            rating_max: rating(self.rating_max, 5),
        };
        if filter.rating_min > filter.rating_max {
            return Err(Faults::of("ratingMin", "Rating min must not be above rating max"));
        }
        Ok(filter)
    }
}

/// List feedback
///
/// Newest first. Surveys have a list of their own.
#[utoipa::path(
    get, path = "/api/support/feedback", operation_id = "feedback_list", tag = "feedback",
    params(ListQuery),
    responses((status = 200, description = "A page of feedback", body = ListEnvelope<FeedbackView>)),
)]
pub async fn handler(
    State(app): State<App>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Answer> {
    let mut faults = Faults::new();
    let filter = query.filter();
    let page = page_of(FEEDBACK, query.page, query.limit, query.cursor.as_deref());
    let (Ok(filter), Ok((page, number))) = (&filter, &page) else {
        filter.err().into_iter().chain(page.err()).for_each(|fault| faults.merge(fault));
        return Err(Problem::invalid(faults));
    };
    let mut connection = app.db.connection().await?;
    let rows = list::feedback(&mut connection, filter, page).await?;
    Ok(Answer::list(rows.map(|row| row.view()), *number, page.limit))
}
