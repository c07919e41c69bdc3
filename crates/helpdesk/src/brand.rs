//! What the company calls itself and how it looks; no I/O.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono_tz::Tz;

/// The contrast that text needs with what is behind it (WCAG 2.2, 1.4.3 asks for 4.5), with room for
/// tinted backgrounds.
const CONTRAST: f64 = 5.2;
/// The brightest background of the light theme and of the dark one.
const LIGHT: Colour = Colour([255, 255, 255]);
const DARK: Colour = Colour([28, 38, 51]);

/// The company as customers see it.
#[derive(Debug, Clone)]
pub struct Brand {
    /// The name.
    pub name: String,
    /// The picture beside the name.
    pub logo: Option<Logo>,
    /// The colour of links and buttons; where it could not be read it is darkened or lightened.
    pub accent: Colour,
    /// The zone of times on pages, until a browser knows the reader's own.
    pub time_zone: Tz,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "KamHub Support".to_owned(),
            logo: None,
            accent: Colour([0x0b, 0x6e, 0xa8]),
            time_zone: Tz::UTC,
        }
    }
}

/// A picture.
#[derive(Clone)]
pub struct Logo {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its media type.
    pub media_type: &'static str,
}

impl Logo {
    /// Takes a file for a logo by its name.
    pub fn of(file_name: &str, bytes: Vec<u8>) -> Option<Self> {
        let (_, ending) = file_name.rsplit_once('.')?;
        let media_type = match ending.to_ascii_lowercase().as_str() {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "webp" => "image/webp",
            "jpg" | "jpeg" => "image/jpeg",
            _ => return None,
        };
        Some(Self { bytes: bytes.into(), media_type })
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Logo({}, {} bytes)", self.media_type, self.bytes.len())
    }
}

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// The colour itself, or the nearest darker one that can be read on white, and has white letters.
    #[must_use]
    pub fn on_light(self) -> Self {
        self.towards(Self([0, 0, 0]), LIGHT)
    }

    /// The colour itself, or the nearest lighter one that can be read on the dark theme.
    #[must_use]
    pub fn on_dark(self) -> Self {
        self.towards(Self([255, 255, 255]), DARK)
    }

    fn towards(self, end: Self, background: Self) -> Self {
        let mixed = (0..=50_u8).map(|step| self.mixed(end, f64::from(step) / 50.0));
        let mut readable = mixed.filter(|colour| colour.contrast(background) >= CONTRAST);
        readable.next().unwrap_or(end)
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mut mixed = self.0;
        for (channel, end) in mixed.iter_mut().zip(other.0) {
            let value = f64::from(*channel) * (1.0 - share) + f64::from(end) * share;
            // Between two bytes, so that it is one.
            *channel = value.round().clamp(0.0, 255.0) as u8;
        }
        Self(mixed)
    }

    /// The contrast of two colours, 1 to 21 (WCAG 2.2, contrast ratio).
    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0;
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

impl FromStr for Colour {
    type Err = ();

    /// Reads `#0b6ea8`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(())?;
        let mut channels = [0; 3];
        hex::decode_to_slice(digits, &mut channels).map_err(|_| ())?;
        Ok(Self(channels))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{}", hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_colour_is_read_as_it_is_written() {
        assert_eq!(
            "#0B6EA8".parse().map(|colour: Colour| colour.to_string()),
            Ok("#0b6ea8".into())
        );
        for wrong in ["", "0b6ea8", "#0b6ea", "#0b6ea80", "#0b6eg8", "blue"] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn black_and_white_are_as_far_apart_as_colours_can_be() {
        let contrast = Colour([0, 0, 0]).contrast(Colour([255, 255, 255]));
        assert!((contrast - 21.0).abs() < 1e-9, "{contrast}");
    }

    proptest! {
        #[test]
        fn any_accent_can_be_read_in_both_themes(channels: [u8; 3]) {
            let accent = Colour(channels);
            prop_assert!(accent.on_light().contrast(LIGHT) >= 4.5);
            prop_assert!(accent.on_dark().contrast(DARK) >= 4.5);
        }

        #[test]
        fn an_accent_that_can_be_read_stays_as_it_is(channels: [u8; 3]) {
            let accent = Colour(channels);
            if accent.contrast(LIGHT) >= CONTRAST {
                prop_assert_eq!(accent.on_light(), accent);
            }
        }
    }
}
