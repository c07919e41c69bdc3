//! E-mail: messages composed as MIME, and sent over SMTP.
//!
//! - A [`Letter`] has a Message-ID that its writer fixes, so that a letter sent twice is recognised.
//! - A [`Mailer`] sends one letter over one connection, within a bounded time, and says of a failure whether it may
//!   pass ([`SendError::Temporary`]), never will ([`SendError::Permanent`]), or is the login's ([`SendError::Login`]).
//!
//! What letters say is not known here.

mod address;
mod letter;
mod mailer;
mod server;

pub use address::{Address, AddressError};
pub use letter::Letter;
pub use mailer::{Mailer, SendError};
pub use server::{Encryption, Server, ServerError};
