//! Loads under way, so that many callers share one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::{cache::Seen, local::lock};

/// Held by the one who loads; the value for those who wait.
type Flight = Arc<tokio::sync::Mutex<Option<Arc<[u8]>>>>;
pub(crate) type FlightKey = (&'static str, String, Seen);
pub(crate) type Flights = Mutex<HashMap<FlightKey, Flight>>;

/// A caller's place in a load; the last to leave clears the entry, so that a dropped load leaves nothing.
pub(crate) struct InFlight<'a> {
    flights: &'a Flights,
    key: FlightKey,
    pub(crate) slot: Flight,
}

impl<'a> InFlight<'a> {
    pub(crate) fn join(flights: &'a Flights, key: FlightKey) -> Self {
        let slot = lock(flights).entry(key.clone()).or_default().clone();
        Self { flights, key, slot }
    }

    /// Ends the flight for new callers: from now on the cache answers them, or they load anew.
    pub(crate) fn leave(&self) {
        self.end_if(|_| true);
    }

    fn end_if(&self, condition: impl FnOnce(&Flight) -> bool) {
        let mut flights = lock(self.flights);
        let mine = flights
            .get(&self.key)
            .is_some_and(|slot| Arc::ptr_eq(slot, &self.slot) && condition(slot));
        if mine {
            flights.remove(&self.key);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        // One count is the map's and one is ours.
        self.end_if(|slot| Arc::strong_count(slot) <= 2);
    }
}
