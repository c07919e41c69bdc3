//! Customers: who they are by the platform's word, by a link, or by a service's or agent's word.

use kamhub_kernel::{Actor, Clock, CustomerId};
use kamhub_postgres::PgConnection;

use crate::identity::Error;
use crate::identity::link::TicketLink;
use crate::identity::model::customer_name;
use crate::identity::repo::customers::{self as repo, CustomerRow};
use crate::identity::token::PlatformClaims;

/// What somebody says of a customer.
struct Said<'a> {
    number: Option<i64>,
    email: Option<&'a str>,
    name: Option<String>,
    locale: Option<&'static str>,
    /// Whether this is the platform's word, which replaces what was known before.
    replaces: bool,
}

impl<'a> Said<'a> {
    fn by_platform(claims: &'a PlatformClaims) -> Self {
        let email = claims.email.as_deref().map(str::trim);
        let locale = claims.locale.as_deref().and_then(|tag| tag.split(['-', '_']).next());
        Self {
            number: Some(claims.sub),
            email: email.filter(|email| is_address(email)),
            name: claims.name.as_deref().map(|name| customer_name(Some(name), Some(claims.sub))),
            locale: locale.and_then(|language| {
                ["ru", "en"].into_iter().find(|known| known.eq_ignore_ascii_case(language))
            }),
            replaces: true,
        }
    }

    /// The customer as known, with what was said. An address that is another customer's stays
    /// with that one.
    fn merged(&self, known: &CustomerRow, of_address: Option<&CustomerRow>) -> CustomerRow {
        let mut merged = known.clone();
        merged.external_id = known.external_id.or(self.number);
        let free = of_address.is_none_or(|other| other.id == known.id);
        if let Some(email) = self.email.filter(|_| free && (self.replaces || known.email.is_none()))
        {
            merged.email = Some(email.to_owned());
        }
        if self.replaces {
            merged.name = self.name.clone().unwrap_or(merged.name);
            merged.locale = self.locale.map(str::to_owned).or(merged.locale);
        }
        merged
    }
}

fn is_address(email: &str) -> bool {
    kamhub_httpkit::validate::email(email, &()).is_ok() && !email.contains('\0')
}

/// The customer of a platform's token, where everything it says is known already.
///
/// # Errors
/// A database fault.
pub async fn customer_of_platform(
    connection: &mut PgConnection,
    claims: &PlatformClaims,
) -> Result<Option<Actor>, Error> {
    match find(connection, &Said::by_platform(claims)).await? {
        Found::Settled(known) => Ok(Some(actor(known, None))),
        Found::Changed(_) | Found::New { .. } => Ok(None),
    }
}

/// The same, after writing down what the token says.
///
/// # Errors
/// A database fault.
pub async fn customer_take_from_platform(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    claims: &PlatformClaims,
) -> Result<Actor, Error> {
    let row = settle(tx, clock, &Said::by_platform(claims)).await?;
    Ok(actor(row, None))
}

/// The customer for whom a service or an agent makes a ticket, and for whom a link is made: by
/// number first, then by address regardless of case; a new one where neither is known. What is
/// known of a customer stays as it is; only a missing number or address is filled in.
///
/// # Errors
/// A database fault.
pub async fn customer_for_service(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    customer_number: Option<i64>,
    name: &str,
    email: &str,
) -> Result<CustomerId, Error> {
    let said = Said {
        number: customer_number,
        email: Some(email.trim()),
        name: Some(customer_name(Some(name), customer_number)),
        locale: None,
        replaces: false,
    };
    Ok(settle(tx, clock, &said).await?.id)
}

/// The platform's number of a customer; `None` where it is not known.
///
/// # Errors
/// A database fault.
pub async fn customer_number(
    connection: &mut PgConnection,
    id: CustomerId,
) -> Result<Option<i64>, Error> {
    Ok(repo::customer_by_id(connection, id).await?.and_then(|row| row.external_id))
}

/// Whether there is such a customer.
///
/// # Errors
/// A database fault.
pub async fn customer_exists(connection: &mut PgConnection, id: CustomerId) -> Result<bool, Error> {
    Ok(repo::customer_by_id(connection, id).await?.is_some())
}

/// The customer with this number on the platform; `None` where it is not known.
///
/// # Errors
/// A database fault.
pub async fn customer_of_number(
    connection: &mut PgConnection,
    number: i64,
) -> Result<Option<CustomerId>, Error> {
    Ok(repo::customer_by_number(connection, number).await?.map(|row| row.id))
}

/// The language that the platform says a customer speaks: `ru`, `en`, or unknown.
///
/// # Errors
/// A database fault.
pub async fn customer_language(
    connection: &mut PgConnection,
    id: CustomerId,
) -> Result<Option<String>, Error> {
    Ok(repo::customer_by_id(connection, id).await?.and_then(|row| row.locale))
}

/// Who is meant, and whether what was said of them is known already.
enum Found {
    Settled(CustomerRow),
    Changed(CustomerRow),
    New { address_free: bool },
}

async fn find(connection: &mut PgConnection, said: &Said<'_>) -> Result<Found, Error> {
    let (of_number, of_address) =
        repo::customers_by_number_and_email(connection, said.number, said.email).await?;
    let adopted =
        of_address.clone().filter(|row| said.number.is_none() || row.external_id.is_none());
    let Some(known) = of_number.or(adopted) else {
        return Ok(Found::New { address_free: of_address.is_none() });
    };
    let merged = said.merged(&known, of_address.as_ref());
    Ok(if merged == known { Found::Settled(known) } else { Found::Changed(merged) })
}

async fn settle(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    said: &Said<'_>,
) -> Result<CustomerRow, Error> {
    // Most customers are known. Only who has something to write waits for the others who do:
    // the lock is held until the caller's transaction ends.
    if let Found::Settled(row) = find(tx, said).await? {
        return Ok(row);
    }
    repo::lock_customer(tx, said.number, said.email).await?;
    match find(tx, said).await? {
        Found::Settled(row) => Ok(row),
        Found::Changed(row) => {
            repo::customer_update(tx, &row).await?;
            Ok(row)
        }
        Found::New { address_free } => {
            let email = said.email.filter(|_| address_free);
            let name = said.name.clone().unwrap_or_else(|| customer_name(None, said.number));
            let row =
                repo::customer_insert(tx, clock.now(), said.number, email, &name, said.locale);
            Ok(row.await?)
        }
    }
}

/// The customer of a ticket's link, who sees that ticket and nothing else.
///
/// # Errors
/// [`Error::BadCredentials`] where the customer is gone; a database fault.
pub async fn customer_by_link(
    connection: &mut PgConnection,
    link: TicketLink,
) -> Result<Actor, Error> {
    let row = repo::customer_by_id(connection, link.customer).await?;
    Ok(actor(row.ok_or(Error::BadCredentials)?, Some(link.ticket.0)))
}

/// The customer behind the link to all their requests.
///
/// # Errors
/// [`Error::BadCredentials`] where the customer is gone; a database fault.
pub async fn customer_by_requests_link(
    connection: &mut PgConnection,
    customer: CustomerId,
) -> Result<Actor, Error> {
    let row = repo::customer_by_id(connection, customer).await?;
    Ok(actor(row.ok_or(Error::BadCredentials)?, None))
}

/// The customer who is known to have this address, regardless of case.
///
/// # Errors
/// A database fault.
pub async fn customer_known_by(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<CustomerId>, Error> {
    Ok(repo::customer_by_email(connection, email).await?.map(|row| row.id))
}

fn actor(row: CustomerRow, only_ticket: Option<i64>) -> Actor {
    Actor::Customer { id: row.id, name: row.name, email: row.email, only_ticket }
}
