//! `GET /api/auth/me`: who am I, and what may I do?

use kamhub_httpkit::{Answer, ApiResult, Envelope};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Caller;
use crate::access::{self, Permission};

/// The caller as the product sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// user, service or customer.
    #[schema(examples("user"))]
    pub kind: String,
    /// The id within its kind.
    #[schema(examples("7"))]
    pub id: Option<String>,
    /// The name.
    #[schema(examples("Анна Лебедева"))]
    pub name: String,
    /// The role, for users and services.
    #[schema(examples("agent"))]
    pub role: Option<String>,
    /// What the caller may do.
    #[schema(examples(json!(["tickets:read", "agents:read"])))]
    pub permissions: Vec<&'static str>,
}

/// Who am I, and what may I do?
#[utoipa::path(
    get, path = "/api/auth/me", operation_id = "auth_me", tag = "identity",
    responses((status = 200, description = "The caller", body = Envelope<Me>)),
)]
pub async fn handler(Caller(actor): Caller) -> ApiResult<Answer> {
    let permissions = Permission::ALL.iter().copied();
    Ok(Answer::ok(Me {
        kind: actor.kind().to_owned(),
        id: actor.id().map(|id| id.to_string()),
        name: actor.name().to_owned(),
        role: actor.role().map(|role| role.to_string()),
        permissions: permissions
            .filter(|permission| access::has(&actor, *permission))
            .map(Permission::as_str)
            .collect(),
    }))
}
