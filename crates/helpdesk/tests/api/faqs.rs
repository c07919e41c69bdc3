use kamhub_kernel::Role;
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::knowledge::{library, reader};

const FAQS: &str = "/api/support/faqs";

async fn ask(app: &TestApp, question: &str, otherwise: Value) -> Value {
    let mut body = json!({
        "question": question, "answer": "На карту — за **5–10** рабочих дней.",
        "category": "Возврат",
    });
    for (field, value) in otherwise.as_object().unwrap() {
        body[field] = value.clone();
    }
    app.admin.post(FAQS, body).await.data(201).clone()
}

fn at(faq: &Value) -> String {
    format!("{FAQS}/{}", faq["id"].as_str().unwrap())
}

fn questions(reply: &Reply) -> Vec<String> {
    let rows = reply.data(200).as_array().unwrap();
    rows.iter().map(|row| row["question"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_question_is_written_read_changed_and_deleted() {
    let app = TestApp::start().await;
    let faq = ask(&app, "Когда придёт возврат?", json!({})).await;
    assert_eq!((&faq["priority"], &faq["language"]), (&json!(50), &json!("ru")));
    let read = app.anonymous.get(&at(&faq)).await;
    let html = read.data(200)["answerHtml"].as_str().unwrap();
    assert_eq!(html, "<p>На карту — за <strong>5–10</strong> рабочих дней.</p>\n");

    let admin = app.admin.header("if-match", read.header("etag"));
    let changed = admin.patch(&at(&faq), json!({"answer": "За десять рабочих дней."})).await;
    assert_eq!(changed.data(200)["version"], 2);
    let stale = admin.patch(&at(&faq), json!({"priority": 1})).await;
    stale.fault(409, "VERSION_CONFLICT");
    assert_eq!(stale.json["current"]["answer"], "За десять рабочих дней.");
    let list = app.anonymous.get(FAQS).await;
    assert_eq!(list.data(200)[0]["answer"], "За десять рабочих дней.", "seen at once");

    assert_eq!(app.admin.delete(&at(&faq)).await.status, 204);
    app.anonymous.get(&at(&faq)).await.fault(404, "NOT_FOUND");
    assert_eq!(questions(&app.anonymous.get(FAQS).await).len(), 0);
    let told: Vec<String> =
        sqlx::query_scalar("SELECT type FROM event_outbox WHERE type LIKE 'faq.%' ORDER BY id")
            .fetch_all(app.app.db.pool())
            .await
            .unwrap();
    assert_eq!(told, ["faq.created", "faq.updated", "faq.deleted"]);
}

#[tokio::test]
async fn every_fault_of_a_question_is_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({"question": "Who?", "answer": "short", "category": "", "priority": 101,
        "language": "de"});
    let reply = app.admin.post(FAQS, body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    let named: Vec<&String> = faults.keys().collect();
    assert_eq!(named, ["answer", "category", "language", "priority", "question"]);
}

#[tokio::test]
async fn questions_come_by_priority_and_then_by_views() {
    let app = library().await;
    let first = ask(&app, "Первый вопрос?", json!({"priority": 10})).await;
    let second = ask(&app, "Второй вопрос?", json!({"priority": 10})).await;
    ask(&app, "Третий вопрос?", json!({"priority": 100, "category": "Погода"})).await;
    ask(&app, "A question in English?", json!({"priority": 1, "language": "en"})).await;
    for browser in ["Anna", "Boris", "Anna"] {
        reader(&app, browser).get(&at(&second)).await.data(200);
    }
    kamhub_helpdesk::knowledge::views::flush(&app.app).await.unwrap();
    assert_eq!(app.anonymous.get(&at(&second)).await.data(200)["views"], 2);
    assert_eq!(
        questions(&app.anonymous.get(FAQS).await),
        ["Третий вопрос?", "Второй вопрос?", "Первый вопрос?", "A question in English?"]
    );
    let list = async |query: &str| questions(&app.anonymous.get(&format!("{FAQS}?{query}")).await);
    assert_eq!(list("language=en").await, ["A question in English?"]);
    assert_eq!(list("category=%D0%BF%D0%BE%D0%B3%D0%BE%D0%B4%D0%B0").await, ["Третий вопрос?"]);
    assert_eq!(list("page=2&limit=1").await, ["Второй вопрос?"]);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = app.anonymous.get(&format!("{FAQS}?limit=1{cursor}")).await;
        seen.extend(questions(&reply));
        match reply.json["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[1..3], ["Второй вопрос?", "Первый вопрос?"]);
    // A change moves a question at once, cached lists or not.
    app.admin.patch(&at(&first), json!({"priority": 99})).await.data(200);
    assert_eq!(list("limit=2").await, ["Третий вопрос?", "Первый вопрос?"]);
}

#[tokio::test]
async fn questions_are_written_by_those_who_publish() {
    let app = TestApp::start().await;
    let body =
        json!({"question": "Когда вылет?", "answer": "В десять часов утра.", "category": "Вылет"});
    app.key(Role::Agent, None).await.post(FAQS, body.clone()).await.fault(403, "FORBIDDEN");
    app.anonymous.post(FAQS, body.clone()).await.fault(401, "UNAUTHENTICATED");
    app.key(Role::Supervisor, None).await.post(FAQS, body).await.data(201);
}
