//! The product's metrics: what each means. `docs/METRICS.md` lists them for operators, and a test
//! holds the two together.

use chrono::{DateTime, Utc};

use super::model::Outbox;
use crate::notifications::bus::service::Lag;
use crate::notifications::service::receipts::Standing;
use crate::sla::service::sweep;

enum Kind {
    Counter,
    Gauge,
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// Name, kind and meaning of every metric that the product counts itself.
const ALL: &[(&str, Kind, &str)] = &[
    (
        "kamhub_http_request_duration_seconds",
        Histogram,
        "Requests by method, route template and status.",
    ),
    (
        "kamhub_db_query_duration_seconds",
        Histogram,
        "Statements, as the database driver times them.",
    ),
    ("kamhub_db_pool_connections", Gauge, "Connections to the database by state: idle or busy."),
    ("kamhub_db_pool_connections_max", Gauge, "The most connections that this process opens."),
    (
        "kamhub_cache_requests_total",
        Counter,
        "Reads of the cache by space and result: hit or miss.",
    ),
    ("kamhub_tickets", Gauge, "Tickets by status, counted up to 100000, sampled each minute."),
    ("kamhub_assignments_total", Counter, "Decisions of automatic assignment by outcome."),
    (
        "kamhub_outbox_events",
        Gauge,
        "Events kept in the outbox, counted up to 100000, sampled each minute.",
    ),
    ("kamhub_outbox_oldest_seconds", Gauge, "Age of the oldest event in the outbox."),
    (
        "kamhub_deliveries_attempts_total",
        Counter,
        "Attempts to send by channel and outcome: sent, retrying, failed or later.",
    ),
    (
        "kamhub_deliveries_oldest_seconds",
        Gauge,
        "Age of the oldest notification or webhook call that is neither sent nor given up.",
    ),
    (
        "kamhub_deliveries_failed",
        Gauge,
        "Notifications and webhook calls that were given up, counted up to 100000.",
    ),
    (
        "kamhub_sla_running_clocks",
        Gauge,
        "Clocks that run, counted up to 100000, sampled each minute.",
    ),
    (
        "kamhub_sla_due_lag_seconds",
        Gauge,
        "How long the step of a clock that is due longest has been waiting, sampled each minute.",
    ),
    ("kamhub_sla_sweep_seconds", Histogram, "Sweeps that found something due."),
    ("kamhub_sla_swept_tickets_total", Counter, "Tickets for whose clocks something was done."),
    (
        "kamhub_bus_lag_seconds",
        Gauge,
        "Age of the oldest event that a consumer of the bus has not seen, sampled each minute.",
    ),
    (
        "kamhub_webhook_attempts_total",
        Counter,
        "Calls of webhooks by outcome: 2xx, 3xx, 4xx, 5xx, refused or no_answer.",
    ),
    ("kamhub_bus_streamed_total", Counter, "Events added to the Redis stream."),
    ("kamhub_jobs_attempts_total", Counter, "Attempts at jobs by kind and outcome."),
    ("kamhub_jobs_run_seconds", Histogram, "How long a job's handler ran, by kind."),
    ("kamhub_jobs_waiting", Gauge, "Jobs that wait, counted up to 100000."),
    ("kamhub_jobs_running", Gauge, "Jobs that run."),
    ("kamhub_jobs_dead", Gauge, "Dead letters: jobs that failed for good."),
    (
        "kamhub_jobs_oldest_waiting_seconds",
        Gauge,
        "How long the job that is due longest has waited.",
    ),
];

/// Gives the recorder the meaning of every metric.
pub fn describe() {
    for (name, kind, meaning) in ALL {
        match kind {
            Counter => metrics::describe_counter!(*name, *meaning),
            Gauge => metrics::describe_gauge!(*name, *meaning),
            Histogram => metrics::describe_histogram!(*name, *meaning),
        }
    }
}

// A gauge is a float; the counts stop far below where one loses integers.
#[allow(clippy::cast_precision_loss)]
pub(super) fn show(tickets: &[(String, i64)], outbox: Outbox, lags: &[Lag], now: DateTime<Utc>) {
    for lag in lags {
        let seconds = lag.oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
        metrics::gauge!("kamhub_bus_lag_seconds", "consumer" => lag.consumer.clone())
            .set(seconds as f64);
    }
    for (status, count) in tickets {
        metrics::gauge!("kamhub_tickets", "status" => status.clone()).set(*count as f64);
    }
    metrics::gauge!("kamhub_outbox_events").set(outbox.depth as f64);
    metrics::gauge!("kamhub_outbox_oldest_seconds").set(outbox.oldest_seconds as f64);
}

// As above.
#[allow(clippy::cast_precision_loss)]
pub(super) fn show_deliveries(standing: Standing, now: DateTime<Utc>) {
    let oldest = standing.oldest_at.map_or(0, |at| (now - at).num_seconds().max(0));
    metrics::gauge!("kamhub_deliveries_oldest_seconds").set(oldest as f64);
    metrics::gauge!("kamhub_deliveries_failed").set(standing.failed as f64);
}

// As above.
#[allow(clippy::cast_precision_loss)]
pub(super) fn show_clocks(clocks: sweep::Standing) {
    metrics::gauge!("kamhub_sla_running_clocks").set(clocks.running as f64);
    metrics::gauge!("kamhub_sla_due_lag_seconds").set(clocks.lag.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn every_metric_is_in_the_list_for_operators() {
        let document = include_str!("../../../../docs/METRICS.md");
        for (name, ..) in ALL {
            assert!(
                document.contains(&format!("`{name}`")),
                "docs/METRICS.md does not list {name}"
            );
        }
    }
}
