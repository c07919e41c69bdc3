//! Where the cluster lives, and as whom it runs.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{getegid, geteuid};
use sha2::{Digest, Sha256};

use super::ClusterConfig;
use super::error::{ClusterError, IoContext};

/// `sun_path` holds 107 bytes and PostgreSQL appends `/.s.PGSQL.5432` and `.lock` to this one.
const LONGEST_SOCKET_DIRECTORY: usize = 85;

/// The user that owns the data and runs the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUser {
    pub uid: u32,
    gid: u32,
    /// Whether this is somebody else than we are: only root can do that.
    foreign: bool,
}

impl ServerUser {
    /// A command that runs as this user, with nothing of our environment: `PG*` variables would
    /// change what the server does, and our secrets are none of its business.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
        if self.foreign {
            // Setting a user as root also clears the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a path that we made to this user.
    pub fn own(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.foreign {
            return Ok(());
        }
        lchown(path, Some(self.uid), Some(self.gid)).on("hand over", path)
    }

    fn can_write_in(&self, directory: &Path) -> bool {
        let mut command = self.command(Path::new("/bin/sh"));
        // The shell has to enter it itself: our own change of directory happens as root.
        command.args(["-c", "cd \"$1\" && test -w .", "sh"]).arg(directory).current_dir("/");
        command.stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn choose(directory: &Path) -> Result<Self, ClusterError> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let owner = owner_of(directory)?;
        match owner {
            Some((0, _)) if uid == 0 && directory.join("pgdata").exists() => {
                Err(ClusterError::OwnedByRoot { directory: directory.to_owned() })
            }
            Some((owner, _)) if uid != 0 && owner != uid => {
                Err(ClusterError::NotOwner { directory: directory.to_owned(), owner })
            }
            Some((uid, gid)) if uid != 0 && geteuid().is_root() => {
                Ok(Self { uid, gid, foreign: true })
            }
            _ if uid == 0 => {
                let (uid, gid) = postgres_user().ok_or(ClusterError::NoServerUser)?;
                Ok(Self { uid, gid, foreign: true })
            }
            _ => Ok(Self { uid, gid, foreign: false }),
        }
    }
}

/// Every path of one cluster.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Holds `pgdata`, `log` and the lock of its users; the real directory behind any link.
    pub home: PathBuf,
    pub pgdata: PathBuf,
    pub socket_directory: PathBuf,
    pub user: ServerUser,
}

impl Place {
    /// Finds the cluster's place, and makes its directories where they are missing and `create` is
    /// set. Call only while holding the gate.
    pub fn resolve(config: &ClusterConfig, create: bool) -> Result<Self, ClusterError> {
        let directory = &config.directory;
        let linked = directory.is_symlink();
        if linked && !directory.exists() {
            let target = fs::read_link(directory).on("read", directory)?;
            return Err(ClusterError::BrokenLink { link: directory.clone(), target });
        }
        let user = ServerUser::choose(directory)?;
        let fresh = !directory.join("pgdata").exists();
        if fresh && !create {
            return Err(ClusterError::NotInitialised { directory: directory.clone() });
        }
        if fresh {
            make_private(directory, user)?;
            // An empty directory may have been there before, such as a mounted volume.
            user.own(&directory.canonicalize().on("read", directory)?)?;
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
                .on("close to others", directory)?;
        }
        // Through a link the server's user may reach what it could not reach by this path.
        if !user.can_write_in(&directory.canonicalize().on("read", directory)?) {
            if !fresh || linked || fs::remove_dir(directory).is_err() {
                let directory = directory.clone();
                return Err(ClusterError::Unreachable { directory, uid: user.uid });
            }
            relocate(directory, &config.fallback_directory, user)?;
        }
        let home = directory.canonicalize().on("read", directory)?;
        let pgdata = home.join("pgdata");
        make_private(&home.join("log"), user)?;
        let socket_directory = socket_directory(&home, user)?;
        Ok(Self { home, pgdata, socket_directory, user })
    }

    /// The major version that wrote the data, when there are any.
    pub fn data_version(&self) -> Result<Option<u32>, ClusterError> {
        if !self.pgdata.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(self.pgdata.join("PG_VERSION")).unwrap_or_default();
        match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(ClusterError::NotACluster { directory: self.pgdata.clone() }),
        }
    }
}

/// Puts the cluster where the server's user can reach it, and leaves a link behind.
fn relocate(directory: &Path, base: &Path, user: ServerUser) -> Result<(), ClusterError> {
    fs::create_dir_all(base).on("create", base)?;
    fs::set_permissions(base, fs::Permissions::from_mode(0o711)).on("open up", base)?;
    let name = short_hash(directory);
    // Data of an earlier directory of the same name are kept, and not taken for ours.
    let mut names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
    let home = names.find_map(|name| {
        let home = base.join(name);
        (!home.exists()).then_some(home)
    });
    let home = home.unwrap_or_else(|| base.join(name));
    make_private(&home, user)?;
    symlink(&home, directory).on("link", directory)?;
    tracing::info!(
        directory = %directory.display(), home = %home.display(),
        "the database lives outside the data directory, which its user cannot enter"
    );
    Ok(())
}

fn socket_directory(home: &Path, user: ServerUser) -> Result<PathBuf, ClusterError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if let Some(text) = home.to_str()
        && text.len() <= LONGEST_SOCKET_DIRECTORY
        && text.chars().all(plain)
    {
        return Ok(home.to_owned());
    }
    let directory = Path::new("/tmp").join(format!("kamhub-{}", short_hash(home)));
    make_private(&directory, user)?;
    let found = fs::symlink_metadata(&directory).on("read", &directory)?;
    // The directory is what keeps others out, and anybody can make one of this name in /tmp.
    if !found.is_dir() || found.uid() != user.uid || found.mode() & 0o077 != 0 {
        return Err(ClusterError::SocketDirectory { directory, uid: user.uid });
    }
    Ok(directory)
}

/// Makes a directory (and those above it) that only the server's user may enter, unless it exists.
fn make_private(directory: &Path, user: ServerUser) -> Result<(), ClusterError> {
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).on("create", parent)?;
    }
    match DirBuilder::new().mode(0o700).create(directory) {
        Ok(()) => user.own(directory),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).on("create", directory),
    }
}

/// Owner of the data, or of the directory where we may not look inside it.
fn owner_of(directory: &Path) -> Result<Option<(u32, u32)>, ClusterError> {
    for path in [directory.join("pgdata"), directory.to_owned()] {
        match fs::metadata(&path) {
            Ok(found) => return Ok(Some((found.uid(), found.gid()))),
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {}
            Err(error) => return Err(error).on("read", &path),
        }
    }
    Ok(None)
}

/// Asks the system's name service, which is not always `/etc/passwd`.
fn postgres_user() -> Option<(u32, u32)> {
    let id = |flag: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((id("-u")?, id("-g")?))
}

fn short_hash(path: &Path) -> String {
    let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hex::encode(&digest[..8])
}
