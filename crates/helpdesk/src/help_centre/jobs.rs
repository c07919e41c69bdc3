//! What the help centre does after it has answered.

use kamhub_jobs::{Job, JobError, QueueError, Registry};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::identity::service::{customer_for_service, customer_known_by};
use crate::language::Language;
use crate::notifications::letters;
use crate::tickets::service::of_customer;

/// Somebody wants the link to their requests. Whether the address is known is found out here, when
/// the page has long been answered: the answer takes the same time for every address.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendRequestsLink {
    /// The address that was typed.
    pub email: String,
    /// The language of the page.
    pub language: Language,
}

impl Job for SendRequestsLink {
    const KIND: &'static str = "help_centre.send_requests_link";
}

/// Registers them.
///
/// # Errors
/// Two of one name.
pub fn register(registry: &mut Registry, app: &App) -> Result<(), QueueError> {
    let desk = app.clone();
    registry.handle::<SendRequestsLink, _, _>(move |_, job| send(desk.clone(), job))?;
    Ok(())
}

async fn send(app: App, job: SendRequestsLink) -> Result<(), JobError> {
    let mut tx = app.db.begin().await?;
    let known = customer_known_by(&mut tx, &job.email).await?;
    let newest = of_customer::newest(&mut tx, known, &job.email, 1).await?;
    let Some(ticket) = newest.first() else { return Ok(()) };
    let name = &ticket.customer_name;
    let customer = customer_for_service(&mut tx, &*app.clock, None, name, &job.email).await?;
    letters::requests_link(&mut tx, &*app.clock, customer, &job.email, job.language).await?;
    tx.commit().await?;
    app.queue.wake();
    Ok(())
}
