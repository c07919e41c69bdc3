//! `POST /api/support/knowledge-base/categories`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, Valid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::icon_name;
use crate::app::App;
use crate::knowledge::service::categories::{self, KnowledgeCategory, Naming};

/// A new category.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateCategory {
    /// The name, as articles and questions give it, 1 to 100 characters.
    #[garde(custom(text(1, 100)))]
    #[schema(required = true, min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    name: String,
    /// The title for Russian readers, 1 to 100 characters; the name where none is given.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Отмена и возврат"))]
    title_ru: Option<String>,
    /// The title for English readers, 1 to 100 characters; the name where none is given.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Cancellations and refunds"))]
    title_en: Option<String>,
    /// The name of an icon: 1 to 50 lower-case Latin letters, digits and hyphens.
    #[garde(inner(custom(icon_name)))]
    #[schema(pattern = "^[a-z0-9-]{1,50}$", examples("refund"))]
    icon: Option<String>,
    /// Its place among the others, 1 to 100,000; after them where none is given.
    #[garde(inner(custom(between(1, 100_000))))]
    #[schema(minimum = 1, maximum = 100_000, examples(1))]
    position: Option<i32>,
}

/// Make a category
///
/// Articles and questions make those that they name by themselves; here one gets titles, an icon
/// and a place.
#[utoipa::path(
    post, path = "/api/support/knowledge-base/categories",
    operation_id = "knowledge_category_create", tag = "knowledge",
    request_body(content = CreateCategory, example = json!({
        "name": "Отмена и возврат", "titleEn": "Cancellations and refunds", "icon": "refund"
    })),
    responses(
        (status = 201, description = "The new category", body = Envelope<KnowledgeCategory>),
        (status = 409, description = "Another category has the name", body = kamhub_httpkit::ErrorBody),
    ),
)]
pub async fn handler(State(app): State<App>, body: Valid<CreateCategory>) -> ApiResult<Answer> {
    let body = body.value;
    let name = body.name.trim().to_owned();
    let naming = Naming {
        title_ru: body.title_ru.unwrap_or_else(|| name.clone()),
        title_en: body.title_en.unwrap_or_else(|| name.clone()),
        icon: body.icon,
        position: 0,
        name,
    };
    let mut tx = app.db.begin().await?;
    let category = categories::create(&mut tx, &*app.clock, naming, body.position).await?;
    tx.commit().await?;
    let at = format!("/api/support/knowledge-base/categories/{}", category.id);
    let version = category.version;
    Ok(Answer::created(category).version(version).location(at))
}
