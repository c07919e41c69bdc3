//! Signed links by which a customer reaches one ticket without an account. No I/O.
//!
//! A link is made for a customer, also where the ticket has no requester yet: it is sent to an
//! e-mail address, and whoever opens it has proved to read that address. So the customer of that
//! address is found or made when the link is made
//! ([`customer_for_service`](super::service::customer_for_service)).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;

use super::Error;
use super::keys::Keys;
use super::token::mac;
use crate::ids::{AttachmentId, CustomerId, TicketId};

/// How long a link opens its ticket.
pub const TICKET_LINK_LIFE: TimeDelta = TimeDelta::days(30);

const VERSION: u8 = 1;
/// Version, two numbers, end.
const PAYLOAD: usize = 1 + 8 + 8 + 8;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketLink {
    /// The ticket.
    pub ticket: TicketId,
    /// The customer whom the link was made for.
    pub customer: CustomerId,
}

/// What a link is for. One that was made for one purpose is worth nothing for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Reaching the ticket.
    Ticket,
    /// Saying how it was handled.
    Feedback,
    /// Seeing what one has asked before.
    Requests,
    /// Reading one file.
    Attachment,
}

impl LinkPurpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ticket => "ticket-link",
            Self::Feedback => "feedback-link",
            Self::Requests => "requests-link",
            Self::Attachment => "attachment-link",
        }
    }
}

/// The token of a link by which a ticket is reached; it is sent as query parameter `access` or
/// header `X-Ticket-Access`.
pub fn ticket_link_create(
    keys: &Keys,
    ticket: TicketId,
    customer: CustomerId,
    expires_at: DateTime<Utc>,
) -> String {
    link_create(keys, LinkPurpose::Ticket, TicketLink { ticket, customer }, expires_at)
}

/// The token of a link. It is good until `expires_at`, in whole seconds.
pub fn link_create(
    keys: &Keys,
    purpose: LinkPurpose,
    link: TicketLink,
    expires_at: DateTime<Utc>,
) -> String {
    seal(keys, purpose, (link.ticket.0, link.customer.0), expires_at)
}

/// The token of a link by which one file is read; it is sent as query parameter `token`.
pub fn attachment_link_create(
    keys: &Keys,
    attachment: AttachmentId,
    expires_at: DateTime<Utc>,
) -> String {
    seal(keys, LinkPurpose::Attachment, (attachment.0, 0), expires_at)
}

/// Reads the token of a link by which one file is read.
///
/// # Errors
/// As [`link_verify`].
pub fn attachment_link_verify(
    keys: &Keys,
    now: DateTime<Utc>,
    token: &str,
) -> Result<AttachmentId, Error> {
    let (attachment, _) =
        unseal(keys, LinkPurpose::Attachment, now, token).ok_or(Error::BadCredentials)?;
    Ok(AttachmentId(attachment))
}

fn seal(
    keys: &Keys,
    purpose: LinkPurpose,
    numbers: (i64, i64),
    expires_at: DateTime<Utc>,
) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(numbers.0.to_be_bytes());
    bytes.extend(numbers.1.to_be_bytes());
    bytes.extend(expires_at.timestamp().to_be_bytes());
    bytes.extend(mac(&keys.token_secret, purpose.as_str(), &bytes).finalize().into_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The page that a link's token opens.
pub fn ticket_link_url(public_url: &str, token: &str) -> String {
    format!("{public_url}/t/{token}")
}

/// How long the link to all of a customer's requests is good.
pub const REQUESTS_LINK_LIFE: TimeDelta = TimeDelta::hours(24);
/// Such a link opens no single ticket.
const NO_TICKET: TicketId = TicketId(0);

/// The page with all requests of a customer, for whoever reads their mail.
pub fn requests_link_url(
    keys: &Keys,
    public_url: &str,
    customer: CustomerId,
    expires_at: DateTime<Utc>,
) -> String {
    let link = TicketLink { ticket: NO_TICKET, customer };
    format!("{public_url}/my/{}", link_create(keys, LinkPurpose::Requests, link, expires_at))
}

/// Whose requests a link shows.
///
/// # Errors
/// As [`link_verify`].
pub fn requests_link_verify(
    keys: &Keys,
    now: DateTime<Utc>,
    token: &str,
) -> Result<CustomerId, Error> {
    Ok(link_verify(keys, LinkPurpose::Requests, now, token)?.customer)
}

/// Reads the token of a link by which a ticket is reached.
///
/// # Errors
/// As [`link_verify`].
pub fn ticket_link_verify(
    keys: &Keys,
    now: DateTime<Utc>,
    token: &str,
) -> Result<TicketLink, Error> {
    link_verify(keys, LinkPurpose::Ticket, now, token)
}

/// Reads a link's token, in a time that does not depend on how much of it is right.
///
/// # Errors
/// [`Error::BadCredentials`] where it is not ours, is for another purpose, was changed, or has ended.
pub fn link_verify(
    keys: &Keys,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
    token: &str,
) -> Result<TicketLink, Error> {
    let (ticket, customer) = unseal(keys, purpose, now, token).ok_or(Error::BadCredentials)?;
    Ok(TicketLink { ticket: TicketId(ticket), customer: CustomerId(customer) })
}

fn unseal(
    keys: &Keys,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
    token: &str,
) -> Option<(i64, i64)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (payload, tag) = bytes.split_at_checked(PAYLOAD)?;
    mac(&keys.token_secret, purpose.as_str(), payload).verify_slice(tag).ok()?;
    let number = |at: usize| -> Option<i64> {
        Some(i64::from_be_bytes(payload.get(at..at + 8)?.try_into().ok()?))
    };
    let sound = *payload.first()? == VERSION && number(17)? > now.timestamp();
    if sound { number(1).zip(number(9)) } else { None }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_link_opens_its_ticket_until_its_end_and_no_changed_one_does() {
        let keys = Keys { token_secret: b"one secret".to_vec(), platform_secret: None };
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap();
        let end = now + TimeDelta::days(1);
        let token = ticket_link_create(&keys, TicketId(5), CustomerId(8), end);
        let opens = TicketLink { ticket: TicketId(5), customer: CustomerId(8) };
        let read = |now, token: &str| ticket_link_verify(&keys, now, token).ok();
        assert_eq!(read(now, &token), Some(opens));
        assert_eq!(read(end, &token), None);
        let other = link_create(&keys, LinkPurpose::Feedback, opens, end);
        assert_eq!(read(now, &other), None, "a link is for one purpose");
        assert_eq!(link_verify(&keys, LinkPurpose::Feedback, now, &other).ok(), Some(opens));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read(now, &String::from_utf8(changed).unwrap()), None);
        }
    }
}
