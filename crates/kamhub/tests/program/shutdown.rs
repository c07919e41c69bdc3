use std::time::Duration;

use kamhub_testkit::TestDatabase;
use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection};

use crate::support::{Server, open_directory, until};

#[tokio::test]
async fn sigterm_finishes_the_request_under_way_and_takes_no_new_one() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let mut server = Server::start(directory.path(), &[("DATABASE_URL", &database.url)]).await;
    let caller = server.anonymous.api_key(&server.first_key().await);
    // The request hangs in the database until the lock is gone.
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let mut lock = connection.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE api_keys").execute(&mut *lock).await.unwrap();
    let under_way = tokio::spawn(async move { caller.get("/api/auth/me").await });
    let mut watcher = PgConnection::connect(&database.url).await.unwrap();
    until("a request that waits for the lock", async || {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_locks
             WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        )
        .fetch_one(&mut watcher)
        .await
        .unwrap()
    })
    .await;

    server.signal(Signal::TERM);
    let port = server.port;
    until("the end of listening", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err()
    })
    .await;
    assert!(server.child.try_wait().unwrap().is_none(), "it did not wait for the request");
    lock.rollback().await.unwrap();
    under_way.await.unwrap().data(200);
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn readiness_says_no_before_the_server_stops_to_listen() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables =
        [("DATABASE_URL", database.url.as_str()), ("KAMHUB_SHUTDOWN_DELAY_SECONDS", "5")];
    let mut server = Server::start(directory.path(), &variables).await;
    assert_eq!(server.anonymous.get("/health/ready").await.status, 200);
    server.signal(Signal::TERM);
    until("a no of readiness", async || {
        let ready = server.anonymous.get("/health/ready").await;
        if ready.status != 503 {
            return false;
        }
        assert_eq!(ready.json["failing"][0]["dependency"], "process", "{}", ready.text);
        assert!(!ready.header("retry-after").is_empty());
        true
    })
    .await;
    assert_eq!(server.anonymous.get("/health/live").await.status, 200);
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_second_signal_quits_at_once() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables =
        [("DATABASE_URL", database.url.as_str()), ("KAMHUB_SHUTDOWN_DELAY_SECONDS", "300")];
    let mut server = Server::start(directory.path(), &variables).await;
    server.signal(Signal::INT);
    until("the first signal", async || !server.log("stopping").is_empty()).await;
    server.signal(Signal::INT);
    let status = tokio::time::timeout(Duration::from_secs(20), server.ended()).await.unwrap();
    assert_eq!(status.code(), Some(143));
}
