//! What customers say, as it is sent.

use garde::Validate;
use kamhub_httpkit::validate::{self, between, text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::feedback::model::{Said, Survey};
use crate::feedback::service::give::Request;
use crate::ids::{AgentId, CustomerId, SurveyId, TicketId};

/// What is thought of parts of the work, each 1 to 5.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(as = CategoryRatingsInput)]
pub struct Categories {
    /// How fast.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(4))]
    response_time: Option<i16>,
    /// Whether it was solved.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(5))]
    resolution: Option<i16>,
    /// How professionally.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(5))]
    professionalism: Option<i16>,
    /// How well informed.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(4))]
    knowledge: Option<i16>,
}

/// Feedback on a ticket (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateFeedback {
    /// The ticket.
    #[garde(custom(given))]
    #[schema(required = true, value_type = TicketId)]
    pub(super) ticket_id: Option<TicketId>,
    /// The customer for whom a service's API key speaks; the ticket's where it does not say. A
    /// customer speaks for themselves, whatever this says.
    #[garde(skip)]
    #[schema(value_type = Option<CustomerId>, examples("42"))]
    customer_id: Option<CustomerId>,
    /// The agent whom it is about; the ticket's where it is not given.
    #[garde(skip)]
    agent_id: Option<AgentId>,
    /// 1 (bad) to 5 (good).
    #[garde(custom(between(1, 5)))]
    #[schema(required = true, minimum = 1, maximum = 5, examples(5))]
    rating: i16,
    /// In the customer's words, at most 1000 characters; an empty text takes them back.
    #[garde(inner(custom(text(0, 1000))))]
    #[schema(max_length = 1000, examples("Quick and clear, thank you!"))]
    comment: Option<String>,
    /// What is thought of parts of the work.
    #[garde(dive)]
    categories: Option<Categories>,
    /// Whether the customer would recommend the desk.
    #[garde(skip)]
    would_recommend: Option<bool>,
    /// Whether the customer wants to hear from a supervisor.
    #[garde(skip)]
    follow_up_required: Option<bool>,
    /// How likely the customer would recommend the company, 0 to 10.
    #[garde(inner(custom(between(0, 10))))]
    #[schema(minimum = 0, maximum = 10, examples(9))]
    nps_score: Option<i16>,
    /// How easy it was, 1 (hard) to 7 (easy).
    #[garde(inner(custom(between(1, 7))))]
    #[schema(minimum = 1, maximum = 7, examples(6))]
    ces_score: Option<i16>,
}

impl From<CreateFeedback> for Request {
    fn from(body: CreateFeedback) -> Self {
        let categories = body.categories.unwrap_or_default();
        Self {
            customer_id: body.customer_id.map(|id| id.0),
            agent: body.agent_id,
            said: Said {
                rating: body.rating,
                comment: body.comment,
                response_time: categories.response_time,
                resolution: categories.resolution,
                professionalism: categories.professionalism,
                knowledge: categories.knowledge,
                would_recommend: body.would_recommend,
                nps_score: body.nps_score,
                ces_score: body.ces_score,
                follow_up_required: body.follow_up_required,
            },
        }
    }
}

/// Feedback by a link from an e-mail.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FeedbackByLink {
    /// The link's token.
    #[garde(length(min = 1, max = 200))]
    #[schema(required = true, max_length = 200, examples("AQAAAAAAAAARAAAAAAAAACoAAAAAadZ1kA"))]
    pub(super) token: String,
    /// 1 (bad) to 5 (good).
    #[garde(custom(between(1, 5)))]
    #[schema(required = true, minimum = 1, maximum = 5, examples(5))]
    rating: i16,
    /// In the customer's words, at most 1000 characters; an empty text takes them back.
    #[garde(inner(custom(text(0, 1000))))]
    #[schema(max_length = 1000, examples("Quick and clear, thank you!"))]
    comment: Option<String>,
    /// What is thought of parts of the work.
    #[garde(dive)]
    categories: Option<Categories>,
    /// Whether the customer would recommend the desk.
    #[garde(skip)]
    would_recommend: Option<bool>,
    /// Whether the customer wants to hear from a supervisor.
    #[garde(skip)]
    follow_up_required: Option<bool>,
    /// How likely the customer would recommend the company, 0 to 10.
    #[garde(inner(custom(between(0, 10))))]
    #[schema(minimum = 0, maximum = 10, examples(9))]
    nps_score: Option<i16>,
    /// How easy it was, 1 (hard) to 7 (easy).
    #[garde(inner(custom(between(1, 7))))]
    #[schema(minimum = 1, maximum = 7, examples(6))]
    ces_score: Option<i16>,
}

impl From<FeedbackByLink> for Request {
    fn from(body: FeedbackByLink) -> Self {
        CreateFeedback {
            ticket_id: None,
            customer_id: None,
            agent_id: None,
            rating: body.rating,
            comment: body.comment,
            categories: body.categories,
            would_recommend: body.would_recommend,
            follow_up_required: body.follow_up_required,
            nps_score: body.nps_score,
            ces_score: body.ces_score,
        }
        .into()
    }
}

/// A survey about the desk as a whole (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateSurvey {
    /// The platform's number of the customer; a signed-in customer's own is taken instead.
    #[garde(skip)]
    #[schema(value_type = Option<CustomerId>, examples("42"))]
    customer_id: Option<CustomerId>,
    /// 1 (bad) to 5 (good).
    #[garde(custom(between(1, 5)))]
    #[schema(required = true, minimum = 1, maximum = 5, examples(5))]
    overall_rating: i16,
    /// How good the support is, 1 to 5.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(4))]
    support_quality: Option<i16>,
    /// How fast, 1 to 5.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(4))]
    response_time: Option<i16>,
    /// Whether things are solved, 1 to 5.
    #[garde(inner(custom(between(1, 5))))]
    #[schema(minimum = 1, maximum = 5, examples(5))]
    resolution: Option<i16>,
    /// How likely the customer would recommend the company, 0 to 10.
    #[garde(inner(custom(between(0, 10))))]
    #[schema(minimum = 0, maximum = 10, examples(9))]
    nps_score: Option<i16>,
    /// How easy it is, 1 (hard) to 7 (easy).
    #[garde(inner(custom(between(1, 7))))]
    #[schema(minimum = 1, maximum = 7, examples(6))]
    ces_score: Option<i16>,
    /// In the customer's words, at most 2000 characters.
    #[garde(inner(custom(text(0, 2000))))]
    #[schema(max_length = 2000, examples("You always answer."))]
    comment: Option<String>,
    /// Their address; a signed-in customer's own is taken instead.
    #[garde(inner(custom(validate::email)))]
    #[schema(max_length = 254, examples("irina@example.com"))]
    email: Option<String>,
}

impl CreateSurvey {
    /// The survey that is to be stored.
    pub(super) fn survey(self, created_at: chrono::DateTime<chrono::Utc>) -> Survey {
        Survey {
            id: SurveyId(0),
            customer_id: self.customer_id.map(|id| id.0),
            requester_id: None,
            email: self.email,
            overall_rating: self.overall_rating,
            support_quality: self.support_quality,
            response_time: self.response_time,
            resolution: self.resolution,
            nps_score: self.nps_score,
            ces_score: self.ces_score,
            comment: self.comment,
            created_at,
        }
    }
}

fn given<T>(value: &Option<T>, _: &()) -> garde::Result {
    value.as_ref().map(|_| ()).ok_or_else(|| garde::Error::new("is required"))
}
