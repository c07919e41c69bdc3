//! What can go wrong with the private cluster, each as one sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A fault of the private cluster. Its text is meant for the person who started the product.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No PostgreSQL server programs were found on this machine.
    #[error(
        "PostgreSQL is not installed: install it (Debian: apt-get install postgresql) or set \
         DATABASE_URL to a server you already have"
    )]
    NotInstalled,

    /// The newest PostgreSQL found is older than the product can use.
    #[error(
        "PostgreSQL {major} in {} is too old: install version 15 or later (Debian: apt-get \
         install postgresql)", bin_dir.display()
    )]
    TooOld {
        /// Major version found.
        major: u32,
        /// Where it was found.
        bin_dir: PathBuf,
    },

    /// The data were written by a major version that is not installed.
    #[error(
        "the data in {} were written by PostgreSQL {made_by}, but only {installed} is installed: \
         install it again (Debian: apt-get install postgresql-{made_by}) or convert the data with \
         pg_upgrade", directory.display()
    )]
    VersionMismatch {
        /// The data directory.
        directory: PathBuf,
        /// Major version that wrote the data.
        made_by: u32,
        /// Major version of the newest installed programs.
        installed: u32,
    },

    /// Started as root, and there is no user to run PostgreSQL as.
    #[error(
        "PostgreSQL does not run as root and there is no user \"postgres\": create it (useradd \
         --system --shell /usr/sbin/nologin postgres) or start as an ordinary user"
    )]
    NoServerUser,

    /// The data belong to another user.
    #[error(
        "{} belongs to another user (id {owner}): start as that user or as root, or choose \
         another data directory with KAMHUB_DATA_DIR", directory.display()
    )]
    NotOwner {
        /// The data directory.
        directory: PathBuf,
        /// Numeric id of the owner.
        owner: u32,
    },

    /// The data belong to root, who may not run PostgreSQL.
    #[error(
        "{} belongs to root, as whom PostgreSQL does not run: give it to its user again (chown -R \
         postgres: {})", directory.display(), directory.display()
    )]
    OwnedByRoot {
        /// The data directory.
        directory: PathBuf,
    },

    /// The user that runs PostgreSQL cannot enter the data directory.
    #[error(
        "the user that runs PostgreSQL (id {uid}) cannot enter {}: give every directory above it \
         the execute permission (chmod o+x) or move it", directory.display()
    )]
    Unreachable {
        /// The data directory.
        directory: PathBuf,
        /// Numeric id of the user.
        uid: u32,
    },

    /// A command wanted a cluster that was never made.
    #[error(
        "there is no database in {} yet: start the product once (./run), or point \
         KAMHUB_DATA_DIR at its data directory", directory.display()
    )]
    NotInitialised {
        /// The data directory.
        directory: PathBuf,
    },

    /// The data directory is a link to nowhere.
    #[error(
        "{} is a link to {}, which is missing: restore it from a backup, or remove the link to \
         begin with an empty database", link.display(), target.display()
    )]
    BrokenLink {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },

    /// The directory exists and is not a PostgreSQL cluster.
    #[error(
        "{} is not a PostgreSQL data directory (no readable PG_VERSION): move it away, or restore \
         it from a backup", directory.display()
    )]
    NotACluster {
        /// The directory.
        directory: PathBuf,
    },

    /// Somebody else holds the name of our socket directory.
    #[error(
        "{} is not a private directory of user id {uid}: remove it, or choose a shorter data \
         directory so that it is not needed", directory.display()
    )]
    SocketDirectory {
        /// The directory.
        directory: PathBuf,
        /// The user who should own it.
        uid: u32,
    },

    /// Another process has been starting or stopping the same cluster for too long.
    #[error(
        "another process has been starting or stopping the database in {} for {seconds} seconds: \
         wait for it or end it, then try again", directory.display()
    )]
    Busy {
        /// The data directory.
        directory: PathBuf,
        /// How long we waited.
        seconds: u64,
    },

    /// The server runs, but did not accept connections in time.
    #[error(
        "PostgreSQL in {} did not accept connections within {seconds} seconds: read {} for the \
         reason", directory.display(), directory.join("log").display()
    )]
    NotReady {
        /// The data directory.
        directory: PathBuf,
        /// How long we waited.
        seconds: u64,
    },

    /// One of PostgreSQL's own programs failed.
    #[error("{program} failed in {}: {output}; read {} for more", directory.display(),
        directory.join("log").display())]
    Program {
        /// Name of the program.
        program: &'static str,
        /// The data directory.
        directory: PathBuf,
        /// The line that tells most about the reason.
        output: String,
    },

    /// The operating system refused something.
    #[error("cannot {action} {}: {source}; check its owner, permissions and free space",
        path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The answer of the system.
        source: io::Error,
    },

    /// The cluster runs, but its role or database could not be set up.
    #[error("cannot prepare the private database: {0}; look at the log directory of the cluster")]
    Database(#[from] sqlx::Error),
}

/// Gives an I/O fault its action and path.
pub(super) trait IoContext<T> {
    /// Names what was tried.
    fn on(self, action: &'static str, path: &Path) -> Result<T, ClusterError>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, ClusterError> {
        self.map_err(|source| ClusterError::Io { action, path: path.to_owned(), source })
    }
}
