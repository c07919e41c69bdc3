//! The calls of categories.

pub mod create;
pub mod delete;
pub mod list;
pub mod update;

/// The name of an icon.
///
/// # Errors
/// Where it is none.
pub(super) fn icon_name(name: &str, _: &()) -> garde::Result {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=50).contains(&name.len()) && name.bytes().all(letter) {
        return Ok(());
    }
    Err(garde::Error::new("must be 1 to 50 lower-case Latin letters, digits and hyphens"))
}
