//! The log and the metrics of this process.

use anyhow::{Context as _, Result};
use kamhub_httpkit::query_stats::{QueryStatsLayer, TARGET};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{EnvFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry, fmt};

use crate::config::LogFormat;

/// Upper bounds in seconds: close enough together that a p95 between 1 ms and 10 s is read to about
/// a third of its value.
const BUCKETS: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.001_5, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05,
    0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 30.0, 60.0,
];

/// Starts the log. It goes to standard error, so that what a command prints stays its own.
///
/// The layer that counts statements has a filter of its own: a request's line knows its queries
/// although the statements themselves are not written.
///
/// # Errors
/// A level that cannot be read.
pub fn start_log(level: &str, format: LogFormat) -> Result<()> {
    // Migrations make PostgreSQL remark on what is there already. First, so that `level` may differ.
    let written = EnvFilter::try_new(format!("sqlx::postgres::notice=warn,{level}"));
    let written = written.with_context(|| {
        format!("LOG_LEVEL is {level:?}: write error, warn, info, debug, trace, or info,part=debug")
    })?;
    let counted = Targets::new().with_target(TARGET, LevelFilter::DEBUG);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
        LogFormat::Text => {
            lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed()
        }
    };
    Registry::default()
        .with(QueryStatsLayer.with_filter(counted))
        .with(lines.with_filter(written))
        .try_init()
        .context("the log was started twice")
}

/// Starts the metrics; the handle writes them in Prometheus' text format.
///
/// # Errors
/// A recorder that is there already.
pub fn start_metrics() -> Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)?
        .install_recorder()
        .context("the metrics were started twice")?;
    kamhub_helpdesk::operations::metrics::describe();
    Ok(handle)
}
