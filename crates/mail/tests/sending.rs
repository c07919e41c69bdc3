//! Letters on a real wire.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chrono::DateTime;
use kamhub_mail::{Letter, Mailer, SendError};
use kamhub_testkit::smtp::{Manners, SmtpSink};

fn letter() -> Letter {
    Letter {
        id: "kh-1-2".to_owned(),
        date: DateTime::UNIX_EPOCH,
        to: "Ирина <irina@example.com>".parse().unwrap(),
        reply_to: None,
        subject: "Запрос принят".to_owned(),
        text: "Здравствуйте!\n.\nКонец.".to_owned(),
        html: "<p>Здравствуйте!</p>".to_owned(),
        references: Vec::new(),
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
    }
}

fn mailer(url: &str) -> Mailer {
    Mailer::new(url.parse().unwrap(), "Desk <desk@example.com>".parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let sink = SmtpSink::start().await;
    let mailer = mailer(&sink.url());
    mailer.probe().await.unwrap();
    mailer.send(&letter()).await.unwrap();
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_str()),
        ("desk@example.com", "irina@example.com")
    );
    assert_eq!(mails[0].header("message-id"), "<kh-1-2@example.com>");
    assert_eq!(mails[0].header("auto-submitted"), "auto-generated");
    assert_eq!(mails[0].subject(), "Запрос принят");
    let (text, html) = mails[0].bodies();
    assert_eq!((text.trim(), html.trim()), ("Здравствуйте!\n.\nКонец.", "<p>Здравствуйте!</p>"));
}

#[tokio::test]
async fn a_refusal_is_told_by_what_can_be_done_about_it() {
    let sink = SmtpSink::start().await;
    let mailer = mailer(&sink.url());
    for (answer, expected) in [
        ("450 4.2.1 try later", "temporary"),
        ("550 5.1.1 no such mailbox", "permanent"),
        ("535 5.7.8 bad login", "login"),
    ] {
        sink.treat(&[Manners::Refuse(answer)]);
        let found = match mailer.send(&letter()).await {
            Err(SendError::Temporary(why)) => ("temporary", why),
            Err(SendError::Permanent(why)) => ("permanent", why),
            Err(SendError::Login(why)) => ("login", why),
            Ok(()) => panic!("{answer} was taken"),
        };
        assert_eq!(found.0, expected);
        assert!(found.1.contains(&answer[4..]), "{}", found.1);
    }
    assert_eq!(sink.mails(), []);
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_last_word_is_worth_another_attempt_with_the_same_id() {
    let sink = SmtpSink::start().await;
    let mailer = mailer(&sink.url());
    sink.treat(&[Manners::HangUp, Manners::TakeAndHangUp]);
    for _ in 0..2 {
        assert!(matches!(mailer.send(&letter()).await, Err(SendError::Temporary(_))));
    }
    mailer.send(&letter()).await.unwrap();
    let mails = sink.mails();
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].raw, mails[1].raw);
}

#[tokio::test]
async fn nothing_is_said_in_the_clear_where_tls_was_asked_for() {
    let sink = SmtpSink::start().await;
    let mailer = mailer(&format!("smtp://user:secret@{}", sink.address));
    assert!(mailer.send(&letter()).await.is_err());
    assert_eq!(sink.mails(), []);
}
