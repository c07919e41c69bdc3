use std::net::TcpListener;

use kamhub_testkit::TestDatabase;

use crate::support::{Server, open_directory, run, text, until};

#[tokio::test]
async fn a_first_start_prints_a_login_and_a_key_that_work_and_a_later_one_prints_none() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables = [("DATABASE_URL", database.url.as_str())];
    let server = Server::start(directory.path(), &variables).await;
    let key = server.first_key().await;
    let me = server.anonymous.api_key(&key).get("/api/auth/me").await;
    assert_eq!(me.data(200)["role"], "admin");
    let printed = server.printed();
    let password = printed.split_once("Password         ").unwrap().1.lines().next().unwrap();
    let sign_in = serde_json::json!({"email": "admin@kamhub.local", "password": password});
    server.anonymous.post("/api/auth/token", sign_in).await.data(200);
    assert!(server.log("kh_").is_empty(), "the log keeps the key");
    assert!(server.log(password).is_empty(), "the log keeps the password");
    server.stop().await;

    let server = Server::start(directory.path(), &variables).await;
    assert_eq!(server.anonymous.get("/health/ready").await.status, 200);
    assert!(!server.printed().contains("kh_"), "{}", server.printed());
    server.stop().await;
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_with_the_demo_company_before_and_after_somebody_writes() {
    let directory = open_directory();
    let server = Server::start(directory.path(), &[]).await;
    let admin = server.anonymous.api_key(&server.first_key().await);
    let seeded = run(directory.path(), &[], &["seed", "--demo"]);
    assert!(seeded.status.success(), "{}", text(&seeded.stderr));
    let newest = "/api/support/tickets?status=open&limit=1";
    let ticket = admin.get(newest).await.data(200)[0]["id"].as_str().unwrap().to_owned();
    let doctor = || run(directory.path(), &[], &["doctor"]);
    let healthy = || {
        let found = doctor();
        let told = text(&found.stdout);
        let looked = told.contains("ok    clocks           those of the 50 newest tickets");
        (found.status.success() && looked, told)
    };
    until("clocks for every demo ticket", async || healthy().0).await;

    let answer = serde_json::json!({"message": "We are looking into it"});
    admin.post(&format!("/api/support/tickets/{ticket}/messages"), answer).await.data(201);
    let (fine, told) = healthy();
    assert!(fine, "{told}");
    server.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_one_sentence_and_starts_no_database() {
    let directory = open_directory();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(directory.path(), &[("PORT", &port)], &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        format!(
            "kamhub: port {port} is in use: stop what uses it, or choose another with PORT or --port\n"
        )
    );
    assert!(!directory.path().join("data").exists());
}

#[tokio::test]
async fn a_request_line_counts_its_queries_although_statements_are_not_written() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let server = Server::start(directory.path(), &[("DATABASE_URL", &database.url)]).await;
    let key = server.first_key().await;
    server.anonymous.api_key(&key).get("/api/auth/me").await.data(200);
    let lines = server.log("route=\"/api/auth/me\"");
    let line = lines.first().unwrap();
    let queries = line.split_once("queries=").unwrap().1.split(' ').next().unwrap();
    assert!(queries.parse::<u32>().unwrap() >= 1, "{line}");
    assert!(!line.contains("db_ms=0.0 "), "{line}");
    assert!(server.log("SELECT").is_empty(), "{:?}", server.log("SELECT"));

    let metrics = server.anonymous.get("/metrics").await.text;
    for name in [
        "kamhub_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/auth/me\"",
        "kamhub_db_pool_connections{state=\"idle\"}",
        "kamhub_db_query_duration_seconds_bucket",
        "process_resident_memory_bytes",
        "kamhub_build_info{version=",
    ] {
        assert!(metrics.contains(name), "{name} is missing in {metrics}");
    }
    server.stop().await;
}

#[tokio::test]
async fn health_names_every_dependency() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let server = Server::start(directory.path(), &[("DATABASE_URL", &database.url)]).await;
    for path in ["/health", "/api/health"] {
        let health = server.anonymous.get(path).await;
        assert_eq!(health.status, 200, "{}", health.text);
        assert_eq!(health.json["status"], "ok", "{}", health.text);
        assert!(health.json["version"].is_string());
        assert!(health.json["uptimeSeconds"].is_u64());
        for name in ["database", "migrations", "cache", "queue"] {
            let dependency = &health.json["dependencies"][name];
            assert_eq!(dependency["state"], "ok", "{}", health.text);
            assert!(dependency["latencyMs"].is_f64(), "{}", health.text);
        }
    }
    server.stop().await;
}
