//! Mail: composed of the words and a template, plain and as HTML, and sent over SMTP.

use askama::Template;
use kamhub_mail::{Address, Letter, SendError};

use super::super::model::{Content, Delivery, NotificationKind, Outcome};
use super::words::{Words, words};
use crate::app::App;
use crate::identity;
use crate::language::Language;

/// The mail as plain text. Nothing is escaped, because nothing in it is special.
#[derive(Template)]
#[template(path = "mail/message.txt", escape = "none")]
struct Plain<'a> {
    words: &'a Words,
    links: &'a [Link],
}

/// The mail as HTML. Every value is escaped by the template's own rule.
#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    words: &'a Words,
    links: &'a [Link],
    language: Language,
}

/// Something to open.
struct Link {
    label: String,
    address: String,
}

/// Sends a delivery.
pub async fn send(app: App, delivery: Delivery) -> Outcome {
    let Some(mailer) = &app.settings.outlets.mail else {
        return Outcome::retry("smtp_url is not configured in this worker");
    };
    let letter = match letter(&app, &delivery, mailer.from()) {
        Ok(letter) => letter,
        Err(why) => return Outcome::permanent(why),
    };
    match mailer.send(&letter).await {
        Ok(()) => Outcome::Sent,
        Err(SendError::Permanent(why)) => Outcome::permanent(why),
        // A refused login is the operator's to mend; no letter is to blame for it.
        Err(error) => Outcome::retry(error),
    }
}

/// The letter of a delivery: the same in each attempt.
fn letter(app: &App, delivery: &Delivery, from: &Address) -> Result<Letter, String> {
    let content: Content = serde_json::from_value(delivery.payload.clone())
        .map_err(|error| format!("the payload cannot be read: {error}"))?;
    let outlets = &app.settings.outlets;
    let words = words(outlets, &content);
    let language = content.language.unwrap_or(outlets.language);
    let links = links(app, delivery, &content, &words, language);
    let links = links.as_slice();
    let render = |error: askama::Error| format!("the template fails: {error}");
    let text = Plain { words: &words, links }.render().map_err(render)?;
    let html = Html { words: &words, links, language }.render().map_err(render)?;
    let to = Address::new(content.name.as_deref(), &delivery.destination)
        .map_err(|error| format!("the address {error}"))?;
    Ok(Letter {
        id: format!("kh-{}", delivery.stable_id),
        date: delivery.created_at,
        to,
        reply_to: outlets.mail_reply_to.clone(),
        subject: words.subject.clone(),
        text,
        html,
        references: thread(delivery, &content, from.domain()),
        headers: headers(delivery, &content, from.domain()),
    })
}

/// A link for each star where the customer is asked how it was (docs/FEEDBACK.md); otherwise one that
/// opens the ticket for its customer, for as long as any such link does, or all of their requests, for
/// a day.
///
/// Each says the mail's language, for browsers that have not said theirs.
fn links(
    app: &App,
    delivery: &Delivery,
    content: &Content,
    words: &Words,
    language: Language,
) -> Vec<Link> {
    if let Some(link) = &content.link {
        let star = |stars| Link {
            label: "★".repeat(stars),
            address: format!("{link}&rating={stars}&lang={language}"),
        };
        return (1..=5).rev().map(star).collect();
    }
    let Some(customer) = content.customer else { return Vec::new() };
    let site = &app.settings.public_url;
    let label = words.button.clone();
    if content.kind == NotificationKind::RequestsLink {
        let ends = delivery.created_at + identity::service::REQUESTS_LINK_LIFE;
        let address = identity::service::requests_link_url(&app.keys, site, customer, ends);
        return vec![Link { label, address: format!("{address}?lang={language}") }];
    }
    let Some(ticket) = &content.ticket else { return Vec::new() };
    let ends = delivery.created_at + identity::service::TICKET_LINK_LIFE;
    let token = identity::service::ticket_link_create(&app.keys, ticket.id, customer, ends);
    let address = identity::service::ticket_link_url(site, &token);
    vec![Link { label, address: format!("{address}?lang={language}") }]
}

/// Mails about one ticket hang together by a Message-ID that only names the ticket.
fn thread(delivery: &Delivery, content: &Content, domain: &str) -> Vec<String> {
    let installation = delivery.stable_id.split('-').next().unwrap_or_default();
    let ticket = content.ticket.as_ref();
    ticket
        .map(|ticket| format!("<kh-{installation}-ticket.{}@{domain}>", ticket.id))
        .into_iter()
        .collect()
}

/// Autoresponders are asked to keep quiet (RFC 3834 and what Exchange reads). An agent's answer was
/// written by a person and is not marked as automatic.
fn headers(delivery: &Delivery, content: &Content, domain: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("List-Id", format!("KamHub Support <support.{domain}>")),
        ("X-KamHub-Delivery", delivery.stable_id.clone()),
    ];
    if content.kind != NotificationKind::AgentReply {
        headers.push(("Auto-Submitted", "auto-generated".to_owned()));
    }
    headers
}
