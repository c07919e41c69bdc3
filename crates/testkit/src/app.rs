//! The product under test, on a loopback port of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use kamhub_cache::{Cache, RateLimiter, Wake};
use kamhub_helpdesk::attachments::Store;
use kamhub_helpdesk::identity::keys::Keys;
use kamhub_helpdesk::identity::service::api_key_create;
use kamhub_helpdesk::knowledge::views::ViewBuffer;
use kamhub_helpdesk::search::service::WordMemory;
use kamhub_helpdesk::{App, Parts, Settings};
use kamhub_jobs::Queue;
use kamhub_kernel::Role;
use kamhub_kernel::clock::SharedClock;
use object_store::local::LocalFileSystem;

use crate::client::Client;
use crate::clock::TestClock;
use crate::database::TestDatabase;

/// The secret that the platform and the product under test share.
pub const PLATFORM_SECRET: &[u8] = b"the platform's secret, thirty-two bytes or more";

/// The product under test.
pub struct TestApp {
    /// The application itself, for what has no call.
    pub app: App,
    /// The clock; it stands still.
    pub clock: Arc<TestClock>,
    /// The database of this test.
    pub database: TestDatabase,
    /// Where this test's files are kept; it goes with the test.
    pub files: tempfile::TempDir,
    /// The address of the server.
    pub base: String,
    /// An administrator's API key.
    pub admin: Client,
    /// Nobody in particular.
    pub anonymous: Client,
}

impl TestApp {
    /// Starts with the usual settings, and limits that a test does not run into.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with other settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::on(Cache::in_process(10_000), change).await
    }

    /// Starts with another cache, and so with its Redis.
    pub async fn on(cache: Cache, change: impl FnOnce(&mut Settings)) -> Self {
        let database = TestDatabase::create().await;
        let clock = Arc::new(TestClock::default());
        let shared: SharedClock = clock.clone();
        let mut settings = Settings {
            anonymous_tickets_per_minute: 100_000,
            sign_ins_per_minute: 100_000,
            anonymous_feedback_per_minute: 100_000,
            anonymous_uploads_per_minute: 100_000,
            ..Settings::default()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        settings.public_url.clone_from(&base);
        change(&mut settings);
        let files = tempfile::tempdir().unwrap();
        let folder = LocalFileSystem::new_with_prefix(files.path()).unwrap();
        let app = App::new(Parts {
            store: Store::new(Arc::new(folder)),
            db: database.db.clone(),
            clock: shared.clone(),
            limiter: RateLimiter::new(&cache),
            wake: Wake::new(&cache),
            outbound: kamhub_outbound::Client::new(settings.webhook_policy, "KamHub-Support/test"),
            cache,
            queue: Queue::new(database.db.clone(), shared),
            keys: Keys {
                token_secret: b"a secret of the product under test, long enough".to_vec(),
                platform_secret: Some(PLATFORM_SECRET.to_vec()),
            },
            views: ViewBuffer::default(),
            words: WordMemory::default(),
            settings,
            lifecycle: kamhub_helpdesk::operations::Lifecycle::default(),
            render_metrics: Box::new(String::new),
        });
        let service =
            kamhub_helpdesk::web::router(&app).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let anonymous = Client::anonymous(&base);
        let admin = anonymous.clone();
        let mut test = Self { app, clock, database, files, base, admin, anonymous };
        test.admin = test.key(Role::Admin, None).await;
        test
    }

    /// A program with a new API key of this role and these scopes.
    pub async fn key(&self, role: Role, scopes: Option<&[&str]>) -> Client {
        let scopes: Option<Vec<String>> =
            scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let name = format!("test {role} {}", kamhub_kernel::clock::random_token(&*self.clock));
        let mut tx = self.app.db.begin().await.unwrap();
        let key = api_key_create(&mut tx, &*self.clock, &name, role, scopes.as_deref(), None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        self.anonymous.api_key(&key.secret)
    }
}
