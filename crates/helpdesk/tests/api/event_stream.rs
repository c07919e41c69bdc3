//! Events in a Redis stream, on a real server.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kamhub_cache::{Cache, Health};
use kamhub_helpdesk::notifications::bus::run::{copy_once, deliver_once, prepare};
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::event_schemas::envelope_faults;
use crate::support::{create, patch};

const PATIENCE: Duration = Duration::from_secs(20);

struct Redis {
    process: Option<Child>,
    port: u16,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { process: None, port };
        redis.start_again();
        redis
    }

    fn start_again(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        self.process = Some(process);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::yield_now();
        }
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// The envelopes in the stream, in order.
    fn events(&self, stream: &str) -> Vec<Value> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "--raw", "XRANGE", stream, "-", "+"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        // An entry is its id and three pairs of name and value, a line each.
        assert_eq!(lines.len() % 7, 0, "{text}");
        lines
            .chunks(7)
            .map(|entry| {
                let event: Value = serde_json::from_str(entry[6]).unwrap();
                assert_eq!([entry[1], entry[3], entry[5]], ["type", "subject", "event"]);
                assert_eq!(
                    (&event["type"], &event["subject"]),
                    (&json!(entry[2]), &json!(entry[4]))
                );
                event
            })
            .collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn connected(cache: &Cache) {
    let deadline = Instant::now() + PATIENCE;
    while cache.health().await != Health::Connected {
        assert!(Instant::now() < deadline, "Redis is not connected");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn copy(app: &TestApp) {
    while deliver_once(&app.app).await.unwrap() {}
    while copy_once(&app.app).await.unwrap() {}
}

#[tokio::test]
async fn events_are_copied_in_order_and_an_outage_loses_none() {
    let mut redis = Redis::start();
    let cache = Cache::redis(&format!("redis://127.0.0.1:{}", redis.port), PATIENCE).await.unwrap();
    connected(&cache).await;
    let app =
        TestApp::on(cache.clone(), |settings| settings.events_stream = "desk".to_owned()).await;
    create(&app.anonymous, json!({})).await;
    while deliver_once(&app.app).await.unwrap() {}
    prepare(&app.app).await.unwrap();
    let ticket = create(&app.anonymous, json!({})).await;
    patch(&app, &ticket, json!({"tags": ["a"]})).await.data(200);
    copy(&app).await;
    let told = redis.events("desk");
    let names: Vec<&str> = told.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let expected = ["kamhub.support.ticket.created.v1", "kamhub.support.ticket.updated.v1"];
    assert_eq!(names, expected, "from when the stream was wanted");
    let document = app.anonymous.get("/asyncapi.json").await.json;
    for (event, word) in told.iter().zip(["ticket.created", "ticket.updated"]) {
        assert_eq!(envelope_faults(&document, word, event), Vec::<String>::new());
    }

    redis.kill();
    for tag in ["b", "c"] {
        patch(&app, &ticket, json!({"tags": [tag]})).await.data(200);
    }
    while deliver_once(&app.app).await.unwrap() {}
    assert!(!copy_once(&app.app).await.unwrap(), "nothing is told, and that is no fault");
    redis.start_again();
    connected(&cache).await;
    copy(&app).await;
    let tags: Vec<Value> = redis
        .events("desk")
        .iter()
        .map(|event| event["data"]["after"]["tags"][0].clone())
        .collect();
    assert_eq!(tags, ["b", "c"], "in order, whatever was between");
}
