//! What could not be delivered is told to those who can mend it, as they like it.

use kamhub_kernel::Role;
use kamhub_testkit::Client;
use kamhub_testkit::smtp::{Mail, Manners};
use serde_json::{Value, json};

use crate::notifying::{Desk, inbox, kinds};
use crate::people::{tokens, user};
use crate::speaking::say;
use crate::support::create;

const PREFERENCES: &str = "/api/support/notifications/preferences";
const REFUSAL: &str = "550 5.1.1 no such mailbox";
const CUSTOMER: &str = "irina@example.com";

/// An administrator who wants to be told of failures like this; not an agent.
async fn administrator(desk: &Desk, email: &str, choice: Value) -> Client {
    user(&desk.app, email, Role::Admin).await;
    let client = desk.app.anonymous.bearer(&tokens(&desk.app, email).await.0);
    client.put(PREFERENCES, choice).await.data(200);
    client
}

fn by(email: bool, dashboard: bool) -> Value {
    json!({"language": "en",
        "channels": {"delivery_failed": {"email": email, "dashboard": dashboard}}})
}

/// The mails to somebody that tell of the refusal.
fn told(desk: &Desk, email: &str) -> Vec<Mail> {
    let mails = desk.mail.mails_to(email).into_iter();
    mails.filter(|mail| mail.bodies().0.contains("no such mailbox")).collect()
}

#[tokio::test]
async fn a_failure_is_told_to_each_administrator_by_the_channels_they_want() {
    let desk = Desk::start().await;
    let all = administrator(&desk, "all@example.org", by(true, true)).await;
    let mail = administrator(&desk, "mail@example.org", by(true, false)).await;
    let entry = administrator(&desk, "entry@example.org", by(false, true)).await;
    let none = administrator(&desk, "none@example.org", by(false, false)).await;
    // It is 03:00 in UTC.
    let night = json!({"timezone": "UTC", "quietHours": {"from": "22:00", "to": "08:00"}});
    let asleep = administrator(&desk, "asleep@example.org", night).await;
    desk.mail.treat(&[Manners::Refuse(REFUSAL)]);
    let ticket = create(&desk.app.admin, json!({})).await;
    assert_eq!(desk.work().await.dead, 1);
    let entries = async |client: &Client| kinds(&inbox(client).await).len();
    for (client, email, entered, mailed) in [
        (&all, "all@example.org", 1, 1),
        (&mail, "mail@example.org", 0, 1),
        (&entry, "entry@example.org", 1, 0),
        (&none, "none@example.org", 0, 0),
        (&asleep, "asleep@example.org", 1, 0),
    ] {
        assert_eq!((entries(client).await, told(&desk, email).len()), (entered, mailed), "{email}");
    }
    assert_eq!(told(&desk, "all@example.org")[0].subject(), "Not delivered: email");
    let receipts = desk.receipts(&ticket).await;
    let waiting = receipts.iter().find(|receipt| receipt["destination"] == "asleep@example.org");
    assert_eq!(waiting.unwrap()["nextAttemptAt"], "2026-03-02T08:00:00Z", "{receipts:?}");

    desk.mail.treat(&[Manners::Refuse(REFUSAL)]);
    create(&desk.app.admin, json!({})).await;
    assert_eq!(desk.work().await.dead, 1);
    assert_eq!(
        (entries(&all).await, told(&desk, "all@example.org").len()),
        (1, 1),
        "once is enough"
    );
}

#[tokio::test]
async fn mail_about_a_failure_that_fails_itself_is_told_in_inboxes_only() {
    let desk = Desk::start().await;
    let boss = administrator(&desk, "boss@example.org", by(true, true)).await;
    desk.mail.treat(&[Manners::Refuse(REFUSAL), Manners::Refuse(REFUSAL)]);
    create(&desk.app.admin, json!({})).await;
    assert_eq!(desk.work().await.dead, 2);
    assert_eq!(desk.run().await.dead, 0);
    assert_eq!((kinds(&inbox(&boss).await).len(), desk.mail.mails().len()), (1, 0));
}

#[tokio::test]
async fn an_agent_learns_of_a_refused_answer_by_the_channels_they_want() {
    for (email, dashboard) in [(true, true), (true, false), (false, false)] {
        let desk = Desk::start().await;
        let (_, anna) = desk.colleague("Anna", Role::Agent).await;
        anna.put(PREFERENCES, by(email, dashboard)).await.data(200);
        let ticket = create(&desk.app.admin, json!({})).await;
        desk.work().await;
        say(&desk.app, &ticket, "agent", "The second charge was refunded.").await;
        desk.mail.treat(&[Manners::Refuse(REFUSAL)]);
        assert_eq!(desk.work().await.dead, 1);
        let rows = inbox(&anna).await;
        let entered = kinds(&rows).contains(&"delivery_failed");
        let mails = told(&desk, "anna@agents.example.com");
        assert_eq!((mails.len(), entered), (usize::from(email), dashboard));
        let number = ticket["ticketNumber"].as_str().unwrap();
        for mail in mails {
            assert_eq!(mail.subject(), format!("Not delivered: {CUSTOMER} {number}"));
        }
    }
}
