//! The secrets by which tokens and links are signed.

/// Signing secrets; never printed.
pub struct Keys {
    /// Signs access tokens and customers' links.
    pub token_secret: Vec<u8>,
    /// Shared with the platform, which mints customers' tokens; none means none are accepted.
    pub platform_secret: Option<Vec<u8>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys { .. }")
    }
}
