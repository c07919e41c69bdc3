//! Forms that bring files, and forms that are sent twice.

use chrono::TimeDelta;
use kamhub_testkit::{Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::help_centre::{browser, page_of, send, token};
use crate::support::{create, path, ticket_with};

const PDF: &[u8] = b"%PDF-1.7\nA voucher for the valley of geysers.";

const REQUEST: [(&str, &str); 4] = [
    ("subject", "Payment failed"),
    ("description", "My card was charged twice."),
    ("customerName", "Irina"),
    ("customerEmail", "irina@example.com"),
];

/// Sends a form with files as a browser does.
async fn send_files(
    app: &TestApp,
    address: &str,
    fields: &[(&str, &str)],
    files: &[(&str, &[u8])],
) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .bytes(),
        );
    }
    for (name, bytes) in files {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    let kind = "multipart/form-data; boundary=edge".to_owned();
    let client = browser(app).header("sec-fetch-site", "same-origin");
    client.raw(Method::POST, address, Some((kind, body))).await
}

/// The request form as it was shown half a minute ago.
async fn shown(app: &TestApp) -> String {
    let form = token(&browser(app).get("/en/request").await);
    app.clock.advance(TimeDelta::seconds(30));
    form
}

fn request<'a>(form: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> =
        REQUEST.into_iter().filter(|(name, _)| !more.iter().any(|(n, _)| n == name)).collect();
    fields.extend(more);
    fields.push(("form", form));
    fields
}

async fn tickets(app: &TestApp) -> Vec<Value> {
    app.admin.get("/api/support/tickets").await.data(200).as_array().unwrap().clone()
}

async fn uploads(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM attachments";
    sqlx::query_scalar(sql).fetch_one(app.app.db.pool()).await.unwrap()
}

#[tokio::test]
async fn files_come_with_the_form_and_with_answers_and_are_read_by_the_link_of_the_page() {
    let app = TestApp::start().await;
    let form = shown(&app).await;
    let files: [(&str, &[u8]); 3] = [("Ваучер.pdf", PDF), ("note.txt", b"Row 7"), ("", b"")];
    let sent = send_files(&app, "/en/request", &request(&form, &[]), &files).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let ticket = tickets(&app).await.remove(0);
    let names: Vec<_> =
        ticket["attachments"].as_array().unwrap().iter().map(|file| &file["fileName"]).collect();
    assert_eq!(names, ["Ваучер.pdf", "note.txt"]);

    let address = page_of(&app, &ticket).await;
    let form = token(&browser(&app).get(&address).await);
    let fields = [("form", form.as_str()), ("message", "Here it is")];
    let reply = format!("{address}/reply");
    let sent = send_files(&app, &reply, &fields, &[("answer.pdf", PDF)]).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let page = browser(&app).get(&address).await.text;
    assert!(page.contains("Ваучер.pdf") && page.contains("answer.pdf"), "{page}");
    let begin = format!("href=\"{address}/files/");
    let links: Vec<String> = page
        .match_indices(&begin)
        .map(|(at, _)| page[at + 6..].split('"').next().unwrap().to_owned())
        .collect();
    assert_eq!(links.len(), 3, "{page}");
    for link in [&links[0], &links[2]] {
        let on = browser(&app).get(link).await;
        assert_eq!(on.status, 303, "{}", on.text);
        let file = app.anonymous.get(on.header("location")).await;
        assert_eq!((file.status.as_u16(), file.text.as_bytes()), (200, PDF));
        assert!(file.header("content-disposition").starts_with("attachment"));
    }

    let other = create(&app.admin, json!({"customerEmail": "oleg@example.com"})).await;
    let id = links[0].rsplit('/').next().unwrap();
    let elsewhere = format!("{}/files/{id}", page_of(&app, &other).await);
    assert_eq!(browser(&app).get(&elsewhere).await.status, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_and_the_others_are_kept_for_the_next_attempt() {
    let app = TestApp::start().await;
    let form = shown(&app).await;
    let large = vec![b'a'; 10 * 1024 * 1024 + 1];
    let wrong: [(&str, &[u8], &str); 3] = [
        (
            "<b>run</b>.exe",
            b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff",
            "We do not take files of this kind:",
        ),
        ("large.txt", &large, "This file has more than 10 MB: large.txt"),
        ("empty.txt", b"", "This file could not be read: empty.txt"),
    ];
    for (name, bytes, sentence) in wrong {
        let files: [(&str, &[u8]); 2] = [("voucher.pdf", PDF), (name, bytes)];
        let page = send_files(&app, "/en/request", &request(&form, &[]), &files).await;
        assert_eq!(page.status, 400, "{name}");
        assert!(page.text.contains(sentence), "{sentence} in {}", page.text);
        assert!(!page.text.contains("<b>run"), "{}", page.text);
        assert!(page.text.contains("My card was charged twice."), "{}", page.text);
        let (_, rest) = page.text.split_once("name=\"upload\" value=\"").expect("the other file");
        let upload = rest.split('"').next().unwrap().to_owned();
        let again = request(&form, &[("upload", &upload)]);
        let again = send(&browser(&app), "/en/request", &again).await;
        assert_eq!(again.status, 303, "{}", again.text);
        assert_eq!(tickets(&app).await[0]["attachments"][0]["fileName"], "voucher.pdf");
    }
    let six = [("a.pdf", PDF); 6];
    let page = send_files(&app, "/en/request", &request(&form, &[("subject", "Six")]), &six).await;
    assert_eq!(page.status, 400);
    assert!(page.text.contains("At most 5 files"), "{}", page.text);
    let used = request(&form, &[("subject", "Gone"), ("upload", "0123456789abcdef")]);
    let page = send(&browser(&app), "/en/request", &used).await;
    assert!(page.text.contains("A file is not there any more."), "{}", page.text);
    assert_eq!(tickets(&app).await.len(), 3);
}

#[tokio::test]
async fn no_file_is_taken_from_programs_that_fill_in_forms_or_from_another_site() {
    let app = TestApp::start().await;
    let form = shown(&app).await;
    for fields in [
        request(&form, &[("website", "https://spam.example")]),
        request("", &[]),
        request("AAAA", &[]),
    ] {
        let refused = send_files(&app, "/en/request", &fields, &[("a.pdf", PDF)]).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
    }
    let fast = token(&browser(&app).get("/en/request").await);
    let refused = send_files(&app, "/en/request", &request(&fast, &[]), &[("a.pdf", PDF)]).await;
    assert_eq!(refused.status, 400);
    let kind = "multipart/form-data; boundary=edge".to_owned();
    let stranger = browser(&app).header("sec-fetch-site", "cross-site");
    let body = b"--edge--\r\n".to_vec();
    let refused = stranger.raw(Method::POST, "/en/request", Some((kind, body))).await;
    assert_eq!(refused.status, 403);
    assert_eq!((uploads(&app).await, tickets(&app).await.len()), (0, 0));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_ticket_and_one_message() {
    let app = TestApp::start().await;
    let form = shown(&app).await;
    let fields = request(&form, &[]);
    let files: [(&str, &[u8]); 1] = [("voucher.pdf", PDF)];
    let (first, second) = tokio::join!(
        send_files(&app, "/en/request", &fields, &files),
        send_files(&app, "/en/request", &fields, &files)
    );
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303), "{}", second.text);
    assert_eq!(first.header("location"), second.header("location"));
    let stored = tickets(&app).await;
    assert_eq!(stored.len(), 1);
    let page = browser(&app).get(first.header("location")).await;
    assert!(page.text.contains(stored[0]["ticketNumber"].as_str().unwrap()), "{}", page.text);

    // Whoever goes back and writes something else means something else.
    let other = request(&form, &[("subject", "Another question")]);
    assert_eq!(send_files(&app, "/en/request", &other, &[]).await.status, 303);
    assert_eq!(tickets(&app).await.len(), 2);

    let address = page_of(&app, &stored[0]).await;
    let reply = format!("{address}/reply");
    let form = token(&browser(&app).get(&address).await);
    let fields = [("form", form.as_str()), ("message", "When?")];
    let (first, second) = tokio::join!(
        send_files(&app, &reply, &fields, &[]),
        send_files(&app, &reply, &fields, &[])
    );
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (303, 303), "{}", second.text);
    let listed = app.admin.get(&format!("{}/messages", path(&stored[0]))).await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_page_says_until_when_an_answer_is_owed_and_nothing_once_it_was_given() {
    let app = TestApp::start().await;
    let body = ticket_with(json!({"priority": "high"}));
    let ticket = app.admin.post("/api/support/tickets", body).await.data(201).clone();
    let address = page_of(&app, &ticket).await;
    let page = browser(&app).get(&address).await;
    assert!(page.text.contains("Answer expected by"), "{}", page.text);
    let answer = json!({"message": "It was refunded.", "senderName": "Anna"});
    app.admin.post(&format!("{}/messages", path(&ticket)), answer).await.data(201);
    let page = browser(&app).get(&address).await;
    assert!(!page.text.contains("Answer expected by"), "{}", page.text);
}
