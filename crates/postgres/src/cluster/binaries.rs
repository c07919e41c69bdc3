//! Finds PostgreSQL's server programs on this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::ClusterError;

/// The oldest major version that the product's schema works on.
const OLDEST: u32 = 15;

/// Where distributions keep several versions side by side: parent, and how the name begins.
const VERSIONED: [(&str, &str); 3] =
    [("/usr/lib/postgresql", ""), ("/usr", "pgsql-"), ("/opt/homebrew/opt", "postgresql@")];

/// One installed version of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binaries {
    pub bin_dir: PathBuf,
    pub major: u32,
}

impl Binaries {
    /// Picks the version that fits: the one that wrote the data, or else the newest.
    ///
    /// # Errors
    /// When nothing is installed, everything is too old, or the data need another version.
    pub fn find(
        explicit: Option<&Path>,
        path: Option<&OsStr>,
        data: Option<(&Path, u32)>,
    ) -> Result<Self, ClusterError> {
        let mut found: Vec<Self> = match explicit {
            Some(dir) => Self::probe(dir).into_iter().collect(),
            None => candidates(path).iter().filter_map(|dir| Self::probe(dir)).collect(),
        };
        found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        pick(&found, data)
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// Whether an extension's library is installed beside these programs.
    pub fn has_library(&self, name: &str) -> bool {
        let file = format!("{name}.so");
        let beside = ["../lib", "../lib/postgresql", "../lib64/pgsql"];
        beside.iter().any(|dir| self.bin_dir.join(dir).join(&file).exists())
            || output(&self.program("pg_config"), "--pkglibdir")
                .is_some_and(|dir| Path::new(dir.trim()).join(&file).exists())
    }

    fn probe(dir: &Path) -> Option<Self> {
        let complete = ["initdb", "pg_ctl", "postgres"].iter().all(|name| dir.join(name).exists());
        if !complete {
            return None;
        }
        let major = major_of(&output(&dir.join("postgres"), "--version")?)?;
        Some(Self { bin_dir: dir.to_owned(), major })
    }
}

fn pick(found: &[Binaries], data: Option<(&Path, u32)>) -> Result<Binaries, ClusterError> {
    let newest = found.first().ok_or(ClusterError::NotInstalled)?;
    match data {
        Some((directory, made_by)) => {
            found.iter().find(|binaries| binaries.major == made_by).cloned().ok_or_else(|| {
                ClusterError::VersionMismatch {
                    directory: directory.to_owned(),
                    made_by,
                    installed: newest.major,
                }
            })
        }
        None if newest.major < OLDEST => {
            Err(ClusterError::TooOld { major: newest.major, bin_dir: newest.bin_dir.clone() })
        }
        None => Ok(newest.clone()),
    }
}

fn candidates(path: Option<&OsStr>) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for (parent, prefix) in VERSIONED {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                dirs.push(entry.path().join("bin"));
            }
        }
    }
    dirs.extend(path.into_iter().flat_map(std::env::split_paths));
    dirs.push(PathBuf::from("/usr/local/pgsql/bin"));
    dirs
}

fn output(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads the major version out of `postgres (PostgreSQL) 15.14 (Debian …)`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_once(") ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> Vec<Binaries> {
        let at = |major: &u32| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"));
        majors.iter().map(|major| Binaries { bin_dir: at(major), major: *major }).collect()
    }

    #[test]
    fn the_major_version_is_read_from_the_program() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18devel"), Some(18));
        assert_eq!(major_of("nonsense"), None);
    }

    #[test]
    fn new_data_get_the_newest_version_and_old_data_the_one_that_wrote_them() {
        let found = installed(&[17, 15]);
        assert_eq!(pick(&found, None).unwrap().major, 17);
        assert_eq!(pick(&found, Some((Path::new("/d"), 15))).unwrap().major, 15);
    }

    #[test]
    fn a_missing_version_is_named_with_the_way_out() {
        let error = pick(&installed(&[17]), Some((Path::new("/d"), 15))).unwrap_err();
        assert!(error.to_string().contains("apt-get install postgresql-15"), "{error}");
        assert!(matches!(pick(&[], None), Err(ClusterError::NotInstalled)));
        assert!(matches!(pick(&installed(&[13]), None), Err(ClusterError::TooOld { .. })));
    }
}
