//! Words: what is known of them, and which are near to one that is not.

use kamhub_postgres::{DbResult, PgConnection};

use crate::search::distance::Candidate;
use crate::search::ladder::{Known, Repairs, Vocabulary};

/// How many texts scopes have, and their generation: it rises with each change of a document.
pub(in crate::search) struct Scopes {
    pub documents: i64,
    pub generation: i64,
}

/// The figures of these scopes together. The value stands in a sub-select, where the planner does not look at it: so one
/// plan is kept.
pub(in crate::search) async fn scopes(
    connection: &mut PgConnection,
    scopes: &[String],
) -> DbResult<Scopes> {
    Ok(sqlx::query_as!(
        Scopes,
        r#"SELECT coalesce(sum(documents), 0)::bigint AS "documents!",
                  coalesce(sum(generation), 0)::bigint AS "generation!"
           FROM search_scopes WHERE scope = ANY ((SELECT $1::text[])::text[])"#,
        scopes
    )
    .fetch_one(connection)
    .await?)
}

/// What is known of each word in these scopes.
///
/// Stems that begin alike are looked for from four letters on, and may be four letters longer. A vowel that
/// comes and goes before the last consonant (денег, деньги; справок, справки) leaves two stems of one word.
///
/// The values stand in sub-selects, where the planner does not look at them: so one plan is kept for all.
pub(in crate::search) async fn vocabulary(
    connection: &mut PgConnection,
    words: &[String],
    scopes: &[String],
) -> DbResult<Vocabulary> {
    let rows = sqlx::query!(
        r#"SELECT w.word AS "word!", s.lexeme AS "lexeme!", s.stop AS "stop!",
                  coalesce(n.documents, 0)::bigint AS "documents!",
                  coalesce(same.lexemes, '{}') AS "same!",
                  coalesce(alike.lexemes, '{}') AS "related!",
                  coalesce(alike.documents, '{}') AS "related_documents!"
           FROM unnest((SELECT $1::text[])) AS w (word)
           CROSS JOIN LATERAL (
               SELECT coalesce(search_lexeme(w.word), w.word) AS lexeme,
                      coalesce(search_is_stop(w.word), false) AS stop) s
           LEFT JOIN LATERAL (
               SELECT array_agg(DISTINCT l.lexeme) AS lexemes, sum(l.documents)::bigint AS documents
               FROM search_lexemes l
               WHERE l.scope = ANY ((SELECT $2::text[])::text[]) AND l.lexeme <> s.lexeme AND l.lexeme = ANY (
                   CASE WHEN s.lexeme ~ '^[а-я]{4,}$' THEN ARRAY[
                       regexp_replace(s.lexeme, '[ое]([бвгджзклмнпрстфхцчшщ])$', '\1'),
                       regexp_replace(s.lexeme, '[ое]([бвгджзклмнпрстфхцчшщ])$', 'ь\1'),
                       regexp_replace(s.lexeme, '([бвгджзклмнпрстфхцчшщ])([бвгджзклмнпрстфхцчшщ])$', '\1о\2'),
                       regexp_replace(s.lexeme, '([бвгджзклмнпрстфхцчшщ])([бвгджзклмнпрстфхцчшщ])$', '\1е\2'),
                       regexp_replace(s.lexeme, 'ь([бвгджзклмнпрстфхцчшщ])$', 'е\1')] END)) same ON true
           LEFT JOIN LATERAL (
               SELECT sum(l.documents) + coalesce(same.documents, 0) AS documents FROM search_lexemes l
               WHERE l.lexeme = s.lexeme AND l.scope = ANY ((SELECT $2::text[])::text[])) n ON true
           LEFT JOIN LATERAL (
               SELECT array_agg(a.lexeme) AS lexemes, array_agg(a.documents) AS documents FROM (
                   SELECT l.lexeme, sum(l.documents)::bigint AS documents FROM search_lexemes l
                   WHERE n.documents > 0 AND NOT s.stop AND char_length(s.lexeme) >= 4
                     AND l.lexeme ~>=~ left(s.lexeme, greatest(4, char_length(s.lexeme) - 2))
                     AND l.lexeme ~<~ (left(s.lexeme, greatest(4, char_length(s.lexeme) - 2)) || chr(1114111))
                     AND char_length(l.lexeme) <= char_length(s.lexeme) + 4 AND l.lexeme <> s.lexeme
                     AND l.lexeme <> ALL (coalesce(same.lexemes, '{}')) AND l.scope = ANY ((SELECT $2::text[])::text[])
                   GROUP BY l.lexeme ORDER BY 2 DESC, 1 LIMIT 6) a) alike ON true"#,
        words,
        scopes
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let related = row.related.into_iter().zip(row.related_documents).collect();
            let known = Known {
                lexeme: row.lexeme,
                stop: row.stop,
                documents: row.documents,
                same: row.same,
                related,
            };
            (row.word, known)
        })
        .collect())
}

/// Words of these scopes that each of the `mistyped` may have been meant as; `slips` are the texts that are one
/// slip away from the shorter ones, with the place of the word each belongs to.
pub(in crate::search) async fn near(
    connection: &mut PgConnection,
    mistyped: &[String],
    slips: &[String],
    of: &[i32],
    scopes: &[String],
) -> DbResult<Repairs> {
    let rows = sqlx::query!(
        r#"SELECT n.place AS "place!", n.word AS "word!", sum(n.documents)::bigint AS "documents!"
           FROM (
               SELECT m.place, w.word, w.documents, w.scope
               FROM unnest($1::text[]) WITH ORDINALITY AS m (word, place)
               JOIN search_words w ON w.word % m.word
               WHERE char_length(m.word) > 5 AND w.scope = ANY ($4)
                 AND abs(char_length(w.word) - char_length(m.word)) <= 2
               UNION
               SELECT s.place, w.word, w.documents, w.scope
               FROM unnest($2::text[], $3::int[]) AS s (word, place)
               JOIN search_words w ON w.word = s.word AND w.scope = ANY ($4)) n
           GROUP BY n.place, n.word"#,
        mistyped,
        slips,
        of,
        scopes
    )
    .fetch_all(connection)
    .await?;
    let mut repairs = Repairs::new();
    for row in rows {
        let place = usize::try_from(row.place - 1).unwrap_or_default();
        if let Some(word) = mistyped.get(place) {
            let candidate = Candidate { word: row.word, documents: row.documents };
            repairs.entry(word.clone()).or_default().push(candidate);
        }
    }
    Ok(repairs)
}
