//! Categories of articles and questions.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use kamhub_cache::Cache;
use kamhub_kernel::{Clock, Versions};
use kamhub_postgres::{DbError, PgConnection};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::KnowledgeCategoryId;
use crate::knowledge::{Error, repo, service};
use crate::language::Language;

const COUNTS: &str = "knowledge_counts";
/// How long counts are kept; a change asks for others at once.
const COUNTS_KEPT: Duration = Duration::from_secs(600);

/// A category.
#[derive(Debug, Clone, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub struct KnowledgeCategory {
    /// The id.
    pub id: KnowledgeCategoryId,
    /// The name, as articles and questions give it.
    #[schema(examples("Отмена и возврат"))]
    pub name: String,
    /// The title for Russian readers.
    #[schema(examples("Отмена и возврат"))]
    pub title_ru: String,
    /// The title for English readers.
    #[schema(examples("Cancellations and refunds"))]
    pub title_en: String,
    /// The name of an icon.
    #[schema(examples("refund"))]
    pub icon: Option<String>,
    /// Its place among the others.
    #[schema(examples(1))]
    pub position: i32,
    /// Published articles in it.
    #[schema(examples(12))]
    pub articles: i64,
    /// Grows with each change; also in the ETag.
    #[schema(examples(1))]
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// What people say of a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// The name.
    pub name: String,
    /// The title for Russian readers.
    pub title_ru: String,
    /// The title for English readers.
    pub title_en: String,
    /// The name of an icon.
    pub icon: Option<String>,
    /// Its place among the others.
    pub position: i32,
}

impl KnowledgeCategory {
    /// What people say of it.
    pub fn naming(&self) -> Naming {
        Naming {
            name: self.name.clone(),
            title_ru: self.title_ru.clone(),
            title_en: self.title_en.clone(),
            icon: self.icon.clone(),
            position: self.position,
        }
    }
}

/// All categories in their order.
///
/// # Errors
/// A database fault.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<KnowledgeCategory>, Error> {
    Ok(repo::categories::list(connection).await?)
}

/// How many published articles of a language each category has, by its name. Cached under the
/// generation of all articles, as their lists are.
///
/// # Errors
/// A database fault.
pub async fn standing(
    connection: &mut PgConnection,
    cache: &Cache,
    language: Language,
) -> Result<HashMap<String, i64>, Error> {
    let generation = service::generation(connection, service::Scope::Articles).await?;
    let key = format!("{generation} {language}");
    cache
        .get_or_load(COUNTS, &key, COUNTS_KEPT, || async move {
            Ok(repo::categories::standing(connection, language).await?.into_iter().collect())
        })
        .await
}

/// Makes a category; after the others where no place is given.
///
/// # Errors
/// [`Error::Taken`] where another one has the name; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    mut naming: Naming,
    position: Option<i32>,
) -> Result<KnowledgeCategory, Error> {
    naming.position = match position {
        Some(position) => position,
        None => repo::categories::last_position(tx).await?,
    };
    let id = repo::categories::insert(tx, &naming, clock.now()).await.map_err(named)?;
    repo::categories::lock(tx, id).await?.ok_or(Error::NoSuchCategory)
}

/// The name that a category has now, by that one in any case or by one that it had.
///
/// # Errors
/// A database fault.
pub async fn present_name(
    connection: &mut PgConnection,
    name: &str,
) -> Result<Option<String>, Error> {
    Ok(repo::categories::present_name(connection, name).await?)
}

/// Changes a category. A new name goes over to everything that is in it, and to its versions; the former one goes on
/// leading to it.
///
/// # Errors
/// [`Error::NoSuchCategory`], [`Error::StaleCategory`], [`Error::Taken`]; a database fault.
pub async fn update(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: KnowledgeCategoryId,
    seen: Option<Versions>,
    change: impl FnOnce(Naming) -> Naming,
) -> Result<KnowledgeCategory, Error> {
    let before = open(tx, id, seen).await?;
    let naming = change(before.naming());
    if naming == before.naming() {
        return Ok(before);
    }
    repo::categories::update(tx, id, &naming, clock.now()).await.map_err(named)?;
    if naming.name != before.name {
        repo::versions::rename_category(tx, &before.name, &naming.name).await?;
        repo::categories::retire_name(tx, id, &before.name, &naming.name, clock.now()).await?;
    }
    repo::categories::lock(tx, id).await?.ok_or(Error::NoSuchCategory)
}

/// Deletes a category that nothing is in.
///
/// # Errors
/// [`Error::NoSuchCategory`], [`Error::StaleCategory`], [`Error::CategoryInUse`]; a database fault.
pub async fn delete(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
    seen: Option<Versions>,
) -> Result<(), Error> {
    open(tx, id, seen).await?;
    repo::categories::delete(tx, id).await.map_err(named)
}

async fn open(
    tx: &mut PgConnection,
    id: KnowledgeCategoryId,
    seen: Option<Versions>,
) -> Result<KnowledgeCategory, Error> {
    let category = repo::categories::lock(tx, id).await?.ok_or(Error::NoSuchCategory)?;
    match seen {
        Some(seen) if seen != category.version => {
            let current = serde_json::to_value(&category).unwrap_or_default();
            Err(Error::StaleCategory(seen, current))
        }
        _ => Ok(category),
    }
}

fn named(error: DbError) -> Error {
    match error.constraint() {
        Some("knowledge_categories_name_key") => {
            Error::taken("name", "Another category has this name already")
        }
        Some("knowledge_categories_in_use") => Error::CategoryInUse,
        _ => Error::Database(error),
    }
}
