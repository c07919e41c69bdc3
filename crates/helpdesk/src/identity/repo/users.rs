//! The SQL of users.

use chrono::{DateTime, Utc};
use kamhub_kernel::{Role, UserId};
use kamhub_postgres::{DbResult, PgConnection};

use crate::identity::model::User;

/// A user as a sign-in needs them.
pub(in crate::identity) struct SignInRow {
    pub id: UserId,
    pub password_hash: Option<String>,
    pub disabled_at: Option<DateTime<Utc>>,
}

/// The user with this address, regardless of case.
pub(in crate::identity) async fn sign_in_row(
    connection: &mut PgConnection,
    email: &str,
) -> DbResult<Option<SignInRow>> {
    Ok(sqlx::query_as!(
        SignInRow,
        r#"SELECT id AS "id: UserId", password_hash, disabled_at FROM users WHERE lower(email) = lower($1)"#,
        email
    )
    .fetch_optional(connection)
    .await?)
}

/// Stores a new user.
pub(in crate::identity) async fn user_insert(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    email: &str,
    name: &str,
    role: Role,
    password_hash: Option<&str>,
) -> DbResult<User> {
    Ok(sqlx::query_as!(
        User,
        r#"INSERT INTO users (email, name, role, password_hash, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $5)
           RETURNING id AS "id: UserId", email, name, role AS "role: Role", disabled_at,
                     last_sign_in_at, created_at, updated_at"#,
        email,
        name,
        role as Role,
        password_hash,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// One user.
pub(in crate::identity) async fn user_by_id(
    connection: &mut PgConnection,
    id: UserId,
) -> DbResult<Option<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email, name, role AS "role: Role", disabled_at,
                  last_sign_in_at, created_at, updated_at
           FROM users WHERE id = $1"#,
        id as UserId
    )
    .fetch_optional(connection)
    .await?)
}

/// Users in the order of their ids.
pub(in crate::identity) async fn users(
    connection: &mut PgConnection,
    after: Option<i64>,
    offset: i64,
    limit: i64,
) -> DbResult<Vec<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email, name, role AS "role: Role", disabled_at,
                  last_sign_in_at, created_at, updated_at
           FROM users WHERE ($1::bigint IS NULL OR id > $1) ORDER BY id LIMIT $2 OFFSET $3"#,
        after,
        limit,
        offset
    )
    .fetch_all(connection)
    .await?)
}

/// How many users there are.
pub(in crate::identity) async fn user_count(connection: &mut PgConnection) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM users"#)
        .fetch_one(connection)
        .await?)
}

/// Writes a user's changed fields.
pub(in crate::identity) async fn user_update(
    connection: &mut PgConnection,
    user: &User,
) -> DbResult<User> {
    Ok(sqlx::query_as!(
        User,
        r#"UPDATE users SET email = $2, name = $3, role = $4, disabled_at = $5 WHERE id = $1
           RETURNING id AS "id: UserId", email, name, role AS "role: Role", disabled_at,
                     last_sign_in_at, created_at, updated_at"#,
        user.id as UserId,
        user.email,
        user.name,
        user.role as Role,
        user.disabled_at
    )
    .fetch_one(connection)
    .await?)
}

/// Stores a new password.
pub(in crate::identity) async fn password_update(
    connection: &mut PgConnection,
    id: UserId,
    password_hash: &str,
) -> DbResult<()> {
    sqlx::query!("UPDATE users SET password_hash = $2 WHERE id = $1", id as UserId, password_hash)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes a sign-in of a user who may, with the password that was checked; `None` where the user
/// was disabled or the password changed meanwhile.
pub(in crate::identity) async fn signed_in(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    id: UserId,
    password_hash: &str,
) -> DbResult<Option<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"UPDATE users SET last_sign_in_at = $2
           WHERE id = $1 AND disabled_at IS NULL AND password_hash = $3
           RETURNING id AS "id: UserId", email, name, role AS "role: Role", disabled_at,
                     last_sign_in_at, created_at, updated_at"#,
        id as UserId,
        now,
        password_hash
    )
    .fetch_optional(connection)
    .await?)
}

/// Lets one transaction at a time decide about administrators.
pub(in crate::identity) async fn lock_administrators(
    connection: &mut PgConnection,
) -> DbResult<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('kamhub administrators', 0))")
        .execute(connection)
        .await?;
    Ok(())
}

/// How many administrators can sign in.
pub(in crate::identity) async fn administrator_count(
    connection: &mut PgConnection,
) -> DbResult<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users WHERE role = 'admin' AND disabled_at IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}

/// Who can sign in: users of a role, and users by id; at most a thousand.
pub(in crate::identity) async fn active_users(
    connection: &mut PgConnection,
    role: Option<Role>,
    ids: &[i64],
) -> DbResult<Vec<User>> {
    Ok(sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email, name, role AS "role: Role", disabled_at, last_sign_in_at,
                  created_at, updated_at
           FROM users WHERE disabled_at IS NULL AND (role = $1 OR id = ANY ($2)) ORDER BY id LIMIT 1000"#,
        role.map(Role::as_str),
        ids,
    )
    .fetch_all(connection)
    .await?)
}
