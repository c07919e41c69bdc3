//! `POST /api/support/tickets/{id}/messages`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_httpkit::items::at_most;
use kamhub_httpkit::validate::{text, web_address};
use kamhub_httpkit::{Answer, ApiResult, Envelope, ErrorBody, IdempotencyKey, Unchecked};
use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::attachments::model::Attachment as Upload;
use crate::attachments::service as attachments;
use crate::identity::http::caller::Caller;
use crate::ids::{AgentId, MessageId, TicketId};
use crate::messages::Error;
use crate::messages::model::{Attachment, MessageView, SenderType};
use crate::messages::service::create::{self, Claim, Created, Request};
use crate::tickets::http::ticket_path::TicketPath;

/// A file that is named in a new message.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
#[schema(as = MessageAttachmentInput)]
pub struct AttachmentInput {
    /// Where it is: an http or https address. Not for an upload.
    #[garde(if(cond = self.upload_id.is_none(), custom(web_address)))]
    #[schema(examples("https://kamhub.example/files/voucher.pdf"))]
    url: String,
    /// The file's name, 1 to 255 characters. Not for an upload.
    #[garde(if(cond = self.upload_id.is_none(), custom(text(1, 255))))]
    #[schema(min_length = 1, max_length = 255, examples("voucher.pdf"))]
    name: String,
    /// A file that was uploaded before, instead of address and name.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(max_length = 100, examples("9f0d5e0c…"))]
    upload_id: Option<String>,
}

/// A new message (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateMessage {
    /// The text, 1 to 10000 characters.
    #[garde(custom(text(1, 10_000)))]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 10_000,
        examples("The second charge was refunded today.")
    )]
    message: String,
    /// For whom a service's API key speaks; agent where it does not say. A signed-in person speaks
    /// for themselves, whatever this says.
    #[garde(skip)]
    #[schema(examples("agent"))]
    sender_type: Option<SenderType>,
    /// The agent or customer for whom a service speaks; a customer by `requesterId`, or by the platform's number.
    #[garde(skip)]
    #[schema(examples("7"))]
    sender_id: Option<AgentId>,
    /// Their name, 1 to 100 characters.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100, examples("Анна Лебедева"))]
    sender_name: Option<String>,
    /// At most 20 files.
    #[serde(deserialize_with = "at_most::<20, _, _>")]
    #[garde(dive)]
    #[schema(max_items = 20)]
    attachments: Vec<AttachmentInput>,
    /// A note of the desk to itself; customers never see it, and cannot write one.
    #[garde(skip)]
    is_internal: Option<bool>,
    /// Written by a program: no answer in the sense of any deadline. Only from a service's API key.
    #[garde(skip)]
    is_automatic: Option<bool>,
    /// The last message that the writer has read: a newer public one is answered with 409.
    #[garde(skip)]
    last_seen_message_id: Option<MessageId>,
    /// When it was written elsewhere: only from an administrator or a service's API key.
    #[serde(deserialize_with = "kamhub_httpkit::query::body_time")]
    #[garde(skip)]
    created_at: Option<DateTime<Utc>>,
}

impl CreateMessage {
    fn claim(&self) -> Claim {
        Claim {
            is_automatic: self.is_automatic.unwrap_or(false),
            is_internal: self.is_internal.unwrap_or(false),
            created_at: self.created_at,
        }
    }

    fn uploads(&self) -> Vec<Option<&str>> {
        self.attachments.iter().map(|file| file.upload_id.as_deref()).collect()
    }

    /// The files, with those that were uploaded before.
    fn files(&self, claimed: &[Option<Upload>], public_url: &str) -> Vec<Attachment> {
        let file = |(given, claimed): (&AttachmentInput, &Option<Upload>)| match claimed {
            Some(file) => Attachment {
                url: attachments::address(public_url, file.id),
                name: file.file_name.clone(),
                attachment_id: Some(file.id),
            },
            None => {
                Attachment { url: given.url.clone(), name: given.name.clone(), attachment_id: None }
            }
        };
        self.attachments.iter().zip(claimed).map(file).collect()
    }
}

impl From<CreateMessage> for Request {
    fn from(body: CreateMessage) -> Self {
        Self {
            message: body.message,
            sender_type: body.sender_type,
            sender_id: body.sender_id.map(|id| id.0),
            sender_name: body.sender_name,
            attachments: Vec::new(),
            is_internal: body.is_internal.unwrap_or(false),
            is_automatic: body.is_automatic.unwrap_or(false),
            created_at: body.created_at,
            last_seen: body.last_seen_message_id,
        }
    }
}

/// A message that was stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedMessage {
    /// The message.
    #[serde(flatten)]
    pub message: MessageView,
    /// Whether it went into a new ticket that continues the closed one; `ticketId` names it.
    pub follow_up: bool,
}

/// Write in a ticket
///
/// Who speaks is decided by the credentials: a user as agent, a customer as themselves, a service's
/// API key for whom it names. The first public answer of an agent sets `firstResponseAt` and takes
/// the ticket into work; a customer's message brings a ticket back that waits, is held, or was
/// resolved, and reopens a closed one within some business days; after that it goes into a follow-up.
/// Either side's message ends a snooze. To a merged ticket it goes where the conversation goes on.
#[utoipa::path(
    post, path = "/api/support/tickets/{id}/messages", operation_id = "message_create",
    tag = "messages",
    params(
        ("id" = String, Path, description = "The ticket's id or number", example = "TKT-17"),
        ("Idempotency-Key" = Option<String>, Header,
            description = "1 to 255 characters; a repeated request with the same key is answered as the first time"),
    ),
    request_body(content = CreateMessage, example = json!({
        "message": "The second charge was refunded today.", "senderType": "agent",
        "senderName": "Анна Лебедева", "isInternal": false
    })),
    responses(
        (status = 201, description = "The new message", body = Envelope<CreatedMessage>),
        (status = 409, description = "NEWER_MESSAGE: somebody wrote since lastSeenMessageId; see current",
            body = ErrorBody),
    ),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    TicketPath(ticket): TicketPath,
    key: IdempotencyKey,
    mut body: Unchecked<CreateMessage>,
) -> ApiResult<Answer> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    if let Some(given) = body.read() {
        let mut faults = given.claim().faults(&actor, now);
        if !body.is_sound() || !faults.is_empty() {
            let uploads = given.uploads();
            faults.merge(attachments::upload_faults(&mut tx, &actor, &uploads).await?);
        }
        body.add(&faults);
    }
    let body = body.valid()?;
    if let Some(answer) = key.begin(&mut tx, now, &actor, &body.hash).await? {
        return Ok(answer);
    }
    let created = store(&mut tx, &app, &actor, ticket, body.value).await?;
    let message = created.message.view_for(&actor);
    let answer = Answer::created(CreatedMessage { message, follow_up: created.follow_up });
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Stores a message with its files, those too that were uploaded before.
///
/// # Errors
/// Those of [`create::create`] and of [`attachments::claim`].
pub async fn store(
    tx: &mut PgConnection,
    app: &App,
    actor: &Actor,
    ticket: TicketId,
    body: CreateMessage,
) -> Result<Created, Error> {
    let claimed = attachments::claim(tx, actor, &body.uploads()).await?;
    let files = body.files(&claimed, &app.settings.public_url);
    let request = Request { attachments: files, ..body.into() };
    let window = app.settings.reopen_window_days;
    let created = create::create(tx, &*app.clock, actor, ticket, request, window).await?;
    let (went, message) = (created.message.ticket_id, Some(created.message.id));
    attachments::used(tx, &*app.clock, &claimed, went, message).await?;
    Ok(created)
}
