//! Lists of feedback, and its figures.

use chrono::Duration;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::feedback::{PATH, give};
use crate::speaking::customer;
use crate::support::{agent, create};

/// A ticket with feedback of this rating, of a customer of its own.
async fn rated(app: &TestApp, number: i64, rating: i64, changes: Value) -> Value {
    let ticket = create(
        &app.admin,
        json!({"customerId": number,
        "customerEmail": format!("c{number}@example.com"),
        "category": if number % 2 == 0 { "billing" } else { "booking" }}),
    )
    .await;
    let mut body = changes;
    body["rating"] = json!(rating);
    let given = give(&customer(app, &ticket), &ticket, body).await;
    given.data(201).clone()
}

fn ids(reply: &kamhub_testkit::Reply) -> Vec<&str> {
    reply.data(200).as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_is_narrowed_by_agent_customer_and_rating_and_followed_by_its_cursor() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 50})).await;
    let mut given = Vec::new();
    for (number, rating) in [(1, 5), (2, 1), (3, 3), (4, 1), (5, 4)] {
        given.push(rated(&app, number, rating, json!({})).await);
        app.clock.advance(Duration::minutes(1));
    }
    let newest_first = |places: &[usize]| -> Vec<&str> {
        places.iter().map(|place| given[*place]["id"].as_str().unwrap()).collect()
    };
    let list = |query: &str| {
        let path = format!("{PATH}?{query}");
        let admin = app.admin.clone();
        async move { admin.get(&path).await }
    };
    assert_eq!(ids(&list("").await), newest_first(&[4, 3, 2, 1, 0]));
    let of_anna = format!("agentId={}", anna["id"].as_str().unwrap());
    assert_eq!(ids(&list(&of_anna).await), newest_first(&[4, 3, 2, 1, 0]));
    assert_eq!(ids(&list(&format!("{of_anna}&ratingMax=3")).await), newest_first(&[3, 2, 1]));
    assert_eq!(ids(&list("ratingMin=4").await), newest_first(&[4, 0]));
    assert_eq!(ids(&list("ratingMin=1&ratingMax=1").await), newest_first(&[3, 1]));
    assert_eq!(ids(&list("customerId=3").await), newest_first(&[2]));
    assert_eq!(ids(&list("customerId=3&ratingMin=4").await), newest_first(&[]));
    assert_eq!(list("ratingMax=3").await.json["total"], 3);
    assert_eq!(ids(&list("limit=2&page=2").await), newest_first(&[2, 1]));
    let mut walked = Vec::new();
    let mut query = "limit=2&ratingMax=4".to_owned();
    loop {
        let page = list(&query).await;
        walked.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page.json["nextCursor"].as_str() else { break };
        query = format!("limit=2&ratingMax=4&cursor={cursor}");
    }
    assert_eq!(walked, newest_first(&[4, 3, 2, 1]));
    let wrong = list("ratingMin=4&ratingMax=2&cursor=x").await;
    assert_eq!(wrong.fault(400, "VALIDATION_FAILED").as_object().unwrap().len(), 2);
    for query in ["ratingMin=0", "ratingMax=6", "agentId=anna", "limit=101", "page=0"] {
        list(query).await.fault(400, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn figures_say_what_customers_think_of_the_desk() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"team": "payments", "maxConcurrentTickets": 50})).await;
    rated(
        &app,
        1,
        5,
        json!({"wouldRecommend": true, "npsScore": 10, "cesScore": 7,
        "categories": {"responseTime": 5, "knowledge": 4}}),
    )
    .await;
    rated(
        &app,
        2,
        4,
        json!({"wouldRecommend": true, "npsScore": 8,
        "categories": {"responseTime": 2}}),
    )
    .await;
    rated(&app, 3, 2, json!({"wouldRecommend": false, "npsScore": 6})).await;
    app.anonymous
        .post(PATH, json!({"overallRating": 5, "npsScore": 9, "cesScore": 4}))
        .await
        .data(201);
    let all = app.admin.get(&format!("{PATH}/metrics?groupBy=category")).await;
    let all = all.data(200);
    assert_eq!((&all["responses"], &all["averageRating"]), (&json!(3), &json!(3.67)));
    assert_eq!((&all["csat"], &all["ratingCounts"]), (&json!(66.67), &json!([0, 1, 0, 1, 1])));
    assert_eq!(all["categories"]["responseTime"], 3.5);
    assert_eq!(all["categories"]["professionalism"], Value::Null);
    assert_eq!(all["recommendShare"], 66.67);
    let nps = json!({"score": 25.0, "promoters": 2, "passives": 1, "detractors": 1});
    assert_eq!(all["nps"], nps, "surveys count with the whole desk");
    assert_eq!(all["ces"], json!({"average": 5.5, "answers": 2}));
    assert_eq!(all["surveys"]["responses"], 1);
    let groups = all["groups"].as_array().unwrap();
    assert_eq!((&groups[0]["key"], &groups[0]["responses"]), (&json!("booking"), &json!(2)));
    assert_eq!((&groups[1]["key"], &groups[1]["csat"]), (&json!("billing"), &json!(100.0)));

    let of_anna = format!("{PATH}/metrics?groupBy=agent&agentId={}", anna["id"].as_str().unwrap());
    let of_anna = app.admin.get(&of_anna).await;
    let of_anna = of_anna.data(200);
    assert_eq!(of_anna["groups"][0]["name"], "Anna");
    assert_eq!(of_anna["surveys"], Value::Null);
    assert_eq!(of_anna["nps"]["score"], 0.0, "a survey is of no agent");
    let of_team = app.admin.get(&format!("{PATH}/metrics?team=payments&category=BILLING")).await;
    assert_eq!(of_team.data(200)["responses"], 1);
    let earlier = app.admin.get(&format!("{PATH}/metrics?from=2025-01-01&to=2025-02-01")).await;
    assert_eq!(earlier.data(200)["responses"], 0);
    assert_eq!(earlier.data(200)["csat"], Value::Null);
    let wrong = app.admin.get(&format!("{PATH}/metrics?from=2020-01-01&groupBy=moon")).await;
    wrong.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn weeks_begin_on_monday_in_utc() {
    let app = TestApp::start().await;
    for number in 1..=3 {
        rated(&app, number, 5, json!({})).await;
        app.clock.advance(Duration::days(3));
    }
    let by_week = app.admin.get(&format!("{PATH}/metrics?groupBy=week")).await;
    let groups: Vec<(String, i64)> = by_week.data(200)["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            (group["key"].as_str().unwrap().to_owned(), group["responses"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(groups, [("2026-03-02".to_owned(), 3)]);
    app.clock.advance(Duration::days(1));
    rated(&app, 4, 1, json!({})).await;
    let by_week = app.admin.get(&format!("{PATH}/metrics?groupBy=week")).await;
    assert_eq!(by_week.data(200)["groups"][1]["key"], "2026-03-09");
}

/// Many customers say and change what they think at the same time, and every one of them twice at
/// once: one row each, and the agent's score is that of the rows.
#[tokio::test]
async fn scores_stay_right_when_many_say_something_at_once() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 50})).await;
    let mut tickets = Vec::new();
    for number in 1..=12 {
        let changes =
            json!({"customerId": number, "customerEmail": format!("c{number}@example.com")});
        tickets.push(create(&app.admin, changes).await);
    }
    let calls = (0..72_usize).map(|call| {
        let ticket = &tickets[call % tickets.len()];
        give(&app.admin, ticket, json!({"rating": call / tickets.len() % 5 + 1}))
    });
    let replies = futures::future::join_all(calls).await;
    let first = replies.iter().filter(|reply| reply.status.as_u16() == 201).count();
    assert!(replies.iter().all(|reply| reply.status.is_success()));
    let (rows, sum): (i64, i64) =
        sqlx::query_as("SELECT count(*), sum(rating)::bigint FROM feedback WHERE agent_id = $1")
            .bind(anna["id"].as_str().unwrap().parse::<i64>().unwrap())
            .fetch_one(app.app.db.pool())
            .await
            .unwrap();
    assert_eq!((rows, first), (12, 12));
    let path = format!("/api/support/agents/{}/metrics", anna["id"].as_str().unwrap());
    let figures = app.admin.get(&path).await.data(200).clone();
    assert_eq!(figures["feedbackCount"], rows);
    let average = (sum as f64 / rows as f64 * 100.0).round() / 100.0;
    assert_eq!(figures["averageFeedback"], average);
    let metrics = app.admin.get(&format!("{PATH}/metrics")).await.data(200).clone();
    assert_eq!((&metrics["responses"], &metrics["averageRating"]), (&json!(rows), &json!(average)));
}
