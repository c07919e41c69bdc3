//! What could not be delivered is told by another channel: the inbox of every administrator.

use kamhub_kernel::{Clock, Role};
use kamhub_postgres::PgConnection;

use super::error::Error;
use super::model::{Content, DeliveryChannel, NotificationKind};
use super::repo::{deliveries, inbox};
use crate::identity;
use crate::ids::{DeliveryId, UserId};

/// A delivery was given up. While an administrator has an unread entry about the same channel, nothing
/// is added: one entry says as much as a thousand, and the dead letters are listed.
///
/// # Errors
/// A database fault.
pub async fn report(tx: &mut PgConnection, clock: &dyn Clock, id: DeliveryId) -> Result<(), Error> {
    let Some(failed) = deliveries::find(tx, id).await? else { return Ok(()) };
    if failed.channel == DeliveryChannel::Dashboard {
        return Ok(());
    }
    let admins = identity::service::users_active(tx, Some(Role::Admin), &[]).await?;
    let admins: Vec<UserId> = admins.iter().map(|user| user.id).collect();
    let content = Content {
        author: Some(failed.channel.to_string()),
        text: failed.last_error,
        ..Content::of(NotificationKind::DeliveryFailed)
    };
    inbox::enter_once_unread(tx, &admins, &content, failed.ticket_id, clock.now()).await?;
    Ok(())
}
