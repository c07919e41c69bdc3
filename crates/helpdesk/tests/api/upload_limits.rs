//! How much is uploaded, how often, and how long it may take.

use chrono::Duration;
use kamhub_testkit::TestApp;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::attachments::{PATH, PDF, upload, uploaded, work};
use crate::support::create;

/// Sends without end and without saying how much; gives the answer and how much was taken.
#[tokio::test]
async fn a_stream_that_says_nothing_of_its_length_is_cut_off_early() {
    let app = TestApp::start().await;
    let address = app.base.trim_start_matches("http://").to_owned();
    let socket = tokio::net::TcpStream::connect(&address).await.unwrap();
    let (mut answers, mut requests) = socket.into_split();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    requests.write_all(head.as_bytes()).await.unwrap();
    let sender = tokio::spawn(async move {
        let chunk = [b"10000\r\n".to_vec(), vec![b'a'; 0x10000], b"\r\n".to_vec()].concat();
        let mut sent = 0_usize;
        // A gigabyte, if anybody took it.
        while sent < 1 << 30 && requests.write_all(&chunk).await.is_ok() {
            sent += 0x10000;
        }
        sent
    });
    let mut answer = vec![0; 4096];
    let length = answers.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("FILE_TOO_LARGE"), "{answer}");
    drop(answers);
    let sent = sender.await.unwrap();
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test]
async fn uploads_without_credentials_are_limited_per_address() {
    let app = TestApp::with(|settings| settings.anonymous_uploads_per_minute = 1).await;
    uploaded(&app.anonymous, "a.pdf", PDF).await;
    upload(&app.anonymous, "a.pdf", PDF).await.fault(429, "RATE_LIMITED");
    upload(&app.admin, "a.pdf", PDF).await.data(201);
}

#[tokio::test]
async fn uploads_without_credentials_hold_only_so_much_until_they_are_used() {
    let app = TestApp::with(|settings| settings.anonymous_uploads_mib = 1).await;
    let large = vec![b'a'; 1024 * 1024];
    let held = uploaded(&app.anonymous, "a.log", &large).await;
    let refused = upload(&app.anonymous, "b.pdf", PDF).await;
    refused.fault(503, "UPLOADS_FULL");
    assert_eq!(refused.header("retry-after"), "900");
    uploaded(&app.admin, "b.pdf", PDF).await;
    create(&app.anonymous, json!({"attachments": [{"uploadId": held}]})).await;
    uploaded(&app.anonymous, "b.log", &large).await;
    upload(&app.anonymous, "b.pdf", PDF).await.fault(503, "UPLOADS_FULL");
    app.clock.advance(Duration::hours(25));
    work(&app).await;
    uploaded(&app.anonymous, "b.pdf", PDF).await;
}

#[tokio::test]
async fn an_upload_has_a_time_of_its_own() {
    let nothing = std::time::Duration::ZERO;
    let app = TestApp::with(|settings| settings.request_timeout = nothing).await;
    app.admin.get(&format!("{PATH}/999")).await.fault(503, "TIMEOUT");
    uploaded(&app.admin, "a.pdf", PDF).await;
    let app = TestApp::with(|settings| settings.upload_timeout = nothing).await;
    app.admin.get(&format!("{PATH}/999")).await.fault(404, "NOT_FOUND");
    upload(&app.admin, "a.pdf", PDF).await.fault(503, "TIMEOUT");
}
