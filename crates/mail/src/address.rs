//! Addresses of people.

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;

/// Somebody's e-mail address, with a name or without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub(crate) Mailbox);

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address, such as support@example.com or Support <support@example.com>")]
pub struct AddressError;

impl Address {
    /// An address with the name that is shown beside it. Control characters in the name, which could
    /// begin another header, become spaces.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn new(name: Option<&str>, email: &str) -> Result<Self, AddressError> {
        let email = email.trim().parse().map_err(|_| AddressError)?;
        let name = name.map(clean).filter(|name| !name.is_empty());
        Ok(Self(Mailbox::new(name, email)))
    }

    /// The part behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }

    /// The address without the name.
    pub fn email(&self) -> String {
        self.0.email.to_string()
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, email)) => Self::new(Some(name.trim().trim_matches('"')), email),
            None => Self::new(None, text),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The text on one line.
pub(crate) fn clean(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_and_without_a_name() {
        let plain: Address = "support@example.com".parse().unwrap();
        assert_eq!(
            (plain.email().as_str(), plain.domain()),
            ("support@example.com", "example.com")
        );
        let named: Address = "KamHub Support <support@example.com>".parse().unwrap();
        assert_eq!(named.email(), "support@example.com");
        assert!(named.to_string().contains("KamHub Support"));
        for text in ["", "support", "a@b\r\nBcc: x@y.example", "<>"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text:?}");
        }
    }

    #[test]
    fn a_name_never_begins_another_header() {
        let address = Address::new(Some("Eve\r\nBcc: all@example.com"), "eve@example.com").unwrap();
        assert!(!address.to_string().contains(['\r', '\n']));
    }
}
