//! The HTTP server: what axum's own does not limit. A client that sends its headers slowly or
//! without end is turned away, and a stopping server finishes what is under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::config::Config;

/// How long a client may take to send a request's headers, or to keep an idle connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes of a request's line and headers; more is answered 431.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// The most connections at once; more wait in the system's queue.
const MAX_CONNECTIONS: usize = 8192;
/// The wait after the system refused a connection, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes the port.
///
/// # Errors
/// A port that is in use or may not be taken; the sentence says what to do.
pub async fn listen(config: &Config) -> Result<TcpListener> {
    let address = SocketAddr::new(config.host, config.port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} is in use: stop what uses it, or choose another with PORT or --port",
            config.port
        ),
        std::io::ErrorKind::PermissionDenied => anyhow::anyhow!(
            "port {} may not be taken by this user: choose one above 1023 with PORT or --port",
            config.port
        ),
        _ => anyhow::Error::new(error)
            .context(format!("cannot listen on {address}: check HOST and PORT")),
    })
}

/// Serves until `stop`, then finishes the requests under way for at most `grace`.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(MAX_HEADER_BYTES);
    let connections = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await;
            (slot, accept(&listener).await)
        };
        let (slot, (stream, peer)) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        let connection = protocol.serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(slot);
        });
    }
    drop(listener);
    let open = connections.count();
    if tokio::time::timeout(grace, connections.shutdown()).await.is_err() {
        tracing::warn!(open, "requests that outlasted the grace are cut off");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and wanted at once.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
