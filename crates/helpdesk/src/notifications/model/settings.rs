//! By which channels this desk reaches people, as the operator configured them.

use std::fmt;
use std::time::Duration;

use kamhub_mail::{Address, Mailer};

use crate::language::Language;

/// The settings of notifications.
#[derive(Clone)]
pub struct Outlets {
    /// Sends mail; none where no server is configured.
    pub mail: Option<Mailer>,
    /// Where answers to our mail go, where that is not the sender.
    pub mail_reply_to: Option<Address>,
    /// The address of a Slack incoming webhook; whoever knows it can post.
    pub slack_webhook: Option<String>,
    /// The language of those who have not chosen one.
    pub language: Language,
    /// The longest wait between two attempts at a delivery.
    pub retry_longest: Duration,
}

impl fmt::Debug for Outlets {
    /// Without what would let others send in our name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outlets")
            .field("mail", &self.mail.as_ref().map(Mailer::server))
            .field("slack", &self.slack_webhook.is_some())
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl Default for Outlets {
    fn default() -> Self {
        Self {
            mail: None,
            mail_reply_to: None,
            slack_webhook: None,
            language: Language::Ru,
            retry_longest: Duration::from_secs(12 * 3600),
        }
    }
}
