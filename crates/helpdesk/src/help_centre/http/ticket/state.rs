//! A ticket's state as its customer sees it.

use crate::help_centre::words;
use crate::language::Language;
use crate::tickets::state::Status;

/// A ticket's state: never colour alone.
pub struct State {
    pub word: &'static str,
    pub meaning: &'static str,
    pub icon: &'static str,
    pub tone: &'static str,
}

impl State {
    pub fn of(lang: Language, status: Status) -> Self {
        let (word, meaning) = words::state(lang, status);
        let (icon, tone) = match status {
            Status::Open => {
                (include_str!("../../../../templates/help_centre/icons/mail.svg"), "info")
            }
            Status::InProgress | Status::Reopened => {
                (include_str!("../../../../templates/help_centre/icons/circle-dot.svg"), "info")
            }
            Status::WaitingCustomer => (
                include_str!("../../../../templates/help_centre/icons/message-circle.svg"),
                "warning",
            ),
            Status::OnHold => {
                (include_str!("../../../../templates/help_centre/icons/pause.svg"), "neutral")
            }
            Status::Resolved => (
                include_str!("../../../../templates/help_centre/icons/circle-check.svg"),
                "success",
            ),
            Status::Closed => {
                (include_str!("../../../../templates/help_centre/icons/check.svg"), "neutral")
            }
        };
        Self { word, meaning, icon, tone }
    }
}
