//! Enums that travel as words: read in any case, written in lower case (contract, section 1), and
//! stored as `text` that a CHECK constraint repeats.

/// Declares such an enum:
///
/// ```
/// kamhub_kernel::wire_enum! {
///     /// How urgent it is.
///     pub enum Urgency {
///         /// Can wait.
///         Low = "low",
///         /// Cannot wait.
///         High = "high",
///     }
/// }
/// assert_eq!("HIGH".parse(), Ok(Urgency::High));
/// ```
#[macro_export]
macro_rules! wire_enum {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $(if text.eq_ignore_ascii_case($word) { return Ok(Self::$variant); })+
                Err(concat!("must be one of" $(, " ", $word, ",")+).trim_end_matches(',').to_owned())
            }
        }

        impl $crate::macro_support::serde::Serialize for $name {
            fn serialize<S: $crate::macro_support::serde::Serializer>(
                &self, serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::macro_support::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::macro_support::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as
                    $crate::macro_support::serde::Deserialize<'de>>::deserialize(deserializer)?;
                text.parse().map_err($crate::macro_support::serde::de::Error::custom)
            }
        }

        impl $crate::macro_support::sqlx::Type<$crate::macro_support::sqlx::Postgres> for $name {
            fn type_info() -> $crate::macro_support::sqlx::postgres::PgTypeInfo {
                <str as $crate::macro_support::sqlx::Type<
                    $crate::macro_support::sqlx::Postgres>>::type_info()
            }
            fn compatible(info: &$crate::macro_support::sqlx::postgres::PgTypeInfo) -> bool {
                <str as $crate::macro_support::sqlx::Type<
                    $crate::macro_support::sqlx::Postgres>>::compatible(info)
            }
        }

        impl $crate::macro_support::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> $crate::macro_support::sqlx::postgres::PgTypeInfo {
                <&str as $crate::macro_support::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl<'q> $crate::macro_support::sqlx::Encode<'q, $crate::macro_support::sqlx::Postgres>
            for $name
        {
            fn encode_by_ref(
                &self,
                buffer: &mut $crate::macro_support::sqlx::postgres::PgArgumentBuffer,
            ) -> Result<$crate::macro_support::sqlx::encode::IsNull,
                $crate::macro_support::sqlx::error::BoxDynError>
            {
                <&str as $crate::macro_support::sqlx::Encode<
                    '_, $crate::macro_support::sqlx::Postgres>>::encode(self.as_str(), buffer)
            }
        }

        impl<'r> $crate::macro_support::sqlx::Decode<'r, $crate::macro_support::sqlx::Postgres>
            for $name
        {
            fn decode(
                value: $crate::macro_support::sqlx::postgres::PgValueRef<'r>,
            ) -> Result<Self, $crate::macro_support::sqlx::error::BoxDynError> {
                let text = <&str as $crate::macro_support::sqlx::Decode<
                    'r, $crate::macro_support::sqlx::Postgres>>::decode(value)?;
                Ok(text.parse::<Self>()?)
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
                $crate::macro_support::utoipa::openapi::ObjectBuilder::new()
                    .schema_type($crate::macro_support::utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),+]))
                    .description(Some("Read in any case, written in lower case"))
                    .into()
            }
        }
    };
}

#[cfg(test)]
mod tests {
    crate::wire_enum! {
        /// A state for the test.
        pub enum Light {
            /// Stop.
            Red = "red",
            /// Go.
            Green = "green",
        }
    }

    #[test]
    fn a_word_is_read_in_any_case_and_written_in_lower_case() {
        assert_eq!(serde_json::from_str::<Light>("\"GREEN\"").ok(), Some(Light::Green));
        assert_eq!(serde_json::to_string(&Light::Red).ok().as_deref(), Some("\"red\""));
        assert_eq!(Light::ALL, [Light::Red, Light::Green]);
    }

    #[test]
    fn an_unknown_word_is_told_what_is_allowed() {
        assert_eq!("blue".parse::<Light>(), Err("must be one of red, green".to_owned()));
    }
}
