//! The secret that signs tokens: given, or made once and kept in the data directory.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use kamhub_helpdesk::identity::keys::Keys;
use kamhub_kernel::Clock;
use kamhub_kernel::clock::random_token;

use crate::config::{Config, SHORTEST_SECRET};

/// Where the secret is kept.
pub fn file(config: &Config) -> PathBuf {
    config.data_dir.join("jwt.secret")
}

/// The signing secrets of this installation.
///
/// # Errors
/// A data directory that cannot be used, or a kept secret that was damaged.
pub fn load(config: &Config, clock: &dyn Clock) -> Result<Keys> {
    let token_secret = match &config.jwt_secret {
        Some(secret) => secret.clone(),
        None => kept(&file(config), clock)?,
    };
    Ok(Keys {
        token_secret: token_secret.into_bytes(),
        platform_secret: config.platform_secret.clone().map(String::into_bytes),
    })
}

/// Makes the data directory: others may pass through it (PostgreSQL may run as another user) but
/// not look into it.
///
/// # Errors
/// A place where it cannot be made.
pub fn make_data_dir(directory: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o711).create(directory).with_context(|| {
        format!(
            "cannot make the data directory {}: choose another with KAMHUB_DATA_DIR",
            directory.display()
        )
    })
}

fn kept(path: &Path, clock: &dyn Clock) -> Result<String> {
    if !path.exists() {
        make(path, clock).with_context(|| {
            format!(
                "cannot keep a secret in {}: set JWT_SECRET, or make it writable",
                path.display()
            )
        })?;
    }
    let secret = fs::read_to_string(path).with_context(|| {
        format!("cannot read {}: start as the user who made it, or set JWT_SECRET", path.display())
    })?;
    let secret = secret.trim().to_owned();
    if secret.len() < SHORTEST_SECRET {
        bail!(
            "{} holds fewer than {SHORTEST_SECRET} bytes: delete it to have a new secret made (everybody \
             signs in again)",
            path.display()
        );
    }
    Ok(secret)
}

/// Writes a new secret in full before it gets its name: another process sees all of it or nothing,
/// and the first of two wins.
fn make(path: &Path, clock: &dyn Clock) -> Result<()> {
    let secret = random_token(clock);
    let draft = path.with_extension(format!("draft-{}", &random_token(clock)[..8]));
    if let Some(directory) = path.parent() {
        make_data_dir(directory)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use kamhub_kernel::SystemClock;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data/jwt.secret");
        let first = kept(&path, &SystemClock).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(kept(&path, &SystemClock).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path().join("data")).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_secret_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("jwt.secret");
        fs::write(&path, "short\n").unwrap();
        let error = kept(&path, &SystemClock).unwrap_err().to_string();
        assert!(error.contains("delete it to have a new secret made"), "{error}");
    }
}
