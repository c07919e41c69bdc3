//! One call, to the address that was looked at and no other.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use crate::policy::{Policy, Refusal, Target};

/// The most bytes of an answer's body that are read.
pub const ANSWER_AT_MOST: usize = 4096;
/// How long one of several addresses may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The most bytes of an answer's head.
const HEAD_AT_MOST: usize = 16 * 1024;
/// The longest reason that is passed on.
const REASON_AT_MOST: usize = 200;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The address may not be called.
    #[error("the address {0}")]
    Refused(#[from] Refusal),
    /// The name has no address.
    #[error("the name {0} cannot be resolved")]
    Unresolved(String),
    /// Nobody accepted the connection.
    #[error("no connection: {0}")]
    Connection(String),
    /// The certificate is not right, or TLS failed otherwise.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// What came back is no HTTP, or the connection ended in between.
    #[error("the answer cannot be read: {0}")]
    Answer(String),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs())]
    TooLong(Duration),
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The beginning of the body, at most [`ANSWER_AT_MOST`] bytes.
    pub body: Vec<u8>,
    retry_after: Option<String>,
}

impl Reply {
    /// The wait that the receiver asks for: seconds, or until a moment (RFC 9110, section 10.2.3).
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let text = self.retry_after.as_deref()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = DateTime::parse_from_rfc2822(text).ok()?;
        Some((until.with_timezone(&Utc) - now).to_std().unwrap_or_default())
    }
}

/// Makes the calls. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    policy: Policy,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
    agent: HeaderValue,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Client").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl Client {
    /// A client that trusts the machine's certificates and Mozilla's, and calls itself `agent`.
    pub fn new(policy: Policy, agent: &'static str) -> Self {
        Self { policy, tls: Arc::default(), agent: HeaderValue::from_static(agent) }
    }

    /// Reads the certificates when they are needed for the first time.
    fn tls(&self) -> Result<Arc<ClientConfig>, Fault> {
        if let Some(known) = self.tls.get() {
            return Ok(known.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(self.tls.get_or_init(|| Arc::new(tls)).clone())
    }

    /// What may be called.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// Posts a body and waits for the answer, for at most `patience` in all. Any status is an answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<Reply, Fault> {
        let call = async {
            let addresses = self.policy.resolve(target).await?;
            let stream = connect(&addresses).await?;
            if !target.is_tls() {
                return self.exchange(stream, target, headers, body).await;
            }
            let name = ServerName::try_from(target.host())
                .map_err(|_| Fault::Tls("the host is no name for a certificate".to_owned()))?;
            let stream = TlsConnector::from(self.tls()?)
                .connect(name, stream)
                .await
                .map_err(|error| Fault::Tls(short(&error)))?;
            self.exchange(stream, target, headers, body).await
        };
        tokio::time::timeout(patience, call).await.unwrap_or(Err(Fault::TooLong(patience)))
    }

    async fn exchange<S>(
        &self,
        stream: S,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Reply, Fault>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD_AT_MOST)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Fault::Answer(short(&error)))?;
        let _connection = AbortOnDropHandle::new(tokio::spawn(connection));
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = target.path().parse().map_err(|error| Fault::Answer(short(&error)))?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&target.authority())
            .map_err(|error| Fault::Answer(short(&error)))?;
        request.headers_mut().insert(header::HOST, host);
        request.headers_mut().insert(header::USER_AGENT, self.agent.clone());
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        let response =
            sender.send_request(request).await.map_err(|error| Fault::Answer(short(&error)))?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        Ok(Reply { status, retry_after, body: beginning(response.into_body()).await })
    }
}

/// The first address that accepts; only those that were looked at.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let mut reason = String::new();
    for address in addresses {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => reason = short(&error),
            Err(_) => reason = format!("not within {} s", CONNECT_TIMEOUT.as_secs()),
        }
    }
    Err(Fault::Connection(reason))
}

/// As much of the body as is kept. The status is the answer: a body that breaks off changes nothing.
async fn beginning(mut body: Incoming) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_AT_MOST
        && let Some(Ok(frame)) = body.frame().await
    {
        if let Ok(data) = frame.into_data() {
            let room = ANSWER_AT_MOST - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    bytes
}

/// An error with its causes, short enough to be stored.
fn short(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.chars().take(REASON_AT_MOST).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const OPEN: Policy = Policy { allow_http: true, allow_private: true };

    /// Answers one connection with these bytes and gives what was sent.
    async fn answering(answer: &'static [u8]) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hooks?x=1", listener.local_addr().unwrap());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = vec![0; 65_536];
            let length = stream.read(&mut heard).await.unwrap();
            stream.write_all(answer).await.unwrap();
            heard.truncate(length);
            String::from_utf8(heard).unwrap()
        });
        (address, heard)
    }

    async fn post(policy: Policy, address: &str) -> Result<Reply, Fault> {
        let client = Client::new(policy, "test/1");
        let target = OPEN.check(address)?;
        let body = Bytes::from_static(b"{}");
        client.post(&target, HeaderMap::new(), body, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn a_call_says_where_it_goes_and_brings_the_answer() {
        let (address, heard) =
            answering(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nlate")
                .await;
        let reply = post(OPEN, &address).await.unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (503, &b"late"[..]));
        assert_eq!(reply.retry_after(DateTime::UNIX_EPOCH), Some(Duration::from_secs(7)));
        let heard = heard.await.unwrap();
        assert!(heard.starts_with("POST /hooks?x=1 HTTP/1.1\r\n"), "{heard}");
        assert!(
            heard.contains("host: 127.0.0.1:") && heard.contains("user-agent: test/1"),
            "{heard}"
        );
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let (address, _) = answering(
            b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        )
        .await;
        assert_eq!(post(OPEN, &address).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 1024];
            let _ = stream.read(&mut heard).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            while stream.write_all(&[b'x'; 1000]).await.is_ok() {}
        });
        assert_eq!(post(OPEN, &address).await.unwrap().body.len(), ANSWER_AT_MOST);
    }

    #[tokio::test]
    async fn nothing_is_sent_to_a_private_address_whatever_was_checked_before() {
        let (address, heard) = answering(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let strict = Policy { allow_http: true, allow_private: false };
        let refused = post(strict, &address).await;
        assert!(matches!(refused, Err(Fault::Refused(Refusal::Inside))), "{refused:?}");
        assert!(!heard.is_finished(), "somebody connected");
        heard.abort();
    }

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let reply = |text: &str| Reply {
            status: 429,
            body: Vec::new(),
            retry_after: Some(text.to_owned()),
        };
        let now = "2015-10-21T07:27:00Z".parse().unwrap();
        assert_eq!(reply("120").retry_after(now), Some(Duration::from_secs(120)));
        let date = reply("Wed, 21 Oct 2015 07:28:00 GMT");
        assert_eq!(date.retry_after(now), Some(Duration::from_secs(60)));
        assert_eq!(date.retry_after(now + chrono::TimeDelta::hours(1)), Some(Duration::ZERO));
        assert_eq!(reply("soon").retry_after(now), None);
    }
}
