//! What is looked for exactly: identifiers, words as they were typed, and how many there are.

use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::search::{article, customer, help, search, titles, work};
use crate::support::{create, path};

#[tokio::test]
async fn a_ticket_is_found_first_by_its_customers_address_its_booking_and_its_order() {
    let app = TestApp::start().await;
    let zina = "zina.krest@example.com";
    let subject = "ticket Перенос вылета";
    create(
        &app.admin,
        json!({"subject": "Перенос вылета", "customerEmail": zina, "customerId": 51,
        "relatedBookingId": 778_899, "relatedOrderId": 9_876}),
    )
    .await;
    create(
        &app.admin,
        json!({"subject": "Example of another", "customerEmail": "other@example.com", "customerId": 52}),
    )
    .await;
    for query in [zina, "Zina.Krest@Example.com", "778899", "KH-778899", "KH-9876", "9876"] {
        let reply = search(&app.admin, query).await;
        assert_eq!(titles(&reply).first().map(String::as_str), Some(subject), "{query}");
        assert_eq!(reply.data(200)["results"][0]["foundBy"], "identifier", "{query}");
        assert!(!titles(&reply).contains(&"ticket Example of another".to_owned()), "{query}");
    }
    assert!(titles(&search(&app.admin, "TKT-9876").await).is_empty());
    let stranger = customer(&app, 43);
    for query in [zina, "778899"] {
        assert!(titles(&search(&stranger, query).await).is_empty(), "{query}");
    }
}

#[tokio::test]
async fn an_address_is_never_read_another_way() {
    let app = TestApp::start().await;
    article(&app, "Семён и его пример", "Семен пример ком, и ещё несколько слов.", true).await;
    let reply = search(&customer(&app, 44), "semen@example.com").await;
    assert_eq!(reply.data(200)["corrected"], Value::Null);
}

#[tokio::test]
async fn the_number_of_a_merged_ticket_leads_to_the_one_that_it_went_into() {
    let app = TestApp::start().await;
    let stays = create(&app.admin, json!({"subject": "Группа из восьми человек"})).await;
    let goes = create(&app.admin, json!({"subject": "Ещё раз о группе"})).await;
    let into = json!({"into": stays["id"]});
    app.admin.post(&format!("{}/merge", path(&goes)), into).await.data(200);
    let reply = search(&app.admin, goes["ticketNumber"].as_str().unwrap()).await;
    assert_eq!(titles(&reply), ["ticket Группа из восьми человек"]);
}

#[tokio::test]
async fn a_slip_that_nothing_was_near_to_is_repaired_as_soon_as_something_is() {
    let app = TestApp::start().await;
    article(&app, "Пропуск в погранзону", "Заявка и паспорт, и несколько слов.", true).await;
    for _ in 0..2 {
        assert!(titles(&search(&app.anonymous, "землятресение").await).is_empty());
    }
    article(&app, "Землетрясение", "Что делать, и ещё несколько слов.", true).await;
    let reply = search(&app.anonymous, "землятресение").await;
    assert_eq!(titles(&reply), ["article Землетрясение"]);
}

#[tokio::test]
async fn what_was_just_written_is_found_as_it_was_typed() {
    let app = TestApp::start().await;
    help(&app).await;
    let ticket = json!({"subject": "Жду возврант за снегоход", "customerId": 42});
    create(&app.admin, ticket).await;
    for client in [&app.admin, &customer(&app, 42)] {
        let reply = search(client, "возврант").await;
        let found = titles(&reply);
        assert_eq!(found[0], "ticket Жду возврант за снегоход", "{found:?}");
        assert!(found.contains(&"article Возврат денег за тур".to_owned()), "{found:?}");
        let subject = reply.data(200)["results"][0]["title"].to_string();
        assert!(subject.contains(r#"{"match":true,"text":"возврант"}"#), "{subject}");
    }
    assert_eq!(titles(&search(&app.admin, "снегоход").await), ["ticket Жду возврант за снегоход"]);
}

#[tokio::test]
async fn customers_are_found_by_names_that_are_mistyped_or_in_the_other_alphabet() {
    let app = TestApp::start().await;
    let name = "Зинаида Крестовоздвиженская";
    create(&app.admin, json!({"customerId": 7, "customerName": name})).await;
    for query in ["Крестовоздвиженкая", "zinaida", "Зинаида Крестовоздвиженская", "pbyfblf"]
    {
        let found = titles(&search(&app.admin, query).await);
        assert!(found.contains(&format!("customer {name}")), "{query}: {found:?}");
    }
    let found = titles(&search(&app.admin, "Крестовский").await);
    assert!(!found.contains(&format!("customer {name}")), "{found:?}");
}

#[tokio::test]
async fn categories_are_read_in_any_case() {
    let app = TestApp::start().await;
    help(&app).await;
    create(&app.admin, json!({"subject": "Возврат не пришёл", "category": "billing"})).await;
    for (category, expected) in [
        ("BILLING", "ticket Возврат не пришёл"),
        (
            "%D0%B2%D0%BE%D0%B7%D0%B2%D1%80%D0%B0%D1%82%20%D0%B4%D0%B5%D0%BD%D0%B5%D0%B3",
            "article Возврат денег за тур",
        ),
    ] {
        let query = format!(
            "/api/support/search?q=%D0%B2%D0%BE%D0%B7%D0%B2%D1%80%D0%B0%D1%82&category={category}"
        );
        let found = titles(&app.admin.get(&query).await);
        assert!(found.contains(&expected.to_owned()), "{category}: {found:?}");
    }
}

#[tokio::test]
async fn that_there_may_be_more_than_were_put_in_order_is_said() {
    let app = TestApp::start().await;
    for number in 0..101 {
        article(&app, &format!("Палатка {number}"), "Палатка на двоих или на троих.", true).await;
    }
    article(&app, "Снегоступы", "Прокат снегоступов на день.", true).await;
    let many = search(&app.anonymous, "палатка").await;
    assert_eq!(
        (&many.data(200)["total"], &many.data(200)["totalCapped"]),
        (&json!(100), &json!(true))
    );
    let one = search(&app.anonymous, "снегоступы").await;
    assert_eq!(
        (&one.data(200)["total"], &one.data(200)["totalCapped"]),
        (&json!(1), &json!(false))
    );
}

#[tokio::test]
async fn a_common_word_is_found_also_where_the_newest_articles_lack_it() {
    let app = TestApp::start().await;
    articles(&app, 700, "Прогулка", "Тропа идёт вдоль берега океана.").await;
    articles(&app, 700, "Стоянка", "Место для лагеря под деревьями.").await;
    let common = search(&app.anonymous, "океан").await;
    assert_eq!(common.data(200)["total"], 100);
    assert!(titles(&common).iter().all(|title| title.starts_with("article Прогулка")));
    let both = search(&app.anonymous, "океан лагерь").await;
    assert_eq!(both.data(200)["results"][0]["foundBy"], "any_word");
    for seldom in ["океан 650", "лагерь 650"] {
        let reply = search(&app.anonymous, seldom).await;
        assert!(titles(&reply)[0].ends_with(" 650"), "{seldom}");
    }
}

/// Stores so many articles at once, with numbers behind their titles.
async fn articles(app: &TestApp, count: i32, title: &str, content: &str) {
    sqlx::query(
        "INSERT INTO knowledge_base_articles (title, slug, content, category, is_published)
         SELECT $2 || ' ' || number, md5($2 || number), $3, 'Маршруты', true FROM generate_series(1, $1) AS number",
    )
    .bind(count)
    .bind(title)
    .bind(content)
    .execute(app.database.db.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn an_answer_names_the_address_that_an_article_has_now() {
    let app = TestApp::start().await;
    help(&app).await;
    let before = search(&app.anonymous, "принтер").await;
    let id = before.data(200)["results"][0]["id"].as_str().unwrap().to_owned();
    let article = format!("/api/support/knowledge-base/{id}");
    app.admin.patch(&article, json!({"slug": "pechat-bileta"})).await.data(200);
    let after = search(&app.anonymous, "принтер").await;
    assert_eq!(after.data(200)["results"][0]["slug"], "pechat-bileta");
}

#[tokio::test]
async fn a_word_that_a_document_brings_is_known_at_once_though_it_was_asked_for_before() {
    let app = TestApp::start().await;
    help(&app).await;
    assert!(titles(&search(&app.anonymous, "беспилотник").await).is_empty());
    article(&app, "Беспилотник в заповеднике", "Нужно разрешение заповедника.", true).await;
    let reply = search(&app.anonymous, "беспилотники").await;
    assert_eq!(titles(&reply), ["article Беспилотник в заповеднике"]);
    work(&app).await;
}
