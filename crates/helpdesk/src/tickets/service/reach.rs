//! Who sees which ticket. A platform's customer sees what they are known to have asked. A link opens one ticket, and
//! what became of it: what continues it, was split from it, or was merged with it, as far as the same person asks there.

use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;

use crate::ids::TicketId;
use crate::tickets::error::Error;
use crate::tickets::model::Ticket;
use crate::tickets::repo;

/// Whether the actor may see the ticket at all.
///
/// # Errors
/// A database fault.
pub async fn is_visible(
    connection: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
) -> Result<bool, Error> {
    match of_link(connection, actor).await? {
        Some(tickets) => Ok(tickets.contains(&ticket.id)),
        None => Ok(ticket.is_visible_to(actor)),
    }
}

/// What a link opens; `None` for everybody who came without one.
///
/// # Errors
/// A database fault.
pub async fn of_link(
    connection: &mut PgConnection,
    actor: &Actor,
) -> Result<Option<Vec<TicketId>>, Error> {
    match actor {
        Actor::Customer { id, only_ticket: Some(only), .. } => {
            Ok(Some(repo::reach::of_link(connection, TicketId(*only), *id).await?))
        }
        _ => Ok(None),
    }
}

/// Where else a link's conversation goes on: other tickets that it opens, oldest first, without those that were merged.
/// None for who came without a link.
///
/// # Errors
/// A database fault.
pub async fn elsewhere(
    connection: &mut PgConnection,
    actor: &Actor,
    here: TicketId,
) -> Result<Vec<Ticket>, Error> {
    let mut others = of_link(connection, actor).await?.unwrap_or_default();
    others.retain(|ticket| *ticket != here);
    if others.is_empty() {
        return Ok(Vec::new());
    }
    Ok(repo::reach::unmerged(connection, &others).await?)
}
