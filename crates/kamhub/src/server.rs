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

/// What a client may do to a server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a client may take to send a request's headers, or keep a connection idle.
    pub header_timeout: Duration,
    /// The most bytes of a request's line and headers; more is answered 431.
    pub header_bytes: usize,
    /// The most connections at once; more wait in the system's queue.
    pub connections: usize,
    /// How long requests under way may take to finish when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    /// 30 s, 32 KiB, 8192 connections, 25 s.
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(30),
            header_bytes: 32 * 1024,
            connections: 8192,
            grace: Duration::from_secs(25),
        }
    }
}

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

/// Serves until `stop`, then finishes the requests under way.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, limits: Limits) {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(limits.header_bytes);
    let connections = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
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
    if tokio::time::timeout(limits.grace, connections.shutdown()).await.is_err() {
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

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server with short limits, and what it answers to these bytes until it closes.
    async fn answer(bytes: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let limits = Limits {
            header_timeout: Duration::from_millis(200),
            header_bytes: 8192,
            ..Limits::default()
        };
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve(listener, router, CancellationToken::new(), limits));
        // The server may close before it has read everything.
        let _ = client.write_all(bytes).await;
        let mut answer = Vec::new();
        let read = client.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(20), read).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_client_that_never_ends_its_headers_is_let_go() {
        assert_eq!(answer(b"GET / HTTP/1.1\r\nhost: x\r\nslow: ").await, "");
        let idle = answer(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(idle.starts_with("HTTP/1.1 200 OK") && idle.ends_with("here"), "{idle}");
    }

    #[tokio::test]
    async fn headers_that_are_too_long_or_too_many_are_431() {
        let long = format!("GET / HTTP/1.1\r\nhost: x\r\nlong: {}\r\n\r\n", "x".repeat(9000));
        let told = answer(long.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
        let told = answer(many.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 431 "), "{told}");
    }
}
