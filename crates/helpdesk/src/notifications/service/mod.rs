//! Use cases of people: their inbox, their preferences, and receipts; and samples for operators.

pub mod inbox;
pub mod preferences;
pub mod receipts;
