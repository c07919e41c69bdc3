use chrono::Duration;
use kamhub_helpdesk::jobs;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_kernel::Role;
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::speaking;
use crate::support::{create, path};

/// Stores an article as the seeder does.
pub(crate) async fn article(app: &TestApp, title: &str, content: &str, published: bool) -> i64 {
    sqlx::query_scalar(
        "INSERT INTO knowledge_base_articles (title, slug, content, category, is_published)
         VALUES ($1, md5($1), $2, 'Возврат денег', $3) RETURNING id",
    )
    .bind(title)
    .bind(content)
    .bind(published)
    .fetch_one(app.database.db.pool())
    .await
    .unwrap()
}

async fn faq(app: &TestApp, question: &str, answer: &str) -> i64 {
    let insert = "INSERT INTO faqs (question, answer, category, language) VALUES ($1, $2, 'Оплата', 'ru') RETURNING id";
    sqlx::query_scalar(insert)
        .bind(question)
        .bind(answer)
        .fetch_one(app.database.db.pool())
        .await
        .unwrap()
}

pub(crate) async fn help(app: &TestApp) {
    article(
        app,
        "Возврат денег за тур",
        "Деньги вернём на карту за пять дней. <b>Быстро</b>",
        true,
    )
    .await;
    article(app, "Печать билета на принтере", "Откройте ваучер и выберите печать.", true).await;
    article(app, "Helicopter luggage rules", "Soft bags only, no suitcases.", true).await;
    article(app, "Секретная программа лояльности", "Черновик о засекреченных скидках.", false)
        .await;
    faq(app, "Когда придёт возврат?", "На карту за пять дней.").await;
}

pub(crate) async fn search(client: &Client, query: &str) -> Reply {
    let escaped: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    client.get(&format!("/api/support/search?q={escaped}")).await
}

/// `type title` of each result.
pub(crate) fn titles(reply: &Reply) -> Vec<String> {
    let text = |fragments: &Value| -> String {
        fragments.as_array().unwrap().iter().map(|piece| piece["text"].as_str().unwrap()).collect()
    };
    reply.data(200)["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| format!("{} {}", hit["type"].as_str().unwrap(), text(&hit["title"])))
        .collect()
}

/// The customer with this number on the platform.
pub(crate) fn customer(app: &TestApp, number: i64) -> Client {
    let email = format!("customer{number}@example.com");
    let ticket =
        json!({"customerId": number.to_string(), "customerName": "Ирина", "customerEmail": email});
    speaking::customer(app, &ticket)
}

/// Runs the jobs that are due.
pub(crate) async fn work(app: &TestApp) {
    let registry = jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    let report = worker.drain().await.unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
}

#[tokio::test]
async fn each_step_of_the_ladder_finds_what_the_one_before_does_not() {
    let app = TestApp::start().await;
    help(&app).await;
    let printing = ["article Печать билета на принтере"];
    let cases = [
        ("принтеры", None),
        ("ghbynth", Some(("принтер", "keyboard"))),
        ("прнитере", Some(("принтере", "typo"))),
        ("bilet", Some(("билет", "transliteration"))),
        ("билет на самолёт и обратно", None),
    ];
    for (query, corrected) in cases {
        let reply = search(&app.anonymous, query).await;
        assert_eq!(titles(&reply), printing, "{query}");
        let expected =
            corrected.map_or(Value::Null, |(to, by)| json!({"from": query, "to": to, "by": by}));
        assert_eq!(reply.data(200)["corrected"], expected, "{query}");
    }
    let any = search(&app.anonymous, "билет на самолёт и обратно").await;
    assert_eq!(any.data(200)["results"][0]["foundBy"], "any_word");
    assert_eq!(
        titles(&search(&app.anonymous, "suitcase").await),
        ["article Helicopter luggage rules"]
    );
    assert!(titles(&search(&app.anonymous, "абракадабра").await).is_empty());
}

#[tokio::test]
async fn titles_count_more_and_words_are_marked_as_fragments() {
    let app = TestApp::start().await;
    help(&app).await;
    let reply = search(&app.anonymous, "возврат денег").await;
    assert_eq!(titles(&reply)[0], "article Возврат денег за тур");
    let hit = &reply.data(200)["results"][0];
    assert_eq!(hit["title"][0], json!({"text": "Возврат", "match": true}));
    assert_eq!(hit["foundBy"], "all_words");
    let snippet = hit["snippet"].to_string();
    assert!(
        snippet.contains("<b>Быстро</b>"),
        "plain characters, escaped by who shows them: {snippet}"
    );
    let quoted = search(&app.anonymous, "\"денег за тур\"").await;
    assert_eq!(titles(&quoted), ["article Возврат денег за тур"]);
    assert!(titles(&search(&app.anonymous, "\"тур за денег\"").await).is_empty());
}

#[tokio::test]
async fn a_word_that_is_misspelt_in_a_text_too_is_found_and_the_usual_spelling_is_offered() {
    let app = TestApp::start().await;
    for place in [
        "в Долину гейзеров",
        "на Курильское озеро",
        "к Мутновскому",
        "к Толбачику",
        "на Халактырку",
    ] {
        article(&app, &format!("Багаж {place}"), "Багаж до восьми килограммов.", true).await;
    }
    article(&app, "Что взять с собой", "Богаж не нужен, возьмите тёплое.", true).await;
    let found = search(&app.anonymous, "богаж тёплое").await;
    assert_eq!(titles(&found)[0], "article Что взять с собой");
    assert_eq!(found.data(200)["corrected"], Value::Null);
    let found = search(&app.anonymous, "богаж не").await;
    assert_eq!(titles(&found), ["article Что взять с собой"]);
    assert_eq!(found.data(200)["didYouMean"], "багаж не");
    let page = app.anonymous.get("/ru/search?q=%D0%B1%D0%BE%D0%B3%D0%B0%D0%B6").await;
    assert!(page.text.contains(">багаж</a>?"), "{}", page.text);
    for sure in ["багаж", "\"богаж\"", "прочее"] {
        let found = search(&app.anonymous, sure).await;
        assert_eq!(found.data(200)["didYouMean"], Value::Null, "{sure}");
    }
}

#[tokio::test]
async fn drafts_are_found_by_the_company_only_and_edits_at_once() {
    let app = TestApp::start().await;
    help(&app).await;
    let secret = "секретная лояльность";
    assert!(titles(&search(&app.anonymous, secret).await).is_empty());
    assert_eq!(search(&app.anonymous, "секртеная").await.data(200)["corrected"], Value::Null);
    assert_eq!(
        titles(&search(&app.admin, secret).await),
        ["article Секретная программа лояльности"]
    );
    let pool = app.database.db.pool();
    let publish =
        "UPDATE knowledge_base_articles SET is_published = true WHERE title LIKE 'Секретная%'";
    sqlx::query(publish).execute(pool).await.unwrap();
    assert_eq!(titles(&search(&app.anonymous, secret).await).len(), 1);
    let rename = "UPDATE knowledge_base_articles SET title = 'Программа скидок' WHERE title LIKE 'Секретная%'";
    sqlx::query(rename).execute(pool).await.unwrap();
    assert!(titles(&search(&app.anonymous, "лояльность").await).is_empty());
    let delete = "UPDATE knowledge_base_articles SET deleted_at = now()";
    sqlx::query(delete).execute(pool).await.unwrap();
    assert!(titles(&search(&app.anonymous, "скидок").await).is_empty());
}

#[tokio::test]
async fn the_words_of_documents_are_counted_with_every_change() {
    let app = TestApp::start().await;
    help(&app).await;
    let pool = app.database.db.pool();
    sqlx::query("UPDATE faqs SET answer = 'Совсем другой ответ'").execute(pool).await.unwrap();
    sqlx::query("UPDATE knowledge_base_articles SET is_published = NOT is_published")
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM knowledge_base_articles WHERE title LIKE 'Печать%'")
        .execute(pool)
        .await
        .unwrap();
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (
             SELECT CASE WHEN is_public THEN 'public' ELSE 'desk' END AS scope, lexeme, count(*) AS documents
             FROM search_documents, unnest(tsvector_to_array(vector)) lexeme GROUP BY 1, 2) counted
         FULL JOIN search_lexemes kept USING (scope, lexeme)
         WHERE counted.documents IS DISTINCT FROM kept.documents",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(wrong, 0);
    let counts: Vec<(String, i64)> =
        sqlx::query_as("SELECT scope, documents FROM search_scopes ORDER BY scope")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(counts, [("desk".to_owned(), 2), ("public".to_owned(), 2)]);
}

#[tokio::test]
async fn agents_find_tickets_messages_and_customers_and_nobody_else_does() {
    let app = TestApp::start().await;
    help(&app).await;
    let changes = json!({"subject": "Потерян чемодан на вулкане", "description":
        "Бронь KH-4711, телефон 8 (914) 022-33-44, чемодан остался в вахтовке.", "customerId": 42});
    let ticket = create(&app.admin, changes).await;
    let say = |text: &'static str, internal: bool| {
        let admin = app.admin.clone();
        let path = format!("{}/messages", path(&ticket));
        async move {
            let body = json!({"message": text, "isInternal": internal, "senderName": "Анна", "senderType": "agent"});
            admin.post(&path, body).await.data(201).clone()
        }
    };
    say("Чемодан нашёлся на складе.", false).await;
    say("Заметка: клиент скандальный, код ERR-909.", true).await;
    work(&app).await;

    let lost = titles(&search(&app.admin, "чемодана").await);
    let subject = "Потерян чемодан на вулкане";
    assert!(
        lost.contains(&format!("ticket {subject}")) && lost.contains(&format!("message {subject}")),
        "{lost:?}"
    );
    for query in ["KH-4711", "кн 4711", "+79140223344", ticket["ticketNumber"].as_str().unwrap()]
    {
        let reply = search(&app.admin, query).await;
        assert_eq!(titles(&reply)[0], format!("ticket {subject}"), "{query}");
        assert_eq!(reply.data(200)["results"][0]["foundBy"], "identifier", "{query}");
    }
    assert_eq!(titles(&search(&app.admin, "err909").await), [format!("message {subject}")]);
    let people = titles(&search(&app.admin, "irina@example").await);
    assert!(people.contains(&"customer Ирина Соколова".to_owned()), "{people:?}");

    let mine = customer(&app, 42);
    let own = titles(&search(&mine, "чемодан").await);
    assert_eq!(own.len(), 2, "{own:?}");
    assert!(titles(&search(&mine, "скандальный").await).is_empty(), "notes are for the company");
    assert!(titles(&search(&mine, "ERR-909").await).is_empty(), "notes are for the company");
    let viewer = app.key(Role::Viewer, Some(&["agents:read"])).await;
    let reader = app.key(Role::Agent, Some(&["tickets:read"])).await;
    assert!(
        titles(&search(&reader, "секретная лояльность").await).is_empty(),
        "no right to drafts"
    );
    assert!(!titles(&search(&reader, "чемодан").await).is_empty());
    for stranger in [&customer(&app, 43), &app.anonymous, &viewer] {
        for query in ["чемодан", "KH-4711", "Соколова", ticket["ticketNumber"].as_str().unwrap()]
        {
            assert!(titles(&search(stranger, query).await).is_empty(), "{query}");
        }
    }
}

#[tokio::test]
async fn words_of_tickets_are_counted_once_and_repair_what_agents_type() {
    let app = TestApp::start().await;
    create(&app.admin, json!({"subject": "Сломалась лебёдка снегохода"})).await;
    for _ in 0..3 {
        work(&app).await;
        app.clock.advance(Duration::minutes(3));
    }
    let pool = app.database.db.pool();
    let count: i64 = sqlx::query_scalar(
        "SELECT documents FROM search_lexemes WHERE scope = 'desk' AND lexeme = 'лебедк'",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(count, 1);
    let reply = search(&app.admin, "снегоохда").await;
    assert_eq!(reply.data(200)["corrected"]["to"], "снегохода");
    assert_eq!(titles(&reply), ["ticket Сломалась лебёдка снегохода"]);
    assert_eq!(search(&app.anonymous, "снегоохда").await.data(200)["corrected"], Value::Null);
}

#[tokio::test]
async fn filters_narrow_and_the_cursor_goes_through_without_gap_or_repetition() {
    let app = TestApp::start().await;
    for number in 0..23 {
        article(&app, &format!("Вулкан номер {number}"), "Подъём на вулкан с гидом.", true).await;
    }
    faq(&app, "Опасен ли вулкан?", "Вулкан безопасен с гидом.").await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let reply = app
            .anonymous
            .get(&format!(
                "/api/support/search?q=%D0%B2%D1%83%D0%BB%D0%BA%D0%B0%D0%BD&limit=7&cursor={cursor}"
            ))
            .await;
        seen.extend(titles(&reply));
        assert_eq!(reply.data(200)["total"], 24);
        match reply.data(200)["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 24);
    let volcano = "/api/support/search?q=%D0%B2%D1%83%D0%BB%D0%BA%D0%B0%D0%BD";
    for (filter, count) in [
        ("type=faq", 1),
        ("type=article&limit=50", 23),
        ("language=en", 0),
        ("category=%D0%9E%D0%BF%D0%BB%D0%B0%D1%82%D0%B0", 1),
        ("type=ticket", 0),
    ] {
        let reply = app.anonymous.get(&format!("{volcano}&{filter}")).await;
        assert_eq!(titles(&reply).len(), count, "{filter}");
    }
    let wrong = app
        .anonymous
        .get(&format!("/api/support/search?q=other&cursor={cursor}&type=car&limit=51"))
        .await;
    let errors = wrong.fault(400, "VALIDATION_FAILED");
    assert!(errors["type"].is_string() && errors["limit"].is_string(), "{errors}");
    app.anonymous.get("/api/support/search").await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn no_query_breaks_search() {
    let app = TestApp::start().await;
    help(&app).await;
    for query in [
        "'",
        "\\",
        "' OR 1=1 --",
        "& | ! ( ) : * <->",
        "\"",
        "«»",
        "\u{0}",
        "а:*",
        "%",
        "😀",
        "'а' <-> б",
        ",",
        "\"\" a",
    ] {
        for client in [&app.anonymous, &app.admin] {
            let reply = search(client, query).await;
            assert!(reply.status.as_u16() < 500, "{query:?}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn titles_are_suggested_while_somebody_types() {
    let app = TestApp::start().await;
    help(&app).await;
    for (typed, by) in
        [("печать би", None), ("gtxf", Some("keyboard")), ("pechat", Some("transliteration"))]
    {
        let escaped: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let reply = app.anonymous.get(&format!("/api/support/search/suggest?q={escaped}")).await;
        let data = reply.data(200);
        assert_eq!(data["suggestions"].as_array().unwrap().len(), 1, "{typed}");
        assert_eq!(data["suggestions"][0]["title"][0]["match"], true, "{typed}");
        assert_eq!(data["corrected"]["by"].as_str(), by, "{typed}");
    }
    let drafts = app.admin.get("/api/support/search/suggest?q=%D1%81%D0%B5%D0%BA%D1%80").await;
    assert_eq!(drafts.data(200)["suggestions"], json!([]), "drafts are never suggested");
    app.anonymous.get("/api/support/search/suggest?q=").await.fault(400, "VALIDATION_FAILED");
}
