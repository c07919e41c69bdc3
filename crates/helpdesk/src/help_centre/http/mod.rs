//! The pages, one file for each thing that a customer does.

pub mod assets;
pub mod error_page;
mod fields;
pub mod home;
pub mod opinion;
mod page;
pub mod request;
pub mod robots;
pub mod ticket;
pub mod visit;
