//! The languages of the desk: of articles, of pages, of letters.

kamhub_kernel::wire_enum! {
    /// A language that the desk speaks.
    pub enum Language {
        /// Russian.
        Ru = "ru",
        /// English.
        En = "en",
    }
}

impl Language {
    /// The language of somebody of whom only this text is known.
    pub fn guess(text: &str) -> Self {
        let cyrillic = text.chars().any(|letter| ('\u{400}'..='\u{4ff}').contains(&letter));
        if cyrillic { Self::Ru } else { Self::En }
    }
}
