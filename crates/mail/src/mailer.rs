//! Sending, one letter over one connection.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use crate::address::Address;
use crate::letter::Letter;
use crate::server::{Encryption, Server};

/// How long the server may take over one command, the connection included.
const COMMAND_AT_MOST: Duration = Duration::from_secs(30);
/// How long a letter may take in all.
const LETTER_AT_MOST: Duration = Duration::from_secs(90);
/// What is kept of a server's words, in characters.
const REASON_AT_MOST: usize = 300;

/// Why a letter was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may be taken later: the network, a full mailbox, greylisting, TLS.
    #[error("{0}")]
    Temporary(String),
    /// It will never be taken: no such mailbox, no such sender, refused content.
    #[error("{0}")]
    Permanent(String),
    /// The server refuses our login; every letter waits until an operator has mended it.
    #[error("the server refuses the login: {0}")]
    Login(String),
}

/// Sends letters from one address through one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: Server,
    from: Address,
}

impl Mailer {
    /// A mailer; it connects when there is something to send.
    ///
    /// # Errors
    /// TLS cannot be set up; one sentence.
    pub fn new(server: Server, from: Address) -> Result<Self, String> {
        let parameters = || TlsParameters::new(server.host.clone()).map_err(|error| chain(&error));
        let tls = match server.encryption {
            Encryption::Tls => Tls::Wrapper(parameters()?),
            Encryption::StartTls => Tls::Required(parameters()?),
            Encryption::None => Tls::None,
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
                .port(server.port)
                .tls(tls)
                .timeout(Some(COMMAND_AT_MOST));
        if let Some((user, password)) = &server.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), server, from })
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The sender.
    pub fn from(&self) -> &Address {
        &self.from
    }

    /// Sends a letter. It was taken exactly where this is `Ok`; where the connection broke before the
    /// server's last word it may have been taken all the same, and is recognised by its Message-ID when
    /// it is sent again.
    ///
    /// # Errors
    /// Why it was not taken, as far as we know.
    pub async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let message = letter.compose(&self.from);
        let message = message.map_err(|error| SendError::Permanent(error.to_string()))?;
        match tokio::time::timeout(LETTER_AT_MOST, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(too_long(LETTER_AT_MOST)),
        }
    }

    /// Connects, encrypts, signs in and says NOOP, without sending anything.
    ///
    /// # Errors
    /// What would keep a letter from being sent.
    pub async fn probe(&self) -> Result<(), SendError> {
        match tokio::time::timeout(COMMAND_AT_MOST, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => {
                Err(SendError::Temporary("the server does not answer NOOP".to_owned()))
            }
            Ok(Err(error)) => Err(classify(&error)),
            Err(_) => Err(too_long(COMMAND_AT_MOST)),
        }
    }
}

fn too_long(patience: Duration) -> SendError {
    SendError::Temporary(format!("the server took longer than {} s", patience.as_secs()))
}

/// RFC 4954, section 6, names the codes of a refused login; 454 there is temporary and stays so.
fn classify(error: &lettre::transport::smtp::Error) -> SendError {
    let why = chain(error);
    let code = error.status().map(|code| code.to_string());
    match code.as_deref() {
        Some("530" | "534" | "535" | "538") => SendError::Login(why),
        _ if error.is_permanent() => SendError::Permanent(why),
        _ => SendError::Temporary(why),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.chars().take(REASON_AT_MOST).collect()
}
