use std::fs;

use kamhub_testkit::TestDatabase;

use crate::support::{Server, open_directory, run, text, until};

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

#[tokio::test]
async fn a_user_is_made_given_a_new_password_and_disabled_from_the_command_line() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables = [("DATABASE_URL", database.url.as_str())];
    let server = Server::start(directory.path(), &variables).await;
    let kamhub = |arguments: &[&str]| run(directory.path(), &variables, arguments);
    let anna = "anna@example.com";
    let made = kamhub(&["user", "create", "--email", anna, "--name", "Anna", "--role", "agent"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let password = |output: &std::process::Output| {
        text(&output.stdout).split_once("password ").unwrap().1.trim().to_owned()
    };
    let sign_in = async |password: &str| {
        let body = serde_json::json!({"email": anna, "password": password});
        server.anonymous.post("/api/auth/token", body).await.status.as_u16()
    };
    let first = password(&made);
    assert_eq!(sign_in(&first).await, 200);

    let second = password(&kamhub(&["user", "set-password", anna]));
    assert_eq!(sign_in(&first).await, 401);
    assert_eq!(sign_in(&second).await, 200);
    assert!(kamhub(&["user", "disable", anna]).status.success());
    assert_eq!(sign_in(&second).await, 401);
    let listed = text(&kamhub(&["user", "list"]).stdout);
    assert!(
        listed.lines().any(|line| line.contains("disabled") && line.contains(anna)),
        "{listed}"
    );
    let last = kamhub(&["user", "disable", "admin@kamhub.local"]);
    assert_eq!(last.status.code(), Some(1), "the last administrator was disabled");
    server.stop().await;
}

#[tokio::test]
async fn what_the_api_refuses_the_command_line_refuses_in_one_sentence() {
    let directory = open_directory();
    // Nothing of it needs a database.
    let variables = [("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x")];
    let long = "x".repeat(101);
    for (arguments, told) in [
        (["api-key", "create", "--name", "", "--role", "agent"].to_vec(), "Name must not be empty"),
        (
            ["api-key", "create", "--name", &long, "--role", "agent"].to_vec(),
            "Name must be at most 100 characters",
        ),
        (
            ["user", "create", "--email", "nobody", "--name", "A", "--role", "agent"].to_vec(),
            "Invalid email format; Name must be at least 2 characters",
        ),
    ] {
        let output = run(directory.path(), &variables, &arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(text(&output.stderr), format!("kamhub: {told}\n"));
    }
    let variables = [("KAMHUB_ADMIN_EMAIL", " not an address ")];
    let output = run(directory.path(), &variables, &["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "kamhub: KAMHUB_ADMIN_EMAIL must be an e-mail address such as admin@example.com, not \
         \" not an address \"\n"
    );
}

#[tokio::test]
async fn space_around_an_address_keeps_nobody_out() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables = [
        ("DATABASE_URL", database.url.as_str()),
        ("KAMHUB_ADMIN_EMAIL", " boss@example.com "),
        ("KAMHUB_ADMIN_PASSWORD", "volcano-koryaksky-3456"),
    ];
    let server = Server::start(directory.path(), &variables).await;
    server.first_key().await;
    let body = serde_json::json!({"email": "boss@example.com", "password": variables[2].1});
    server.anonymous.post("/api/auth/token", body).await.data(200);

    let kamhub = |arguments: &[&str]| run(directory.path(), &variables, arguments);
    let made = kamhub(&[
        "user",
        "create",
        "--email",
        " sp@c.example ",
        "--name",
        " Sp ",
        "--role",
        "agent",
    ]);
    let password = text(&made.stdout).split_once("password ").unwrap().1.trim().to_owned();
    for email in ["sp@c.example", " SP@c.example "] {
        let body = serde_json::json!({"email": email, "password": password});
        server.anonymous.post("/api/auth/token", body).await.data(200);
    }
    assert!(kamhub(&["user", "set-password", " sp@c.example "]).status.success());
    assert!(kamhub(&["user", "disable", " sp@c.example"]).status.success());
    server.stop().await;
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_a_running_server() {
    let (directory, database) = (open_directory(), TestDatabase::create().await);
    let variables = [("DATABASE_URL", database.url.as_str())];
    let server = Server::start(directory.path(), &variables).await;
    let kamhub = |arguments: &[&str]| run(directory.path(), &variables, arguments);
    let made = kamhub(&["api-key", "create", "--name", "nightly", "--role", "viewer"]);
    let caller = server.anonymous.api_key(text(&made.stdout).trim());
    caller.get("/api/auth/me").await.data(200);
    assert!(text(&kamhub(&["api-key", "list"]).stdout).contains("nightly"));
    assert!(kamhub(&["api-key", "revoke", "nightly"]).status.success());
    until("a refusal", async || caller.get("/api/auth/me").await.status == 401).await;
    assert_eq!(kamhub(&["api-key", "revoke", "nightly"]).status.code(), Some(1));
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

#[test]
fn the_program_brings_the_files_of_its_pages_along() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_kamhub")).unwrap();
    let style = include_bytes!("../../../helpdesk/assets/help_centre/app.css");
    let found = program.windows(style.len()).any(|part| part == style);
    assert!(found, "pages would have no style as soon as the source directory is renamed");
}
