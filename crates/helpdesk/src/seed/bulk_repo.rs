//! The SQL of the bulk seeder.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use super::bulk_sql as sql;

/// How many of a batch's rows were written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) tickets: u64,
    pub(super) messages: u64,
    pub(super) events: u64,
}

/// What every batch is made from.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) now: DateTime<Utc>,
    pub(super) tickets: i64,
    pub(super) first_ticket: i64,
    pub(super) customers: i64,
    pub(super) first_customer: i64,
    pub(super) agents: Vec<i64>,
    /// An agent's id for each open ticket to be.
    pub(super) slots: Vec<i64>,
}

/// Long work must not be cut off by the product's limits.
pub(super) async fn lift_limits(connection: &mut PgConnection, memory: &str) -> DbResult<()> {
    sqlx::query(
        "SELECT set_config('statement_timeout', '0', false), set_config('maintenance_work_mem', $1, false),
            set_config('work_mem', '128MB', false), set_config('jit', 'off', false)",
    )
    .bind(memory)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether this connection is now the only one that seeds; it is until it is closed.
pub(super) async fn claim(connection: &mut PgConnection) -> DbResult<bool> {
    Ok(sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('kamhub bulk seed'))")
        .fetch_one(connection)
        .await?)
}

/// Composes the texts of one language.
pub(super) async fn fill_texts(
    connection: &mut PgConnection,
    russian: bool,
    words: &[String],
    sentences: &[String],
) -> DbResult<()> {
    sqlx::query(sql::FILL_TEXTS)
        .bind(russian)
        .bind(words)
        .bind(sentences)
        .bind(sql::TEXTS)
        .execute(connection)
        .await?;
    Ok(())
}

pub(super) async fn create_texts(connection: &mut PgConnection) -> DbResult<()> {
    drop_texts(connection).await?;
    sqlx::query(sql::CREATE_TEXTS).execute(connection).await?;
    Ok(())
}

pub(super) async fn analyze_texts(connection: &mut PgConnection) -> DbResult<()> {
    sqlx::query("ANALYZE kamhub_seed_texts").execute(connection).await?;
    Ok(())
}

pub(super) async fn drop_texts(connection: &mut PgConnection) -> DbResult<()> {
    sqlx::query(sql::DROP_TEXTS).execute(connection).await?;
    Ok(())
}

/// Whether there is not one ticket, message or event yet.
pub(super) async fn is_empty(connection: &mut PgConnection) -> DbResult<bool> {
    Ok(sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM tickets) AND NOT EXISTS (SELECT FROM ticket_messages)
            AND NOT EXISTS (SELECT FROM ticket_events)",
    )
    .fetch_one(connection)
    .await?)
}

/// Takes `count` ticket ids in one piece. The lock waits for everybody who is creating a ticket
/// and has drawn an id already.
pub(super) async fn reserve_tickets(tx: &mut PgConnection, count: i64) -> DbResult<i64> {
    sqlx::query("LOCK TABLE tickets IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
    reserve(tx, "tickets", count).await
}

async fn reserve(tx: &mut PgConnection, table: &str, count: i64) -> DbResult<i64> {
    Ok(sqlx::query_scalar(
        "SELECT setval(sequence, nextval(sequence) + $2 - 1) - $2 + 1
         FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS sequence) s",
    )
    .bind(table)
    .bind(count)
    .fetch_one(tx)
    .await?)
}

/// Makes customers with ids in one piece; answers the first.
pub(super) async fn insert_customers(
    tx: &mut PgConnection,
    count: i64,
    (russian, english): (&[String], &[String]),
    now: DateTime<Utc>,
) -> DbResult<i64> {
    sqlx::query("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
    let first = reserve(tx, "customers", count).await?;
    sqlx::query(sql::CUSTOMERS)
        .bind(first)
        .bind(first + count - 1)
        .bind(russian)
        .bind(english)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    Ok(first)
}

/// Makes what is missing of the benchmark's agents, all offline; answers their ids.
pub(super) async fn upsert_agents(
    tx: &mut PgConnection,
    names: &[String],
    now: DateTime<Utc>,
) -> DbResult<Vec<i64>> {
    sqlx::query(
        "INSERT INTO support_agents (email, name, team, specialization, timezone, max_concurrent_tickets, status,
            status_changed_at, created_at, updated_at)
         SELECT 'bulk-agent-' || lpad(n::text, 3, '0') || '@example.com', name,
            (ARRAY['Забота', 'Платежи', 'Техподдержка', 'International', 'Качество', 'Дежурная смена'])[1 + n % 6],
            ARRAY['billing', 'technical', 'booking', 'cancellation', 'refund', 'feedback', 'bug_report', 'feature_request', 'other'],
            'Asia/Kamchatka', 50, 'offline', $2, $2, $2
         FROM unnest($1::text[]) WITH ORDINALITY a (name, n)
         ON CONFLICT DO NOTHING",
    )
    .bind(names)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let ids: Vec<i64> = sqlx::query_scalar(
        "UPDATE support_agents SET status = 'offline' WHERE email LIKE 'bulk-agent-%@example.com' AND deleted_at IS NULL RETURNING id",
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO agent_load (agent_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING",
    )
    .bind(&ids)
    .execute(tx)
    .await?;
    Ok(ids)
}

/// An agent's id for every open ticket that they may still get from the seeder (half of their
/// capacity), in turns.
pub(super) async fn free_slots(tx: &mut PgConnection, agents: &[i64]) -> DbResult<Vec<i64>> {
    Ok(sqlx::query_scalar(
        "SELECT agent_id FROM agent_load, generate_series(open_tickets + 1, 25) turn WHERE agent_id = ANY ($1)
         ORDER BY turn, agent_id",
    )
    .bind(agents)
    .fetch_all(tx)
    .await?)
}

/// Lets the benchmark's agents begin work.
pub(super) async fn open_shop(
    connection: &mut PgConnection,
    agents: &[i64],
    now: DateTime<Utc>,
) -> DbResult<()> {
    sqlx::query(
        "UPDATE support_agents SET status = (ARRAY['online', 'online', 'online', 'busy', 'away'])[1 + id % 5],
            status_changed_at = $2, updated_at = $2
         WHERE id = ANY ($1)",
    )
    .bind(agents)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the tickets of places `from..to` with everything that belongs to them.
pub(super) async fn insert_batch(
    tx: &mut PgConnection,
    ground: &Ground,
    (from, to): (i64, i64),
) -> DbResult<Counts> {
    let tickets = sqlx::query(sql::TICKETS)
        .bind(from)
        .bind(to)
        .bind(ground.first_ticket)
        .bind(ground.tickets)
        .bind(ground.first_customer)
        .bind(ground.customers)
        .bind(&ground.agents)
        .bind(&ground.slots)
        .bind(i64::try_from(ground.slots.len()).unwrap_or(0))
        .bind(ground.now)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    let (first, end) = (ground.first_ticket + from, ground.first_ticket + to);
    let messages = sqlx::query(sql::MESSAGES)
        .bind(first)
        .bind(end)
        .bind(ground.first_ticket)
        .execute(&mut *tx)
        .await?
        .rows_affected();
    let events =
        sqlx::query(sql::EVENTS).bind(first).bind(end).execute(&mut *tx).await?.rows_affected();
    sqlx::query(sql::LEDGER).bind(first).bind(end).execute(tx).await?;
    Ok(Counts { tickets, messages, events })
}

/// Statistics and visibility maps, so that the first queries are planned and answered well.
pub(super) async fn vacuum(connection: &mut PgConnection, table: &'static str) -> DbResult<()> {
    let statement = match table {
        "tickets" => "VACUUM (ANALYZE) tickets",
        "ticket_messages" => "VACUUM (ANALYZE) ticket_messages",
        "ticket_events" => "VACUUM (ANALYZE) ticket_events",
        _ => "VACUUM (ANALYZE) customers, support_agents, agent_load",
    };
    sqlx::query(statement).execute(connection).await?;
    Ok(())
}
