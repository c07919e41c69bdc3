use std::fs;

use kamhub_testkit::TestDatabase;

use crate::support::{Server, open_directory, run, text};

#[tokio::test]
async fn a_key_is_made_while_the_server_runs_and_is_all_that_is_printed() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables = [("DATABASE_URL", database.url.as_str())];
    let server = Server::start(directory.path(), &variables).await;
    let arguments = ["api-key", "create", "--name", "booking", "--role", "agent"];
    let made = run(directory.path(), &variables, &arguments);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let printed = text(&made.stdout);
    let key = printed.strip_suffix('\n').unwrap();
    assert!(key.starts_with("kh_") && !key.contains(char::is_whitespace), "{printed}");
    let me = server.anonymous.api_key(key).get("/api/auth/me").await;
    assert_eq!(me.data(200)["name"], "booking");

    let again = run(directory.path(), &variables, &arguments);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(text(&again.stderr), "kamhub: An active key has this name already\n");
    server.stop().await;
}

#[test]
fn the_openapi_document_is_printed_without_a_database() {
    let directory = open_directory();
    let output =
        run(directory.path(), &[("DATABASE_URL", "postgres://nowhere.invalid/x")], &["openapi"]);
    assert!(output.status.success());
    let printed = text(&output.stdout);
    assert!(printed.ends_with("}\n"), "{printed}");
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert!(document["paths"]["/health/ready"]["get"]["responses"]["503"].is_object());
}

#[test]
fn wrong_usage_is_2_and_a_wrong_configuration_is_1_with_one_sentence() {
    let directory = open_directory();
    let output = run(directory.path(), &[], &["serve", "--role", "king"]);
    assert_eq!(output.status.code(), Some(2));

    fs::write(directory.path().join("kamhub.toml"), "prot = 3000\n").unwrap();
    let output = run(directory.path(), &[], &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert_eq!(told, "kamhub: kamhub.toml: unknown key prot; did you mean port?\n");
    let doctor = run(directory.path(), &[], &["doctor"]);
    assert_eq!(doctor.status.code(), Some(3));
    assert!(text(&doctor.stdout).contains("FAIL  configuration"), "{}", text(&doctor.stdout));
}

#[test]
fn a_database_that_refuses_or_is_away_is_told_in_one_sentence() {
    let directory = open_directory();
    let variables = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x")];
    let output = run(directory.path(), &variables, &["migrate", "--check"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.starts_with("kamhub: the database does not answer"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");

    let output = run(directory.path(), &[], &["migrate", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("start the product once"), "{}", text(&output.stderr));
}
