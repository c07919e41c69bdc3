//! `kamhub openapi`: the document that is committed as `openapi.json`.

use anyhow::Result;

/// Prints the document, pretty, with a final newline.
///
/// # Errors
/// A document that cannot be written as JSON.
pub fn run() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&kamhub_helpdesk::openapi::document())?);
    Ok(())
}
