//! The proof that a form of ours was shown, and when. No I/O.
//!
//! Whoever sends a form has read the page that it stands on: another site cannot, and a program that
//! fills in forms without looking does so faster than anybody types.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;

use super::keys::Keys;
use super::token::mac;

const LIFE: TimeDelta = TimeDelta::hours(24);
const PAYLOAD: usize = 8;

/// The hidden field of a form that is shown now. `form` names the form, and whom it was shown to
/// where only they may send it.
pub fn form_token_create(keys: &Keys, now: DateTime<Utc>, form: &str) -> String {
    let mut bytes = now.timestamp_millis().to_be_bytes().to_vec();
    bytes.extend(tag(keys, form, &bytes).finalize().into_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// How long ago the form was shown; `None` where the field is not ours, is another form's, or is
/// older than a day.
pub fn form_token_age(
    keys: &Keys,
    now: DateTime<Utc>,
    form: &str,
    token: &str,
) -> Option<TimeDelta> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (payload, given) = bytes.split_at_checked(PAYLOAD)?;
    tag(keys, form, payload).verify_slice(given).ok()?;
    let shown = i64::from_be_bytes(payload.try_into().ok()?);
    let age = now - DateTime::from_timestamp_millis(shown)?;
    (age >= TimeDelta::zero() && age <= LIFE).then_some(age)
}

fn tag(keys: &Keys, form: &str, payload: &[u8]) -> hmac::Hmac<sha2::Sha256> {
    mac(&keys.token_secret, &format!("form {form}"), payload)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    #[test]
    fn a_form_is_known_for_a_day_by_its_name_and_nobody_elses() {
        let keys = Keys { token_secret: b"one secret".to_vec(), platform_secret: None };
        let now = Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap();
        let token = form_token_create(&keys, now, "request");
        let age = |name, later: TimeDelta| form_token_age(&keys, now + later, name, &token);
        assert_eq!(age("request", TimeDelta::seconds(4)), Some(TimeDelta::seconds(4)));
        assert_eq!(age("request", TimeDelta::hours(25)), None);
        assert_eq!(age("request", TimeDelta::seconds(-1)), None);
        assert_eq!(age("reply 7", TimeDelta::zero()), None);
        assert_eq!(form_token_age(&keys, now, "request", "AAAA"), None);
    }
}
