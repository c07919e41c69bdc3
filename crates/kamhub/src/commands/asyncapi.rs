//! `kamhub asyncapi`: the document of the events that is committed as `asyncapi.json`.

use std::io::Write as _;

use anyhow::Result;

/// Prints the document, pretty, with a final newline.
///
/// # Errors
/// A document that cannot be written as JSON; a reader who has gone before the end.
pub fn run() -> Result<()> {
    let document = kamhub_helpdesk::notifications::bus::asyncapi::document();
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(&document)?)?;
    Ok(())
}
