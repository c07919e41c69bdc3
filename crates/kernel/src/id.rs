//! Typed ids. On the wire an id is a JSON string of decimal digits; a request may also give a
//! number (contract, section 1). In the database it is a `bigint` identity.

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a positive whole number")]
pub struct IdError;

/// Reads an id from its decimal digits.
///
/// # Errors
/// [`IdError`] where the text is anything but a positive 64-bit number without sign or space.
pub fn parse(text: &str) -> Result<i64, IdError> {
    if text.is_empty() || text.len() > 19 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdError);
    }
    text.parse().ok().filter(|id| *id > 0).ok_or(IdError)
}

/// Deserialises an id from a string or a number.
///
/// # Errors
/// The deserialiser's error where the value is neither, or out of range.
pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = i64;
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a positive whole number, as a string of digits or a number")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
            parse(text).map_err(E::custom)
        }
        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<i64, E> {
            i64::try_from(number).ok().filter(|id| *id > 0).ok_or_else(|| E::custom(IdError))
        }
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<i64, E> {
            Err(E::custom(IdError))
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// The OpenAPI schema of every id: a string of digits in answers, also a number in requests.
pub fn schema(description: &str) -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::schema::SchemaType::from_iter([
            utoipa::openapi::schema::Type::String,
            utoipa::openapi::schema::Type::Integer,
        ]))
        .pattern(Some("^[1-9][0-9]{0,18}$"))
        .minimum(Some(1))
        .maximum(Some(i64::MAX))
        .description(Some(description))
        .examples([serde_json::json!("1")])
        .into()
}

/// Declares typed ids: `typed_id! { /// A ticket. TicketId }`.
#[macro_export]
macro_rules! typed_id {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::macro_support::sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::IdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse(text).map(Self)
            }
        }

        impl $crate::macro_support::serde::Serialize for $name {
            fn serialize<S: $crate::macro_support::serde::Serializer>(
                &self, serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> $crate::macro_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::macro_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::id::deserialize(deserializer).map(Self)
            }
        }

        impl $crate::macro_support::utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl $crate::macro_support::utoipa::PartialSchema for $name {
            fn schema() -> $crate::macro_support::utoipa::openapi::RefOr<
                $crate::macro_support::utoipa::openapi::schema::Schema,
            > {
                $crate::id::schema(concat!($($doc),*).trim())
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::typed_id! {
        /// A thing.
        ThingId
    }

    #[test]
    fn an_id_is_read_from_a_string_or_a_number_and_written_as_a_string() {
        assert_eq!(serde_json::from_str::<ThingId>("\"17\"").ok(), Some(ThingId(17)));
        assert_eq!(serde_json::from_str::<ThingId>("17").ok(), Some(ThingId(17)));
        assert_eq!(serde_json::to_string(&ThingId(17)).ok().as_deref(), Some("\"17\""));
    }

    #[test]
    fn nothing_but_a_positive_number_is_an_id() {
        for text in ["", "0", "-1", "+1", " 1", "1.0", "9223372036854775808", "1e3", "١"] {
            assert_eq!(parse(text), Err(IdError), "{text:?}");
        }
        assert_eq!(parse("9223372036854775807"), Ok(i64::MAX));
        assert!(serde_json::from_str::<ThingId>("1.5").is_err());
        assert!(serde_json::from_str::<ThingId>("true").is_err());
    }
}
