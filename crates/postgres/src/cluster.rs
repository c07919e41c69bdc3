//! The product's own PostgreSQL, from the programs that are installed on the machine.
//!
//! One directory holds everything; only the product, its operator and root can reach the server.
//! Processes that use the cluster share it: the first one starts it, the last one stops it, and one
//! that was killed leaves it running for the next. The reasons are in `docs/adr/0002`.

mod binaries;
mod database;
mod error;
mod lock;
mod place;
mod process;
mod server;
mod settings;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use binaries::Binaries;
pub use error::ClusterError;
use place::Place;
use process::Postmaster;
use server::Server;

/// How often the supervisor looks whether the postmaster lives.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a server that dies while it starts is started anew before we give up.
const ATTEMPTS: u32 = 3;

/// What a private cluster needs to know.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Where the cluster lives; made when missing. Relative paths start at the working directory.
    pub directory: PathBuf,
    /// Where PostgreSQL's programs are; otherwise the usual places are searched, newest first.
    pub bin_dir: Option<PathBuf>,
    /// The caller's `PATH`, searched after the usual places.
    pub path: Option<OsString>,
    /// Where the cluster goes when root started it and the server's user cannot enter `directory`,
    /// which becomes a link.
    pub fallback_directory: PathBuf,
}

impl ClusterConfig {
    /// The usual settings for a cluster in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            bin_dir: None,
            path: None,
            fallback_directory: PathBuf::from("/var/lib/kamhub"),
        }
    }
}

/// A running private cluster, and our share in it.
///
/// Dropping it without [`Cluster::release`] leaves the server running for the next start.
#[derive(Debug)]
pub struct Cluster {
    directory: PathBuf,
    server: Server,
    share: Mutex<Option<File>>,
}

impl Cluster {
    /// Makes the cluster when it is new, starts it when it does not run, adopts it when it does.
    ///
    /// # Errors
    /// When PostgreSQL is missing, the directory cannot be used, or the server does not start; each
    /// says what to do.
    pub async fn start(config: ClusterConfig) -> Result<Self, ClusterError> {
        Self::enter(config, true).await
    }

    /// The same for a short command, which must not make a new cluster where there is none.
    ///
    /// # Errors
    /// As [`Cluster::start`], and when there is no cluster yet.
    pub async fn attach(config: ClusterConfig) -> Result<Self, ClusterError> {
        Self::enter(config, false).await
    }

    async fn enter(mut config: ClusterConfig, create: bool) -> Result<Self, ClusterError> {
        let directory = &config.directory;
        config.directory = std::path::absolute(directory).map_err(|source| ClusterError::Io {
            action: "find",
            path: directory.clone(),
            source,
        })?;
        let parent = config.directory.parent().filter(|parent| !parent.exists());
        match parent {
            Some(_) if !create => {
                return Err(ClusterError::NotInitialised { directory: config.directory });
            }
            Some(parent) => std::fs::create_dir_all(parent).map_err(|source| ClusterError::Io {
                action: "create",
                path: parent.to_owned(),
                source,
            })?,
            None => {}
        }
        let _gate = lock::gate(&config.directory).await?;
        let place = Place::resolve(&config, create)?;
        let version = place.data_version()?;
        let data = version.map(|version| (place.home.as_path(), version));
        let binaries = Binaries::find(config.bin_dir.as_deref(), config.path.as_deref(), data)?;
        let share = lock::join_users(&place.home)?;
        let mut server = Server { place, binaries };
        if version.is_none() {
            tracing::info!(directory = %server.place.home.display(), "creating the database");
            server.init().await?;
        }
        run(&mut server).await?;
        Ok(Self { directory: config.directory, server, share: Mutex::new(Some(share)) })
    }

    /// Where to connect, for sqlx and psql alike: the product's database, as its owner.
    pub fn url(&self) -> String {
        let host = percent_encode(&self.server.place.socket_directory);
        format!("postgres://{0}@localhost:5432/{0}?host={host}", database::NAME)
    }

    /// The directory that really holds the cluster.
    pub fn home(&self) -> &Path {
        &self.server.place.home
    }

    /// The programs of the version that runs the cluster, such as `pg_dump`.
    pub fn bin_dir(&self) -> &Path {
        &self.server.binaries.bin_dir
    }

    /// The process id of the postmaster, when it runs.
    pub fn postmaster(&self) -> Option<i32> {
        Postmaster::running(&self.server.place.pgdata).map(|postmaster| postmaster.pid)
    }

    /// Starts the server again whenever it dies, until `shutdown` is cancelled.
    pub async fn supervise(&self, shutdown: CancellationToken) {
        let mut pause = LOOK_EVERY;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            if self.postmaster().is_some() {
                continue;
            }
            tracing::warn!("PostgreSQL is gone; starting it again");
            tokio::select! {
                () = shutdown.cancelled() => return,
                result = self.revive() => match result {
                    Ok(()) => {
                        tracing::info!("PostgreSQL runs again");
                        pause = LOOK_EVERY;
                    }
                    Err(error) => {
                        tracing::error!(%error, "PostgreSQL could not be started");
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                },
            }
        }
    }

    async fn revive(&self) -> Result<(), ClusterError> {
        let _gate = lock::gate(&self.directory).await?;
        let released = self.share.lock().unwrap_or_else(PoisonError::into_inner).is_none();
        if released {
            return Ok(());
        }
        run(&mut self.server.clone()).await
    }

    /// Gives up our share, and stops the server unless somebody else still uses it. Answers whether
    /// it was stopped.
    ///
    /// # Errors
    /// When the server does not stop.
    pub async fn release(&self) -> Result<bool, ClusterError> {
        let _gate = lock::gate(&self.directory).await?;
        let share = self.share.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(share) = share else { return Ok(false) };
        lock::leave_users(&self.server.place.home, &share)?;
        if !lock::is_unused(&self.server.place.home)? || self.postmaster().is_none() {
            return Ok(false);
        }
        self.server.stop().await?;
        Ok(true)
    }
}

/// Brings the server up, or waits until one that is already starting is ready.
async fn run(server: &mut Server) -> Result<(), ClusterError> {
    for _ in 0..ATTEMPTS {
        match Postmaster::running(&server.place.pgdata) {
            // A running server listens where it was told to when it was started.
            Some(postmaster) if postmaster.socket_directory.is_absolute() => {
                server.place.socket_directory = postmaster.socket_directory;
            }
            Some(_) => {}
            None => server.start().await?,
        }
        let place = &server.place;
        if let Some(connection) = database::connect(&place.pgdata, &place.socket_directory).await? {
            return database::prepare(connection, &place.socket_directory).await;
        }
    }
    let directory = server.place.home.clone();
    Err(ClusterError::NotReady { directory, seconds: 0 })
}

/// Everything but unreserved characters and slashes, as RFC 3986 wants it in a query.
fn percent_encode(path: &Path) -> String {
    let mut encoded = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(*byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_the_journey_through_a_url() {
        assert_eq!(percent_encode(Path::new("/tmp/a b+c&d")), "/tmp/a%20b%2Bc%26d");
    }
}
