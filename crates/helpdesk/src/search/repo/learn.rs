//! What the job keeps of tickets and messages: identifiers, and how common words are.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};

use crate::search::model::DocumentKind;

/// How far a kind was read.
pub(in crate::search) struct Cursor {
    pub done_id: i64,
    pub seen_id: i64,
    pub seen_at: Option<DateTime<Utc>>,
}

/// The cursor of a kind, locked; `None` where another worker has it.
pub(in crate::search) async fn cursor(
    connection: &mut PgConnection,
    kind: DocumentKind,
) -> DbResult<Option<Cursor>> {
    Ok(sqlx::query_as!(
        Cursor,
        "SELECT done_id, seen_id, seen_at FROM search_cursors WHERE kind = $1 FOR UPDATE SKIP LOCKED",
        kind as DocumentKind
    )
    .fetch_optional(connection)
    .await?)
}

/// Moves the cursor.
pub(in crate::search) async fn move_cursor(
    connection: &mut PgConnection,
    kind: DocumentKind,
    cursor: &Cursor,
) -> DbResult<()> {
    sqlx::query!(
        "UPDATE search_cursors SET done_id = $2, seen_id = $3, seen_at = $4 WHERE kind = $1",
        kind as DocumentKind,
        cursor.done_id,
        cursor.seen_id,
        cursor.seen_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A text to read.
pub(in crate::search) struct Text {
    pub id: i64,
    pub text: String,
}

/// Texts of a kind after `after`, by id.
pub(in crate::search) async fn texts(
    connection: &mut PgConnection,
    kind: DocumentKind,
    after: i64,
    most: i64,
) -> DbResult<Vec<Text>> {
    Ok(if kind == DocumentKind::Message {
        sqlx::query_as!(
            Text,
            r#"SELECT id, message AS text FROM ticket_messages WHERE id > $1 ORDER BY id LIMIT $2"#,
            after,
            most
        )
        .fetch_all(connection)
        .await?
    } else {
        sqlx::query_as!(
            Text,
            r#"SELECT id, subject || ' ' || description AS "text!" FROM tickets WHERE id > $1 ORDER BY id LIMIT $2"#,
            after,
            most
        )
        .fetch_all(connection)
        .await?
    })
}

/// Stores identifiers of texts; those that are there stay.
pub(in crate::search) async fn store_identifiers(
    connection: &mut PgConnection,
    kind: DocumentKind,
    identifiers: &[String],
    ids: &[i64],
) -> DbResult<()> {
    sqlx::query!(
        "INSERT INTO search_identifiers (identifier, kind, source_id)
         SELECT identifier, $1, id FROM unnest($2::text[], $3::bigint[]) AS i (identifier, id)
         ORDER BY identifier, id ON CONFLICT DO NOTHING",
        kind as DocumentKind,
        identifiers,
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts the words of texts of a kind from `after` on to `until`. The scope's row is locked first, as every change of
/// counts does.
pub(in crate::search) async fn count_words(
    connection: &mut PgConnection,
    kind: DocumentKind,
    after: i64,
    until: i64,
) -> DbResult<()> {
    sqlx::query!("SELECT FROM search_scopes WHERE scope = 'desk' FOR UPDATE")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"WITH texts AS MATERIALIZED (
               SELECT subject || ' ' || description AS text, search_vector AS vector FROM tickets
               WHERE $1 = 'ticket' AND id > $2 AND id <= $3
               UNION ALL
               SELECT message, to_tsvector('kamhub', search_fold(message)) FROM ticket_messages
               WHERE $1 = 'message' AND id > $2 AND id <= $3),
           lexemes AS (
               SELECT lexeme, count(*) AS documents FROM texts, unnest(tsvector_to_array(vector)) lexeme
               WHERE lexeme !~ '[0-9]' AND char_length(lexeme) BETWEEN 2 AND 30 GROUP BY lexeme),
           words AS (
               SELECT word, count(*) AS documents FROM texts, unnest(search_words_of(text)) word GROUP BY word)
           SELECT search_count_lexemes('desk', (SELECT array_agg(lexeme) FROM lexemes), (SELECT array_agg(documents) FROM lexemes))::text,
                  search_count_words('desk', (SELECT array_agg(word) FROM words), (SELECT array_agg(documents) FROM words))::text"#,
        kind.as_str(),
        after,
        until
    )
    .fetch_optional(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE search_scopes SET documents = documents + (
             SELECT count(*) FROM tickets WHERE $1 = 'ticket' AND id > $2 AND id <= $3)
             + (SELECT count(*) FROM ticket_messages WHERE $1 = 'message' AND id > $2 AND id <= $3)
         WHERE scope = 'desk'",
        kind.as_str(),
        after,
        until
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The last id of a kind.
pub(in crate::search) async fn last_id(
    connection: &mut PgConnection,
    kind: DocumentKind,
) -> DbResult<i64> {
    Ok(if kind == DocumentKind::Message {
        sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "id!" FROM ticket_messages"#)
            .fetch_one(connection)
            .await?
    } else {
        sqlx::query_scalar!(r#"SELECT coalesce(max(id), 0) AS "id!" FROM tickets"#)
            .fetch_one(connection)
            .await?
    })
}
