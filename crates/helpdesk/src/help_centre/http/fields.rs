//! A form that a browser sends.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use chrono::TimeDelta;
use garde::Validate;
use kamhub_httpkit::Problem;
use kamhub_httpkit::decode::decode;
use kamhub_kernel::Faults;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::visit::Visit;
use crate::app::App;
use crate::identity::service::{form_token_age, form_token_create};

/// The hidden field that proves that the form was ours.
pub const TOKEN: &str = "form";

/// What was typed, by the fields' names; line ends as we store them.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<String, String>);

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        check_origin(request.headers(), &app.settings.public_url)?;
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "UNSUPPORTED_MEDIA_TYPE",
                "The form must be sent as application/x-www-form-urlencoded",
            ));
        }
        let bytes = Bytes::from_request(request, app).await.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "BODY_TOO_LARGE",
                "The body is larger than 1 MiB",
            )
        })?;
        let typed = url::form_urlencoded::parse(&bytes);
        Ok(Self(
            typed.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect(),
        ))
    }
}

/// Only our own pages send our forms.
fn check_origin(headers: &HeaderMap, site: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match (text("sec-fetch-site"), text("origin")) {
        (Some(from), _) => matches!(from, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin == site || (host.is_some() && host == text("host"))
        }
        // No browser: nothing is sent along that somebody could misuse.
        (None, None) => true,
    };
    let refusal = || Problem::forbidden("The form was sent from another site");
    ours.then_some(()).ok_or_else(refusal)
}

impl Fields {
    /// What was typed, without white space around it; empty where the field is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// Reads the named fields by the rules of the API. A field that was left empty was not sent.
    ///
    /// # Errors
    /// Every fault, by the API's field name.
    pub fn read<T>(&self, names: &[&str]) -> Result<T, Faults>
    where
        T: DeserializeOwned + Validate<Context = ()>,
    {
        decode(Value::Object(self.object(names)))
    }

    /// The same where some fields are numbers and others boxes that are ticked or not.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub fn read_typed<T>(
        &self,
        names: &[&str],
        numbers: &[&str],
        boxes: &[&str],
    ) -> Result<T, Faults>
    where
        T: DeserializeOwned + Validate<Context = ()>,
    {
        let mut object = self.object(names);
        for name in numbers {
            if let Ok(value) = self.get(name).parse::<i64>() {
                object.insert((*name).to_owned(), value.into());
            }
        }
        for name in boxes.iter().filter(|name| !self.get(name).is_empty()) {
            object.insert((*name).to_owned(), true.into());
        }
        decode(Value::Object(object))
    }

    /// The same form with one field written otherwise.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut fields = self.clone();
        fields.0.insert(name.to_owned(), value.to_owned());
        fields
    }

    fn object(&self, names: &[&str]) -> Map<String, Value> {
        let given = names.iter().filter(|name| !self.get(name).is_empty());
        given.map(|name| ((*name).to_owned(), self.get(name).into())).collect()
    }

    /// How long the form was open; `None` where it is not one of ours of the last day.
    pub fn age(&self, visit: &Visit, form: &str) -> Option<TimeDelta> {
        form_token_age(&visit.app.keys, visit.app.clock.now(), form, self.get(TOKEN))
    }
}

/// The value of the hidden field of a form that is shown now.
pub fn token(visit: &Visit, form: &str) -> String {
    form_token_create(&visit.app.keys, visit.app.clock.now(), form)
}
