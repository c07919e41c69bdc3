//! The back end inside this process: values, and the marks that tell an old load from a new one.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How many counters the keys share. Two keys on one counter only cost a load that is not kept.
const STRIPES: usize = 256;

/// A lock whose data stays valid whoever panicked: every critical section here is a single assignment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What had been invalidated in this process at a moment. Equal marks: nothing in between.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    epoch: u64,
    generation: u64,
    removals: u64,
}

/// Counts invalidations of keys, spaces and everything in this process.
pub(crate) struct Marks {
    epoch: AtomicU64,
    generations: Mutex<HashMap<&'static str, u64>>,
    removals: Vec<Mutex<u64>>,
    hasher: RandomState,
}

impl Marks {
    pub(crate) fn new() -> Self {
        Self {
            epoch: AtomicU64::new(0),
            generations: Mutex::default(),
            removals: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(crate) fn mark(&self, space: &'static str, key: &str) -> Mark {
        let (epoch, generation) = self.stamp(space);
        Mark { epoch, generation, removals: *lock(self.stripe(space, key)) }
    }

    pub(crate) fn remove(&self, space: &'static str, key: &str) {
        *lock(self.stripe(space, key)) += 1;
    }

    pub(crate) fn remove_space(&self, space: &'static str) {
        *lock(&self.generations).entry(space).or_default() += 1;
    }

    pub(crate) fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }

    fn stamp(&self, space: &'static str) -> (u64, u64) {
        let generation = lock(&self.generations).get(space).copied().unwrap_or_default();
        (self.epoch.load(Ordering::SeqCst), generation)
    }

    #[allow(clippy::indexing_slicing, reason = "the index is reduced modulo the length")]
    fn stripe(&self, space: &'static str, key: &str) -> &Mutex<u64> {
        let hash = self.hasher.hash_one((space, key));
        &self.removals[(hash % STRIPES as u64) as usize]
    }
}

#[derive(Clone)]
struct Entry {
    stamp: (u64, u64),
    json: Arc<[u8]>,
    ttl: Duration,
}

/// Each entry lives as long as its writer said.
struct OwnTtl;

impl moka::Expiry<(&'static str, String), Entry> for OwnTtl {
    fn expire_after_create(
        &self,
        _: &(&'static str, String),
        entry: &Entry,
        _: Instant,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &(&'static str, String),
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

/// Values in this process, bounded by their number.
pub(crate) struct Local {
    entries: moka::sync::Cache<(&'static str, String), Entry>,
    marks: Marks,
}

impl Local {
    pub(crate) fn new(max_entries: u64) -> Self {
        let entries =
            moka::sync::Cache::builder().max_capacity(max_entries).expire_after(OwnTtl).build();
        Self { entries, marks: Marks::new() }
    }

    /// The value, and the mark that a load begun now must still find when it stores.
    pub(crate) fn read(&self, space: &'static str, key: &str) -> (Option<Arc<[u8]>>, Mark) {
        let mark = self.marks.mark(space, key);
        let found = self.entries.get(&(space, key.to_owned()));
        let valid = found.filter(|entry| entry.stamp == (mark.epoch, mark.generation));
        (valid.map(|entry| entry.json), mark)
    }

    /// Keeps a loaded value unless its key was invalidated since `seen`.
    pub(crate) fn store(
        &self,
        space: &'static str,
        key: &str,
        json: Arc<[u8]>,
        ttl: Duration,
        seen: &Mark,
    ) {
        // The counter stays locked over the insertion, so that a removal comes before (and forbids it) or after
        // (and removes it). A new generation in the last instant does no harm: the entry carries its own.
        let removals = lock(self.marks.stripe(space, key));
        let stamp = (seen.epoch, seen.generation);
        if *removals == seen.removals && self.marks.stamp(space) == stamp {
            self.entries.insert((space, key.to_owned()), Entry { stamp, json, ttl });
        }
    }

    /// Writes a value that its caller vouches for; loads begun before are not kept.
    pub(crate) fn put(&self, space: &'static str, key: &str, json: Arc<[u8]>, ttl: Duration) {
        let mut removals = lock(self.marks.stripe(space, key));
        *removals += 1;
        self.entries
            .insert((space, key.to_owned()), Entry { stamp: self.marks.stamp(space), json, ttl });
    }

    pub(crate) fn remove(&self, space: &'static str, key: &str) {
        let mut removals = lock(self.marks.stripe(space, key));
        *removals += 1;
        self.entries.invalidate(&(space, key.to_owned()));
    }

    pub(crate) fn remove_space(&self, space: &'static str) {
        self.marks.remove_space(space);
    }

    pub(crate) fn clear(&self) {
        // The entries stay until they expire: moka's own invalidation may also take those written right after it.
        self.marks.clear();
    }
}
