use kamhub_helpdesk::category::Category;
use kamhub_helpdesk::sla::policies::service;
use kamhub_helpdesk::tickets::model::Priority;
use kamhub_kernel::Role;
use kamhub_testkit::{Client, TestApp};
use serde_json::{Value, json};

const POLICIES: &str = "/api/support/sla/policies";

/// The body of a policy with the contract's default targets, with what the test says otherwise.
fn policy(name: &str, otherwise: Value) -> Value {
    let mut body = json!({"name": name, "firstResponseTime": 4, "resolutionTime": 24});
    for (field, value) in otherwise.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn create(client: &Client, name: &str, otherwise: Value) -> Value {
    client.post(POLICIES, policy(name, otherwise)).await.data(201).clone()
}

fn path(policy: &Value) -> String {
    format!("{POLICIES}/{}", policy["id"].as_str().unwrap())
}

/// The name of the policy that applies.
async fn matching(app: &TestApp, category: &str, priority: &str) -> String {
    let category: Category = category.parse().unwrap();
    let priority: Priority = priority.parse().unwrap();
    let mut connection = app.app.db.connection().await.unwrap();
    let found = service::matching(&mut connection, category, priority).await.unwrap();
    let policy = service::read(&mut connection, found.policy.policy_id).await.unwrap();
    assert_eq!(i64::from(found.policy.number), i64::from(policy.version));
    policy.name
}

#[tokio::test]
async fn the_built_in_default_promises_four_hours_and_a_day() {
    let app = TestApp::start().await;
    let list = app.admin.get(POLICIES).await;
    assert_eq!(list.json["total"], 1);
    let default = &list.data(200)[0];
    assert_eq!((&default["name"], &default["isDefault"]), (&json!("Default"), &json!(true)));
    assert_eq!((&default["category"], &default["priority"]), (&json!("any"), &json!("any")));
    assert_eq!(
        (&default["firstResponseTime"], &default["resolutionTime"]),
        (&json!(4), &json!(24))
    );
    assert_eq!((&default["nextResponseTime"], &default["calendarId"]), (&Value::Null, &json!("1")));
    assert_eq!(matching(&app, "refund", "low").await, "Default");
}

#[tokio::test]
async fn a_policy_is_created_and_read_back_in_hours_and_minutes() {
    let app = TestApp::start().await;
    let body = json!({
        "category": "BILLING", "priority": "Urgent", "firstResponseTime": null,
        "firstResponseMinutes": 5, "nextResponseTime": 1.5, "resolutionTime": 8,
        "resolutionMinutes": 480, "pausesOnHold": false,
        "warnings": [{"metric": "resolution", "percent": 80}, {"minutesBefore": 10}],
        "escalations": [{"afterMinutes": 30, "recipients": ["Supervisors", "assignee", "assignee"]}],
    });
    let reply = app.admin.post(POLICIES, policy(" Urgent billing ", body)).await;
    let stored = reply.data(201).clone();
    assert_eq!(
        stored,
        json!({
            "id": stored["id"], "name": "Urgent billing", "category": "billing", "priority": "urgent",
            "firstResponseTime": 0.08, "firstResponseMinutes": 5, "nextResponseTime": 1.5,
            "nextResponseMinutes": 90, "resolutionTime": 8, "resolutionMinutes": 480,
            "active": true, "isDefault": false, "calendarId": "1", "pausesWaitingCustomer": true,
            "pausesOnHold": false,
            "warnings": [{"metric": "resolution", "percent": 80}, {"minutesBefore": 10}],
            "escalations": [{"afterMinutes": 30, "recipients": ["supervisors", "assignee"],
                "action": "notify"}],
            "notices": [], "policyVersionId": stored["policyVersionId"], "version": 1,
            "createdAt": "2026-03-02T03:00:00Z", "updatedAt": "2026-03-02T03:00:00Z",
        })
    );
    assert_eq!((reply.header("location"), reply.header("etag")), (path(&stored).as_str(), "\"1\""));
    assert_eq!(app.admin.get(&path(&stored)).await.data(200), &stored);
}

#[tokio::test]
async fn all_faults_of_a_policy_are_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "ab", "category": "cooking", "priority": 7, "firstResponseTime": 0.5,
        "nextResponseMinutes": 0, "resolutionTime": 24,
        "resolutionMinutes": 60, "active": "yes", "calendarId": -1,
        "warnings": [{"percent": 100}, {}, {"percent": 50, "minutesBefore": 5}, {"metric": "speed"}],
        "escalations": [{"recipients": ["boss"]}, {"afterMinutes": 43201, "recipients": [],
            "action": "panic"}],
    });
    let reply = app.admin.post(POLICIES, body).await;
    let metrics = reply.fault(400, "VALIDATION_FAILED")["warnings.3.metric"].clone();
    assert!(metrics.as_str().unwrap().contains("resolution"), "{metrics}");
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({
            "name": "Name must be at least 3 characters",
            "category": "Category must be one of billing, technical, booking, cancellation, refund, \
                feedback, bug_report, feature_request, other, or any",
            "priority": "Priority must be a text",
            "firstResponseTime": "First response time must be between 1 and 168",
            "nextResponseMinutes": "Next response minutes must be between 1 and 10080",
            "resolutionMinutes": "Resolution minutes contradicts resolutionTime: that is 1440 minutes",
            "active": "Active must be true or false",
            "calendarId": "Calendar id must be a positive whole number",
            "warnings.0.percent": "Percent must be between 1 and 99",
            "warnings.1.percent": "Give either percent or minutesBefore",
            "warnings.2.percent": "Give either percent or minutesBefore",
            "warnings.3.metric": metrics,
            "warnings.3.percent": "Give either percent or minutesBefore",
            "escalations.0.recipients":
                "Recipients must be one of assignee, team, supervisors, or user: and a user's id",
            "escalations.0.afterMinutes": "After minutes is required",
            "escalations.1.afterMinutes": "After minutes must be between 0 and 43200",
            "escalations.1.recipients": "Recipients must name at least one",
            "escalations.1.action": "Action must be one of notify, reassign, raise_priority",
        })
    );
    assert_eq!(app.admin.get(POLICIES).await.json["total"], 1);
}

#[tokio::test]
async fn what_is_missing_out_of_bounds_or_not_there_is_told_and_nothing_is_stored() {
    let app = TestApp::start().await;
    let nothing = app.admin.post(POLICIES, json!({})).await;
    assert_eq!(
        nothing.fault(400, "VALIDATION_FAILED"),
        &json!({
            "name": "Name is required", "firstResponseTime": "First response time is required",
            "resolutionTime": "Resolution time is required",
        })
    );
    let bounds =
        json!({"firstResponseTime": 169, "resolutionMinutes": 43_201, "resolutionTime": null});
    let reply = app.admin.post(POLICIES, policy("Slow", bounds)).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({
            "firstResponseTime": "First response time must be between 1 and 168",
            "resolutionMinutes": "Resolution minutes must be between 1 and 43200",
        })
    );
    let elsewhere = json!({"calendarId": "99",
        "escalations": [{"afterMinutes": 0, "recipients": ["user:999"]}]});
    let reply = app.admin.post(POLICIES, policy("Elsewhere", elsewhere)).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({
            "calendarId": "There is no such calendar in use",
            "escalations.0.recipients": "There is no user with the id 999",
        })
    );
    assert_eq!(app.admin.get(POLICIES).await.json["total"], 1);
}

#[tokio::test]
async fn what_a_body_refers_to_is_told_with_its_other_faults() {
    let app = TestApp::start().await;
    let body = json!({"name": "ab", "firstResponseTime": "4", "calendarId": "999",
        "escalations": [{"afterMinutes": 0, "recipients": ["supervisors", "user:9999"]}]});
    let mut expected = json!({
        "name": "Name must be at least 3 characters",
        "firstResponseTime": "First response time must be a number",
        "resolutionTime": "Resolution time is required",
        "calendarId": "There is no such calendar in use",
        "escalations.0.recipients": "There is no user with the id 9999",
    });
    let reply = app.admin.post(POLICIES, body.clone()).await;
    assert_eq!(reply.fault(400, "VALIDATION_FAILED"), &expected);
    let stored = create(&app.admin, "Stored", json!({})).await;
    expected.as_object_mut().unwrap().remove("resolutionTime");
    let reply = app.admin.patch(&path(&stored), body.clone()).await;
    assert_eq!(reply.fault(400, "VALIDATION_FAILED"), &expected);
    let nobody = app.admin.put(&format!("{POLICIES}/999"), body).await;
    assert_eq!(nobody.fault(400, "VALIDATION_FAILED").as_object().unwrap().len(), 2);
    assert_eq!(app.admin.get(&path(&stored)).await.data(200), &stored);
}

#[tokio::test]
async fn a_policy_can_be_written_back_as_it_was_read() {
    let app = TestApp::start().await;
    for (first, next, resolution) in
        [(100, 30, 1), (1, 10_080, 43_200), (61, 59, 719), (240, 7, 43)]
    {
        let targets = json!({"category": "billing", "firstResponseTime": null, "resolutionTime": null,
            "firstResponseMinutes": first, "nextResponseMinutes": next, "resolutionMinutes": resolution,
            "warnings": [{"percent": 80}],
            "escalations": [{"afterMinutes": 0, "recipients": ["assignee"]}]});
        let stored = create(&app.admin, "Odd minutes", targets).await;
        let mut read = app.admin.get(&path(&stored)).await.data(200).clone();
        assert_eq!(app.admin.put(&path(&stored), read.clone()).await.data(200), &stored);
        read["name"] = json!("Renamed");
        let renamed = app.admin.put(&path(&stored), read.clone()).await.data(200).clone();
        assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Renamed"), &json!(2)));
        assert_eq!(renamed["firstResponseMinutes"], first);
        read["version"] = json!(2);
        read["firstResponseTime"] = json!(100);
        let reply = app.admin.put(&path(&stored), read).await;
        let sentence = &reply.fault(400, "VALIDATION_FAILED")["firstResponseMinutes"];
        assert_eq!(
            sentence,
            "First response minutes contradicts firstResponseTime: that is 6000 minutes"
        );
        assert_eq!(app.admin.delete(&path(&stored)).await.status, 204);
    }
    let default = app.admin.get(&format!("{POLICIES}/1")).await.data(200).clone();
    assert_eq!(app.admin.put(&path(&default), default.clone()).await.data(200), &default);
}

#[tokio::test]
async fn a_resolution_before_the_first_response_is_stored_with_a_notice() {
    let app = TestApp::start().await;
    let odd = create(&app.admin, "Odd", json!({"resolutionTime": 2, "nextResponseTime": 3})).await;
    let notices = odd["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(
        notices[0].as_str().unwrap().starts_with("Resolution is due before the first response")
    );
    let even = app.admin.patch(&path(&odd), json!({"resolutionTime": 4})).await;
    assert_eq!(even.data(200)["notices"], json!([]));
}

#[tokio::test]
async fn the_most_exact_active_policy_applies_and_the_built_in_one_last() {
    let app = TestApp::start().await;
    let all = create(&app.admin, "For all", json!({"category": "any", "priority": null})).await;
    let category = create(&app.admin, "Billing", json!({"category": "billing"})).await;
    let priority = create(&app.admin, "High", json!({"priority": "high"})).await;
    let pair =
        create(&app.admin, "Billing high", json!({"category": "billing", "priority": "high"}))
            .await;
    create(&app.admin, "Off", json!({"category": "refund", "active": false})).await;
    assert_eq!(matching(&app, "billing", "high").await, "Billing high");
    assert_eq!(matching(&app, "billing", "low").await, "Billing");
    assert_eq!(matching(&app, "refund", "high").await, "High");
    assert_eq!(matching(&app, "refund", "low").await, "For all");
    app.admin.patch(&path(&pair), json!({"active": false})).await.data(200);
    assert_eq!(matching(&app, "billing", "high").await, "Billing");
    assert_eq!(app.admin.delete(&path(&category)).await.status, 204);
    assert_eq!(matching(&app, "billing", "high").await, "High");
    assert_eq!(app.admin.delete(&path(&priority)).await.status, 204);
    assert_eq!(matching(&app, "billing", "high").await, "For all");
    assert_eq!(app.admin.delete(&path(&all)).await.status, 204);
    assert_eq!(matching(&app, "billing", "high").await, "Default");
}

#[tokio::test]
async fn one_pair_has_one_active_policy() {
    let app = TestApp::start().await;
    let first =
        create(&app.admin, "First", json!({"category": "billing", "priority": "high"})).await;
    let second = policy("Second", json!({"category": "billing", "priority": "high"}));
    let refused = app.admin.post(POLICIES, second.clone()).await;
    refused.fault(409, "POLICY_EXISTS");
    let id = first["id"].as_str().unwrap();
    assert_eq!(
        refused.json["message"],
        format!(
            "The active policy \"First\" (id {id}) is for category billing and priority high already: \
            change it, or deactivate it first"
        )
    );
    let waiting = create(
        &app.admin,
        "Waiting",
        json!({"category": "billing", "priority": "high",
        "active": false}),
    )
    .await;
    let on = json!({"active": true});
    app.admin.patch(&path(&waiting), on.clone()).await.fault(409, "POLICY_EXISTS");
    app.admin.patch(&path(&first), json!({"active": false})).await.data(200);
    app.admin.patch(&path(&waiting), on).await.data(200);
    // Several requests at once: one wins, the others are told which.
    let body = || policy("Race", json!({"category": "refund"}));
    let (a, b, c) = tokio::join!(
        app.admin.post(POLICIES, body()),
        app.admin.post(POLICIES, body()),
        app.admin.post(POLICIES, body())
    );
    let mut statuses = [a, b, c].map(|reply| reply.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn the_built_in_default_is_edited_but_neither_deactivated_deleted_nor_narrowed() {
    let app = TestApp::start().await;
    let default = app.admin.get(&format!("{POLICIES}/1")).await.data(200).clone();
    for change in
        [json!({"active": false}), json!({"category": "billing"}), json!({"priority": "low"})]
    {
        app.admin.patch(&path(&default), change).await.fault(409, "DEFAULT_POLICY");
    }
    app.admin.delete(&path(&default)).await.fault(409, "DEFAULT_POLICY");
    let faster = app.admin.patch(&path(&default), json!({"firstResponseTime": 2})).await;
    assert_eq!(
        (&faster.data(200)["version"], &faster.data(200)["isDefault"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(matching(&app, "other", "medium").await, "Default");
}

#[tokio::test]
async fn each_change_is_a_version_and_versions_outlive_their_policy() {
    let app = TestApp::start().await;
    let policy =
        create(&app.admin, "Billing", json!({"category": "billing", "nextResponseTime": 2})).await;
    app.clock.advance(chrono::Duration::minutes(1));
    let supervisor = app.key(Role::Supervisor, None).await;
    let change = json!({"firstResponseMinutes": 30, "nextResponseTime": null});
    let changed = supervisor.put(&path(&policy), change.clone()).await;
    let mut expected = policy.clone();
    for (field, value) in [
        ("firstResponseTime", json!(0.5)),
        ("firstResponseMinutes", json!(30)),
        ("nextResponseTime", Value::Null),
        ("nextResponseMinutes", Value::Null),
        ("version", json!(2)),
        ("updatedAt", json!("2026-03-02T03:01:00Z")),
        ("policyVersionId", changed.data(200)["policyVersionId"].clone()),
    ] {
        expected[field] = value;
    }
    assert_eq!(changed.data(200), &expected);
    assert_ne!(expected["policyVersionId"], policy["policyVersionId"]);
    // The same again is no change.
    assert_eq!(supervisor.put(&path(&policy), change).await.data(200)["version"], 2);
    assert_eq!(supervisor.delete(&path(&policy)).await.status, 204);
    supervisor.get(&path(&policy)).await.fault(404, "NOT_FOUND");
    supervisor.patch(&path(&policy), json!({"active": true})).await.fault(404, "NOT_FOUND");
    supervisor.delete(&path(&policy)).await.fault(404, "NOT_FOUND");
    let versions = supervisor.get(&format!("{}/versions", path(&policy))).await;
    let rows = versions.data(200).as_array().unwrap();
    let told: Vec<_> =
        rows.iter().map(|row| (row["version"].clone(), row["active"].clone())).collect();
    assert_eq!(told, [(json!(3), json!(false)), (json!(2), json!(true)), (json!(1), json!(true))]);
    assert_eq!(rows[2]["firstResponseMinutes"], 240);
    assert_eq!(rows[2]["updatedAt"], "2026-03-02T03:00:00Z");
    assert!(rows[0]["createdBy"].as_str().unwrap().starts_with("service:"));
    app.admin.get(&format!("{POLICIES}/999/versions")).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_stale_change_gets_the_policy_as_it_is() {
    let app = TestApp::start().await;
    let policy = create(&app.admin, "Billing", json!({"category": "billing"})).await;
    app.admin.patch(&path(&policy), json!({"name": "Money"})).await.data(200);
    let stale = app.admin.header("if-match", "\"1\"");
    let reply = stale.patch(&path(&policy), json!({"name": "Cash"})).await;
    reply.fault(409, "VERSION_CONFLICT");
    assert_eq!(reply.json["current"]["name"], "Money");
    stale.delete(&path(&policy)).await.fault(409, "VERSION_CONFLICT");
    let reply = app.admin.patch(&path(&policy), json!({"name": "Cash", "version": 1})).await;
    reply.fault(409, "VERSION_CONFLICT");
    app.admin.patch(&path(&policy), json!({"name": "Cash", "version": 2})).await.data(200);
}

#[tokio::test]
async fn everybody_of_the_desk_reads_policies_and_supervisors_change_them() {
    let app = TestApp::start().await;
    for role in [Role::Viewer, Role::Agent] {
        let client = app.key(role, None).await;
        client.get(POLICIES).await.data(200);
        client.get(&format!("{POLICIES}/1/versions")).await.data(200);
        client.post(POLICIES, policy("Mine", json!({}))).await.fault(403, "FORBIDDEN");
        client.patch(&format!("{POLICIES}/1"), json!({})).await.fault(403, "FORBIDDEN");
    }
    create(&app.key(Role::Supervisor, None).await, "Ours", json!({})).await;
}
