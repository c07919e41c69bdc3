//! Which of the machine's processes belong to the cluster.
//!
//! PostgreSQL itself only asks whether the process in `postmaster.pid` exists. After a reboot, or in
//! a container, another program easily has that number, and a dead postmaster may stay behind as a
//! zombie: so we look at what the process is.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long backends of a dead postmaster get to end by themselves after being told to.
const ORPHANS_END_WITHIN: Duration = Duration::from_secs(2);

/// A running postmaster, as its pid file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub pid: i32,
    pub socket_directory: PathBuf,
}

impl Postmaster {
    /// The postmaster that serves `pgdata` now.
    pub fn running(pgdata: &Path) -> Option<Self> {
        let found = parse(&fs::read_to_string(pgdata.join("postmaster.pid")).ok()?)?;
        let alive = match belongs(found.pid, pgdata) {
            Belongs::Yes => true,
            Belongs::No => found.answers(),
            // Without the right to look into the process, its name has to do.
            Belongs::Hidden => true,
        };
        alive.then_some(found)
    }

    /// Whether somebody listens on its socket: true also where the process is out of our sight, in
    /// another container.
    fn answers(&self) -> bool {
        UnixStream::connect(self.socket_directory.join(".s.PGSQL.5432")).is_ok()
    }
}

enum Belongs {
    Yes,
    No,
    Hidden,
}

fn belongs(pid: i32, pgdata: &Path) -> Belongs {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let is_postgres = fs::read_to_string(process.join("stat")).is_ok_and(|stat| {
        let state = stat.rsplit(')').next().and_then(|rest| rest.trim_start().chars().next());
        stat.contains("(postgres)") && !matches!(state, Some('Z' | 'X') | None)
    });
    if !is_postgres {
        return Belongs::No;
    }
    // Every process of a cluster works in its data directory.
    match (fs::metadata(process.join("cwd")), fs::metadata(pgdata)) {
        (Ok(a), Ok(b)) if (a.dev(), a.ino()) == (b.dev(), b.ino()) => Belongs::Yes,
        (Err(error), _) if error.kind() == ErrorKind::PermissionDenied => Belongs::Hidden,
        _ => Belongs::No,
    }
}

/// Ends the backends that outlived their postmaster: no new one can start while they are there.
pub(super) async fn end_orphans(pgdata: &Path) {
    let begun = Instant::now();
    loop {
        let orphans = members(pgdata);
        if orphans.is_empty() {
            return;
        }
        let late = begun.elapsed() > ORPHANS_END_WITHIN;
        for pid in &orphans {
            let _ = kill_process(*pid, if late { Signal::KILL } else { Signal::QUIT });
        }
        if begun.elapsed() > 2 * ORPHANS_END_WITHIN {
            tracing::warn!(count = orphans.len(), "processes of a dead PostgreSQL do not end");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn members(pgdata: &Path) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| matches!(belongs(*pid, pgdata), Belongs::Yes))
        .filter_map(Pid::from_raw)
        .collect()
}

/// Removes what a postmaster that is gone left behind; a process that happens to have its number
/// now would keep a new one from starting.
pub(super) fn remove_stale_files(pgdata: &Path, socket_directory: &Path) {
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let stale = [
        pgdata.join("postmaster.pid"),
        socket_directory.join(".s.PGSQL.5432.lock"),
        socket_directory.join(".s.PGSQL.5432"),
    ];
    for path in stale {
        if fs::remove_file(&path).is_ok() {
            tracing::debug!(path = %path.display(), "removed what a dead PostgreSQL left behind");
        }
    }
}

fn parse(pid_file: &str) -> Option<Postmaster> {
    let mut lines = pid_file.lines();
    let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
    let socket_directory = lines.nth(3).map(|line| PathBuf::from(line.trim())).unwrap_or_default();
    Some(Postmaster { pid, socket_directory })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file_names_the_process_and_its_socket() {
        let text = "4711\n/d/pgdata\n1763722800\n5432\n/d\n\n  1234  56\nready   \n";
        let found = parse(text).unwrap();
        assert_eq!(found, Postmaster { pid: 4711, socket_directory: PathBuf::from("/d") });
        assert_eq!(parse(""), None);
        assert_eq!(parse("0\n"), None);
    }

    #[test]
    fn another_program_with_the_number_of_a_dead_postmaster_is_not_taken_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("{}\n/d\n1\n5432\n/nowhere\n", std::process::id());
        fs::write(directory.path().join("postmaster.pid"), text).unwrap();
        assert_eq!(Postmaster::running(directory.path()), None);
    }
}
