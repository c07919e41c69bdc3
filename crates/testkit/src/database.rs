//! A database for each test: the template is migrated once for each set of migrations and cloned.

use std::sync::atomic::{AtomicU32, Ordering};

use kamhub_postgres::{Db, DbConfig, migrations};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::sync::OnceCell;

static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A migrated database of its own.
pub struct TestDatabase {
    /// The pool of the product under test.
    pub db: Db,
    /// The address, for a second pool or a second process.
    pub url: String,
    name: String,
}

impl Drop for TestDatabase {
    /// A suite of hundreds of tests needs room for the databases of those that run, not of all.
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { run(&mut server().await, statement).await });
        });
        // What is left over is dropped by the next process of tests.
        let _ = dropping.join();
    }
}

impl TestDatabase {
    /// Clones the template.
    pub async fn create() -> Self {
        let template = TEMPLATE.get_or_init(prepare_template).await;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kamhub_test_{}_{number}", std::process::id());
        let mut server = server().await;
        run(&mut server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        server.close().await.unwrap();
        let url = address_of(&name);
        keep_versions_apart(&url, number).await;
        let mut config = DbConfig::new(url.clone());
        config.max_connections = 10;
        // Many tests at once on a small machine: what waits is not away.
        config.acquire_timeout = std::time::Duration::from_secs(30);
        Self { db: Db::connect_lazy(&config).unwrap(), url, name }
    }
}

/// The product keeps versions of policies and calendars in the process, by id; a process of tests works on
/// many databases, so each gets ids of its own beyond those of the migrations.
async fn keep_versions_apart(url: &str, number: u32) {
    let mut own = PgConnection::connect(url).await.unwrap();
    for table in ["calendar_versions", "sla_policy_versions"] {
        let first = i64::from(number) * 1_000_000;
        run(&mut own, format!("ALTER TABLE {table} ALTER COLUMN id RESTART WITH {first}")).await;
    }
    own.close().await.unwrap();
}

fn server_url() -> String {
    std::env::var("KAMHUB_TEST_DATABASE_URL").expect(
        "tests need a PostgreSQL server: run them with ./test, or set KAMHUB_TEST_DATABASE_URL",
    )
}

async fn server() -> PgConnection {
    let options: PgConnectOptions = server_url().parse().unwrap();
    options.connect().await.expect("the test server at KAMHUB_TEST_DATABASE_URL answers")
}

fn address_of(database: &str) -> String {
    let url = server_url();
    let (base, query) = url.split_once('?').map_or((url.as_str(), None), |(a, b)| (a, Some(b)));
    let root = base.rsplit_once('/').expect("the address names a database").0;
    match query {
        Some(query) => format!("{root}/{database}?{query}"),
        None => format!("{root}/{database}"),
    }
}

async fn run(connection: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.unwrap();
}

/// The template for this set of migrations; made by whichever test process comes first.
async fn prepare_template() -> String {
    let mut mark = 0_u64;
    for byte in migrations::MIGRATOR.iter().flat_map(|migration| migration.checksum.iter()) {
        mark = mark.wrapping_mul(1_099_511_628_211).wrapping_add(u64::from(*byte));
    }
    let name = format!("kamhub_template_{mark:016x}");
    let mut server = server().await;
    run(&mut server, "SELECT pg_advisory_lock(728431)".to_owned()).await;
    drop_leftovers(&mut server).await;
    let known =
        sqlx::query_scalar::<_, bool>("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut server)
            .await
            .unwrap();
    if !known {
        let draft = format!("{name}_draft");
        run(&mut server, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await;
        run(&mut server, format!("CREATE DATABASE {draft} TEMPLATE template0 ENCODING 'UTF8'"))
            .await;
        let db = Db::connect_lazy(&DbConfig::new(address_of(&draft))).unwrap();
        migrations::apply(&db).await.expect("the migrations apply to an empty database");
        db.close().await;
        run(&mut server, format!("ALTER DATABASE {draft} RENAME TO {name}")).await;
    }
    server.close().await.unwrap();
    name
}

/// Drops the databases of test processes that are gone.
async fn drop_leftovers(server: &mut PgConnection) {
    let names = sqlx::query_scalar::<_, String>(
        "SELECT datname FROM pg_database WHERE datname LIKE 'kamhub\\_test\\_%'",
    )
    .fetch_all(&mut *server)
    .await
    .unwrap();
    for name in names {
        let process = name.split('_').nth(2).unwrap_or_default();
        if !std::path::Path::new("/proc").join(process).exists() {
            run(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        }
    }
}
