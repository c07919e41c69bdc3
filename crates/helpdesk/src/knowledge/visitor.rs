//! Visitors without accounts: told apart by keyed hashes, so that no address is stored.

use std::net::IpAddr;

use chrono::NaiveDate;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kamhub_kernel::Actor;
use sha2::{Digest as _, Sha256};

use crate::identity::keys::Keys;

/// Bytes of a visitor's key: enough that two visitors of one article never share one.
const LENGTH: usize = 16;

/// Visitors that one address can be on pages.
const PEOPLE: u8 = 4;

/// Somebody who reads or votes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visitor {
    who: String,
    is_colleague: bool,
}

impl Visitor {
    /// The visitor of a call: the customer, user or key; without credentials the network address,
    /// whatever the program calls itself.
    pub fn of(actor: &Actor) -> Self {
        let who = match actor {
            Actor::Anonymous { address } => format!("anonymous:{}", network(address)),
            known => known.label(),
        };
        Self { who, is_colleague: matches!(actor, Actor::User { .. } | Actor::System { .. }) }
    }

    /// The visitor of a page. Behind one address there may be several people: their browsers tell them
    /// apart, but an address never is more than [`PEOPLE`] visitors, whatever its browsers call
    /// themselves.
    pub fn of_page(actor: &Actor, browser: Option<&str>) -> Self {
        let mut visitor = Self::of(actor);
        if let Actor::Anonymous { .. } = actor {
            let hash = Sha256::digest(browser.unwrap_or_default().as_bytes());
            let place = hash.first().copied().unwrap_or_default() % PEOPLE;
            visitor.who = format!("{} {place}", visitor.who);
        }
        visitor
    }

    /// Whether it is a person of the company, whose reading is no view.
    pub fn is_colleague(&self) -> bool {
        self.is_colleague
    }

    /// The key of the visitor's views on a day; tomorrow's cannot be told to be the same person's.
    pub fn on(&self, keys: &Keys, day: NaiveDate) -> Vec<u8> {
        keyed(keys, &format!("knowledge view {day}"), &self.who)
    }

    /// The key of the visitor's votes, which stays.
    pub fn voting(&self, keys: &Keys) -> Vec<u8> {
        keyed(keys, "knowledge vote", &self.who)
    }
}

/// What one household or office has: an IPv4 address, or the network of an IPv6 one (RFC 6177).
fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [one, two, three, four, ..] = address.segments();
            format!("{one:x}:{two:x}:{three:x}:{four:x}")
        }
        _ => address.to_owned(),
    }
}

fn keyed(keys: &Keys, purpose: &str, who: &str) -> Vec<u8> {
    // HMAC takes a key of any length, so that this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&keys.token_secret) else { return Vec::new() };
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(who.as_bytes());
    let mut key = mac.finalize().into_bytes().to_vec();
    key.truncate(LENGTH);
    key
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_visitor_is_known_all_day_and_a_stranger_the_next() {
        let keys = Keys { token_secret: b"secret".to_vec(), platform_secret: None };
        let day = NaiveDate::default();
        let actor = Actor::Anonymous { address: "192.0.2.1".into() };
        let other = Actor::Anonymous { address: "192.0.2.2".into() };
        let (one, other) = (Visitor::of(&actor), Visitor::of(&other));
        assert_eq!(one.on(&keys, day), one.clone().on(&keys, day));
        assert_ne!(one.on(&keys, day), other.on(&keys, day));
        assert_ne!(Some(one.on(&keys, day)), day.succ_opt().map(|next| one.on(&keys, next)));
        assert_eq!(one.voting(&keys).len(), LENGTH);
    }
    #[test]
    fn an_address_is_few_visitors_whatever_its_browsers_call_themselves() {
        let keys = Keys { token_secret: b"secret".to_vec(), platform_secret: None };
        let at = |address: &str| Actor::Anonymous { address: address.into() };
        let page = |name: i32| {
            Visitor::of_page(&at("192.0.2.1"), Some(&format!("Browser {name}"))).voting(&keys)
        };
        let known: HashSet<Vec<u8>> = (0..100).map(page).collect();
        assert_eq!(known.len(), usize::from(PEOPLE));
        let (one, same) = (at("2001:db8:1:2::1"), at("2001:db8:1:2:3:4:5:6"));
        assert_eq!(Visitor::of(&one), Visitor::of(&same));
        assert_ne!(Visitor::of(&one), Visitor::of(&at("2001:db8:1:3::1")));
    }
}
