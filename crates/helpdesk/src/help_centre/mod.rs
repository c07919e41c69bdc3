//! The customers' help centre: pages made on the server, in Russian and English, that need no
//! script. It knows no table: whatever it shows and does goes through the services of the slices.

mod dates;
pub mod http;
mod icons;
pub mod jobs;
mod lang;
mod text;
mod words;
