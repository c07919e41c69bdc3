//! A Redis server of the test's own, on a loopback port and in a directory that goes with it.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by test programs that each use a part"
)]

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use kamhub_cache::{Cache, Health};

pub const DEADLINE: Duration = Duration::from_secs(20);

static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

pub struct RedisServer {
    directory: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl RedisServer {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // Below the ports that the system gives to outgoing connections: the port must be free again after a kill.
        let port = loop {
            let turn =
                u32::from(NEXT_PORT.fetch_add(1, Ordering::Relaxed)) + std::process::id() * 37;
            let port = 20_000 + u16::try_from(turn % 12_000).unwrap();
            if TcpListener::bind(("127.0.0.1", port)).is_ok() {
                break port;
            }
        };
        let mut server = Self { directory, port, process: None };
        server.start_again();
        server
    }

    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        self.process = Some(process);
        let deadline = Instant::now() + DEADLINE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::yield_now();
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A replica's cache. It is patient, so that a busy machine is not taken for an outage.
    pub async fn cache(&self) -> Cache {
        let cache = Cache::redis(&self.url(), DEADLINE).await.unwrap();
        connected(&cache).await;
        cache
    }

    /// kill -9
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops the process without closing its connections: it accepts and never answers.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    pub fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Asks again and again until the answer is yes.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn connected(cache: &Cache) {
    until("Redis is connected", async || cache.health().await == Health::Connected).await;
}

pub async fn away(cache: &Cache) {
    until("Redis is away", async || matches!(cache.health().await, Health::Unreachable(_))).await;
}
