//! Which handler runs which kind of job, and what runs periodically.

use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    backoff::Backoff,
    error::{JobError, QueueError},
    lease::Context,
    model::{Job, NewJob},
    schedule::Schedule,
};

type Running = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A kind's handler, and how its attempts are run.
pub(crate) struct Entry {
    pub run: Arc<dyn Fn(Context, Value) -> Running + Send + Sync>,
    pub backoff: Backoff,
    pub timeout: Duration,
}

/// The handlers and schedules of the product. A worker claims only kinds that its registry handles, so that during
/// a rolling update an old worker leaves new kinds to the new ones.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<&'static str, Entry>,
    schedules: Vec<Schedule>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("kinds", &self.kinds()).finish_non_exhaustive()
    }
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs every job `J` with this handler, which captures what it needs of the product. It runs outside any
    /// transaction. A payload that cannot be read is a permanent error.
    ///
    /// # Errors
    /// [`QueueError::RegisteredTwice`].
    pub fn handle<J, F, R>(&mut self, handler: F) -> Result<&mut Self, QueueError>
    where
        J: Job,
        F: Fn(Context, J) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.handle_with(J::BACKOFF, handler)
    }

    /// [`Registry::handle`] with other waits between attempts than the kind's own, where they are configured.
    ///
    /// # Errors
    /// [`QueueError::RegisteredTwice`].
    pub fn handle_with<J, F, R>(
        &mut self,
        backoff: Backoff,
        handler: F,
    ) -> Result<&mut Self, QueueError>
    where
        J: Job,
        F: Fn(Context, J) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let run = move |context, payload| -> Running {
            match serde_json::from_value::<J>(payload) {
                Ok(job) => Box::pin(handler(context, job)),
                Err(error) => {
                    let error = JobError::permanent(format!("the payload cannot be read: {error}"));
                    Box::pin(std::future::ready(Err(error)))
                }
            }
        };
        let entry = Entry { run: Arc::new(run), backoff, timeout: J::TIMEOUT };
        match self.entries.insert(J::KIND, entry) {
            None => Ok(self),
            Some(_) => Err(QueueError::RegisteredTwice { name: J::KIND }),
        }
    }

    /// Stores this job once per period, whatever the number of workers, for the first time at once. Periods missed
    /// while nothing ran are not made up for: one run stands for all of them. A run that still waits when the next
    /// is due stands for both.
    ///
    /// `every` is counted in whole seconds, from one second to a year.
    ///
    /// # Errors
    /// [`QueueError::RegisteredTwice`]; the payload cannot be written as JSON.
    pub fn schedule<J: Job>(
        &mut self,
        name: &'static str,
        every: Duration,
        job: impl Into<NewJob<J>>,
    ) -> Result<&mut Self, QueueError> {
        if self.schedules.iter().any(|schedule| schedule.name == name) {
            return Err(QueueError::RegisteredTwice { name });
        }
        self.schedules.push(Schedule::new(name, every, job.into())?);
        Ok(self)
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.entries.keys().map(ToString::to_string).collect()
    }

    pub(crate) fn entry(&self, kind: &str) -> Option<&Entry> {
        self.entries.get(kind)
    }

    pub(crate) fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }
}
