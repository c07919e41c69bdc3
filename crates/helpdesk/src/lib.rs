//! The helpdesk: everything a support desk knows. [`routes`] lists every call, [`access`] who may
//! make it, [`events`] what the rest of the platform learns of; each slice has its own room.

pub mod access;
pub mod agents;
pub mod app;
pub mod assignment;
pub mod attachments;
pub mod brand;
pub mod calendars;
pub mod category;
pub mod events;
pub mod faq;
pub mod feedback;
mod help_centre;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod knowledge;
pub mod language;
pub mod listeners;
pub mod messages;
pub mod notifications;
pub mod openapi;
pub mod operations;
pub mod period;
pub mod reports;
pub mod routes;
pub mod search;
pub mod seed;
pub mod sla;
pub mod tickets;
pub mod web;

pub use app::{App, Parts, Settings};
