//! `PATCH /api/support/knowledge-base/categories/{id}`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::validate::{between, text};
use kamhub_httpkit::{Answer, ApiResult, Envelope, IfMatch, PathId, Valid};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::icon_name;
use crate::app::App;
use crate::ids::KnowledgeCategoryId;
use crate::knowledge::service::categories::{self, KnowledgeCategory, Naming};

/// What is to change; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateCategory {
    /// The name, 1 to 100 characters; what is in the category goes along.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Возврат"))]
    name: Option<String>,
    /// The title for Russian readers, 1 to 100 characters.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Возврат"))]
    title_ru: Option<String>,
    /// The title for English readers, 1 to 100 characters.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Refunds"))]
    title_en: Option<String>,
    /// The name of an icon; null takes it away.
    #[serde(deserialize_with = "given")]
    #[garde(inner(inner(custom(icon_name))))]
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9-]{1,50}$", examples("refund"))]
    icon: Option<Option<String>>,
    /// Its place among the others, 1 to 100,000.
    #[garde(inner(custom(between(1, 100_000))))]
    #[schema(minimum = 1, maximum = 100_000, examples(2))]
    position: Option<i32>,
}

/// Tells a field that is null from one that is not there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl UpdateCategory {
    fn apply(self, to: Naming) -> Naming {
        Naming {
            name: self.name.map_or(to.name, |name| name.trim().to_owned()),
            title_ru: self.title_ru.unwrap_or(to.title_ru),
            title_en: self.title_en.unwrap_or(to.title_en),
            icon: self.icon.unwrap_or(to.icon),
            position: self.position.unwrap_or(to.position),
        }
    }
}

/// Change a category
///
/// A new name goes over to every article and question in it.
#[utoipa::path(
    patch, path = "/api/support/knowledge-base/categories/{id}",
    operation_id = "knowledge_category_update", tag = "knowledge",
    params(
        ("id" = KnowledgeCategoryId, Path, description = "The category"),
        ("If-Match" = Option<String>, Header, description = "The ETag of what was read"),
    ),
    request_body(content = UpdateCategory, example = json!({"titleEn": "Refunds", "position": 1})),
    responses((status = 200, description = "The category as it is now", body = Envelope<KnowledgeCategory>)),
)]
pub async fn handler(
    State(app): State<App>,
    PathId(id): PathId<KnowledgeCategoryId>,
    IfMatch(seen): IfMatch,
    body: Valid<UpdateCategory>,
) -> ApiResult<Answer> {
    let mut tx = app.db.begin().await?;
    let change = |naming| body.value.apply(naming);
    let category = categories::update(&mut tx, &*app.clock, id, seen, change).await?;
    tx.commit().await?;
    let version = category.version;
    Ok(Answer::ok(category).version(version))
}
