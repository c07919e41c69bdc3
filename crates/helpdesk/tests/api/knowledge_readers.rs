use chrono::Duration;
use kamhub_helpdesk::knowledge::views;
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::help_centre::send;
use crate::knowledge::{KB, at, library, reader, titles, write};

#[tokio::test]
async fn the_list_filters_sorts_and_goes_on_by_cursor() {
    let app = TestApp::start().await;
    for number in 1..=5 {
        app.clock.advance(Duration::minutes(1));
        let tags = if number % 2 == 0 {
            json!(["чётный", "билет"])
        } else {
            json!(["билет"])
        };
        write(
            &app,
            json!({"title": format!("Статья номер {number}"), "tags": tags,
            "category": if number == 5 { "Прочее" } else { "Билеты" }}),
        )
        .await;
    }
    let list = async |query: &str| titles(&app.anonymous.get(&format!("{KB}?{query}")).await);
    assert_eq!(list("limit=2").await, ["Статья номер 5", "Статья номер 4"]);
    assert_eq!(list("category=%D0%BF%D1%80%D0%BE%D1%87%D0%B5%D0%B5").await, ["Статья номер 5"]);
    assert_eq!(
        list(
            "tags=%D1%87%D1%91%D1%82%D0%BD%D1%8B%D0%B9,%D0%B1%D0%B8%D0%BB%D0%B5%D1%82&sortOrder=ASC"
        )
        .await,
        ["Статья номер 2", "Статья номер 4"]
    );
    assert_eq!(list("search=%D0%BD%D0%BE%D0%BC%D0%B5%D1%80%D0%B0+3").await, ["Статья номер 3"]);
    assert_eq!(list("isPublished=false").await.len(), 5, "the public's filter stays");
    assert_eq!(list("language=en").await.len(), 0);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let reply = app.anonymous.get(&format!("{KB}?limit=2&sortBy=views{cursor}")).await;
        assert_eq!(reply.json["total"], 5);
        seen.extend(titles(&reply));
        match reply.json["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    let reply = app.anonymous.get(&format!("{KB}?sortBy=createdAt{cursor}&limit=101")).await;
    let faults = reply.fault(400, "VALIDATION_FAILED");
    assert!(faults["limit"].is_string(), "{faults}");
    let reply = app.anonymous.get(&format!("{KB}?sortBy=createdAt{cursor}")).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["cursor"].is_string());
}

#[tokio::test]
async fn the_search_finds_published_articles_with_all_words_best_first() {
    let app = TestApp::start().await;
    write(
        &app,
        json!({"title": "Обмен билета", "content": "Чтобы обменять билет, напишите в поддержку."}),
    )
    .await;
    write(&app, json!({"title": "Прогулка на вулкан", "content": "Билет на вертолёт входит в стоимость прогулки."})).await;
    write(&app, json!({"title": "Билет в черновике", "isPublished": false})).await;
    let search = async |query: &str| {
        let reply = app.anonymous.get(&format!("{KB}/search?{query}")).await;
        let data = reply.data(200).clone();
        assert!(data["executionTime"].is_i64(), "{data}");
        let found = data["articles"].as_array().unwrap().iter();
        let titles: Vec<String> =
            found.map(|one| one["title"].as_str().unwrap().to_owned()).collect();
        (titles, data["total"].as_i64().unwrap())
    };
    let (found, total) = search("q=%D0%B1%D0%B8%D0%BB%D0%B5%D1%82%D1%8B").await;
    assert_eq!((found[0].as_str(), total), ("Обмен билета", 2));
    let (found, _) =
        search("q=%D0%B2%D0%B5%D1%80%D1%82%D0%BE%D0%BB%D0%B5%D1%82+%D0%B1%D0%B8%D0%BB%D0%B5%D1%82")
            .await;
    assert_eq!(found, ["Прогулка на вулкан", "Обмен билета"], "all words first, and е for ё");
    assert_eq!(search("q=nothing").await, (vec![], 0));
    assert_eq!(search("q=%D0%B1%D0%B8%D0%BB%D0%B5%D1%82&category=None").await.1, 0);
    let (second, total) = search("q=%D0%B1%D0%B8%D0%BB%D0%B5%D1%82&page=2&limit=1").await;
    assert_eq!((second.len(), total), (1, 2));
    let reply = app.anonymous.get(&format!("{KB}/search")).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["q"].is_string());
}

#[tokio::test]
async fn a_visitor_has_one_vote_and_may_change_it() {
    let app = library().await;
    let written = write(&app, json!({})).await;
    let (helpful, unhelpful) =
        (format!("{}/helpful", at(&written)), format!("{}/unhelpful", at(&written)));
    let (anna, boris) = (reader(&app, "Anna"), reader(&app, "Boris"));
    for _ in 0..3 {
        anna.post(&helpful, json!({})).await.data(200);
    }
    let reply = boris.post(&unhelpful, json!({"comment": "Нет цены"})).await;
    assert_eq!(reply.data(200)["averageRating"], 2.5);
    assert_eq!(
        anna.call(reqwest::Method::POST, &unhelpful, None).await.data(200)["averageRating"],
        0.0
    );
    anna.post(&helpful, json!({})).await.data(200);
    let stats = app.anonymous.get(&format!("{}/stats", at(&written))).await;
    let stats = stats.data(200);
    assert_eq!((&stats["helpfulVotes"], &stats["unhelpfulVotes"]), (&json!(1), &json!(1)));
    let long = boris.post(&helpful, json!({"comment": "x".repeat(1001)})).await;
    assert!(long.fault(400, "VALIDATION_FAILED")["comment"].is_string());
    let comments: Vec<String> =
        sqlx::query_scalar("SELECT comment FROM knowledge_base_votes WHERE comment IS NOT NULL")
            .fetch_all(app.app.db.pool())
            .await
            .unwrap();
    assert_eq!(comments, ["Нет цены"]);
}

#[tokio::test]
async fn votes_of_many_visitors_at_once_are_all_counted() {
    let app = library().await;
    let written = write(&app, json!({})).await;
    let votes = (0..20).map(|number| {
        let word = if number % 4 == 0 { "unhelpful" } else { "helpful" };
        let (client, path) =
            (reader(&app, &format!("B{number}")), format!("{}/{word}", at(&written)));
        async move { client.post(&path, json!({})).await }
    });
    for reply in futures::future::join_all(votes).await {
        reply.data(200);
    }
    let read = app.anonymous.get(&at(&written)).await;
    let read = read.data(200);
    assert_eq!((&read["helpfulVotes"], &read["unhelpfulVotes"]), (&json!(15), &json!(5)));
    assert_eq!(read["updatedAt"], written["updatedAt"], "a vote is no edit");
}

#[tokio::test]
async fn a_visitor_counts_as_one_view_a_day() {
    let app = library().await;
    let written = write(&app, json!({})).await;
    let views_of = async || {
        app.anonymous.get(&format!("{}/stats", at(&written))).await.data(200)["views"].clone()
    };
    assert_eq!(views_of().await, 0);
    for browser in ["Anna", "Boris", "Anna"] {
        reader(&app, browser).get(&at(&written)).await.data(200);
    }
    assert_eq!(views_of().await, 2);
    views::flush(&app.app).await.unwrap();
    reader(&app, "Anna").get(&at(&written)).await.data(200);
    assert_eq!(views_of().await, 2, "the same visitor on the same day");
    app.clock.advance(Duration::days(1));
    reader(&app, "Anna").get(&at(&written)).await.data(200);
    assert_eq!(views_of().await, 3);
    let read = app.anonymous.get(&at(&written)).await;
    assert_eq!(read.data(200)["updatedAt"], written["updatedAt"], "a view is no edit");
    let addresses: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM knowledge_views WHERE visitor::text LIKE '%127.0%'",
    )
    .fetch_one(app.app.db.pool())
    .await
    .unwrap();
    assert_eq!(addresses, 0);
}

#[tokio::test]
async fn views_that_could_not_be_written_are_counted_once_later() {
    let app = library().await;
    let written = write(&app, json!({})).await;
    for number in 0..50 {
        reader(&app, &format!("B{number}")).get(&at(&written)).await.data(200);
    }
    sqlx::raw_sql("ALTER TABLE knowledge_views RENAME TO away")
        .execute(app.app.db.pool())
        .await
        .unwrap();
    assert!(views::flush(&app.app).await.is_err());
    sqlx::raw_sql("ALTER TABLE away RENAME TO knowledge_views")
        .execute(app.app.db.pool())
        .await
        .unwrap();
    assert_eq!(views::flush(&app.app).await.unwrap(), 50);
    assert_eq!(views::flush(&app.app).await.unwrap(), 0);
}

#[tokio::test]
async fn five_browsers_of_one_address_are_one_reader_to_calls_and_few_to_pages() {
    let app = TestApp::start().await;
    let written = write(&app, json!({})).await;
    let page = format!("/ru/articles/{}", written["slug"].as_str().unwrap());
    let figures = async || {
        let stats = app.anonymous.get(&format!("{}/stats", at(&written))).await;
        let stats = stats.data(200);
        (stats["views"].as_i64().unwrap(), stats["helpfulVotes"].as_i64().unwrap())
    };
    for number in 0..5 {
        let browser = app.anonymous.header("user-agent", &format!("B{number}"));
        browser.get(&at(&written)).await.data(200);
        browser.post(&format!("{}/helpful", at(&written)), json!({})).await.data(200);
    }
    assert_eq!(figures().await, (1, 1));
    for number in 0..40 {
        let browser = app.anonymous.header("user-agent", &format!("B{number}"));
        browser.get(&page).await;
        send(&browser, &format!("{page}/vote"), &[("helpful", "yes")]).await;
    }
    assert_eq!(figures().await, (5, 5), "an address is at most four visitors of pages");
}

#[tokio::test]
async fn an_article_whose_original_is_a_draft_is_found_in_the_language_that_is_published() {
    let app = library().await;
    let written = write(&app, json!({"isPublished": false})).await;
    let body = json!({"title": "How do I return a ticket?", "isPublished": true,
        "content": "Open the booking and press return."});
    let translation = format!("{}/translations/en", at(&written));
    app.admin.put(&translation, body).await.data(201);
    let both = write(&app, json!({"title": "Второй билет"})).await;
    let body = json!({"title": "The second ticket", "isPublished": true,
        "content": "Open the booking and press return."});
    app.admin.put(&format!("{}/translations/en", at(&both)), body).await.data(201);
    let listed = titles(&app.anonymous.get(KB).await);
    assert_eq!(listed, ["Второй билет", "How do I return a ticket?"]);
    let unhelpful = format!("{}/unhelpful", at(&written));
    reader(&app, "Anna").post(&unhelpful, json!({})).await.data(200);
    let report = app.admin.get(&format!("{KB}/reports/unhelpful")).await;
    assert_eq!(report.data(200)[0]["title"], "How do I return a ticket?");
}
