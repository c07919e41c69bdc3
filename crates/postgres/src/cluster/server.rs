//! Runs PostgreSQL's own programs: initdb, pg_ctl.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::error::{ClusterError, IoContext};
use super::place::Place;
use super::process::{end_orphans, remove_stale_files};
use super::settings::{self, Machine};

/// The role that owns the cluster; the product itself works as a role without that power.
pub(super) const SUPERUSER: &str = "postgres";

/// How the directories of a cluster that is still being made begin.
const UNFINISHED: &str = "pgdata.unfinished-";
/// Time for crash recovery, which replays at most `max_wal_size` of changes.
const START_SECONDS: &str = "600";
const STOP_SECONDS: &str = "120";
/// Memory of a dead postmaster is free only when its last backend has ended.
const RETRY_FOR: Duration = Duration::from_secs(15);

/// The programs of one version, applied to one place.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub place: Place,
    pub binaries: Binaries,
}

impl Server {
    /// Makes an empty cluster: beside its final place first, so that an interrupted attempt is
    /// never taken for a cluster.
    pub async fn init(&self) -> Result<(), ClusterError> {
        let home = &self.place.home;
        for entry in fs::read_dir(home).on("read", home)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                fs::remove_dir_all(entry.path()).on("remove", &entry.path())?;
            }
        }
        // A name of our own: the initdb of an attempt that was killed may still be writing.
        let name = format!("{UNFINISHED}{}", std::process::id());
        let unfinished = home.join(&name);
        let arguments = [
            &format!("--pgdata={name}"),
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--no-sync",
        ];
        self.run("initdb", &arguments).await?;
        let directory = File::open(home).on("open", home)?;
        let synced = tokio::task::spawn_blocking(move || write_out(&directory)).await;
        synced.unwrap_or_else(|error| Err(error.into())).on("write", home)?;
        fs::rename(&unfinished, &self.place.pgdata).on("rename", &unfinished)?;
        File::open(home).and_then(|home| home.sync_all()).on("write", home)
    }

    /// Starts the postmaster and waits until it accepts connections.
    pub async fn start(&self) -> Result<(), ClusterError> {
        let place = &self.place;
        self.write_settings().await?;
        let begun = Instant::now();
        loop {
            end_orphans(&place.pgdata).await;
            remove_stale_files(&place.pgdata, &place.socket_directory);
            let _ = fs::remove_file(place.home.join("log/start.log"));
            let arguments =
                ["start", "-D", "pgdata", "-l", "log/start.log", "-w", "-t", START_SECONDS];
            match self.run("pg_ctl", &arguments).await {
                Err(ClusterError::Program { output, .. })
                    if output.contains("shared memory block") && begun.elapsed() < RETRY_FOR =>
                {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                result => return result,
            }
        }
    }

    /// Stops the postmaster: running statements are rolled back, nothing committed is lost.
    pub async fn stop(&self) -> Result<(), ClusterError> {
        let arguments = ["stop", "-D", "pgdata", "-m", "fast", "-w", "-t", STOP_SECONDS];
        self.run("pg_ctl", &arguments).await
    }

    async fn write_settings(&self) -> Result<(), ClusterError> {
        let installed = settings::LIBRARIES.into_iter();
        let libraries: Vec<&str> =
            installed.filter(|library| self.binaries.has_library(library)).collect();
        let sockets = self.place.socket_directory.display().to_string();
        let asked = ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D", "pgdata"];
        let lz4 = self.run("postgres", &asked).await.is_ok();
        let machine = Machine { memory: settings::memory(), libraries: &libraries, lz4 };
        let text = settings::render(&sockets, &machine);
        self.write("postgresql.conf", &text)?;
        self.write("pg_hba.conf", settings::HBA)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), ClusterError> {
        let path = self.place.pgdata.join(name);
        let new = self.place.pgdata.join(format!("{name}.new"));
        let _ = fs::remove_file(&new);
        // As root in another user's directory: create_new follows no link that lies there.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .on("create", &new)?;
        file.write_all(text.as_bytes()).on("write", &new)?;
        self.place.user.own(&new)?;
        fs::rename(&new, &path).on("replace", &path)
    }

    /// Runs a program in the home directory with relative paths: pg_ctl hands its arguments to a
    /// shell, which must not see what a directory may be called.
    async fn run(&self, name: &'static str, arguments: &[&str]) -> Result<(), ClusterError> {
        let program = self.binaries.program(name);
        let mut command = self.place.user.command(&program);
        command.args(arguments).current_dir(&self.place.home);
        // Ctrl+C is for us alone: pg_ctl would stop a server that is just starting.
        command.process_group(0);
        let mut command = tokio::process::Command::from(command);
        let output = command.kill_on_drop(true).output().await.on("run", &program)?;
        if output.status.success() {
            return Ok(());
        }
        Err(ClusterError::Program {
            program: name,
            directory: self.place.home.clone(),
            output: self.reason(&output),
        })
    }

    /// The line that says why: the server's own where it wrote one, else the program's last.
    fn reason(&self, output: &Output) -> String {
        let log = self.place.home.join("log");
        let logged = fatal_line(&log.join("start.log")).or_else(|| fatal_line(&newest_in(&log)?));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        logged
            .or_else(|| said.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned))
            .unwrap_or_else(|| output.status.to_string())
    }
}

/// Writes the directory's whole file system to the disk, in a fraction of the time that a call for
/// each of a new cluster's thousand files takes.
#[cfg(target_os = "linux")]
fn write_out(directory: &File) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(directory)?)
}

#[cfg(not(target_os = "linux"))]
fn write_out(_: &File) -> std::io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

fn newest_in(log: &Path) -> Option<std::path::PathBuf> {
    let entries = fs::read_dir(log).ok()?.flatten();
    entries
        .filter(|entry| entry.file_name() != "start.log")
        .max_by_key(|entry| entry.metadata().and_then(|found| found.modified()).ok())
        .map(|entry| entry.path())
}

/// Why the last start recorded in a log ended. What clients were told comes with their names, and
/// says nothing about that.
fn fatal_line(log: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&fs::read(log).ok()?).into_owned();
    last_fault(&text)
}

fn last_fault(log: &str) -> Option<String> {
    let (_, since) = log.rsplit_once("starting PostgreSQL").unwrap_or_default();
    let since = if since.is_empty() { log } else { since };
    let fault = |line: &str| {
        let at = line.find("] FATAL:").or_else(|| line.find("] PANIC:"))?;
        line.get(at + 2..).map(str::to_owned)
    };
    since.lines().rev().find_map(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_failed_start_is_not_what_clients_were_told_nor_an_older_one() {
        let log = "\
2026-11-21 11:00:00.000 UTC [1] FATAL:  an older fault
2026-11-21 11:52:40.973 UTC [7] LOG:  starting PostgreSQL 15.20
2026-11-21 11:52:41.000 UTC [8] PANIC:  could not locate a valid checkpoint record
2026-11-21 11:52:41.002 UTC [9] kamhub@kamhub FATAL:  the database system is starting up
";
        let fault = "PANIC:  could not locate a valid checkpoint record";
        assert_eq!(last_fault(log).as_deref(), Some(fault));
        assert_eq!(last_fault("[1] LOG:  starting PostgreSQL 15.20\n"), None);
        let early = "2026-11-21 11:00:00.000 UTC [1] FATAL:  no such setting\n";
        assert_eq!(last_fault(early).as_deref(), Some("FATAL:  no such setting"));
    }
}
