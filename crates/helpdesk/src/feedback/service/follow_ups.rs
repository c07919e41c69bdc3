//! Tasks for the supervisor: customers who want to hear from somebody.

use kamhub_kernel::page::{Page, PageRequest};
use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;

use super::list::{DONE, OPEN, SortKey, page_of};
use crate::feedback::error::Error;
use crate::feedback::model::Feedback;
use crate::feedback::repo;
use crate::ids::FeedbackId;

/// A page of tasks: open ones oldest first, done ones newest first.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    done: bool,
    page: &PageRequest<SortKey>,
) -> Result<Page<Feedback>, Error> {
    let items = repo::list::follow_ups(connection, done, page).await?;
    let counted = repo::list::follow_ups_count(connection, done).await?;
    let name = if done { DONE } else { OPEN };
    Ok(page_of(items, counted, page.limit, name, |row| {
        (row.follow_up_done_at.unwrap_or(row.created_at), row.id.0)
    }))
}

/// Notes that a task was done, when and by whom. Said again, the first time stays.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::NoFollowUp`] where nobody asked for one; a database fault.
pub async fn done(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: FeedbackId,
) -> Result<Feedback, Error> {
    let mut feedback = repo::lock(tx, id).await?.ok_or(Error::NotFound)?;
    if !feedback.follow_up_required {
        return Err(Error::NoFollowUp);
    }
    if feedback.follow_up_done_at.is_some() {
        return Ok(feedback);
    }
    let now = clock.now();
    feedback.updated_at = now;
    feedback.follow_up_done_at = Some(now);
    feedback.follow_up_done_by = Some(actor.label());
    feedback.follow_up_done_by_name = Some(actor.name().to_owned());
    repo::update(tx, &feedback).await?;
    Ok(feedback)
}
