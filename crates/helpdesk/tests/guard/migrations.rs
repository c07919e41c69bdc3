//! Migrations are numbered, never edited, and safe to apply while the product runs
//! (docs/MIGRATIONS.md).

use std::collections::BTreeMap;

use kamhub_testkit::TestDatabase;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection};

use crate::source::{files, none, read, root};

const LOCK: &str = "migrations/migrations.lock";

/// Files up to this number were written before the first release, when no table held a row.
const BEFORE_THE_FIRST_ROW: u32 = 4;

/// Foreign keys without an index that serves them, each with the reason.
const UNSERVED: &[(&str, &str)] = &[
    ("support_agents_account_id_fkey", "users are disabled and never deleted; agents are few"),
    ("tickets_agent_id_fkey", "agents are deleted softly; tickets_list_of_agent serves the lists"),
    ("tickets_requester_id_fkey", "customers stay; tickets_list_of_requester serves the lists"),
    (
        "ticket_merges_source_id_fkey",
        "tickets are deleted softly; only active merges are looked up",
    ),
    (
        "ticket_merges_target_id_fkey",
        "tickets are deleted softly; only active merges are looked up",
    ),
    ("sla_policy_versions_calendar_id_fkey", "calendars are archived and never deleted"),
    ("sla_tickets_policy_id_fkey", "policies are deleted softly; only open tickets are looked up"),
    ("sla_violations_policy_id_fkey", "policies are deleted softly"),
    ("sla_tickets_calendar_id_fkey", "calendars are archived and never deleted"),
    ("sla_notifications_violation_id_fkey", "violations are withdrawn and never deleted"),
];

const TEN_TABLES: &[&str] = &[
    "support_agents",
    "tickets",
    "ticket_messages",
    "knowledge_base_articles",
    "faqs",
    "feedback",
    "surveys",
    "sla_policies",
    "sla_violations",
    "sla_notifications",
];

/// Every migration: number, file name, text.
fn migrations() -> Vec<(u32, String, String)> {
    files("migrations", "sql")
        .into_iter()
        .map(|path| {
            let name = path.trim_start_matches("migrations/").to_owned();
            let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
            let number = digits.parse().unwrap_or(0);
            assert!(
                digits.len() == 2 && name[2..].starts_with('_'),
                "{path}: name a migration with two digits and what it does, like 07_macros.sql"
            );
            (number, name, read(&path))
        })
        .collect()
}

#[test]
fn migrations_are_numbered_without_gaps() {
    for (index, (number, name, _)) in migrations().iter().enumerate() {
        assert_eq!(
            *number as usize,
            index + 1,
            "{name}: the next free number is {:02}; two branches may have taken the same one",
            index + 1
        );
    }
}

#[test]
fn a_migration_is_never_edited_and_every_one_is_locked() {
    let lock: BTreeMap<String, String> = read(LOCK)
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect();
    let mut found = Vec::new();
    for (_, name, text) in migrations() {
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        match lock.get(&name) {
            Some(locked) if *locked == hash => {}
            Some(_) => found.push(format!(
                "{name} was changed after it was locked: take the change back and write a new \
                 migration, because databases have applied the old text"
            )),
            None => found.push(format!("{name} is new: run scripts/lock-migrations.sh")),
        }
    }
    for name in lock.keys().filter(|name| !root().join("migrations").join(name).exists()) {
        found.push(format!("{name} is locked and gone: bring it back"));
    }
    none(&found, "Migrations are a history that only grows:");
}

/// The statements of a migration with the comment lines before each.
fn statements(text: &str) -> Vec<(String, String)> {
    let mut statements = Vec::new();
    let (mut comment, mut statement) = (String::new(), String::new());
    let mut in_body = false;
    for line in text.lines() {
        if line.trim_start().starts_with("--") {
            if statement.trim().is_empty() {
                comment.push_str(line);
                comment.push('\n');
            }
            continue;
        }
        let line = line.split(" --").next().unwrap_or_default();
        in_body ^= line.matches("$$").count() % 2 == 1;
        statement.push_str(line);
        statement.push(' ');
        if line.trim_end().ends_with(';') && !in_body {
            statements.push((std::mem::take(&mut comment), std::mem::take(&mut statement)));
        }
    }
    statements
}

/// What a running product of the version before would not survive.
fn danger(statement: &str, own_tables: &str) -> Option<&'static str> {
    let words: Vec<String> = statement
        .split_whitespace()
        .map(|w| w.trim_matches([',', '(', ';']).to_uppercase())
        .collect();
    let text = words.join(" ");
    if text.contains("DROP COLUMN") || text.starts_with("DROP TABLE") {
        return Some(
            "drops what the version before still reads: stop using it in one release, drop \
            it in the next",
        );
    }
    if text.contains("RENAME COLUMN") || text.contains("RENAME TO") {
        return Some(
            "renames what the version before still reads: add the new one, write both, \
            then drop",
        );
    }
    if text.contains("ADD COLUMN")
        && text.contains("NOT NULL")
        && !text.contains("DEFAULT")
        && !text.contains("GENERATED")
    {
        return Some(
            "adds NOT NULL without DEFAULT: rows that exist, and the version before, have \
            no value",
        );
    }
    if text.contains("SET NOT NULL") || (text.contains("ALTER COLUMN") && text.contains(" TYPE ")) {
        return Some(
            "reads or rewrites the whole table under an exclusive lock: add a CHECK … NOT \
            VALID and validate it, or a new column",
        );
    }
    let index = text.starts_with("CREATE INDEX") || text.starts_with("CREATE UNIQUE INDEX");
    if index && !text.contains("CONCURRENTLY") {
        let on = words.iter().position(|word| word == "ON");
        let table = on.and_then(|on| words.get(on + 1)).cloned().unwrap_or_default();
        let table = table.split('(').next().unwrap_or_default().to_lowercase();
        if !own_tables.contains(&format!("create table {table} ")) {
            return Some(
                "locks a table against writing while it builds: CREATE INDEX CONCURRENTLY \
                in a file of its own that begins with `-- no-transaction`",
            );
        }
    }
    None
}

#[test]
fn a_migration_is_safe_while_the_version_before_still_runs() {
    let mut found = Vec::new();
    for (number, name, text) in migrations() {
        if number <= BEFORE_THE_FIRST_ROW {
            continue;
        }
        let own = text.to_lowercase().replace("if not exists ", "").replace('(', " (");
        for (comment, statement) in statements(&text) {
            if comment.contains("-- safe because:") {
                continue;
            }
            if let Some(why) = danger(&statement, &own) {
                let start: String = statement.trim().chars().take(60).collect();
                found.push(format!("{name}: `{start}` {why}"));
            }
        }
    }
    none(&found, "Make it safe, or say `-- safe because: …` on the line before the statement:");
}

#[test]
fn the_guard_of_safe_migrations_knows_what_is_unsafe() {
    let own = "create table mine (id bigint);";
    for statement in [
        "ALTER TABLE tickets DROP COLUMN team;",
        "ALTER TABLE tickets RENAME COLUMN team TO squad;",
        "ALTER TABLE tickets ADD COLUMN mood text NOT NULL;",
        "ALTER TABLE tickets ALTER COLUMN team SET NOT NULL;",
        "ALTER TABLE tickets ALTER COLUMN id TYPE integer;",
        "CREATE INDEX tickets_by_mood ON tickets (mood);",
        "DROP TABLE faqs;",
    ] {
        assert!(danger(statement, own).is_some(), "{statement}");
    }
    for statement in [
        "ALTER TABLE tickets ADD COLUMN mood text NOT NULL DEFAULT 'calm';",
        "CREATE INDEX CONCURRENTLY tickets_by_mood ON tickets (mood);",
        "CREATE INDEX mine_by_id ON mine (id);",
    ] {
        assert!(danger(statement, own).is_none(), "{statement}");
    }
    let text =
        "-- safe because: it is empty\nDROP TABLE faqs;\nDO $$ BEGIN\n x;\nEND $$;\nSELECT 1;";
    let split = statements(text);
    assert_eq!(split.len(), 3);
    assert!(split[0].0.contains("-- safe because:") && split[1].0.is_empty());
}

#[tokio::test]
async fn the_ten_tables_are_there_with_more_than_thirty_indexes() {
    let database = TestDatabase::create().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let missing: Vec<String> = TEN_TABLES
        .iter()
        .filter(|table| !tables.iter().any(|known| known == *table))
        .map(|table| (*table).to_owned())
        .collect();
    none(&missing, "The contract's section 5 names the table:");
    let indexes: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY($1)",
    )
    .bind(TEN_TABLES)
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert!(indexes > 30, "the ten tables have {indexes} indexes; the contract wants more than 30");
}

#[tokio::test]
async fn every_foreign_key_is_served_by_an_index() {
    let database = TestDatabase::create().await;
    let mut connection = PgConnection::connect(&database.url).await.unwrap();
    let unserved: Vec<String> = sqlx::query_scalar(
        "SELECT c.conname::text FROM pg_constraint c
         WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
             SELECT FROM pg_index i
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND (i.indpred IS NULL
                 OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))
         ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let found: Vec<String> = unserved
        .iter()
        .filter(|name| !UNSERVED.iter().any(|(known, _)| known == name))
        .cloned()
        .collect();
    none(
        &found,
        "Without an index, a delete of the row referred to reads the whole table. Add one \
        that begins with the column, or an entry with a reason to UNSERVED in migrations.rs:",
    );
    let gone: Vec<String> = UNSERVED
        .iter()
        .filter(|(name, _)| !unserved.iter().any(|known| known == name))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    none(&gone, "The key is served now; remove its entry from UNSERVED in migrations.rs:");
}
