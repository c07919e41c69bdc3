//! `GET /api/support/knowledge-base/articles/{id}/related`.

use axum::extract::State;
use kamhub_httpkit::{Answer, ApiResult, Envelope, ValidQuery};

use super::input::{ArticlePath, LanguageQuery, Preferred};
use crate::app::App;
use crate::identity::http::caller::Caller;
use crate::knowledge::model::Wanted;
use crate::knowledge::service::{self, reports};
use crate::knowledge::view::ArticleSummary;

/// Articles beside an article
///
/// At most five published ones in the same language that share its tags, its category or the words
/// of its title, the nearest first.
#[utoipa::path(
    get, path = "/api/support/knowledge-base/articles/{id}/related",
    operation_id = "article_related", tag = "knowledge",
    params(
        ("id" = String, Path, description = "The id or a slug", example = "kak-vernut-bilet"),
        LanguageQuery,
    ),
    responses((status = 200, description = "The articles", body = Envelope<Vec<ArticleSummary>>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    ArticlePath(address): ArticlePath,
    Preferred(preferred): Preferred,
    ValidQuery(query): ValidQuery<LanguageQuery>,
) -> ApiResult<Answer> {
    let wanted = Wanted { asked: query.language, preferred };
    let staff = service::is_staff(&actor);
    let mut connection = app.db.connection().await?;
    let near = reports::related(&mut connection, &app.cache, staff, &address, wanted).await?;
    Ok(Answer::ok(near))
}
