use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::knowledge::{KB, at, library, reader, write};

const ENGLISH: &str = "Open the booking and press Return. The money comes back to your card.";

async fn translate(app: &TestApp, written: &Value, published: bool) -> Value {
    let body =
        json!({"title": "How do I return a ticket?", "content": ENGLISH, "isPublished": published});
    app.admin.put(&format!("{}/translations/en", at(written)), body).await.data(201).clone()
}

#[tokio::test]
async fn a_translation_has_the_same_id_and_is_chosen_by_language() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    let english = translate(&app, &written, true).await;
    assert_eq!(english["id"], written["id"]);
    assert_eq!(english["slug"], "how-do-i-return-a-ticket");
    assert_eq!(english["tags"], written["tags"]);

    let read = async |path: String, accept: &str| {
        let reply = app.anonymous.header("accept-language", accept).get(&path).await;
        let read = reply.data(200);
        (read["language"].as_str().unwrap().to_owned(), read["isFallback"].as_bool().unwrap())
    };
    let by_slug = format!("{KB}/articles/how-do-i-return-a-ticket");
    assert_eq!(read(at(&written), "").await, ("ru".into(), false));
    assert_eq!(read(at(&written), "en-GB,ru;q=0.5").await, ("en".into(), false));
    assert_eq!(read(format!("{}?language=en", at(&written)), "ru").await, ("en".into(), false));
    assert_eq!(read(by_slug.clone(), "ru").await, ("en".into(), false), "a slug has a language");
    assert_eq!(read(format!("{by_slug}?language=ru"), "en").await, ("ru".into(), false));
    let read_both = app.anonymous.get(&at(&written)).await;
    let languages: Vec<&Value> = read_both.data(200)["translations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["language"])
        .collect();
    assert_eq!(languages, ["ru", "en"]);

    let list = async |query: &str| {
        let reply = app.anonymous.get(&format!("{KB}?{query}")).await;
        reply
            .data(200)
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["title"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("language=en").await, ["How do I return a ticket?"]);
    assert_eq!(list("").await, ["Как вернуть билет?"], "each article once");
    let found = app.anonymous.get(&format!("{KB}/search?q=money+card")).await;
    assert_eq!(found.data(200)["articles"][0]["id"], written["id"]);
}

#[tokio::test]
async fn languages_are_published_apart_and_counted_together() {
    let app = library().await;
    let written = write(&app, json!({})).await;
    translate(&app, &written, false).await;
    let english = format!("{}?language=en", at(&written));
    let read = app.anonymous.get(&english).await;
    assert_eq!(
        (&read.data(200)["language"], &read.data(200)["isFallback"]),
        (&json!("ru"), &json!(true))
    );
    app.anonymous
        .get(&format!("{KB}/articles/how-do-i-return-a-ticket"))
        .await
        .fault(404, "NOT_FOUND");
    app.admin.post(&format!("{}/publish?language=en", at(&written)), json!({})).await.data(200);
    assert_eq!(app.anonymous.get(&english).await.data(200)["language"], "en");

    reader(&app, "Anna").get(&at(&written)).await.data(200);
    reader(&app, "Boris").get(&english).await.data(200);
    reader(&app, "Boris").post(&format!("{}/helpful", at(&written)), json!({})).await.data(200);
    app.anonymous.get(&format!("{}/stats", at(&written))).await.data(200);
    let english_now = app.anonymous.get(&english).await;
    assert_eq!(english_now.data(200)["helpfulVotes"], 1);
    assert!(english_now.data(200)["views"].as_i64().unwrap() >= 2);

    app.admin.patch(&english, json!({"tags": ["money"], "category": "Refunds"})).await.data(200);
    let original = app.anonymous.get(&at(&written)).await;
    assert_eq!(original.data(200)["tags"], json!(["money"]));
    assert_eq!(original.data(200)["category"], "Refunds");
    assert_eq!(original.data(200)["title"], "Как вернуть билет?");

    app.admin.delete(&format!("{}/translations/ru", at(&written))).await.fault(409, "CONFLICT");
    assert_eq!(app.admin.delete(&format!("{}/translations/en", at(&written))).await.status, 204);
    assert_eq!(app.anonymous.get(&english).await.data(200)["isFallback"], true);
    let lone = app
        .admin
        .put(&format!("{}/translations/en", at(&written)), json!({"title": "Only a title"}))
        .await;
    assert!(lone.fault(400, "VALIDATION_FAILED")["content"].is_string());
    assert_eq!(lone.fault(400, "VALIDATION_FAILED").get("title"), None);
}

#[tokio::test]
async fn a_draft_waits_beside_what_the_public_reads() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    let agent = app.key(Role::Agent, None).await;
    let text = "Черновик нового текста статьи, ещё не проверенный.";
    let saved = agent.patch(&at(&written), json!({"content": text, "draft": true})).await;
    assert_eq!(saved.data(200)["draftVersion"], 2);
    let public = app.anonymous.get(&at(&written)).await;
    assert!(public.data(200)["content"].as_str().unwrap().contains("Откройте бронь"));
    assert_eq!(public.data(200).get("draftVersion"), None);
    let public = app.anonymous.get(&format!("{}?draft=true", at(&written))).await;
    assert!(public.data(200)["content"].as_str().unwrap().contains("Откройте бронь"));
    let staff = agent.get(&format!("{}?draft=true", at(&written))).await;
    assert_eq!(staff.data(200)["content"], text);

    app.admin
        .patch(&at(&written), json!({"title": "Прямо поверх"}))
        .await
        .fault(409, "DRAFT_PENDING");
    agent
        .patch(&at(&written), json!({"title": "Заголовок черновика", "draft": true}))
        .await
        .data(200);
    let published = app.admin.post(&format!("{}/publish", at(&written)), json!({})).await;
    assert_eq!(published.data(200)["content"], text, "both changes of the draft");
    assert_eq!(published.data(200)["title"], "Заголовок черновика");
    assert_eq!(app.anonymous.get(&at(&written)).await.data(200)["content"], text);

    agent.patch(&at(&written), json!({"title": "Не пригодилось", "draft": true})).await.data(200);
    let discarded = agent.delete(&format!("{}/draft", at(&written))).await;
    assert_eq!(discarded.data(200)["title"], "Заголовок черновика");
    assert_eq!(discarded.data(200).get("draftVersion"), None);
    app.admin.patch(&at(&written), json!({"title": "Прямо поверх"})).await.data(200);
}

#[tokio::test]
async fn a_draft_brings_back_no_label_that_it_did_not_change() {
    let app = TestApp::start().await;
    let written = write(&app, json!({"category": "Вылеты"})).await;
    translate(&app, &written, true).await;
    let english = format!("{}?language=en", at(&written));
    let draft = |changes: Value| {
        let mut body = changes;
        body["draft"] = json!(true);
        app.admin.patch(&english, body)
    };
    draft(json!({"title": "A better title"})).await.data(200);
    let moved = json!({"category": "Рейсы", "tags": ["рейс"]});
    app.admin.patch(&at(&written), moved).await.data(200);
    let waiting = app.admin.get(&format!("{english}&draft=true")).await;
    assert_eq!(waiting.data(200)["category"], "Рейсы");
    draft(json!({"title": "The best title"})).await.data(200);
    let publish = format!("{}/publish?language=en", at(&written));
    let published = app.admin.post(&publish, json!({})).await;
    assert_eq!(published.data(200)["title"], "The best title");
    let original = app.anonymous.get(&at(&written)).await;
    assert_eq!(original.data(200)["category"], "Рейсы");
    assert_eq!(original.data(200)["tags"], json!(["рейс"]));

    draft(json!({"category": "Погода"})).await.data(200);
    app.admin.patch(&at(&written), json!({"tags": ["дождь"]})).await.data(200);
    let published = app.admin.post(&publish, json!({})).await;
    assert_eq!(published.data(200)["category"], "Погода", "what it did change");
    assert_eq!(published.data(200)["tags"], json!(["дождь"]));
}

#[tokio::test]
async fn a_category_that_was_renamed_comes_back_with_no_draft_and_no_version() {
    let app = TestApp::start().await;
    let categories = format!("{KB}/categories");
    let written = write(&app, json!({"category": "Вылеты"})).await;
    app.admin.patch(&at(&written), json!({"title": "Черновик", "draft": true})).await.data(200);
    let list = app.anonymous.get(&categories).await;
    let rows = list.data(200).as_array().unwrap().clone();
    let flights = rows.iter().find(|row| row["name"] == "Вылеты").unwrap();
    let path = format!("{categories}/{}", flights["id"].as_str().unwrap());
    app.admin.patch(&path, json!({"name": "Рейсы"})).await.data(200);
    let published = app.admin.post(&format!("{}/publish", at(&written)), json!({})).await;
    assert_eq!(published.data(200)["category"], "Рейсы");
    let restored = app.admin.post(&format!("{}/versions/1/restore", at(&written)), json!({})).await;
    assert_eq!(restored.data(200)["category"], "Рейсы");
    let list = app.anonymous.get(&categories).await;
    assert!(list.data(200).as_array().unwrap().iter().all(|row| row["name"] != "Вылеты"));
}

#[tokio::test]
async fn versions_are_listed_compared_and_brought_back() {
    let app = TestApp::start().await;
    let written =
        write(&app, json!({"content": "первая строка текста\nвторая строка\nтретья"})).await;
    app.clock.advance(Duration::minutes(1));
    let edit = json!({"title": "Другой заголовок", "content": "первая строка текста\nиная строка\nтретья"});
    app.admin.patch(&at(&written), edit).await.data(200);
    app.admin.post(&format!("{}/unpublish", at(&written)), json!({})).await.data(200);

    let list = app.admin.get(&format!("{}/versions?limit=2", at(&written))).await;
    let changes: Vec<&Value> =
        list.data(200).as_array().unwrap().iter().map(|one| &one["change"]).collect();
    assert_eq!(changes, ["unpublished", "edited"]);
    assert_eq!(list.json["total"], 3);
    let rest =
        format!("{}/versions?cursor={}", at(&written), list.json["nextCursor"].as_str().unwrap());
    let rest = app.admin.get(&rest).await;
    assert_eq!(rest.data(200)[0]["change"], "created");
    assert_eq!(rest.json["nextCursor"], Value::Null);

    let first = app.admin.get(&format!("{}/versions/1", at(&written))).await;
    assert_eq!(first.data(200)["title"], "Как вернуть билет?");
    app.admin.get(&format!("{}/versions/9", at(&written))).await.fault(404, "NOT_FOUND");

    let diff = app.admin.get(&format!("{}/diff?from=1&to=2", at(&written))).await;
    let diff = diff.data(200);
    assert_eq!((&diff["added"], &diff["removed"]), (&json!(1), &json!(1)));
    assert_eq!(diff["fields"], json!(["title"]));
    assert!(
        diff["hunks"][0]
            .as_array()
            .unwrap()
            .contains(&json!({"change": "removed", "text": "вторая строка"}))
    );
    let missing = app.admin.get(&format!("{}/diff", at(&written))).await;
    assert!(missing.fault(400, "VALIDATION_FAILED")["from"].is_string());

    let restored = app.admin.post(&format!("{}/versions/1/restore", at(&written)), json!({})).await;
    assert_eq!(restored.data(200)["title"], "Как вернуть билет?");
    assert_eq!(restored.data(200)["version"], 4);
    let list = app.admin.get(&format!("{}/versions", at(&written))).await;
    assert_eq!(list.data(200)[0]["change"], "restored");
    app.anonymous.get(&format!("{}/versions", at(&written))).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn categories_come_into_being_have_titles_and_take_their_articles_along() {
    let app = TestApp::start().await;
    let categories = format!("{KB}/categories");
    let written = write(&app, json!({"category": "Вылеты"})).await;
    let same = write(&app, json!({"category": " вылеты "})).await;
    assert_eq!(same["category"], "Вылеты", "a name is one, however it is written");
    let body = json!({"name": "Погода", "titleEn": "Weather", "icon": "cloud", "position": 1});
    app.admin.post(&categories, body.clone()).await.data(201);
    app.admin.post(&categories, body).await.fault(409, "CONFLICT");
    let bad = app.admin.post(&categories, json!({"name": "", "icon": "<b>", "position": 0})).await;
    let faults = bad.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert_eq!(faults.keys().collect::<Vec<_>>(), ["icon", "name", "position"]);

    let list = app.anonymous.get(&categories).await;
    let rows = list.data(200).as_array().unwrap().clone();
    let flights = rows.iter().find(|row| row["name"] == "Вылеты").unwrap();
    assert_eq!(flights["articles"], 2);
    assert!(rows.iter().any(|row| row["titleEn"] == "Weather"));
    let path = format!("{categories}/{}", flights["id"].as_str().unwrap());
    app.admin.delete(&path).await.fault(409, "CATEGORY_IN_USE");
    let renamed = app.admin.patch(&path, json!({"name": "Рейсы", "titleEn": "Flights"})).await;
    assert_eq!(renamed.data(200)["articles"], 2);
    assert_eq!(app.anonymous.get(&at(&written)).await.data(200)["category"], "Рейсы");
    let stale = app.admin.header("if-match", "\"1\"").patch(&path, json!({"position": 9})).await;
    stale.fault(409, "VERSION_CONFLICT");
    for article in [&written, &same] {
        assert_eq!(app.admin.delete(&at(article)).await.status, 204);
    }
    assert_eq!(app.admin.delete(&path).await.status, 204);
    app.admin.delete(&path).await.fault(404, "NOT_FOUND");
    app.key(Role::Agent, None)
        .await
        .post(&categories, json!({"name": "x"}))
        .await
        .fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn related_articles_share_tags_category_or_words() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    let near = write(&app, json!({"title": "Обмен билета на другую дату"})).await;
    let words = write(
        &app,
        json!({"title": "Вернуть деньги за трансфер", "category": "Трансфер", "tags": []}),
    )
    .await;
    write(
        &app,
        json!({"title": "Какая обувь нужна", "category": "Снаряжение", "tags": ["обувь"],
        "content": "Подойдут треккинговые ботинки на жёсткой подошве."}),
    )
    .await;
    write(&app, json!({"title": "Билет в черновике", "isPublished": false})).await;
    let related = async || {
        let reply = app.anonymous.get(&format!("{}/related", at(&written))).await;
        reply.data(200).as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(related().await, [near["id"].clone(), words["id"].clone()]);
    app.admin.post(&format!("{}/unpublish", at(&near)), json!({})).await.data(200);
    assert_eq!(related().await, [words["id"].clone()], "seen at once");
}

#[tokio::test]
async fn the_reports_name_articles_that_help_nobody_and_searches_that_find_nothing() {
    let app = library().await;
    let bad = write(&app, json!({"title": "Плохая статья"})).await;
    let good = write(&app, json!({"title": "Хорошая статья"})).await;
    for number in 0..3 {
        let visitor = reader(&app, &format!("B{number}"));
        visitor
            .post(&format!("{}/unhelpful", at(&bad)), json!({"comment": format!("Мало {number}")}))
            .await
            .data(200);
        visitor.post(&format!("{}/helpful", at(&good)), json!({})).await.data(200);
    }
    let report = app.admin.get(&format!("{KB}/reports/unhelpful")).await;
    let rows = report.data(200).as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0]["title"], &rows[0]["unhelpfulVotes"]),
        (&json!("Плохая статья"), &json!(3))
    );
    assert_eq!(rows[0]["comments"].as_array().unwrap().len(), 3);

    for query in [
        "%D0%A1%D1%82%D1%80%D0%B0%D1%85%D0%BE%D0%B2%D0%BA%D0%B0",
        "%D1%81%D1%82%D1%80%D0%B0%D1%85%D0%BE%D0%B2%D0%BA%D0%B0",
        "parking",
        "irina%40example.com",
        "%D1%81%D1%82%D0%B0%D1%82%D1%8C%D1%8F",
    ] {
        app.anonymous.get(&format!("{KB}/search?q={query}")).await.data(200);
    }
    app.admin.get(&format!("{KB}/search?q=staffonly")).await.data(200);
    let misses = app.admin.get(&format!("{KB}/reports/missed-searches?limit=1")).await;
    assert_eq!(
        (&misses.data(200)[0]["query"], &misses.data(200)[0]["misses"]),
        (&json!("страховка"), &json!(2))
    );
    let next = misses.json["nextCursor"].as_str().unwrap();
    let rest = app.admin.get(&format!("{KB}/reports/missed-searches?cursor={next}")).await;
    assert_eq!(rest.data(200).as_array().unwrap().len(), 1);
    assert_eq!(rest.data(200)[0]["query"], "parking");
    app.anonymous.get(&format!("{KB}/reports/unhelpful")).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_edit_that_was_acknowledged_is_read_at_once_whatever_is_cached_and_by_whomever() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    for round in 1..=20 {
        let path = format!("{}?language=ru", at(&written));
        let readers = (0..4).map(|_| app.anonymous.get(&path));
        futures::future::join_all(readers).await;
        let title = format!("Заголовок номер {round}");
        let content = format!("Текст статьи в редакции номер {round}.");
        app.admin.patch(&at(&written), json!({"title": title, "content": content})).await.data(200);
        let read = app.anonymous.get(&at(&written)).await;
        assert_eq!(read.data(200)["title"], title);
        assert_eq!(read.data(200)["contentHtml"], format!("<p>{content}</p>\n"));
    }
}

#[tokio::test]
async fn an_article_that_came_with_an_import_has_a_first_version_too() {
    let app = TestApp::start().await;
    sqlx::raw_sql(
        "INSERT INTO knowledge_base_articles (title, slug, content, category, is_published)
         VALUES ('Imported article', 'imported', 'Written somewhere else before.', 'Imported', true)",
    )
    .execute(app.app.db.pool())
    .await
    .unwrap();
    let read = app.anonymous.get(&format!("{KB}/articles/imported")).await.data(200).clone();
    app.admin.patch(&at(&read), json!({"title": "Imported and edited"})).await.data(200);
    let first = app.admin.get(&format!("{}/versions/1", at(&read))).await;
    assert_eq!(first.data(200)["title"], "Imported article");
    let names = app.anonymous.get(&format!("{KB}/categories")).await;
    assert_eq!(names.data(200)[0]["name"], "Imported");
}
