//! What every handler and every job has at hand.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kamhub_cache::{Cache, RateLimiter, Wake};
use kamhub_jobs::Queue;
use kamhub_kernel::clock::SharedClock;
use kamhub_outbound::{Client, Policy};
use kamhub_postgres::Db;

use crate::attachments::Store;
use crate::brand::Brand;
use crate::identity::keys::Keys;
use crate::knowledge::views::ViewBuffer;
use crate::notifications::model::Outlets;
use crate::operations::Lifecycle;
use crate::search::service::WordMemory;

/// The product's settings, as far as they change what it does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address under which people reach the product, without a trailing slash.
    pub public_url: String,
    /// Whether `X-Forwarded-For` is believed: only behind a proxy of one's own.
    pub behind_proxy: bool,
    /// Origins of other web pages that may call the API from a browser; none by default.
    pub cors_origins: Vec<String>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long a request may take that brings a file.
    pub upload_timeout: Duration,
    /// How many requests may be under way at once.
    pub max_concurrent_requests: usize,
    /// Tickets that one address may create without credentials, per minute.
    pub anonymous_tickets_per_minute: u32,
    /// Attempts to sign in, per address and per account, per minute.
    pub sign_ins_per_minute: u32,
    /// Business days after closing in which a customer's message reopens the ticket.
    pub reopen_window_days: u32,
    /// How long an agent may be away before work that was not started goes back to the queue.
    pub away_grace: Duration,
    /// Surveys, and answers by a link, that one address may send per minute.
    pub anonymous_feedback_per_minute: u32,
    /// Files that one address may upload without credentials, per minute.
    pub anonymous_uploads_per_minute: u32,
    /// How much the uploads without credentials may hold together until they are used, in MiB.
    pub anonymous_uploads_mib: u32,
    /// How long after a resolution the customer is asked how it was; nobody is asked where there is
    /// none.
    pub csat_delay: Option<Duration>,
    /// By which channels people are reached.
    pub outlets: Outlets,
    /// The company as customers see it.
    pub brand: Brand,
    /// Where webhooks may lead beyond public https addresses.
    pub webhook_policy: Policy,
    /// The name of the Redis stream that events are copied to.
    pub events_stream: String,
    /// About how many events that stream keeps.
    pub events_stream_length: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:3000".to_owned(),
            behind_proxy: false,
            cors_origins: Vec::new(),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(5 * 60),
            max_concurrent_requests: 512,
            anonymous_tickets_per_minute: 30,
            sign_ins_per_minute: 10,
            reopen_window_days: 5,
            away_grace: Duration::from_secs(15 * 60),
            anonymous_feedback_per_minute: 30,
            anonymous_uploads_per_minute: 10,
            anonymous_uploads_mib: 4096,
            csat_delay: Some(Duration::from_secs(60 * 60)),
            outlets: Outlets::default(),
            brand: Brand::default(),
            webhook_policy: Policy::default(),
            events_stream: "kamhub:events".to_owned(),
            events_stream_length: 100_000,
        }
    }
}

/// Everything at hand; [`App`] shares it.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Time and randomness.
    pub clock: SharedClock,
    /// The cache, shared between replicas where Redis is configured.
    pub cache: Cache,
    /// How often somebody may do something.
    pub limiter: RateLimiter,
    /// Wakes whoever waits for something, here and in other replicas.
    pub wake: Wake,
    /// Calls addresses that somebody else chose.
    pub outbound: Client,
    /// Durable jobs.
    pub queue: Queue,
    /// Where uploaded files are kept.
    pub store: Store,
    /// The secrets by which tokens and links are signed.
    pub keys: Keys,
    /// Views of articles and questions that are not written yet.
    pub views: ViewBuffer,
    /// What searches learned of words.
    pub words: WordMemory,
    /// The settings.
    pub settings: Settings,
    /// Since when the process lives, and whether it is about to end.
    pub lifecycle: Lifecycle,
    /// Writes the metrics in Prometheus' text format.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
}

/// The application, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
