//! `kamhub serve` and `kamhub worker`: the product itself, from its first start to its orderly end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use kamhub_cache::{Cache, RateLimiter, Wake};
use kamhub_helpdesk::knowledge::views;
use kamhub_helpdesk::notifications::bus;
use kamhub_helpdesk::operations::{Lifecycle, http::probes, service::sample};
use kamhub_helpdesk::search::service::WordMemory;
use kamhub_helpdesk::{App, Parts, jobs};
use kamhub_jobs::{Queue, Worker, WorkerOptions};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{CLOCK, seed};
use crate::config::{Config, Flags};
use crate::database::Database;
use crate::server::Limits;
use crate::{files, first_start, lifecycle, process, secrets, server, telemetry};

/// How often the recorder of the metrics folds what it has collected.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);
/// Values in the cache of a process without Redis.
const CACHE_ENTRIES: u64 = 100_000;
/// How the product calls itself where it calls others.
const AGENT: &str = concat!("KamHub-Support/", env!("CARGO_PKG_VERSION"));

/// What this process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Role {
    /// HTTP and jobs
    #[default]
    All,
    /// HTTP only
    Web,
    /// Jobs only; listens, for health and metrics, only where a port is given
    Worker,
}

/// The flags.
#[derive(Debug, Args)]
#[command(after_help = "\
The first start makes the database and the first administrator, and prints the login and an API key once.
Ctrl+C (or SIGTERM) finishes the requests and jobs under way; a second one quits at once.

Examples:
  kamhub serve --demo
  kamhub serve --host 0.0.0.0 --port 8080
  DATABASE_URL=postgres://kamhub:secret@db/kamhub kamhub serve --role web")]
pub struct Arguments {
    /// What this process does
    #[arg(long, value_enum, default_value_t)]
    role: Role,
    /// Load demo data, unless it is there already
    #[arg(long)]
    demo: bool,
    /// Port to listen on (default 3000)
    #[arg(long)]
    port: Option<u16>,
    /// Address to listen on (default 127.0.0.1)
    #[arg(long)]
    host: Option<String>,
}

/// The flags of `kamhub worker`.
#[derive(Debug, Args)]
pub struct WorkerArguments {
    /// Port for health and metrics; without one the worker does not listen
    #[arg(long)]
    port: Option<u16>,
    /// Address to listen on (default 127.0.0.1)
    #[arg(long)]
    host: Option<String>,
}

impl From<WorkerArguments> for Arguments {
    fn from(worker: WorkerArguments) -> Self {
        Self { role: Role::Worker, demo: false, port: worker.port, host: worker.host }
    }
}

impl Arguments {
    /// Hands the flags that set a key of the configuration over to it.
    pub fn add_to(&self, flags: &mut Flags) {
        add(flags, self.port, self.host.as_ref());
    }
}

impl WorkerArguments {
    /// As [`Arguments::add_to`].
    pub fn add_to(&self, flags: &mut Flags) {
        add(flags, self.port, self.host.as_ref());
    }
}

fn add(flags: &mut Flags, port: Option<u16>, host: Option<&String>) {
    flags.values.extend(port.map(|port| ("port", "--port", port.to_string())));
    flags.values.extend(host.map(|host| ("host", "--host", host.clone())));
}

/// Runs until a signal.
///
/// # Errors
/// What keeps it from starting.
pub async fn run(mut config: Config, arguments: Arguments) -> Result<()> {
    let started = Instant::now();
    let shutdown = lifecycle::shutdown_signal()?;
    lifecycle::raise_open_files();
    let metrics = telemetry::start_metrics()?;
    // Before anything else: a port that is in use shall not start a database.
    let listens = arguments.role != Role::Worker || config.port_is_given;
    let listener = if listens { Some(server::listen(&config).await?) } else { None };
    if let Some(listener) = &listener {
        config.settings.public_url = config.public_url(listener.local_addr()?.port());
    }
    let keys = secrets::load(&config, &CLOCK)?;
    let database = tokio::select! {
        database = Database::prepared(&config) => database?,
        () = shutdown.cancelled() => return Ok(()),
    };
    let served = async {
        let greeting = first_start::run(&database.db, &config, &CLOCK).await?;
        let app = app(&config, &database, keys, metrics.clone()).await?;
        if let Some(greeting) = greeting {
            println!("{greeting}");
        }
        if arguments.demo {
            println!("{}", seed::demo(&database.db).await?);
        }
        let house = House { app, role: arguments.role, config: &config, started, metrics };
        house.serve(listener, &database, shutdown).await
    }
    .await;
    database.close().await;
    tracing::info!("stopped");
    served
}

async fn app(
    config: &Config,
    database: &Database,
    keys: kamhub_helpdesk::identity::keys::Keys,
    metrics: PrometheusHandle,
) -> Result<App> {
    let cache = match &config.redis_url {
        Some(url) => Cache::redis(url, Cache::REDIS_TIMEOUT)
            .await
            .context("REDIS_URL cannot be used: write redis://:password@host:6379/0")?,
        None => Cache::in_process(CACHE_ENTRIES),
    };
    let clock = Arc::new(CLOCK);
    Ok(App::new(Parts {
        db: database.db.clone(),
        clock: clock.clone(),
        limiter: RateLimiter::new(&cache),
        wake: Wake::new(&cache),
        outbound: kamhub_outbound::Client::new(config.settings.webhook_policy, AGENT),
        cache,
        queue: Queue::new(database.db.clone(), clock),
        store: files::store(config)?,
        keys,
        views: views::ViewBuffer::default(),
        words: WordMemory::default(),
        settings: config.settings.clone(),
        lifecycle: Lifecycle::default(),
        render_metrics: Box::new(move || metrics.render() + &process::metrics()),
    }))
}

/// A started product.
struct House<'a> {
    app: App,
    role: Role,
    config: &'a Config,
    started: Instant,
    metrics: PrometheusHandle,
}

impl House<'_> {
    /// Serves until `shutdown`, and then ends in order: not ready, requests, jobs.
    async fn serve(
        self,
        listener: Option<TcpListener>,
        database: &Database,
        shutdown: CancellationToken,
    ) -> Result<()> {
        let (stop_http, stop_jobs) = (CancellationToken::new(), CancellationToken::new());
        let worker = self.start_worker(&stop_jobs)?;
        let background = self.start_background(database, &stop_jobs);
        let http = match listener {
            Some(listener) => {
                tracing::info!(
                    address = %listener.local_addr()?,
                    version = env!("CARGO_PKG_VERSION"),
                    ms = self.started.elapsed().as_millis() as u64,
                    "ready"
                );
                let router = match self.role {
                    Role::Worker => probes(&self.app),
                    Role::All | Role::Web => kamhub_helpdesk::web::router(&self.app),
                };
                Some(tokio::spawn(server::serve(
                    listener,
                    router,
                    stop_http.clone(),
                    Limits::default(),
                )))
            }
            None => None,
        };
        shutdown.cancelled().await;
        self.app.lifecycle.stop();
        tokio::time::sleep(self.config.shutdown_delay).await;
        stop_http.cancel();
        finished(http, "the server").await;
        stop_jobs.cancel();
        finished(worker, "the worker").await;
        for task in background {
            task.abort();
        }
        // The last requests may have been reads of articles.
        if let Err(error) = views::flush(&self.app).await {
            tracing::warn!(%error, "the last views of articles could not be written");
        }
        Ok(())
    }

    fn start_worker(&self, stop: &CancellationToken) -> Result<Option<JoinHandle<()>>> {
        if self.role == Role::Web {
            return Ok(None);
        }
        let options = WorkerOptions {
            name: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            concurrency: self.config.job_concurrency,
            ..WorkerOptions::default()
        };
        let worker = Worker::new(self.app.queue.clone(), jobs::registry(&self.app)?, options);
        let stop = stop.clone();
        Ok(Some(tokio::spawn(async move { worker.run(stop).await })))
    }

    /// What runs beside requests and jobs, and may be cut off at any moment.
    fn start_background(
        &self,
        database: &Database,
        stop: &CancellationToken,
    ) -> Vec<JoinHandle<()>> {
        let metrics = self.metrics.clone();
        let mut tasks = vec![tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP_EVERY).await;
                metrics.run_upkeep();
            }
        })];
        if self.role != Role::Worker {
            tasks.push(tokio::spawn(views::keep_flushing(self.app.clone())));
        }
        if self.role != Role::Web {
            tasks.push(tokio::spawn(sample(self.app.clone())));
            tasks.push(tokio::spawn(bus::run::run(self.app.clone())));
        }
        if let Some(cluster) = database.cluster.clone() {
            let stop = stop.clone();
            tasks.push(tokio::spawn(async move { cluster.supervise(stop).await }));
        }
        tasks
    }
}

async fn finished(task: Option<JoinHandle<()>>, name: &str) {
    if let Some(task) = task
        && let Err(error) = task.await
    {
        tracing::error!(%error, "{name} ended with a fault");
    }
}
