//! All the SQL of notifications.

pub(super) mod deliveries;
