//! Nobody gets further than the table of access.rs lets them: it and the OpenAPI document cover each
//! other exactly, and every operation is called with no, wrong and insufficient credentials.

use kamhub_helpdesk::access::{self, Access, Permission};
use kamhub_kernel::Role;
use kamhub_testkit::{Client, TestApp};
use reqwest::Method;

use crate::operations::{self, Operation};
use crate::source::none;

/// Operations of the table that have no handler yet. The list may only shrink, and ends empty.
const PENDING: &[&str] = &[];

/// The path with an id in each place of one.
fn address(operation: &Operation) -> String {
    let parts =
        operation.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

async fn expect(
    client: &Client,
    who: &str,
    operation: &Operation,
    status: u16,
    found: &mut Vec<String>,
) {
    let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
    let reply = client.call(method, &address(operation), None).await;
    let code = match status {
        401 => "UNAUTHENTICATED",
        _ => "FORBIDDEN",
    };
    let name = format!("{} ({} {})", operation.id, operation.method, operation.path);
    if reply.status.as_u16() != status {
        found.push(format!("{name}: {who} gets {} and must get {status}", reply.status.as_u16()));
    } else if reply.json["code"] != code || reply.json["success"] != false {
        found.push(format!("{name}: {who} gets {status} without the code {code}"));
    }
}

fn permission(access: Access) -> Option<Permission> {
    match access {
        Access::Staff(right) | Access::StaffOrCustomer(right) | Access::Anyone(right) => {
            Some(right)
        }
        Access::Open | Access::SignIn | Access::Public | Access::SignedIn | Access::Person => None,
    }
}

/// A right that is not the wanted one.
fn foreign(wanted: Permission) -> &'static str {
    let mut others = Permission::ALL.iter().filter(|other| **other != wanted);
    others.next().unwrap().as_str()
}

fn covered() -> Vec<(Operation, Access)> {
    operations::all()
        .into_iter()
        .filter_map(|operation| access::of(&operation.id).map(|access| (operation, access)))
        .collect()
}

#[test]
fn every_operation_has_a_line_in_the_table() {
    let found: Vec<String> = operations::all()
        .iter()
        .filter(|operation| access::of(&operation.id).is_none())
        .map(|operation| format!("{} {} {:?}", operation.method, operation.path, operation.id))
        .collect();
    none(&found, "Decide who may call it, and add a line to TABLE in access.rs:");
}

#[test]
fn every_line_of_the_table_is_an_operation() {
    let operations = operations::all();
    let exists = |name: &str| operations.iter().any(|operation| operation.id == name);
    let found: Vec<String> = access::TABLE
        .iter()
        .filter(|(name, _)| !exists(name) && !PENDING.contains(name))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    none(&found, "Remove the line from TABLE in access.rs, or correct the operation_id:");
    let done: Vec<String> = PENDING
        .iter()
        .filter(|name| exists(name) || access::of(name).is_none())
        .map(|name| (*name).to_owned())
        .collect();
    none(&done, "The operation is there (or has no line); remove it from PENDING:");
}

#[tokio::test]
async fn without_credentials_only_open_calls_are_answered() {
    let app = TestApp::start().await;
    let mut found = Vec::new();
    for (operation, access) in covered() {
        let open = Access::Open == access || Access::SignIn == access;
        if !open && !matches!(access, Access::Public | Access::Anyone(_)) {
            expect(&app.anonymous, "nobody", &operation, 401, &mut found).await;
        }
    }
    none(&found, "A call that asks for credentials is refused before anything else is looked at:");
}

#[tokio::test]
async fn wrong_credentials_are_refused_even_where_none_are_needed() {
    let app = TestApp::start().await;
    let mut found = Vec::new();
    let callers = [
        ("a wrong API key", app.anonymous.api_key("kh_0000000000000000000000000000000000000000")),
        ("an empty API key", app.anonymous.api_key("")),
        ("a wrong Bearer token", app.anonymous.bearer("eyJhbGciOiJIUzI1NiJ9.e30.AAAA")),
        ("a Bearer token that is none", app.anonymous.bearer("x")),
    ];
    for (operation, access) in covered() {
        if access == Access::Open {
            continue;
        }
        for (who, caller) in &callers {
            expect(caller, who, &operation, 401, &mut found).await;
        }
    }
    none(
        &found,
        "Credentials that are given must be right; otherwise a typing error looks like success:",
    );
}

#[tokio::test]
async fn probes_are_answered_whatever_credentials_a_network_adds() {
    let app = TestApp::start().await;
    let basic = app.anonymous.header("authorization", "Basic cHJvYmU6cHJvYmU=");
    for (operation, access) in covered() {
        if access == Access::Open {
            for caller in [&basic, &app.anonymous.api_key("kh_wrong")] {
                assert_eq!(caller.get(&operation.path).await.status, 200, "{}", operation.path);
            }
        }
    }
}

#[tokio::test]
async fn credentials_without_the_right_are_refused() {
    let app = TestApp::start().await;
    let viewer = app.key(Role::Viewer, None).await;
    let agent = app.key(Role::Agent, None).await;
    let supervisor = app.key(Role::Supervisor, None).await;
    let roles = [
        ("a viewer's key", &viewer, Role::Viewer),
        ("an agent's key", &agent, Role::Agent),
        ("a supervisor's key", &supervisor, Role::Supervisor),
    ];
    let mut found = Vec::new();
    for (operation, access) in covered() {
        if let Some(wanted) = permission(access) {
            for (who, caller, role) in roles {
                if !access::role_has(role, wanted) {
                    expect(caller, who, &operation, 403, &mut found).await;
                }
            }
            let narrowed = app.key(Role::Admin, Some(&[foreign(wanted)])).await;
            expect(&narrowed, "an admin's key for another right", &operation, 403, &mut found)
                .await;
            let nothing = app.key(Role::Admin, Some(&[])).await;
            expect(&nothing, "an admin's key for no right", &operation, 403, &mut found).await;
        } else if access == Access::Person {
            expect(&app.admin, "a program", &operation, 403, &mut found).await;
        }
    }
    none(&found, "The gate refuses by the table, whatever the handler does:");
}

#[tokio::test]
async fn a_customer_reaches_nothing_that_is_the_desks_own() {
    let app = TestApp::start().await;
    let body = serde_json::json!({
        "subject": "Payment failed", "description": "My card was charged twice.",
        "customerName": "Irina", "customerEmail": "irina@example.com"
    });
    let ticket = app.admin.post("/api/support/tickets", body).await;
    let id = ticket.data(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/support/tickets/{id}/access-link");
    let link = app.admin.call(Method::POST, &path, None).await;
    let token = link.data(201)["token"].as_str().unwrap().to_owned();
    let customer = app.anonymous.header("x-ticket-access", &token);
    customer.get(&format!("/api/support/tickets/{id}")).await.data(200);
    let mut found = Vec::new();
    for (operation, access) in covered() {
        if matches!(access, Access::Staff(_) | Access::Person) {
            expect(&customer, "a customer", &operation, 403, &mut found).await;
        }
    }
    none(&found, "A customer's link opens one ticket and nothing of the desk:");
}

#[tokio::test]
async fn the_right_credentials_pass_the_gate() {
    let app = TestApp::start().await;
    let mut found = Vec::new();
    for (operation, access) in covered() {
        let Some(wanted) = permission(access) else { continue };
        let narrowed = app.key(Role::Admin, Some(&[wanted.as_str()])).await;
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        let reply = narrowed.call(method, &address(&operation), None).await;
        if [401, 403].contains(&reply.status.as_u16()) || reply.status.is_server_error() {
            found.push(format!("{}: {} {}", operation.id, reply.status.as_u16(), reply.text));
        }
    }
    none(&found, "A key narrowed to exactly the right of the table must be let in:");
}
