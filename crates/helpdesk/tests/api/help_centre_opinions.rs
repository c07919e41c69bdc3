//! How it was: the page behind the stars of the mail.

use chrono::Duration;
use kamhub_testkit::{Reply, TestApp};
use serde_json::{Value, json};

use crate::feedback::{PATH, event};
use crate::feedback_requests::work;
use crate::help_centre::{browser, page_of, send, token};
use crate::notifying::Desk;
use crate::support::{bring_to, create};

/// A ticket whose customer is asked, and the address of the page.
async fn asked(app: &TestApp) -> (Value, String) {
    let ticket = create(&app.admin, json!({})).await;
    bring_to(app, &ticket, "resolved").await;
    app.clock.advance(Duration::hours(1));
    work(app).await;
    let link = event(app, "csat.requested").await["link"].as_str().unwrap().to_owned();
    (ticket, link.strip_prefix(&app.base).unwrap().replace("/rate", "/en/rate"))
}

async fn answer(app: &TestApp, address: &str, fields: &[(&str, &str)]) -> Reply {
    let form = token(&browser(app).get(address).await);
    let secret = address.split_once("token=").unwrap().1;
    let mut all = vec![("form", form.as_str()), ("token", secret)];
    all.extend(fields);
    send(&browser(app), "/en/rate", &all).await
}

async fn said(app: &TestApp) -> Vec<Value> {
    app.admin.get(PATH).await.data(200).as_array().unwrap().clone()
}

#[tokio::test]
async fn a_star_of_the_mail_sends_itself_and_looking_stores_nothing() {
    let app = TestApp::start().await;
    let (ticket, address) = asked(&app).await;
    let page = browser(&app).get(&format!("{address}&rating=4")).await;
    assert!(page.text.contains("data-sends-itself"), "{}", page.text);
    assert!(said(&app).await.is_empty(), "mail scanners look, too");
    let offered = browser(&app).get(&page_of(&app, &ticket).await).await.text;
    assert!(offered.contains("How did we do?"), "{offered}");
    assert_eq!(answer(&app, &address, &[("rating", "4")]).await.status, 303);
    assert_eq!(said(&app).await[0]["rating"], 4);

    let again = browser(&app).get(&format!("{address}&rating=4")).await.text;
    assert!(again.contains("Your answer is with us: 4 of 5."), "{again}");
    assert!(!again.contains("data-sends-itself"), "{again}");
    let offered = browser(&app).get(&page_of(&app, &ticket).await).await.text;
    assert!(!offered.contains("How did we do?"), "it was answered: {offered}");
}

#[tokio::test]
async fn the_whole_form_adds_words_and_takes_them_back() {
    let app = TestApp::start().await;
    let (_, address) = asked(&app).await;
    let whole = [("whole", "yes"), ("rating", "5"), ("npsScore", "9"), ("cesScore", "6")];
    let fields = [&whole[..], &[("comment", "Quick"), ("followUpRequired", "yes")]].concat();
    assert_eq!(answer(&app, &address, &fields).await.status, 303);
    let kept = said(&app).await[0].clone();
    assert_eq!((&kept["cesScore"], &kept["npsScore"]), (&json!(6), &json!(9)));
    let page = browser(&app).get(&address).await.text;
    assert!(page.contains(">Quick</textarea>"), "{page}");
    answer(&app, &address, &[("rating", "3")]).await;
    assert_eq!(said(&app).await[0]["comment"], "Quick", "a star takes nothing back");
    answer(&app, &address, &whole).await;
    let kept = said(&app).await[0].clone();
    assert_eq!((kept["comment"].is_null(), &kept["followUpRequired"]), (true, &json!(false)));
}

#[tokio::test]
async fn a_number_beyond_its_scale_is_told_of_that_scale() {
    let app = TestApp::start().await;
    let (_, address) = asked(&app).await;
    for (field, number, sentence) in [
        ("rating", "9", "a number from 1 to 5"),
        ("npsScore", "99", "a number from 0 to 10"),
        ("cesScore", "0", "a number from 1 to 7"),
    ] {
        let fields = [("rating", "5"), (field, number)];
        let fields = if field == "rating" { &fields[1..] } else { &fields[..] };
        let page = answer(&app, &address, fields).await;
        assert_eq!(page.status, 400);
        assert!(page.text.contains(sentence), "{field}: {}", page.text);
    }
}

#[tokio::test]
async fn a_link_of_a_mail_opens_in_its_language_where_the_browser_says_none() {
    let desk = Desk::with(|settings| settings.csat_delay = Some(std::time::Duration::ZERO)).await;
    let app = &desk.app;
    let body = json!({"customerName": "Irina", "subject": "A refund",
        "customerEmail": "irina@example.com"});
    let ticket = create(&app.admin, body).await;
    bring_to(app, &ticket, "resolved").await;
    desk.work().await;
    desk.later(Duration::hours(1)).await;
    let mails = desk.mail.mails_to("irina@example.com");
    let bodies: Vec<String> = mails.iter().map(|mail| mail.bodies().0).collect();
    let mut words = bodies.iter().flat_map(|text| text.split_whitespace());
    let link = words.find(|word| word.contains("/rate?")).expect("a star").to_owned();
    let link = link.strip_prefix(&app.base).unwrap().to_owned();
    let opened = app.anonymous.get(&link).await;
    assert!(opened.header("location").starts_with("/en/rate?token="), "{link}");
    let russian = app.anonymous.header("accept-language", "ru").get(&link).await;
    assert!(russian.header("location").starts_with("/ru/rate?token="));
}
