//! What a file is to the product; no I/O.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ids::{ArticleId, AttachmentId, MessageId, TicketId};

/// The most bytes of a file (contract, section 2).
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// The most characters of a file's name.
const LONGEST_NAME: usize = 255;

/// What a file is, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A photo.
    Jpeg,
    /// An image.
    Png,
    /// An image that may move.
    Gif,
    /// An image or a photo.
    Webp,
    /// Anything else that is taken.
    Other {
        /// Its media type.
        media: &'static str,
        /// The endings that people know it by.
        endings: &'static [&'static str],
    },
}

impl FileKind {
    /// The media type of the file as it came.
    pub fn media(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Other { media, .. } => media,
        }
    }

    /// Whether the file is decoded before it is kept.
    pub fn is_decoded(self) -> bool {
        !matches!(self, Self::Other { .. })
    }

    /// The name under which a file is kept that was sent under `sent` and is kept as `media`: no path,
    /// nothing that cannot be seen, and an ending that says what it is.
    pub fn name(self, sent: &str, media: &str) -> String {
        let endings: &[&str] = match (self, media) {
            (Self::Other { endings, .. }, _) => endings,
            (_, "image/jpeg") => &["jpg", "jpeg"],
            (_, "image/png") => &["png"],
            _ => &["gif"],
        };
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let seen: String = last.chars().filter(|letter| !is_hidden(*letter)).collect();
        let seen = seen.trim().trim_start_matches('.').trim_end_matches(['.', ' ']);
        let base = if seen.is_empty() { "file" } else { seen };
        let ending = base.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
        let known = ending.is_some_and(|ending| endings.contains(&ending.as_str()));
        let added = match endings.first().filter(|_| !known) {
            Some(ending) => format!(".{ending}"),
            None => String::new(),
        };
        // The end of a name says what it is, so it is the beginning that is cut.
        let excess = (base.chars().count() + added.len()).saturating_sub(LONGEST_NAME);
        base.chars().skip(excess).chain(added.chars()).collect()
    }
}

/// Letters that show nothing, or turn around what stands behind them.
fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether a browser may show a file of this type instead of saving it: only what was written anew.
pub fn may_be_shown(media: &str) -> bool {
    matches!(media, "image/jpeg" | "image/png")
}

/// A file as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// The id.
    pub id: AttachmentId,
    /// What it is called.
    pub file_name: String,
    /// Who uploaded it; nobody in particular where there is none.
    pub uploader: Option<String>,
    /// The ticket that uses it.
    pub ticket_id: Option<TicketId>,
    /// The message that uses it; none where it belongs to the ticket's description.
    pub message_id: Option<MessageId>,
    /// The article that uses it, in all its languages.
    pub article_id: Option<ArticleId>,
    /// Since when it is used.
    pub used_at: Option<DateTime<Utc>>,
    /// Where the store has it.
    pub key: String,
    /// What it is.
    pub media_type: String,
    /// How many bytes it has.
    pub size: i64,
    /// SHA-256 of its content.
    pub sha256: Vec<u8>,
}

/// A file that was uploaded and waits to be used.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Give it as `attachments: [{"uploadId": …}]` of a ticket or a message, once. It is a secret: who
    /// has it can use the file.
    #[schema(examples("9f0d5e0c…"))]
    pub upload_id: String,
    /// What it is called now: without path, with an ending that says what it is.
    #[schema(examples("voucher.pdf"))]
    pub file_name: String,
    /// What it is, by its content.
    #[schema(examples("application/pdf"))]
    pub file_type: String,
    /// How many bytes are kept.
    #[schema(examples(48213))]
    pub size: i64,
    /// SHA-256 of what is kept, in hexadecimal.
    #[schema(examples("9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de"))]
    pub sha256: String,
    /// Until when it is kept for somebody to use it.
    pub unused_until: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PDF: FileKind = FileKind::Other { media: "application/pdf", endings: &["pdf"] };

    #[test]
    fn a_name_has_no_path_and_an_ending_that_says_what_it_is() {
        let name = |sent: &str| PDF.name(sent, "application/pdf");
        assert_eq!(name("voucher.pdf"), "voucher.pdf");
        assert_eq!(name("Ваучер №5.PDF"), "Ваучер №5.PDF");
        assert_eq!(name("../../etc/passwd"), "passwd.pdf");
        assert_eq!(name("C:\\Users\\x\\run.exe"), "run.exe.pdf");
        assert_eq!(name("..\\..\\.pdf"), "pdf.pdf");
        assert_eq!(name("invoice\u{202e}fdp.exe"), "invoicefdp.exe.pdf");
        assert_eq!(name("a\0b\r\nc.pdf"), "abc.pdf");
        for empty in ["", "...", "/", " . ", "a/"] {
            assert_eq!(name(empty), "file.pdf", "{empty:?}");
        }
        assert_eq!(FileKind::Webp.name("photo.webp", "image/jpeg"), "photo.webp.jpg");
    }

    proptest! {
        #[test]
        fn any_name_becomes_one_that_can_be_stored(sent in "\\PC{0,400}|[./\\\\]{0,20}") {
            let name = PDF.name(&sent, "application/pdf");
            let length = name.chars().count();
            prop_assert!((1..=255).contains(&length), "{length}");
            prop_assert!(!name.contains(['/', '\\', '\0']) && name.to_lowercase().ends_with(".pdf"));
        }
    }
}
