//! Signed texts: access tokens, the platform's tokens for customers, refresh tokens, and the proof
//! against cross-site requests. No I/O.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use kamhub_kernel::{Role, SessionId, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest as _, Sha256};

use super::keys::Keys;
use super::{Error, model};

const OUR_ISSUER: &str = "kamhub-support";
const OUR_AUDIENCE: &str = "kamhub-support-api";
const PLATFORM_ISSUER: &str = "kamhub-platform";
const PLATFORM_AUDIENCE: &str = "kamhub-support";
/// How far ahead the platform may set the end of a token.
const PLATFORM_LIFE: TimeDelta = TimeDelta::hours(24);
/// How far the platform's clock may be ahead of ours.
const SKEW: TimeDelta = TimeDelta::seconds(60);
const REFRESH_PREFIX: &str = "khr_";

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AccessClaims {
    iss: String,
    aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub role: Role,
    iat: i64,
    exp: i64,
}

/// What a token of the platform says of a customer.
#[derive(Debug, Clone, Deserialize)]
pub struct PlatformClaims {
    /// The customer's number on the platform.
    #[serde(deserialize_with = "kamhub_kernel::id::deserialize")]
    pub sub: i64,
    /// The e-mail address, which the platform has verified.
    #[serde(default)]
    pub email: Option<String>,
    /// The name.
    #[serde(default)]
    pub name: Option<String>,
    /// The language, for example `ru` or `en-GB`.
    #[serde(default)]
    pub locale: Option<String>,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
}

/// A Bearer token that was checked.
pub(super) enum Bearer {
    /// One of ours; the session still has to be looked at.
    Ours(AccessClaims),
    /// One of the platform's.
    Platform(PlatformClaims),
}

/// An access token for a session.
///
/// # Errors
/// A fault of ours.
pub(super) fn access_mint(
    keys: &Keys,
    now: DateTime<Utc>,
    user: UserId,
    role: Role,
    session: SessionId,
) -> Result<String, Error> {
    let claims = AccessClaims {
        iss: OUR_ISSUER.to_owned(),
        aud: OUR_AUDIENCE.to_owned(),
        sub: user,
        sid: session,
        role,
        iat: now.timestamp(),
        exp: (now + model::ACCESS_TOKEN_LIFE).timestamp(),
    };
    let key = EncodingKey::from_secret(&keys.token_secret);
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map_err(|fault| Error::Fault(fault.to_string()))
}

/// Checks a Bearer token; the issuer it names decides by which secret.
///
/// # Errors
/// [`Error::BadCredentials`].
pub(super) fn bearer_verify(keys: &Keys, now: DateTime<Utc>, token: &str) -> Result<Bearer, Error> {
    #[derive(Deserialize)]
    struct Issuer {
        iss: String,
    }
    let issuer: Issuer = jsonwebtoken::dangerous::insecure_decode_claims(token)
        .map_err(|_| Error::BadCredentials)?;
    match issuer.iss.as_str() {
        OUR_ISSUER => {
            let claims: AccessClaims = decode(token, &keys.token_secret, OUR_ISSUER, OUR_AUDIENCE)?;
            let current = claims.exp > now.timestamp();
            current.then_some(Bearer::Ours(claims)).ok_or(Error::BadCredentials)
        }
        PLATFORM_ISSUER => {
            let secret = keys.platform_secret.as_deref().ok_or(Error::BadCredentials)?;
            let claims: PlatformClaims = decode(token, secret, PLATFORM_ISSUER, PLATFORM_AUDIENCE)?;
            let current = claims.exp > now.timestamp()
                && claims.exp <= (now + PLATFORM_LIFE + SKEW).timestamp()
                && claims.nbf.is_none_or(|begin| begin <= (now + SKEW).timestamp());
            current.then_some(Bearer::Platform(claims)).ok_or(Error::BadCredentials)
        }
        _ => Err(Error::BadCredentials),
    }
}

/// HS256 and nothing else. Times are compared by the caller, who has the clock.
fn decode<T: DeserializeOwned>(
    token: &str,
    secret: &[u8],
    issuer: &str,
    audience: &str,
) -> Result<T, Error> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.set_required_spec_claims(&["exp", "iss", "aud"]);
    rules.set_issuer(&[issuer]);
    rules.set_audience(&[audience]);
    jsonwebtoken::decode(token, &DecodingKey::from_secret(secret), &rules)
        .map(|read| read.claims)
        .map_err(|_| Error::BadCredentials)
}

/// A refresh token: which session, and the how-manieth of it, under a MAC. The next one follows
/// from it, so that a lost answer can be given again without a second valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refresh {
    pub session: SessionId,
    pub generation: u32,
    /// When the session began, in microseconds: an id that a restored database gives again is
    /// not the same session.
    pub begun: i64,
}

impl Refresh {
    /// The first token of a session.
    pub(super) fn first(session: SessionId, begun: DateTime<Utc>) -> Self {
        Self { session, generation: 1, begun: begun.timestamp_micros() }
    }

    /// The one after this.
    pub(super) fn next(self) -> Self {
        Self { generation: self.generation.wrapping_add(1), ..self }
    }

    /// The token's text.
    pub(super) fn write(self, keys: &Keys) -> String {
        let mut bytes = self.payload().to_vec();
        bytes.extend(mac(&keys.token_secret, "refresh", &bytes).finalize().into_bytes());
        format!("{REFRESH_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Reads a token that we wrote.
    pub(super) fn read(keys: &Keys, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(REFRESH_PREFIX)?).ok()?;
        let (payload, tag) = bytes.split_at_checked(20)?;
        mac(&keys.token_secret, "refresh", payload).verify_slice(tag).ok()?;
        Some(Self {
            session: SessionId(i64::from_be_bytes(payload.get(..8)?.try_into().ok()?)),
            generation: u32::from_be_bytes(payload.get(8..12)?.try_into().ok()?),
            begun: i64::from_be_bytes(payload.get(12..20)?.try_into().ok()?),
        })
    }

    fn payload(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.session.0.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.generation.to_be_bytes());
        bytes[12..].copy_from_slice(&self.begun.to_be_bytes());
        bytes
    }
}

/// What a page of ours sends as `X-CSRF-Token` with a browser's session.
pub fn csrf_token(keys: &Keys, session_secret: &str) -> String {
    let tag = mac(&keys.token_secret, "csrf", session_secret.as_bytes()).finalize();
    URL_SAFE_NO_PAD.encode(tag.into_bytes())
}

/// Whether that is the right one; in constant time.
pub fn csrf_token_fits(keys: &Keys, session_secret: &str, given: &str) -> bool {
    URL_SAFE_NO_PAD.decode(given).is_ok_and(|tag| {
        mac(&keys.token_secret, "csrf", session_secret.as_bytes()).verify_slice(&tag).is_ok()
    })
}

/// HMAC-SHA256 over a purpose and data, so that what is signed for one is good for no other.
pub(super) fn mac(secret: &[u8], purpose: &str, data: &[u8]) -> Hmac<Sha256> {
    let mut key = [0; 64];
    key[..32].copy_from_slice(&Sha256::digest(secret));
    let mut mac = Hmac::<Sha256>::new(&key.into());
    mac.update(b"kamhub/");
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(data);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { token_secret: b"one secret".to_vec(), platform_secret: None }
    }

    #[test]
    fn a_refresh_token_is_read_back_and_a_changed_one_is_not() {
        let token = Refresh { session: SessionId(7), generation: 3, begun: 1_772_420_400_000_000 };
        let text = token.write(&keys());
        assert_eq!(Refresh::read(&keys(), &text), Some(token));
        let other = Keys { token_secret: b"other secret".to_vec(), platform_secret: None };
        assert_eq!(Refresh::read(&other, &text), None);
        for at in 4..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Refresh::read(&keys(), &String::from_utf8(changed).unwrap()), None);
        }
        for text in ["", "khr_", "khr_AAAA", "khr_ü", &text[4..]] {
            assert_eq!(Refresh::read(&keys(), text), None);
        }
    }

    #[test]
    fn a_proof_for_one_session_is_none_for_another() {
        let proof = csrf_token(&keys(), "secret one");
        assert!(csrf_token_fits(&keys(), "secret one", &proof));
        assert!(!csrf_token_fits(&keys(), "secret two", &proof));
        assert!(!csrf_token_fits(&keys(), "secret one", ""));
    }
}
