//! What can be checked without the database: configuration, secrets, data directory, disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Report;
use crate::config::{Config, SHORTEST_SECRET};
use crate::secrets;

const GIB: u64 = 1024 * 1024 * 1024;
/// PostgreSQL stops when the disk is full.
const LEAST_DISK: u64 = GIB;
const LITTLE_DISK: u64 = 5 * GIB;
/// Fewer different bytes than this in a secret are a word or a pattern, not chance.
const LEAST_VARIETY: usize = 10;
/// Parts of the values in our own examples, and of what people write in their place.
const PLACEHOLDERS: [&str; 6] =
    ["changeme", "change-me", "change_me", "openssl rand", "your-secret", "example"];
const COMMON_PASSWORDS: [&str; 5] = ["admin", "password", "kamhub", "12345", "qwerty"];

pub fn look(report: &mut Report, config: &Config) {
    match &config.file {
        Some(file) => report.ok("configuration", format!("{} is read", file.display())),
        None => report.ok("configuration", "no kamhub.toml; environment and defaults"),
    }
    address(report, config);
    secrets(report, config);
    directory(report, &config.data_dir);
    disk(report, &config.data_dir);
}

fn address(report: &mut Report, config: &Config) {
    let url = config.public_url(config.port);
    if config.host.is_loopback() || url.starts_with("https://") {
        report.ok("address", url);
    } else {
        report.warn(
            "address",
            format!("{url} is open to the network without TLS: set KAMHUB_PUBLIC_URL to https://…, behind a proxy"),
        );
    }
}

fn secrets(report: &mut Report, config: &Config) {
    let file = secrets::file(config);
    let (place, secret) = match &config.jwt_secret {
        Some(secret) => ("JWT_SECRET".to_owned(), Some(secret.clone())),
        None => (
            file.display().to_string(),
            std::fs::read_to_string(&file).ok().map(|secret| secret.trim().to_owned()),
        ),
    };
    match secret {
        None if file.exists() => {
            report.fail(
                "token secret",
                format!("{place} cannot be read: start as the user who made it"),
            );
        }
        None => report.ok("token secret", format!("will be made and kept in {place}")),
        Some(secret) => match weakness(&secret) {
            Some(why) => report.fail(
                "token secret",
                format!("{place} {why}: replace it with the output of 'openssl rand -hex 32'"),
            ),
            None if config.jwt_secret.is_none() && is_open_to_others(&file) => report.fail(
                "token secret",
                format!("{place} can be read by others: run 'chmod 600 {place}'"),
            ),
            None => report.ok("token secret", format!("{place} is strong")),
        },
    }
    if let Some(secret) = &config.platform_secret {
        match weakness(secret) {
            Some(why) => report.fail("platform secret", format!("it {why}: replace it on both sides")),
            None if Some(secret) == config.jwt_secret.as_ref() => report.fail(
                "platform secret",
                "it is the same as JWT_SECRET: the platform could sign in as anybody; give each its own",
            ),
            None => report.ok("platform secret", "is strong"),
        }
    }
    if let Some(password) = &config.admin_password {
        let lower = password.to_lowercase();
        if COMMON_PASSWORDS.iter().any(|word| lower.contains(word)) {
            report
                .warn("admin password", "KAMHUB_ADMIN_PASSWORD is easily guessed: choose another");
        }
    }
}

/// What is wrong with a secret.
fn weakness(secret: &str) -> Option<&'static str> {
    let lower = secret.to_lowercase();
    let mut bytes: Vec<u8> = secret.bytes().collect();
    bytes.sort_unstable();
    bytes.dedup();
    if secret.len() < SHORTEST_SECRET {
        Some("is shorter than 32 bytes")
    } else if PLACEHOLDERS.iter().any(|word| lower.contains(word)) {
        Some("is the value of an example")
    } else if bytes.len() < LEAST_VARIETY {
        Some("repeats a few characters")
    } else {
        None
    }
}

fn is_open_to_others(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

fn directory(report: &mut Report, directory: &Path) {
    let name = directory.display();
    let Ok(metadata) = std::fs::metadata(directory) else {
        return report.ok("data directory", format!("{name} will be made at the first start"));
    };
    if !metadata.is_dir() {
        return report.fail("data directory", format!("{name} is not a directory: choose another"));
    }
    if rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_err() {
        return report.fail(
            "data directory",
            format!("{name} is not writable: change its owner, or set KAMHUB_DATA_DIR"),
        );
    }
    if metadata.permissions().mode() & 0o022 != 0 {
        return report.fail(
            "data directory",
            format!("{name} can be changed by others: run 'chmod go-w {name}'"),
        );
    }
    report.ok("data directory", name.to_string());
}

fn disk(report: &mut Report, directory: &Path) {
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    let Ok(disk) = rustix::fs::statvfs(existing) else {
        return report.warn("disk", format!("the space of {} is unknown", existing.display()));
    };
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let text = format!("{:.1} GiB free for {}", free as f64 / GIB as f64, directory.display());
    if free < LEAST_DISK {
        report.fail("disk", format!("{text}: PostgreSQL stops when it is full; make room"));
    } else if free < LITTLE_DISK {
        report.warn("disk", format!("{text}: make room soon"));
    } else {
        report.ok("disk", text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_examples_and_of_few_characters_are_weak() {
        assert!(weakness("short").is_some());
        assert!(weakness("changeme-changeme-changeme-changeme").is_some());
        assert!(weakness("make one with: openssl rand -hex 32").is_some());
        assert!(weakness(&"ab".repeat(32)).is_some());
        assert_eq!(weakness("9f2c4e8a1b7d3f6058c2e4a69b1d7f3e"), None);
    }
}
