//! Takes the secondary indexes and foreign keys of the bulk tables away and puts them back.
//!
//! What was taken is written down in the same transaction, in a table of its own. A seeder that
//! dies leaves that table behind, and [`restore`] finds it.

use kamhub_postgres::{DbResult, PgConnection};
use sqlx::AssertSqlSafe;

/// One thing to put back: what it is called, and the statement that makes it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) is_index: bool,
    pub(super) statement: String,
}

const NOTES: &str = "
CREATE TABLE kamhub_seed_taken (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
    is_index boolean NOT NULL, take text NOT NULL, statement text NOT NULL)";

/// Foreign keys first, because they stand on indexes; last the settings of the tables. The largest
/// table's indexes, and GIN before others, are built first.
const WRITE_DOWN: &str = "
INSERT INTO kamhub_seed_taken (name, is_index, take, statement)
SELECT name, is_index, take, statement FROM (
    SELECT 1 AS kind, 0 AS weight, conname::text AS name, false AS is_index,
        format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS take,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS statement
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid IN ('tickets'::regclass, 'ticket_messages'::regclass, 'ticket_events'::regclass)
    UNION ALL
    SELECT 2, CASE WHEN indexdef LIKE '%USING gin%' THEN 0 WHEN tablename = 'tickets' THEN 2 ELSE 1 END, indexname::text, true,
        format('DROP INDEX %I.%I', schemaname, indexname),
        replace(replace(indexdef, 'CREATE INDEX ', 'CREATE INDEX IF NOT EXISTS '), 'CREATE UNIQUE INDEX ', 'CREATE UNIQUE INDEX IF NOT EXISTS ')
    FROM pg_indexes
    WHERE tablename IN ('tickets', 'ticket_messages', 'ticket_events') AND schemaname = current_schema()
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = format('%I.%I', schemaname, indexname)::regclass
            AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 3, 0, 'autovacuum of ' || name, false, format('ALTER TABLE %I SET (autovacuum_enabled = false)', name),
        format('ALTER TABLE %I RESET (autovacuum_enabled)', name)
    FROM unnest(ARRAY['tickets', 'ticket_messages', 'ticket_events']) name) taken
ORDER BY kind, weight, name";

/// Takes everything away; in a transaction.
pub(super) async fn take(tx: &mut PgConnection) -> DbResult<()> {
    sqlx::query(NOTES).execute(&mut *tx).await?;
    sqlx::query(WRITE_DOWN).execute(&mut *tx).await?;
    let statements: Vec<String> =
        sqlx::query_scalar("SELECT take FROM kamhub_seed_taken ORDER BY position")
            .fetch_all(&mut *tx)
            .await?;
    for statement in statements {
        // The statement comes from the catalogue, with its names quoted by the database.
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// What is still to be put back; empty where nothing was taken.
pub(super) async fn taken(connection: &mut PgConnection) -> DbResult<Vec<Taken>> {
    let noted: bool = sqlx::query_scalar("SELECT to_regclass('kamhub_seed_taken') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !noted {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(
        "SELECT name, is_index, statement FROM kamhub_seed_taken WHERE is_index OR NOT EXISTS (
            SELECT FROM pg_constraint WHERE conname = name AND contype = 'f') ORDER BY position",
    )
    .fetch_all(connection)
    .await?)
}

/// Puts one thing back; harmless where it is there.
pub(super) async fn put_back(connection: &mut PgConnection, taken: &Taken) -> DbResult<()> {
    sqlx::query(AssertSqlSafe(taken.statement.clone())).execute(connection).await?;
    Ok(())
}

/// Everything is back: the note is no longer needed.
pub(super) async fn forget(connection: &mut PgConnection) -> DbResult<()> {
    sqlx::query("DROP TABLE IF EXISTS kamhub_seed_taken").execute(connection).await?;
    Ok(())
}
