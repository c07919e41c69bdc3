//! Calls over HTTP, and what came back.

use reqwest::{Method, StatusCode};
use serde_json::Value;

/// A caller with or without credentials.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// A caller without credentials.
    pub fn anonymous(base: &str) -> Self {
        // Built with the whole workspace, the client speaks TLS and asks for this before it says a word.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, base: base.to_owned(), headers: Vec::new() }
    }

    /// The same caller with one more header on every call.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut with = self.clone();
        with.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        with.headers.push((name.to_owned(), value.to_owned()));
        with
    }

    /// The same caller with an API key.
    #[must_use]
    pub fn api_key(&self, secret: &str) -> Self {
        self.header("x-api-key", secret)
    }

    /// The same caller with a Bearer token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Any method, with a JSON body or none.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let body = body.map(|body| ("application/json".to_owned(), body.to_string().into_bytes()));
        self.raw(method, path, body).await
    }

    /// Any method with any bytes of any media type.
    pub async fn raw(&self, method: Method, path: &str, body: Option<(String, Vec<u8>)>) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("the answer is text");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Reply { status, headers, text, json }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

impl Reply {
    /// Checks the status and gives `data` of the envelope.
    #[track_caller]
    pub fn data(&self, status: u16) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        &self.json["data"]
    }

    /// Checks status and code of a failure and gives its `errors`.
    #[track_caller]
    pub fn fault(&self, status: u16, code: &str) -> &Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.json["code"], code, "{}", self.text);
        assert_eq!(self.json["success"], false, "{}", self.text);
        &self.json["errors"]
    }

    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
