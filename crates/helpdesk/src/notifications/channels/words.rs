//! What messages say, in Russian and in English. No markup: each channel escapes for itself.

use chrono_tz::Tz;

use super::super::model::{Content, Deadline, NotificationKind, Outlets};
use crate::language::Language;

/// The most deadlines that one message names; the rest is counted.
const NAMED_AT_MOST: usize = 50;

/// A message in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    /// The subject.
    pub subject: String,
    /// The first line.
    pub greeting: String,
    /// What there is to say.
    pub paragraphs: Vec<String>,
    /// What somebody wrote.
    pub quote: Option<String>,
    /// A list.
    pub lines: Vec<String>,
    /// What the list leaves out.
    pub more: Option<String>,
    /// What the link is called.
    pub button: String,
    /// Why the reader gets this.
    pub footer: String,
}

/// Puts a message into words.
pub(super) fn words(outlets: &Outlets, content: &Content) -> Words {
    let language = content.language.unwrap_or(outlets.language);
    let pick = |ru: &str, en: &str| match language {
        Language::Ru => ru.to_owned(),
        Language::En => en.to_owned(),
    };
    let greeting = match (&content.name, language) {
        (Some(name), Language::Ru) => format!("Здравствуйте, {name}!"),
        (Some(name), Language::En) => format!("Hello {name},"),
        (None, Language::Ru) => "Здравствуйте!".to_owned(),
        (None, Language::En) => "Hello,".to_owned(),
    };
    let (subject, paragraphs) = match language {
        Language::Ru => russian(content),
        Language::En => english(content),
    };
    let footer = match content.kind {
        NotificationKind::TicketReceived
        | NotificationKind::AgentReply
        | NotificationKind::TicketResolved
        | NotificationKind::FeedbackRequest => pick(
            "Служба поддержки. Если вы к нам не обращались, просто удалите это письмо.",
            "Customer support. If you did not contact us, just delete this message.",
        ),
        NotificationKind::RequestsLink => pick(
            "Если вы не просили ссылку, просто удалите это письмо: без него никто ничего не увидит.",
            "If you did not ask for this link, just delete this message: nobody sees anything without it.",
        ),
        _ => pick(
            "KamHub Support. Что и когда вам присылать, выбирается в настройках уведомлений.",
            "KamHub Support. What you are told and when is up to your notification settings.",
        ),
    };
    let left_out = content.deadlines.len().saturating_sub(NAMED_AT_MOST);
    let more = (left_out > 0).then(|| match language {
        Language::Ru => format!("И ещё: {left_out}."),
        Language::En => format!("And {left_out} more."),
    });
    let zone = content.timezone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
    let named = content.deadlines.iter().take(NAMED_AT_MOST);
    Words {
        subject,
        greeting,
        paragraphs,
        quote: content.text.clone(),
        lines: named.map(|deadline| line(deadline, language, zone)).collect(),
        more,
        button: match content.kind {
            NotificationKind::RequestsLink => pick("Открыть мои обращения", "Open my requests"),
            _ => pick("Открыть обращение", "Open the ticket"),
        },
        footer,
    }
}

/// `[TKT-17] Payment failed`, or only the number where nothing else may be told.
fn title(content: &Content) -> (String, String) {
    let Some(ticket) = &content.ticket else { return Default::default() };
    let subject = ticket.subject.as_deref().unwrap_or_default();
    (ticket.number.clone(), format!("[{}] {subject}", ticket.number).trim().to_owned())
}

fn russian(content: &Content) -> (String, Vec<String>) {
    let (number, title) = title(content);
    let author = content.author.as_deref().unwrap_or_default();
    let count = content.deadlines.len();
    match content.kind {
        NotificationKind::TicketReceived => (
            format!("{title}: обращение принято"),
            vec![format!(
                "Мы получили ваше обращение, его номер {number}. Ответ придёт на этот адрес."
            )],
        ),
        NotificationKind::AgentReply => {
            (title, vec![format!("{author} отвечает на обращение {number}:")])
        }
        NotificationKind::TicketResolved => (
            format!("{title}: обращение решено"),
            vec![format!(
                "Обращение {number} решено. Если это не так, откройте его и напишите нам."
            )],
        ),
        NotificationKind::FeedbackRequest => (
            format!("{title}: как мы справились?"),
            vec![format!(
                "Обращение {number} решено. Оцените, пожалуйста, нашу работу: это займёт минуту."
            )],
        ),
        NotificationKind::TicketAssigned => {
            (format!("{title}: теперь ваше"), vec![format!("Вам назначено обращение {number}.")])
        }
        NotificationKind::CustomerMessage => (
            format!("{title}: клиент написал"),
            vec![format!("{author} пишет в обращении {number}:")],
        ),
        NotificationKind::SlaWarning => (
            format!("Срок подходит: {}", counted(content, count)),
            vec!["Скоро истекает срок:".to_owned()],
        ),
        NotificationKind::SlaBreach => (
            format!("Срок нарушен: {}", counted(content, count)),
            vec!["Сроки, о которых вам нужно знать:".to_owned()],
        ),
        NotificationKind::SlaEscalation => (
            format!("Эскалация: {}", counted(content, count)),
            vec!["Нарушение срока никто не подтвердил:".to_owned()],
        ),
        NotificationKind::RequestsLink => (
            "Ссылка на ваши обращения".to_owned(),
            vec!["Все ваши обращения — по ссылке ниже. Она действует сутки.".to_owned()],
        ),
        NotificationKind::DeliveryFailed => (
            format!("Не доставлено: {author} {number}").trim_end().to_owned(),
            vec!["Сообщение не удалось доставить, попытки прекращены. Причина:".to_owned()],
        ),
    }
}

fn english(content: &Content) -> (String, Vec<String>) {
    let (number, title) = title(content);
    let author = content.author.as_deref().unwrap_or_default();
    let count = content.deadlines.len();
    match content.kind {
        NotificationKind::TicketReceived => (
            format!("{title}: we have got your request"),
            vec![format!(
                "Your request has arrived; its number is {number}. We will answer to this address."
            )],
        ),
        NotificationKind::AgentReply => {
            (title, vec![format!("{author} answers your request {number}:")])
        }
        NotificationKind::TicketResolved => (
            format!("{title}: resolved"),
            vec![format!(
                "Your request {number} is resolved. If it is not, open it and write to us."
            )],
        ),
        NotificationKind::FeedbackRequest => (
            format!("{title}: how did we do?"),
            vec![format!(
                "Your request {number} is resolved. Please rate our work; it takes a minute."
            )],
        ),
        NotificationKind::TicketAssigned => {
            (format!("{title}: it is yours now"), vec![format!("You work on {number} now.")])
        }
        NotificationKind::CustomerMessage => {
            (format!("{title}: the customer wrote"), vec![format!("{author} writes in {number}:")])
        }
        NotificationKind::SlaWarning => (
            format!("Deadline near: {}", counted(content, count)),
            vec!["Time is about to run out:".to_owned()],
        ),
        NotificationKind::SlaBreach => (
            format!("Deadline missed: {}", counted(content, count)),
            vec!["Deadlines that you should know of:".to_owned()],
        ),
        NotificationKind::SlaEscalation => (
            format!("Escalation: {}", counted(content, count)),
            vec!["Nobody has acknowledged a missed deadline:".to_owned()],
        ),
        NotificationKind::RequestsLink => (
            "The link to your requests".to_owned(),
            vec!["All your requests are behind the link below. It works for a day.".to_owned()],
        ),
        NotificationKind::DeliveryFailed => (
            format!("Not delivered: {author} {number}").trim_end().to_owned(),
            vec!["A message could not be delivered and was given up. The reason:".to_owned()],
        ),
    }
}

/// The one ticket, or how many deadlines.
fn counted(content: &Content, count: usize) -> String {
    match content.deadlines.as_slice() {
        [one] => one.ticket.number.clone(),
        _ => count.to_string(),
    }
}

fn line(deadline: &Deadline, language: Language, zone: Tz) -> String {
    let (ru, en) = match deadline.metric.as_str() {
        "first_response" => ("первый ответ", "first response"),
        "next_response" => ("следующий ответ", "next response"),
        _ => ("решение", "resolution"),
    };
    let due = deadline.due_at.with_timezone(&zone).format("%d.%m.%Y %H:%M");
    let number = &deadline.ticket.number;
    let subject = deadline.ticket.subject.as_deref().unwrap_or_default();
    let (kind, priority) = (deadline.kind, &deadline.priority);
    match language {
        Language::Ru => {
            let what = match kind {
                NotificationKind::SlaWarning => "срок истекает",
                NotificationKind::SlaEscalation => "эскалация, срок был",
                _ => "срок истёк",
            };
            format!("{number} {subject} ({priority}): {ru}, {what} {due} ({zone})")
        }
        Language::En => {
            let what = match kind {
                NotificationKind::SlaWarning => "due",
                NotificationKind::SlaEscalation => "escalated, was due",
                _ => "was due",
            };
            format!("{number} {subject} ({priority}): {en} {what} {due} ({zone})")
        }
    }
}
