//! Which addresses may be called at all.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::address::{Reach, reach};
use crate::client::Fault;

/// Longer addresses are no receivers.
const LONGEST: usize = 2_000;
/// Ports below 1024 that speak HTTP; the others belong to mail, databases and the like.
const WELL_KNOWN: [u16; 2] = [80, 443];
/// Names that only mean something inside a network.
const INNER_NAMES: [&str; 6] =
    [".internal", ".local", ".localhost", ".localdomain", ".lan", ".home.arpa"];

/// What the operator allows beyond public https addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Addresses without TLS.
    pub allow_http: bool,
    /// This machine and the operator's network, on any port: for tests and intranets. Link-local addresses
    /// and those of cloud metadata stay refused.
    pub allow_private: bool,
}

/// Why an address is refused; each reads on after "The address".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be read.
    #[error("must be an absolute address such as https://example.com/hooks")]
    Malformed,
    /// It is too long.
    #[error("must be at most 2000 characters")]
    TooLong,
    /// Not https.
    #[error("must begin with https://")]
    NotHttps,
    /// Neither http nor https.
    #[error("must begin with https:// or http://")]
    NotWeb,
    /// Name and password in it.
    #[error("must not hold a user name or a password")]
    UserInfo,
    /// A part that is never sent.
    #[error("must not have a fragment")]
    Fragment,
    /// A port of another protocol.
    #[error("must not use that port: 80, 443 and those from 1024 on are allowed")]
    Port,
    /// A name or an address inside a network, or of no receiver at all.
    #[error("must not lead to a private, local or reserved address")]
    Inside,
}

/// An address that may be called as far as one sees without asking the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    port: u16,
}

impl Target {
    /// The address as it is sent, normalised.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host without brackets, as certificates name it.
    pub(crate) fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(name)) => name.trim_end_matches('.').to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    /// The value of the Host header.
    pub(crate) fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Path and query.
    pub(crate) fn path(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }
}

impl Policy {
    /// Looks at an address as it is written. The parser is the one of browsers (WHATWG), so that an IP
    /// address in decimal, octal or hexadecimal is seen for what it is.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, address: &str) -> Result<Target, Refusal> {
        if address.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        if address.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return Err(Refusal::Malformed);
        }
        let url = Url::parse(address).map_err(|_| Refusal::Malformed)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return Err(Refusal::NotHttps),
            _ if self.allow_http => return Err(Refusal::NotWeb),
            _ => return Err(Refusal::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() || has_user_info(address) {
            return Err(Refusal::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(Refusal::Fragment);
        }
        let port = url.port_or_known_default().ok_or(Refusal::Port)?;
        if port == 0 || !self.allow_private && port < 1024 && !WELL_KNOWN.contains(&port) {
            return Err(Refusal::Port);
        }
        match url.host() {
            None => return Err(Refusal::Malformed),
            Some(Host::Ipv4(host)) => self.look_at(IpAddr::V4(host))?,
            Some(Host::Ipv6(host)) => self.look_at(IpAddr::V6(host))?,
            Some(Host::Domain(name)) => {
                let name = format!(".{}", name.trim_end_matches('.').to_ascii_lowercase());
                let inner = INNER_NAMES.iter().any(|end| name.ends_with(end));
                // Clouds answer for their metadata by this name.
                let metadata = name.ends_with(".metadata.google.internal");
                if metadata || inner && !self.allow_private {
                    return Err(Refusal::Inside);
                }
            }
        }
        Ok(Target { url, port })
    }

    /// The addresses to connect to. One that is not allowed spoils all: a name that points inside and outside
    /// is an attack or a mistake.
    ///
    /// # Errors
    /// The name cannot be resolved, or leads where nothing may be sent.
    pub async fn resolve(&self, target: &Target) -> Result<Vec<SocketAddr>, Fault> {
        let unresolved = || Fault::Unresolved(target.host());
        let addresses: Vec<SocketAddr> = match target.url.host() {
            Some(Host::Ipv4(host)) => vec![(host, target.port).into()],
            Some(Host::Ipv6(host)) => vec![(host, target.port).into()],
            Some(Host::Domain(name)) => tokio::net::lookup_host((name, target.port))
                .await
                .map_err(|_| unresolved())?
                .collect(),
            None => Vec::new(),
        };
        for address in &addresses {
            self.look_at(address.ip())?;
        }
        if addresses.is_empty() { Err(unresolved()) } else { Ok(addresses) }
    }

    fn look_at(&self, address: IpAddr) -> Result<(), Refusal> {
        match reach(address) {
            Reach::Public => Ok(()),
            Reach::Private if self.allow_private => Ok(()),
            Reach::Private | Reach::Nowhere => Err(Refusal::Inside),
        }
    }
}

/// The parser forgets an empty `user@`, which people read as a host.
fn has_user_info(address: &str) -> bool {
    let rest = address.split_once(':').map_or("", |(_, rest)| rest);
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use Refusal::{Fragment, Inside, Malformed, NotHttps, Port, UserInfo};

    const STRICT: Policy = Policy { allow_http: false, allow_private: false };
    const OPEN: Policy = Policy { allow_http: true, allow_private: true };

    const HOSTILE: &[(&str, Refusal)] = &[
        ("https://127.0.0.1/", Inside),
        ("https://2130706433/", Inside),
        ("https://0x7f000001/", Inside),
        ("https://0x7f.0.0.1/", Inside),
        ("https://0177.0.0.1/", Inside),
        ("https://017700000001/", Inside),
        ("https://127.1/", Inside),
        ("https://127.0.1/", Inside),
        ("https://0/", Inside),
        ("https://１２７.０.０.１/", Inside),
        ("https://①②⑦.⓪.⓪.①/", Inside),
        ("https://127。0。0。1/", Inside),
        ("https://%31%32%37.0.0.1/", Inside),
        ("https://127.0.0.1./", Inside),
        ("https:127.0.0.1", Inside),
        ("https:\\\\127.0.0.1\\", Inside),
        ("https:///127.0.0.1", Inside),
        ("https://[::1]/", Inside),
        ("https://[::]/", Inside),
        ("https://[0:0:0:0:0:ffff:7f00:1]/", Inside),
        ("https://[::ffff:127.0.0.1]/", Inside),
        ("https://[::ffff:10.0.0.1]/", Inside),
        ("https://[64:ff9b::10.0.0.1]/", Inside),
        ("https://[fe80::1]/", Inside),
        ("https://[fe80::1%25eth0]/", Malformed),
        ("https://[fc00::1]/", Inside),
        ("https://[2002:7f00:1::]/", Inside),
        ("https://10.1.2.3/", Inside),
        ("https://172.20.0.2:8443/", Inside),
        ("https://192.168.1.1/", Inside),
        ("https://100.64.0.1/", Inside),
        ("https://169.254.169.254/latest/meta-data/", Inside),
        ("https://2852039166/", Inside),
        ("https://0xa9fea9fe/", Inside),
        ("https://168.63.129.16/", Inside),
        ("https://metadata.google.internal/", Inside),
        ("https://METADATA.google.INTERNAL./", Inside),
        ("https://redis.internal/", Inside),
        ("https://internal/", Inside),
        ("https://localhost/", Inside),
        ("https://localhost:3000/", Inside),
        ("https://a.localhost/", Inside),
        ("https://printer.local/", Inside),
        ("https://192.0.2.1/", Inside),
        ("https://224.0.0.1/", Inside),
        ("https://255.255.255.255/", Inside),
        ("https://user@example.com/", UserInfo),
        ("https://user:secret@example.com/", UserInfo),
        ("https://@example.com/", UserInfo),
        ("https://example.com@10.0.0.1/", UserInfo),
        ("https://example.com#@10.0.0.1/", Fragment),
        ("http://example.com/", NotHttps),
        ("ftp://example.com/", NotHttps),
        ("file:///etc/passwd", NotHttps),
        ("gopher://example.com/", NotHttps),
        ("javascript:alert(1)", NotHttps),
        ("https://example.com:22/", Port),
        ("https://example.com:25/", Port),
        ("https://example.com:0/", Port),
        ("https://example.com:65536/", Malformed),
        ("https://exam ple.com/", Malformed),
        ("https://example.com/\r\nHost: x", Malformed),
        ("https://", Malformed),
        ("example.com/hooks", Malformed),
        ("//example.com/hooks", Malformed),
        ("", Malformed),
    ];

    #[test]
    fn hostile_addresses_are_refused_however_they_are_written() {
        for (address, expected) in HOSTILE {
            assert_eq!(STRICT.check(address), Err(*expected), "{address}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for address in [
            "https://example.com/hooks?a=b",
            "https://example.com:8443/",
            "https://пример.рф/хук",
            "https://1.1.1.1/",
            "https://[2606:4700::1111]/",
            "https://internal.example.com/",
            "https://example.com/user@host",
        ] {
            assert!(STRICT.check(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_operator_opens_the_inner_network_and_never_the_metadata() {
        for address in [
            "http://127.0.0.1:9/",
            "http://redis.internal/",
            "https://10.0.0.1:25/",
            "http://[::1]/",
        ] {
            assert!(OPEN.check(address).is_ok(), "{address}");
        }
        for address in [
            "http://169.254.169.254/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://[::ffff:127.0.0.1]/",
            "http://metadata.google.internal/",
            "http://224.0.0.1/",
        ] {
            assert_eq!(OPEN.check(address), Err(Refusal::Inside), "{address}");
        }
        assert_eq!(OPEN.check("ftp://127.0.0.1/"), Err(Refusal::NotWeb));
    }

    #[tokio::test]
    async fn a_name_is_refused_for_what_it_resolves_to() {
        // A name that the list of inner names does not know: only its addresses tell.
        let policy = Policy { allow_http: true, allow_private: false };
        let url = Url::parse("http://localhost/").unwrap();
        let target = Target { url, port: 80 };
        let refused = policy.resolve(&target).await;
        assert!(matches!(refused, Err(Fault::Refused(Refusal::Inside))), "{refused:?}");
    }
}
