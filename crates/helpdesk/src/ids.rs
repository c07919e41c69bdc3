//! The registry of typed ids. Those of people are in `kamhub_kernel`, because an actor has one.

pub use kamhub_kernel::{ApiKeyId, CustomerId, SessionId, UserId};

kamhub_kernel::typed_id! {
    /// A ticket.
    TicketId,
    /// A message of a ticket.
    MessageId,
    /// Somebody who works on tickets.
    AgentId,
    /// A job that failed for good.
    DeadLetterId,
    /// A person's number on the platform, as an agent's profile gives it.
    PlatformUserId,
    /// An entry of a ticket's timeline.
    TicketEventId,
    /// Something that leaves the desk.
    DeliveryId,
    /// An entry in a person's inbox.
    InboxEntryId,
}

kamhub_kernel::typed_id! {
    /// Working hours that deadlines count by.
    CalendarId,
    /// A calendar as it was between two edits.
    CalendarVersionId,
    /// What is promised to some of the tickets.
    PolicyId,
    /// A policy as it was between two edits.
    PolicyVersionId,
    /// A re-evaluation or a simulation.
    RunId,
}

kamhub_kernel::typed_id! {
    /// A promise to a customer that was not kept.
    ViolationId,
}

kamhub_kernel::typed_id! {
    /// What a customer says of a ticket.
    FeedbackId,
    /// What a customer says of the desk.
    SurveyId,
    /// A file that a ticket, a message or an article has.
    AttachmentId,
}

kamhub_kernel::typed_id! {
    /// An article of the knowledge base, in all its languages.
    ArticleId,
    /// An article's row in one language; never on the wire.
    ArticleRowId,
    /// A frequently asked question.
    FaqId,
    /// A category of articles and questions.
    KnowledgeCategoryId,
    /// Somebody who is called when something happens.
    WebhookId,
}

impl TicketId {
    /// Reads an id or a ticket number (`TKT-17`, in any case).
    pub fn from_number_or_id(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("tkt-") => text.get(4..)?,
            _ => text,
        };
        digits.parse().ok()
    }
}
