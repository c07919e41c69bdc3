//! Letters that somebody asks for, rather than an event.

use kamhub_kernel::Clock;
use kamhub_postgres::PgConnection;

use super::deliveries;
use super::error::Error;
use super::model::{Content, DeliveryChannel, NewDelivery, NotificationKind};
use crate::ids::CustomerId;
use crate::language::Language;

/// Plans the mail with the link to all requests of a customer. It says nothing that was typed: who
/// asked for it has not proved to read the address.
///
/// # Errors
/// A database fault.
pub async fn requests_link(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    customer: CustomerId,
    email: &str,
    language: Language,
) -> Result<(), Error> {
    let kind = NotificationKind::RequestsLink;
    let content =
        Content { language: Some(language), customer: Some(customer), ..Content::of(kind) };
    let letter = NewDelivery {
        event_id: None,
        ticket_id: None,
        channel: DeliveryChannel::Email,
        destination: email.to_owned(),
        sequence: None,
        kind: kind.as_str().to_owned(),
        payload: serde_json::to_value(&content).unwrap_or_default(),
        not_before: None,
    };
    deliveries::plan(tx, clock, &[letter]).await?;
    Ok(())
}
