//! The database of a command: the private cluster or `DATABASE_URL`, awaited and migrated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use kamhub_postgres::cluster::{Cluster, ClusterConfig};
use kamhub_postgres::migrations::{self, Standing};
use kamhub_postgres::{Db, DbConfig, DbError};

use crate::config::Config;
use crate::lifecycle::NotReady;

/// How long a start waits for a database that is away.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(250);
const TELL_EVERY: Duration = Duration::from_secs(5);
/// How long connections may take to end their work when the pool is closed.
const CLOSING: Duration = Duration::from_secs(5);

/// Whether a command may make what is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Makes the private cluster when there is none.
    Create,
    /// Refuses where there is none.
    Existing,
}

/// The database, and the private cluster where it is in one.
pub struct Database {
    /// The pool.
    pub db: Db,
    /// Our share in the private cluster.
    pub cluster: Option<Arc<Cluster>>,
}

impl Database {
    /// Prepares the pool, and starts the private cluster where there is no `DATABASE_URL`.
    ///
    /// # Errors
    /// A cluster that does not start, an address that cannot be read.
    pub async fn open(config: &Config, opening: Opening) -> Result<Self> {
        let (url, cluster) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => {
                let cluster = start_cluster(config, opening).await?;
                (cluster.url(), Some(Arc::new(cluster)))
            }
        };
        let mut settings = DbConfig::new(url);
        settings.max_connections = config.database_max_connections;
        let db = Db::connect_lazy(&settings).context(
            "DATABASE_URL cannot be read: write postgres://user:password@host:5432/database",
        )?;
        Ok(Self { db, cluster })
    }

    /// The database, made where there is none, awaited and migrated.
    ///
    /// # Errors
    /// As [`Database::open`], [`Database::wait`] and [`Database::migrate`].
    pub async fn prepared(config: &Config) -> Result<Self> {
        let database = Self::open(config, Opening::Create).await?;
        let prepared = async {
            database.wait().await?;
            database.migrate().await
        };
        match prepared.await {
            Ok(()) => Ok(database),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    /// The same for short commands: the database answers and its tables are those of this version.
    ///
    /// # Errors
    /// As [`Database::open`]; a database that is away or not migrated.
    pub async fn ready(config: &Config) -> Result<Self> {
        let database = Self::open(config, Opening::Existing).await?;
        match database.check().await {
            Ok(()) => Ok(database),
            Err(error) => {
                database.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self) -> Result<()> {
        match migrations::standing(&self.db).await.map_err(away)? {
            Standing::Current | Standing::Ahead(_) => Ok(()),
            standing => Err(NotReady(describe(&standing)).into()),
        }
    }

    /// Waits until the database answers, and says so while it waits.
    ///
    /// # Errors
    /// One that does not answer in time, or refuses us.
    pub async fn wait(&self) -> Result<()> {
        let started = Instant::now();
        let mut told = started;
        loop {
            let error = match self.db.ping().await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !matches!(error, DbError::Unavailable(_)) || started.elapsed() > PATIENCE {
                return Err(away(error));
            }
            if told.elapsed() > TELL_EVERY {
                told = Instant::now();
                let waited = started.elapsed().as_secs();
                tracing::warn!(waited, at_most = PATIENCE.as_secs(), %error, "waiting for the database");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// The first one that fails, or a database whose migrations are not ours.
    pub async fn migrate(&self) -> Result<()> {
        match migrations::standing(&self.db).await.map_err(away)? {
            Standing::Current => {}
            standing @ Standing::Ahead(_) => tracing::warn!("{}", describe(&standing)),
            standing @ Standing::Broken(_) => anyhow::bail!("{}", describe(&standing)),
            Standing::Behind(missing) => {
                let started = Instant::now();
                migrations::apply(&self.db)
                    .await
                    .context("a migration failed and was rolled back; those before it stay")?;
                let ms = started.elapsed().as_millis() as u64;
                tracing::info!(missing, ms, "migrations applied");
            }
        }
        Ok(())
    }

    /// Closes the connections and gives up our share in the private cluster.
    pub async fn close(&self) {
        if tokio::time::timeout(CLOSING, self.db.close()).await.is_err() {
            tracing::warn!("connections that did not end in time are cut off");
        }
        if let Some(cluster) = &self.cluster
            && let Err(error) = cluster.release().await
        {
            tracing::error!(%error, "the private PostgreSQL could not be stopped");
        }
    }
}

async fn start_cluster(config: &Config, opening: Opening) -> Result<Cluster> {
    let settings = ClusterConfig {
        bin_dir: config.postgres_bin_dir.clone(),
        path: config.path.clone(),
        ..ClusterConfig::new(config.data_dir.join("postgres"))
    };
    Ok(match opening {
        Opening::Create => {
            crate::secrets::make_data_dir(&config.data_dir)?;
            Cluster::start(settings).await?
        }
        Opening::Existing => Cluster::attach(settings).await?,
    })
}

/// A fault of the database as a sentence for the operator.
pub fn away(error: DbError) -> anyhow::Error {
    match error {
        DbError::Unavailable(cause) => NotReady(format!(
            "the database does not answer ({cause}): start it, or correct DATABASE_URL"
        ))
        .into(),
        other => anyhow::Error::new(other)
            .context("the database refuses us: check user, password and database in DATABASE_URL"),
    }
}

/// Where the migrations stand, as a sentence.
pub fn describe(standing: &Standing) -> String {
    match standing {
        Standing::Current => "every migration is applied".to_owned(),
        Standing::Behind(missing) => {
            format!("{missing} migrations are not applied yet: run 'kamhub migrate'")
        }
        Standing::Ahead(version) => format!(
            "the database has migration {version}, which this version does not know: update the product soon"
        ),
        Standing::Broken(version) => format!(
            "migration {version} is not the one that was applied to this database: run the version of the \
             product that made it"
        ),
    }
}
