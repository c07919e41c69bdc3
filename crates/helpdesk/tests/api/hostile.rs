//! What nobody sends by mistake alone: every such request is refused with a 4xx in the envelope, and
//! the product goes on. What lies below JSON and addresses is in `hostile_http`.

use kamhub_testkit::{Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{create, ticket_body, ticket_with};

const TICKETS: &str = "/api/support/tickets";

/// Checks that a call was refused as the contract says, and names it where it was not.
#[track_caller]
pub fn refused(reply: &Reply, what: &str) {
    let status = reply.status.as_u16();
    let text: String = reply.text.chars().take(300).collect();
    assert!((400..500).contains(&status), "{what}: {status} {text}");
    assert_eq!(reply.json["success"], false, "{what}: {status} {text}");
    assert!(reply.json["code"].is_string(), "{what}: {status} {text}");
}

/// Checks that a call was answered, one way or the other, by the product and not by a fault of it.
#[track_caller]
fn no_fault(reply: &Reply, what: &str) {
    let text: String = reply.text.chars().take(300).collect();
    assert!(reply.status.as_u16() < 500, "{what}: {} {text}", reply.status);
    if reply.status.as_u16() >= 400 {
        refused(reply, what);
    }
}

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    query: Vec<String>,
    body: Option<(Value, Vec<String>)>,
}

/// Every operation of the document, with an example of its body and the names of the body's fields.
async fn operations(app: &TestApp) -> Vec<Operation> {
    let document = app.anonymous.get("/api-docs.json").await.json;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if !operation["operationId"].is_string() {
                continue;
            }
            let query = operation["parameters"].as_array().into_iter().flatten();
            let query = query.filter(|parameter| parameter["in"] == "query");
            let query = query.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
            operations.push(Operation {
                method,
                path: path.clone(),
                query: query.collect(),
                body: body_of(&document, &operation["requestBody"]["content"]["application/json"]),
            });
        }
    }
    assert!(operations.len() > 20, "the document lists the operations");
    operations
}

fn body_of(document: &Value, content: &Value) -> Option<(Value, Vec<String>)> {
    let schema = match content.get("schema")?.get("oneOf") {
        Some(ways) => ways.as_array()?.iter().find(|way| way.get("$ref").is_some())?,
        None => content.get("schema")?,
    };
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#'))?,
        None => schema,
    };
    let fields = schema["properties"].as_object()?.keys().cloned().collect();
    let example = content.get("example").cloned().unwrap_or_else(|| json!({}));
    Some((example, fields))
}

impl Operation {
    /// The path with something in the place of its parameters.
    fn at(&self, id: &str) -> String {
        let mut path = String::new();
        for (number, part) in self.path.split('/').enumerate() {
            if number > 0 {
                path.push('/');
            }
            path.push_str(match part {
                "{language}" if id == "1" => "ru",
                _ if part.starts_with('{') => id,
                _ => part,
            });
        }
        path
    }
}

#[tokio::test]
async fn a_nul_character_in_any_field_parameter_or_path_is_refused() {
    let app = TestApp::start().await;
    for operation in operations(&app).await {
        let (method, path) = (&operation.method, operation.at("1"));
        for name in &operation.query {
            let reply = app.admin.call(method.clone(), &format!("{path}?{name}=a%00b"), None).await;
            refused(&reply, &format!("{method} {path} ?{name}"));
        }
        if operation.path.contains('{') {
            let path = operation.at("1%00");
            let body = operation.body.as_ref().map(|(example, _)| example.clone());
            refused(
                &app.admin.call(method.clone(), &path, body).await,
                &format!("{method} {path}"),
            );
        }
        for (example, name) in fields(&operation) {
            let mut body = example;
            body[&name] = json!("a\0b");
            let reply = app.admin.call(method.clone(), &path, Some(body)).await;
            let what = format!("{method} {path} {name}");
            refused(&reply, &what);
            if reply.status == 400 {
                assert!(reply.json["errors"][&name].is_string(), "{what}: {}", reply.text);
            }
        }
    }
}

fn fields(operation: &Operation) -> Vec<(Value, String)> {
    let Some((example, names)) = &operation.body else { return Vec::new() };
    names.iter().map(|name| (example.clone(), name.clone())).collect()
}

#[tokio::test]
async fn no_value_in_any_field_is_a_fault_of_ours() {
    let app = TestApp::start().await;
    create(&app.admin, json!({})).await;
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(""),
        json!("9".repeat(40)),
        json!("\u{202e}\u{fffd}\u{10ffff}"),
        json!("x".repeat(100_000)),
        json!(["", 0, null, {"x": []}]),
        json!({"": {"": 1}}),
        deep,
    ];
    for operation in operations(&app).await {
        // Its own key must not be revoked, and argon2 need not be asked a hundred times.
        if operation.path.contains("auth") || operation.path.contains("api-keys") {
            continue;
        }
        for (example, name) in fields(&operation) {
            for value in &values {
                let mut body = example.clone();
                body[&name] = value.clone();
                let (method, path) = (operation.method.clone(), operation.at("1"));
                let what = format!(
                    "{method} {path} {name} = {}",
                    value.to_string().chars().take(40).collect::<String>()
                );
                no_fault(&app.admin.call(method, &path, Some(body)).await, &what);
            }
        }
    }
}

#[tokio::test]
async fn no_value_of_a_query_parameter_is_a_fault_of_ours() {
    let app = TestApp::start().await;
    create(&app.admin, json!({})).await;
    let huge = "9".repeat(40);
    let values = [
        "0",
        "-1",
        "1.5",
        "1e400",
        "%FF%FE",
        "%",
        "%zz",
        "%F0%9F%92%A5",
        "9223372036854775807",
        "-9223372036854775808",
        "0000-01-01",
        "9999-12-31",
        "10000-01-01",
        "-0001-01-01",
        "9999-12-31T23:59:60Z",
        "0001-01-01T00:00:00%2B14:00",
        "2025-02-30",
        "2025-12-28T25:00:00Z",
        "%27%3B--",
        "%25%5F%5C",
        "%3A%2A%26%7C%21",
        "%28%28%28",
        &huge,
    ];
    for operation in operations(&app).await.iter().filter(|operation| operation.method == "GET") {
        for name in &operation.query {
            for value in values {
                let path = format!("{}?{name}={value}", operation.at("1"));
                no_fault(&app.admin.get(&path).await, &path);
            }
        }
    }
}

#[tokio::test]
async fn pages_that_cannot_be_are_refused() {
    let app = TestApp::start().await;
    create(&app.admin, json!({})).await;
    create(&app.admin, json!({})).await;
    let beyond = "99999999999999999999";
    for number in ["0", "-1", "1.5", "abc", "0x10", "9223372036854775807", beyond] {
        for parameter in ["page", "limit"] {
            let path = format!("{TICKETS}?{parameter}={number}");
            app.admin.get(&path).await.fault(400, "VALIDATION_FAILED");
        }
    }
    let first = app.admin.get(&format!("{TICKETS}?limit=1")).await;
    let cursor = first.json["nextCursor"].as_str().unwrap();
    for path in [
        format!("{TICKETS}?sortBy=priority&cursor={cursor}"),
        format!("{TICKETS}?sortOrder=ASC&cursor={cursor}"),
        format!("{TICKETS}?cursor={}", &cursor[1..]),
        format!("{TICKETS}?cursor=%00"),
        format!("{TICKETS}?cursor={}", "A".repeat(5000)),
    ] {
        app.admin.get(&path).await.fault(400, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn dates_that_no_calendar_knows_are_refused() {
    let app = TestApp::start().await;
    let absurd = [
        "0000-01-01",
        "10000-01-01",
        "-0001-01-01",
        "+12345-01-01",
        "2025-13-01",
        "2025-02-30",
        "2025-12-28T24:00:01Z",
        "2025-12-28T10:00:00",
        "0000-12-31T23:59:59Z",
        "1e9",
        "now",
    ];
    for date in absurd {
        let date = date.replace('+', "%2B");
        for parameter in ["fromDate", "toDate"] {
            let path = format!("{TICKETS}?{parameter}={date}");
            app.admin.get(&path).await.fault(400, "VALIDATION_FAILED");
        }
        let body = ticket_with(json!({"createdAt": date}));
        app.admin.post(TICKETS, body).await.fault(400, "VALIDATION_FAILED");
    }
    let body = ticket_with(json!({"createdAt": "9999-12-31T23:59:59Z"}));
    app.admin.post(TICKETS, body).await.fault(400, "VALIDATION_FAILED");
    app.admin.get(&format!("{TICKETS}?fromDate=0001-01-01&toDate=9999-12-31")).await.data(200);
}

#[tokio::test]
async fn a_body_that_is_no_sound_json_is_refused() {
    let app = TestApp::start().await;
    let sound = ticket_body().to_string();
    let twice = sound.replacen('{', "{\"subject\": \"First\", ", 1);
    let twice_inside = ticket_with(json!({"attachments": ["ATTACHMENT"]})).to_string().replace(
        "\"ATTACHMENT\"",
        r#"{"fileUrl": "https://a.example", "fileUrl": "https://b.example"}"#,
    );
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_field = sound.replacen('{', &format!("{{\"tags\": {deep}, "), 1);
    let bodies: [(&str, Vec<u8>); 12] = [
        ("invalid UTF-8", [b"{\"subject\": \"".as_slice(), &[0xff, 0xfe, 0xc0], b"\"}"].concat()),
        ("a lone surrogate", br#"{"subject": "\ud800"}"#.to_vec()),
        ("a byte order mark", [&[0xef, 0xbb, 0xbf], sound.as_bytes()].concat()),
        ("deep", deep.into_bytes()),
        ("deep in a field", deep_field.into_bytes()),
        ("a number beyond all", br#"{"customerId": 1e999}"#.to_vec()),
        ("a key twice", twice.into_bytes()),
        ("a key twice inside", twice_inside.into_bytes()),
        ("cut off", sound.as_bytes()[..sound.len() - 1].to_vec()),
        ("more after the end", [sound.as_bytes(), b"{}"].concat()),
        ("a bare NUL", b"{\"subject\": \"a\0b\"}".to_vec()),
        ("NaN", br#"{"customerId": NaN}"#.to_vec()),
    ];
    for (what, body) in bodies {
        let body = Some(("application/json".to_owned(), body));
        let reply = app.admin.raw(Method::POST, TICKETS, body).await;
        refused(&reply, what);
        assert_eq!(reply.json["code"], "MALFORMED_JSON", "{what}: {}", reply.text);
    }
    let large = Some(("application/json".to_owned(), vec![b' '; 1024 * 1024 + 1]));
    app.admin.raw(Method::POST, TICKETS, large).await.fault(413, "BODY_TOO_LARGE");
    for kind in
        ["text/plain", "application/xml", "application/json-patch", "", "application/\u{416}"]
    {
        let body = Some((kind.to_owned(), sound.clone().into_bytes()));
        let reply = app.admin.raw(Method::POST, TICKETS, body).await;
        reply.fault(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    assert_eq!(app.admin.get(TICKETS).await.json["total"], 0);
}

#[tokio::test]
async fn a_method_that_an_address_does_not_answer_is_405() {
    let app = TestApp::start().await;
    let operations = operations(&app).await;
    let mut paths: Vec<&str> = operations.iter().map(|operation| operation.path.as_str()).collect();
    paths.dedup();
    for path in paths {
        let of_path = || operations.iter().filter(|operation| operation.path == path);
        for method in ["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"] {
            if of_path().any(|operation| operation.method == method) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let at = of_path().next().unwrap().at("1");
            let reply = app.admin.call(method.clone(), &at, None).await;
            assert_eq!(reply.status, 405, "{method} {at}: {}", reply.text);
            assert_eq!(reply.json["code"], "METHOD_NOT_ALLOWED", "{method} {at}");
        }
    }
}

#[tokio::test]
async fn paths_that_are_no_ids_are_refused() {
    let app = TestApp::start().await;
    let long = "9".repeat(5000);
    let ids = [
        "0",
        "-1",
        "1.0",
        "1e3",
        "9223372036854775808",
        "%FF",
        "%C0%AF",
        "%2e%2e",
        "..%2f..",
        "TKT-",
        "TKT--1",
        "TKT-%D9%A1",
        "%20",
        "null",
        "%F0%9F%92%A5",
        &long,
    ];
    for operation in operations(&app).await.iter().filter(|one| one.path.contains('{')) {
        for id in ids {
            let (method, path) = (operation.method.clone(), operation.at(id));
            let body = operation.body.as_ref().map(|(example, _)| example.clone());
            let short: String = path.chars().take(90).collect();
            refused(
                &app.admin.call(method.clone(), &path, body).await,
                &format!("{method} {short}"),
            );
        }
    }
}

#[tokio::test]
async fn searches_are_words_and_never_expressions() {
    let app = TestApp::start().await;
    create(&app.admin, json!({})).await;
    let long = "word+".repeat(2000);
    let searches = [
        "%27%29+OR+1%3D1+--",
        "%26+%7C+%21+%3C-%3E",
        "%28%28%28%28",
        "%3A%2A",
        "%5C",
        "%25%25%25",
        "a%27b",
        "%E2%80%8B",
        "%22unclosed",
        "-",
        "TKT-",
        "TKT-99999999999999999999",
        &long,
    ];
    for search in searches {
        let reply = app.admin.get(&format!("{TICKETS}?search={search}")).await;
        no_fault(&reply, search);
        if reply.status == 200 {
            assert_eq!(reply.json["total"], 0, "{search} finds nothing");
        }
    }
}
