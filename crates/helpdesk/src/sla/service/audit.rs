//! Whether stored clocks are those that the timeline makes: the proof that nothing has been lost.

use kamhub_postgres::PgConnection;

use super::live::rebuild;
use super::store::load;
use crate::ids::TicketId;
use crate::sla::error::Error;
use crate::sla::repo;
use crate::sla::ticket::{Book, Kept, TicketSla};
use crate::tickets::service::timeline;

/// The clocks of a ticket with what is kept of each.
pub type Clocks = Vec<(crate::sla::clock::Clock, Kept)>;

/// The clocks of a ticket as they are stored, and as the timeline makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// As they are stored.
    pub stored: Clocks,
    /// As the timeline makes them.
    pub rebuilt: Clocks,
}

/// Makes the clocks of a ticket again from its timeline, beside those that are stored.
///
/// # Errors
/// A database fault.
pub async fn compare(connection: &mut PgConnection, ticket: TicketId) -> Result<Compared, Error> {
    let mut book = Book::default();
    let stored = load(connection, &[ticket], &mut book).await?.remove(&ticket);
    let entries = timeline::whole(connection, ticket).await?;
    let rebuilt = rebuild(connection, &entries, &mut book).await?;
    let stored = stored.map(|stored| stored.sla).unwrap_or_default();
    Ok(Compared { stored: clocks(&stored), rebuilt: clocks(&rebuilt) })
}

/// How many of the newest tickets with clocks, at most `most`, were compared, and which of them have
/// clocks that their timeline does not make.
///
/// # Errors
/// A database fault.
pub async fn newest(
    connection: &mut PgConnection,
    most: i64,
) -> Result<(usize, Vec<TicketId>), Error> {
    let tickets = repo::newest(connection, most).await?;
    let mut wrong = Vec::new();
    for ticket in &tickets {
        let compared = compare(connection, *ticket).await?;
        if compared.stored != compared.rebuilt {
            wrong.push(*ticket);
        }
    }
    Ok((tickets.len(), wrong))
}

fn clocks(sla: &TicketSla) -> Clocks {
    sla.rows().map(|row| (row.clock.clone(), *row.kept)).collect()
}
