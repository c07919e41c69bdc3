//! HTTP as this product speaks it: the envelope and its errors, validated JSON, queries and paths,
//! idempotency keys, ETags and the line that is logged for each request. It knows no helpdesk word.

pub mod answer;
pub mod body;
pub mod decode;
pub mod etag;
mod gone;
pub mod idempotency;
pub mod items;
mod json;
pub mod listing;
pub mod path;
pub mod problem;
pub mod query;
pub mod query_stats;
pub mod request;
pub mod validate;
mod wording;

pub use answer::{Answer, Envelope, ListEnvelope};
pub use body::{Unchecked, Valid};
pub use etag::IfMatch;
pub use idempotency::IdempotencyKey;
pub use path::PathId;
pub use problem::{ApiResult, ErrorBody, Problem, validated};
pub use query::ValidQuery;
