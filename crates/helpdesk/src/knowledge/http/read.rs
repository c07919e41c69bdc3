//! `GET /api/support/knowledge-base/articles/{id}`.

use axum::extract::State;
use garde::Validate;
use kamhub_httpkit::query::flag;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};
use serde::Deserialize;
use utoipa::IntoParams;

use super::input::{ArticlePath, Preferred};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::Wanted;
use crate::knowledge::view::ArticleView;
use crate::knowledge::visitor::Visitor;
use crate::knowledge::{service, views};
use crate::language::Language;

/// How the article is wanted.
#[derive(Debug, Clone, Default, Deserialize, Validate, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct ReadQuery {
    /// The language; otherwise that of the slug, then Accept-Language, then the original.
    #[garde(skip)]
    #[param(value_type = Option<String>, example = "en")]
    language: Option<Language>,
    /// With true the staff reads the draft that waits, where there is one.
    #[serde(deserialize_with = "flag")]
    #[garde(skip)]
    #[param(value_type = Option<bool>, example = false)]
    draft: Option<bool>,
}

/// Read an article
///
/// By id, or by a slug that it has or had: then `canonicalSlug` says where it is now. Without
/// credentials only what is published. `isFallback` says that it is not there in the language that
/// was wanted. Each visitor counts as one view a day.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}", operation_id = "article_read",
    tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        ReadQuery,
    ),
    responses((status = 200, description = "The article; its version is the ETag",
        body = Envelope<ArticleView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    Preferred(preferred): Preferred,
    ValidQuery(query): ValidQuery<ReadQuery>,
) -> ApiResult<Answer> {
    let wanted = Wanted { asked: query.language, preferred };
    let staff = service::is_staff(&actor);
    let draft = query.draft == Some(true);
    let mut connection = app.db.connection().await?;
    let view = service::read(&mut connection, &app.cache, staff, &address, wanted, draft).await?;
    if view.is_published {
        let visitor = Visitor::of(&actor);
        views::article_seen(&app, view.id, &visitor);
    }
    let version = view.version;
    Ok(Answer::ok(view).version(version))
}
