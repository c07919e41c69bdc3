//! The database itself refuses what the contract's section 2 refuses: a row is inserted straight
//! into each table with a value just inside and just outside of each range.

use kamhub_testkit::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::source::none;

/// What the rows under test refer to.
const PARENTS: &str = "
    INSERT INTO users (id, email, name, role) OVERRIDING SYSTEM VALUE
        VALUES (900, 'parent@kamhub.test', 'Parent', 'agent');
    INSERT INTO support_agents (id, email, name, specialization) OVERRIDING SYSTEM VALUE
        VALUES (900, 'parent@kamhub.test', 'Parent', '{other}');
    INSERT INTO tickets (id, subject, description, customer_name, customer_email, queue_at)
        OVERRIDING SYSTEM VALUE
        VALUES (900, 'Parent', 'A description', 'Parent', 'parent@kamhub.test', now());
    INSERT INTO sla_policies (id, name, category, priority, first_response_minutes, resolution_minutes)
        OVERRIDING SYSTEM VALUE VALUES (900, 'Parent', 'refund', 'low', 60, 600);
    INSERT INTO sla_violations (id, ticket_id, policy_id, violation_type, message, breached_at)
        OVERRIDING SYSTEM VALUE VALUES (900, 900, 900, 'FIRST_RESPONSE_SLA', 'Parent', now());";

type Row = (&'static str, &'static [(&'static str, &'static str)]);

/// One good row of each table that keeps `updated_at`, as column and SQL.
const ROWS: &[Row] = &[
    (
        "support_agents",
        &[("email", "'a@b.ru'"), ("name", "'Anna'"), ("specialization", "'{billing}'")],
    ),
    (
        "tickets",
        &[
            ("subject", "'S'"),
            ("description", "'Ten letters'"),
            ("customer_name", "'Anna'"),
            ("customer_email", "'a@b.ru'"),
            ("queue_at", "now()"),
        ],
    ),
    (
        "ticket_messages",
        &[
            ("ticket_id", "900"),
            ("sender_type", "'agent'"),
            ("sender_name", "'Anna'"),
            ("message", "'Hello'"),
        ],
    ),
    (
        "knowledge_base_articles",
        &[
            ("title", "'Title'"),
            ("slug", "'title'"),
            ("content", "repeat('x', 20)"),
            ("category", "'tours'"),
        ],
    ),
    ("faqs", &[("question", "'Where?'"), ("answer", "'In Kamchatka'"), ("category", "'tours'")]),
    ("feedback", &[("ticket_id", "900"), ("rating", "5")]),
    ("surveys", &[("overall_rating", "5")]),
    (
        "sla_policies",
        &[("name", "'Fast'"), ("first_response_minutes", "60"), ("resolution_minutes", "60")],
    ),
    (
        "sla_tickets",
        &[("ticket_id", "900"), ("phase", "'working'"), ("last_at", "now()"), ("open_clocks", "0")],
    ),
    (
        "sla_clocks",
        &[
            ("ticket_id", "900"),
            ("metric", "'first_response'"),
            ("number", "1"),
            ("place", "1"),
            ("policy_id", "900"),
            ("policy_version_id", "1"),
            ("calendar_id", "1"),
            ("calendar_version_id", "1"),
            ("target_seconds", "3600"),
            ("consumed_seconds", "0"),
            ("state", "'running'"),
            ("started_at", "now()"),
            ("running_since", "now()"),
            ("due_at", "now() + interval '1 hour'"),
        ],
    ),
    (
        "sla_violations",
        &[
            ("ticket_id", "900"),
            ("violation_type", "'RESOLUTION_SLA'"),
            ("message", "'Late'"),
            ("breached_at", "now()"),
        ],
    ),
    (
        "sla_notifications",
        &[("violation_id", "900"), ("channel", "'email'"), ("recipient", "'a@b.ru'")],
    ),
    (
        "deliveries",
        &[
            ("channel", "'email'"),
            ("destination", "'a@b.ru'"),
            ("kind", "'agent_reply'"),
            ("payload", "'{}'"),
            ("status", "'pending'"),
            ("created_at", "now()"),
            ("updated_at", "now()"),
        ],
    ),
    (
        "notification_preferences",
        &[
            ("user_id", "900"),
            ("language", "'ru'"),
            ("timezone", "'UTC'"),
            ("escalations_break_quiet", "false"),
            ("muted", "'{}'"),
        ],
    ),
    ("calendars", &[("name", "'Office'")]),
    (
        "sla_runs",
        &[
            ("kind", "'simulation'"),
            ("request", "'{}'"),
            ("total", "1"),
            ("created_by", "'user:1'"),
        ],
    ),
    (
        "knowledge_categories",
        &[("name", "'Sample'"), ("title_ru", "'Туры'"), ("title_en", "'Tours'"), ("position", "1")],
    ),
    ("event_cursors", &[("name", "'sample'")]),
    ("webhook_endpoints", &[("url", "'u'"), ("events", "'{*}'"), ("secret", "sha256('x')")]),
    ("customers", &[("name", "'Anna'"), ("email", "'a@b.ru'")]),
    ("users", &[("email", "'a@b.ru'"), ("name", "'Anna'"), ("role", "'agent'")]),
];

/// What a column may hold.
enum Range {
    /// So many characters.
    Text(usize, usize),
    /// At most so many characters.
    AtMost(usize),
    /// Whole numbers from and to.
    Number(i64, i64),
    /// Positive numbers.
    Positive,
    /// These words only.
    Words(&'static [&'static str]),
}

use Range::{AtMost, Number, Positive, Text, Words};

const CATEGORIES: Range = Words(&[
    "billing",
    "technical",
    "booking",
    "cancellation",
    "refund",
    "feedback",
    "bug_report",
    "feature_request",
    "other",
]);
const PRIORITIES: Range = Words(&["low", "medium", "high", "urgent", "critical"]);

const RANGES: &[(&str, &str, Range)] = &[
    ("tickets", "subject", Text(1, 255)),
    ("tickets", "description", Text(10, 5000)),
    ("tickets", "customer_id", Positive),
    ("tickets", "customer_name", Text(2, 100)),
    ("tickets", "category", CATEGORIES),
    ("tickets", "priority", PRIORITIES),
    (
        "tickets",
        "status",
        Words(&[
            "open",
            "in_progress",
            "waiting_customer",
            "resolved",
            "closed",
            "reopened",
            "on_hold",
        ]),
    ),
    ("tickets", "related_booking_id", Positive),
    ("tickets", "related_order_id", Positive),
    ("tickets", "snooze_slack_minutes", Number(1, 43_200)),
    ("ticket_messages", "sender_type", Words(&["customer", "agent", "system"])),
    ("ticket_messages", "sender_name", Text(1, 100)),
    ("ticket_messages", "message", Text(1, 10_000)),
    ("ticket_messages", "rating_comment", AtMost(500)),
    ("knowledge_base_articles", "title", Text(5, 255)),
    ("knowledge_base_articles", "content", Text(20, 50_000)),
    ("knowledge_base_articles", "category", Text(1, 100)),
    ("knowledge_categories", "name", Text(1, 100)),
    ("knowledge_categories", "title_ru", Text(1, 100)),
    ("knowledge_categories", "title_en", Text(1, 100)),
    ("knowledge_categories", "position", Number(1, 100_000)),
    ("faqs", "question", Text(5, 500)),
    ("faqs", "answer", Text(10, 5000)),
    ("faqs", "category", Text(1, 100)),
    ("faqs", "priority", Number(1, 100)),
    ("support_agents", "user_id", Positive),
    ("support_agents", "name", Text(2, 100)),
    ("support_agents", "max_concurrent_tickets", Number(1, 50)),
    ("support_agents", "status", Words(&["online", "away", "busy", "offline"])),
    ("feedback", "customer_id", Positive),
    ("feedback", "rating", Number(1, 5)),
    ("feedback", "comment", AtMost(1000)),
    ("feedback", "response_time", Number(1, 5)),
    ("feedback", "resolution", Number(1, 5)),
    ("feedback", "professionalism", Number(1, 5)),
    ("feedback", "knowledge", Number(1, 5)),
    ("feedback", "category", CATEGORIES),
    ("feedback", "team", Text(1, 100)),
    ("feedback", "nps_score", Number(0, 10)),
    ("feedback", "ces_score", Number(1, 7)),
    ("surveys", "nps_score", Number(0, 10)),
    ("surveys", "ces_score", Number(1, 7)),
    ("surveys", "customer_id", Positive),
    ("surveys", "overall_rating", Number(1, 5)),
    ("surveys", "support_quality", Number(1, 5)),
    ("surveys", "response_time", Number(1, 5)),
    ("surveys", "resolution", Number(1, 5)),
    ("surveys", "comment", AtMost(2000)),
    ("sla_policies", "name", Text(3, 255)),
    ("sla_policies", "category", CATEGORIES),
    ("sla_policies", "priority", PRIORITIES),
    ("sla_policies", "first_response_minutes", Number(1, 168 * 60)),
    ("sla_policies", "next_response_minutes", Number(1, 168 * 60)),
    ("sla_policies", "resolution_minutes", Number(1, 720 * 60)),
    ("calendars", "name", Text(1, 255)),
    ("sla_violations", "violation_type", Words(&["RESOLUTION_SLA"])),
    ("sla_tickets", "phase", Words(&["working", "waiting_customer", "on_hold", "done"])),
    ("sla_clocks", "metric", Words(&["first_response", "next_response", "resolution"])),
    ("deliveries", "channel", Words(&["email", "slack", "dashboard", "webhook"])),
    ("deliveries", "destination", Text(1, 300)),
    ("deliveries", "kind", Text(1, 100)),
    ("deliveries", "status", Words(&["pending", "retrying", "failed"])),
    ("notification_preferences", "language", Words(&["ru", "en"])),
    ("sla_notifications", "kind", Words(&["warning", "breach", "escalation"])),
    ("sla_notifications", "channel", Words(&["email", "slack", "dashboard"])),
    ("sla_notifications", "status", Words(&["pending", "sent", "retrying", "failed"])),
];

impl Range {
    /// SQL of values inside, and of values outside.
    fn samples(&self) -> (Vec<String>, Vec<String>) {
        let text = |length: usize| format!("repeat('я', {length})");
        match self {
            Text(least, most) => {
                (vec![text(*least), text(*most)], vec![text(least - 1), text(most + 1)])
            }
            AtMost(most) => (vec![text(*most), "NULL".into()], vec![text(most + 1)]),
            Number(least, most) => (
                vec![least.to_string(), most.to_string()],
                vec![(least - 1).to_string(), (most + 1).to_string()],
            ),
            Positive => (vec!["1".into(), "NULL".into()], vec!["0".into(), "-1".into()]),
            Words(words) => (
                words.iter().map(|word| format!("'{word}'")).collect(),
                vec!["'unknown'".into(), format!("upper('{}x')", words[0]), "''".into()],
            ),
        }
    }
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(|_| ())
}

/// A transaction in which the rows referred to exist.
async fn prepared(database: &TestDatabase) -> PgConnection {
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    run(&mut connection, format!("BEGIN; {PARENTS}")).await.unwrap();
    connection
}

/// The statement that inserts the table's good row with one column changed.
fn insert(table: &str, changed: &str, value: &str) -> String {
    let (_, row) = ROWS
        .iter()
        .find(|(known, _)| *known == table)
        .unwrap_or_else(|| panic!("give the table {table} a good row in ROWS (ranges.rs)"));
    let others = row.iter().filter(|(column, _)| *column != changed);
    let (columns, values): (Vec<&str>, Vec<&str>) =
        others.copied().chain([(changed, value)]).unzip();
    format!("INSERT INTO {table} ({}) VALUES ({})", columns.join(", "), values.join(", "))
}

/// The name of the constraint that refused the row; `None` where the row was taken.
async fn refusal(connection: &mut PgConnection, statement: String) -> Option<String> {
    run(connection, "SAVEPOINT sample".to_owned()).await.unwrap();
    let outcome = run(connection, statement).await;
    run(connection, "ROLLBACK TO SAVEPOINT sample".to_owned()).await.unwrap();
    let error = outcome.err()?;
    let name = error.as_database_error().and_then(|error| error.constraint());
    Some(name.map_or_else(|| error.to_string(), str::to_owned))
}

#[tokio::test]
async fn every_range_of_the_contract_is_a_check_of_the_database() {
    let database = TestDatabase::create().await;
    let mut connection = prepared(&database).await;
    let mut found = Vec::new();
    for (table, column, range) in RANGES {
        let (inside, outside) = range.samples();
        for value in inside {
            if let Some(name) = refusal(&mut connection, insert(table, column, &value)).await {
                found.push(format!("{table}.{column}: {name} refuses {value}"));
            }
        }
        for value in outside {
            let name = refusal(&mut connection, insert(table, column, &value)).await;
            if name.as_deref() != Some(&format!("{table}_{column}_check")) {
                found.push(format!(
                    "{table}.{column}: {value} must fail by its check, got {name:?}"
                ));
            }
        }
    }
    none(&found, "Give the column CONSTRAINT <table>_<column>_check with the contract's range:");
}

#[tokio::test]
async fn a_message_is_rated_with_a_time_and_within_the_range() {
    let database = TestDatabase::create().await;
    let mut connection = prepared(&database).await;
    let row = |rating: &str, time: &str| {
        format!(
            "INSERT INTO ticket_messages (ticket_id, sender_type, sender_name, message, rating, \
            rated_at) VALUES (900, 'agent', 'A', 'M', {rating}, {time})"
        )
    };
    assert_eq!(refusal(&mut connection, row("5", "now()")).await, None);
    for rating in ["0", "6"] {
        let refused = refusal(&mut connection, row(rating, "now()")).await;
        assert_eq!(refused.as_deref(), Some("ticket_messages_rating_check"));
    }
    let refused = refusal(&mut connection, row("5", "NULL")).await;
    assert_eq!(refused.as_deref(), Some("ticket_messages_rated_check"));
}

#[tokio::test]
async fn an_agent_has_at_least_one_known_speciality() {
    let database = TestDatabase::create().await;
    let mut connection = prepared(&database).await;
    for value in ["'{}'", "'{cooking}'", "'{billing,cooking}'"] {
        let refused =
            refusal(&mut connection, insert("support_agents", "specialization", value)).await;
        assert_eq!(refused.as_deref(), Some("support_agents_specialization_check"), "{value}");
    }
}

#[tokio::test]
async fn a_violation_stands_once_for_a_ticket_and_type() {
    let database = TestDatabase::create().await;
    let mut connection = prepared(&database).await;
    let twin = insert("sla_violations", "violation_type", "'FIRST_RESPONSE_SLA'");
    let refused = refusal(&mut connection, twin).await;
    assert_eq!(refused.as_deref(), Some("sla_violations_ticket_id_violation_type_key"));
}

#[tokio::test]
async fn updated_at_moves_by_itself_on_every_table_that_has_it() {
    let database = TestDatabase::create().await;
    let mut connection = prepared(&database).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name = 'updated_at' ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(tables.len() >= 12, "only {tables:?} have updated_at");
    let mut found = Vec::new();
    for table in tables {
        run(&mut connection, insert(&table, "updated_at", "'2020-01-01Z'")).await.unwrap();
        let moved = format!(
            "UPDATE {table} SET created_at = created_at WHERE updated_at = '2020-01-01Z' \
             RETURNING updated_at > '2020-01-02Z'"
        );
        let moved: Option<bool> =
            sqlx::query_scalar(AssertSqlSafe(moved)).fetch_one(&mut connection).await.unwrap();
        if moved != Some(true) {
            found.push(table);
        }
    }
    none(&found, "Give the table the trigger that calls touch_updated_at():");
}
