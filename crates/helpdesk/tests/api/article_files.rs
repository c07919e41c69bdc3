//! Files of articles: who gives and takes them, and who reads them.

use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::attachments::{PATH, PDF, picture, stored, uploaded, work};
use crate::knowledge::{at, write};
use crate::support::{create, ticket_with};

async fn give(client: &Client, article: &Value, upload: &str) -> Reply {
    client.post(&format!("{}/attachments", at(article)), json!({"uploadId": upload})).await
}

/// Gives the article a document and answers it.
async fn given(app: &TestApp, article: &Value, name: &str, bytes: &[u8]) -> Value {
    let upload = uploaded(&app.admin, name, bytes).await;
    give(&app.admin, article, &upload).await.data(201).clone()
}

fn url(file: &Value) -> &str {
    file["url"].as_str().unwrap()
}

async fn take(client: &Client, article: &Value, file: &Value) -> Reply {
    client.delete(&format!("{}/attachments/{}", at(article), file["id"].as_str().unwrap())).await
}

async fn publish(app: &TestApp, article: &Value) {
    app.admin.post(&format!("{}/publish", at(article)), json!({})).await.data(200);
}

#[tokio::test]
async fn a_drafts_file_is_the_staffs_and_a_published_ones_is_everybodys() {
    let app = TestApp::start().await;
    let draft = write(&app, json!({"isPublished": false})).await;
    assert_eq!(draft["attachments"], json!([]));
    let file = given(&app, &draft, "voucher.pdf", PDF).await;
    let id = file["id"].as_str().unwrap();
    assert_eq!(
        file,
        json!({"id": id, "fileName": "voucher.pdf", "url": format!("{PATH}/{id}"),
            "mediaType": "application/pdf", "size": PDF.len()})
    );
    app.anonymous.get(url(&file)).await.fault(404, "NOT_FOUND");
    let tickets_only = app.key(Role::Admin, Some(&["tickets:read"])).await;
    tickets_only.get(url(&file)).await.fault(404, "NOT_FOUND");
    let read = app.key(Role::Viewer, None).await.get(url(&file)).await;
    assert_eq!((read.status.as_u16(), read.text.as_bytes()), (200, PDF));
    assert!(read.header("cache-control").starts_with("private"));

    publish(&app, &draft).await;
    let read = app.anonymous.get(url(&file)).await;
    assert_eq!((read.status.as_u16(), read.text.as_bytes()), (200, PDF));
    assert_eq!(read.header("cache-control"), "public, max-age=300");
    assert!(read.header("content-disposition").starts_with("attachment;"));
    assert_eq!(read.header("content-security-policy"), "default-src 'none'; sandbox");
    let again = app.anonymous.header("if-none-match", read.header("etag")).get(url(&file)).await;
    assert_eq!((again.status.as_u16(), again.text.len()), (304, 0));
    let listed = app.anonymous.get(&at(&draft)).await;
    assert_eq!(listed.data(200)["attachments"], json!([file]));

    app.admin.post(&format!("{}/unpublish", at(&draft)), json!({})).await.data(200);
    app.anonymous.get(url(&file)).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_file_belongs_to_the_article_in_every_language() {
    let app = TestApp::start().await;
    let article = write(&app, json!({"isPublished": false})).await;
    let file = given(&app, &article, "voucher.pdf", PDF).await;
    let translation = json!({"title": "How to return a ticket",
        "content": "Open the booking and press Return.", "isPublished": true});
    let put = app.admin.put(&format!("{}/translations/en", at(&article)), translation).await;
    assert_eq!(put.data(201)["attachments"], json!([file]));
    assert_eq!(app.anonymous.get(url(&file)).await.text.as_bytes(), PDF);
    let gone = app.admin.delete(&format!("{}/translations/en", at(&article))).await;
    assert_eq!(gone.status.as_u16(), 204);
    app.anonymous.get(url(&file)).await.fault(404, "NOT_FOUND");
    assert_eq!(app.admin.get(url(&file)).await.text.as_bytes(), PDF);
}

#[tokio::test]
async fn an_image_stands_in_the_text_and_other_files_are_listed_below_it() {
    let app = TestApp::start().await;
    let article = write(&app, json!({})).await;
    let map = given(&app, &article, "map.png", &picture()).await;
    given(&app, &article, "Правила <b>.pdf", PDF).await;
    let text = format!("![The valley]({})\n\nThe way to the geysers is long.", url(&map));
    app.admin.patch(&at(&article), json!({"content": text})).await.data(200);
    let read = app.anonymous.get(&at(&article)).await;
    let shown = format!("<img src=\"{}\" alt=\"The valley\" loading=\"lazy\">", url(&map));
    assert!(read.data(200)["contentHtml"].as_str().unwrap().contains(&shown));
    let image = app.anonymous.get(url(&map)).await;
    assert_eq!(image.header("content-type"), "image/png");
    assert!(image.header("content-disposition").starts_with("inline;"));

    let page = app.anonymous.get("/ru/articles/kak-vernut-bilet").await.text;
    assert!(page.contains(&shown), "{page}");
    let (_, list) = page.split_once("id=\"files\"").unwrap();
    let (list, _) = list.split_once("</section>").unwrap();
    assert!(list.contains("Правила") && !list.contains("<b>"), "{list}");
    assert!(!list.contains("map.png"), "what the text shows is not listed once more");
    let without = write(&app, json!({"title": "Nothing to take along"})).await;
    let path = format!("/ru/articles/{}", without["slug"].as_str().unwrap());
    assert!(!app.anonymous.get(&path).await.text.contains("id=\"files\""));
}

#[tokio::test]
async fn what_could_act_in_a_browser_is_refused_or_only_ever_saved() {
    let app = TestApp::start().await;
    let article = write(&app, json!({})).await;
    let page = Some(("text/html".to_owned(), b"<!DOCTYPE html><script>x()</script>".to_vec()));
    let sent = app.admin.raw(reqwest::Method::POST, &format!("{PATH}?fileName=a.png"), page).await;
    sent.fault(415, "FILE_REFUSED");
    let drawing = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let drawing = given(&app, &article, "a.svg", drawing).await;
    let read = app.anonymous.get(url(&drawing)).await;
    assert!(read.header("content-disposition").starts_with("attachment;"));
    assert!(read.header("content-security-policy").contains("sandbox"));
    assert_eq!(read.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_whose_article_is_deleted_is_gone_and_collected() {
    let app = TestApp::start().await;
    let article = write(&app, json!({})).await;
    let (first, second) =
        (given(&app, &article, "a.pdf", PDF).await, given(&app, &article, "b.txt", b"text").await);
    let other = write(&app, json!({"title": "Another article"})).await;
    take(&app.admin, &other, &first).await.fault(404, "NOT_FOUND");
    assert_eq!(take(&app.admin, &article, &first).await.status.as_u16(), 204);
    take(&app.admin, &article, &first).await.fault(404, "NOT_FOUND");
    app.anonymous.get(url(&first)).await.fault(404, "NOT_FOUND");
    assert_eq!(app.admin.get(&at(&article)).await.data(200)["attachments"], json!([second]));
    app.clock.advance(Duration::hours(2));
    work(&app).await;
    assert_eq!(stored(&app), 1);

    assert_eq!(app.admin.delete(&at(&article)).await.status.as_u16(), 204);
    app.admin.get(url(&second)).await.fault(404, "NOT_FOUND");
    app.clock.advance(Duration::hours(2));
    work(&app).await;
    assert_eq!(stored(&app), 0);
    let upload = uploaded(&app.admin, "late.pdf", PDF).await;
    give(&app.admin, &article, &upload).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_upload_goes_to_one_place_only() {
    let app = TestApp::start().await;
    let article = write(&app, json!({})).await;
    let upload = uploaded(&app.admin, "a.pdf", PDF).await;
    let calls = (0..4).map(|_| give(&app.admin, &article, &upload));
    let replies = futures::future::join_all(calls).await;
    assert_eq!(replies.iter().filter(|reply| reply.status.as_u16() == 201).count(), 1);
    let faults = give(&app.admin, &article, &upload).await;
    let fault = &faults.fault(400, "VALIDATION_FAILED")["uploadId"];
    assert_eq!(fault, "Upload id names a file that is used");
    for unknown in ["", "guess"] {
        let faults = give(&app.admin, &article, unknown).await;
        assert!(faults.fault(400, "VALIDATION_FAILED")["uploadId"].is_string());
    }
    let to_a_ticket = ticket_with(json!({"attachments": [{"uploadId": upload}]}));
    let refused = app.admin.post("/api/support/tickets", to_a_ticket).await;
    assert!(refused.fault(400, "VALIDATION_FAILED")["attachments.0.uploadId"].is_string());
    let upload = uploaded(&app.admin, "b.pdf", PDF).await;
    create(&app.admin, json!({"attachments": [{"uploadId": upload}]})).await;
    give(&app.admin, &article, &upload).await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn what_the_public_reads_gets_files_from_those_who_publish() {
    let app = TestApp::start().await;
    let agent = app.key(Role::Agent, None).await;
    let draft = write(&app, json!({"isPublished": false})).await;
    let upload = uploaded(&agent, "a.pdf", PDF).await;
    let file = give(&agent, &draft, &upload).await.data(201).clone();
    publish(&app, &draft).await;
    take(&agent, &draft, &file).await.fault(403, "FORBIDDEN");
    let upload = uploaded(&agent, "b.pdf", PDF).await;
    give(&agent, &draft, &upload).await.fault(403, "FORBIDDEN");
    give(&app.key(Role::Viewer, None).await, &draft, &upload).await.fault(403, "FORBIDDEN");
    give(&app.anonymous, &draft, &upload).await.fault(401, "UNAUTHENTICATED");
    give(&app.admin, &draft, &upload).await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn an_article_has_at_most_fifty_files() {
    let app = TestApp::start().await;
    let article = write(&app, json!({})).await;
    for number in 0..50 {
        given(&app, &article, &format!("{number}.pdf"), PDF).await;
    }
    let upload = uploaded(&app.admin, "one-more.pdf", PDF).await;
    let refused = give(&app.admin, &article, &upload).await;
    let fault = &refused.fault(400, "VALIDATION_FAILED")["uploadId"];
    assert_eq!(fault, "An article has at most 50 files");
}
