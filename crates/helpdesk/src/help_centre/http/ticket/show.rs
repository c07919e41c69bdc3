//! The page of a ticket.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::DateTime;
use kamhub_httpkit::ApiResult;
use kamhub_kernel::page::{PageRequest, Start};
use kamhub_postgres::PgConnection;

use super::Opened;
use super::conversation::Entry;
use super::state::State;
use crate::feedback::service::give;
use crate::help_centre::dates::When;
use crate::help_centre::http::fields::token;
use crate::help_centre::http::form::FilesField;
use crate::help_centre::http::page::{Frame, private};
use crate::help_centre::http::visit::Visit;
use crate::help_centre::words::{self, Words};
use crate::messages::model::Message;
use crate::tickets::model::Ticket;
use crate::tickets::service::conversation::{self, is_past_reopening};
use crate::tickets::service::reach;
use crate::tickets::state::Status;
use crate::{messages, sla};

/// Messages of a long conversation that are shown first, and at most.
const LATEST: i64 = 100;
const MOST: i64 = 1_000;

/// What is said at the head of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    Replied,
    FollowedUp,
    Closed,
    Reopened,
    Rated,
    Newer,
    StepRefused,
    FormOld,
    TooOften,
}

impl Notice {
    /// What an address says was done.
    pub fn of(done: &str) -> Option<Self> {
        match done {
            "replied" => Some(Self::Replied),
            "followed-up" => Some(Self::FollowedUp),
            "closed" => Some(Self::Closed),
            "reopened" => Some(Self::Reopened),
            "rated" => Some(Self::Rated),
            _ => None,
        }
    }

    fn text(self, w: &'static Words) -> &'static str {
        match self {
            Self::Replied => w.replied,
            Self::FollowedUp => w.followed_up,
            Self::Closed => w.closed_done,
            Self::Reopened => w.reopened_done,
            Self::Rated => w.rated_done,
            Self::Newer => w.reply_newer,
            Self::StepRefused => w.step_refused,
            Self::FormOld => w.form_old,
            Self::TooOften => w.too_often,
        }
    }

    fn is_good(self) -> bool {
        matches!(
            self,
            Self::Replied | Self::FollowedUp | Self::Closed | Self::Reopened | Self::Rated
        )
    }
}

/// What of the page depends on what was just done.
#[derive(Default)]
pub struct Shown {
    /// The whole conversation rather than its end.
    pub whole: bool,
    /// What is said at the head.
    pub notice: Option<Notice>,
    /// What was typed and not taken.
    pub typed: String,
    /// What is wrong with it.
    pub fault: Option<String>,
    /// The files that came with it.
    pub files: FilesField,
}

/// Another request in which the conversation goes on.
struct Other {
    number: String,
    subject: String,
    path: String,
}

#[derive(Template)]
#[template(path = "help_centre/ticket.html")]
struct TicketPage {
    page: Frame,
    base: String,
    form: String,
    number: String,
    subject: String,
    state: State,
    topic: &'static str,
    created: When,
    due: Option<When>,
    is_late: bool,
    entries: Vec<Entry>,
    has_earlier: bool,
    last_seen: i64,
    typed: String,
    fault: Option<String>,
    files: FilesField,
    notice: Option<&'static str>,
    notice_is_good: bool,
    is_resolved: bool,
    is_closed: bool,
    is_past_reopening: bool,
    others: Vec<Other>,
    is_held: bool,
    opinion: Option<String>,
}

/// Answers with the page.
///
/// # Errors
/// 404 where the ticket is gone.
pub async fn page(
    visit: &Visit,
    opened: &Opened,
    status: StatusCode,
    shown: Shown,
) -> ApiResult<Response> {
    let page = Frame::of(visit).private();
    let app = &visit.app;
    let mut connection = app.db.connection().await?;
    let found = conversation::find(&mut connection, &opened.actor, opened.ticket).await?;
    let (passed, listed) = latest(&mut connection, opened, shown.whole).await?;
    let others = reach::elsewhere(&mut connection, &opened.actor, found.ticket.id).await?;
    let due = sla::service::promises::answer_due(&mut connection, found.ticket.id).await?;
    let said = give::said(&mut connection, &opened.actor, opened.ticket).await?;
    drop(connection);
    let base = opened.path(visit);
    let last_seen = listed.last().map_or(0, |message| message.id.0);
    let mut entries = Vec::with_capacity(listed.len() + 1);
    if passed == 0 {
        entries.push(Entry::first(&page, &base, &found.addressed));
    }
    entries.extend(listed.into_iter().map(|message| Entry::of(&page, &base, message)));
    let ticket = &found.ticket;
    let is_over = matches!(ticket.status, Status::Resolved | Status::Closed);
    let since = ticket.resolved_at.unwrap_or(DateTime::UNIX_EPOCH);
    let is_rated = said.is_some_and(|said| said.is_said_since(since));
    let due = due.filter(|_| ticket.status.is_open_work());
    let template = TicketPage {
        base,
        form: token(visit, &opened.form()),
        number: found.addressed.ticket_number.clone(),
        subject: found.addressed.subject.clone(),
        state: State::of(page.lang, ticket.status),
        topic: words::category(page.lang, found.addressed.category),
        created: page.moment(found.addressed.created_at),
        is_late: due.is_some_and(|due| due < app.clock.now()),
        due: due.map(|due| page.moment(due)),
        entries,
        has_earlier: passed > 0 && !shown.whole,
        last_seen,
        typed: shown.typed,
        fault: shown.fault,
        files: shown.files,
        notice: shown.notice.map(|notice| notice.text(page.w)),
        notice_is_good: shown.notice.is_some_and(Notice::is_good),
        is_resolved: ticket.status == Status::Resolved,
        is_closed: ticket.status == Status::Closed,
        is_past_reopening: is_past_reopening(
            ticket,
            app.clock.now(),
            app.settings.reopen_window_days,
        ),
        others: others.into_iter().map(|ticket| other(visit, opened, ticket)).collect(),
        is_held: ticket.status == Status::OnHold,
        opinion: (is_over && !is_rated).then(|| opened.path_to_opinion(visit)),
        page,
    };
    private(status, &template)
}

fn other(visit: &Visit, opened: &Opened, ticket: Ticket) -> Other {
    let path = opened.path_to(visit, ticket.id);
    Other { number: ticket.ticket_number, subject: ticket.subject, path }
}

/// How many messages come before those that are shown, and these.
async fn latest(
    connection: &mut PgConnection,
    opened: &Opened,
    whole: bool,
) -> ApiResult<(i64, Vec<Message>)> {
    let (actor, ticket) = (&opened.actor, opened.ticket);
    let first = PageRequest { start: Start::Offset(0), limit: 1, exact_total: true };
    let counted = messages::service::list(connection, actor, ticket, &first).await?.total;
    let limit = if whole { MOST } else { LATEST };
    let passed = (counted - limit).max(0);
    let shown = PageRequest { start: Start::Offset(passed), limit, exact_total: false };
    Ok((passed, messages::service::list(connection, actor, ticket, &shown).await?.items))
}
