//! Pages of lists: `page` and `limit` for people, a keyset `cursor` for programs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};

/// The number of rows of a page where the caller gives none (contract, section 1).
pub const DEFAULT_LIMIT: i64 = 20;
/// The most rows of a page (contract, section 1).
pub const MAX_LIMIT: i64 = 100;
/// Beyond this many rows `page` is refused in favour of the cursor: a deep OFFSET reads and
/// throws away every row before it.
pub const MAX_OFFSET: i64 = 10_000;
/// Totals are counted up to here and no further unless an exact one is asked for.
pub const COUNT_CAP: i64 = 1_000;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<C> {
    /// After so many rows.
    Offset(i64),
    /// After the row that the cursor names.
    After(C),
}

/// Which rows of a list are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest<C> {
    /// Where the page begins.
    pub start: Start<C>,
    /// The most rows of it, 1 to [`MAX_LIMIT`].
    pub limit: i64,
    /// Whether the total is to be counted to the end.
    pub exact_total: bool,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many rows there are in all, counted up to [`COUNT_CAP`] unless exactly.
    pub total: i64,
    /// Whether there are more than `total` rows.
    pub total_capped: bool,
    /// The cursor of the next page, where there is one.
    pub next_cursor: Option<String>,
}

impl PageRequest<i64> {
    /// The key after which the page begins, where it goes by cursor, and the rows that are passed over.
    pub fn bounds(&self) -> (Option<i64>, i64) {
        match self.start {
            Start::After(key) => (Some(key), 0),
            Start::Offset(rows) => (None, rows),
        }
    }
}

impl<T> Page<T> {
    /// A page of a list in the order of a number, from the rows that were read: one more than the page
    /// may have tells whether there is another.
    pub fn cut(mut items: Vec<T>, limit: i64, total: i64, key: impl Fn(&T) -> i64) -> Self {
        let most = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > most;
        items.truncate(most);
        let next_cursor = items.last().filter(|_| more).map(|last| encode_cursor(&key(last)));
        Self { items, total, total_capped: false, next_cursor }
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            total: self.total,
            total_capped: self.total_capped,
            next_cursor: self.next_cursor,
        }
    }
}

/// A cursor that was not made by this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list; take it from nextCursor")]
pub struct CursorError;

/// Writes the sort key of a page's last row as an opaque cursor.
pub fn encode_cursor<C: Serialize>(key: &C) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

/// Reads a cursor.
///
/// # Errors
/// [`CursorError`] where the text is not what [`encode_cursor`] wrote for the same kind of key.
pub fn decode_cursor<C: DeserializeOwned>(text: &str) -> Result<C, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
    serde_json::from_slice(&bytes).map_err(|_| CursorError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = encode_cursor(&("2026-01-01T00:00:00Z", 7));
        assert_eq!(decode_cursor::<(String, i64)>(&cursor), Ok(("2026-01-01T00:00:00Z".into(), 7)));
        assert_eq!(decode_cursor::<(String, i64)>("nonsense!"), Err(CursorError));
        assert_eq!(decode_cursor::<i64>(&cursor), Err(CursorError));
    }
}
