//! The database: the private cluster or `DATABASE_URL`, the pool, migrations, transactions, and
//! what a failed constraint is called.

pub mod cluster;
pub mod db;
pub mod error;
pub mod migrations;

pub use db::{Db, DbConfig, Tx};
pub use error::{DbError, DbResult, OnConstraint};
pub use sqlx::PgConnection;
