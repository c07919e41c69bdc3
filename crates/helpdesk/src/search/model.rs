//! What a search is asked for and what it answers; no I/O.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::language::Language;

kamhub_kernel::wire_enum! {
    /// What can be found.
    pub enum DocumentKind {
        /// An article of the knowledge base.
        Article = "article",
        /// A frequently asked question.
        Faq = "faq",
        /// A ticket, by subject and description.
        Ticket = "ticket",
        /// A message of a ticket.
        Message = "message",
        /// A customer, by name and address.
        Customer = "customer",
    }
}

kamhub_kernel::wire_enum! {
    /// The step of the ladder on which a result was found (docs/SEARCH.md).
    pub enum Rung {
        /// An identifier of the query stands in it.
        Identifier = "identifier",
        /// It has every word of the query.
        AllWords = "all_words",
        /// It has some of the words.
        AnyWord = "any_word",
    }
}

kamhub_kernel::wire_enum! {
    /// How a query was read differently from how it was typed.
    pub enum CorrectedBy {
        /// The keys were pressed in the other keyboard layout.
        Keyboard = "keyboard",
        /// A word was mistyped.
        Typo = "typo",
        /// A word was written in the other alphabet.
        Transliteration = "transliteration",
    }
}

/// How a query was read differently from how it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Correction {
    /// As it was typed.
    #[schema(examples("ghbynth"))]
    pub from: String,
    /// As it was read.
    #[schema(examples("принтер"))]
    pub to: String,
    /// Why.
    pub by: CorrectedBy,
}

/// A piece of text, in plain characters: whoever shows it escapes it, and may mark it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fragment {
    /// The text.
    #[schema(examples("возврат"))]
    pub text: String,
    /// Whether it is a word of the query.
    #[serde(rename = "match")]
    #[schema(examples(true))]
    pub is_match: bool,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: DocumentKind,
    /// The id of the article, question, ticket, message or customer.
    #[schema(examples("17"))]
    pub id: String,
    /// The title, question, subject or name; a message has the subject of its ticket.
    pub title: Vec<Fragment>,
    /// The part of the text that has most words of the query; empty where there is no text.
    pub snippet: Vec<Fragment>,
    /// The step on which it was found.
    pub found_by: Rung,
    /// How well it fits, 0 to 1; only to be compared within one answer.
    #[schema(examples(0.83))]
    pub score: f64,
    /// The last change of an article or question; the creation of the others.
    pub at: DateTime<Utc>,
    /// The language of an article or question.
    pub language: Option<Language>,
    /// The category of an article, question or ticket.
    #[schema(examples("Возврат денег"))]
    pub category: Option<String>,
    /// The address of an article's page.
    #[schema(examples("kak-vernut-dengi"))]
    pub slug: Option<String>,
    /// Whether everybody can read the article or question; false for a draft.
    pub is_public: Option<bool>,
    /// The ticket of a message.
    #[schema(examples("4711"))]
    pub ticket_id: Option<String>,
    /// The number of the ticket, for a ticket or a message.
    #[schema(examples("TKT-4711"))]
    pub ticket_number: Option<String>,
    /// The state of the ticket, for a ticket or a message.
    #[schema(examples("open"))]
    pub status: Option<String>,
    /// The customer's e-mail address, for a ticket or a customer.
    #[schema(examples("irina@example.com"))]
    pub email: Option<String>,
}

/// What a search answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The query as it was typed.
    #[schema(examples("ghbynth"))]
    pub query: String,
    /// How it was read differently; null where it was not.
    pub corrected: Option<Correction>,
    /// A query that may have been meant: where little was found for words that stand in texts, but hardly
    /// ever, and a much commoner word is near. Null on later pages and beside `corrected`.
    #[schema(examples("возврат билета"))]
    pub did_you_mean: Option<String>,
    /// The results of this page, the best first.
    pub results: Vec<Hit>,
    /// How many results there are, of at most some hundreds that are put in order for each kind.
    #[schema(examples(12))]
    pub total: i64,
    /// Whether there may be more than `total`.
    pub total_capped: bool,
    /// The cursor of the next page; null on the last one.
    #[schema(examples(json!(null)))]
    pub next_cursor: Option<String>,
}

/// A title that goes on from what was typed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// An article or a question.
    #[serde(rename = "type")]
    pub kind: DocumentKind,
    /// The id.
    #[schema(examples("17"))]
    pub id: String,
    /// The title, with the beginnings marked that were typed.
    pub title: Vec<Fragment>,
    /// The language.
    pub language: Language,
    /// The address of an article's page.
    #[schema(examples("kak-vernut-dengi"))]
    pub slug: Option<String>,
}

/// What is suggested.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suggested {
    /// What was typed.
    #[schema(examples("djpd"))]
    pub query: String,
    /// How it was read differently; null where it was not.
    pub corrected: Option<Correction>,
    /// Titles, the best first.
    pub suggestions: Vec<Suggestion>,
}

/// What is being looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The text.
    pub query: String,
    /// Only these kinds; all that the caller may read where empty.
    pub kinds: Vec<DocumentKind>,
    /// Only in this category.
    pub category: Option<String>,
    /// Only articles and questions in this language.
    pub language: Option<Language>,
    /// The most results of a page, 1 to 50.
    pub limit: usize,
    /// How many results are passed over.
    pub skip: usize,
}

impl Request {
    /// Whether this kind is asked for.
    pub fn wants(&self, kind: DocumentKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

/// What a caller may find: part of every query of candidates, never a filter afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Articles that are not published.
    pub drafts: bool,
    /// Tickets.
    pub tickets: Tickets,
}

/// Whose tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tickets {
    /// Nobody's.
    None,
    /// One customer's own, with their public messages.
    Own {
        /// The customer.
        requester: i64,
        /// The only ticket, where the caller came by its link.
        only_ticket: Option<i64>,
    },
    /// Everybody's, with notes, and customers.
    All,
}

impl Reach {
    /// What everybody may find.
    pub const PUBLIC: Self = Self { drafts: false, tickets: Tickets::None };

    /// Whether this kind can be found at all.
    pub fn includes(self, kind: DocumentKind) -> bool {
        match kind {
            DocumentKind::Article | DocumentKind::Faq => true,
            DocumentKind::Ticket | DocumentKind::Message => self.tickets != Tickets::None,
            DocumentKind::Customer => self.tickets == Tickets::All,
        }
    }

    /// The scopes of words that corrections and weights may come from: those of the desk, where drafts and tickets are
    /// counted together, only for who may read both.
    pub fn scopes(self) -> Vec<String> {
        match self.counts_documents_only() {
            false => vec!["desk".to_owned(), "public".to_owned()],
            true => vec!["public".to_owned()],
        }
    }

    /// Whether the words of tickets are left out of [`Reach::scopes`].
    pub fn counts_documents_only(self) -> bool {
        !(self.drafts && self.tickets == Tickets::All)
    }
}
