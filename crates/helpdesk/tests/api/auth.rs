use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::TestApp;
use serde_json::{Value, json};

use crate::people::{PASSWORD, browser, cookie, pair, tokens, user};

const ME: &str = "/api/auth/me";
const ANNA: &str = "anna@kamhub.example";

#[tokio::test]
async fn a_key_says_who_it_is_and_what_it_may_do() {
    let app = TestApp::start().await;
    let viewer = app.key(Role::Viewer, None).await;
    let reply = viewer.get(ME).await;
    assert_eq!(reply.data(200)["kind"], "service");
    let permissions = reply.data(200)["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("tickets:read")) && permissions.len() > 1);
    let reads = |it: &Value| it.as_str().unwrap().ends_with(":read");
    assert!(permissions.iter().all(reads), "a viewer reads only: {permissions:?}");
}

#[tokio::test]
async fn without_credentials_or_with_wrong_or_several_ones_the_answer_is_401() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (access, _) = tokens(&app, ANNA).await;
    let nobody = &app.anonymous;
    let wrong = [
        nobody.clone(),
        nobody.api_key("kh_wrong"),
        nobody.api_key("two words"),
        nobody.api_key(&"k".repeat(5_000)),
        nobody.header("authorization", "Basic YW5uYTpwYXNzd29yZA=="),
        nobody.header("authorization", "Bearer"),
        nobody.bearer("not.a.token"),
        nobody.bearer(&format!(" {access}")),
        nobody.bearer(&format!("{access}x")),
        nobody.header("x-ticket-access", "AQAA"),
        nobody.header("cookie", "kamhub_session=unknown"),
        app.admin.bearer(&access),
    ];
    for (number, client) in wrong.iter().enumerate() {
        let reply = client.get(ME).await;
        assert_eq!(reply.json["code"], "UNAUTHENTICATED", "case {number}: {}", reply.text);
        assert_eq!(reply.status.as_u16(), 401);
    }
    nobody.bearer(&access).get(ME).await.data(200);
}

#[tokio::test]
async fn a_header_that_no_server_takes_is_refused_and_never_a_fault_of_ours() {
    let app = TestApp::start().await;
    let reply = app.anonymous.bearer(&"t".repeat(600_000)).get(ME).await;
    assert!(reply.status.is_client_error(), "{}", reply.status);
}

#[tokio::test]
async fn a_browser_signs_in_is_known_by_its_cookie_and_signs_out() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let body = json!({"email": " ANNA@kamhub.example", "password": PASSWORD});
    let reply = app.anonymous.post("/api/auth/sign-in", body).await;
    assert_eq!(reply.data(200)["user"]["email"], ANNA);
    let line = reply.header("set-cookie");
    assert!(line.starts_with("kamhub_session="), "{line}");
    assert!(line.contains("Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{line}");
    assert!(!line.contains("Secure"));
    let csrf = reply.data(200)["csrfToken"].as_str().unwrap();
    let browser = app.anonymous.header("cookie", &cookie(&reply));
    assert_eq!(browser.get(ME).await.data(200)["name"], "Анна Лебедева");

    let out = browser.header("x-csrf-token", csrf).post("/api/auth/sign-out", json!({})).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").starts_with("kamhub_session=; Path=/; Max-Age=0"));
    browser.get(ME).await.fault(401, "UNAUTHENTICATED");
    let again = browser.post("/api/auth/sign-out", json!({})).await;
    assert_eq!(again.status, 204, "{}", again.text);
}

#[tokio::test]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let app = TestApp::with(|it| it.public_url = "https://desk.example".into()).await;
    user(&app, ANNA, Role::Agent).await;
    let body = json!({"email": ANNA, "password": PASSWORD});
    let reply = app.anonymous.post("/api/auth/sign-in", body).await;
    let line = reply.header("set-cookie");
    assert!(line.starts_with("__Host-kamhub_session=") && line.ends_with("; Secure"), "{line}");
    app.anonymous.header("cookie", &cookie(&reply)).get(ME).await.data(200);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_sign_in_the_answer_is_the_same() {
    let app = TestApp::start().await;
    let id = user(&app, ANNA, Role::Agent).await;
    user(&app, "boris@kamhub.example", Role::Agent).await;
    let path = format!("/api/support/users/{id}");
    app.admin.patch(&path, json!({"disabled": true})).await.data(200);
    for (email, password) in [
        ("boris@kamhub.example", "volcano-koryaksky-3457"),
        ("nobody@kamhub.example", PASSWORD),
        (ANNA, PASSWORD),
    ] {
        for path in ["/api/auth/sign-in", "/api/auth/token"] {
            let body = json!({"email": email, "password": password});
            let reply = app.anonymous.post(path, body).await;
            reply.fault(401, "SIGN_IN_FAILED");
            assert_eq!(reply.json["message"], "The e-mail address or the password is wrong");
        }
    }
    let faults = app.anonymous.post("/api/auth/sign-in", json!({"email": 7})).await;
    let errors = faults.fault(400, "VALIDATION_FAILED");
    assert_eq!(errors["email"], "Email must be a text");
    assert_eq!(errors["password"], "Password is required");
}

#[tokio::test]
async fn attempts_to_sign_in_are_limited_per_account() {
    let app = TestApp::with(|it| it.sign_ins_per_minute = 3).await;
    user(&app, ANNA, Role::Agent).await;
    let body = json!({"email": "Anna@KamHub.example", "password": "wrong-password"});
    for _ in 0..3 {
        let reply = app.anonymous.post("/api/auth/sign-in", body.clone()).await;
        reply.fault(401, "SIGN_IN_FAILED");
    }
    let reply = app.anonymous.post("/api/auth/token", body).await;
    reply.fault(429, "RATE_LIMITED");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() >= 1);
}

#[tokio::test]
async fn a_browsers_session_slides_for_twelve_hours_and_ends_after_thirty_days() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (anna, _) = browser(&app, ANNA).await;
    for _ in 0..65 {
        app.clock.advance(Duration::hours(11));
        anna.get(ME).await.data(200);
    }
    app.clock.advance(Duration::hours(6));
    anna.get(ME).await.fault(401, "UNAUTHENTICATED");

    let (anna, _) = browser(&app, ANNA).await;
    anna.get(ME).await.data(200);
    app.clock.advance(Duration::hours(12));
    anna.get(ME).await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_browsers_call_that_another_site_may_have_caused_is_refused() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (anna, csrf) = browser(&app, ANNA).await;
    let (boris, other) = {
        user(&app, "boris@kamhub.example", Role::Agent).await;
        browser(&app, "boris@kamhub.example").await
    };
    boris.get(ME).await.data(200);
    let body = json!({"currentPassword": "wrong-password", "newPassword": "a new password"});
    let host = app.base.trim_start_matches("http://").to_owned();
    let refused = [
        anna.clone(),
        anna.header("x-csrf-token", &other),
        anna.header("x-csrf-token", ""),
        anna.header("sec-fetch-site", "cross-site"),
        anna.header("sec-fetch-site", "same-site"),
        anna.header("origin", "https://evil.example"),
        anna.header("origin", "null"),
        anna.header("origin", &app.base).header("sec-fetch-site", "cross-site"),
    ];
    for (number, client) in refused.iter().enumerate() {
        let reply = client.put("/api/auth/password", body.clone()).await;
        assert_eq!(reply.json["code"], "CSRF_REJECTED", "case {number}: {}", reply.text);
        assert_eq!(reply.status, 403);
        client.get(ME).await.data(200);
    }
    let allowed = [
        anna.header("x-csrf-token", &csrf),
        anna.header("sec-fetch-site", "same-origin"),
        anna.header("origin", &app.base),
        anna.header("origin", &format!("https://{host}")),
    ];
    for client in allowed {
        let reply = client.put("/api/auth/password", body.clone()).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["currentPassword"].is_string());
    }
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions_and_nobody_elses() {
    let app = TestApp::start().await;
    for email in [ANNA, "boris@kamhub.example"] {
        user(&app, email, Role::Agent).await;
    }
    let (anna, csrf) = browser(&app, ANNA).await;
    let (access, _) = tokens(&app, ANNA).await;
    let program = app.anonymous.bearer(&access);
    let (boris, _) = tokens(&app, "boris@kamhub.example").await;
    let reply = anna.get("/api/auth/sessions").await;
    let sessions = reply.data(200).as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    let of = |kind: &str| sessions.iter().find(|session| session["kind"] == kind).unwrap();
    assert_eq!(of("browser")["current"], true);
    assert_eq!(of("token")["current"], false);
    assert!(!reply.text.contains("ecret"));

    program.get(ME).await.data(200);
    let path = format!("/api/auth/sessions/{}", of("token")["id"].as_str().unwrap());
    app.anonymous.bearer(&boris).delete(&path).await.fault(404, "NOT_FOUND");
    app.admin.delete(&path).await.fault(403, "FORBIDDEN");
    assert_eq!(anna.header("x-csrf-token", &csrf).delete(&path).await.status, 204);
    program.get(ME).await.fault(401, "UNAUTHENTICATED");
    anna.header("x-csrf-token", &csrf).delete(&path).await.fault(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (anna, csrf) = browser(&app, ANNA).await;
    let (other, _) = browser(&app, ANNA).await;
    other.get(ME).await.data(200);
    let anna = anna.header("x-csrf-token", &csrf);
    let change = |current: &str, new: &str| json!({"currentPassword": current, "newPassword": new});
    for new in [ANNA, "too short"] {
        let reply = anna.put("/api/auth/password", change(PASSWORD, new)).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["newPassword"].is_string());
    }
    let new = "volcano-avachinsky-2741";
    assert_eq!(anna.put("/api/auth/password", change(PASSWORD, new)).await.status, 204);
    anna.get(ME).await.data(200);
    other.get(ME).await.fault(401, "UNAUTHENTICATED");
    let sign_in = async |password: &str| {
        let body = json!({"email": ANNA, "password": password});
        app.anonymous.post("/api/auth/sign-in", body).await
    };
    sign_in(PASSWORD).await.fault(401, "SIGN_IN_FAILED");
    sign_in(new).await.data(200);
}

#[tokio::test]
async fn an_access_token_ends_after_fifteen_minutes_and_is_renewed() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Supervisor).await;
    let body = json!({"email": ANNA, "password": PASSWORD});
    let reply = app.anonymous.post("/api/auth/token", body).await;
    assert_eq!(reply.data(200)["tokenType"], "Bearer");
    assert_eq!(reply.data(200)["expiresIn"], 900);
    let (access, refresh) = pair(&reply);
    assert_eq!(app.anonymous.bearer(&access).get(ME).await.data(200)["role"], "supervisor");
    app.clock.advance(Duration::minutes(15));
    app.anonymous.bearer(&access).get(ME).await.fault(401, "UNAUTHENTICATED");

    let body = json!({"refreshToken": refresh});
    let (access, next) = pair(&app.anonymous.post("/api/auth/token/refresh", body).await);
    assert_ne!(next, refresh);
    app.anonymous.bearer(&access).get(ME).await.data(200);
    app.clock.advance(Duration::days(30));
    let reply = app.anonymous.post("/api/auth/token/refresh", json!({"refreshToken": next})).await;
    reply.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_a_stolen_token_ends_the_family() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (_, first) = tokens(&app, ANNA).await;
    let refresh = async |token: &str| {
        app.anonymous.post("/api/auth/token/refresh", json!({"refreshToken": token})).await
    };
    let (_, second) = pair(&refresh(&first).await);
    app.clock.advance(Duration::seconds(30));
    let (access, again) = pair(&refresh(&first).await);
    assert_eq!(again, second, "the lost answer has no second successor");
    let (_, third) = pair(&refresh(&second).await);
    app.anonymous.bearer(&access).get(ME).await.data(200);

    // The one before the direct predecessor was never lost: somebody has copied it.
    refresh(&first).await.fault(401, "UNAUTHENTICATED");
    refresh(&third).await.fault(401, "UNAUTHENTICATED");
    app.anonymous.bearer(&access).get(ME).await.fault(401, "UNAUTHENTICATED");

    let (_, first) = tokens(&app, ANNA).await;
    let (access, second) = pair(&refresh(&first).await);
    app.clock.advance(Duration::seconds(31));
    refresh(&first).await.fault(401, "UNAUTHENTICATED");
    refresh(&second).await.fault(401, "UNAUTHENTICATED");
    app.anonymous.bearer(&access).get(ME).await.fault(401, "UNAUTHENTICATED");
    refresh("khr_AAAA").await.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn two_refreshes_at_once_get_the_same_successor() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (_, first) = tokens(&app, ANNA).await;
    let body = json!({"refreshToken": first});
    let calls = (0..8).map(|_| app.anonymous.post("/api/auth/token/refresh", body.clone()));
    let replies = futures::future::join_all(calls).await;
    let (_, second) = pair(&replies[0]);
    assert!(replies.iter().all(|reply| pair(reply).1 == second));
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_access_tokens_along() {
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (access, refresh) = tokens(&app, ANNA).await;
    app.anonymous.bearer(&access).get(ME).await.data(200);
    for token in [refresh.as_str(), refresh.as_str(), "nonsense"] {
        let body = json!({"refreshToken": token});
        assert_eq!(app.anonymous.post("/api/auth/token/revoke", body).await.status, 204);
    }
    app.anonymous.bearer(&access).get(ME).await.fault(401, "UNAUTHENTICATED");
    let reply =
        app.anonymous.post("/api/auth/token/refresh", json!({"refreshToken": refresh})).await;
    reply.fault(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_token_that_is_unsigned_or_signed_otherwise_or_for_others_is_refused() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    let (access, _) = tokens(&app, ANNA).await;
    let payload = access.split('.').nth(1).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let secret = &app.app.keys.token_secret;
    let sign = |algorithm, claims: &serde_json::Value, secret: &[u8]| {
        encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(secret)).unwrap()
    };
    app.anonymous.bearer(&sign(Algorithm::HS256, &claims, secret)).get(ME).await.data(200);

    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let with = |field: &str, value: serde_json::Value| {
        let mut changed = claims.clone();
        changed[field] = value;
        sign(Algorithm::HS256, &changed, secret)
    };
    let refused = [
        format!("{none}.{payload}."),
        format!("{none}.{payload}"),
        sign(Algorithm::HS512, &claims, secret),
        sign(Algorithm::HS256, &claims, b"another secret"),
        with("aud", json!("kamhub-support")),
        with("aud", json!(["kamhub-support"])),
        with("iss", json!("somebody")),
        with("exp", json!(null)),
        with("sub", json!("999")),
        with("sid", json!("999999")),
    ];
    for (number, token) in refused.iter().enumerate() {
        let reply = app.anonymous.bearer(token).get(ME).await;
        assert_eq!(reply.json["code"], "UNAUTHENTICATED", "case {number}: {}", reply.text);
    }
}

#[tokio::test]
async fn sessions_that_ended_are_forgotten() {
    use kamhub_helpdesk::identity::service::sessions_forget;
    let app = TestApp::start().await;
    user(&app, ANNA, Role::Agent).await;
    browser(&app, ANNA).await;
    let (access, _) = tokens(&app, ANNA).await;
    app.clock.advance(Duration::days(7));
    let mut connection = app.app.db.connection().await.unwrap();
    let until = kamhub_kernel::Clock::now(&*app.clock);
    assert_eq!(sessions_forget(&mut connection, until).await.unwrap(), 1);
    drop((connection, access));
}
