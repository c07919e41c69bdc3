//! The judged set: queries with the documents that answer them, asked of the product's own search over a
//! collection in this directory, and of plain full-text search beside it. `scripts/judge-search.sh`
//! prints the figures; a fall below the floor fails.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use kamhub_helpdesk::search::model::{Reach, Request};
use kamhub_helpdesk::search::service::find;
use kamhub_testkit::TestDatabase;
use serde::Deserialize;
use sqlx::PgConnection;

/// Below these the search has become worse than it was when they were written.
const LEAST_MRR: f64 = 0.80;
const LEAST_HITS_IN_TEN: f64 = 0.90;

#[derive(Deserialize)]
struct Document {
    key: String,
    kind: String,
    language: String,
    category: String,
    title: String,
    content: String,
}

#[derive(Deserialize)]
struct Judged {
    kind: String,
    query: String,
    expected: Vec<String>,
}

fn lines<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Stores the collection; answers `type/id` of each document by key.
async fn load(connection: &mut PgConnection) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for document in lines::<Document>(include_str!("corpus.jsonl")) {
        let id: i64 = if document.kind == "faq" {
            sqlx::query_scalar(
                "INSERT INTO faqs (question, answer, category, language) VALUES ($1, $2, $3, $4) RETURNING id",
            )
        } else {
            sqlx::query_scalar(
                "INSERT INTO knowledge_base_articles (title, content, category, language, slug, is_published)
                 VALUES ($1, $2, $3, $4, $5, true) RETURNING id",
            )
        }
        .bind(&document.title)
        .bind(&document.content)
        .bind(&document.category)
        .bind(&document.language)
        .bind(&document.key)
        .fetch_one(&mut *connection)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", document.key));
        known.insert(format!("{}/{id}", document.kind), document.key);
    }
    known
}

#[derive(Default)]
struct Figures {
    queries: f64,
    reciprocal: f64,
    first: f64,
    ten: f64,
}

impl Figures {
    fn add(&mut self, rank: Option<usize>) {
        self.queries += 1.0;
        let Some(rank) = rank else { return };
        self.reciprocal += 1.0 / (rank as f64 + 1.0);
        self.first += f64::from(u8::from(rank == 0));
        self.ten += 1.0;
    }

    fn line(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {:.3} | {:.3} | {:.3} |",
            self.queries,
            self.reciprocal / self.queries,
            self.first / self.queries,
            self.ten / self.queries
        )
    }
}

/// The ten keys that the product's search answers.
async fn ours(
    connection: &mut PgConnection,
    known: &BTreeMap<String, String>,
    query: &str,
) -> Vec<String> {
    let request = Request {
        query: query.to_owned(),
        kinds: Vec::new(),
        category: None,
        language: None,
        limit: 10,
        skip: 0,
    };
    let found = find::find(connection, Reach::PUBLIC, &request).await.unwrap();
    found.results.iter().map(|hit| known[&format!("{}/{}", hit.kind, hit.id)].clone()).collect()
}

/// The ten keys of PostgreSQL's own search: configuration russian, all words, title above text.
async fn plain(
    connection: &mut PgConnection,
    known: &BTreeMap<String, String>,
    query: &str,
) -> Vec<String> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT kind || '/' || source_id FROM (
             SELECT kind, source_id, setweight(to_tsvector('russian', title), 'A')
                 || setweight(to_tsvector('russian', body), 'D') AS vector FROM search_documents) d
         WHERE vector @@ plainto_tsquery('russian', $1)
         ORDER BY ts_rank(vector, plainto_tsquery('russian', $1)) DESC LIMIT 10",
    )
    .bind(query)
    .fetch_all(connection)
    .await
    .unwrap();
    rows.iter().map(|row| known[row].clone()).collect()
}

fn rank(found: &[String], expected: &[String]) -> Option<usize> {
    found.iter().position(|key| expected.contains(key))
}

#[tokio::test]
async fn the_judged_queries_find_their_documents() {
    let database = TestDatabase::create().await;
    let mut tx = database.db.begin().await.unwrap();
    let known = load(&mut tx).await;
    tx.commit().await.unwrap();
    let mut connection = database.db.connection().await.unwrap();
    sqlx::query("ANALYZE").execute(&mut *connection).await.unwrap();
    let judged: Vec<Judged> = lines(include_str!("judged.jsonl"));
    assert!(judged.len() >= 100);
    let mut ours_by: BTreeMap<String, Figures> = BTreeMap::new();
    let mut plain_by: BTreeMap<String, Figures> = BTreeMap::new();
    for (place, case) in judged.iter().enumerate() {
        let found = ours(&mut connection, &known, &case.query).await;
        let baseline = plain(&mut connection, &known, &case.query).await;
        let (ours, plain) = (rank(&found, &case.expected), rank(&baseline, &case.expected));
        if ours != Some(0) {
            println!("{ours:?} {}: {} → {:?}", case.kind, case.query, &found[..found.len().min(3)]);
        }
        let half = if place % 2 == 0 { "(tuned on)" } else { "(held out)" };
        for group in [case.kind.as_str(), half, "all"] {
            ours_by.entry(group.to_owned()).or_default().add(ours);
            plain_by.entry(group.to_owned()).or_default().add(plain);
        }
    }
    for (name, figures) in [("search", &ours_by), ("plain russian", &plain_by)] {
        println!("\n| {name} | queries | MRR | hit@1 | hit@10 |\n|---|---|---|---|---|");
        for (group, figures) in figures {
            println!("{}", figures.line(group));
        }
    }
    let all = &ours_by["all"];
    assert!(all.reciprocal / all.queries >= LEAST_MRR, "MRR fell: {}", all.line("all"));
    assert!(all.ten / all.queries >= LEAST_HITS_IN_TEN, "hit@10 fell: {}", all.line("all"));
}
