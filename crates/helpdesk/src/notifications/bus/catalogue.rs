//! Every event of the bus: what it means, the version and the shape of its data, and an example.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::{examples, payloads};
use crate::events::EventType;
use crate::tickets::view::TicketView;

/// Schemas by name, as they are collected for a document.
pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// What is said of one kind of event.
pub struct Entry {
    /// The event.
    pub kind: EventType,
    /// Grows when readers of the data would have to change; fields that are only added do not count.
    pub version: u32,
    /// What its subject looks like.
    pub subject: &'static str,
    /// When it is told, in one sentence.
    pub summary: &'static str,
    /// Adds the schema of the data with all that it refers to, and answers its name.
    pub schema: fn(&mut Schemas) -> String,
    /// Fields of the data that stay in the house: what opens a door, such as a customer's link.
    pub withheld: &'static [&'static str],
    /// Data as it may look.
    pub example: fn() -> Value,
}

/// Every event.
pub const ALL: &[Entry] = &[
    Entry {
        kind: EventType::TicketCreated,
        version: 1,
        subject: "tickets/17",
        summary: "A ticket was created; the data are the ticket.",
        schema: add::<TicketView>,
        withheld: &[],
        example: examples::ticket,
    },
    Entry {
        kind: EventType::TicketUpdated,
        version: 1,
        subject: "tickets/17",
        summary: "A ticket changed: state, assignee, fields, merge, split, snooze and so on.",
        schema: add::<payloads::TicketChange>,
        withheld: &[],
        example: examples::ticket_change,
    },
    Entry {
        kind: EventType::TicketDeleted,
        version: 1,
        subject: "tickets/17",
        summary: "A ticket was deleted.",
        schema: add::<payloads::TicketChange>,
        withheld: &[],
        example: examples::ticket_deletion,
    },
    Entry {
        kind: EventType::TicketMessageCreated,
        version: 1,
        subject: "tickets/17",
        summary: "Somebody wrote in a ticket; notes of the desk to itself are marked.",
        schema: add::<payloads::MessageWritten>,
        withheld: &[],
        example: examples::message,
    },
    Entry {
        kind: EventType::TicketMessageRated,
        version: 1,
        subject: "tickets/17",
        summary: "A customer rated an answer.",
        schema: add::<payloads::MessageRated>,
        withheld: &[],
        example: examples::rating,
    },
    Entry {
        kind: EventType::AgentCreated,
        version: 1,
        subject: "agents/7",
        summary: "An agent was created.",
        schema: add::<payloads::AgentMade>,
        withheld: &[],
        example: examples::agent,
    },
    Entry {
        kind: EventType::AgentUpdated,
        version: 1,
        subject: "agents/7",
        summary: "What is known of an agent changed.",
        schema: add::<payloads::AgentChange>,
        withheld: &[],
        example: examples::agent_change,
    },
    Entry {
        kind: EventType::AgentStatusChanged,
        version: 1,
        subject: "agents/7",
        summary: "An agent's availability changed.",
        schema: add::<payloads::AgentStatusChange>,
        withheld: &[],
        example: examples::agent_status,
    },
    Entry {
        kind: EventType::FeedbackCreated,
        version: 1,
        subject: "tickets/17",
        summary: "A customer said what they think of how a ticket was handled.",
        schema: add::<payloads::FeedbackGiven>,
        withheld: &[],
        example: examples::feedback,
    },
    Entry {
        kind: EventType::FeedbackUpdated,
        version: 1,
        subject: "tickets/17",
        summary: "A customer changed what they said.",
        schema: add::<payloads::FeedbackChange>,
        withheld: &[],
        example: examples::feedback_change,
    },
    Entry {
        kind: EventType::FeedbackFollowUpRequired,
        version: 1,
        subject: "feedback/5",
        summary: "A customer wants to hear from a supervisor.",
        schema: add::<payloads::FeedbackGiven>,
        withheld: &[],
        example: examples::feedback,
    },
    Entry {
        kind: EventType::SurveyCompleted,
        version: 1,
        subject: "surveys/9",
        summary: "Somebody said what they think of the desk as a whole.",
        schema: add::<payloads::SurveyAnswered>,
        withheld: &[],
        example: examples::survey,
    },
    Entry {
        kind: EventType::CsatRequested,
        version: 1,
        subject: "tickets/17",
        summary: "A ticket was resolved, and its customer is asked how it was.",
        schema: add::<payloads::CsatRequest>,
        withheld: &["link"],
        example: examples::csat_request,
    },
    Entry {
        kind: EventType::SlaWarning,
        version: 1,
        subject: "tickets/17",
        summary: "A deadline comes near: a warning step of the policy was reached.",
        schema: add::<payloads::SlaWarned>,
        withheld: &[],
        example: examples::sla_warning,
    },
    Entry {
        kind: EventType::SlaViolationDetected,
        version: 1,
        subject: "tickets/17",
        summary: "A promise was not kept.",
        schema: add::<payloads::SlaViolated>,
        withheld: &[],
        example: examples::sla_violation,
    },
    Entry {
        kind: EventType::SlaViolationAcknowledged,
        version: 1,
        subject: "tickets/17",
        summary: "Somebody has seen that a promise was not kept.",
        schema: add::<payloads::SlaAcknowledged>,
        withheld: &[],
        example: examples::sla_acknowledgement,
    },
    Entry {
        kind: EventType::ArticleCreated,
        version: 1,
        subject: "articles/3",
        summary: "An article was written in a language.",
        schema: add::<payloads::ArticleTold>,
        withheld: &[],
        example: examples::article,
    },
    Entry {
        kind: EventType::ArticleUpdated,
        version: 1,
        subject: "articles/3",
        summary: "An article changed.",
        schema: add::<payloads::ArticleTold>,
        withheld: &[],
        example: examples::article,
    },
    Entry {
        kind: EventType::ArticlePublished,
        version: 1,
        subject: "articles/3",
        summary: "The public reads an article from now on.",
        schema: add::<payloads::ArticleTold>,
        withheld: &[],
        example: examples::article,
    },
    Entry {
        kind: EventType::ArticleUnpublished,
        version: 1,
        subject: "articles/3",
        summary: "The public does not read an article any more.",
        schema: add::<payloads::ArticleTold>,
        withheld: &[],
        example: examples::article,
    },
    Entry {
        kind: EventType::ArticleDeleted,
        version: 1,
        subject: "articles/3",
        summary: "An article was deleted, or one of its languages.",
        schema: add::<payloads::ArticleTold>,
        withheld: &[],
        example: examples::article,
    },
    Entry {
        kind: EventType::FaqCreated,
        version: 1,
        subject: "faqs/4",
        summary: "A frequently asked question was written.",
        schema: add::<payloads::FaqTold>,
        withheld: &[],
        example: examples::faq,
    },
    Entry {
        kind: EventType::FaqUpdated,
        version: 1,
        subject: "faqs/4",
        summary: "A frequently asked question changed.",
        schema: add::<payloads::FaqTold>,
        withheld: &[],
        example: examples::faq,
    },
    Entry {
        kind: EventType::FaqDeleted,
        version: 1,
        subject: "faqs/4",
        summary: "A frequently asked question was deleted.",
        schema: add::<payloads::FaqTold>,
        withheld: &[],
        example: examples::faq,
    },
    Entry {
        kind: EventType::WebhookEndpointDisabled,
        version: 1,
        subject: "webhooks/2",
        summary: "The product has switched a webhook off, because its receiver is gone or has failed for days.",
        schema: add::<payloads::WebhookDisabled>,
        withheld: &[],
        example: examples::webhook_disabled,
    },
    Entry {
        kind: EventType::WebhookTest,
        version: 1,
        subject: "webhooks/2",
        summary: "Somebody tries whether a webhook's receiver hears: sent to that webhook alone, with a sequence of zeros.",
        schema: add::<payloads::WebhookTried>,
        withheld: &[],
        example: examples::webhook_test,
    },
];

/// What is said of an event; `None` where nobody has said it, which a guard test refuses.
pub fn entry(kind: EventType) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.kind == kind)
}

fn add<T: ToSchema>(schemas: &mut Schemas) -> String {
    T::schemas(schemas);
    schemas.push((T::name().into_owned(), T::schema()));
    T::name().into_owned()
}
