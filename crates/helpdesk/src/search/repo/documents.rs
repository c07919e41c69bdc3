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
const MOST_WEIGHED: i64 = 100;
/// The same where some words may be missing: what comes after these has little of the query.
const MOST_WEIGHED_OF_ANY: i64 = 60;
/// Words of more documents are looked for from the newest document on, others by the index.
const COMMON: i64 = 1_500;

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

/// The best documents for these terms. Who may see what is part of how candidates are found.
pub(in crate::search) async fn ranked(
    connection: &mut PgConnection,
    terms: &Terms,
    depth: Depth,
    reach: Reach,
    request: &Request,
) -> DbResult<Vec<Ranked>> {
    let Some(all) = terms.all() else { return Ok(Vec::new()) };
    let Some(any) = terms.any() else { return Ok(Vec::new()) };
    let mut query = QueryBuilder::new("WITH titled AS MATERIALIZED (");
    by_title(&mut query, &all, MOST_BY_TITLE, reach, request);
    query.push("), candidates AS MATERIALIZED (SELECT id FROM titled");
    candidates(&mut query, terms, &all, depth, reach, request);
    query.push(
        "), likely AS MATERIALIZED (SELECT d.id, d.kind, d.source_id, d.changed_at, d.title_words, d.title_vector, d.vector, d.vector @@ ",
    );
    query.push_bind(all).push("::text::tsquery AS has_all, ");
    match &terms.identifiers {
        Some(asked) => {
            query.push("d.vector @@ ").push_bind(asked.clone()).push("::text::tsquery");
        }
        None => {
            query.push("false");
        }
    }
    query.push(" AS by_identifier FROM candidates JOIN search_documents d USING (id) ORDER BY by_identifier DESC, has_all DESC, ");
    rank_of(&mut query, &any);
    query.push(" DESC, id LIMIT ").push_bind(match depth {
        Depth::AllWords => MOST_WEIGHED,
        Depth::AnyWord => MOST_WEIGHED_OF_ANY,
    });
    query.push(
        "), best AS (SELECT d.id, d.kind, d.source_id, d.changed_at, d.by_identifier, d.has_all, ",
    );
    score(&mut query, terms);
    query.push(" FROM likely d CROSS JOIN LATERAL (SELECT ");
    found_words(&mut query, terms);
    query.push(" OFFSET 0) AS found");
    popularity(&mut query);
    // Planned for its words each time: a kept plan would read the queries of the index anew for every document.
    Ok(query.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// The documents that are found by other ways than having all words in the title.
fn candidates(
    query: &mut QueryBuilder<Postgres>,
    terms: &Terms,
    all: &str,
    depth: Depth,
    reach: Reach,
    request: &Request,
) {
    let rarest = terms.terms.iter().map(|term| term.documents).min().unwrap_or_default();
    let few = rarest <= COMMON;
    query.push(" UNION ");
    by_text(query, all, few, reach, request);
    query.push_bind(MOST_WITH_ALL).push("::bigint - (SELECT count(*) FROM titled))");
    if let Some(asked) = &terms.identifiers {
        query.push(" UNION ");
        by_text(query, asked, true, reach, request);
        query.push_bind(MOST_WITH_ALL).push(")");
    }
    if depth == Depth::AllWords {
        return;
    }
    if let Some(asked) = terms.rarest() {
        query.push(" UNION ");
        by_text(query, &asked, few, reach, request);
        query.push_bind(MOST_WITH_RAREST).push(")");
    }
    if let Some(asked) = terms.any() {
        query.push(" UNION (");
        by_title(query, &asked, MOST_WITH_ANY, reach, request);
        query.push(")");
    }
}

/// The documents in whose titles the words are the largest share.
fn by_title(
    query: &mut QueryBuilder<Postgres>,
    asked: &str,
    most: i64,
    reach: Reach,
    request: &Request,
) {
    query.push("SELECT id FROM search_documents WHERE title_vector @@ ");
    query.push_bind(asked.to_owned()).push("::text::tsquery");
    visible(query, reach, request);
    query.push(" ORDER BY ts_rank(title_vector, ").push_bind(asked.to_owned());
    query.push("::text::tsquery, 2) DESC, id DESC LIMIT ").push_bind(most);
}

/// The newest documents that have the words; how many of them follows.
fn by_text(
    query: &mut QueryBuilder<Postgres>,
    asked: &str,
    by_index: bool,
    reach: Reach,
    request: &Request,
) {
    query.push(if by_index { "(SELECT id FROM (" } else { "(" });
    query.push("SELECT id FROM search_documents WHERE vector @@ ");
    query.push_bind(asked.to_owned()).push("::text::tsquery");
    visible(query, reach, request);
    if by_index {
        // Otherwise a walk from the newest document on would look cheaper than it is.
        query.push(" OFFSET 0) AS fitting");
    }
    query.push(" ORDER BY id DESC LIMIT ");
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
        query.push(" AND kind = ").push_bind((*kind).to_owned());
    }
    if let Some(language) = request.language {
        query.push(" AND language = ").push_bind(language);
    }
    if let Some(category) = &request.category {
        query.push(" AND category = ").push_bind(category.clone());
    }
}

/// How well each term stands in a document, and whether its title has it: `rank0`, `titled0`, `rank1` and so on.
fn found_words(query: &mut QueryBuilder<Postgres>, terms: &Terms) {
    for (place, term) in terms.terms.iter().enumerate() {
        query.push(if place == 0 { "" } else { ", " });
        rank_of(query, &term.exact);
        query.push(format!(" AS rank{place}, d.title_vector @@ "));
        query.push_bind(term.exact.clone()).push(format!("::text::tsquery AS titled{place}"));
    }
}

/// Each word by rarity and place, the share of the query that is there, the title, and nearness.
fn score(query: &mut QueryBuilder<Postgres>, terms: &Terms) {
    let total = terms.total_weight();
    query.push("((0");
    for (place, term) in terms.terms.iter().enumerate() {
        query.push(" + ").push_bind(term.weight / total);
        match &term.related {
            Some(related) => {
                query.push(format!(" * greatest(rank{place}, ")).push_bind(RELATED).push(" * ");
                rank_of(query, related);
                query.push(")");
            }
            None => {
                query.push(format!(" * rank{place}"));
            }
        }
    }
    query.push(") * (0.3 + 0.7 * (0");
    for (place, term) in terms.terms.iter().enumerate() {
        if term.required {
            // Words of a quoted part may stand apart and still have a rank.
            query.push(" + CASE WHEN d.vector @@ ").push_bind(term.exact.clone());
            query.push("::text::tsquery THEN ");
        } else {
            query.push(format!(" + CASE WHEN rank{place} > 0 THEN "));
        }
        query.push_bind(term.weight / total).push(" ELSE 0 END");
    }
    query.push(")) + ").push_bind(TITLE).push(" * (0");
    for (place, term) in terms.terms.iter().enumerate() {
        query.push(format!(" + CASE WHEN titled{place} THEN "));
        query.push_bind(term.weight / total).push(" ELSE 0 END");
    }
    query.push(") * (0.5 + 0.5 * least(1, (0");
    for place in 0..terms.terms.len() {
        query.push(format!(" + CASE WHEN titled{place} THEN 1.0 ELSE 0 END"));
    }
    query.push(") / greatest(d.title_words, 1)))");
    let several = terms.terms.len() > 1;
    if let Some(exact) = terms.exactly_all().filter(|_| several) {
        query.push(" + ").push_bind(NEAR).push(" * least(1, ts_rank_cd(");
        query.push_bind(PLACES.to_vec()).push("::float4[], d.vector, ");
        query.push_bind(exact).push("::text::tsquery))");
    }
    query.push(")::float8 AS text_score");
}

fn rank_of(query: &mut QueryBuilder<Postgres>, asked: &str) {
    query.push("ts_rank(").push_bind(PLACES.to_vec()).push("::float4[], d.vector, ");
    query.push_bind(asked.to_owned()).push("::text::tsquery)::float8");
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
