use chrono::Duration;
use kamhub_helpdesk::tickets::query::SortKey;
use kamhub_kernel::page::encode_cursor;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::support::create;

#[tokio::test]
async fn lists_filter_sort_and_page() {
    let app = TestApp::start().await;
    for (index, priority) in ["low", "critical", "medium", "urgent", "high"].iter().enumerate() {
        let changes = json!({"priority": priority, "subject": format!("Ticket {index}"),
            "category": if index % 2 == 0 { "refund" } else { "booking" }, "tags": [priority]});
        create(&app.admin, changes).await;
        app.clock.advance(Duration::hours(1));
    }
    let subjects = |query: &'static str| {
        let admin = app.admin.clone();
        async move {
            let reply = admin.get(&format!("/api/support/tickets?{query}")).await;
            let rows = reply.data(200).as_array().unwrap().clone();
            rows.iter()
                .map(|row| row["subject"].as_str().unwrap()[7..].to_owned())
                .collect::<String>()
        }
    };
    assert_eq!(subjects("").await, "43210");
    assert_eq!(subjects("sortOrder=ASC").await, "01234");
    assert_eq!(subjects("sortBy=priority").await, "13420");
    assert_eq!(subjects("sortBy=priority&sortOrder=asc").await, "02431");
    assert_eq!(subjects("category=REFUND").await, "420");
    assert_eq!(subjects("category=refund,booking&priority=low&priority=high").await, "40");
    assert_eq!(subjects("tag=urgent").await, "3");
    assert_eq!(subjects("customerId=42&limit=2&page=2").await, "21");
    assert_eq!(subjects("fromDate=2026-03-02T05:00:00Z&toDate=2026-03-02T06:00:00Z").await, "32");
    assert_eq!(subjects("fromDate=2026-03-03").await, "");
    assert_eq!(subjects("toDate=2026-03-02").await, "43210");
    assert_eq!(subjects("assignedTo=nobody&status=open").await, "43210");
    assert_eq!(subjects("agentId=5").await, "");
    assert_eq!(subjects("search=TKT-3").await, "2");
}

#[tokio::test]
async fn the_cursor_goes_through_a_list_without_gap_or_repetition() {
    let app = TestApp::start().await;
    for _ in 0..7 {
        create(&app.admin, json!({})).await;
    }
    for sorting in ["sortBy=createdAt", "sortBy=updatedAt&sortOrder=ASC", "sortBy=priority"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let query = format!("/api/support/tickets?{sorting}&limit=3&cursor={cursor}");
            let page = app.admin.get(&query).await;
            seen.extend(page.data(200).as_array().unwrap().iter().map(|row| row["id"].to_string()));
            match page.json["nextCursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 7, "{sorting}");
    }
    let first = app.admin.get("/api/support/tickets?limit=2").await;
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let other = format!("/api/support/tickets?sortBy=priority&cursor={cursor}");
    assert!(app.admin.get(&other).await.fault(400, "VALIDATION_FAILED")["cursor"].is_string());
}

#[tokio::test]
async fn faults_of_a_query_are_told_by_parameter() {
    let app = TestApp::start().await;
    let query = "status=lost&page=0&limit=101&fromDate=tomorrow&sortBy=colour&agentId=x&total=all";
    let reply = app.admin.get(&format!("/api/support/tickets?{query}")).await;
    let errors = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    let named: Vec<&str> = errors.keys().map(String::as_str).collect();
    assert_eq!(named, ["agentId", "fromDate", "limit", "page", "sortBy", "status"]);
    let deep = app.admin.get("/api/support/tickets?page=1000&limit=100").await;
    assert!(deep.fault(400, "VALIDATION_FAILED")["page"].is_string());
}

#[tokio::test]
async fn search_finds_words_in_both_languages_in_any_form() {
    let app = TestApp::start().await;
    create(
        &app.admin,
        json!({"subject": "Отмена восхождения на вулкан", "description":
        "Из-за погоды отменили восхождение, верните деньги за тёплые вещи."}),
    )
    .await;
    create(&app.admin, json!({"subject": "Helicopter tours were cancelled"})).await;
    let found = |words: &'static str| {
        let admin = app.admin.clone();
        async move {
            let words: String = words.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let reply = admin.get(&format!("/api/support/tickets?search={words}")).await;
            reply
                .data(200)
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["id"].clone())
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(found("вулканы").await, ["1"]);
    assert_eq!(found("теплая вещь").await, ["1"]);
    assert_eq!(found("helicopters tour").await, ["2"]);
    assert_eq!(found("\"cancelled were\"").await, Vec::<Value>::new());
    assert_eq!(found("нет такого").await, Vec::<Value>::new());
    assert_eq!(found("' OR 1=1 -- & | ! ( : *").await, Vec::<Value>::new());
}

#[tokio::test]
async fn totals_stop_at_a_thousand_unless_an_exact_one_is_asked_for() {
    let app = TestApp::start().await;
    let insert = "INSERT INTO tickets (subject, description, customer_name, customer_email, queue_at, category)
        SELECT 'Ticket ' || n, 'Ten characters at least', 'Anna', 'anna@example.com', now(),
            CASE WHEN n <= 1000 THEN 'refund' ELSE 'booking' END
        FROM generate_series(1, 1005) AS n";
    sqlx::query(insert).execute(app.database.db.pool()).await.unwrap();
    for _ in 0..2 {
        let list = app.admin.get("/api/support/tickets").await;
        assert_eq!((&list.json["total"], &list.json["totalCapped"]), (&json!(1000), &json!(true)));
        assert_eq!(list.data(200)[0]["subject"], "Ticket 1005");
    }
    let exact = app.admin.get("/api/support/tickets?total=exact").await;
    assert_eq!((&exact.json["total"], &exact.json["totalCapped"]), (&json!(1005), &json!(false)));
    let refunds = app.admin.get("/api/support/tickets?category=refund").await;
    assert_eq!(
        (&refunds.json["total"], &refunds.json["totalCapped"]),
        (&json!(1000), &json!(false))
    );
    create(&app.admin, json!({"category": "booking"})).await;
    let bookings = app.admin.get("/api/support/tickets?category=booking").await;
    assert_eq!(bookings.json["total"], 6, "a total below the cap is the one of now");
}

/// 2400 tickets of a hundred days, of which most ways to narrow a list leave more than a thousand.
async fn fill(app: &TestApp) {
    let insert = "INSERT INTO tickets (subject, description, customer_id, customer_name, customer_email, queue_at,
            priority, status, category, team, tags, created_at, updated_at)
        SELECT 'Ticket ' || n || CASE WHEN n % 2 = 0 THEN ' even' ELSE '' END || CASE WHEN n % 12 = 0 OR n < 1100 THEN ' seldom' ELSE '' END, 'Ten characters at least', 7, 'Anna', 'anna@example.com', now(),
            (ARRAY['low', 'high', 'critical'])[1 + n % 3], (ARRAY['open', 'on_hold', 'closed'])[1 + n % 7 % 3],
            (ARRAY['billing', 'billing', 'refund', 'technical'])[1 + n % 4], CASE WHEN n % 5 < 3 THEN 'Tours' END,
            CASE WHEN n % 12 = 0 OR n < 1100 THEN ARRAY['early'] ELSE '{}' END, made, made + (n * 7919 % 1000) * interval '3 hours'
        FROM (SELECT n, timestamptz '2025-11-20Z' + n * interval '1 hour' AS made FROM generate_series(1, 2400) AS n) t";
    sqlx::query(insert).execute(app.database.db.pool()).await.unwrap();
}

/// An order as it is asked for, and the same in SQL.
type Order = (&'static str, &'static str);

const PERIOD: &str = "fromDate=2025-11-25&toDate=2026-02-10";
const IN_PERIOD: &str = "created_at >= '2025-11-25Z' AND created_at < '2026-02-11Z'";
const CHANGED: Order = ("sortBy=updatedAt", "updated_at DESC, id DESC");
const CHANGED_ASC: Order = ("sortBy=updatedAt&sortOrder=ASC", "updated_at, id");
const CREATED: Order = ("", "created_at DESC, id DESC");
const CREATED_ASC: Order = ("sortOrder=ASC", "created_at, id");
const PRIORITY: Order = ("sortBy=priority", "priority_rank DESC, id DESC");
const PRIORITY_ASC: Order = ("sortBy=priority&sortOrder=ASC", "priority_rank, id");

/// Filters that more than a thousand of those tickets pass, the same in SQL, and orders.
const LONG: [(&str, &str, &[Order]); 14] = [
    (PERIOD, IN_PERIOD, &[CHANGED, CHANGED_ASC]),
    ("customerId=7", "true", &[CHANGED, PRIORITY]),
    ("status=open,on_hold", "status <> 'closed'", &[CREATED]),
    ("category=refund,billing,refund", "category <> 'technical'", &[CREATED, CHANGED]),
    ("category=billing", "category = 'billing'", &[CHANGED, PRIORITY_ASC]),
    ("priority=low,critical", "priority <> 'high'", &[CREATED, PRIORITY, PRIORITY_ASC]),
    (
        "status=closed,open&priority=low,critical",
        "status <> 'on_hold' AND priority <> 'high'",
        &[CHANGED, PRIORITY],
    ),
    ("team=Tours", "team = 'Tours'", &[CHANGED_ASC, PRIORITY]),
    ("search=ticket&team=Tours", "team = 'Tours'", &[CREATED]),
    ("search=even", "subject LIKE '% even%'", &[CREATED, CREATED_ASC, CHANGED, PRIORITY]),
    ("search=seldom", "subject LIKE '% seldom'", &[CREATED, CHANGED]),
    ("search=seldom%20ticket", "subject LIKE '% seldom'", &[CREATED]),
    ("search=ticket%20seldom", "subject LIKE '% seldom'", &[CREATED_ASC]),
    ("tag=early", "tags <> '{}'", &[CREATED, CHANGED_ASC]),
];

#[tokio::test]
async fn a_long_list_is_the_same_whichever_way_it_is_found() {
    let app = TestApp::start().await;
    fill(&app).await;
    let shapes = LONG.iter().flat_map(|(filter, condition, orders)| {
        orders.iter().map(move |(order, sorted)| (filter, order, condition, sorted))
    });
    for (filter, order, condition, sorted) in shapes {
        let sql =
            format!("SELECT id::text AS number FROM tickets WHERE {condition} ORDER BY {sorted}");
        let expected: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
            .fetch_all(app.database.db.pool())
            .await
            .unwrap();
        let (mut found, mut cursor) = (Vec::new(), String::new());
        while found.len() < expected.len() {
            let path = format!("/api/support/tickets?{filter}&{order}&limit=100{cursor}");
            let list = app.admin.get(&path).await;
            let rows = list.data(200).as_array().unwrap();
            assert!(!rows.is_empty(), "{path} ends too soon");
            found.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
            cursor = format!("&cursor={}", list.json["nextCursor"].as_str().unwrap_or_default());
        }
        assert!(expected.len() > 1000, "the list is long");
        assert_eq!(found, expected, "{filter} {order}");
        let third = app.admin.get(&format!("/api/support/tickets?{filter}&{order}&page=3")).await;
        let third: Vec<_> =
            third.data(200).as_array().unwrap().iter().map(|r| r["id"].clone()).collect();
        assert_eq!(third, expected[40..60], "{filter} {order}, third page");
    }
}

#[tokio::test]
async fn a_cursor_that_somebody_made_up_is_an_empty_page_or_a_fault_of_the_query() {
    let app = TestApp::start().await;
    fill(&app).await;
    let far = [i64::MIN, i64::MIN / 2, -1, 0, 253_402_300_800_000_000, i64::MAX / 2, i64::MAX];
    for (query, list) in [
        ("search=seldom", "createdAt desc"),
        ("search=seldom&sortOrder=ASC", "createdAt asc"),
        ("search=ticket%20seldom&sortBy=updatedAt", "updatedAt desc"),
        ("tag=early&sortBy=updatedAt&sortOrder=ASC", "updatedAt asc"),
        ("search=seldom&sortBy=priority", "priority desc"),
        ("sortBy=slaDue", "slaDue asc"),
        ("", "createdAt desc"),
    ] {
        for value in far {
            let key = SortKey { list: list.to_owned(), value, id: 1 };
            let path = format!("/api/support/tickets?{query}&cursor={}", encode_cursor(&key));
            let page = app.admin.get(&path).await;
            assert!([200, 400].contains(&page.status.as_u16()), "{value} {path}: {}", page.text);
        }
    }
}
