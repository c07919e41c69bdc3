//! The pool of connections, and transactions.

use std::ops::{Deref, DerefMut};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgConnection, PgPool, Postgres};

use crate::error::DbResult;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct DbConfig {
    /// The address: `postgres://user:password@host:port/database`.
    pub url: String,
    /// The most connections of this process.
    pub max_connections: u32,
    /// How long a call waits for a connection before it is told that the database is away.
    pub acquire_timeout: Duration,
    /// How long one statement may run before the database cancels it.
    pub statement_timeout: Duration,
}

impl DbConfig {
    /// The usual settings for an address: 3 s for a connection, 15 s for a statement.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 20,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(15),
        }
    }
}

/// The database as the product uses it.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
}

impl Db {
    /// Prepares a pool; connections are made when they are needed, so a database that is away
    /// now may come later.
    ///
    /// # Errors
    /// [`DbError`] where the address cannot be read.
    pub fn connect_lazy(config: &DbConfig) -> DbResult<Self> {
        let options =
            PgConnectOptions::from_str(&config.url)?.application_name("kamhub").options([
                ("statement_timeout", format!("{}ms", config.statement_timeout.as_millis())),
                ("idle_in_transaction_session_timeout", "60s".to_owned()),
                ("timezone", "UTC".to_owned()),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            // A connection that lay idle may have died with a restarted database; one that was
            // in use a moment ago is not worth a round trip.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .max_lifetime(Duration::from_secs(30 * 60))
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// The pool itself, for migrations and for tools that need more than a transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Begins a transaction. It is rolled back when it is dropped without [`Tx::commit`].
    ///
    /// # Errors
    /// [`DbError::Unavailable`] where no connection is to be had in time.
    pub async fn begin(&self) -> DbResult<Tx> {
        Ok(Tx { inner: self.pool.begin().await? })
    }

    /// A connection outside any transaction, for single reads.
    ///
    /// # Errors
    /// [`DbError::Unavailable`] where none is to be had in time.
    pub async fn connection(&self) -> DbResult<PoolConnection<Postgres>> {
        Ok(self.pool.acquire().await?)
    }

    /// Whether the database answers now.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> DbResult<()> {
        let mut tx = self.begin().await?;
        sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut *tx).await?;
        Ok(())
    }

    /// Publishes the pool's size to the metrics.
    pub fn report_metrics(&self) {
        let size = f64::from(self.pool.size());
        let idle = u32::try_from(self.pool.num_idle()).map_or(0.0, f64::from);
        metrics::gauge!("kamhub_db_pool_connections", "state" => "idle").set(idle);
        metrics::gauge!("kamhub_db_pool_connections", "state" => "busy")
            .set((size - idle).max(0.0));
        metrics::gauge!("kamhub_db_pool_connections_max")
            .set(f64::from(self.pool.options().get_max_connections()));
    }

    /// Closes every connection when its work is done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A transaction. Statements run on it as on a connection: `&mut *tx`.
#[derive(Debug)]
pub struct Tx {
    inner: sqlx::Transaction<'static, Postgres>,
}

impl Tx {
    /// Makes everything that was written in the transaction durable.
    ///
    /// # Errors
    /// A deferred constraint that fails, or a database that is away.
    pub async fn commit(self) -> DbResult<()> {
        Ok(self.inner.commit().await?)
    }

    /// Throws away everything that was written in the transaction.
    ///
    /// # Errors
    /// A database that is away; the transaction is gone all the same.
    pub async fn rollback(self) -> DbResult<()> {
        Ok(self.inner.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
