use kamhub_testkit::TestApp;

#[tokio::test]
async fn an_unknown_address_is_told_in_the_envelope_with_the_request_id() {
    let app = TestApp::start().await;
    let reply = app.anonymous.header("x-request-id", "abc-1").get("/nowhere").await;
    reply.fault(404, "NOT_FOUND");
    assert_eq!(reply.json["requestId"], "abc-1");
    assert_eq!(reply.header("x-request-id"), "abc-1");
}

#[tokio::test]
async fn a_known_address_with_a_wrong_method_is_405() {
    let app = TestApp::start().await;
    app.admin.delete("/api/auth/me").await.fault(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_document_and_its_pages_are_open_and_come_from_the_binary() {
    let app = TestApp::start().await;
    let document = app.anonymous.get("/api-docs.json").await;
    assert_eq!(document.status, 200);
    assert!(document.json["openapi"].as_str().unwrap().starts_with("3."));
    assert_eq!(app.anonymous.get("/api-docs/").await.status, 200);
}
