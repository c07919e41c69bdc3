//! The calls of webhooks.

pub mod create;
pub mod delete;
pub mod deliveries;
pub mod delivery_replay;
pub mod list;
pub mod read;
pub mod replay;
pub mod rotate_secret;
pub mod test;
pub mod update;

use garde::Error;
use kamhub_httpkit::{ApiResult, Unchecked};
use kamhub_kernel::Faults;
use kamhub_outbound::Client;

use super::model::filter;
use super::service;

/// Filters in a body: at least one.
fn some_filters(given: &[String], (): &()) -> garde::Result {
    match given {
        [] => Err(Error::new("must name at least one event")),
        _ => Ok(()),
    }
}

/// One filter in a body: it takes an event that there is.
fn known_filter(given: &str, (): &()) -> garde::Result {
    match filter(given) {
        Some(_) => Ok(()),
        None => Err(Error::new(
            "Events must be names such as ticket.created, beginnings such as ticket.*, or *",
        )),
    }
}

/// A body without faults, with its address as it is kept where one is given that may be called; what is wrong with
/// the address is told with the other faults.
async fn reaching<T>(
    client: &Client,
    mut body: Unchecked<T>,
    url: impl Fn(&T) -> Option<&str>,
) -> ApiResult<(T, Option<String>)> {
    let mut kept = None;
    if let Some(given) = body.read().and_then(url) {
        match service::reachable(client, given).await {
            Ok(url) => kept = Some(url),
            Err(sentence) => body.add(&Faults::of("url", sentence)),
        }
    }
    Ok((body.valid()?.value, kept))
}
