//! Wake-ups: "look again" to whoever waits for a topic, here and in the other replicas.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use fred::{
    clients::Client,
    interfaces::{EventInterface, PubsubInterface},
};
use tokio::{
    sync::{Notify, broadcast::error::RecvError, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use crate::{cache::Cache, local::lock, redis::Redis};

const CHANNEL: &str = "kamhub:wake";
const RETRY: Duration = Duration::from_secs(1);
const HEARTBEAT: Duration = Duration::from_secs(15);

type Topics = Arc<Mutex<HashMap<String, watch::Sender<()>>>>;

/// Wake-ups by topic. Clones share their subscribers.
///
/// An optimisation only: a wake-up says that something may have changed, and may be lost (Redis away, a replica
/// just started) or come twice. Whoever waits must also look by itself now and then, and must find what it needs
/// in the database.
#[derive(Clone)]
pub struct Wake {
    topics: Topics,
    remote: Option<Arc<Remote>>,
}

/// The way to and from the other replicas.
struct Remote {
    outbox: Arc<Outbox>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// Topics still to be told to the others; a topic published many times is told once.
#[derive(Default)]
struct Outbox {
    topics: Mutex<BTreeSet<String>>,
    filled: Notify,
}

/// Wake-ups of one topic; those that come while nobody waits count as one.
#[derive(Debug)]
pub struct Signal {
    receiver: watch::Receiver<()>,
}

impl Signal {
    /// Waits until the topic was published since the last return (at first: since the subscription).
    /// Nothing is lost when the wait is dropped.
    pub async fn notified(&mut self) {
        if self.receiver.changed().await.is_err() {
            // Every `Wake` is gone, so no wake-up will come.
            std::future::pending::<()>().await;
        }
    }
}

impl Wake {
    /// Wake-ups over the same Redis as `cache`, or in this process like it. Must be called inside a Tokio runtime.
    pub fn new(cache: &Cache) -> Self {
        let topics = Topics::default();
        let remote = cache.connection().map(|redis| {
            let outbox = Arc::new(Outbox::default());
            let tell = tokio::spawn(tell(redis.clone(), outbox.clone()));
            let listen = tokio::spawn(listen(redis, topics.clone()));
            Arc::new(Remote {
                outbox,
                _tasks: [AbortOnDropHandle::new(tell), AbortOnDropHandle::new(listen)],
            })
        });
        Self { topics, remote }
    }

    /// Wakes the subscribers of `topic`: here at once, in other replicas soon. Never waits.
    pub fn publish(&self, topic: &str) {
        signal(&self.topics, topic);
        if let Some(remote) = &self.remote {
            lock(&remote.outbox.topics).insert(topic.to_owned());
            remote.outbox.filled.notify_one();
        }
    }

    /// A signal for everything published to `topic` from now on.
    pub fn subscribe(&self, topic: &str) -> Signal {
        let mut topics = lock(&self.topics);
        // Topics may be as many as tickets: those that nobody waits for any more go when the map would grow.
        if topics.len() == topics.capacity() {
            topics.retain(|_, sender| sender.receiver_count() > 0);
        }
        let sender = topics.entry(topic.to_owned()).or_insert_with(|| watch::channel(()).0);
        Signal { receiver: sender.subscribe() }
    }
}

fn signal(topics: &Topics, topic: &str) {
    if let Some(sender) = lock(topics).get(topic) {
        sender.send_replace(());
    }
}

fn signal_all(topics: &Topics) {
    lock(topics).values().for_each(|sender| {
        sender.send_replace(());
    });
}

/// Tells the other replicas what was published here.
async fn tell(redis: Redis, outbox: Arc<Outbox>) {
    loop {
        outbox.filled.notified().await;
        let topics = std::mem::take(&mut *lock(&outbox.topics));
        for topic in topics {
            // Redis away: the wake-up is lost, as it may be; listeners are all woken when it is back.
            let _ = redis
                .call(|connection| async move {
                    let message = format!("{} {topic}", connection.instance());
                    connection.client.publish::<(), _, _>(CHANNEL, message).await
                })
                .await;
        }
    }
}

/// Hears what other replicas published.
async fn listen(redis: Redis, topics: Topics) {
    loop {
        if let Ok((client, mut task)) = redis.dedicated().await {
            tokio::select! {
                () = follow(&redis, &client, &topics) => {}
                _ = &mut task => {}
            }
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Passes messages on until the server stops answering.
async fn follow(redis: &Redis, client: &Client, topics: &Topics) {
    let mut messages = client.message_rx();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let mut listening = false;
    loop {
        tokio::select! {
            // A connection that broke without a word would stay silent for ever. Subscribing again changes nothing
            // and is one of the few commands that a subscribed connection may send.
            _ = heartbeat.tick() => {
                if !matches!(timeout(RETRY, client.subscribe(CHANNEL)).await, Ok(Ok(()))) {
                    return;
                }
                if !std::mem::replace(&mut listening, true) {
                    // What was published while nobody listened is unknown, so everybody looks.
                    signal_all(topics);
                }
            }
            message = messages.recv() => match message {
                Ok(message) => hear(redis, topics, message.value.as_str().as_deref().unwrap_or_default()),
                Err(RecvError::Lagged(_)) => signal_all(topics),
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn hear(redis: &Redis, topics: &Topics, message: &str) {
    let Some((instance, topic)) = message.split_once(' ') else { return };
    // This process has woken its own subscribers already.
    if redis.instance().as_deref() != Some(instance) {
        signal(topics, topic);
    }
}
