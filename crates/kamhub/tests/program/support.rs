//! The program under test.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kamhub_testkit::Client;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A directory that PostgreSQL's user can pass through when the tests run as root.
pub fn open_directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o711)).unwrap();
    directory
}

/// Waits until the condition holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The program with an environment of nothing but its own variables, in `directory`.
#[allow(
    clippy::disallowed_methods,
    reason = "scripts/coverage.sh says by a variable where what ran is counted"
)]
pub fn program(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kamhub"));
    command
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("KAMHUB_DATA_DIR", directory.join("data"))
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .envs(variables.iter().copied());
    command
}

/// Runs a short command to its end.
pub fn run(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    program(directory, variables, arguments).output().unwrap()
}

/// What a command wrote, as text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

type Lines = Arc<Mutex<Vec<String>>>;

/// A running `kamhub serve`.
pub struct Server {
    pub child: Child,
    pub port: u16,
    pub anonymous: Client,
    out: Lines,
    log: Lines,
}

impl Server {
    /// Starts on a free port and waits until it listens.
    pub async fn start(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = program(directory, variables, &["serve", "--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = collect(child.stdout.take().unwrap());
        let log = collect(child.stderr.take().unwrap());
        let mut port = None;
        until("the start of the server", async || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended with {status}: {:?}", log.lock().unwrap());
            }
            port = log.lock().unwrap().iter().find_map(|line| {
                let (_, address) = line.split_once("ready address=127.0.0.1:")?;
                address.split(' ').next()?.parse().ok()
            });
            port.is_some()
        })
        .await;
        let port = port.unwrap();
        let anonymous = Client::anonymous(&format!("http://127.0.0.1:{port}"));
        Self { child, port, anonymous, out, log }
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        self.out.lock().unwrap().join("\n")
    }

    /// The API key that the first start prints.
    pub async fn first_key(&self) -> String {
        let mut key = None;
        until("the first API key", async || {
            let printed = self.printed();
            key =
                printed.split_whitespace().find(|word| word.starts_with("kh_")).map(str::to_owned);
            key.is_some()
        })
        .await;
        key.unwrap()
    }

    /// The lines of the log that hold `part`.
    pub fn log(&self, part: &str) -> Vec<String> {
        self.log.lock().unwrap().iter().filter(|line| line.contains(part)).cloned().collect()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until("the end of the server", async || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }

    /// Stops it in good order.
    pub async fn stop(mut self) {
        self.signal(Signal::TERM);
        assert!(self.ended().await.success(), "{:?}", self.log(""));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed leaves nothing running; one that passed has waited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: impl Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(line);
        }
    });
    lines
}
