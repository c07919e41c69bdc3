use kamhub_kernel::Role;
use kamhub_testkit::{Client, TestApp};
use serde_json::{Value, json};

const CALENDARS: &str = "/api/support/calendars";

/// The body of an office that works from Monday to Friday.
fn office(name: &str) -> Value {
    let day = json!([{"start": "09:00", "end": "18:00"}]);
    json!({
        "name": name, "zone": "Asia/Kamchatka",
        "weekly": {"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day},
    })
}

async fn create(client: &Client, body: Value) -> Value {
    client.post(CALENDARS, body).await.data(201).clone()
}

fn path(calendar: &Value) -> String {
    format!("{CALENDARS}/{}", calendar["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_calendar_around_the_clock_is_there_from_the_start() {
    let app = TestApp::start().await;
    let list = app.admin.get(CALENDARS).await;
    assert_eq!((list.json["total"].clone(), list.json["limit"].clone()), (json!(1), json!(20)));
    let built_in = &list.data(200)[0];
    assert_eq!(built_in["name"], "24x7");
    assert_eq!(built_in["zone"], "UTC");
    assert_eq!(built_in["weekly"]["sunday"], json!([{"start": "00:00", "end": "24:00"}]));
    assert_eq!(built_in["hoursVersion"], 1);
}

#[tokio::test]
async fn a_calendar_is_created_and_read_back_as_it_was_written() {
    let app = TestApp::start().await;
    let mut body = office("Petropavlovsk office");
    body["holidays"] = json!([{"date": "2026-01-01", "name": "New Year"}]);
    body["overrides"] =
        json!([{"date": "2026-12-31", "intervals": [{"start": "09:00", "end": "15:00"}]}]);
    let reply = app.admin.post(CALENDARS, body.clone()).await;
    let calendar = reply.data(201).clone();
    assert_eq!(reply.header("location"), path(&calendar));
    assert_eq!(reply.header("etag"), "\"1\"");
    for field in ["name", "zone", "holidays", "overrides"] {
        assert_eq!(calendar[field], body[field], "{field}");
    }
    assert_eq!(calendar["weekly"]["monday"], body["weekly"]["monday"]);
    assert_eq!(calendar["weekly"]["saturday"], json!([]));
    assert_eq!((&calendar["version"], &calendar["hoursVersion"]), (&json!(1), &json!(1)));
    assert_eq!(app.admin.get(&path(&calendar)).await.data(200), &calendar);
}

#[tokio::test]
async fn all_faults_of_a_calendar_are_told_at_once_each_with_its_path() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "", "zone": "Mars/Olympus",
        "weekly": {"monday": [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "25:00"}],
            "tuesday": [{"start": "09:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}],
            "friday": [{"end": "12:00"}]},
        "holidays": [{"date": "2026-02-30"}, {"date": 7}, {"date": "2026-05-01"}],
        "overrides": [{"date": "2026-05-01"}],
    });
    let reply = app.admin.post(CALENDARS, body).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({
            "name": "Name must not be empty",
            "zone": "Unknown time zone \"Mars/Olympus\"; use an IANA name such as Europe/Berlin",
            "weekly.monday.1.end": "Time must be HH:MM between 00:00 and 23:59 (24:00 as an end)",
            "weekly.tuesday.1": "Interval overlaps weekly.tuesday.0",
            "weekly.friday.0.start": "Time must be HH:MM between 00:00 and 23:59 (24:00 as an end)",
            "holidays.0.date": "Date must be YYYY-MM-DD, between 1970 and 2999",
            "holidays.1.date": "Date must be a text",
            "overrides.0.date": "Date is given more than once, first in holidays.2",
        })
    );
    let nothing = app.admin.post(CALENDARS, json!({"name": "Empty"})).await;
    assert_eq!(
        nothing.fault(400, "VALIDATION_FAILED"),
        &json!({"zone": "Zone is required", "weekly": "Weekly is required"})
    );
    let closed =
        app.admin.post(CALENDARS, json!({"name": "Closed", "zone": "UTC", "weekly": {}})).await;
    assert_eq!(
        closed.fault(400, "VALIDATION_FAILED"),
        &json!({"weekly": "Calendar must have open time in its week"})
    );
    let unknown = json!({"name": "Moonday", "zone": "UTC", "weekly": {"moonday": []}});
    let unknown = app.admin.post(CALENDARS, unknown).await;
    assert_eq!(unknown.fault(400, "VALIDATION_FAILED")["weekly.moonday"], "Moonday is not known");
    assert_eq!(app.admin.get(CALENDARS).await.json["total"], 1);
}

#[tokio::test]
async fn a_shift_that_ends_as_it_begins_is_refused_and_still_counts_where_it_was_stored() {
    let app = TestApp::start().await;
    let mut body = office("Whole day");
    body["weekly"]["sunday"] = json!([{"start": "00:00", "end": "24:00"}]);
    let calendar = create(&app.admin, body.clone()).await;
    let none = json!([{"start": "09:00", "end": "09:00"}]);
    body["weekly"]["sunday"] = none.clone();
    body["overrides"] = json!([{"date": "2026-05-01", "intervals": none}]);
    let sentence =
        "Interval begins and ends at the same time; a whole day is written 00:00 to 24:00";
    let expected = json!({"weekly.sunday.0": sentence, "overrides.0.intervals.0": sentence});
    for reply in [
        app.admin.post(CALENDARS, body.clone()).await,
        app.admin.patch(&path(&calendar), body.clone()).await,
    ] {
        assert_eq!(reply.fault(400, "VALIDATION_FAILED"), &expected);
    }
    let stored = "UPDATE calendar_versions SET spec = jsonb_set(spec, '{weekly,sunday}',
        '[{\"start\": \"09:00\", \"end\": \"09:00\"}]') WHERE id = $1";
    let mut tx = app.app.db.begin().await.unwrap();
    sqlx::query("ALTER TABLE calendar_versions DISABLE TRIGGER USER")
        .execute(&mut *tx)
        .await
        .unwrap();
    let id: i64 = calendar["hoursVersionId"].as_str().unwrap().parse().unwrap();
    sqlx::query(stored).bind(id).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let sunday = json!({"calendarId": calendar["id"], "from": "2026-02-28T12:00:00Z",
        "to": "2026-03-01T20:00:00Z"});
    let preview = app.admin.post(&format!("{CALENDARS}/preview"), sunday).await;
    assert_eq!(preview.data(200)["openSeconds"], 23 * 3_600, "from nine in the morning there");
}

#[tokio::test]
async fn a_body_may_not_be_longer_than_people_write() {
    let app = TestApp::start().await;
    let mut body = office("Long");
    let day = |index: usize| json!({"date": format!("{:04}-01-01", 1_000 + index)});
    body["holidays"] = (0..1_001).map(day).collect();
    body["overrides"] = json!([{"date": "2026-05-01", "name": "x".repeat(256)}]);
    let reply = app.admin.post(CALENDARS, body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED");
    assert_eq!(faults["holidays"], "Holidays must have at most 1000 entries");
    assert_eq!(faults["overrides.0.name"], "Name must have at most 255 characters");
}

#[tokio::test]
async fn a_name_is_used_once_regardless_of_case_until_it_is_archived() {
    let app = TestApp::start().await;
    let first = create(&app.admin, office("Office")).await;
    let again = app.admin.post(CALENDARS, office("OFFICE")).await;
    assert_eq!(
        again.fault(409, "CONFLICT"),
        &json!({"name": "Another calendar has this name already"})
    );
    let other = create(&app.admin, office("Other")).await;
    app.admin.patch(&path(&other), json!({"name": "office"})).await.fault(409, "CONFLICT");
    app.admin.patch(&path(&first), json!({"name": "OFFICE"})).await.data(200);
    assert_eq!(app.admin.delete(&path(&first)).await.status, 204);
    create(&app.admin, office("Office")).await;
}

#[tokio::test]
async fn other_hours_make_a_version_and_another_name_makes_none() {
    let app = TestApp::start().await;
    let calendar = create(&app.admin, office("Office")).await;
    let renamed = app.admin.patch(&path(&calendar), json!({"name": "Bureau"})).await;
    let renamed = renamed.data(200).clone();
    assert_eq!((&renamed["version"], &renamed["hoursVersion"]), (&json!(2), &json!(1)));
    assert_eq!(renamed["hoursVersionId"], calendar["hoursVersionId"]);
    app.clock.advance(chrono::Duration::minutes(1));
    let holidays = json!({"holidays": [{"date": "2026-05-01"}]});
    let reply = app.admin.patch(&path(&calendar), holidays.clone()).await;
    let edited = reply.data(200).clone();
    assert_eq!((&edited["version"], &edited["hoursVersion"]), (&json!(3), &json!(2)));
    assert_eq!(edited["holidays"], holidays["holidays"]);
    assert_eq!(edited["weekly"], calendar["weekly"]);
    assert_eq!(edited["updatedAt"], "2026-03-02T03:01:00Z");
    // The same again changes nothing.
    assert_eq!(app.admin.patch(&path(&calendar), holidays).await.data(200), &edited);
    let versions = app.admin.get(&format!("{}/versions", path(&calendar))).await;
    let rows = versions.data(200).as_array().unwrap().clone();
    assert_eq!(versions.json["total"], 2);
    assert_eq!((&rows[0]["number"], &rows[1]["number"]), (&json!(2), &json!(1)));
    assert_eq!(rows[0]["spec"]["holidays"], json!([{"date": "2026-05-01"}]));
    assert_eq!(rows[1]["spec"]["holidays"], json!([]));
    assert!(rows[0]["createdBy"].as_str().unwrap().starts_with("service:"));
    let first = format!("{}/versions?limit=1", path(&calendar));
    let cursor = app.admin.get(&first).await.json["nextCursor"].as_str().unwrap().to_owned();
    let next = app.admin.get(&format!("{first}&cursor={cursor}")).await;
    assert_eq!(
        (next.data(200)[0]["number"].clone(), &next.json["nextCursor"]),
        (json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn a_stale_change_gets_the_calendar_as_it_is_and_a_wrong_one_all_faults() {
    let app = TestApp::start().await;
    let calendar = create(&app.admin, office("Office")).await;
    app.admin.patch(&path(&calendar), json!({"name": "Bureau"})).await.data(200);
    let stale = app.admin.header("if-match", "\"1\"");
    let reply = stale.patch(&path(&calendar), json!({"zone": "UTC"})).await;
    reply.fault(409, "VERSION_CONFLICT");
    assert_eq!(reply.json["current"]["name"], "Bureau");
    stale.delete(&path(&calendar)).await.fault(409, "VERSION_CONFLICT");
    let reply = app.admin.patch(&path(&calendar), json!({"version": 1, "zone": "UTC"})).await;
    reply.fault(409, "VERSION_CONFLICT");
    let reply =
        app.admin.patch(&path(&calendar), json!({"zone": "X", "weekly": {}, "name": ""})).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert_eq!(faults.keys().collect::<Vec<_>>(), ["name", "weekly", "zone"]);
    // What is given does not fit what is there already.
    app.admin
        .patch(&path(&calendar), json!({"holidays": [{"date": "2026-05-01"}]}))
        .await
        .data(200);
    let double = json!({"overrides": [{"date": "2026-05-01"}]});
    let reply = app.admin.patch(&path(&calendar), double).await;
    let fault = &reply.fault(400, "VALIDATION_FAILED")["overrides.0.date"];
    assert_eq!(fault, "Date is given more than once, first in holidays.0");
}

#[tokio::test]
async fn a_calendar_that_an_active_policy_uses_is_not_archived() {
    let app = TestApp::start().await;
    let calendar = create(&app.admin, office("Office")).await;
    let policy = json!({"name": "Office hours", "category": "billing", "firstResponseTime": 4,
        "resolutionTime": 24, "calendarId": calendar["id"]});
    let policy = app.admin.post("/api/support/sla/policies", policy).await.data(201).clone();
    let refused = app.admin.delete(&path(&calendar)).await;
    refused.fault(409, "CALENDAR_IN_USE");
    assert_eq!(
        refused.json["message"],
        "Active policies count by this calendar: \"Office hours\"; give them another one first"
    );
    let policy = format!("/api/support/sla/policies/{}", policy["id"].as_str().unwrap());
    app.admin.patch(&policy, json!({"active": false})).await.data(200);
    assert_eq!(app.admin.delete(&path(&calendar)).await.status, 204);
    let archived = app.admin.get(&path(&calendar)).await;
    assert_eq!(archived.data(200)["archivedAt"], "2026-03-02T03:00:00Z");
    assert_eq!(app.admin.get(CALENDARS).await.json["total"], 1);
    assert_eq!(app.admin.delete(&path(&calendar)).await.status, 204);
    app.admin.patch(&path(&calendar), json!({"name": "New"})).await.fault(409, "CONFLICT");
    // It cannot be taken into use again.
    app.admin.patch(&policy, json!({"active": true})).await.fault(400, "VALIDATION_FAILED");
    // What nobody needs any more may be renamed and deleted all the same.
    app.admin.patch(&policy, json!({"name": "Old hours"})).await.data(200);
    assert_eq!(app.admin.delete(&policy).await.status, 204);
    app.admin.delete(&format!("{CALENDARS}/1")).await.fault(409, "CALENDAR_IN_USE");
}

#[tokio::test]
async fn a_preview_shows_the_open_intervals_of_a_draft_or_of_a_stored_calendar() {
    let app = TestApp::start().await;
    let preview = format!("{CALENDARS}/preview");
    let mut draft = office("ignored");
    draft["from"] = json!("2026-02-27T00:00:00Z");
    draft["to"] = json!("2026-03-02T23:00:00Z");
    let reply = app.admin.post(&preview, draft.clone()).await;
    assert_eq!(
        reply.data(200)["intervals"],
        json!([
            {"opensAt": "2026-02-27T00:00:00Z", "closesAt": "2026-02-27T06:00:00Z"},
            {"opensAt": "2026-03-01T21:00:00Z", "closesAt": "2026-03-02T06:00:00Z"},
            {"opensAt": "2026-03-02T21:00:00Z", "closesAt": "2026-03-02T23:00:00Z"},
        ])
    );
    assert_eq!(reply.data(200)["openSeconds"], 17 * 3_600);
    let calendar = create(&app.admin, office("Office")).await;
    let stored = json!({"calendarId": calendar["id"], "holidays": [{"date": "2026-03-02"}],
        "from": draft["from"], "to": draft["to"]});
    let reply = app.admin.post(&preview, stored).await;
    assert_eq!(reply.data(200)["openSeconds"], 8 * 3_600);
    let long =
        json!({"calendarId": "1", "from": "2026-01-01T00:00:00Z", "to": "2026-03-05T00:00:00Z"});
    let reply = app.admin.post(&preview, long).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({"to": "To must be at most 62 days after from"})
    );
    let reply = app.admin.post(&preview, json!({"zone": "X"})).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert_eq!(faults.keys().collect::<Vec<_>>(), ["from", "to", "weekly", "zone"]);
    let unknown = json!({"calendarId": "99", "from": draft["from"], "to": draft["to"]});
    app.admin.post(&preview, unknown).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn who_may_read_calendars_may_not_change_them() {
    let app = TestApp::start().await;
    let viewer = app.key(Role::Viewer, None).await;
    viewer.get(CALENDARS).await.data(200);
    viewer.post(CALENDARS, office("Mine")).await.fault(403, "FORBIDDEN");
    let agent = app.key(Role::Agent, None).await;
    agent.delete(&format!("{CALENDARS}/1")).await.fault(403, "FORBIDDEN");
    create(&app.key(Role::Supervisor, None).await, office("Ours")).await;
}

#[tokio::test]
async fn versions_are_history_even_for_who_reaches_the_database() {
    let app = TestApp::start().await;
    for statement in [
        "UPDATE calendar_versions SET spec = '{}'",
        "DELETE FROM calendar_versions",
        "UPDATE sla_policy_versions SET resolution_minutes = 1",
        "DELETE FROM sla_policy_versions",
    ] {
        let refused = sqlx::query(statement).execute(app.app.db.pool()).await.unwrap_err();
        assert!(refused.to_string().contains("is history and never changes"), "{statement}");
    }
}
