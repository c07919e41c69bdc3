//! Articles and questions: candidates, ranked.

use chrono::{DateTime, Utc};
use kamhub_postgres::{DbResult, PgConnection};
use sqlx::{Postgres, QueryBuilder};

use crate::language::Language;
use crate::search::model::{DocumentKind, Reach, Request};
use crate::search::rank::{NEAR, PLACES, RELATED, TITLE, Terms};

/// The most candidates by their titles: those of which the words are the largest share.
const MOST_BY_TITLE: i64 = 100;
/// The most by title and text together that have all words; of those that have them in the text only, the newest.
const MOST_WITH_ALL: i64 = 300;
/// The most that have the rarest words, the newest.
const MOST_WITH_RAREST: i64 = 80;
/// The most that have any word in the title.
const MOST_WITH_ANY: i64 = 80;
/// The most candidates that are weighed: those that have all words, and the most of them in good places.
const MOST_WEIGHED: usize = 100;
/// The same where some words may be missing: what comes after these has little of the query.
const MOST_WEIGHED_OF_ANY: usize = 60;
/// Documents are indexed by their hundreds (id >> 8).
const BLOCK: f64 = 256.0;
/// Asking the index for one block takes as long as reading so many documents.
const LOOKUP: f64 = 12.0;

/// A document and how well it fits.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::search) struct Ranked {
    pub id: i64,
    pub kind: DocumentKind,
    /// The article's or the question's row.
    pub source_id: i64,
    /// The article's or the question's id, the same in every language.
    pub public_id: i64,
    pub score: f64,
    pub by_identifier: bool,
    pub has_all: bool,
}

/// How far down the ladder candidates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::search) enum Depth {
    /// Every word.
    AllWords,
    /// Every word, and then any of the rarest.
    AnyWord,
}

impl Depth {
    /// How many documents are put in order.
    pub(in crate::search) fn most_weighed(self) -> usize {
        match self {
            Self::AllWords => MOST_WEIGHED,
            Self::AnyWord => MOST_WEIGHED_OF_ANY,
        }
    }
}

/// The best documents for these terms. Who may see what is part of how candidates are found.
///
/// What is asked for is read once, into `asked`, and no value stands in the statement itself: so PostgreSQL plans it
/// once for each number of terms and keeps the plan. Rows are large and are looked at three times (found, compared,
/// weighed), so what goes from one to the next is only where they are, which is the same as long as the statement lasts.
pub(in crate::search) async fn ranked(
    connection: &mut PgConnection,
    terms: &Terms,
    depth: Depth,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    if terms.terms.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::new(
        "WITH RECURSIVE blocks AS (
             SELECT max(id) >> 8 AS block FROM search_documents
             UNION ALL SELECT (SELECT max(id) FROM search_documents WHERE id < block << 8) >> 8 FROM blocks
             WHERE block IS NOT NULL),
         asked AS MATERIALIZED (SELECT ",
    );
    asked(&mut query, terms);
    query.push("), titled AS MATERIALIZED (");
    by_title(&mut query, "every_word", MOST_BY_TITLE, reach, request);
    query.push("), candidates AS MATERIALIZED (SELECT place FROM titled");
    candidates(&mut query, terms, depth, reach, request);
    let weighed = depth.most_weighed();
    query.push(format!(
        "), likely AS MATERIALIZED (
             SELECT c.place, d.vector @@ q.every_word AS has_all,
                 coalesce(d.vector @@ q.identifiers, false) AS by_identifier
             FROM candidates c JOIN search_documents d ON d.ctid = c.place CROSS JOIN asked q
             ORDER BY by_identifier DESC, has_all DESC, {} DESC, d.id LIMIT {weighed}),
         best AS (SELECT d.id, d.kind, d.source_id, d.changed_at, l.by_identifier, l.has_all, ",
        rank_of("q.any_word")
    ));
    score(&mut query, terms);
    query.push(
        " FROM likely l JOIN search_documents d ON d.ctid = l.place CROSS JOIN asked q CROSS JOIN LATERAL (SELECT ",
    );
    found_words(&mut query, terms);
    query.push(" OFFSET 0) AS found");
    popularity(&mut query);
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// What is asked for, in one row: the queries of the index, and of each term how much it counts.
fn asked(query: &mut QueryBuilder<Postgres>, terms: &Terms) {
    let whole = [
        ("every_word", terms.all()),
        ("any_word", terms.any()),
        ("rarest", terms.rarest()),
        ("together", terms.exactly_all()),
        ("identifiers", terms.identifiers.clone()),
    ];
    for (place, (name, asked)) in whole.into_iter().enumerate() {
        query.push(if place == 0 { "" } else { ", " });
        query.push_bind(asked).push(format!("::text::tsquery AS {name}"));
    }
    let total = terms.total_weight();
    for (place, term) in terms.terms.iter().enumerate() {
        query.push(", ").push_bind(term.exact.clone());
        query.push(format!("::text::tsquery AS exact{place}, "));
        query.push_bind(term.related.clone()).push(format!("::text::tsquery AS related{place}, "));
        query.push_bind(term.weight / total).push(format!("::float8 AS weight{place}, "));
        query.push_bind(term.required).push(format!("::boolean AS required{place}"));
    }
}

/// The documents that are found by other ways than having all words in the title.
fn candidates(
    query: &mut QueryBuilder<Postgres>,
    terms: &Terms,
    depth: Depth,
    reach: Reach,
    request: &Request,
) {
    // Where tickets are counted too, a word of many texts may stand in no document.
    let newest_first = |expected: f64, most: i64| {
        reach.counts_documents_only() && is_sooner_by_blocks(expected, most, terms.collection())
    };
    let expected = match terms.terms.len() {
        1 => terms.expected(),
        // Two that are asked for together stand together more often than is estimated.
        2 => 2.0 * terms.expected(),
        // Of more words, each look at a block goes through the texts of all, and finds little.
        _ => 0.0,
    };
    let by_blocks = newest_first(expected, MOST_WITH_ALL);
    query.push(" UNION ");
    by_text(query, "every_word", by_blocks, reach, request);
    query.push(format!("{MOST_WITH_ALL} - (SELECT count(*) FROM titled))"));
    if terms.identifiers.is_some() {
        query.push(" UNION ");
        by_text(query, "identifiers", false, reach, request);
        query.push(format!("{MOST_WITH_ALL})"));
    }
    if depth == Depth::AllWords {
        return;
    }
    let by_blocks = newest_first(terms.expected_of_rarest(), MOST_WITH_RAREST);
    query.push(" UNION ");
    by_text(query, "rarest", by_blocks, reach, request);
    query.push(format!("{MOST_WITH_RAREST}) UNION "));
    by_title(query, "any_word", MOST_WITH_ANY, reach, request);
}

/// Whether enough of so many documents are found sooner block by block than by reading all of them.
// Counts of documents stay far below where a float loses integers.
#[allow(clippy::cast_precision_loss)]
fn is_sooner_by_blocks(expected: f64, most: i64, collection: i64) -> bool {
    let blocks = collection as f64 / BLOCK * (most as f64 / expected.max(1.0)).min(1.0);
    expected > most as f64 + LOOKUP * blocks
}

/// The documents in whose titles the words are the largest share.
fn by_title(
    query: &mut QueryBuilder<Postgres>,
    asked: &str,
    most: i64,
    reach: Reach,
    request: &Request,
) {
    query.push(format!(
        "SELECT d.ctid AS place FROM (
             SELECT document_id FROM search_titles WHERE vector @@ (SELECT {asked} FROM asked)"
    ));
    visible(query, reach, request);
    query.push(format!(
        " ORDER BY ts_rank(vector, (SELECT {asked} FROM asked), 2) DESC, document_id DESC LIMIT {most}) AS titles
         JOIN search_documents d ON d.id = titles.document_id"
    ));
}

/// The newest documents that have the words; how many of them follows. Common words are looked for block by block, from the
/// newest on until there are enough.
fn by_text(
    query: &mut QueryBuilder<Postgres>,
    asked: &str,
    by_blocks: bool,
    reach: Reach,
    request: &Request,
) {
    query.push("(SELECT place FROM ");
    query.push(if by_blocks { "blocks CROSS JOIN LATERAL (SELECT place FROM " } else { "" });
    query.push(format!(
        "(SELECT ctid AS place, id FROM search_documents WHERE vector @@ (SELECT {asked} FROM asked)"
    ));
    query.push(if by_blocks { " AND (id >> 8) = block" } else { "" });
    visible(query, reach, request);
    // Sorted apart from the looking up: the planner would rather walk from the newest document on.
    query.push(" OFFSET 0) AS fitting ORDER BY id DESC");
    query.push(if by_blocks { ") AS of_block LIMIT " } else { " LIMIT " });
}

fn visible(query: &mut QueryBuilder<Postgres>, reach: Reach, request: &Request) {
    if !reach.drafts {
        query.push(" AND is_public");
    }
    let kinds: Vec<&str> = request
        .kinds
        .iter()
        .filter(|kind| matches!(kind, DocumentKind::Article | DocumentKind::Faq))
        .map(|kind| kind.as_str())
        .collect();
    if let [kind] = kinds.as_slice() {
        query.push(format!(" AND kind = '{kind}'"));
    }
    if let Some(language) = request.language {
        query.push(format!(" AND language = '{}'", language.as_str()));
    }
    if let Some(category) = &request.category {
        query.push(" AND category = ").push_bind(category.clone());
    }
}

/// How well each term stands in a document, and whether its title has it: `rank0`, `titled0`, `rank1` and so on.
fn found_words(query: &mut QueryBuilder<Postgres>, terms: &Terms) {
    for place in 0..terms.terms.len() {
        query.push(if place == 0 { "" } else { ", " });
        query.push(format!(
            "{} AS rank{place}, d.title_vector @@ q.exact{place} AS titled{place}",
            rank_of(&format!("q.exact{place}"))
        ));
    }
}

/// Each word by rarity and place, the share of the query that is there, the title, and nearness.
fn score(query: &mut QueryBuilder<Postgres>, terms: &Terms) {
    let sum = |of: &dyn Fn(usize) -> String| {
        (0..terms.terms.len()).map(of).collect::<Vec<_>>().join(" + ")
    };
    let stands = sum(&|place| {
        let related = rank_of(&format!("q.related{place}"));
        format!("q.weight{place} * greatest(rank{place}, {RELATED} * {related})")
    });
    // Words of a quoted part may stand apart and still have a rank.
    let there = sum(&|place| {
        format!(
            "CASE WHEN q.required{place} AND NOT d.vector @@ q.exact{place} OR rank{place} <= 0 THEN 0 ELSE q.weight{place} END"
        )
    });
    let titled = sum(&|place| format!("CASE WHEN titled{place} THEN q.weight{place} ELSE 0 END"));
    let in_title = sum(&|place| format!("titled{place}::integer"));
    query.push(format!(
        "(({stands}) * (0.3 + 0.7 * ({there}))
             + {TITLE} * ({titled}) * (0.5 + 0.5 * least(1, ({in_title})::float8 / greatest(d.title_words, 1)))"
    ));
    if terms.terms.len() > 1 {
        query.push(format!(" + {NEAR} * least(1, ts_rank_cd({}, d.vector, q.together))", places()));
    }
    query.push(")::float8 AS text_score");
}

fn rank_of(asked: &str) -> String {
    format!("ts_rank({}, d.vector, {asked})::float8", places())
}

fn places() -> String {
    format!("'{{{}}}'::float4[]", PLACES.map(|weight| weight.to_string()).join(","))
}

/// Between documents that fit alike, what is read more and was changed later comes first.
fn popularity(query: &mut QueryBuilder<Postgres>) {
    query.push(
        ") SELECT b.id, b.kind, b.source_id, coalesce(a.article_id, b.source_id) AS public_id, b.by_identifier, b.has_all, (b.text_score * (1
            + 0.004 * ln(1 + coalesce(a.views, f.views, 0)::float8)
            + 0.02 * coalesce((a.helpful_votes - a.unhelpful_votes)::float8
                / (a.helpful_votes + a.unhelpful_votes + 5), 0)
            + 0.01 / (1 + greatest(0, extract(epoch FROM now() - b.changed_at)) / 31536000)))::float8 AS score
         FROM best b
         LEFT JOIN knowledge_base_articles a ON b.kind = 'article' AND a.id = b.source_id
         LEFT JOIN faqs f ON b.kind = 'faq' AND f.id = b.source_id
         ORDER BY b.by_identifier DESC, b.has_all DESC, score DESC, b.id",
    );
}

/// What a result shows of a document.
pub(in crate::search) struct Shown {
    pub id: i64,
    pub kind: DocumentKind,
    pub public_id: i64,
    pub language: Language,
    pub title: String,
    pub body: String,
    pub category: String,
    pub is_public: bool,
    pub changed_at: DateTime<Utc>,
    pub slug: Option<String>,
}

/// The documents of a page, in any order.
pub(in crate::search) async fn shown(
    connection: &mut PgConnection,
    ids: &[i64],
) -> DbResult<Vec<Shown>> {
    Ok(sqlx::query_as!(
        Shown,
        r#"SELECT d.id AS "id!", d.kind AS "kind!: DocumentKind", coalesce(a.article_id, d.source_id) AS "public_id!",
                  d.language AS "language!: Language", d.title AS "title!", left(d.body, 20000) AS "body!",
                  d.category AS "category!", d.is_public AS "is_public!", d.changed_at AS "changed_at!",
                  a.slug AS "slug?"
           FROM search_documents d
           LEFT JOIN knowledge_base_articles a ON d.kind = 'article' AND a.id = d.source_id
           WHERE d.id = ANY ($1)"#,
        ids
    )
    .fetch_all(connection)
    .await?)
}
