//! The server that takes our mail, as its address names it.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte (`smtps://`, port 465).
    Tls,
    /// STARTTLS, and nothing is sent where the server does not offer it (`smtp://`, port 587).
    StartTls,
    /// None (`smtp://…?tls=none`, port 25): for a server on this machine or in tests.
    None,
}

/// A server, read from an address such as `smtp://user:password@mail.example.com:587`.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// The host, which its certificate must name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User and password, where the server asks for them.
    pub login: Option<(String, String)>,
}

/// A text that names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("names no mail server")]
pub struct ServerError;

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Server {
    /// Without the login.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.encryption {
            Encryption::Tls => "TLS",
            Encryption::StartTls => "STARTTLS",
            Encryption::None => "no TLS",
        };
        write!(formatter, "{}:{} ({how})", self.host, self.port)
    }
}

impl FromStr for Server {
    type Err = ServerError;
    fn from_str(text: &str) -> Result<Self, ServerError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerError)?;
        let tls = match url.query() {
            None => None,
            Some("tls=none") => Some(false),
            Some(_) => return Err(ServerError),
        };
        let (encryption, port) = match (url.scheme(), tls) {
            ("smtps", None) => (Encryption::Tls, 465),
            ("smtp", None) => (Encryption::StartTls, 587),
            ("smtp", Some(false)) => (Encryption::None, 25),
            _ => return Err(ServerError),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ServerError)?;
        if !["", "/"].contains(&url.path()) || url.fragment().is_some() {
            return Err(ServerError);
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((
                decoded(user).map_err(|_| ServerError)?,
                decoded(password).map_err(|_| ServerError)?,
            )),
            _ => return Err(ServerError),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), encryption, login })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_how_and_as_whom() {
        let server: Server = "smtp://desk%40example.com:p%3Ass@mail.example.com".parse().unwrap();
        assert_eq!((server.port, server.encryption), (587, Encryption::StartTls));
        assert_eq!(server.login, Some(("desk@example.com".to_owned(), "p:ss".to_owned())));
        assert!(!format!("{server:?}").contains("p:ss"), "{server:?}");
        let server: Server = "smtps://mail.example.com".parse().unwrap();
        assert_eq!((server.port, server.encryption), (465, Encryption::Tls));
        let server: Server = "smtp://127.0.0.1:2525?tls=none".parse().unwrap();
        assert_eq!((server.port, server.encryption), (2525, Encryption::None));
    }

    #[test]
    fn what_names_no_server_is_refused() {
        for text in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://user@mail.example.com",
            "smtp://mail.example.com?tls=maybe",
            "smtps://mail.example.com?tls=none",
            "smtp://mail.example.com/path",
        ] {
            assert_eq!(text.parse::<Server>(), Err(ServerError), "{text:?}");
        }
    }
}
