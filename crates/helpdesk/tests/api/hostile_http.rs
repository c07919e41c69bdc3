//! Hostile requests below JSON and addresses: headers, and bytes that are no HTTP. Where the HTTP layer
//! itself refuses, there is no envelope.

use std::time::Duration;

use kamhub_testkit::{Client, TestApp};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::hostile::refused;
use crate::support::{create, ticket_body};

const TICKETS: &str = "/api/support/tickets";
/// How long an answer may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn headers_are_bounded_and_never_believed() {
    let app = TestApp::start().await;
    let made = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let too_long = "a".repeat(129);
    for id in ["", "a b", "a%0d%0aSet-Cookie:x", "<script>", "a\"b", "a;b", "\u{e9}", &too_long] {
        let reply = app.anonymous.header("x-request-id", id).get("/nowhere").await;
        assert!(made(reply.header("x-request-id")), "{id:?}: {}", reply.header("x-request-id"));
        assert_eq!(reply.json["requestId"], reply.header("x-request-id"), "{id:?}");
    }
    let long = "k".repeat(20_000);
    for (name, value, status) in [
        ("x-api-key", long.as_str(), 401),
        ("authorization", long.as_str(), 401),
        ("authorization", "Bearer ", 401),
        ("authorization", "Bearer a.b.c", 401),
        ("authorization", "Basic YTpi", 401),
        ("authorization", "\u{416}", 401),
    ] {
        let reply = app.anonymous.header(name, value).get(TICKETS).await;
        refused(&reply, &format!("{name}: {}", value.chars().take(20).collect::<String>()));
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text);
    }
    let ticket = create(&app.admin, json!({})).await;
    let path = crate::support::path(&ticket);
    for etag in ["\"", "W/\"x\"", "\"-1\"", "\"99999999999999999999\"", "\u{e9}", &long] {
        let changed = app.admin.header("if-match", etag).patch(&path, json!({"tags": ["x"]})).await;
        refused(&changed, "If-Match");
    }
    for key in ["", "\u{e9}", &"k".repeat(256), &long] {
        let reply = app.admin.header("idempotency-key", key).post(TICKETS, ticket_body()).await;
        reply.fault(400, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn a_client_cannot_choose_who_it_is_by_headers() {
    let app = TestApp::start().await;
    let claims: [(&str, &str); 4] = [
        ("x-forwarded-user", "admin"),
        ("x-original-url", "/health/live"),
        ("x-http-method-override", "DELETE"),
        ("cookie", "session=admin; role=admin"),
    ];
    let ticket = create(&app.admin, json!({})).await;
    for (name, value) in claims {
        let client: Client = app.anonymous.header(name, value);
        let reply = client.get(&crate::support::path(&ticket)).await;
        refused(&reply, name);
        assert_eq!(reply.status, 401, "{name}: {}", reply.text);
    }
}

/// Sends bytes as they are, ends its own direction, and reads what comes back until the end.
async fn send(app: &TestApp, bytes: &[u8]) -> Vec<u8> {
    let address = app.base.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may hang up before it has read everything.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// The statuses of all answers in there.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let lines = text.split("HTTP/1.1 ").skip(1);
    lines.map(|line| line.split(' ').next().unwrap().trim().parse().unwrap()).collect()
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    let start =
        "POST /api/support/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    format!("{start}{headers}\r\n\r\n{body}").into_bytes()
}

#[tokio::test]
async fn bytes_that_are_no_sound_http_are_refused_and_the_server_goes_on() {
    let app = TestApp::start().await;
    let body = ticket_body().to_string();
    let length = body.len();
    let header = "a".repeat(600_000);
    let many = "X: 1\r\n".repeat(2000);
    let query = "q".repeat(200_000);
    let requests: [(&str, Vec<u8>); 17] = [
        ("a body shorter than it says", post(&format!("Content-Length: {}", length + 10), &body)),
        ("a body longer than it says", post(&format!("Content-Length: {}", length - 10), &body)),
        ("two lengths", post(&format!("Content-Length: {length}\r\nContent-Length: 5"), &body)),
        ("a length below zero", post("Content-Length: -1", &body)),
        ("a length beyond all", post("Content-Length: 99999999999999999999999", &body)),
        ("a length that is none", post("Content-Length: ten", &body)),
        ("a chunk that is none", post("Transfer-Encoding: chunked", "zz\r\nabc\r\n0\r\n\r\n")),
        ("a chunk of 16 exabytes", post("Transfer-Encoding: chunked", "ffffffffffffffff\r\n{}")),
        ("an unknown encoding", post("Transfer-Encoding: gzip", &body)),
        ("a line feed in a header", post("X-Request-Id: its\nown\r\nContent-Length: 0", "")),
        ("a bare return in a header", post("X-Request-Id: its\rown\r\nContent-Length: 0", "")),
        ("a NUL in a header", post("X-Request-Id: its\0own\r\nContent-Length: 0", "")),
        ("raw bytes in the path", b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("a long header", post(&format!("X-Long: {header}\r\nContent-Length: 0"), "")),
        ("many headers", post(&format!("{many}Content-Length: 0"), "")),
        ("a long query", format!("GET {TICKETS}?{query} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes()),
        ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
    ];
    for (what, bytes) in requests {
        let answer = send(&app, &bytes).await;
        let text: String = String::from_utf8_lossy(&answer).chars().take(400).collect();
        let found = statuses(&answer);
        assert!(found.iter().all(|status| (400..500).contains(status)), "{what}: {text}");
        assert!(!text.to_lowercase().contains("\r\nx-request-id: its"), "{what}: {text}");
        assert_eq!(app.anonymous.get("/health/live").await.status, 200, "{what}");
    }
    assert_eq!(app.admin.get(TICKETS).await.json["total"], 0, "nothing of it was stored");
}

#[tokio::test]
async fn what_was_asked_with_two_lengths_never_smuggles_a_second_request() {
    let app = TestApp::start().await;
    let hidden = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let both = format!("Content-Length: {}\r\nTransfer-Encoding: chunked", hidden.len() + 5);
    let answer = send(&app, &post(&both, &format!("0\r\n\r\n{hidden}"))).await;
    let found = statuses(&answer);
    assert!(found.first().is_none_or(|status| (400..500).contains(status)), "{found:?}");
    assert_eq!(app.admin.get(TICKETS).await.json["total"], 0);
}
