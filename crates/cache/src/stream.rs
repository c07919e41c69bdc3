//! An append-only stream in Redis, for whoever else listens there.

use fred::interfaces::StreamsInterface;

use crate::{
    cache::Cache,
    redis::{Away, Redis},
};

/// Redis did not confirm that it has the entry: add it again later, and let readers recognise what comes twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Redis is away")]
pub struct NotAdded;

/// A stream of one name, which forgets its oldest entries beyond about `length`.
#[derive(Clone)]
pub struct Stream {
    redis: Redis,
    name: String,
    length: u32,
}

impl Cache {
    /// The stream of this name in the same Redis; `None` where there is no Redis.
    pub fn stream(&self, name: &str, length: u32) -> Option<Stream> {
        Some(Stream { redis: self.connection()?, name: name.to_owned(), length })
    }
}

impl Stream {
    /// Adds an entry at the end, under an id that Redis gives.
    ///
    /// # Errors
    /// [`NotAdded`] where that is not certain; it may have been added all the same.
    pub async fn append(&self, fields: &[(&'static str, String)]) -> Result<(), NotAdded> {
        let (name, length) = (self.name.clone(), i64::from(self.length));
        let fields = fields.to_vec();
        self.redis
            .call(move |connection| async move {
                let cap = ("MAXLEN", "~", length);
                connection.client.xadd::<(), _, _, _, _>(name, false, cap, "*", fields).await
            })
            .await
            .map_err(|Away| NotAdded)
    }
}
