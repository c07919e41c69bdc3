//! The SQL of the search slice.
//!
//! Statements over documents are put together for each query, because each has its own number of words;
//! every value is bound.

pub(super) mod customers;
pub(super) mod desk;
pub(super) mod documents;
pub(super) mod learn;
pub(super) mod suggest;
pub(super) mod words;
