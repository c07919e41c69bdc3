use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Server, open_directory, run, text, until};

#[tokio::test]
async fn a_killed_server_and_a_killed_postgresql_lose_nothing_that_was_acknowledged() {
    let directory = open_directory();
    let path = directory.path();
    let mut server = Server::start(path, &[]).await;
    let caller = server.anonymous.api_key(&server.first_key().await);
    caller.get("/api/auth/me").await.data(200);

    let postmaster = || {
        let file = path.join("data/postgres/pgdata/postmaster.pid");
        fs::read_to_string(file).ok()?.lines().next()?.parse::<i32>().ok()
    };
    let killed = postmaster().unwrap();
    kill_process(Pid::from_raw(killed).unwrap(), Signal::KILL).unwrap();
    until("a new PostgreSQL under the same server", async || {
        postmaster().is_some_and(|pid| pid != killed)
            && caller.get("/api/auth/me").await.status == 200
    })
    .await;

    let made = run(path, &[], &["api-key", "create", "--name", "kept", "--role", "viewer"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let acknowledged = text(&made.stdout).trim().to_owned();
    server.signal(Signal::KILL);
    server.ended().await;
    kill_process(Pid::from_raw(postmaster().unwrap()).unwrap(), Signal::KILL).unwrap();

    let server = Server::start(path, &[]).await;
    let caller = server.anonymous.api_key(&acknowledged);
    assert_eq!(caller.get("/api/auth/me").await.data(200)["name"], "kept");
    let doctor = run(path, &[], &["doctor"]);
    assert_eq!(doctor.status.code(), Some(0), "{}", text(&doctor.stdout));
    assert!(text(&doctor.stdout).contains("ok    migrations"), "{}", text(&doctor.stdout));
    server.stop().await;
    assert_eq!(postmaster(), None, "PostgreSQL still runs");
}
