//! Lock files: who may start or stop the cluster now, and who still uses it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use super::error::{ClusterError, IoContext};

/// Longer than a start with crash recovery, after which another process must be stuck.
const PATIENCE: Duration = Duration::from_secs(660);
const PAUSE: Duration = Duration::from_millis(25);

/// Waits for the right to start or stop the cluster in `directory`; dropping the file gives it up.
///
/// The lock lies beside the directory, because the directory itself may still have to be made.
///
/// # Errors
/// When the file cannot be opened, or another process keeps the lock for too long.
pub(super) async fn gate(directory: &Path) -> Result<File, ClusterError> {
    let path = beside(directory);
    let file = open(&path)?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(source)) => return Err(source).on("lock", &path),
            Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                return Err(ClusterError::Busy {
                    directory: directory.to_owned(),
                    seconds: PATIENCE.as_secs(),
                });
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Counts this process among the users of the cluster until [`leave_users`], or until the file is dropped.
///
/// # Errors
/// When the lock file cannot be opened or locked.
pub(super) fn join_users(home: &Path) -> Result<File, ClusterError> {
    let path = home.join("users.lock");
    let file = open(&path)?;
    file.lock_shared().on("lock", &path)?;
    Ok(file)
}

/// Counts this process among the users no more. To drop the file is not enough while another program is being started: until
/// that begins, its process has the file as well.
///
/// # Errors
/// When the lock cannot be given up.
pub(super) fn leave_users(home: &Path, share: &File) -> Result<(), ClusterError> {
    share.unlock().on("unlock", &home.join("users.lock"))
}

/// Whether nobody uses the cluster any more. Ask only while holding the gate.
///
/// # Errors
/// When the lock file cannot be opened or locked.
pub(super) fn is_unused(home: &Path) -> Result<bool, ClusterError> {
    let path = home.join("users.lock");
    match open(&path)?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(source).on("lock", &path),
    }
}

fn beside(directory: &Path) -> PathBuf {
    let mut name = directory.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    directory.with_file_name(name)
}

fn open(path: &Path) -> Result<File, ClusterError> {
    let nofollow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600).custom_flags(nofollow);
    let file = options.open(path).on("open", path)?;
    if geteuid().is_root() {
        // A later start by the directory's owner must be able to open what root made.
        let parent = path.parent().unwrap_or(path).metadata().on("read", path)?;
        fchown(&file, Some(parent.uid()), Some(parent.gid())).on("hand over", path)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_uses_nothing_though_a_starting_program_has_the_file() {
        let home = tempfile::tempdir().unwrap();
        let share = join_users(home.path()).unwrap();
        let of_a_child = share.try_clone().unwrap();
        assert!(!is_unused(home.path()).unwrap());
        leave_users(home.path(), &share).unwrap();
        assert!(is_unused(home.path()).unwrap());
        drop(of_a_child);
    }
}
