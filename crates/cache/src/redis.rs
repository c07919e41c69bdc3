//! One connection to Redis that is used only while it can be trusted.
//!
//! A connection has two states. *Up*: commands go out, each with little time to answer (100 ms). *Away*: nothing is sent,
//! everything is a miss at once. The first failure of any command leads from up to away; the way back is a
//! new connection that has (1) declared a new epoch if the server process is another one than before, for it
//! may have come back with an older state, and (2) repeated every invalidation that failed meanwhile.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use fred::{
    clients::Client,
    interfaces::{ClientInterface, ClientLike, KeysInterface, LuaInterface},
    types::{Builder, config::Config},
};
use tokio::{sync::Notify, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use crate::local::lock;

pub(crate) const EPOCH_KEY: &str = "kamhub:epoch";
const SERVER_KEY: &str = "kamhub:server";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(2);
/// A connection that held this long makes the next outage start with short pauses again.
const STABLE: Duration = Duration::from_secs(10);

/// Declares a new epoch if this server process has not been seen. Returns the server's run id.
const ADOPT: &str = "
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if not run then return redis.error_reply('ERR INFO gives no run_id') end
if redis.call('GET', KEYS[2]) ~= run or redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SET', KEYS[1], run .. '-' .. ARGV[1] .. '-adopted')
  redis.call('SET', KEYS[2], run)
end
return run";

/// `REDIS_URL` cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("REDIS_URL is not usable: {0}")]
pub struct BadRedisUrl(String);

/// Redis cannot be asked now; the cause has been logged.
#[derive(Debug)]
pub(crate) struct Away;

/// What could not be invalidated when it had to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Debt {
    Space(&'static str),
    Everything,
}

#[derive(Debug, Default)]
struct Owed {
    everything: bool,
    spaces: BTreeSet<&'static str>,
}

impl Owed {
    fn is_empty(&self) -> bool {
        !self.everything && self.spaces.is_empty()
    }

    fn add(&mut self, debt: Debt) {
        match debt {
            Debt::Everything => self.everything = true,
            Debt::Space(space) => {
                self.spaces.insert(space);
            }
        }
    }

    fn merge(&mut self, other: Owed) {
        self.everything |= other.everything;
        self.spaces.extend(other.spaces);
    }
}

/// A live connection and its name, unique over all connections to this server.
#[derive(Clone)]
pub(crate) struct Connection {
    serial: u64,
    instance: Arc<str>,
    pub(crate) client: Client,
    nonces: Arc<AtomicU64>,
}

impl Connection {
    /// A value that no connection ever wrote before.
    pub(crate) fn nonce(&self) -> String {
        format!("{}-{}", self.instance, self.nonces.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn instance(&self) -> &Arc<str> {
        &self.instance
    }

    async fn invalidate(&self, debt: Debt) -> Result<(), fred::error::Error> {
        let key = match debt {
            Debt::Everything => EPOCH_KEY.to_owned(),
            Debt::Space(space) => generation_key(space),
        };
        self.client.set(key, self.nonce(), None, None, false).await
    }
}

pub(crate) fn generation_key(space: &str) -> String {
    format!("kamhub:gen:{space}")
}

struct State {
    connection: Option<Connection>,
    reason: String,
    owed: Owed,
    outage_logged: bool,
}

struct Shared {
    config: Config,
    /// How long a command may take.
    patience: Duration,
    state: Mutex<State>,
    lost: Notify,
    serials: AtomicU64,
}

struct Handle {
    shared: Arc<Shared>,
    _supervisor: AbortOnDropHandle<()>,
}

/// The process's connection to Redis; clones share it.
#[derive(Clone)]
pub(crate) struct Redis(Arc<Handle>);

impl Redis {
    /// Connects; a server that does not answer within a second is tried again in the background.
    pub(crate) async fn connect(url: &str, patience: Duration) -> Result<Self, BadRedisUrl> {
        let config =
            Config::from_url(url).map_err(|error| BadRedisUrl(error.details().to_owned()))?;
        if config.server.is_clustered() {
            return Err(BadRedisUrl(
                "Redis Cluster is not supported, give one server or Sentinel".to_owned(),
            ));
        }
        let state = State {
            connection: None,
            reason: String::new(),
            owed: Owed::default(),
            outage_logged: false,
        };
        let shared = Arc::new(Shared {
            config,
            patience,
            state: Mutex::new(state),
            lost: Notify::new(),
            serials: AtomicU64::new(0),
        });
        let first = shared.attempt().await;
        let supervisor = AbortOnDropHandle::new(tokio::spawn(supervise(shared.clone(), first)));
        Ok(Self(Arc::new(Handle { shared, _supervisor: supervisor })))
    }

    /// Runs one command; any failure ends the trust in the connection.
    pub(crate) async fn call<T, F>(&self, command: impl FnOnce(Connection) -> F) -> Result<T, Away>
    where
        F: Future<Output = Result<T, fred::error::Error>>,
    {
        let shared = &self.0.shared;
        let Some(connection) = lock(&shared.state).connection.clone() else {
            return Err(Away);
        };
        let serial = connection.serial;
        let reason = match timeout(shared.patience, command(connection)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} ms", shared.patience.as_millis()),
        };
        metrics::counter!("kamhub_cache_errors_total").increment(1);
        shared.lose(Some(serial), reason);
        Err(Away)
    }

    /// Invalidates now, or before anything is read again.
    pub(crate) async fn invalidate(&self, debt: Debt) {
        self.write(debt, move |connection| async move { connection.invalidate(debt).await }).await;
    }

    /// Runs a command that has to arrive; `debt` is owed if that is not certain.
    pub(crate) async fn write<F>(
        &self,
        debt: Debt,
        command: impl FnOnce(Connection) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), fred::error::Error>> + Send,
    {
        let redis = self.clone();
        // A task of its own: a request that is dropped here must not leave an invalidation half done.
        let work = tokio::spawn(async move {
            if redis.call(command).await.is_err() {
                redis.owe(debt);
            }
        });
        let _ = work.await;
    }

    /// Remembers an invalidation that did not reach Redis for certain.
    fn owe(&self, debt: Debt) {
        let shared = &self.0.shared;
        lock(&shared.state).owed.add(debt);
        // A new connection may have come up between the failure and this line: it must settle this debt too.
        shared.lose(None, "an invalidation has to be repeated".to_owned());
    }

    /// The name of the present connection.
    pub(crate) fn instance(&self) -> Option<Arc<str>> {
        lock(&self.0.shared.state).connection.as_ref().map(|connection| connection.instance.clone())
    }

    /// Why Redis is away, if it is.
    pub(crate) fn trouble(&self) -> Option<String> {
        let state = lock(&self.0.shared.state);
        state.connection.is_none().then(|| state.reason.clone())
    }

    /// A connection of its own for subscriptions, open until the handle is dropped or the server goes.
    pub(crate) async fn dedicated(&self) -> Result<(Client, AbortOnDropHandle<()>), String> {
        self.0.shared.open().await
    }
}

impl Shared {
    /// Ends the trust in the connection `serial`, or in whichever there is.
    fn lose(&self, serial: Option<u64>, reason: String) {
        let mut state = lock(&self.state);
        let current = state.connection.as_ref().map(|connection| connection.serial);
        if current.is_none() || serial.is_some_and(|serial| Some(serial) != current) {
            return;
        }
        state.connection = None;
        self.log_outage(&mut state, reason);
        drop(state);
        self.lost.notify_one();
    }

    fn log_outage(&self, state: &mut State, reason: String) {
        if !state.outage_logged {
            tracing::warn!(%reason, "Redis is away: cache misses, local rate limits and wake-ups until it is back");
            state.outage_logged = true;
        }
        state.reason = reason;
    }

    fn is_current(&self, serial: u64) -> bool {
        lock(&self.state).connection.as_ref().is_some_and(|connection| connection.serial == serial)
    }

    async fn open(&self) -> Result<(Client, AbortOnDropHandle<()>), String> {
        let mut builder = Builder::from_config(self.config.clone());
        builder.with_connection_config(|connection| {
            connection.connection_timeout = CONNECT_TIMEOUT;
            connection.internal_command_timeout = CONNECT_TIMEOUT;
            connection.max_command_attempts = 1;
        });
        let client = builder.build().map_err(|error| error.to_string())?;
        let routing = client.clone();
        let (failed, failure) = tokio::sync::oneshot::channel();
        // No reconnect policy: a lost connection ends this task, and a new one has to earn its trust.
        let mut task = AbortOnDropHandle::new(client.connect());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let ended = (&mut task).await;
            let reason = match ended {
                Ok(Err(error)) => error.to_string(),
                _ => "connection closed".to_owned(),
            };
            drop(routing);
            let _ = failed.send(reason);
        }));
        // A command waits for the connection, so its answer means that the connection stands.
        tokio::select! {
            answer = timeout(CONNECT_TIMEOUT, client.ping::<()>(None)) => match answer {
                Ok(Ok(())) => Ok((client, task)),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no connection within {} ms", CONNECT_TIMEOUT.as_millis())),
            },
            reason = failure => Err(reason.unwrap_or_default()),
        }
    }

    /// One attempt to come back, or none and the reason kept for [`Redis::trouble`].
    async fn attempt(&self) -> Option<(u64, AbortOnDropHandle<()>)> {
        match self.establish().await {
            Ok(established) => Some(established),
            Err(reason) => {
                metrics::counter!("kamhub_cache_errors_total").increment(1);
                self.log_outage(&mut lock(&self.state), reason);
                None
            }
        }
    }

    /// Opens a connection, settles what is owed, and only then lets it be used.
    async fn establish(&self) -> Result<(u64, AbortOnDropHandle<()>), String> {
        let (client, task) = self.open().await?;
        let introduce = async {
            let id: i64 = client.client_id().await?;
            let keys = vec![EPOCH_KEY, SERVER_KEY];
            let run: String = client.eval(ADOPT, keys, vec![id.to_string()]).await?;
            Ok::<_, fred::error::Error>(format!("{run}-{id}"))
        };
        let instance = in_time(introduce).await?;
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let connection =
            Connection { serial, instance: instance.into(), client, nonces: Arc::default() };
        loop {
            let owed = {
                let mut state = lock(&self.state);
                if state.owed.is_empty() {
                    state.connection = Some(connection);
                    if std::mem::take(&mut state.outage_logged) {
                        tracing::info!("Redis is back");
                    }
                    return Ok((serial, task));
                }
                std::mem::take(&mut state.owed)
            };
            if let Err(reason) = in_time(settle(&connection, &owed)).await {
                lock(&self.state).owed.merge(owed);
                return Err(reason);
            }
        }
    }
}

async fn settle(connection: &Connection, owed: &Owed) -> Result<(), fred::error::Error> {
    if owed.everything {
        return connection.invalidate(Debt::Everything).await;
    }
    for space in &owed.spaces {
        connection.invalidate(Debt::Space(space)).await?;
    }
    Ok(())
}

async fn in_time<T>(
    work: impl Future<Output = Result<T, fred::error::Error>>,
) -> Result<T, String> {
    match timeout(CONNECT_TIMEOUT, work).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", CONNECT_TIMEOUT.as_millis())),
    }
}

/// Keeps one trusted connection, for as long as anybody holds a [`Redis`].
async fn supervise(shared: Arc<Shared>, first: Option<(u64, AbortOnDropHandle<()>)>) {
    let mut attempt = first;
    let mut pause = FIRST_RETRY;
    loop {
        if let Some((serial, mut task)) = attempt {
            let since = Instant::now();
            while shared.is_current(serial) {
                tokio::select! {
                    _ = &mut task => shared.lose(Some(serial), "connection closed".to_owned()),
                    () = shared.lost.notified() => {}
                }
            }
            if since.elapsed() > STABLE {
                pause = FIRST_RETRY;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_RETRY);
        attempt = shared.attempt().await;
    }
}
