//! What the company calls itself and how it looks.

use anyhow::{Context as _, Result};
use kamhub_helpdesk::brand::{Brand, Colour, Logo};

use super::values::Values;

/// The largest logo, in bytes: it is on every page.
const LARGEST_LOGO: usize = 256 * 1024;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;

impl Values {
    pub(super) fn brand(&self) -> Result<Brand> {
        let given = Brand::default();
        let name = self.text("brand_name").map(str::trim);
        if name.is_some_and(|name| name.is_empty() || name.chars().count() > LONGEST_NAME) {
            return Err(self.fault("brand_name", format!("1 to {LONGEST_NAME} characters")));
        }
        let accent: Option<Colour> = self.read("brand_accent", "a colour such as #0b6ea8")?;
        let zone = self.read("time_zone", "an IANA time zone, such as Asia/Kamchatka")?;
        Ok(Brand {
            name: name.map_or(given.name, str::to_owned),
            logo: self.logo()?,
            accent: accent.unwrap_or(given.accent),
            time_zone: zone.unwrap_or(given.time_zone),
        })
    }

    fn logo(&self) -> Result<Option<Logo>> {
        let Some(path) = self.text("brand_logo") else { return Ok(None) };
        let bytes = std::fs::read(path).with_context(|| format!("cannot read the logo {path}"))?;
        if bytes.len() > LARGEST_LOGO {
            let expected = format!("a picture of at most {} KiB", LARGEST_LOGO / 1024);
            return Err(self.fault("brand_logo", expected));
        }
        let logo = Logo::of(path, bytes);
        let expected = "a file that ends in .svg, .png, .webp or .jpg";
        logo.map(Some).ok_or_else(|| self.fault("brand_logo", expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brand(key: &'static str, value: &str) -> Result<Brand> {
        let mut values = Values::default();
        values.set(key, value.to_owned(), key.to_owned());
        values.brand()
    }

    #[test]
    fn a_brand_is_what_was_given_and_otherwise_ours() {
        assert_eq!(brand("brand_name", "Тур «Вулкан»").unwrap().name, "Тур «Вулкан»");
        assert_eq!(brand("brand_accent", "#AA3300").unwrap().accent.to_string(), "#aa3300");
        let given = brand("time_zone", "Asia/Kamchatka").unwrap();
        assert_eq!(
            (given.name.as_str(), given.time_zone.name()),
            ("KamHub Support", "Asia/Kamchatka")
        );
    }

    #[test]
    fn what_cannot_be_a_brand_is_refused_with_what_is_allowed() {
        for (key, value, allowed) in [
            ("brand_name", "x".repeat(61), "1 to 60 characters"),
            ("brand_accent", "blue".into(), "a colour such as #0b6ea8"),
            ("time_zone", "Mars/Olympus".into(), "an IANA time zone"),
            ("brand_logo", "/nowhere/logo.svg".into(), "cannot read the logo"),
            ("brand_logo", "Cargo.toml".into(), "a file that ends in .svg"),
        ] {
            let text = format!("{:#}", brand(key, &value).err().unwrap());
            assert!(text.contains(allowed), "{text}");
        }
    }
}
