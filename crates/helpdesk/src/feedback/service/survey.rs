//! Somebody says what they think of the desk as a whole.

use kamhub_kernel::{Actor, Clock};
use kamhub_postgres::PgConnection;
use serde_json::json;

use crate::events::{self, EventType};
use crate::feedback::error::Error;
use crate::feedback::model::Survey;
use crate::feedback::repo;
use crate::identity;

/// Stores an answered survey; the id that it comes with is not looked at. Number and address are
/// those of a signed-in customer; from a service its word, from nobody in particular a claim.
///
/// # Errors
/// [`Error::NotTheCustomer`] from a person of the desk; a database fault.
pub async fn take(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    mut survey: Survey,
) -> Result<Survey, Error> {
    match actor {
        Actor::User { .. } => return Err(Error::NotTheCustomer),
        Actor::Customer { id, email, .. } => {
            survey.requester_id = Some(*id);
            survey.customer_id = identity::service::customer_number(tx, *id).await?;
            survey.email = email.clone().or(survey.email);
        }
        Actor::Service { .. } | Actor::System { .. } => {
            if let Some(number) = survey.customer_id {
                survey.requester_id = identity::service::customer_of_number(tx, number).await?;
            }
        }
        Actor::Anonymous { .. } => {}
    }
    survey.comment = survey.comment.filter(|text| !text.trim().is_empty());
    let now = clock.now();
    let stored = repo::survey_insert(tx, &survey, now).await?;
    let subject = format!("surveys/{}", stored.id);
    let data = json!({"survey": stored.view()});
    events::publish(tx, now, EventType::SurveyCompleted, &subject, &data).await?;
    Ok(stored)
}
