//! The settings file of the private cluster.

use std::fs;
use std::path::Path;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Who may connect. The socket's directory is closed to everybody but the server's own user (and
/// root), so that whoever can reach the socket at all is already allowed to.
pub(super) const HBA: &str = "\
# Written by kamhub at each start.
local all all trust
";

/// What is loaded where it is installed: figures of statements; and after a restart the pages that were in memory before it,
/// which lists of many tickets would otherwise read from disk one by one.
pub(super) const LIBRARIES: [&str; 2] = ["pg_stat_statements", "pg_prewarm"];

/// What the settings follow.
pub(super) struct Machine<'a> {
    /// How much memory there is, in bytes.
    pub memory: u64,
    /// Those of [`LIBRARIES`] that are installed.
    pub libraries: &'a [&'a str],
    /// Whether the server was built with lz4.
    pub lz4: bool,
}

/// Writes `postgresql.conf`. An operator's own values go to `custom.conf` beside it, or through `ALTER SYSTEM`: both win.
pub(super) fn render(socket_directory: &str, machine: &Machine<'_>) -> String {
    let Machine { memory, libraries, lz4 } = *machine;
    let shared_buffers = (memory / 4).clamp(64 * MIB, 8 * GIB) / MIB;
    let cache = (memory / 2).max(128 * MIB) / MIB;
    let maintenance = (memory / 32).clamp(64 * MIB, 512 * MIB) / MIB;
    let (sync, compression) = (sync_method(), compression(lz4));
    let preload = libraries.join(", ");
    format!(
        "\
# Written by kamhub at each start: put your own settings into custom.conf in this directory.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket_directory}'
unix_socket_permissions = 0700
max_connections = 200

shared_buffers = {shared_buffers}MB
effective_cache_size = {cache}MB
maintenance_work_mem = {maintenance}MB
work_mem = 16MB
random_page_cost = 1.1
effective_io_concurrency = 100
jit = off

fsync = on
synchronous_commit = on
full_page_writes = on
recovery_init_sync_method = {sync}
wal_compression = {compression}
min_wal_size = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min

autovacuum_vacuum_scale_factor = 0.02
autovacuum_vacuum_insert_scale_factor = 0.05
autovacuum_analyze_scale_factor = 0.01
autovacuum_naptime = 20s
idle_in_transaction_session_timeout = 5min

shared_preload_libraries = '{preload}'
track_io_timing = on

logging_collector = on
log_directory = '../log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_line_prefix = '%m [%p] %q%u@%d '
log_lock_waits = on
log_min_duration_statement = 1s
log_parameter_max_length = 0

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'

include_if_exists 'custom.conf'
"
    )
}

/// After a crash every file is synced before the server opens: one call for the file system took 0.25 s where a call for
/// each file of an empty database took 4 s. Only Linux has it.
fn sync_method() -> &'static str {
    if cfg!(target_os = "linux") { "syncfs" } else { "fsync" }
}

/// How a page is made small that is written whole, as each is at its first change after a checkpoint. PostgreSQL's own way
/// takes a tenth of a millisecond for it, several times what the change takes; lz4 takes a fifth of that and less room.
fn compression(lz4: bool) -> &'static str {
    if lz4 { "lz4" } else { "off" }
}

/// Memory that this process may use, in bytes: the machine's, or less where a container limits it.
pub(super) fn memory() -> u64 {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_of(&text));
    let limit = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(Path::new(path)).ok()?.trim().parse().ok());
    machine.into_iter().chain(limit).min().unwrap_or(GIB)
}

fn total_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find(|line| line.starts_with("MemTotal:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_buffers_are_a_quarter_of_the_memory_up_to_eight_gigabytes() {
        assert!(
            render("/s", &Machine { memory: 512 * MIB, libraries: &[], lz4: true })
                .contains("shared_buffers = 128MB")
        );
        assert!(
            render("/s", &Machine { memory: 24 * GIB, libraries: &[], lz4: true })
                .contains("shared_buffers = 6144MB")
        );
        assert!(
            render("/s", &Machine { memory: 64 * MIB, libraries: &[], lz4: true })
                .contains("shared_buffers = 64MB")
        );
    }

    #[test]
    fn libraries_are_preloaded_only_where_they_exist() {
        let both = "shared_preload_libraries = 'pg_stat_statements, pg_prewarm'";
        assert!(
            render("/s", &Machine { memory: GIB, libraries: &LIBRARIES, lz4: true }).contains(both)
        );
        assert!(
            render("/s", &Machine { memory: GIB, libraries: &[], lz4: true })
                .contains("shared_preload_libraries = ''")
        );
    }

    #[test]
    fn pages_are_compressed_only_where_the_server_can_do_it_quickly() {
        assert!(
            render("/s", &Machine { memory: GIB, libraries: &[], lz4: true })
                .contains("\nwal_compression = lz4\n")
        );
        assert!(
            render("/s", &Machine { memory: GIB, libraries: &[], lz4: false })
                .contains("\nwal_compression = off\n")
        );
    }

    #[test]
    fn memory_is_read_from_the_kernels_table() {
        assert_eq!(total_of("MemTotal:        2048 kB\nMemFree: 1 kB\n"), Some(2 * MIB));
    }
}
