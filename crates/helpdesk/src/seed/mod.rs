//! Data to look at and to measure with: a demo company, and tickets by the million.
//!
//! History is backdated, so the seeder writes rows itself instead of calling services, which stamp
//! the present; what it writes obeys every rule that the services keep. Like `search` and
//! `reports` it may therefore touch the tables of every slice.

pub mod bulk;
mod bulk_repo;
mod bulk_sql;
mod cast;
mod content;
pub mod demo;
mod drafts;
mod extras;
mod indexes;
mod plan;
mod random;
mod repo;
mod returns;
mod rows;
mod scribe;
mod story;
mod words;

#[cfg(test)]
mod tests;

use kamhub_postgres::DbError;

/// How many rows were written, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// People who can sign in.
    pub users: u64,
    /// Agents.
    pub agents: u64,
    /// Customers.
    pub customers: u64,
    /// Tickets.
    pub tickets: u64,
    /// Messages and internal notes.
    pub messages: u64,
    /// Events on the timelines of tickets.
    pub events: u64,
    /// Knowledge base articles.
    pub articles: u64,
    /// Frequently asked questions.
    pub faqs: u64,
    /// Feedback on tickets, and surveys.
    pub feedback: u64,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            (self.tickets, "tickets"),
            (self.messages, "messages"),
            (self.events, "events"),
            (self.customers, "customers"),
            (self.agents, "agents"),
            (self.users, "users"),
            (self.articles, "articles"),
            (self.faqs, "questions"),
            (self.feedback, "opinions"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        formatter.write_str(&parts.join(", "))
    }
}

/// Why nothing was seeded.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The demo company is there already, and stays as it is.
    #[error("the demo data is there already; nothing was changed")]
    AlreadySeeded,
    /// An address of the demo belongs to somebody else here.
    #[error("{0} is taken already, so the demo data has no room here; nothing was changed")]
    Taken(String),
    /// Two seeders would undo each other's work.
    #[error("another seeder is at work on this database; try again when it is done")]
    Busy,
    /// A built-in file does not say what the code expects.
    #[error("the built-in demo content cannot be read: {0}")]
    Content(String),
    /// A user who can sign in could not be made.
    #[error(transparent)]
    Identity(#[from] crate::identity::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl From<sqlx::Error> for SeedError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}
