//! `PATCH /api/support/agents/{id}`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{self, between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, PathId, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::input::{Specialization, WorkingHoursInput, not_empty, nullable};
use crate::agents::model::{Agent, Profile, Zone};
use crate::agents::service;
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::ids::{AgentId, PlatformUserId};

/// What changes; fields that are not given stay as they are.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateAgent {
    /// The platform's number of the person, unique among agents; null takes it away.
    #[serde(deserialize_with = "nullable")]
    #[garde(skip)]
    #[schema(value_type = Option<PlatformUserId>, examples("501"))]
    user_id: Option<Option<PlatformUserId>>,
    /// The address, unique among agents.
    #[garde(inner(custom(validate::email)))]
    #[schema(max_length = 254, examples("anna@kamhub.example"))]
    email: Option<String>,
    /// The name that customers see, 2 to 100 characters.
    #[garde(inner(custom(text(2, 100))))]
    #[schema(min_length = 2, max_length = 100, examples("Анна Лебедева"))]
    name: Option<String>,
    /// The team, 1 to 100 characters; null takes the agent out of it.
    #[serde(deserialize_with = "nullable")]
    #[garde(inner(inner(custom(text(1, 100)))))]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, examples("Bookings"))]
    team: Option<Option<String>>,
    /// What the agent knows; at least one.
    #[garde(inner(custom(not_empty)))]
    #[schema(value_type = Option<Vec<crate::category::Category>>, examples(json!(["billing"])))]
    specialization: Option<Specialization>,
    /// The zone of the working hours, an IANA name.
    #[garde(skip)]
    #[schema(value_type = Option<String>, examples("Asia/Kamchatka"))]
    timezone: Option<Zone>,
    /// The daily shift; null means always.
    #[serde(deserialize_with = "nullable")]
    #[garde(dive)]
    #[schema(value_type = Option<WorkingHoursInput>)]
    working_hours: Option<Option<WorkingHoursInput>>,
    /// The most tickets in work at once, 1 to 50.
    #[garde(inner(custom(between(1, 50))))]
    #[schema(minimum = 1, maximum = 50, examples(8))]
    max_concurrent_tickets: Option<i32>,
}

impl UpdateAgent {
    fn apply(self, to: Profile) -> Profile {
        let hours = self.working_hours.map(|given| given.and_then(|hours| hours.hours()));
        Profile {
            user_id: self.user_id.unwrap_or(to.user_id),
            email: self.email.unwrap_or(to.email),
            name: self.name.unwrap_or(to.name),
            team: self.team.unwrap_or(to.team),
            specialization: self.specialization.map_or(to.specialization, |known| known.0),
            timezone: self.timezone.unwrap_or(to.timezone),
            working_hours: hours.unwrap_or(to.working_hours),
            max_concurrent_tickets: self
                .max_concurrent_tickets
                .unwrap_or(to.max_concurrent_tickets),
        }
    }
}

/// Change an agent
///
/// More capacity or a new speciality is filled with waiting tickets at once; less capacity takes
/// no ticket away.
#[utoipa::path(
    patch, path = "/api/support/agents/{id}", operation_id = "agent_update", tag = "agents",
    params(("id" = AgentId, Path, description = "The agent")),
    request_body(content = UpdateAgent, example = json!({
        "maxConcurrentTickets": 8, "workingHours": {"start": "22:00", "end": "06:00"}
    })),
    responses(
        (status = 200, description = "The agent as they are now", body = Envelope<Agent>),
        (status = 409, description = "Another agent has the email or the user id",
            body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    PathId(id): PathId<AgentId>,
    body: Valid<UpdateAgent>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let change = |profile| body.value.apply(profile);
    service::update(&mut tx, &*app.clock, &actor, id, change).await?;
    Ok(Answer::ok(super::finish(tx, &app, id).await?))
}
