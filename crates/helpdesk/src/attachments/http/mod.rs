//! The calls of the attachments slice. Reading a file is a call of the messages slice, which knows who
//! may.

pub mod upload;
