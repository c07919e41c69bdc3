//! The pictures that a category may have, by the names that Lucide gives them.

macro_rules! icons {
    ($($name:literal)*) => {
        /// The picture of this name; a folder where there is none.
        pub fn named(name: Option<&str>) -> &'static str {
            match name {
                $(Some($name) => include_str!(concat!("../../templates/help_centre/icons/", $name, ".svg")),)*
                _ => include_str!("../../templates/help_centre/icons/folder.svg"),
            }
        }
    };
}

icons! {
    "book-open" "calendar" "compass" "credit-card" "file-text" "heart-handshake" "info" "key-round"
    "life-buoy" "luggage" "map" "mountain" "plane" "receipt" "settings" "shield-check" "tag"
    "ticket" "user" "wallet"
}
