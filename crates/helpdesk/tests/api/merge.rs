use chrono::Duration;
use kamhub_kernel::Role;
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::speaking::{customer, kinds, messages, now, post, rating, say, seen_by, texts};
use crate::support::{agent, bring_to, create, load, patch, path};

async fn merge(app: &TestApp, source: &Value, target: &Value) -> Reply {
    app.admin.post(&format!("{}/merge", path(source)), json!({"into": target["id"]})).await
}

async fn unmerge(app: &TestApp, source: &Value) -> Reply {
    app.admin.post(&format!("{}/unmerge", path(source)), json!({})).await
}

async fn ledger_is_right(app: &TestApp) -> bool {
    sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM agent_load WHERE open_tickets <> (SELECT count(*) FROM tickets
         WHERE tickets.agent_id = agent_load.agent_id AND deleted_at IS NULL
           AND merged_into_id IS NULL AND status IN ('open', 'in_progress', 'reopened')))",
    )
    .fetch_one(app.database.db.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_merged_ticket_is_closed_and_its_messages_go_to_the_survivor() {
    let app = TestApp::start().await;
    let (source, target) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    say(&app, &source, "customer", "1").await;
    app.clock.advance(Duration::minutes(1));
    let answer = say(&app, &target, "customer", "2").await;
    app.clock.advance(Duration::minutes(1));
    say(&app, &source, "customer", "3").await;
    let merged = merge(&app, &source, &target).await.data(200).clone();
    assert_eq!((&merged["status"], &merged["mergedIntoId"]), (&json!("closed"), &target["id"]));
    assert!(merged["closedAt"].is_string());
    assert_eq!(texts(&app, &target).await, ["1", "2", "3"]);
    assert_eq!(texts(&app, &source).await, ["1", "2", "3"], "the merged ticket is a redirect");
    let list = app.admin.get(&format!("{}/messages", path(&target))).await;
    assert_eq!(list.data(200)[0]["originalTicketId"], source["id"]);
    assert_eq!(list.data(200)[0]["ticketId"], target["id"]);
    assert_eq!(list.data(200)[1]["originalTicketId"], json!(null));
    assert_eq!(list.data(200)[1]["id"], answer["id"]);
    assert_eq!(kinds(&app, &source).await.last().unwrap(), "merged");
    assert_eq!(kinds(&app, &target).await.last().unwrap(), "merged");
    let more = say(&app, &source, "customer", "4").await;
    assert_eq!((&more["ticketId"], &more["originalTicketId"]), (&target["id"], &source["id"]));
    patch(&app, &source, json!({"priority": "low"})).await.fault(409, "TICKET_MERGED");
}

#[tokio::test]
async fn what_cannot_be_merged_is_refused() {
    let app = TestApp::start().await;
    let [one, two, three] = [
        create(&app.admin, json!({})).await,
        create(&app.admin, json!({})).await,
        create(&app.admin, json!({})).await,
    ];
    merge(&app, &one, &one).await.fault(409, "MERGE_REFUSED");
    merge(&app, &one, &two).await.data(200);
    let again = merge(&app, &one, &two).await;
    assert_eq!(again.data(200)["mergedIntoId"], two["id"], "done already");
    merge(&app, &one, &three).await.fault(409, "TICKET_MERGED");
    merge(&app, &two, &one).await.fault(409, "MERGE_REFUSED");
    merge(&app, &three, &one).await.fault(409, "MERGE_REFUSED");
    assert!(
        merge(&app, &three, &json!({"id": "999"})).await.fault(400, "VALIDATION_FAILED")["into"]
            .is_string()
    );
    merge(&app, &json!({"id": "999"}), &three).await.fault(404, "NOT_FOUND");
    for body in [json!({}), json!({"into": null}), json!({"into": "x"}), json!({"into": -1})] {
        let reply = app.admin.post(&format!("{}/merge", path(&three)), body).await;
        assert!(reply.fault(400, "VALIDATION_FAILED")["into"].is_string());
    }
    app.admin.delete(&path(&three)).await;
    merge(&app, &two, &three).await.fault(400, "VALIDATION_FAILED");
    merge(&app, &three, &two).await.fault(404, "NOT_FOUND");
    let worker = app.key(Role::Agent, None).await;
    let reply = worker.post(&format!("{}/merge", path(&two)), json!({"into": one["id"]})).await;
    reply.fault(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_ticket_is_merged_by_number_and_by_version() {
    let app = TestApp::start().await;
    let (source, target) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    let body = json!({"into": target["ticketNumber"]});
    let stale = app.admin.header("if-match", "\"7\"");
    stale
        .post(&format!("{}/merge", path(&source)), body.clone())
        .await
        .fault(409, "VERSION_CONFLICT");
    let fresh = app.admin.header("if-match", "\"1\"");
    fresh.post(&format!("{}/merge", path(&source)), body).await.data(200);
}

#[tokio::test]
async fn of_two_merges_in_opposite_directions_at_once_one_wins() {
    let app = TestApp::start().await;
    for _ in 0..8 {
        let (one, two) = (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
        let (first, second) = tokio::join!(merge(&app, &one, &two), merge(&app, &two, &one));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", first.text, second.text);
        let lost = if first.status == 409 { first } else { second };
        lost.fault(409, "MERGE_REFUSED");
    }
}

#[tokio::test]
async fn a_ring_of_merges_at_once_leaves_no_cycle_and_no_fault_of_ours() {
    let app = TestApp::start().await;
    let mut tickets = Vec::new();
    for _ in 0..6 {
        tickets.push(create(&app.admin, json!({})).await);
    }
    let ring = (0..12).map(|place| {
        let (from, to) = (place % 6, (place + if place < 6 { 1 } else { 5 }) % 6);
        merge(&app, &tickets[from], &tickets[to])
    });
    for reply in futures::future::join_all(ring).await {
        // 503 asks to try again: two of the database's transactions waited for each other.
        assert!([200, 409, 503].contains(&reply.status.as_u16()), "{}", reply.text);
    }
    let chains: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM tickets AS one JOIN tickets AS two ON one.merged_into_id = two.id
         WHERE two.merged_into_id IS NOT NULL",
    )
    .fetch_one(app.database.db.pool())
    .await
    .unwrap();
    assert_eq!(chains, 0);
}

#[tokio::test]
async fn chains_are_flattened_and_unmerged_in_any_order() {
    let app = TestApp::start().await;
    let mut tickets = Vec::new();
    for text in ["1", "2", "3"] {
        let ticket = create(&app.admin, json!({})).await;
        say(&app, &ticket, "customer", text).await;
        app.clock.advance(Duration::minutes(1));
        tickets.push(ticket);
    }
    let [one, two, three] = &tickets[..] else { unreachable!() };
    merge(&app, one, two).await.data(200);
    merge(&app, two, three).await.data(200);
    assert_eq!(now(&app, one).await["mergedIntoId"], three["id"]);
    assert_eq!(texts(&app, three).await, ["1", "2", "3"]);
    say(&app, one, "customer", "4").await;
    // The middle one takes back what it had brought, with the first one in it.
    unmerge(&app, two).await.data(200);
    assert_eq!(texts(&app, three).await, ["3"]);
    assert_eq!(texts(&app, two).await, ["1", "2", "4"]);
    assert_eq!(now(&app, one).await["mergedIntoId"], two["id"]);
    merge(&app, two, three).await.data(200);
    // The first one leaves from where it went in the end.
    let back = unmerge(&app, one).await.data(200).clone();
    assert_eq!((&back["mergedIntoId"], &back["status"]), (&json!(null), &json!("open")));
    assert_eq!(texts(&app, one).await, ["1", "4"]);
    assert_eq!(texts(&app, three).await, ["2", "3"]);
    unmerge(&app, two).await.data(200);
    assert_eq!(texts(&app, two).await, ["2"]);
    let list = app.admin.get(&format!("{}/messages", path(two))).await;
    assert_eq!(list.data(200)[0]["originalTicketId"], json!(null));
}

#[tokio::test]
async fn undoing_a_merge_brings_state_agent_and_ledger_back() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({})).await;
    let (source, target) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    bring_to(&app, &source, "in_progress").await;
    assert_eq!(load(&app, &anna).await, 2);
    merge(&app, &source, &target).await.data(200);
    assert_eq!(load(&app, &anna).await, 1);
    let back = unmerge(&app, &source).await.data(200).clone();
    assert_eq!((&back["status"], &back["agentId"]), (&json!("in_progress"), &anna["id"]));
    assert_eq!(back["closedAt"], json!(null));
    assert_eq!(load(&app, &anna).await, 2);
    assert!(ledger_is_right(&app).await);
    unmerge(&app, &source).await.data(200);
    unmerge(&app, &target).await.fault(409, "MERGE_REFUSED");
    for state in ["resolved", "closed"] {
        let ticket = create(&app.admin, json!({})).await;
        let before = bring_to(&app, &ticket, state).await;
        app.clock.advance(Duration::hours(1));
        merge(&app, &ticket, &target).await.data(200);
        let after = unmerge(&app, &ticket).await.data(200).clone();
        for same in ["status", "closedAt", "resolvedAt", "reopenedCount"] {
            assert_eq!(after[same], before[same], "{same} of {state}");
        }
    }
}

#[tokio::test]
async fn a_place_that_a_merge_frees_goes_to_the_survivor_when_it_waits() {
    let app = TestApp::start().await;
    let anna = agent(&app, "Anna", json!({"maxConcurrentTickets": 1})).await;
    let source = create(&app.admin, json!({})).await;
    let target = create(&app.admin, json!({})).await;
    assert_eq!(target["agentId"], json!(null));
    merge(&app, &source, &target).await.data(200);
    assert_eq!(now(&app, &target).await["agentId"], anna["id"]);
    assert!(ledger_is_right(&app).await);
    // There is no room for it any more: it comes back with its agent all the same.
    unmerge(&app, &source).await.data(200);
    assert_eq!(load(&app, &anna).await, 2);
    assert!(ledger_is_right(&app).await);
}

#[tokio::test]
async fn a_first_response_stays_with_the_ticket_whose_customer_had_it() {
    let app = TestApp::start().await;
    let source = create(&app.admin, json!({})).await;
    let silent = create(&app.admin, json!({})).await;
    let answered = create(&app.admin, json!({})).await;
    let first = say(&app, &source, "agent", "Hello").await;
    app.clock.advance(Duration::minutes(5));
    let later = say(&app, &answered, "agent", "Hello").await;
    merge(&app, &source, &silent).await.data(200);
    assert_eq!(now(&app, &silent).await["firstResponseAt"], json!(null));
    assert_eq!(now(&app, &source).await["firstResponseAt"], first["createdAt"]);
    unmerge(&app, &source).await.data(200);
    assert_eq!(now(&app, &silent).await["firstResponseAt"], json!(null));
    merge(&app, &source, &answered).await.data(200);
    assert_eq!(now(&app, &answered).await["firstResponseAt"], later["createdAt"]);
}

#[tokio::test]
async fn a_customer_whose_ticket_went_into_somebody_elses_sees_their_own_part_only() {
    let app = TestApp::start().await;
    let mine = create(&app.admin, json!({})).await;
    let other =
        json!({"customerId": 43, "customerEmail": "oleg@example.com", "customerName": "Олег"});
    let theirs = create(&app.admin, other).await;
    say(&app, &mine, "customer", "I am Irina").await;
    let answer = say(&app, &mine, "agent", "Hello Irina").await;
    say(&app, &theirs, "agent", "Hello Oleg").await;
    merge(&app, &mine, &theirs).await.data(200);
    let (me, them) = (customer(&app, &mine), customer(&app, &theirs));
    assert_eq!(seen_by(&me, &mine).await, ["I am Irina", "Hello Irina"]);
    assert_eq!(seen_by(&them, &theirs).await, ["Hello Oleg"]);
    me.get(&messages(&theirs)).await.fault(404, "NOT_FOUND");
    let more = me.post(&messages(&mine), json!({"message": "Thank you"})).await;
    assert_eq!(more.data(201)["ticketId"], theirs["id"]);
    assert_eq!(seen_by(&me, &mine).await.len(), 3);
    assert_eq!(seen_by(&them, &theirs).await.len(), 1);
    me.post(&rating(&answer), json!({"rating": 5})).await.data(200);
    them.post(&rating(&answer), json!({"rating": 1})).await.fault(404, "NOT_FOUND");
    assert_eq!(texts(&app, &theirs).await.len(), 4);
}

#[tokio::test]
async fn writing_and_merging_at_once_loses_no_message() {
    let app = TestApp::start().await;
    let (source, target) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    let written = futures::future::join_all((0..16).map(|count| {
        let (app, source) = (&app, &source);
        async move { post(app, source, json!({"message": count.to_string()})).await.status }
    }));
    let (statuses, merged) = tokio::join!(written, merge(&app, &source, &target));
    merged.data(200);
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    assert_eq!(texts(&app, &target).await.len(), 16);
    unmerge(&app, &source).await.data(200);
    assert_eq!(texts(&app, &source).await.len(), 16);
}

#[tokio::test]
async fn a_ticket_that_others_were_merged_into_is_not_deleted_before_they_are_out_of_it() {
    let app = TestApp::start().await;
    let (source, target) =
        (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
    say(&app, &source, "customer", "Do not lose me").await;
    merge(&app, &source, &target).await.data(200);
    app.admin.delete(&path(&target)).await.fault(409, "SURVIVOR_OF_MERGE");
    assert_eq!(texts(&app, &source).await, ["Do not lose me"]);
    unmerge(&app, &source).await.data(200);
    assert_eq!(app.admin.delete(&path(&target)).await.status, 204);
    assert_eq!(texts(&app, &source).await, ["Do not lose me"]);
}

#[tokio::test]
async fn an_open_question_does_not_end_in_a_ticket_that_is_over() {
    let app = TestApp::start().await;
    for over in ["resolved", "closed"] {
        let (open, target) =
            (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
        say(&app, &open, "customer", "Is anybody there?").await;
        bring_to(&app, &target, over).await;
        let refused = merge(&app, &open, &target).await;
        refused.fault(409, "MERGE_REFUSED");
        assert!(refused.json["message"].as_str().unwrap().contains("reopen"), "{}", refused.text);
        assert_eq!(now(&app, &open).await["status"], "open");
        patch(&app, &target, json!({"status": "reopened"})).await.data(200);
        merge(&app, &open, &target).await.data(200);
        let (one, other) =
            (create(&app.admin, json!({})).await, create(&app.admin, json!({})).await);
        bring_to(&app, &one, over).await;
        bring_to(&app, &other, over).await;
        merge(&app, &one, &other).await.data(200);
    }
}
