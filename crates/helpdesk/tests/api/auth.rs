use kamhub_kernel::Role;
use kamhub_testkit::TestApp;

#[tokio::test]
async fn a_key_says_who_it_is_and_what_it_may_do() {
    let app = TestApp::start().await;
    let viewer = app.key(Role::Viewer, None).await;
    let reply = viewer.get("/api/auth/me").await;
    assert_eq!(reply.data(200)["kind"], "service");
    assert_eq!(reply.data(200)["permissions"], serde_json::json!(["tickets:read", "agents:read"]));
}

#[tokio::test]
async fn without_credentials_or_with_wrong_ones_the_answer_is_401() {
    let app = TestApp::start().await;
    app.anonymous.get("/api/auth/me").await.fault(401, "UNAUTHENTICATED");
    app.anonymous.api_key("kh_wrong").get("/api/auth/me").await.fault(401, "UNAUTHENTICATED");
}
