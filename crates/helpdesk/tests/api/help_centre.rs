//! The customers' pages, as a browser without a script sees them.

use chrono::TimeDelta;
use kamhub_testkit::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{bring_to, create, path, ticket_with};

/// A browser whose owner reads English.
pub fn browser(app: &TestApp) -> Client {
    app.anonymous
        .header("accept", "text/html,application/xhtml+xml")
        .header("accept-language", "en")
}

/// Sends a form as a browser does.
pub async fn send(client: &Client, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = fields.iter().map(|(name, value)| format!("{name}={}", encode(value)));
    let body = body.collect::<Vec<_>>().join("&").into_bytes();
    let kind = "application/x-www-form-urlencoded".to_owned();
    let client = client.header("sec-fetch-site", "same-origin");
    client.raw(Method::POST, path, Some((kind, body))).await
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The hidden proof of the first form on a page.
pub fn token(page: &Reply) -> String {
    let (_, rest) = page.text.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

/// The address below the site of the page that a ticket's link opens.
pub async fn page_of(app: &TestApp, ticket: &Value) -> String {
    let link = app.admin.post(&format!("{}/access-link", path(ticket)), json!({})).await;
    let url = link.data(201)["url"].as_str().unwrap().to_owned();
    let entered = browser(app).get(url.strip_prefix(&app.base).unwrap()).await;
    assert_eq!(entered.status, 303, "{}", entered.text);
    entered.header("location").to_owned()
}

async fn messages(app: &TestApp, ticket: &Value) -> Vec<Value> {
    let list = app.admin.get(&format!("{}/messages", path(ticket))).await;
    list.data(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn the_front_door_speaks_the_language_that_was_chosen_or_is_liked() {
    let app = TestApp::start().await;
    let russian = browser(&app).header("accept-language", "ru-RU,ru;q=0.9,en;q=0.5");
    assert_eq!(russian.get("/").await.header("location"), "/ru");
    assert_eq!(browser(&app).get("/").await.header("location"), "/en");
    let other = browser(&app).header("accept-language", "de");
    assert_eq!(other.get("/").await.header("location"), "/ru", "the desk's own language");
    assert_eq!(app.anonymous.get("/").await.header("location"), "/ru");
    let chosen = russian.get("/en?choose").await;
    assert_eq!((chosen.status.as_u16(), chosen.header("location")), (303, "/en"));
    let found = russian.get("/en/search?q=a%26choose&choose").await;
    assert_eq!(found.header("location"), "/en/search?q=a%26choose");
    let cookie = chosen.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(russian.header("cookie", &cookie).get("/").await.header("location"), "/en");
    let page = russian.get("/ru").await;
    assert!(page.text.contains("<html lang=\"ru\">"), "{}", page.text);
    assert!(page.text.contains(&format!("hreflang=\"en\" href=\"{}/en\"", app.base)));
}

#[tokio::test]
async fn a_page_is_asked_for_again_by_its_version() {
    let app = TestApp::start().await;
    let page = browser(&app).get("/en").await;
    let again = browser(&app).header("if-none-match", page.header("etag")).get("/en").await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    for known in ["*".to_owned(), page.header("etag").trim_start_matches("W/").to_owned()] {
        assert_eq!(browser(&app).header("if-none-match", &known).get("/en").await.status, 304);
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("img-src 'self' data: https:;"), "articles show such images: {policy}");
}

#[tokio::test]
async fn styles_and_fonts_are_kept_for_good_under_the_hash_of_their_content() {
    let app = TestApp::start().await;
    let page = browser(&app).get("/en").await.text;
    let mut seen = 0;
    for part in page.split('"').filter(|part| part.starts_with("/static/")) {
        let asset = app.anonymous.header("accept-encoding", "identity").get(part).await;
        assert_eq!(asset.status, 200, "{part}");
        assert!(asset.header("cache-control").ends_with("immutable"), "{part}");
        seen += 1;
    }
    assert!(seen >= 4, "{page}");
    let old = app.anonymous.get("/static/0123456789abcdef/app.css").await;
    assert_eq!(old.header("cache-control"), "public, max-age=60");
    assert_eq!(app.anonymous.get("/static/0/../Cargo.toml").await.status, 404);
    assert_eq!(app.anonymous.get("/static/0/nothing.css").await.status, 404);
}

#[tokio::test]
async fn a_browser_is_told_of_errors_by_a_page_and_a_program_in_json() {
    let app = TestApp::start().await;
    let page = browser(&app).get("/ru/nowhere").await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("Такой страницы нет"), "{}", page.text);
    app.anonymous.get("/ru/nowhere").await.fault(404, "NOT_FOUND");
    browser(&app).get("/api/support/nowhere").await.fault(404, "NOT_FOUND");
    for (path, sentence) in
        [("/en/my/AAAA", "works for a day"), ("/en/rate?token=AAAA", "for 30 days")]
    {
        let link = browser(&app).get(path).await;
        assert_eq!(link.status, 401);
        assert!(link.text.contains(sentence), "{}", link.text);
    }
    let link = browser(&app).get("/en/t/AAAA").await;
    assert_eq!(link.status, 401);
    assert!(link.text.contains("This link does not work any more"), "{}", link.text);
    for twice in ["/en/search?q=a&q=b", "/en/categories/Tours?page=1&page=2", "/en/articles/%FF"] {
        let page = browser(&app).get(twice).await;
        assert_eq!(page.status, 400, "{twice}");
        assert!(page.text.contains("We did not understand that"), "{twice}: {}", page.text);
    }
}

#[tokio::test]
async fn a_link_shows_the_conversation_without_the_desks_notes() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({"subject": "Где мой возврат?"})).await;
    for (text, internal) in
        [("Деньги отправлены, см. https://bank.example/x", false), ("Он VIP", true)]
    {
        let body = json!({"message": text, "senderName": "Анна", "isInternal": internal});
        app.admin.post(&format!("{}/messages", path(&ticket)), body).await.data(201);
    }
    let page = browser(&app).get(&page_of(&app, &ticket).await).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), "private, no-store");
    assert!(page.header("x-robots-tag").contains("noindex"));
    for shown in
        ["Где мой возврат?", "Деньги отправлены", "href=\"https://bank.example/x\"", "In progress"]
    {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    assert!(!page.text.contains("VIP"), "{}", page.text);
}

#[tokio::test]
async fn the_customer_answers_on_the_page_and_what_was_typed_is_kept_when_it_is_not_taken() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let address = page_of(&app, &ticket).await;
    let form = token(&browser(&app).get(&address).await);
    let reply = format!("{address}/reply");
    let sent =
        send(&browser(&app), &reply, &[("form", &form), ("message", "Hello\r\nagain")]).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    assert!(sent.header("location").starts_with(&format!("{address}?done=replied")));
    let stored = messages(&app, &ticket).await;
    assert_eq!(stored[0]["message"], "Hello\nagain");
    assert_eq!(stored[0]["senderType"], "customer");
    let empty = send(&browser(&app), &reply, &[("form", &form), ("message", " ")]).await;
    assert_eq!(empty.status, 400);
    assert!(empty.text.contains("Please fill this in."), "{}", empty.text);
    app.clock.advance(TimeDelta::hours(25));
    let late = send(&browser(&app), &reply, &[("form", &form), ("message", "Too <late>")]).await;
    assert_eq!(late.status, 400);
    assert!(late.text.contains("Too &#60;late&#62;</textarea>"), "{}", late.text);
    assert_eq!(messages(&app, &ticket).await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_came_meanwhile_is_shown_before_the_customers_is_taken() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let say = async |text: &str| {
        let body = json!({"message": text, "senderName": "Anna"});
        let said = app.admin.post(&format!("{}/messages", path(&ticket)), body).await;
        said.data(201)["id"].as_str().unwrap().to_owned()
    };
    let seen = say("First answer").await;
    let address = page_of(&app, &ticket).await;
    let form = token(&browser(&app).get(&address).await);
    say("Second answer").await;
    let fields = [("form", form.as_str()), ("message", "My words"), ("lastSeenMessageId", &seen)];
    let page = send(&browser(&app), &format!("{address}/reply"), &fields).await;
    assert_eq!(page.status, 409);
    for shown in ["We answered while you were writing", "Second answer", "My words</textarea>"] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
}

#[tokio::test]
async fn the_customer_closes_reopens_and_rates() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let body = json!({"message": "Done.", "senderName": "Anna"});
    let said = app.admin.post(&format!("{}/messages", path(&ticket)), body).await;
    let said = said.data(201)["id"].as_str().unwrap().to_owned();
    crate::support::patch(&app, &ticket, json!({"status": "resolved"})).await.data(200);
    let address = page_of(&app, &ticket).await;
    let page = browser(&app).get(&address).await;
    assert!(page.text.contains("Is it solved?"), "{}", page.text);
    let form = token(&page);
    let rating = format!("{address}/messages/{said}/rating");
    let fields = [("form", form.as_str()), ("rating", "4"), ("comment", "Fine")];
    let rated = send(&browser(&app), &rating, &fields).await;
    assert_eq!(rated.status, 303);
    let (page, place) = rated.header("location").split_once('#').unwrap();
    let page = browser(&app).get(page).await;
    assert!(page.text.contains(&format!("id=\"{place}\"")), "{place} in {}", page.text);
    assert_eq!(messages(&app, &ticket).await[0]["rating"], 4);
    for (step, status) in [("close", "closed"), ("reopen", "reopened")] {
        let taken = send(&browser(&app), &format!("{address}/{step}"), &[("form", &form)]).await;
        assert_eq!(taken.status, 303, "{}", taken.text);
        assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["status"], status);
    }
    let refused = send(&browser(&app), &format!("{address}/close"), &[("form", &form)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text.contains("The request has changed meanwhile"), "{}", refused.text);
}

#[tokio::test]
async fn a_form_counts_only_from_our_own_page() {
    let app = TestApp::start().await;
    let ticket = bring_to(&app, &create(&app.admin, json!({})).await, "resolved").await;
    let address = page_of(&app, &ticket).await;
    let form = token(&browser(&app).get(&address).await);
    let kind = || "application/x-www-form-urlencoded".to_owned();
    let body = || Some((kind(), format!("form={form}").into_bytes()));
    let close = format!("{address}/close");
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let stranger = browser(&app).header(name, value);
        assert_eq!(stranger.raw(Method::POST, &close, body()).await.status, 403, "{name}");
    }
    let other = create(&app.admin, json!({"subject": "Another one"})).await;
    let others = token(&browser(&app).get(&page_of(&app, &other).await).await);
    assert_eq!(send(&browser(&app), &close, &[("form", &others)]).await.status, 400);
    assert_eq!(app.admin.get(&path(&ticket)).await.data(200)["status"], "resolved");
}

const REQUEST: [(&str, &str); 6] = [
    ("subject", "Payment failed"),
    ("description", "My card was charged twice."),
    ("category", "billing"),
    ("customerName", "Irina"),
    ("customerEmail", "irina@example.com"),
    ("relatedBookingId", "KH-40870"),
];

async fn ask(app: &TestApp, changes: &[(&str, &str)], seconds: i64) -> Reply {
    let form = token(&browser(app).get("/en/request").await);
    app.clock.advance(TimeDelta::seconds(seconds));
    let mut fields: Vec<(&str, &str)> =
        REQUEST.into_iter().filter(|(name, _)| !changes.iter().any(|(n, _)| n == name)).collect();
    fields.extend(changes);
    fields.push(("form", &form));
    send(&browser(app), "/en/request", &fields).await
}

async fn tickets(app: &TestApp) -> Vec<Value> {
    app.admin.get("/api/support/tickets").await.data(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn anybody_asks_for_help_by_the_form_and_learns_the_number() {
    let app = TestApp::start().await;
    let sent = ask(&app, &[], 30).await;
    assert_eq!(sent.status, 303, "{}", sent.text);
    let stored = tickets(&app).await;
    assert_eq!(stored[0]["channel"], "web");
    assert_eq!(stored[0]["relatedBookingId"], "40870");
    assert_eq!(stored[0]["customerVerified"], false);
    let page = browser(&app).get(sent.header("location")).await;
    assert!(page.text.contains(stored[0]["ticketNumber"].as_str().unwrap()), "{}", page.text);
    let (_, link) = page.text.split_once("class=\"button\" href=\"/en/t/").expect("a link");
    let link = format!("/en/t/{}", link.split('"').next().unwrap());
    let ticket = browser(&app).get(&link).await;
    assert!(ticket.text.contains("My card was charged twice."), "{}", ticket.text);
    let asked = browser(&app).get("/en/request").await.text;
    assert!(!asked.contains("We answer by e-mail"), "no mail can be sent: {asked}");
    let forged = sent.header("location").replace("number=TKT-", "number=TKT-9");
    assert_eq!(browser(&app).get(&forged).await.status, 404);
}

#[tokio::test]
async fn the_link_of_the_form_never_speaks_for_the_owner_of_the_address() {
    let app = TestApp::start().await;
    create(&app.admin, json!({"customerName": "Known", "customerEmail": "irina@example.com"}))
        .await;
    let sent = ask(&app, &[], 30).await;
    let (_, rest) = sent.header("location").split_once("ticket=").unwrap();
    let address = format!("/en/t/{}", rest.split('&').next().unwrap());
    let form = token(&browser(&app).get(&address).await);
    let reply = [("form", form.as_str()), ("message", "More of it")];
    assert_eq!(send(&browser(&app), &format!("{address}/reply"), &reply).await.status, 303);
    let mine = tickets(&app).await.into_iter().find(|one| one["channel"] == "web").unwrap();
    let said = messages(&app, &mine).await;
    assert_eq!(
        (&said[0]["senderName"], &said[0]["message"]),
        (&json!("Irina"), &json!("More of it"))
    );
    assert_eq!(mine["customerVerified"], false);
}

#[tokio::test]
async fn every_fault_of_the_form_stands_at_its_field_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let changes = [
        ("subject", ""),
        ("description", "short"),
        ("customerEmail", "nobody"),
        ("customerName", ""),
    ];
    let page = ask(&app, &changes, 30).await;
    assert_eq!(page.status, 400);
    for shown in [
        "id=\"subject-fault\"",
        "Please write at least 10\u{a0}characters.",
        "id=\"email-fault\"",
        "id=\"name-fault\"",
        "value=\"nobody\"",
        ">short</textarea>",
    ] {
        assert!(page.text.contains(shown), "{shown} in {}", page.text);
    }
    assert!(tickets(&app).await.is_empty());
}

#[tokio::test]
async fn programs_that_fill_in_forms_are_stopped_and_people_may_go_on() {
    let app = TestApp::start().await;
    let trapped = ask(&app, &[("website", "https://spam.example")], 30).await;
    assert_eq!(trapped.status, 400);
    assert!(trapped.text.contains("This field must stay empty."), "{}", trapped.text);
    let fast = ask(&app, &[], 1).await;
    assert_eq!(fast.status, 400);
    assert!(fast.text.contains("faster than anybody types"), "{}", fast.text);
    assert!(fast.text.contains("My card was charged twice."), "{}", fast.text);
    assert!(tickets(&app).await.is_empty());
}

#[tokio::test]
async fn nothing_that_anybody_writes_becomes_markup() {
    let app = TestApp::start().await;
    let vector = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}";
    let body =
        ticket_with(json!({"subject": vector, "description": vector, "customerName": vector}));
    let ticket = app.admin.post("/api/support/tickets", body).await.data(201).clone();
    let body = json!({"message": vector, "senderName": vector,
        "attachments": [{"url": "https://a.example/\"onclick=alert(1)", "name": vector}]});
    app.admin.post(&format!("{}/messages", path(&ticket)), body).await;
    let body = json!({"message": vector, "senderName": vector});
    app.admin.post(&format!("{}/messages", path(&ticket)), body).await.data(201);
    let page = browser(&app).get(&page_of(&app, &ticket).await).await;
    let asked = ask(&app, &[("subject", vector), ("customerEmail", vector)], 30).await;
    for page in [page, asked] {
        assert!(page.text.contains("&#60;img"), "{}", page.text);
        for raw in ["<img src=x", "<script>alert", "\"onclick"] {
            assert!(!page.text.contains(raw), "{raw} in {}", page.text);
        }
    }
}
