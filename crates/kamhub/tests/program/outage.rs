use std::path::Path;

use kamhub_postgres::cluster::{Cluster, ClusterConfig};

use crate::support::{Server, open_directory, until};

async fn cluster(directory: &Path) -> Cluster {
    let config = ClusterConfig::new(directory.join("elsewhere"));
    Cluster::start(config).await.unwrap()
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_comes_back_without_a_restart() {
    let directory = open_directory();
    let database = cluster(directory.path()).await;
    let server = Server::start(directory.path(), &[("DATABASE_URL", &database.url())]).await;
    let caller = server.anonymous.api_key(&server.first_key().await);
    caller.get("/api/auth/me").await.data(200);

    assert!(database.release().await.unwrap(), "PostgreSQL was not stopped");
    let refused = caller.get("/api/support/operations/dead-letters").await;
    refused.fault(503, "DATABASE_UNAVAILABLE");
    assert!(!refused.header("retry-after").is_empty());
    let ready = server.anonymous.get("/health/ready").await;
    assert_eq!(ready.status, 503);
    assert_eq!(ready.json["failing"][0]["dependency"], "database", "{}", ready.text);
    assert!(!ready.header("retry-after").is_empty());
    assert_eq!(server.anonymous.get("/health").await.json["status"], "down");
    assert_eq!(server.anonymous.get("/health/live").await.status, 200);
    assert_eq!(server.anonymous.get("/metrics").await.status, 200);

    let database = cluster(directory.path()).await;
    until("a yes of readiness", async || server.anonymous.get("/health/ready").await.status == 200)
        .await;
    caller.get("/api/auth/me").await.data(200);
    server.stop().await;
    database.release().await.unwrap();
}
