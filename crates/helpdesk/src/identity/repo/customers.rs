//! The SQL of customers.

use chrono::{DateTime, Utc};
use kamhub_kernel::CustomerId;
use kamhub_postgres::{DbResult, PgConnection};

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::identity) struct CustomerRow {
    pub id: CustomerId,
    pub external_id: Option<i64>,
    pub email: Option<String>,
    pub name: String,
    pub locale: Option<String>,
}

/// The customer with this id.
pub(in crate::identity) async fn customer_by_id(
    connection: &mut PgConnection,
    id: CustomerId,
) -> DbResult<Option<CustomerRow>> {
    Ok(sqlx::query_as!(
        CustomerRow,
        r#"SELECT id AS "id: CustomerId", external_id, email, name, locale FROM customers WHERE id = $1"#,
        id as CustomerId
    )
    .fetch_optional(connection)
    .await?)
}

/// The customer with this number on the platform.
pub(in crate::identity) async fn customer_by_number(
    connection: &mut PgConnection,
    number: i64,
) -> DbResult<Option<CustomerRow>> {
    Ok(sqlx::query_as!(
        CustomerRow,
        r#"SELECT id AS "id: CustomerId", external_id, email, name, locale FROM customers
           WHERE external_id = $1"#,
        number
    )
    .fetch_optional(connection)
    .await?)
}

/// The customer with this address, regardless of case.
pub(in crate::identity) async fn customer_by_email(
    connection: &mut PgConnection,
    email: &str,
) -> DbResult<Option<CustomerRow>> {
    Ok(sqlx::query_as!(
        CustomerRow,
        r#"SELECT id AS "id: CustomerId", external_id, email, name, locale FROM customers
           WHERE lower(email) = lower($1)"#,
        email
    )
    .fetch_optional(connection)
    .await?)
}

/// The customer with this number on the platform and the one with this address, by one question: both are asked for
/// with every ticket.
pub(in crate::identity) async fn customers_by_number_and_email(
    connection: &mut PgConnection,
    number: Option<i64>,
    email: Option<&str>,
) -> DbResult<(Option<CustomerRow>, Option<CustomerRow>)> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: CustomerId", external_id, email, name, locale,
                  coalesce(external_id = $1, false) AS "has_number!",
                  coalesce(lower(email) = lower($2), false) AS "has_email!"
           FROM customers WHERE external_id = $1 OR lower(email) = lower($2)"#,
        number,
        email
    )
    .fetch_all(connection)
    .await?;
    let (mut of_number, mut of_email) = (None, None);
    for row in rows {
        let (has_number, has_email) = (row.has_number, row.has_email);
        let customer = CustomerRow {
            id: row.id,
            external_id: row.external_id,
            email: row.email,
            name: row.name,
            locale: row.locale,
        };
        if has_email {
            of_email = Some(customer.clone());
        }
        if has_number {
            of_number = Some(customer);
        }
    }
    Ok((of_number, of_email))
}

/// Lets one transaction at a time give an address or number to a customer.
pub(in crate::identity) async fn lock_customer(
    connection: &mut PgConnection,
    number: Option<i64>,
    email: Option<&str>,
) -> DbResult<()> {
    // In one statement and in a fixed order, so that two never wait for each other.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(k) FROM (
             SELECT DISTINCT hashtextextended(name, 17) AS k
             FROM unnest(ARRAY['customer number ' || $1::bigint, 'customer email ' || lower($2)]) AS name
             WHERE name IS NOT NULL ORDER BY k) AS keys",
        number,
        email
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores a new customer.
pub(in crate::identity) async fn customer_insert(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    number: Option<i64>,
    email: Option<&str>,
    name: &str,
    locale: Option<&str>,
) -> DbResult<CustomerRow> {
    Ok(sqlx::query_as!(
        CustomerRow,
        r#"INSERT INTO customers (external_id, email, name, locale, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $5)
           RETURNING id AS "id: CustomerId", external_id, email, name, locale"#,
        number,
        email,
        name,
        locale,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// Writes a customer's changed fields.
pub(in crate::identity) async fn customer_update(
    connection: &mut PgConnection,
    customer: &CustomerRow,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE customers SET external_id = $2, email = $3, name = $4, locale = $5 WHERE id = $1",
        customer.id as CustomerId,
        customer.external_id,
        customer.email,
        customer.name,
        customer.locale
    )
    .execute(connection)
    .await?;
    Ok(())
}
