//! Passwords: argon2id, computed away from the threads that answer calls, and only so many at once
//! that a flood of sign-ins exhausts neither memory nor processors.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use kamhub_kernel::{Clock, Faults};
use tokio::sync::Semaphore;

use super::{Error, model};

/// Computations at once in this process; each takes 19 MiB and one processor for some 30 ms.
static SLOTS: Semaphore = Semaphore::const_new(2);
/// How long a sign-in waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What an unknown address is checked against, so that it takes the time of a known one. No
/// password is known to fit it, and what is answered does not depend on whether one does.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    compute(b"nobody signs in with this", b"kamhub-support-0").unwrap_or_default()
});

/// A password as it is stored: argon2id in PHC notation. Never printed.
#[derive(Clone)]
pub struct PasswordHash(pub(super) String);

impl PasswordHash {
    /// The text that is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}

/// Checks the rules for a new password and computes what is stored of it.
///
/// # Errors
/// A fault of `field`; [`Error::Busy`] where too many wait already.
pub async fn hash(
    clock: &dyn Clock,
    field: &str,
    email: &str,
    password: &str,
) -> Result<PasswordHash, Error> {
    model::password_rules(email, password)
        .map_err(|fault| Error::Invalid(Faults::of(field, fault)))?;
    let mut salt = [0_u8; 16];
    clock.fill_random(&mut salt);
    let password = password.to_owned();
    in_turn(move || compute(password.as_bytes(), &salt)).await?.map(PasswordHash)
}

/// The same rules for a field of a body that holds the address, too.
pub(super) fn rules(email: &str) -> impl FnOnce(&String, &()) -> garde::Result {
    move |password, ()| model::password_rules(email, password).map_err(garde::Error::new)
}

/// Whether the password fits. Without a stored one the answer is no, after the same time.
///
/// # Errors
/// [`Error::Busy`] where too many wait already.
pub async fn verify(stored: Option<PasswordHash>, password: &str) -> Result<bool, Error> {
    let password = password.to_owned();
    in_turn(move || {
        let hash = stored.as_ref().map_or(NOBODY.as_str(), |stored| stored.0.as_str());
        let fits = hasher()?.verify_password(password.as_bytes(), hash).is_ok();
        Ok(fits && stored.is_some())
    })
    .await?
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let turn = tokio::time::timeout(LONGEST_WAIT, SLOTS.acquire()).await;
    let Ok(Ok(turn)) = turn else { return Err(Error::Busy) };
    // The permit goes with the work: a caller that gives up must not make room for one more.
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    })
    .await
    .map_err(|fault| Error::Fault(fault.to_string()))
}

/// OWASP's parameters for argon2id: 19 MiB, two passes, one lane.
fn hasher() -> Result<Argon2<'static>, Error> {
    let params =
        Params::new(19 * 1024, 2, 1, None).map_err(|fault| Error::Fault(fault.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn compute(password: &[u8], salt: &[u8]) -> Result<String, Error> {
    let hash = hasher()?.hash_password_with_salt(password, salt);
    hash.map(|hash| hash.to_string()).map_err(|fault| Error::Fault(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use kamhub_kernel::clock::SystemClock;

    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_and_nothing_else() {
        let made = hash(&SystemClock, "password", "a@b.example", "correct horse").await.unwrap();
        assert!(made.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", made.0);
        assert!(verify(Some(made.clone()), "correct horse").await.unwrap());
        assert!(!verify(Some(made), "correct house").await.unwrap());
        assert!(!verify(None, "nobody signs in with this").await.unwrap());
        assert!(
            !verify(Some(PasswordHash("$nonsense".to_owned())), "correct horse").await.unwrap()
        );
    }
}
