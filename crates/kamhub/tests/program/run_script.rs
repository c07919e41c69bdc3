//! `./run` before it builds anything: it refuses what cannot work, in one sentence.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{open_directory, text};

/// The script with what it sources, in a directory without sources to build.
fn script(configuration: &str) -> TempDir {
    let directory = open_directory();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::create_dir_all(directory.path().join("scripts/install")).unwrap();
    for file in ["run", "scripts/install/common.sh", "scripts/install/postgresql.sh"] {
        fs::copy(root.join(file), directory.path().join(file)).unwrap();
    }
    fs::write(directory.path().join("kamhub.toml"), configuration).unwrap();
    directory
}

fn run(directory: &TempDir, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(directory.path().join("run"))
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", directory.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn flags_go_before_the_environment_and_the_environment_before_the_file() {
    let taken: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let port = |number: usize| taken[number].local_addr().unwrap().port().to_string();
    let (flag, variable, file) = (port(0), port(1), port(2));
    let told = |configuration: &str, variables: &[(&str, &str)], arguments: &[&str]| {
        let output = run(&script(configuration), variables, arguments);
        assert_eq!(output.status.code(), Some(1));
        let told = text(&output.stderr);
        assert_eq!(told.lines().count(), 1, "{told}");
        told.split_whitespace().nth(2).unwrap().to_owned()
    };
    let configuration = format!("host = '127.0.0.1'\n  port = {file} # ours\n");
    assert_eq!(told(&configuration, &[], &[]), file);
    assert_eq!(told(&format!("port=\"{file}\"\n"), &[], &[]), file);
    assert_eq!(told(&configuration, &[("PORT", &variable)], &[]), variable);
    assert_eq!(told(&configuration, &[("PORT", &variable)], &["--port", &flag]), flag);
    assert_eq!(told(&configuration, &[("PORT", &variable)], &[&format!("--port={flag}")]), flag);
}

#[test]
fn what_is_no_port_is_told_in_one_sentence() {
    for port in ["99999999999999999999", "65536", "many", "-1", "3e3"] {
        let output = run(&script(""), &[("PORT", port)], &[]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            text(&output.stderr),
            format!(
                "run: '{port}' is not a port: choose a number up to 65535 with --port, PORT or port \
                 in kamhub.toml\n"
            )
        );
    }
}
