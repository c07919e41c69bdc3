//! The private cluster against the PostgreSQL installed on this machine.

#![allow(clippy::unwrap_used, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "the cluster is searched on the caller's PATH")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kamhub_postgres::cluster::{Cluster, ClusterConfig, ClusterError};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A directory that the server's user can pass through when the tests run as root.
fn open_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

fn config(directory: &Path) -> ClusterConfig {
    ClusterConfig {
        path: std::env::var_os("PATH"),
        ..ClusterConfig::new(directory.join("postgres"))
    }
}

async fn write_a_row(cluster: &Cluster) {
    let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
        .execute(&mut connection)
        .await
        .unwrap();
}

async fn row(url: &str) -> Result<i32, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query_scalar("SELECT n FROM kept").fetch_one(&mut connection).await
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_new_cluster_is_private_durable_and_owned_by_an_ordinary_role() {
    let directory = open_directory();
    let cluster = Cluster::start(config(directory.path())).await.unwrap();
    let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();

    let settings: Vec<(String, String)> = sqlx::query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync', \
         'data_checksums', 'server_encoding', 'TimeZone', 'jit', 'max_connections') ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let settings: Vec<_> = settings.iter().map(|(n, s)| (n.as_str(), s.as_str())).collect();
    assert_eq!(
        settings,
        [
            ("TimeZone", "UTC"),
            ("data_checksums", "on"),
            ("fsync", "on"),
            ("jit", "off"),
            ("listen_addresses", ""),
            ("max_connections", "200"),
            ("server_encoding", "UTF8"),
        ]
    );
    let (superuser, locale): (bool, String) = sqlx::query_as(
        "SELECT usesuper, (SELECT datctype FROM pg_database WHERE datname = current_database()) \
         FROM pg_user WHERE usename = current_user",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(!superuser, "the product's role can do everything");
    assert_eq!(locale, "C.UTF-8");
    sqlx::raw_sql("CREATE EXTENSION pg_trgm").execute(&mut connection).await.unwrap();

    let home = fs::metadata(cluster.home()).unwrap();
    assert_eq!(home.mode() & 0o777, 0o700, "others can reach the socket");
    if geteuid().is_root() {
        assert_ne!(home.uid(), 0, "PostgreSQL runs as root");
    }
    connection.close().await.unwrap();
    assert!(cluster.release().await.unwrap());
    assert_eq!(cluster.postmaster(), None);
}

#[tokio::test]
async fn a_running_cluster_is_adopted_and_the_last_one_out_stops_it() {
    let directory = open_directory();
    let config = config(directory.path());
    let (first, second) =
        tokio::join!(Cluster::start(config.clone()), Cluster::start(config.clone()));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.postmaster(), second.postmaster());
    let third = Cluster::attach(config.clone()).await.unwrap();
    assert_eq!(first.postmaster(), third.postmaster());

    write_a_row(&first).await;
    assert!(!first.release().await.unwrap());
    assert!(!first.release().await.unwrap());
    assert!(!second.release().await.unwrap());
    assert_eq!(row(&third.url()).await.unwrap(), 7);
    assert!(third.release().await.unwrap());
    assert!(row(&third.url()).await.is_err());

    let again = Cluster::attach(config).await.unwrap();
    assert_eq!(row(&again.url()).await.unwrap(), 7);
    assert!(again.release().await.unwrap());
}

#[tokio::test]
async fn a_cluster_left_behind_by_a_killed_process_is_adopted() {
    let directory = open_directory();
    let left = Cluster::start(config(directory.path())).await.unwrap();
    let postmaster = left.postmaster();
    drop(left);
    let cluster = Cluster::start(config(directory.path())).await.unwrap();
    assert_eq!(cluster.postmaster(), postmaster);
    assert!(cluster.release().await.unwrap());
}

#[tokio::test]
async fn a_killed_postmaster_is_started_again_with_its_data() {
    let directory = open_directory();
    let cluster = Arc::new(Cluster::start(config(directory.path())).await.unwrap());
    write_a_row(&cluster).await;
    let shutdown = CancellationToken::new();
    let supervisor = tokio::spawn({
        let (cluster, shutdown) = (cluster.clone(), shutdown.clone());
        async move { cluster.supervise(shutdown).await }
    });

    for _ in 0..2 {
        // A backend in the middle of a statement does not notice by itself that its server died.
        let mut busy = PgConnection::connect(&cluster.url()).await.unwrap();
        let busy = tokio::spawn(async move {
            sqlx::query("SELECT count(*) FROM generate_series(1, 1e10::bigint)")
                .execute(&mut busy)
                .await
        });
        let killed = cluster.postmaster().unwrap();
        kill(killed);
        until("a new postmaster", async || {
            cluster.postmaster().is_some_and(|pid| pid != killed)
                && row(&cluster.url()).await.is_ok_and(|n| n == 7)
        })
        .await;
        assert!(busy.await.unwrap().is_err());
    }

    shutdown.cancel();
    supervisor.await.unwrap();
    assert!(cluster.release().await.unwrap());
}

#[tokio::test]
async fn a_start_recovers_from_a_postmaster_that_died_while_nobody_looked() {
    let directory = open_directory();
    let left = Cluster::start(config(directory.path())).await.unwrap();
    write_a_row(&left).await;
    kill(left.postmaster().unwrap());
    let pid_file = left.home().join("pgdata/postmaster.pid");
    until("the end of the server", async || left.postmaster().is_none()).await;
    // The number now belongs to a living process that is not PostgreSQL: ourselves.
    let text = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    drop(left);

    let cluster = Cluster::start(config(directory.path())).await.unwrap();
    assert_eq!(row(&cluster.url()).await.unwrap(), 7);
    assert!(cluster.release().await.unwrap());
}

#[tokio::test]
async fn a_path_that_no_socket_fits_gets_a_short_socket_directory() {
    let directory = open_directory();
    let deep = directory.path().join("кириллица и пробелы").join("d".repeat(120));
    let cluster = Cluster::start(config(&deep)).await.unwrap();
    assert!(cluster.url().contains("host=/tmp/kamhub-"), "{}", cluster.url());
    write_a_row(&cluster).await;
    assert_eq!(row(&cluster.url()).await.unwrap(), 7);
    assert!(cluster.release().await.unwrap());
    let (_, socket) =
        cluster.url().split_once("host=").map(|(a, b)| (a.len(), b.to_owned())).unwrap();
    fs::remove_dir_all(socket).unwrap();
}

#[tokio::test]
async fn data_that_the_servers_user_cannot_reach_move_and_leave_a_link() {
    if !geteuid().is_root() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let fallback = open_directory();
    let config = ClusterConfig {
        fallback_directory: fallback.path().join("kamhub"),
        ..config(directory.path())
    };
    let cluster = Cluster::start(config.clone()).await.unwrap();
    assert!(cluster.home().starts_with(fallback.path()));
    assert!(directory.path().join("postgres").is_symlink());
    write_a_row(&cluster).await;
    assert!(cluster.release().await.unwrap());
    let cluster = Cluster::start(config.clone()).await.unwrap();
    assert_eq!(row(&cluster.url()).await.unwrap(), 7);
    assert!(cluster.release().await.unwrap());

    fs::remove_dir_all(cluster.home()).unwrap();
    let error = Cluster::start(config).await.unwrap_err();
    assert!(matches!(error, ClusterError::BrokenLink { .. }), "{error}");
}

#[tokio::test]
async fn every_refusal_says_what_to_do() {
    let directory = open_directory();
    let config = config(directory.path());
    let error = Cluster::attach(config.clone()).await.unwrap_err();
    assert!(error.to_string().contains("start the product once"), "{error}");

    let nowhere = ClusterConfig { bin_dir: Some("/nowhere".into()), ..config.clone() };
    let error = Cluster::start(nowhere).await.unwrap_err();
    assert!(error.to_string().contains("apt-get install postgresql"), "{error}");

    let cluster = Cluster::start(config.clone()).await.unwrap();
    cluster.release().await.unwrap();
    let settings = cluster.home().join("pgdata/custom.conf");
    fs::write(&settings, "no_such_setting = 1\n").unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o644)).unwrap();
    let error = Cluster::start(config.clone()).await.unwrap_err();
    assert!(error.to_string().contains("FATAL"), "{error}");

    fs::write(cluster.home().join("pgdata/PG_VERSION"), "9\n").unwrap();
    let error = Cluster::start(config.clone()).await.unwrap_err();
    assert!(matches!(error, ClusterError::VersionMismatch { made_by: 9, .. }), "{error}");
    fs::write(cluster.home().join("pgdata/PG_VERSION"), "").unwrap();
    let error = Cluster::start(config).await.unwrap_err();
    assert!(matches!(error, ClusterError::NotACluster { .. }), "{error}");
}
