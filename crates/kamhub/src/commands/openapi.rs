//! `kamhub openapi`: the document that is committed as `openapi.json`.

use std::io::Write as _;

use anyhow::Result;

/// Prints the document, pretty, with a final newline.
///
/// # Errors
/// A document that cannot be written as JSON; a reader who has gone before the end.
pub fn run() -> Result<()> {
    let text = serde_json::to_string_pretty(&kamhub_helpdesk::openapi::document())?;
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}
