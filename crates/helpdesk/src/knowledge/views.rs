//! Views, counted once for a visitor and day without slowing the read: they are noted in memory
//! and written a few seconds later, many in one statement.
//!
//! A clean stop writes what is noted. A process that is killed loses the views of its last
//! [`EVERY`], and nothing else; they are never counted twice, whatever is repeated.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use kamhub_postgres::{DbResult, PgConnection};

use super::repo;
use super::visitor::Visitor;
use crate::app::App;
use crate::ids::{ArticleId, FaqId};

/// How often noted views are written.
pub const EVERY: Duration = Duration::from_secs(2);
/// Views that are noted at most; a database that is away for so long costs those above.
const MOST_NOTED: usize = 200_000;
/// Views of one statement.
const AT_ONCE: usize = 5_000;

kamhub_kernel::wire_enum! {
    /// What was looked at.
    pub enum Viewed {
        /// An article.
        Article = "article",
        /// A question.
        Faq = "faq",
    }
}

/// Somebody looked at something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    /// The day in UTC.
    pub day: NaiveDate,
    /// What was looked at.
    pub kind: Viewed,
    /// Its id.
    pub target: i64,
    /// Who looked: a key of the visitor for this day.
    pub visitor: Vec<u8>,
}

/// Views that are not written yet.
#[derive(Debug, Default)]
pub struct ViewBuffer(Mutex<HashSet<View>>);

impl ViewBuffer {
    fn note(&self, view: View) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < MOST_NOTED {
            noted.insert(view);
        } else {
            metrics::counter!("kamhub_knowledge_views_lost_total").increment(1);
        }
    }

    fn take(&self) -> Vec<View> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *noted).into_iter().collect()
    }

    fn knows(&self, kind: Viewed, target: i64) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.iter().any(|view| view.kind == kind && view.target == target)
    }
}

/// Notes that a visitor read an article. Colleagues who read are no visitors.
pub fn article_seen(app: &App, article: ArticleId, visitor: &Visitor) {
    seen(app, Viewed::Article, article.0, visitor);
}

/// Notes that a visitor read an answer.
pub fn faq_seen(app: &App, faq: FaqId, visitor: &Visitor) {
    seen(app, Viewed::Faq, faq.0, visitor);
}

fn seen(app: &App, kind: Viewed, target: i64, visitor: &Visitor) {
    if visitor.is_colleague() {
        return;
    }
    let day = app.clock.now().date_naive();
    app.views.note(View { day, kind, target, visitor: visitor.on(&app.keys, day) });
}

/// Writes what is noted; answers how many views were new. What could not be written is noted
/// again.
///
/// # Errors
/// A database fault.
pub async fn flush(app: &App) -> DbResult<i64> {
    let noted = app.views.take();
    let mut new = 0;
    for (number, views) in noted.chunks(AT_ONCE).enumerate() {
        let written = async {
            let mut connection = app.db.connection().await?;
            repo::views::count(&mut connection, views).await
        };
        match written.await {
            Ok(counted) => new += counted,
            Err(error) => {
                for view in noted.iter().skip(number * AT_ONCE) {
                    app.views.note(view.clone());
                }
                return Err(error);
            }
        }
    }
    Ok(new)
}

/// Writes what is noted where something of this target is among it, so that its figures are exact.
/// Answers whether it wrote. A caller that goes away does not take the noted views with it.
pub async fn flush_for(app: &App, kind: Viewed, target: i64) -> bool {
    if !app.views.knows(kind, target) {
        return false;
    }
    let app = app.clone();
    let written = tokio::spawn(async move { flush(&app).await }).await;
    if let Ok(Err(error)) = &written {
        tracing::warn!(%error, "views could not be written; they stay noted");
    }
    matches!(written, Ok(Ok(_)))
}

/// Forgets who saw what before a day; answers how many rows went.
///
/// # Errors
/// A database fault.
pub async fn forget_before(connection: &mut PgConnection, day: NaiveDate) -> DbResult<u64> {
    repo::views::forget_before(connection, day).await
}

/// Writes what is noted now and then, for as long as the process lives.
pub async fn keep_flushing(app: App) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = flush(&app).await {
            tracing::warn!(%error, "views could not be written; they stay noted");
        }
    }
}
