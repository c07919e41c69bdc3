//! All the SQL of notifications.

pub(super) mod deliveries;
pub(super) mod inbox;
pub(super) mod notices;
pub(super) mod preferences;
pub(super) mod receipts;
