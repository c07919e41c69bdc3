//! Visitors without accounts: told apart by keyed hashes, so that no address is stored.

use chrono::NaiveDate;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kamhub_kernel::Actor;
use sha2::Sha256;

use crate::identity::keys::Keys;

/// Bytes of a visitor's key: enough that two visitors of one article never share one.
const LENGTH: usize = 16;

/// Somebody who reads or votes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Visitor {
    who: String,
    is_colleague: bool,
}

impl Visitor {
    /// The visitor of a call: the customer, user or key; without credentials the network address
    /// together with the browser.
    pub fn of(actor: &Actor, browser: Option<&str>) -> Self {
        let who = match actor {
            Actor::Anonymous { .. } => format!("{} {}", actor.label(), browser.unwrap_or_default()),
            known => known.label(),
        };
        Self { who, is_colleague: matches!(actor, Actor::User { .. } | Actor::System { .. }) }
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
    use super::*;

    #[test]
    fn a_visitor_is_known_all_day_and_a_stranger_the_next() {
        let keys = Keys { token_secret: b"secret".to_vec(), platform_secret: None };
        let day = NaiveDate::default();
        let actor = Actor::Anonymous { address: "192.0.2.1".into() };
        let (one, other) =
            (Visitor::of(&actor, Some("Firefox")), Visitor::of(&actor, Some("Safari")));
        assert_eq!(one.on(&keys, day), one.clone().on(&keys, day));
        assert_ne!(one.on(&keys, day), other.on(&keys, day));
        assert_ne!(Some(one.on(&keys, day)), day.succ_opt().map(|next| one.on(&keys, next)));
        assert_eq!(one.voting(&keys).len(), LENGTH);
    }
}
