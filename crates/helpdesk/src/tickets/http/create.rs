//! `POST /api/support/tickets`.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use garde::Validate;
use kamhub_cache::RateRule;
use kamhub_httpkit::items::at_most;
use kamhub_httpkit::validate::{email, text, web_address};
use kamhub_httpkit::{Answer, ApiResult, Envelope, IdempotencyKey, Problem, Unchecked};
use kamhub_kernel::Actor;
use kamhub_postgres::PgConnection;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use utoipa::ToSchema;

use crate::app::App;
use crate::attachments::model::Attachment as Upload;
use crate::attachments::service as attachments;
use crate::category::Category;
use crate::identity::http::caller::Caller;
use crate::ids::{CustomerId, TicketId};
use crate::tickets::Error;
use crate::tickets::model::{Channel, Priority, Ticket, TicketAttachment};
use crate::tickets::service::create::{self, Claim, Request};
use crate::tickets::view::TicketView;

/// A file that is named in a new ticket.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TicketAttachmentInput {
    /// The file's name, 1 to 255 characters. Not for an upload.
    #[garde(if(cond = self.upload_id.is_none(), custom(text(1, 255))))]
    #[schema(min_length = 1, max_length = 255, examples("voucher.pdf"))]
    pub file_name: String,
    /// Where it is: an http or https address. Not for an upload.
    #[garde(if(cond = self.upload_id.is_none(), custom(web_address)))]
    #[schema(examples("https://kamhub.example/files/voucher.pdf"))]
    pub file_url: String,
    /// Its media type, at most 127 characters.
    #[garde(inner(custom(text(0, 127))))]
    #[schema(examples("application/pdf"), max_length = 127)]
    pub file_type: Option<String>,
    /// A file that was uploaded before, instead of name, address and type.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(max_length = 100, examples("9f0d5e0c…"))]
    pub upload_id: Option<String>,
}

/// A new ticket (contract, section 2).
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreateTicket {
    /// What it is about, 1 to 255 characters.
    #[garde(custom(text(1, 255)))]
    #[schema(required = true, min_length = 1, max_length = 255, examples("Payment failed"))]
    pub subject: String,
    /// What happened, 10 to 5000 characters.
    #[garde(custom(text(10, 5000)))]
    #[schema(
        required = true,
        min_length = 10,
        max_length = 5000,
        examples("My card was charged twice for booking 4711.")
    )]
    pub description: String,
    /// The platform's customer number.
    #[garde(skip)]
    #[schema(value_type = Option<CustomerId>, examples("42"))]
    pub customer_id: Option<CustomerId>,
    /// Who asks, 2 to 100 characters; a signed-in customer's own name is taken instead.
    #[garde(inner(custom(text(2, 100))))]
    #[schema(min_length = 2, max_length = 100, examples("Ирина Соколова"))]
    pub customer_name: Option<String>,
    /// Where answers go; a signed-in customer's own address is taken instead.
    #[garde(inner(custom(email)))]
    #[schema(max_length = 254, examples("irina@example.com"))]
    pub customer_email: Option<String>,
    /// What it is about; `other` where none is given.
    #[garde(skip)]
    #[schema(examples("billing"))]
    pub category: Option<Category>,
    /// How urgent it is; `medium` where none is given.
    #[garde(skip)]
    #[schema(examples("high"))]
    pub priority: Option<Priority>,
    /// The team; from staff only.
    #[garde(inner(custom(text(1, 100))))]
    #[schema(min_length = 1, max_length = 100)]
    pub team: Option<String>,
    /// At most 50 tags of 1 to 50 characters; from staff only.
    #[serde(deserialize_with = "at_most::<50, _, _>")]
    #[garde(inner(custom(text(1, 50))))]
    #[schema(max_items = 50, examples(json!(["vip"])))]
    pub tags: Vec<String>,
    /// At most 20 files.
    #[serde(deserialize_with = "at_most::<20, _, _>")]
    #[garde(dive)]
    #[schema(max_items = 20)]
    pub attachments: Vec<TicketAttachmentInput>,
    /// The platform's booking number.
    #[garde(skip)]
    #[schema(value_type = Option<TicketId>, examples("4711"))]
    pub related_booking_id: Option<TicketId>,
    /// The platform's order number.
    #[garde(skip)]
    #[schema(value_type = Option<TicketId>)]
    pub related_order_id: Option<TicketId>,
    /// When it was created elsewhere: only from an administrator or a service's API key.
    #[serde(deserialize_with = "kamhub_httpkit::query::body_time")]
    #[garde(skip)]
    pub created_at: Option<DateTime<Utc>>,
}

impl CreateTicket {
    fn claim(&self) -> Claim {
        Claim {
            has_name: self.customer_name.is_some(),
            has_email: self.customer_email.is_some(),
            created_at: self.created_at,
        }
    }

    fn uploads(&self) -> Vec<Option<&str>> {
        self.attachments.iter().map(|file| file.upload_id.as_deref()).collect()
    }

    /// The files, with those that were uploaded before.
    fn files(&self, claimed: &[Option<Upload>], public_url: &str) -> Vec<TicketAttachment> {
        let file = |(given, claimed): (&TicketAttachmentInput, &Option<Upload>)| match claimed {
            Some(file) => TicketAttachment {
                file_name: file.file_name.clone(),
                file_url: attachments::address(public_url, file.id),
                file_type: Some(file.media_type.clone()),
                attachment_id: Some(file.id),
            },
            None => TicketAttachment {
                file_name: given.file_name.clone(),
                file_url: given.file_url.clone(),
                file_type: given.file_type.clone(),
                attachment_id: None,
            },
        };
        self.attachments.iter().zip(claimed).map(file).collect()
    }
}

impl From<CreateTicket> for Request {
    fn from(body: CreateTicket) -> Self {
        Self {
            subject: body.subject,
            description: body.description,
            customer_id: body.customer_id.map(|id| id.0),
            customer_name: body.customer_name,
            customer_email: body.customer_email,
            category: body.category.unwrap_or(Category::Other),
            priority: body.priority.unwrap_or(Priority::Medium),
            team: body.team,
            tags: body.tags,
            attachments: Vec::new(),
            related_booking_id: body.related_booking_id.map(|id| id.0),
            related_order_id: body.related_order_id.map(|id| id.0),
            created_at: body.created_at,
            channel: None,
        }
    }
}

/// The turn of a caller without credentials, of whom an address has so many per minute. It is taken before
/// the body is read: what is wrong with a body is found at our cost.
pub struct Turn;

impl FromRequestParts<App> for Turn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Caller(actor) = Caller::from_request_parts(parts, app).await?;
        if let Actor::Anonymous { address } = &actor {
            let rule = RateRule {
                name: "anonymous_tickets",
                burst: app.settings.anonymous_tickets_per_minute,
                per: Duration::from_secs(60),
            };
            let checked = app.limiter.check(&rule, address).await;
            checked.map_err(|limited| Problem::too_many(limited.retry_after))?;
        }
        Ok(Self)
    }
}

/// Create a ticket
///
/// Open to everybody; without credentials it is rate limited per address, and number, name and
/// address are stored as claims. The ticket is given at once to the least loaded agent who is
/// available and specialised; where there is none it waits.
#[utoipa::path(
    post, path = "/api/support/tickets", operation_id = "ticket_create", tag = "tickets",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 characters; a repeated request with the same key is answered as the first time")),
    request_body(content = CreateTicket, example = json!({
        "subject": "Payment failed", "description": "My card was charged twice for booking 4711.",
        "customerId": "42", "customerName": "Ирина Соколова", "customerEmail": "irina@example.com",
        "category": "billing", "priority": "high"
    })),
    responses((status = 201, description = "The new ticket", body = Envelope<TicketView>)),
)]
pub async fn handler(
    State(app): State<App>,
    Caller(actor): Caller,
    _: Turn,
    key: IdempotencyKey,
    mut body: Unchecked<CreateTicket>,
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
    let ticket = store(&mut tx, &app, &actor, body.value, None).await?;
    let answer = Answer::created(ticket.view_for(&actor))
        .version(ticket.version)
        .location(format!("/api/support/tickets/{}", ticket.id));
    key.finish(&mut tx, &actor, &answer).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Stores a ticket with its files, those too that were uploaded before.
///
/// # Errors
/// Field faults: those of [`create::create`] and of [`attachments::claim`].
pub async fn store(
    tx: &mut PgConnection,
    app: &App,
    actor: &Actor,
    body: CreateTicket,
    channel: Option<Channel>,
) -> Result<Ticket, Error> {
    let claimed = attachments::claim(tx, actor, &body.uploads()).await?;
    let files = body.files(&claimed, &app.settings.public_url);
    let request = Request { attachments: files, channel, ..body.into() };
    let ticket = create::create(tx, &*app.clock, actor, request).await?;
    attachments::used(tx, &*app.clock, &claimed, ticket.id, None).await?;
    Ok(ticket)
}
