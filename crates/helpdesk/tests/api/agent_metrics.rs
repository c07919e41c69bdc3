use kamhub_testkit::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn figures_of_an_agent_count_the_period_that_is_asked_for() {
    let app = TestApp::start().await;
    let body = json!({"email": "anna@kamhub.example", "name": "Anna",
        "specialization": ["booking"], "maxConcurrentTickets": 4});
    let anna = app.admin.post("/api/support/agents", body).await.data(201).clone();
    let id: i64 = anna["id"].as_str().unwrap().parse().unwrap();
    let pool = app.app.db.pool();
    sqlx::query(
        "INSERT INTO tickets (subject, description, customer_name, customer_email, status, agent_id,
             queue_at, created_at, first_response_at, resolved_at)
         SELECT 'A subject', 'A description', 'Irina', 'irina@example.com', status, $1, at, at,
                at + answered, at + solved
         FROM (VALUES ('open', timestamptz '2026-02-20 00:00Z', interval '30 min', NULL::interval),
                      ('closed', '2026-02-21 00:00Z', '90 min', '4 h'),
                      ('resolved', '2026-02-22 00:00Z', NULL, '2 h'),
                      ('closed', '2025-02-22 00:00Z', '9 h', '99 h'))
              AS t (status, at, answered, solved)",
    )
    .bind(id)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO ticket_messages (ticket_id, sender_type, sender_id, sender_name, message,
             rating, rated_at, created_at)
         SELECT (SELECT min(id) FROM tickets), 'agent', $1, 'Anna', 'Hello', rating, at, at
         FROM (VALUES (5::smallint, timestamptz '2026-02-21 00:00Z'), (4, '2026-02-21 00:00Z'),
                      (1, '2025-01-01 00:00Z')) AS t (rating, at)",
    )
    .bind(id)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("UPDATE agent_load SET open_tickets = 3 WHERE agent_id = $1")
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
    let figures = format!("/api/support/agents/{id}/metrics");
    assert_eq!(
        app.admin.get(&figures).await.data(200),
        &json!({
            "agentId": anna["id"], "name": "Anna",
            "period": {"from": "2026-01-31T03:00:00Z", "to": "2026-03-02T03:00:00Z"},
            "openTickets": 3, "capacity": 4, "utilisation": 0.75,
            "assignedTickets": 3, "resolvedTickets": 2, "closedTickets": 1,
            "averageFirstResponseMinutes": 60.0, "averageResolutionMinutes": 180.0,
            "averageRating": 4.5, "ratingCount": 2,
            "averageFeedback": null, "feedbackCount": 0, "csat": null,
        })
    );
    let none = app.admin.get(&format!("{figures}?from=2024-05-01&to=2024-05-31")).await;
    assert_eq!(none.data(200)["assignedTickets"], 0);
    assert_eq!(none.data(200)["averageRating"], Value::Null);
    for wrong in ["from=2026-02-02&to=2026-02-01", "from=2020-01-01", "from=yesterday"] {
        let reply = app.admin.get(&format!("{figures}?{wrong}")).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["from"].is_string(), "{wrong}");
    }
}
