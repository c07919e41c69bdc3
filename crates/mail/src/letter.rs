//! One message, as MIME.

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, Date, HeaderName, HeaderValue, MessageId,
};
use lettre::message::{MultiPart, MultiPartKind, SinglePart};

use crate::address::{Address, clean};

/// A message: the same text plain and as HTML.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The part of the Message-ID before the `@`: letters, digits, `-` and `.`; the same whenever this
    /// letter is sent again.
    pub id: String,
    /// When it was written.
    pub date: DateTime<Utc>,
    /// Whom it is for.
    pub to: Address,
    /// Where answers go, where that is not the sender.
    pub reply_to: Option<Address>,
    /// The subject; line breaks in it become spaces.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
    /// The Message-IDs of the conversation, as `References` takes them; the last is answered.
    pub references: Vec<String>,
    /// Further headers; what does not belong into a header is left out of their values.
    pub headers: Vec<(&'static str, String)>,
}

impl Letter {
    /// The Message-ID as it stands in the header.
    pub fn message_id(&self, domain: &str) -> String {
        let id: String = self
            .id
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || ['-', '.'].contains(c))
            .collect();
        format!("<{id}@{domain}>")
    }

    /// The message with its envelope. The same letter gives the same bytes.
    pub(crate) fn compose(&self, from: &Address) -> Result<Message, lettre::error::Error> {
        let id = self.message_id(from.domain());
        let mut builder = Message::builder()
            .from(from.0.clone())
            .to(self.to.0.clone())
            .subject(clean(&self.subject))
            .header(MessageId::from(id))
            .header(Date::from(std::time::SystemTime::from(self.date)));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.0.clone());
        }
        if let Some(last) = self.references.last() {
            builder =
                builder.in_reply_to(clean(last)).references(clean(&self.references.join(" ")));
        }
        for (name, value) in &self.headers {
            let name = HeaderName::new_from_ascii_str(name);
            builder = builder.raw_header(HeaderValue::new(name, clean(value)));
        }
        let part = |kind: ContentType, body: &str| {
            SinglePart::builder()
                .header(kind)
                .header(ContentTransferEncoding::QuotedPrintable)
                .body(body.to_owned())
        };
        let boundary = format!("=_{}", self.id);
        builder.multipart(
            MultiPart::builder()
                .kind(MultiPartKind::Alternative)
                .boundary(boundary)
                .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
                .singlepart(part(ContentType::TEXT_HTML, &self.html)),
        )
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "kh-0a1b-17".to_owned(),
            date: Utc.with_ymd_and_hms(2026, 3, 2, 3, 0, 0).unwrap(),
            to: "irina@example.com".parse().unwrap(),
            reply_to: Some("desk@example.com".parse().unwrap()),
            subject: "Запрос принят\r\nBcc: all@example.com".to_owned(),
            text: "Здравствуйте!".to_owned(),
            html: "<p>Здравствуйте!</p>".to_owned(),
            references: vec!["<kh-0a1b-16@example.com>".to_owned()],
            headers: vec![("Auto-Submitted", "auto-generated\r\nX: y".to_owned())],
        }
    }

    #[test]
    fn the_same_letter_gives_the_same_bytes_and_no_text_begins_a_header() {
        let from: Address = "Desk <desk@example.com>".parse().unwrap();
        let bytes = |letter: Letter| letter.compose(&from).unwrap().formatted();
        let text = String::from_utf8(bytes(letter())).unwrap();
        assert_eq!(bytes(letter()), bytes(letter()));
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("Message-ID: <kh-0a1b-17@example.com>"), "{head}");
        assert!(head.contains("In-Reply-To: <kh-0a1b-16@example.com>"), "{head}");
        assert!(head.contains("Date: Mon, 02 Mar 2026 03:00:00 +0000"), "{head}");
        assert!(head.contains("multipart/alternative"), "{head}");
        assert!(!head.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X:")));
        assert!(body.contains("text/plain") && body.contains("text/html"));
    }
}
