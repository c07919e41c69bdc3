use kamhub_helpdesk::access::{Permission, role_has};
use kamhub_helpdesk::identity::password;
use kamhub_helpdesk::identity::service::{FirstAdmin, first_admin, user_password_set};
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::json;

use crate::people::{PASSWORD, browser, tokens, user};

const USERS: &str = "/api/support/users";
const ME: &str = "/api/auth/me";
const ANNA: &str = "anna@kamhub.example";

#[tokio::test]
async fn a_user_is_created_read_and_listed_and_the_password_is_nowhere() {
    let app = TestApp::start().await;
    let body = json!({
        "email": ANNA, "name": "Анна Лебедева", "role": "AGENT", "password": PASSWORD
    });
    let made = app.admin.post(USERS, body).await;
    assert_eq!(made.data(201)["role"], "agent");
    let path = made.header("location").to_owned();
    let read = app.admin.get(&path).await;
    assert_eq!(read.data(200), made.data(201));
    assert!(!read.text.contains("assword") && !read.text.contains("argon"));
    for number in 0..4 {
        user(&app, &format!("agent{number}@kamhub.example"), Role::Agent).await;
    }
    let first = app.admin.get(&format!("{USERS}?limit=3")).await;
    assert_eq!(first.data(200).as_array().unwrap().len(), 3);
    assert_eq!(first.json["total"], 5);
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let second = app.admin.get(&format!("{USERS}?limit=3&cursor={cursor}")).await;
    assert_eq!(second.data(200).as_array().unwrap().len(), 2);
    assert!(second.json["nextCursor"].is_null());
    app.admin.get(&format!("{USERS}?limit=101&page=x")).await.fault(400, "VALIDATION_FAILED");
    app.admin.get(&format!("{USERS}/999")).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn every_fault_of_a_new_user_is_told_by_field() {
    let app = TestApp::start().await;
    let body = json!({"email": "no address", "name": "A", "role": "emperor"});
    let reply = app.admin.post(USERS, body).await;
    let errors = reply.fault(400, "VALIDATION_FAILED");
    assert_eq!(errors["email"], "Invalid email format");
    assert!(errors["name"].is_string() && errors["role"].is_string(), "{errors}");
    for password in ["short", ANNA] {
        let body = json!({"email": ANNA, "name": "Anna", "role": "agent", "password": password});
        let reply = app.admin.post(USERS, body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["password"].is_string());
    }
    user(&app, ANNA, Role::Agent).await;
    let body = json!({"email": ANNA.to_uppercase(), "name": "Anna", "role": "agent"});
    let reply = app.admin.post(USERS, body).await;
    assert!(reply.fault(409, "CONFLICT")["email"].is_string());
}

#[tokio::test]
async fn disabling_a_user_ends_their_sessions_at_once_and_enabling_does_not_bring_them_back() {
    let app = TestApp::start().await;
    let id = user(&app, ANNA, Role::Agent).await;
    let (cookie, _) = browser(&app, ANNA).await;
    let (access, _) = tokens(&app, ANNA).await;
    let token = app.anonymous.bearer(&access);
    cookie.get(ME).await.data(200);
    token.get(ME).await.data(200);
    let path = format!("{USERS}/{id}");
    let reply = app.admin.patch(&path, json!({"disabled": true})).await;
    assert!(reply.data(200)["disabledAt"].is_string());
    for client in [&cookie, &token] {
        client.get(ME).await.fault(401, "UNAUTHENTICATED");
    }
    let reply = app.admin.patch(&path, json!({"disabled": false})).await;
    assert!(reply.data(200)["disabledAt"].is_null());
    token.get(ME).await.fault(401, "UNAUTHENTICATED");
    tokens(&app, ANNA).await;
}

#[tokio::test]
async fn another_role_and_name_hold_from_the_next_call_on() {
    let app = TestApp::start().await;
    let id = user(&app, ANNA, Role::Supervisor).await;
    let (access, _) = tokens(&app, ANNA).await;
    let anna = app.anonymous.bearer(&access);
    assert_eq!(anna.get(ME).await.data(200)["role"], "supervisor");
    let change = json!({"role": "viewer", "name": "Анна Л."});
    app.admin.patch(&format!("{USERS}/{id}"), change).await.data(200);
    let me = anna.get(ME).await;
    assert_eq!(
        (&me.data(200)["role"], &me.data(200)["name"]),
        (&json!("viewer"), &json!("Анна Л."))
    );
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_the_users_sessions() {
    let app = TestApp::start().await;
    let id = user(&app, ANNA, Role::Agent).await;
    let (cookie, _) = browser(&app, ANNA).await;
    cookie.get(ME).await.data(200);
    let path = format!("{USERS}/{id}");
    let reply = app.admin.patch(&path, json!({"password": ANNA})).await;
    assert!(reply.fault(400, "VALIDATION_FAILED")["password"].is_string());
    app.admin.patch(&path, json!({"password": "a quite new one"})).await.data(200);
    cookie.get(ME).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn two_administrators_who_disable_each_other_at_once_leave_one() {
    let app = TestApp::start().await;
    for round in 0..5 {
        let mut paths = Vec::new();
        for name in ["a", "b"] {
            let id = user(&app, &format!("{name}{round}@kamhub.example"), Role::Admin).await;
            paths.push(format!("{USERS}/{id}"));
        }
        let change =
            if round % 2 == 0 { json!({"disabled": true}) } else { json!({"role": "agent"}) };
        let (one, two) = tokio::join!(
            app.admin.patch(&paths[0], change.clone()),
            app.admin.patch(&paths[1], change.clone())
        );
        let refused = if one.status == 200 { &two } else { &one };
        assert!(one.status == 200 || two.status == 200, "{} {}", one.text, two.text);
        refused.fault(409, "LAST_ADMIN");
        let last = if one.status == 200 { &paths[1] } else { &paths[0] };
        app.admin.patch(last, json!({"role": "viewer"})).await.fault(409, "LAST_ADMIN");
        // The next round begins without an administrator who can sign in.
        let mut connection = app.app.db.connection().await.unwrap();
        sqlx::query("UPDATE users SET disabled_at = now()")
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn nobody_governs_users_with_rights_that_they_lack() {
    let app = TestApp::start().await;
    let chief = user(&app, "chief@kamhub.example", Role::Admin).await;
    let anna = user(&app, ANNA, Role::Viewer).await;
    let viewers = Permission::ALL.iter().filter(|it| role_has(Role::Viewer, **it));
    let scopes: Vec<&str> =
        viewers.map(|it| it.as_str()).chain(std::iter::once("users:manage")).collect();
    let narrow = app.key(Role::Admin, Some(&scopes)).await;
    let path = format!("{USERS}/{chief}");
    narrow.patch(&path, json!({"password": "taken over!"})).await.fault(403, "RIGHT_NOT_HELD");
    let path = format!("{USERS}/{anna}");
    narrow.patch(&path, json!({"role": "admin"})).await.fault(403, "RIGHT_NOT_HELD");
    narrow.patch(&path, json!({"name": "Анна Л."})).await.data(200);
    let body = json!({"email": "x@kamhub.example", "name": "X Y", "role": "admin"});
    narrow.post(USERS, body).await.fault(403, "RIGHT_NOT_HELD");
    let supervisor = app.key(Role::Supervisor, None).await;
    supervisor.get(USERS).await.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn processes_that_start_at_once_make_one_first_administrator() {
    let app = TestApp::start().await;
    let clock = &*app.clock;
    let hash = password::hash(clock, "password", "root@kamhub.example", PASSWORD).await.unwrap();
    let make = async || {
        let mut tx = app.app.db.begin().await.unwrap();
        let made = first_admin(&mut tx, clock, "root@kamhub.example", &hash).await.unwrap();
        tx.commit().await.unwrap();
        matches!(made, FirstAdmin::Created(_))
    };
    let made = futures::future::join_all((0..6).map(|_| make())).await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
    let (root, _) = tokens(&app, "root@kamhub.example").await;
    app.anonymous.bearer(&root).get(USERS).await.data(200);

    let new = password::hash(clock, "password", "", "set on the shell").await.unwrap();
    let mut tx = app.app.db.begin().await.unwrap();
    let ended = user_password_set(&mut tx, clock, "ROOT@kamhub.example", &new).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ended.0.len(), 2);
}
