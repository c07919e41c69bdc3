use chrono::Duration;
use kamhub_helpdesk::agents::model::{AgentStatus, Profile};
use kamhub_helpdesk::agents::{self, service};
use kamhub_helpdesk::ids::AgentId;
use kamhub_kernel::{Actor, Clock as _, Role, SessionId, UserId};
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

const AGENTS: &str = "/api/support/agents";

/// The body of an agent, with what the test says otherwise.
fn agent(name: &str, otherwise: Value) -> Value {
    let mut body = json!({
        "email": format!("{}@kamhub.example", name.to_lowercase()), "name": name,
        "team": "Bookings", "specialization": ["booking"],
    });
    for (field, value) in otherwise.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

async fn create(client: &Client, name: &str, otherwise: Value) -> Value {
    client.post(AGENTS, agent(name, otherwise)).await.data(201).clone()
}

fn path(agent: &Value) -> String {
    format!("{AGENTS}/{}", agent["id"].as_str().unwrap())
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    names_of(&client.get(&format!("{AGENTS}{query}")).await)
}

fn names_of(reply: &Reply) -> Vec<String> {
    let rows = reply.data(200).as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

async fn events(app: &TestApp) -> Vec<(String, Value)> {
    sqlx::query_as("SELECT type, data FROM event_outbox WHERE type LIKE 'agent.%' ORDER BY id")
        .fetch_all(app.app.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn an_agent_is_created_with_the_contracts_defaults_and_read_back() {
    let app = TestApp::start().await;
    let reply = app.admin.post(AGENTS, agent("Anna", json!({"userId": 501}))).await;
    let anna = reply.data(201).clone();
    assert_eq!(
        anna,
        json!({
            "id": anna["id"], "userId": "501", "email": "anna@kamhub.example", "name": "Anna",
            "team": "Bookings", "specialization": ["booking"], "timezone": "UTC",
            "workingHours": null, "maxConcurrentTickets": 5, "status": "offline",
            "statusChangedAt": "2026-03-02T03:00:00Z", "currentTickets": 0, "available": false,
            "createdAt": "2026-03-02T03:00:00Z", "updatedAt": "2026-03-02T03:00:00Z",
        })
    );
    assert_eq!(reply.header("location"), path(&anna));
    assert_eq!(app.admin.get(&path(&anna)).await.data(200), &anna);
    let (kind, data) = events(&app).await.pop().unwrap();
    assert_eq!((kind.as_str(), &data["agent"]), ("agent.created", &anna));
}

#[tokio::test]
async fn all_faults_of_a_new_agent_are_told_at_once() {
    let app = TestApp::start().await;
    let body = json!({
        "userId": -1, "email": "nobody", "name": "A", "team": "", "specialization": ["cooking"],
        "timezone": "Mars/Olympus", "workingHours": {"start": "9:00"}, "maxConcurrentTickets": 51,
        "status": "asleep",
    });
    let reply = app.admin.post(AGENTS, body).await;
    assert_eq!(
        reply.fault(400, "VALIDATION_FAILED"),
        &json!({
            "userId": "User id must be a positive whole number",
            "email": "Invalid email format",
            "name": "Name must be at least 2 characters",
            "team": "Team must not be empty",
            "specialization": "Specialization must be one of billing, technical, booking, \
                cancellation, refund, feedback, bug_report, feature_request, other",
            "timezone": "Timezone must be an IANA time zone, for example Asia/Kamchatka",
            "workingHours.start": "Start must be a time like 09:00, 00:00 to 23:59",
            "workingHours.end": "End is required",
            "maxConcurrentTickets": "Max concurrent tickets must be between 1 and 50",
            "status": "Status must be one of online, away, busy, offline",
        })
    );
    let nothing = app.admin.post(AGENTS, json!({"specialization": []})).await;
    let faults = nothing.fault(400, "VALIDATION_FAILED");
    assert_eq!(faults["specialization"], "Specialization must name at least one category");
    assert_eq!(
        (&faults["email"], &faults["name"]),
        (&json!("Email is required"), &json!("Name is required"))
    );
}

#[tokio::test]
async fn categories_and_status_are_read_in_any_case_and_duplicates_are_folded() {
    let app = TestApp::start().await;
    let known = json!({"specialization": ["BILLING", "Refund", "billing"], "status": "ONLINE"});
    let anna = create(&app.admin, "Anna", known).await;
    assert_eq!(anna["specialization"], json!(["billing", "refund"]));
    assert_eq!((&anna["status"], &anna["available"]), (&json!("online"), &json!(true)));
}

#[tokio::test]
async fn an_email_and_a_user_id_belong_to_one_agent_only() {
    let app = TestApp::start().await;
    create(&app.admin, "Anna", json!({"userId": "501"})).await;
    let boris = create(&app.admin, "Boris", json!({})).await;
    let both = json!({"email": "ANNA@kamhub.example", "userId": 501});
    let taken = json!({
        "email": "Another agent has this email already",
        "userId": "Another agent has this user id already",
    });
    let again = app.admin.post(AGENTS, agent("Anna", both.clone())).await;
    assert_eq!(again.fault(409, "CONFLICT"), &taken);
    assert_eq!(app.admin.patch(&path(&boris), both).await.fault(409, "CONFLICT"), &taken);
    // One's own address in other letters is no conflict.
    let own = app.admin.patch(&path(&boris), json!({"email": "BORIS@kamhub.example"})).await;
    assert_eq!(own.data(200)["email"], "BORIS@kamhub.example");
}

#[tokio::test]
async fn of_two_agents_with_one_email_at_the_same_time_one_is_refused_by_field() {
    let app = TestApp::start().await;
    let body = || app.admin.post(AGENTS, agent("Anna", json!({})));
    let (a, b, c, d) = tokio::join!(body(), body(), body(), body());
    let mut made = 0;
    for reply in [a, b, c, d] {
        if reply.status == 201 {
            made += 1;
        } else {
            assert!(reply.fault(409, "CONFLICT")["email"].is_string());
        }
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_change_touches_only_what_is_given_and_null_clears() {
    let app = TestApp::start().await;
    let shift = json!({"userId": 7, "workingHours": {"start": "22:00", "end": "06:00"},
        "timezone": "Asia/Kamchatka", "maxConcurrentTickets": 3});
    let anna = create(&app.admin, "Anna", shift).await;
    assert_eq!(anna["workingHours"], json!({"start": "22:00", "end": "06:00"}));
    app.clock.advance(Duration::minutes(1));
    let more = app.admin.patch(&path(&anna), json!({"maxConcurrentTickets": 4})).await;
    let mut expected = anna.clone();
    expected["updatedAt"] = json!("2026-03-02T03:01:00Z");
    expected["maxConcurrentTickets"] = json!(4);
    assert_eq!(more.data(200), &expected);
    let cleared = json!({"workingHours": null, "userId": null, "team": null});
    let cleared = app.admin.patch(&path(&anna), cleared).await;
    for field in ["workingHours", "userId", "team"] {
        assert_eq!(cleared.data(200)[field], Value::Null, "{field}");
    }
    let changes: Vec<(String, Value)> = events(&app).await.into_iter().skip(1).collect();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].0, "agent.updated");
    assert_eq!(changes[0].1["before"], json!({"maxConcurrentTickets": 3}));
    assert_eq!(changes[0].1["after"], json!({"maxConcurrentTickets": 4}));
    // The same again changes nothing, and says so to nobody.
    app.admin.patch(&path(&anna), json!({"team": null})).await.data(200);
    assert_eq!(events(&app).await.len(), 3);
}

#[tokio::test]
async fn all_faults_of_a_change_are_told_at_once() {
    let app = TestApp::start().await;
    let anna = create(&app.admin, "Anna", json!({})).await;
    let body = json!({"name": "", "specialization": [], "workingHours": {"end": "25:00"},
        "timezone": 7, "maxConcurrentTickets": 0, "email": "x"});
    let reply = app.admin.patch(&path(&anna), body).await;
    let faults = reply.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    let fields: Vec<&str> = faults.keys().map(String::as_str).collect();
    let expected = [
        "email",
        "maxConcurrentTickets",
        "name",
        "specialization",
        "timezone",
        "workingHours.end",
        "workingHours.start",
    ];
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn an_agent_nobody_knows_is_404_and_a_wrong_id_400() {
    let app = TestApp::start().await;
    let unknown = format!("{AGENTS}/999");
    app.admin.get(&unknown).await.fault(404, "NOT_FOUND");
    app.admin.patch(&unknown, json!({"name": "Nobody"})).await.fault(404, "NOT_FOUND");
    let status = format!("{unknown}/status");
    app.admin.put(&status, json!({"status": "online"})).await.fault(404, "NOT_FOUND");
    app.admin.get(&format!("{unknown}/metrics")).await.fault(404, "NOT_FOUND");
    app.admin.get(&format!("{AGENTS}/anna")).await.fault(400, "VALIDATION_FAILED");
}

#[tokio::test]
async fn a_status_is_changed_by_managers_and_the_change_is_an_event_with_before_and_after() {
    let app = TestApp::start().await;
    let anna = create(&app.admin, "Anna", json!({})).await;
    let status = format!("{}/status", path(&anna));
    app.clock.advance(Duration::minutes(5));
    let supervisor = app.key(Role::Supervisor, None).await;
    let reply = supervisor.put(&status, json!({"status": "Online"})).await;
    let online = reply.data(200);
    assert_eq!((&online["status"], &online["available"]), (&json!("online"), &json!(true)));
    assert_eq!(online["statusChangedAt"], "2026-03-02T03:05:00Z");
    app.clock.advance(Duration::minutes(5));
    let again = supervisor.put(&status, json!({"status": "online"})).await;
    assert_eq!(again.data(200)["statusChangedAt"], "2026-03-02T03:05:00Z");
    let found = events(&app).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1].0, "agent.status_changed");
    assert_eq!(
        (&found[1].1["before"], &found[1].1["after"]),
        (&json!("offline"), &json!("online"))
    );
    let nothing = supervisor.put(&status, json!({})).await;
    assert_eq!(nothing.fault(400, "VALIDATION_FAILED")["status"], "Status is required");
}

#[tokio::test]
async fn who_does_not_manage_agents_changes_no_other_status_and_no_profile() {
    let app = TestApp::start().await;
    let anna = create(&app.admin, "Anna", json!({})).await;
    let status = format!("{}/status", path(&anna));
    let online = || json!({"status": "online"});
    let worker = app.key(Role::Agent, None).await;
    worker.put(&status, online()).await.fault(403, "FORBIDDEN");
    worker.patch(&path(&anna), json!({"name": "Other"})).await.fault(403, "FORBIDDEN");
    worker.post(AGENTS, agent("Boris", json!({}))).await.fault(403, "FORBIDDEN");
    worker.get(&path(&anna)).await.data(200);
    let narrowed = app.key(Role::Admin, Some(&["agents:status"])).await;
    narrowed.put(&status, online()).await.fault(403, "FORBIDDEN");
    app.anonymous.put(&status, online()).await.fault(401, "UNAUTHENTICATED");
    app.anonymous.get(AGENTS).await.fault(401, "UNAUTHENTICATED");
    app.key(Role::Viewer, None).await.put(&status, online()).await.fault(403, "FORBIDDEN");
    assert_eq!(app.admin.get(&path(&anna)).await.data(200)["status"], "offline");
}

#[tokio::test]
async fn an_agent_who_signs_in_is_known_by_account_or_email_and_sets_their_own_status() {
    let app = TestApp::start().await;
    let anna = create(&app.admin, "Anna", json!({})).await;
    let boris = create(&app.admin, "Boris", json!({})).await;
    let id = |agent: &Value| agent["id"].as_str().unwrap().parse::<AgentId>().unwrap();
    let account: i64 = sqlx::query_scalar(
        "INSERT INTO users (email, name, role) VALUES ('Anna@KamHub.example', 'Anna', 'agent') RETURNING id",
    )
    .fetch_one(app.app.db.pool())
    .await
    .unwrap();
    let actor = Actor::User {
        id: UserId(account),
        role: Role::Agent,
        name: "Anna".into(),
        email: "Anna@KamHub.example".into(),
        session: SessionId(1),
    };
    let mut tx = app.app.db.begin().await.unwrap();
    for linked in [false, true] {
        let status = if linked { AgentStatus::Busy } else { AgentStatus::Online };
        if linked {
            // Every change of the profile looks for the account anew.
            let change = |profile| Profile { team: None, ..profile };
            service::update(&mut tx, &*app.clock, &actor, id(&anna), change).await.unwrap();
        }
        let known = service::agent_by_account(&mut tx, UserId(account)).await.unwrap();
        assert_eq!(known, linked.then(|| id(&anna)));
        assert_eq!(service::agent_of(&mut tx, &actor).await.unwrap(), Some(id(&anna)));
        service::set_status(&mut tx, &*app.clock, &actor, id(&anna), status).await.unwrap();
        let other = service::set_status(&mut tx, &*app.clock, &actor, id(&boris), status).await;
        assert!(matches!(other, Err(agents::Error::NotOneself)));
        let now = service::read(&mut tx, app.clock.now(), id(&anna)).await.unwrap();
        assert_eq!(now.status, status);
    }
}

#[tokio::test]
async fn a_list_is_filtered_by_team_and_status_and_paged_by_number_and_cursor() {
    let app = TestApp::start().await;
    for (name, team, status) in [
        ("Anna", "Bookings", "online"),
        ("Boris", "Money", "away"),
        ("Vera", "Bookings", "offline"),
        ("Gleb", "Bookings", "online"),
    ] {
        create(&app.admin, name, json!({"team": team, "status": status})).await;
    }
    assert_eq!(names(&app.admin, "").await, ["Anna", "Boris", "Vera", "Gleb"]);
    assert_eq!(names(&app.admin, "?team=Bookings").await, ["Anna", "Vera", "Gleb"]);
    assert_eq!(names(&app.admin, "?team=Bookings&status=ONLINE").await, ["Anna", "Gleb"]);
    let first = app.admin.get(&format!("{AGENTS}?limit=3")).await;
    assert_eq!(names_of(&first), ["Anna", "Boris", "Vera"]);
    assert_eq!((&first.json["total"], &first.json["totalCapped"]), (&json!(4), &json!(false)));
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let last = app.admin.get(&format!("{AGENTS}?limit=3&cursor={cursor}")).await;
    assert_eq!(names_of(&last), ["Gleb"]);
    assert_eq!(last.json["nextCursor"], Value::Null);
    assert_eq!(names(&app.admin, "?limit=3&page=2").await, ["Gleb"]);
    let wrong = app.admin.get(&format!("{AGENTS}?status=asleep&limit=101&category=cooking")).await;
    let faults = wrong.fault(400, "VALIDATION_FAILED").as_object().unwrap();
    assert_eq!(faults.keys().collect::<Vec<_>>(), ["category", "limit", "status"]);
    let wrong = app.admin.get(&format!("{AGENTS}?cursor=nonsense")).await;
    assert!(wrong.fault(400, "VALIDATION_FAILED")["cursor"].is_string());
}

/// The clock stands at Monday 15:00 in Kamchatka, 06:00 in Moscow, 22:00 on Sunday in New York.
#[tokio::test]
async fn a_category_lists_who_could_take_it_now_by_their_own_clock() {
    let app = TestApp::start().await;
    let day = || json!({"start": "09:00", "end": "18:00"});
    let night = || json!({"start": "21:00", "end": "05:00"});
    for (name, zone, hours, more) in [
        ("Day", "Asia/Kamchatka", day(), json!({})),
        ("Asleep", "Europe/Moscow", day(), json!({})),
        ("Night", "America/New_York", night(), json!({})),
        ("Morning", "Asia/Kamchatka", night(), json!({})),
        ("Always", "UTC", Value::Null, json!({})),
        ("Away", "UTC", Value::Null, json!({"status": "away"})),
        ("Other", "UTC", Value::Null, json!({"specialization": ["billing"]})),
    ] {
        let mut body = json!({"timezone": zone, "workingHours": hours, "status": "online"});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        create(&app.admin, name, body).await;
    }
    let mut able = names(&app.admin, "?category=BOOKING").await;
    able.sort();
    assert_eq!(able, ["Always", "Day", "Night"]);
    // 18:00 in Kamchatka: the day shift is over; 09:00 in Moscow: it begins.
    app.clock.advance(Duration::hours(3));
    let mut able = names(&app.admin, "?category=booking").await;
    able.sort();
    assert_eq!(able, ["Always", "Asleep", "Night"]);
    assert_eq!(names(&app.admin, "?category=billing").await, ["Other"]);
    let nobody = app.admin.get(&format!("{AGENTS}?category=refund")).await;
    assert_eq!((names_of(&nobody), &nobody.json["total"]), (Vec::new(), &json!(0)));
}
