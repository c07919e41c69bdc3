use chrono::Duration;
use kamhub_helpdesk::category::Category;
use kamhub_helpdesk::jobs;
use kamhub_helpdesk::reports::runs::jobs::go_on;
use kamhub_helpdesk::sla::policies::service;
use kamhub_helpdesk::sla::policies::view::InForce;
use kamhub_helpdesk::tickets::model::Priority;
use kamhub_jobs::{Worker, WorkerOptions};
use kamhub_kernel::{Clock as _, Role};
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::sla::{clock, policy, sweep, time, waiting_since};
use crate::speaking::{post, say};
use crate::support::{create, patch};

const REEVALUATE: &str = "/api/support/sla/policies/re-evaluate";
const SIMULATE: &str = "/api/support/sla/simulate";

/// Works on a run until it is done, and gives it as it is then.
async fn finish(app: &TestApp, path: &str) -> Value {
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    while go_on(&app.app, id).await.unwrap() {}
    app.admin.get(path).await.data(200).clone()
}

async fn simulate(app: &TestApp, body: Value) -> Value {
    let begun = app.admin.post(SIMULATE, body).await;
    begun.data(202);
    finish(app, begun.header("location")).await["simulation"].clone()
}

async fn preview(app: &TestApp) -> Value {
    let reply = app.admin.post(REEVALUATE, json!({"preview": true})).await;
    reply.data(200)["preview"].clone()
}

fn faults(reply: &Reply) -> Vec<String> {
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    faults.keys().cloned().collect()
}

#[tokio::test]
async fn an_edited_policy_reaches_running_clocks_by_a_previewed_re_evaluation_only() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    let other = create(&app.admin, json!({})).await;
    say(&app, &other, "agent", "Here you are").await;
    let due = clock(&app, &ticket, "first_response").await["dueAt"].clone();
    assert_eq!(time(&due), app.clock.now() + Duration::hours(4));
    assert_eq!(preview(&app).await["changing"], 0);
    let faster = json!({"firstResponseTime": 2, "resolutionTime": 30});
    app.admin.patch("/api/support/sla/policies/1", faster).await.data(200);
    assert_eq!(clock(&app, &ticket, "first_response").await["dueAt"], due);
    let foreseen = preview(&app).await;
    assert_eq!((&foreseen["tickets"], &foreseen["changing"]), (&json!(2), &json!(2)));
    let example = &foreseen["examples"][0];
    assert_eq!((&example["ticketId"], &example["newPolicyId"]), (&ticket["id"], &json!("1")));
    assert_eq!(
        example["clocks"][0],
        json!({"metric": "first_response", "number": 1, "dueAt": due,
            "newDueAt": app.clock.now() + Duration::hours(2), "wouldBreach": false})
    );
    assert_eq!(foreseen["examples"][1]["clocks"].as_array().unwrap().len(), 1);
    // Looking has changed nothing.
    assert_eq!(clock(&app, &ticket, "first_response").await["dueAt"], due);
    let begun = app.admin.post(REEVALUATE, json!({})).await;
    let run = begun.data(202)["run"].clone();
    assert_eq!(
        (&run["state"], &run["total"], &run["done"]),
        (&json!("waiting"), &json!(2), &json!(0))
    );
    let again = app.admin.post(REEVALUATE, json!({})).await;
    again.fault(409, "RUN_UNDER_WAY");
    assert!(again.json["message"].as_str().unwrap().contains(run["id"].as_str().unwrap()));
    let done = finish(&app, begun.header("location")).await;
    assert_eq!((&done["state"], &done["done"]), (&json!("done"), &json!(2)));
    assert_eq!(done["reEvaluation"], json!({"changed": 2}));
    assert_eq!(done["finishedAt"], json!(app.clock.now()));
    let now = clock(&app, &ticket, "first_response").await;
    assert_eq!(time(&now["dueAt"]), app.clock.now() + Duration::hours(2));
    let resolution = clock(&app, &other, "resolution").await;
    assert_eq!(time(&resolution["dueAt"]), app.clock.now() + Duration::hours(30));
    assert_eq!(preview(&app).await["changing"], 0);
    app.admin.post(REEVALUATE, json!({})).await.data(202);
}

#[tokio::test]
async fn a_new_target_that_is_used_up_is_foreseen_and_becomes_a_breach_by_retarget() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({})).await;
    app.clock.advance(Duration::hours(3));
    let faster = json!({"firstResponseTime": 2});
    app.admin.patch("/api/support/sla/policies/1", faster).await.data(200);
    assert_eq!(preview(&app).await["examples"][0]["clocks"][0]["wouldBreach"], true);
    let begun = app.admin.post(REEVALUATE, json!({})).await;
    finish(&app, begun.header("location")).await;
    let clock = clock(&app, &ticket, "first_response").await;
    assert_eq!(clock["cause"], "retarget");
    assert_eq!(time(&clock["breachedAt"]), app.clock.now() - Duration::hours(1));
}

#[tokio::test]
async fn the_fitting_policy_is_the_same_for_one_ticket_and_for_many() {
    let app = TestApp::start().await;
    for (category, priority) in [
        ("billing", "any"),
        ("any", "high"),
        ("billing", "high"),
        ("any", "any"),
        ("refund", "low"),
    ] {
        let body = json!({"name": format!("{category} {priority}"), "category": category,
            "priority": priority});
        policy(&app, body).await;
    }
    policy(&app, json!({"name": "Off", "category": "other", "active": false})).await;
    let mut connection = app.app.db.connection().await.unwrap();
    let all = service::in_force(&mut connection).await.unwrap();
    for category in Category::ALL {
        for priority in Priority::ALL {
            let found = service::matching(&mut connection, *category, *priority).await.unwrap();
            let fitting = InForce::fitting(&all, *category, *priority).unwrap();
            assert_eq!(found.policy.id, fitting.policy.facts.version_id, "{category} {priority}");
            assert_eq!(found.calendar_version, fitting.calendar_version);
        }
    }
}

#[tokio::test]
async fn a_simulation_tells_which_past_tickets_would_have_changed_sides() {
    let app = TestApp::start().await;
    // Answered after 3 hours and 5 hours; the second broke the promise of 4 hours.
    let mut tickets = Vec::new();
    for hours in [3, 5] {
        let ticket = waiting_since(&app, Duration::hours(10), json!({})).await;
        let at = app.clock.now() - Duration::hours(10 - hours);
        let answer = json!({"senderType": "agent", "message": "Yes", "createdAt": at});
        post(&app, &ticket, answer).await.data(201);
        tickets.push(ticket);
    }
    sweep(&app).await;
    let strict =
        json!({"policies": [{"name": "Strict", "firstResponseTime": 2, "resolutionTime": 24}]});
    let found = simulate(&app, strict).await;
    assert_eq!(
        (&found["now"]["totalTickets"], &found["now"]["compliancePercentage"]),
        (&json!(2), &json!(50.0))
    );
    assert_eq!(found["then"]["firstResponseViolations"], 2);
    assert_eq!(found["then"]["compliancePercentage"], 0.0);
    assert_eq!((&found["becameViolating"], &found["becameCompliant"]), (&json!(1), &json!(0)));
    assert_eq!(
        found["changed"],
        json!([{"ticketId": tickets[0]["id"], "ticketNumber": tickets[0]["ticketNumber"],
            "now": [], "then": ["FIRST_RESPONSE_SLA"]}])
    );
    let lenient =
        json!({"policies": [{"name": "Lenient", "firstResponseTime": 6, "resolutionTime": 24}]});
    let found = simulate(&app, lenient).await;
    assert_eq!((&found["becameViolating"], &found["becameCompliant"]), (&json!(0), &json!(1)));
    assert_eq!(found["changed"][0]["ticketId"], tickets[1]["id"]);
    // A policy for others leaves these to the built-in default: as it was.
    let others = json!({"policies": [{"name": "Others", "category": "refund", "firstResponseTime": 1,
        "resolutionTime": 1}]});
    let found = simulate(&app, others).await;
    assert_eq!((&found["then"], &found["changed"]), (&found["now"], &json!([])));
    // Another period has none of them.
    let before =
        json!({"policies": [], "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"});
    assert_eq!(simulate(&app, before).await["now"]["totalTickets"], 0);
    // Nothing has changed.
    let kept = app.admin.get("/api/support/sla/compliance").await;
    assert_eq!(kept.data(200)["compliancePercentage"], 50.0);
    assert_eq!(app.admin.get("/api/support/sla/policies").await.json["total"], 1);
}

#[tokio::test]
async fn a_simulation_follows_changes_of_priority_and_draft_hours() {
    let app = TestApp::start().await;
    let ticket = create(&app.admin, json!({"priority": "low"})).await;
    app.clock.advance(Duration::hours(1));
    patch(&app, &ticket, json!({"priority": "urgent"})).await.data(200);
    app.clock.advance(Duration::hours(2));
    say(&app, &ticket, "agent", "Here").await;
    let urgent = |minutes: i64| {
        json!({"policies": [{"name": "Urgent", "priority": "urgent", "firstResponseMinutes": minutes,
            "resolutionTime": 100}]})
    };
    assert_eq!(simulate(&app, urgent(181)).await["then"]["firstResponseViolations"], 0);
    assert_eq!(simulate(&app, urgent(179)).await["then"]["firstResponseViolations"], 1);
    // Two of the three hours were night in the draft.
    let night = json!({"calendarId": "77", "zone": "UTC",
        "weekly": {"monday": [{"start": "00:00", "end": "04:00"}]}});
    let mut body = urgent(90);
    body["policies"][0]["calendarId"] = json!("77");
    body["calendars"] = json!([night]);
    assert_eq!(simulate(&app, body.clone()).await["then"]["firstResponseViolations"], 0);
    body["policies"][0]["firstResponseMinutes"] = json!(59);
    assert_eq!(simulate(&app, body).await["then"]["firstResponseViolations"], 1);
    // Only other hours, under the policies in force: 24x7 becomes an hour on Mondays.
    let mut hours = night.clone();
    hours["calendarId"] = json!("1");
    let found = simulate(&app, json!({"calendars": [hours]})).await;
    assert_eq!(found["then"], found["now"]);
}

#[tokio::test]
async fn a_worker_brings_a_simulation_to_its_end_and_it_counts_as_the_clocks_do() {
    let app = TestApp::start().await;
    for hours in [1, 5, 30] {
        waiting_since(&app, Duration::hours(hours), json!({})).await;
    }
    sweep(&app).await;
    let begun = app.admin.post(SIMULATE, json!({"policies": []})).await;
    let (run, path) = (begun.data(202).clone(), begun.header("location").to_owned());
    assert_eq!(
        (&run["kind"], &run["state"], &run["total"]),
        (&json!("simulation"), &json!("waiting"), &json!(3))
    );
    let registry = jobs::registry(&app.app).unwrap();
    let worker = Worker::new(app.app.queue.clone(), registry, WorkerOptions::default());
    worker.drain().await.unwrap();
    let done = app.admin.get(&path).await.data(200).clone();
    assert_eq!((&done["state"], &done["done"]), (&json!("done"), &json!(3)));
    // The built-in default alone is what applied: then is now.
    let found = &done["simulation"];
    assert_eq!(found["then"], found["now"]);
    assert_eq!(found["now"]["totalViolations"], 3);
    assert_eq!((&found["unmeasured"], &found["changed"]), (&json!(0), &json!([])));
    app.admin.get("/api/support/sla/runs/999").await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn all_faults_of_a_simulation_are_told_by_path() {
    let app = TestApp::start().await;
    let body = json!({
        "from": "2026-03-01T00:00:00Z", "to": "soon",
        "policies": [{"name": "ab", "firstResponseTime": 1}, {"name": "Good", "firstResponseTime": 1,
            "resolutionTime": 1}],
        "calendars": [{"zone": "Mars", "weekly": {"monday": [{"start": "9", "end": "10:00"}]}}],
    });
    let reply = app.admin.post(SIMULATE, body).await;
    assert_eq!(
        faults(&reply),
        [
            "calendars.0.calendarId",
            "calendars.0.weekly.monday.0.start",
            "calendars.0.zone",
            "policies.0.name",
            "policies.0.resolutionTime",
            "to",
        ]
    );
    assert_eq!(faults(&app.admin.post(SIMULATE, json!({})).await), ["policies"]);
    let twice = json!({"policies": [
        {"name": "One", "category": "billing", "firstResponseTime": 1, "resolutionTime": 1},
        {"name": "Two", "category": "billing", "firstResponseTime": 2, "resolutionTime": 2,
            "calendarId": "99"},
    ]});
    assert_eq!(faults(&app.admin.post(SIMULATE, twice).await), ["policies.1"]);
    let nowhere = json!({"policies": [
        {"name": "One", "firstResponseTime": 1, "resolutionTime": 1, "calendarId": "99"}]});
    assert_eq!(faults(&app.admin.post(SIMULATE, nowhere).await), ["policies.0.calendarId"]);
    let backwards =
        json!({"policies": [], "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"});
    assert_eq!(faults(&app.admin.post(SIMULATE, backwards).await), ["from"]);
    let agent = app.key(Role::Agent, None).await;
    agent.post(SIMULATE, json!({"policies": []})).await.fault(403, "FORBIDDEN");
    agent.post(REEVALUATE, json!({})).await.fault(403, "FORBIDDEN");
}
