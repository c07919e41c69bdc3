//! Users for tests, and how they sign in.

use kamhub_kernel::Role;
use kamhub_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

/// The password of every user of a test.
pub const PASSWORD: &str = "volcano-koryaksky-3456";

/// Makes a user by HTTP; answers the id.
pub async fn user(app: &TestApp, email: &str, role: Role) -> String {
    let body = json!({"email": email, "name": "Анна Лебедева", "role": role, "password": PASSWORD});
    let reply = app.admin.post("/api/support/users", body).await;
    reply.data(201)["id"].as_str().unwrap().to_owned()
}

fn credentials(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}

/// A browser that is signed in, and its proof against cross-site requests.
pub async fn browser(app: &TestApp, email: &str) -> (Client, String) {
    let reply = app.anonymous.post("/api/auth/sign-in", credentials(email)).await;
    let csrf = reply.data(200)["csrfToken"].as_str().unwrap().to_owned();
    (app.anonymous.header("cookie", &cookie(&reply)), csrf)
}

/// The cookie that an answer sets, as a browser sends it.
pub fn cookie(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().unwrap().to_owned()
}

/// An access token and a refresh token.
pub async fn tokens(app: &TestApp, email: &str) -> (String, String) {
    pair(&app.anonymous.post("/api/auth/token", credentials(email)).await)
}

/// The tokens of an answer.
pub fn pair(reply: &Reply) -> (String, String) {
    let data = reply.data(200);
    let text = |field: &str| data[field].as_str().unwrap().to_owned();
    (text("accessToken"), text("refreshToken"))
}
