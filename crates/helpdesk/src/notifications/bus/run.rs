//! What workers do for the bus all the time: look for new events when a signal comes and once a second
//! anyway, place them, and let the consumers work.

use std::time::Duration;

use kamhub_cache::Stream;
use kamhub_postgres::DbResult;

use super::model::Placed;
use super::service::{self, DELIVERIES, STREAM};
use crate::app::App;
use crate::notifications::error::Error;
use crate::notifications::{rules, webhooks};

/// The topic by which processes wake each other: something was committed.
pub const TOPIC: &str = "events";
/// The longest wait between two looks. Signals make it shorter, and may all be lost.
const POLL: Duration = Duration::from_secs(1);
/// The pause after a look: what many requests write meanwhile is placed together.
const PAUSE: Duration = Duration::from_millis(20);
/// The pause after a fault.
const AFTER_FAULT: Duration = Duration::from_secs(2);

/// Runs until it is dropped. Both loops go their own way: a Redis that is away holds up no webhook.
pub async fn run(app: App) {
    while let Err(error) = prepare(&app).await {
        fault("start", &error).await;
    }
    tokio::join!(deliver(&app), copy(&app));
}

async fn deliver(app: &App) {
    let mut signal = app.wake.subscribe(TOPIC);
    loop {
        match deliver_once(app).await {
            Ok(true) => {}
            Ok(false) => wait(&mut signal).await,
            Err(error) => fault("deliveries", &error).await,
        }
    }
}

async fn copy(app: &App) {
    let mut signal = app.wake.subscribe(TOPIC);
    loop {
        match copy_once(app).await {
            Ok(true) => {}
            Ok(false) => wait(&mut signal).await,
            Err(error) => fault("stream", &error).await,
        }
    }
}

async fn wait(signal: &mut kamhub_cache::Signal) {
    tokio::time::sleep(PAUSE).await;
    tokio::select! {
        () = signal.notified() => {}
        () = tokio::time::sleep(POLL) => {}
    }
}

async fn fault(what: &str, error: &kamhub_postgres::DbError) {
    tracing::warn!(what, %error, "the event bus could not go on; trying again");
    tokio::time::sleep(AFTER_FAULT).await;
}

/// Places what is new and expands it into deliveries; answers whether there is more.
///
/// # Errors
/// A database fault.
pub async fn deliver_once(app: &App) -> DbResult<bool> {
    let mut tx = app.db.begin().await?;
    let more = service::place(&mut tx).await?;
    tx.commit().await?;
    let mut tx = app.db.begin().await?;
    let events = service::next_events(&mut tx, DELIVERIES).await?;
    if events.is_empty() {
        return Ok(more);
    }
    let source = &app.settings.public_url;
    let mut planned = webhooks::service::plan(&mut tx, &*app.clock, source, &events)
        .await
        .map_err(webhooks::Error::into_database)?;
    for Placed { event, .. } in &events {
        planned += rules::plan_event(&mut tx, app, event).await.map_err(Error::into_database)?;
    }
    tx.commit().await?;
    if planned > 0 {
        app.queue.wake();
    }
    Ok(true)
}

/// Copies what is new to the Redis stream; answers whether there is more. Where no Redis is configured
/// there is nothing to do.
///
/// # Errors
/// A database fault. A Redis that is away is none: the events wait.
pub async fn copy_once(app: &App) -> DbResult<bool> {
    let Some(stream) = stream(app) else { return Ok(false) };
    let mut connection = app.db.connection().await?;
    let Some(turn) = service::take_turn(&mut connection, STREAM, app.clock.now()).await? else {
        return Ok(false);
    };
    drop(connection);
    let source = &app.settings.public_url;
    let mut told = 0;
    for event in &turn.events {
        if stream.append(&fields(event, source)).await.is_err() {
            break;
        }
        told += 1;
    }
    metrics::counter!("kamhub_bus_streamed_total").increment(told as u64);
    let mut connection = app.db.connection().await?;
    let ours = service::end_turn(&mut connection, STREAM, &turn, told).await?;
    Ok(ours && told > 0 && told == turn.events.len())
}

/// What an entry of the stream holds: the envelope, and its type and subject for those who filter.
fn fields(event: &Placed, source: &str) -> [(&'static str, String); 3] {
    let envelope = event.envelope(source);
    [
        ("type", envelope.kind.clone()),
        ("subject", envelope.subject.clone()),
        ("event", serde_json::to_string(&envelope).unwrap_or_default()),
    ]
}

fn stream(app: &App) -> Option<Stream> {
    app.cache.stream(&app.settings.events_stream, app.settings.events_stream_length)
}

/// Says at the start of a process which consumers there are.
///
/// # Errors
/// A database fault.
pub async fn prepare(app: &App) -> DbResult<()> {
    let mut connection = app.db.connection().await?;
    service::want(&mut connection, STREAM, stream(app).is_some()).await
}
