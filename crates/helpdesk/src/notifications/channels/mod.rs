//! The senders of each channel, and what they make of a message.

pub mod dashboard;
pub mod email;
pub mod slack;
mod words;
