//! The pages, one file for each thing that a customer does.

pub mod article;
pub mod assets;
pub mod category;
pub mod error_page;
pub mod faq;
mod fields;
pub mod form;
pub mod home;
mod listing;
pub mod my_requests;
pub mod opinion;
mod page;
pub mod request;
pub mod robots;
pub mod search;
pub mod sitemap;
pub mod ticket;
pub mod visit;
