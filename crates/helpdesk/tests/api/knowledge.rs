use chrono::Duration;
use kamhub_helpdesk::jobs;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_kernel::Role;
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

pub const KB: &str = "/api/support/knowledge-base";

/// The body of an article that has nothing wrong, with what the test says otherwise.
pub fn article(otherwise: Value) -> Value {
    let mut body = json!({
        "title": "Как вернуть билет?",
        "content": "## Возврат\n\nОткройте бронь и нажмите **Вернуть**. Деньги придут на карту.",
        "category": "Отмена и возврат",
        "tags": ["билет", "возврат"],
        "isPublished": true,
    });
    for (field, value) in otherwise.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

/// Writes an article as an administrator and gives it as it was answered.
pub async fn write(app: &TestApp, otherwise: Value) -> Value {
    app.admin.post(KB, article(otherwise)).await.data(201).clone()
}

/// Where an article is found.
pub fn at(article: &Value) -> String {
    format!("{KB}/articles/{}", article["id"].as_str().unwrap())
}

/// A desk behind a proxy, which says from where its readers come.
pub async fn library() -> TestApp {
    TestApp::with(|settings| settings.behind_proxy = true).await
}

/// A reader without credentials with an address of their own.
pub fn reader(app: &TestApp, name: &str) -> Client {
    let number =
        name.bytes().fold(0_u16, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let [high, low] = number.to_be_bytes();
    app.anonymous.header("x-forwarded-for", &format!("10.0.{high}.{low}"))
}

/// The titles of a list.
pub fn titles(reply: &Reply) -> Vec<String> {
    let rows = reply.data(200).as_array().unwrap();
    rows.iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

async fn drain(app: &TestApp) {
    let registry = jobs::registry(&app.app).unwrap();
    Worker::new(app.app.queue.clone(), registry, WorkerOptions::default()).drain().await.unwrap();
}

async fn events(app: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT type FROM event_outbox WHERE type LIKE 'article.%' ORDER BY id")
        .fetch_all(app.app.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_article_is_written_and_read_by_id_and_by_its_readable_slug() {
    let app = TestApp::start().await;
    let reply = app.admin.post(KB, article(json!({}))).await;
    let written = reply.data(201);
    assert_eq!(written["slug"], "kak-vernut-bilet");
    assert_eq!(written["language"], "ru");
    assert_eq!(reply.header("etag"), "\"1\"");
    assert_eq!(reply.header("location"), at(written));
    for path in [
        at(written),
        format!("{KB}/articles/kak-vernut-bilet"),
        format!("{KB}/{}", written["id"].as_str().unwrap()),
        format!("{KB}/kak-vernut-bilet"),
    ] {
        let reply = app.anonymous.get(&path).await;
        let read = reply.data(200);
        assert_eq!(read["title"], "Как вернуть билет?", "{path}");
        assert_eq!(read["readingMinutes"], 1);
        assert_eq!(read["headings"], json!([{"id": "s-vozvrat", "level": 2, "text": "Возврат"}]));
        assert!(read["contentHtml"].as_str().unwrap().contains("<strong>Вернуть</strong>"));
        assert_eq!(read.get("canonicalSlug"), None);
    }
    assert_eq!(events(&app).await, ["article.created", "article.published"]);
}

#[tokio::test]
async fn every_fault_of_an_article_is_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({"title": "Four", "content": "too short", "category": "", "tags": ["ok", ""],
        "language": "fr", "publishAt": "tomorrow"});
    let reply = app.admin.post(KB, body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    let named: Vec<&String> = faults.keys().collect();
    assert_eq!(named, ["category", "content", "language", "publishAt", "tags.1", "title"]);
    let reply = app.admin.post(KB, article(json!({"slug": "Не так"}))).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["slug"].is_string());
}

#[tokio::test]
async fn a_draft_is_for_the_staff_until_it_is_published() {
    let app = TestApp::start().await;
    let draft = write(&app, json!({"isPublished": false})).await;
    app.anonymous.get(&at(&draft)).await.fault(404, "NOT_FOUND");
    app.anonymous.get(&format!("{}/stats", at(&draft))).await.fault(404, "NOT_FOUND");
    app.anonymous.post(&format!("{}/helpful", at(&draft)), json!({})).await.fault(404, "NOT_FOUND");
    app.key(Role::Viewer, None).await.get(&at(&draft)).await.data(200);
    assert_eq!(titles(&app.anonymous.get(KB).await).len(), 0);
    assert_eq!(titles(&app.admin.get(KB).await).len(), 1);

    let published = app.admin.post(&format!("{}/publish", at(&draft)), json!({})).await;
    assert_eq!(published.data(200)["isPublished"], true);
    assert_eq!(published.data(200)["version"], 2);
    app.anonymous.get(&at(&draft)).await.data(200);
    let again = app.admin.post(&format!("{}/publish", at(&draft)), json!({})).await;
    assert_eq!(again.data(200)["version"], 2, "publishing twice changes nothing");

    let id = draft["id"].as_str().unwrap();
    app.admin.post(&format!("{KB}/{id}/unpublish"), json!({})).await.data(200);
    app.anonymous.get(&at(&draft)).await.fault(404, "NOT_FOUND");
    assert_eq!(events(&app).await, ["article.created", "article.published", "article.unpublished"]);
}

#[tokio::test]
async fn an_agent_writes_drafts_and_a_supervisor_publishes_them() {
    let app = TestApp::start().await;
    let agent = app.key(Role::Agent, None).await;
    agent.post(KB, article(json!({}))).await.fault(403, "FORBIDDEN");
    let draft = agent.post(KB, article(json!({"isPublished": false}))).await.data(201).clone();
    agent.post(&format!("{}/publish", at(&draft)), json!({})).await.fault(403, "FORBIDDEN");
    agent.patch(&at(&draft), json!({"isPublished": true})).await.fault(403, "FORBIDDEN");
    agent.patch(&at(&draft), json!({"title": "Другой заголовок"})).await.data(200);
    let supervisor = app.key(Role::Supervisor, None).await;
    supervisor.patch(&at(&draft), json!({"isPublished": true})).await.data(200);
    agent.patch(&at(&draft), json!({"title": "Третий заголовок"})).await.fault(403, "FORBIDDEN");
    agent.delete(&at(&draft)).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_change_is_read_at_once_and_a_stale_one_is_refused() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    app.anonymous.get(&at(&written)).await.data(200);
    let text = "Новый текст статьи, достаточно длинный.";
    let reply = app
        .admin
        .header("if-match", "\"1\"")
        .patch(&at(&written), json!({"content": text, "title": "Совсем другой заголовок"}))
        .await;
    assert_eq!(reply.data(200)["version"], 2);
    assert_eq!(reply.data(200)["slug"], "kak-vernut-bilet", "the slug stays");
    let read = app.anonymous.get(&at(&written)).await;
    assert_eq!(read.data(200)["contentHtml"], format!("<p>{text}</p>\n"));
    assert_eq!(read.header("etag"), "\"2\"");
    let stale = app
        .admin
        .header("if-match", "\"1\"")
        .patch(&at(&written), json!({"title": "Ещё один заголовок"}))
        .await;
    stale.fault(409, "VERSION_CONFLICT");
    assert_eq!(stale.json["current"]["version"], 2);
    assert_eq!(stale.json["current"]["title"], "Совсем другой заголовок");
}

#[tokio::test]
async fn slugs_are_unique_and_a_former_one_leads_to_the_article() {
    let app = TestApp::start().await;
    let first = write(&app, json!({})).await;
    let second = write(&app, json!({})).await;
    assert_eq!(second["slug"], "kak-vernut-bilet-2");
    app.admin.post(KB, article(json!({"slug": "kak-vernut-bilet"}))).await.fault(409, "CONFLICT");

    app.admin.patch(&at(&first), json!({"slug": "vozvrat"})).await.data(200);
    let read = app.anonymous.get(&format!("{KB}/articles/kak-vernut-bilet")).await;
    assert_eq!(read.data(200)["id"], first["id"]);
    assert_eq!(read.data(200)["canonicalSlug"], "vozvrat");
    app.admin.patch(&at(&second), json!({"slug": "kak-vernut-bilet"})).await.fault(409, "CONFLICT");
    let third = write(&app, json!({})).await;
    assert_eq!(third["slug"], "kak-vernut-bilet-3");
    // It may take its own back.
    app.admin.patch(&at(&first), json!({"slug": "kak-vernut-bilet"})).await.data(200);
    let read = app.anonymous.get(&format!("{KB}/articles/vozvrat")).await;
    assert_eq!(read.data(200)["canonicalSlug"], "kak-vernut-bilet");
}

#[tokio::test]
async fn of_many_articles_with_one_title_written_at_once_each_gets_a_slug_of_its_own() {
    let app = TestApp::start().await;
    let writes = (0..8).map(|_| app.admin.post(KB, article(json!({}))));
    let replies = futures::future::join_all(writes).await;
    let mut slugs: Vec<String> = replies
        .iter()
        .filter(|reply| reply.status == 201)
        .map(|reply| reply.json["data"]["slug"].as_str().unwrap().to_owned())
        .collect();
    let written = slugs.len();
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), written);
    assert!(written >= 3, "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.fault(409, "CONFLICT");
    }
}

#[tokio::test]
async fn a_deleted_article_is_gone_and_gives_its_slug_back() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    assert_eq!(app.admin.delete(&at(&written)).await.status, 204);
    app.admin.get(&at(&written)).await.fault(404, "NOT_FOUND");
    app.admin.get(&format!("{KB}/articles/kak-vernut-bilet")).await.fault(404, "NOT_FOUND");
    app.admin.delete(&at(&written)).await.fault(404, "NOT_FOUND");
    assert_eq!(titles(&app.admin.get(KB).await).len(), 0);
    assert_eq!(write(&app, json!({})).await["slug"], "kak-vernut-bilet");
    for path in ["9999", "no-such-slug"] {
        app.anonymous.get(&format!("{KB}/articles/{path}")).await.fault(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn an_article_is_published_when_its_time_comes() {
    let app = TestApp::start().await;
    let past = app
        .admin
        .post(KB, article(json!({"isPublished": false, "publishAt": "2026-03-02T02:00:00Z"})))
        .await;
    assert!(past.fault(400, "VALIDATION_FAILED")["publishAt"].is_string());
    let planned =
        write(&app, json!({"isPublished": false, "publishAt": "2026-03-02T04:00:00Z"})).await;
    drain(&app).await;
    app.anonymous.get(&at(&planned)).await.fault(404, "NOT_FOUND");
    app.clock.advance(Duration::minutes(61));
    drain(&app).await;
    let read = app.anonymous.get(&at(&planned)).await;
    assert_eq!(read.data(200)["isPublished"], true);
    assert_eq!(read.data(200).get("publishAt"), None);
    assert_eq!(events(&app).await, ["article.created", "article.published"]);
}

#[tokio::test]
async fn a_repeated_request_writes_one_article() {
    let app = TestApp::start().await;
    let admin = app.admin.header("idempotency-key", "once");
    let first = admin.post(KB, article(json!({}))).await.data(201).clone();
    let again = admin.post(KB, article(json!({}))).await.data(201).clone();
    assert_eq!(first["id"], again["id"]);
    admin
        .post(KB, article(json!({"title": "Another title"})))
        .await
        .fault(422, "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test]
async fn nothing_is_published_at_once_and_at_a_time() {
    let app = TestApp::start().await;
    let both = json!({"isPublished": true, "publishAt": "2026-03-02T04:00:00Z"});
    let refused = app.admin.post(KB, article(both.clone())).await;
    assert!(refused.fault(400, "VALIDATION_FAILED")["publishAt"].is_string());
    let draft = write(&app, json!({"isPublished": false})).await;
    let refused = app.admin.patch(&at(&draft), both).await;
    assert!(refused.fault(400, "VALIDATION_FAILED")["publishAt"].is_string());
    assert_eq!(app.admin.get(&at(&draft)).await.data(200)["isPublished"], false);
}
