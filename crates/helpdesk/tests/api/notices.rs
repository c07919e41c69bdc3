//! Deadlines that are near or have passed are told to the right people, together.

use chrono::Duration;
use kamhub_helpdesk::notifications::service::receipts;
use kamhub_helpdesk::sla::model::NoticeKind;
use kamhub_helpdesk::sla::policies::model::{EscalationAction, Recipient};
use kamhub_kernel::Role;
use serde_json::{Value, json};

use crate::notifying::{Desk, inbox, kinds};
use crate::support::create;

async fn tickets(desk: &Desk, count: usize) -> Vec<Value> {
    let mut tickets = Vec::new();
    for _ in 0..count {
        tickets.push(create(&desk.app.admin, json!({})).await);
    }
    tickets
}

fn escalation(step: usize, recipients: &[Recipient]) -> NoticeKind {
    let recipients = recipients.to_vec();
    NoticeKind::Escalation { step, recipients, action: EscalationAction::Notify }
}

/// The statuses of all notices, with how many there are of each.
async fn statuses(desk: &Desk) -> Vec<(String, String, i64)> {
    sqlx::query_as(
        "SELECT channel, status, count(*) FROM sla_notifications GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(desk.app.database.db.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_hundred_missed_deadlines_of_one_sweep_are_one_message_per_person_and_channel() {
    let desk = Desk::start().await;
    let tickets = tickets(&desk, 100).await;
    let (_, boss) = desk.colleague("Boss", Role::Supervisor).await;
    desk.notice(&tickets, &NoticeKind::Breach).await;
    desk.notice(&tickets, &NoticeKind::Breach).await;
    desk.run().await;
    let to_boss = || desk.mail.mails_to("boss@agents.example.com");
    assert_eq!(to_boss().len(), 0, "they are collected first");
    desk.app.clock.advance(Duration::seconds(3));
    desk.run().await;
    assert_eq!(to_boss().len(), 1);
    let (text, _) = to_boss()[0].bodies();
    assert!(text.contains("TKT-") && text.contains("50"), "{text}");
    let entries = inbox(&boss).await;
    assert_eq!(kinds(&entries), ["sla_breach"]);
    assert_eq!(entries[0]["deadlines"].as_array().unwrap().len(), 100);
    let posted = desk.slack.posted();
    assert_eq!(posted.len(), 1);
    assert!(posted[0].json()["text"].as_str().unwrap().contains("Payment failed"));
    let sent = |channel: &str| (channel.to_owned(), "sent".to_owned(), 100);
    assert_eq!(statuses(&desk).await, [sent("dashboard"), sent("email"), sent("slack")]);
    let receipts = desk.receipts(&tickets[7]).await;
    assert_eq!(kinds(&receipts), ["sla_breach"; 3]);
}

#[tokio::test]
async fn a_breach_is_told_to_whoever_works_on_the_ticket_and_an_escalation_to_whom_it_names() {
    let desk = Desk::start().await;
    let (profile, anna) = desk.colleague("Anna", Role::Agent).await;
    let (second, boss) = desk.colleague("Boss", Role::Supervisor).await;
    let path = format!("/api/support/agents/{}", second["id"].as_str().unwrap());
    desk.app.admin.patch(&path, json!({"team": "night", "status": "offline"})).await.data(200);
    let ticket = create(&desk.app.admin, json!({"team": "night"})).await;
    assert_eq!(ticket["agentId"], profile["id"]);
    let mine = [ticket];
    desk.notice(&mine, &NoticeKind::Warning { step: 0 }).await;
    desk.notice(&mine, &NoticeKind::Breach).await;
    desk.notice(&mine, &escalation(0, &[Recipient::Team])).await;
    desk.notice(&mine, &escalation(1, &[Recipient::Supervisors, Recipient::Team])).await;
    desk.app.clock.advance(Duration::seconds(3));
    desk.run().await;
    let of = |rows: Vec<Value>| {
        let deadlines = rows.iter().flat_map(|row| row["deadlines"].as_array().unwrap().clone());
        deadlines.map(|deadline| deadline["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(inbox(&anna).await), ["sla_warning", "sla_breach"]);
    assert_eq!(of(inbox(&boss).await), ["sla_escalation", "sla_escalation"]);
}

#[tokio::test]
async fn slack_gets_one_message_a_second_and_the_pause_that_it_asks_for() {
    let desk = Desk::start().await;
    let tickets = tickets(&desk, 3).await;
    desk.slack.answer(&[(200, None), (429, Some(30))]);
    for (step, ticket) in tickets.iter().enumerate() {
        desk.notice(std::slice::from_ref(ticket), &escalation(step, &[Recipient::Team])).await;
        desk.app.clock.advance(Duration::seconds(3));
        if step > 0 {
            continue;
        }
        desk.run().await;
    }
    assert_eq!(desk.slack.posted().len(), 1);
    desk.run().await;
    assert_eq!(desk.slack.posted().len(), 2);
    desk.app.clock.advance(Duration::seconds(29));
    desk.run().await;
    assert_eq!(desk.slack.posted().len(), 2, "thirty seconds were asked for");
    desk.app.clock.advance(Duration::seconds(10));
    desk.run().await;
    assert_eq!(desk.slack.posted().len(), 3);
    assert_eq!(desk.slack.posted()[1].body, desk.slack.posted()[2].body);
}

#[tokio::test]
async fn a_channel_that_is_not_configured_is_told_nothing() {
    let app = kamhub_testkit::TestApp::start().await;
    let desk = Desk { app, ..Desk::start().await };
    let (_, boss) = desk.colleague("Boss", Role::Supervisor).await;
    let tickets = tickets(&desk, 1).await;
    desk.notice(&tickets, &NoticeKind::Breach).await;
    desk.app.clock.advance(Duration::seconds(3));
    desk.run().await;
    assert_eq!(kinds(&inbox(&boss).await), ["sla_breach"]);
    assert_eq!(statuses(&desk).await, [("dashboard".to_owned(), "sent".to_owned(), 1)]);
}

#[tokio::test]
async fn a_notice_that_waits_for_the_end_of_quiet_hours_is_pending_among_the_receipts() {
    let desk = Desk::start().await;
    let (_, boss) = desk.colleague("Boss", Role::Supervisor).await;
    // It is 03:00 in UTC.
    let night = json!({"timezone": "UTC", "quietHours": {"from": "22:00", "to": "08:00"}});
    boss.put("/api/support/notifications/preferences", night).await.data(200);
    let ticket = tickets(&desk, 1).await.remove(0);
    desk.notice(std::slice::from_ref(&ticket), &NoticeKind::Breach).await;
    desk.app.clock.advance(Duration::seconds(3));
    desk.run().await;
    let receipts = desk.receipts(&ticket).await;
    assert_eq!(receipts.len(), 3, "{receipts:?}");
    let waiting = receipts.last().unwrap();
    let expected = json!({
        "id": null, "stableId": null, "channel": "email", "destination": "boss@agents.example.com",
        "kind": "sla_breach", "status": "pending", "attempts": 0, "lastError": null,
        "nextAttemptAt": "2026-03-02T08:00:00Z", "sentAt": null, "createdAt": "2026-03-02T03:00:00Z",
    });
    assert_eq!(waiting, &expected);
    let base =
        format!("/api/support/notifications?ticketId={}&limit=1", ticket["id"].as_str().unwrap());
    let (mut path, mut walked) = (base.clone(), Vec::new());
    loop {
        let page = desk.app.admin.get(&path).await;
        assert_eq!(page.json["total"], 3);
        walked.extend(page.data(200).as_array().unwrap().clone());
        let Some(cursor) = page.json["nextCursor"].as_str() else { break };
        path = format!("{base}&cursor={cursor}");
    }
    walked.reverse();
    assert_eq!(walked, receipts);

    let oldest = async || {
        let mut connection = desk.app.app.db.connection().await.unwrap();
        receipts::standing(&mut connection, desk.app.app.clock.now()).await.unwrap().oldest_at
    };
    desk.app.clock.advance(Duration::hours(4));
    assert_eq!(oldest().await, None, "what has to wait is not late");
    desk.app.clock.advance(Duration::hours(2));
    assert_eq!(oldest().await, "2026-03-02T08:00:00Z".parse().ok(), "nobody has told it");
    desk.run().await;
    assert_eq!(oldest().await, None);
    let receipts = desk.receipts(&ticket).await;
    assert_eq!(receipts.len(), 3, "{receipts:?}");
    assert!(
        receipts.iter().all(|receipt| receipt["status"] == "sent" && receipt["id"].is_string())
    );
}

#[tokio::test]
async fn what_slack_refuses_for_good_is_given_up_at_once() {
    let desk = Desk::start().await;
    let tickets = tickets(&desk, 1).await;
    desk.slack.answer(&[(404, None)]);
    desk.notice(&tickets, &escalation(0, &[Recipient::Team])).await;
    desk.app.clock.advance(Duration::seconds(3));
    assert_eq!(desk.run().await.dead, 1);
    assert_eq!(statuses(&desk).await, [("slack".to_owned(), "failed".to_owned(), 1)]);
}
