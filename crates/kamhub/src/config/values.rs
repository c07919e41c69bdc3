//! The given values, before anybody has read them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail};
use kamhub_httpkit::validate;

use super::{KEYS, SHORTEST_SECRET};

/// The given values as text, each with where it came from.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, (String, String)>);

impl Values {
    pub(super) fn of_toml(text: &str, path: &str) -> Result<Self> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            anyhow::anyhow!("{path}, line {line}: {}", error.message())
        })?;
        let mut values = Self::default();
        for (name, value) in table {
            let Some((key, _)) = KEYS.iter().find(|(key, _)| *key == name) else {
                bail!("{path}: unknown key {name}; did you mean {}?", nearest(&name));
            };
            values.set(key, plain(&name, &value, path)?, format!("{name} in {path}"));
        }
        Ok(values)
    }

    pub(super) fn set(&mut self, key: &'static str, value: String, origin: String) {
        self.0.insert(key, (value, origin));
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|(value, _)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A fault of this key's value, which is shown only where it is no secret.
    pub(super) fn fault(&self, key: &str, expected: impl Display) -> anyhow::Error {
        let (value, origin) = self.0.get(key).map_or(("", key), |(v, o)| (v.as_str(), o.as_str()));
        let hidden = ["secret", "password", "smtp_url", "slack_webhook_url"];
        if hidden.iter().any(|word| key.contains(word)) {
            anyhow::anyhow!("{origin} must be {expected}")
        } else {
            anyhow::anyhow!("{origin} must be {expected}, not {value:?}")
        }
    }

    pub(super) fn read<T: FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>> {
        let parse = |text: &str| text.trim().parse().map_err(|_| self.fault(key, expected));
        self.text(key).map(parse).transpose()
    }

    pub(super) fn number(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<Option<u32>> {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        match self.read(key, &expected)? {
            Some(number) if !range.contains(&number) => Err(self.fault(key, expected)),
            number => Ok(number),
        }
    }

    pub(super) fn seconds(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u32>,
        unit: u64,
    ) -> Result<Option<Duration>> {
        let number = self.number(key, range)?;
        Ok(number.map(|number| Duration::from_secs(u64::from(number) * unit)))
    }

    pub(super) fn host(&self, key: &str) -> Result<Option<IpAddr>> {
        match self.text(key) {
            Some("localhost") => Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            Some("*") => Ok(Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED))),
            _ => self.read(key, "an IP address, such as 127.0.0.1 or 0.0.0.0"),
        }
    }

    pub(super) fn url(&self, key: &str) -> Result<Option<String>> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let text = text.trim_end_matches('/');
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains([' ', '?', '#']) => {
                Ok(Some(text.to_owned()))
            }
            _ => Err(self.fault(key, "an address such as https://support.example.com")),
        }
    }

    pub(super) fn origins(&self, key: &str) -> Result<Vec<String>> {
        let text = self.text(key).unwrap_or_default();
        let origins: Vec<_> =
            text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).collect();
        let sound = |origin: &&str| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
        };
        if !origins.iter().all(sound) {
            let expected = "origins such as https://example.com, separated by commas; none is *";
            return Err(self.fault(key, expected));
        }
        Ok(origins.into_iter().map(str::to_owned).collect())
    }

    /// An address by which somebody signs in, by the rules of the API.
    pub(super) fn email(&self, key: &str) -> Result<Option<&str>> {
        match self.text(key).map(str::trim) {
            Some(email) if validate::email(email, &()).is_err() => {
                Err(self.fault(key, "an e-mail address such as admin@example.com"))
            }
            email => Ok(email),
        }
    }

    pub(super) fn secret(&self, key: &str) -> Result<Option<String>> {
        match self.text(key) {
            Some(secret) if secret.len() < SHORTEST_SECRET => Err(self.fault(
                key,
                format!(
                    "at least {SHORTEST_SECRET} bytes long: make one with 'openssl rand -hex 32'"
                ),
            )),
            secret => Ok(secret.map(str::to_owned)),
        }
    }
}

/// A value of the file as text; lists are joined as the environment writes them.
fn plain(name: &str, value: &toml::Value, path: &str) -> Result<String> {
    Ok(match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Boolean(flag) => flag.to_string(),
        toml::Value::Array(items) => {
            let items: Result<Vec<_>> = items.iter().map(|item| plain(name, item, path)).collect();
            items?.join(",")
        }
        _ => bail!("{path}: {name} must be a string, a whole number, true, false or a list"),
    })
}

/// The known key that is the fewest edits away.
fn nearest(name: &str) -> &'static str {
    let keys = KEYS.iter().map(|(key, _)| *key);
    keys.min_by_key(|key| distance(name, key)).unwrap_or_default()
}

/// Levenshtein's distance.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let change = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
