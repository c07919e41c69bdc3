//! How many statements a request ran, and how long the database took: sqlx reports each statement
//! as an event, and this layer adds it to the request under way.

use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::request;

/// The tracing target under which sqlx reports statements.
pub const TARGET: &str = "sqlx::query";

/// The layer; give it a filter that lets [`TARGET`] through at `debug`.
#[derive(Debug, Default, Clone, Copy)]
pub struct QueryStatsLayer;

impl<S: Subscriber> Layer<S> for QueryStatsLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == TARGET {
            let mut elapsed = Elapsed(0.0);
            event.record(&mut elapsed);
            request::count_query(Duration::try_from_secs_f64(elapsed.0).unwrap_or_default());
        }
    }
}

struct Elapsed(f64);

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
