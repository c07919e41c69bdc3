//! Rules for fields, with sentences that people understand. Lengths count characters, as
//! PostgreSQL's `char_length` does.

use garde::{Error, Result};

/// A text of `min` to `max` characters; of nothing but white space where `min` is 0.
pub fn text(min: usize, max: usize) -> impl FnOnce(&String, &()) -> Result {
    move |value, ()| text_rule(value, min, max)
}

fn text_rule(value: &str, min: usize, max: usize) -> Result {
    let length = value.chars().count();
    if min > 0 && value.trim().is_empty() {
        return Err(Error::new("is required"));
    }
    if length < min {
        return Err(Error::new(format!("must be at least {min} characters")));
    }
    if length > max {
        return Err(Error::new(format!("must be at most {max} characters")));
    }
    Ok(())
}

/// Words of a query: at most `most` texts of 1 to `max` characters. It is one fault of the parameter,
/// whichever word it is; a list of a body names each of its items instead.
pub fn texts(most: usize, max: usize) -> impl FnOnce(&Vec<String>, &()) -> Result {
    move |values, ()| {
        if values.len() > most {
            return Err(Error::new(format!("must have at most {most} entries")));
        }
        if values.iter().any(|value| text_rule(value, 1, max).is_err()) {
            return Err(Error::new(format!("must have 1 to {max} characters in each entry")));
        }
        Ok(())
    }
}

/// A list with something in it; how much it may hold at most, `items` has seen.
///
/// # Errors
/// Where there is nothing.
pub fn some<T>(list: &[T], _: &()) -> Result {
    if list.is_empty() {
        return Err(Error::new("must have at least one entry"));
    }
    Ok(())
}

/// A whole number from `min` to `max`.
pub fn between<N: PartialOrd + Copy + std::fmt::Display>(
    min: N,
    max: N,
) -> impl FnOnce(&N, &()) -> Result {
    move |value, ()| {
        if *value < min || *value > max {
            return Err(Error::new(format!("must be between {min} and {max}")));
        }
        Ok(())
    }
}

/// An e-mail address of at most 254 characters (RFC 5321, section 4.5.3.1.3).
///
/// # Errors
/// `Invalid email format`, to the letter of the contract.
pub fn email(value: &str, _: &()) -> Result {
    if value.is_empty() {
        return Err(Error::new("is required"));
    }
    if value.chars().count() > 254 || garde::rules::email::parse_email(value).is_err() {
        return Err(Error::new("Invalid email format"));
    }
    Ok(())
}

/// An absolute http or https address of at most 2,000 characters.
///
/// # Errors
/// Where it is anything else.
pub fn web_address(value: &str, _: &()) -> Result {
    if value.is_empty() {
        return Err(Error::new("is required"));
    }
    let known = value.parse::<http::Uri>().ok().filter(|address| {
        matches!(address.scheme_str(), Some("http" | "https"))
            && address.host().is_some_and(|host| !host.is_empty())
    });
    if value.len() > 2_000 || known.is_none() {
        return Err(Error::new("must be an http or https address"));
    }
    Ok(())
}
