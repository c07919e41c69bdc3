//! What the operating system knows of this process, as Prometheus names it, and of its build.

use std::fmt::Write as _;
use std::fs;

/// The lines of `process_*` and `kamhub_build_info`; what the system does not tell is left out.
pub fn metrics() -> String {
    let mut text = String::new();
    text.push_str(concat!(
        "# HELP kamhub_build_info Always 1; says which version runs.\n",
        "# TYPE kamhub_build_info gauge\n",
        "kamhub_build_info{version=\"",
        env!("CARGO_PKG_VERSION"),
        "\"} 1\n\n"
    ));
    if let Some(seconds) = cpu_seconds() {
        let help = "User and system time of the process.";
        write(&mut text, "process_cpu_seconds_total", "counter", help, seconds);
    }
    if let Some(bytes) = resident_bytes() {
        let help = "Memory of the process that is in RAM.";
        write(&mut text, "process_resident_memory_bytes", "gauge", help, bytes);
    }
    if let Some(count) = open_files() {
        write(&mut text, "process_open_fds", "gauge", "Open file descriptors.", count);
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    if let Some(limit) = limit {
        let help = "The most file descriptors that may be open.";
        write(&mut text, "process_max_fds", "gauge", help, limit as f64);
    }
    if let Some(count) = threads() {
        write(&mut text, "process_threads", "gauge", "Threads of the process.", count);
    }
    text
}

fn write(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
}

/// The fields of `/proc/self/stat` behind the program's name, which may hold spaces.
fn stat() -> Option<Vec<String>> {
    let line = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = line.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

fn cpu_seconds() -> Option<f64> {
    let fields = stat()?;
    // utime and stime: fields 14 and 15 of proc(5), counted behind the name.
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / rustix::param::clock_ticks_per_second() as f64)
}

fn threads() -> Option<f64> {
    stat()?.get(17)?.parse().ok()
}

fn resident_bytes() -> Option<f64> {
    let line = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = line.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as f64)
}

fn open_files() -> Option<f64> {
    // The directory being read is itself an open file.
    let count = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
    Some(count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_tells_its_memory_time_and_files() {
        let text = metrics();
        assert!(text.contains("\nkamhub_build_info{version=\""), "{text}");
        for name in
            ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"]
        {
            assert!(text.contains(&format!("# TYPE {name} ")), "{text}");
        }
        assert!(resident_bytes().unwrap() > 1_000_000.0);
    }
}
