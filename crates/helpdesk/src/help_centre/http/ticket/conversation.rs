//! The messages of a ticket as its customer sees them.

use crate::help_centre::dates::When;
use crate::help_centre::http::page::Frame;
use crate::help_centre::text::{self, Piece};
use crate::help_centre::words;
use crate::ids::AttachmentId;
use crate::messages::model::{Attachment, Message, SenderType};
use crate::tickets::model::{Ticket, TicketAttachment};

/// A file that somebody named.
pub struct File {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it is kept here.
    pub is_ours: bool,
}

/// A step of a rating.
pub struct Step {
    /// 1 (bad) to 5 (good).
    pub number: i16,
    /// Whether the rating is at least this.
    pub is_reached: bool,
    /// Whether it is this.
    pub is_chosen: bool,
}

/// A part of the conversation.
pub struct Entry {
    /// The message; 0 for what the ticket began with.
    pub id: i64,
    /// Whether the customer wrote it.
    pub is_theirs: bool,
    /// Whether a program wrote it.
    pub is_automatic: bool,
    /// Who wrote it.
    pub name: String,
    /// When.
    pub at: When,
    /// The files.
    pub files: Vec<File>,
    /// Whether the customer may rate it.
    pub is_rateable: bool,
    /// What they gave it.
    pub rating: Option<i16>,
    /// The same in words.
    pub rated: String,
    /// What they said to it.
    pub rating_comment: String,
    text: String,
}

impl Entry {
    /// What the ticket began with.
    pub fn first(page: &Frame, base: &str, ticket: &Ticket) -> Self {
        let file = |file: &TicketAttachment| {
            of_file(base, &file.file_name, &file.file_url, file.attachment_id)
        };
        Self {
            id: 0,
            is_theirs: true,
            is_automatic: false,
            name: ticket.customer_name.clone(),
            at: page.moment(ticket.created_at),
            files: ticket.attachments.0.iter().filter_map(file).collect(),
            is_rateable: false,
            rating: None,
            rated: String::new(),
            rating_comment: String::new(),
            text: ticket.description.clone(),
        }
    }

    /// A message that came later.
    pub fn of(page: &Frame, base: &str, message: Message) -> Self {
        let file = |file: &Attachment| of_file(base, &file.name, &file.url, file.attachment_id);
        Self {
            id: message.id.0,
            is_theirs: message.sender_type == SenderType::Customer,
            is_automatic: message.is_automatic || message.sender_type == SenderType::System,
            at: page.moment(message.created_at),
            files: message.attachments.0.iter().filter_map(file).collect(),
            is_rateable: message.sender_type == SenderType::Agent && !message.is_automatic,
            rated: message.rating.map(|rating| words::rated(page.lang, rating)).unwrap_or_default(),
            rating: message.rating,
            rating_comment: message.rating_comment.unwrap_or_default(),
            name: message.sender_name,
            text: message.message,
        }
    }

    /// The text, with its addresses as links.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        text::pieces(&self.text)
    }

    /// The steps of a rating, from bad to good.
    pub fn scale(&self) -> [Step; 5] {
        [1, 2, 3, 4, 5].map(|number| Step {
            number,
            is_reached: self.rating.is_some_and(|rating| number <= rating),
            is_chosen: self.rating == Some(number),
        })
    }

    /// Up to two letters that stand for the name.
    pub fn initials(&self) -> String {
        let letters = self.name.split_whitespace().filter_map(|word| word.chars().next());
        letters
            .filter(|letter| letter.is_alphanumeric())
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }
}

/// A file with an address that a browser may open: one of ours through this page, which knows who
/// looks, any other where it is.
fn of_file(base: &str, name: &str, url: &str, ours: Option<AttachmentId>) -> Option<File> {
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    let url = match ours {
        Some(id) => format!("{base}/files/{id}"),
        None => url.to_owned(),
    };
    let is_ours = ours.is_some();
    (is_ours || is_web).then(|| File { name: name.to_owned(), url, is_ours })
}
