//! What can go wrong with the database, sorted by what the caller can do about it.

/// The result of a statement.
pub type DbResult<T> = Result<T, DbError>;

/// A fault of the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database is away, starting, stopping or full: the same call may succeed soon.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The statement lost against another one at the same time: the same call may succeed now.
    #[error("the statement lost against another one at the same time: {0}")]
    Contention(#[source] sqlx::Error),
    /// A constraint refused the row.
    #[error("constraint {name} refused the row")]
    Constraint {
        /// The constraint's name, empty where the database names none.
        name: String,
        /// What kind of constraint it is.
        kind: ConstraintKind,
        /// The database's own error, for the log.
        #[source]
        source: sqlx::Error,
    },
    /// A value that the database cannot hold: a NUL character, a number or date out of range.
    #[error("a value cannot be stored: {0}")]
    BadValue(#[source] sqlx::Error),
    /// Anything else: a fault of ours.
    #[error("unexpected database error: {0}")]
    Other(#[source] sqlx::Error),
}

/// The kinds of constraints that callers can run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    /// A value that must be unique is there already.
    Unique,
    /// A row that is referred to does not exist, or is still referred to.
    ForeignKey,
    /// A CHECK or NOT NULL constraint.
    Check,
    /// An exclusion constraint.
    Exclusion,
}

impl DbError {
    /// The name of the constraint that refused the row, where that is the fault.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::Io(_) => Self::Unavailable(error),
                other => Self::Other(other),
            };
        };
        let code = database.code().unwrap_or_default().into_owned();
        let kind = match code.as_str() {
            "23505" => Some(ConstraintKind::Unique),
            "23503" => Some(ConstraintKind::ForeignKey),
            "23514" | "23502" => Some(ConstraintKind::Check),
            "23P01" => Some(ConstraintKind::Exclusion),
            _ => None,
        };
        if let Some(kind) = kind {
            let name = database.constraint().unwrap_or_default().to_owned();
            return Self::Constraint { name, kind, source: error };
        }
        match code.as_str() {
            // deadlock_detected, serialization_failure, lock_not_available
            "40P01" | "40001" | "55P03" => Self::Contention(error),
            // query_canceled (statement_timeout), too_many_connections, out of disk or memory
            "57014" | "53300" | "53100" | "53200" => Self::Unavailable(error),
            code if code.starts_with("57P") || code.starts_with("08") => Self::Unavailable(error),
            // read_only_sql_transaction: a standby that has not been promoted yet
            "25006" => Self::Unavailable(error),
            code if code.starts_with("22") => Self::BadValue(error),
            _ => Self::Other(error),
        }
    }
}

/// Turns a named constraint into an error of the caller's own.
pub trait OnConstraint<T> {
    /// Where constraint `name` refused the row, answers `error()`; anything else passes through.
    ///
    /// # Errors
    /// The mapped error, or the database's converted into `E`.
    fn on_constraint<E: From<DbError>>(self, name: &str, error: impl FnOnce() -> E)
    -> Result<T, E>;
}

impl<T> OnConstraint<T> for DbResult<T> {
    fn on_constraint<E: From<DbError>>(
        self,
        name: &str,
        error: impl FnOnce() -> E,
    ) -> Result<T, E> {
        self.map_err(
            |fault| {
                if fault.constraint() == Some(name) { error() } else { E::from(fault) }
            },
        )
    }
}
