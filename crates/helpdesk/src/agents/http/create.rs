//! `POST /api/support/agents`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{self, between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{Specialization, WorkingHoursInput, not_empty};
use crate::agents::model::{Agent, AgentStatus, DEFAULT_CAPACITY, Profile, Zone};
use crate::agents::service;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::PlatformUserId;

/// A new agent (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateAgent {
    /// The platform's number of the person, unique among agents.
    #[garde(skip)]
    #[schema(examples("501"))]
    user_id: Option<PlatformUserId>,
    /// The address, unique among agents.
    #[garde(custom(validate::email))]
    #[schema(required = true, max_length = 254, examples("anna@kamhub.example"))]
    email: String,
    /// The name that customers see, 2 to 100 characters.
    #[garde(custom(text(2, 100)))]
    #[schema(required = true, min_length = 2, max_length = 100, examples("Анна Лебедева"))]
    name: String,
    /// The team, 1 to 100 characters.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Bookings"))]
    team: Option<String>,
    /// What the agent knows; at least one.
    #[garde(custom(not_empty))]
    #[schema(
        required = true,
        value_type = Vec<crate::category::Category>,
        min_items = 1,
        examples(json!(["billing"]))
    )]
    specialization: Specialization,
    /// The zone of the working hours, an IANA name; UTC where none is given.
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("Asia/Kamchatka"))]
    timezone: Option<Zone>,
    /// The daily shift; none means always.
    #[garde(dive)]
    working_hours: Option<WorkingHoursInput>,
    /// The most tickets in work at once, 1 to 50; 5 where none is given.
    #[garde(inner(custom(between(1, 50))))]
    #[schema(minimum = 1, maximum = 50, examples(5))]
    max_concurrent_tickets: Option<i32>,
    /// Whether the agent takes tickets; offline where none is given.
    #[garde(skip)]
    status: Option<AgentStatus>,
}

impl From<CreateAgent> for Profile {
    fn from(body: CreateAgent) -> Self {
        Self {
            user_id: body.user_id,
            email: body.email,
            name: body.name,
            team: body.team,
            specialization: body.specialization.0,
            timezone: body.timezone.unwrap_or(Zone(chrono_tz::Tz::UTC)),
            working_hours: body.working_hours.and_then(|hours| hours.hours()),
            max_concurrent_tickets: body.max_concurrent_tickets.unwrap_or(DEFAULT_CAPACITY),
        }
    }
}

/// Create an agent
///
/// Who is created online gets waiting tickets at once.
#[utoipa::path(
    post, path = "/api/support/agents", operation_id = "agent_create", tag = "agents",
    request_body(content = CreateAgent, example = json!({
        "userId": "501", "email": "anna@kamhub.example", "name": "Анна Лебедева", "team": "Bookings",
        "specialization": ["booking", "refund"], "timezone": "Asia/Kamchatka",
        "workingHours": {"start": "09:00", "end": "18:00"}, "maxConcurrentTickets": 5
    })),
    responses(
        (status = 201, description = "The new agent", body = Envelope<Agent>),
        (status = 409, description = "Another agent has the email or the user id",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    body: Valid<CreateAgent>,
) -> ApiResult<Answer> {
    let status = body.value.status.unwrap_or(AgentStatus::Offline);
    let profile = Profile::from(body.value);
    let mut tx = app.db.begin().await?;
    let id = service::create(&mut tx, &*app.clock, &actor, &profile, status).await?;
    let agent = super::finish(tx, &app, id).await?;
    Ok(Answer::created(agent).location(format!("/api/support/agents/{id}")))
}
