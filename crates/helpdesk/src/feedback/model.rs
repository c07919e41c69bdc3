//! What feedback and surveys are; no I/O.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::category::Category;
use crate::ids::{AgentId, CustomerId, FeedbackId, SurveyId, TicketId};

/// How long a customer may change what they said.
pub const CHANGEABLE_FOR: Duration = Duration::days(14);

/// Feedback on a ticket as it is stored.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Feedback {
    /// The id.
    pub id: FeedbackId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The platform's number of the customer.
    pub customer_id: Option<i64>,
    /// The customer, where it is known who it is.
    pub requester_id: Option<CustomerId>,
    /// The agent whom it is about.
    pub agent_id: Option<AgentId>,
    /// The ticket's category as it was.
    pub category: Option<Category>,
    /// The ticket's team, or its agent's, as it was.
    pub team: Option<String>,
    /// 1 to 5.
    pub rating: i16,
    /// In the customer's words.
    pub comment: Option<String>,
    /// How fast, 1 to 5.
    pub response_time: Option<i16>,
    /// Whether it was solved, 1 to 5.
    pub resolution: Option<i16>,
    /// How professionally, 1 to 5.
    pub professionalism: Option<i16>,
    /// How well informed, 1 to 5.
    pub knowledge: Option<i16>,
    /// Whether they would recommend the desk.
    pub would_recommend: Option<bool>,
    /// How likely they would recommend the company, 0 to 10.
    pub nps_score: Option<i16>,
    /// How easy it was, 1 to 7.
    pub ces_score: Option<i16>,
    /// Whether they want to hear from a supervisor.
    pub follow_up_required: bool,
    /// When a supervisor had dealt with that.
    pub follow_up_done_at: Option<DateTime<Utc>>,
    /// Who that was, for programs.
    pub follow_up_done_by: Option<String>,
    /// Who that was, by name.
    pub follow_up_done_by_name: Option<String>,
    /// When it was first given.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What somebody says of a ticket. What is not said stays as it was said before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// 1 to 5.
    pub rating: i16,
    /// In the customer's words; an empty text takes them back.
    pub comment: Option<String>,
    /// How fast, 1 to 5.
    pub response_time: Option<i16>,
    /// Whether it was solved, 1 to 5.
    pub resolution: Option<i16>,
    /// How professionally, 1 to 5.
    pub professionalism: Option<i16>,
    /// How well informed, 1 to 5.
    pub knowledge: Option<i16>,
    /// Whether they would recommend the desk.
    pub would_recommend: Option<bool>,
    /// How likely they would recommend the company, 0 to 10.
    pub nps_score: Option<i16>,
    /// How easy it was, 1 to 7.
    pub ces_score: Option<i16>,
    /// Whether they want to hear from a supervisor.
    pub follow_up_required: Option<bool>,
}

impl Feedback {
    /// The feedback with what is said now. Who asks for a follow-up again, after the last one was
    /// done, gets another one.
    #[must_use]
    pub fn with(&self, said: Said, agent: Option<AgentId>) -> Self {
        let mut after = self.clone();
        after.rating = said.rating;
        if let Some(comment) = said.comment {
            after.comment = Some(comment).filter(|text| !text.trim().is_empty());
        }
        after.response_time = said.response_time.or(self.response_time);
        after.resolution = said.resolution.or(self.resolution);
        after.professionalism = said.professionalism.or(self.professionalism);
        after.knowledge = said.knowledge.or(self.knowledge);
        after.would_recommend = said.would_recommend.or(self.would_recommend);
        after.nps_score = said.nps_score.or(self.nps_score);
        after.ces_score = said.ces_score.or(self.ces_score);
        after.agent_id = agent.or(self.agent_id);
        after.follow_up_required = said.follow_up_required.unwrap_or(self.follow_up_required);
        let asks_again = after != *self && said.follow_up_required == Some(true);
        if asks_again || !after.follow_up_required {
            after.follow_up_done_at = None;
            after.follow_up_done_by = None;
            after.follow_up_done_by_name = None;
        }
        after
    }

    /// Whether somebody has to follow up.
    pub fn waits_for_follow_up(&self) -> bool {
        self.follow_up_required && self.follow_up_done_at.is_none()
    }

    /// Whether the customer has said anything since then. That a follow-up was done is no word of
    /// theirs.
    pub fn is_said_since(&self, time: DateTime<Utc>) -> bool {
        let last_said = self.follow_up_done_at != Some(self.updated_at);
        self.created_at >= time || (last_said && self.updated_at >= time)
    }

    /// The feedback on the wire.
    pub fn view(&self) -> FeedbackView {
        FeedbackView {
            id: self.id,
            ticket_id: self.ticket_id,
            customer_id: self.customer_id.map(|id| id.to_string()),
            customer_verified: self.requester_id.is_some(),
            agent_id: self.agent_id,
            rating: self.rating,
            comment: self.comment.clone(),
            categories: CategoryRatings {
                response_time: self.response_time,
                resolution: self.resolution,
                professionalism: self.professionalism,
                knowledge: self.knowledge,
            },
            would_recommend: self.would_recommend,
            nps_score: self.nps_score,
            ces_score: self.ces_score,
            follow_up_required: self.follow_up_required,
            category: self.category,
            team: self.team.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The task that follows from it.
    pub fn follow_up(&self) -> FollowUpView {
        FollowUpView {
            feedback: self.view(),
            done_at: self.follow_up_done_at,
            done_by: self.follow_up_done_by.clone(),
            done_by_name: self.follow_up_done_by_name.clone(),
        }
    }
}

/// What was thought of parts of the work, each 1 to 5.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CategoryRatings {
    /// How fast.
    #[schema(minimum = 1, maximum = 5, examples(4))]
    pub response_time: Option<i16>,
    /// Whether it was solved.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub resolution: Option<i16>,
    /// How professionally.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub professionalism: Option<i16>,
    /// How well informed.
    #[schema(minimum = 1, maximum = 5, examples(4))]
    pub knowledge: Option<i16>,
}

/// Feedback on a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Feedback)]
pub struct FeedbackView {
    /// The id.
    pub id: FeedbackId,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The platform's number of the customer.
    #[schema(examples("42"))]
    pub customer_id: Option<String>,
    /// Whether it is known who said it; otherwise the number is a service's word.
    pub customer_verified: bool,
    /// The agent whom it is about.
    pub agent_id: Option<AgentId>,
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub rating: i16,
    /// In the customer's words.
    #[schema(examples("Quick and clear, thank you!"))]
    pub comment: Option<String>,
    /// What was thought of parts of the work.
    pub categories: CategoryRatings,
    /// Whether they would recommend the desk.
    pub would_recommend: Option<bool>,
    /// How likely they would recommend the company, 0 to 10.
    #[schema(minimum = 0, maximum = 10, examples(9))]
    pub nps_score: Option<i16>,
    /// How easy it was, 1 to 7.
    #[schema(minimum = 1, maximum = 7, examples(6))]
    pub ces_score: Option<i16>,
    /// Whether they want to hear from a supervisor.
    pub follow_up_required: bool,
    /// The ticket's category when it was first given.
    pub category: Option<Category>,
    /// The ticket's team then, or its agent's.
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// When it was first given.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A task for the supervisor: a customer wants to hear from somebody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FollowUp)]
pub struct FollowUpView {
    /// The feedback; its id is the task's.
    pub feedback: FeedbackView,
    /// When it was dealt with; null while it is open.
    pub done_at: Option<DateTime<Utc>>,
    /// Who did it, for programs.
    #[schema(examples("user:7"))]
    pub done_by: Option<String>,
    /// Who did it, by name.
    #[schema(examples("Анна Лебедева"))]
    pub done_by_name: Option<String>,
}

/// What somebody says of the desk as a whole.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Survey {
    /// The id.
    pub id: SurveyId,
    /// The platform's number of the customer.
    pub customer_id: Option<i64>,
    /// The customer, where it is known who it is.
    pub requester_id: Option<CustomerId>,
    /// Their address.
    pub email: Option<String>,
    /// 1 to 5.
    pub overall_rating: i16,
    /// How good the support is, 1 to 5.
    pub support_quality: Option<i16>,
    /// How fast, 1 to 5.
    pub response_time: Option<i16>,
    /// Whether things are solved, 1 to 5.
    pub resolution: Option<i16>,
    /// How likely they would recommend the company, 0 to 10.
    pub nps_score: Option<i16>,
    /// How easy it is, 1 to 7.
    pub ces_score: Option<i16>,
    /// In the customer's words.
    pub comment: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}

impl Survey {
    /// The survey on the wire.
    pub fn view(&self) -> SurveyView {
        SurveyView {
            id: self.id,
            customer_id: self.customer_id.map(|id| id.to_string()),
            customer_verified: self.requester_id.is_some(),
            email: self.email.clone(),
            overall_rating: self.overall_rating,
            support_quality: self.support_quality,
            response_time: self.response_time,
            resolution: self.resolution,
            nps_score: self.nps_score,
            ces_score: self.ces_score,
            comment: self.comment.clone(),
            created_at: self.created_at,
        }
    }
}

/// A survey that was answered.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Survey)]
pub struct SurveyView {
    /// The id.
    pub id: SurveyId,
    /// The platform's number of the customer.
    #[schema(examples("42"))]
    pub customer_id: Option<String>,
    /// Whether it is known who said it; otherwise number and address are claims.
    pub customer_verified: bool,
    /// Their address.
    #[schema(examples("irina@example.com"))]
    pub email: Option<String>,
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub overall_rating: i16,
    /// How good the support is.
    #[schema(minimum = 1, maximum = 5, examples(4))]
    pub support_quality: Option<i16>,
    /// How fast.
    #[schema(minimum = 1, maximum = 5, examples(4))]
    pub response_time: Option<i16>,
    /// Whether things are solved.
    #[schema(minimum = 1, maximum = 5, examples(5))]
    pub resolution: Option<i16>,
    /// How likely they would recommend the company, 0 to 10.
    #[schema(minimum = 0, maximum = 10, examples(9))]
    pub nps_score: Option<i16>,
    /// How easy it is, 1 to 7.
    #[schema(minimum = 1, maximum = 7, examples(6))]
    pub ces_score: Option<i16>,
    /// In the customer's words.
    #[schema(examples("You always answer."))]
    pub comment: Option<String>,
    /// When it was given.
    pub created_at: DateTime<Utc>,
}
