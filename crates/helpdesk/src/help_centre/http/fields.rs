//! A form that a browser sends.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use chrono::TimeDelta;
use garde::Validate;
use kamhub_httpkit::Problem;
use kamhub_httpkit::decode::decode;
use kamhub_kernel::Faults;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::visit::Visit;
use crate::app::App;
use crate::identity::service::{form_token_age, form_token_create};
use crate::web::MAX_BODY;

/// The hidden field that proves that the form was ours.
pub const TOKEN: &str = "form";

/// What was typed, by the fields' names; line ends as we store them.
#[derive(Debug, Clone, Default)]
pub struct Fields(BTreeMap<String, String>);

impl FromRequest<App> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let mut fields = Self::default();
        for (name, value) in pairs(request, app).await? {
            fields.set(name, &value);
        }
        Ok(fields)
    }
}

/// The fields of a form without files, in their order.
pub async fn pairs(request: Request, app: &App) -> Result<Vec<(String, String)>, Problem> {
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
    let bytes = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| too_large())?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// The answer to more than anybody types.
pub fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", "The body is larger than 1 MiB")
}

/// Only our own pages send our forms.
///
/// # Errors
/// 403 from another site.
pub fn check_origin(headers: &HeaderMap, site: &str) -> Result<(), Problem> {
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
    /// Writes what was typed into a field.
    pub fn set(&mut self, name: String, typed: &str) {
        self.0.insert(name, typed.replace("\r\n", "\n"));
    }

    /// What was typed, without white space around it; empty where the field is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    /// Reads the named fields by the rules of the API, with the files that came with the form. A field
    /// that was left empty was not sent.
    ///
    /// # Errors
    /// Every fault, by the API's field name.
    pub fn read_with_files<T>(&self, names: &[&str], uploads: &[String]) -> Result<T, Faults>
    where
        T: DeserializeOwned + Validate<Context = ()>,
    {
        let mut object = self.object(names);
        let files = uploads.iter().map(|upload| json!({"uploadId": upload}));
        object.insert("attachments".to_owned(), files.collect());
        decode(Value::Object(object))
    }

    /// The same where some fields are numbers and others boxes that are ticked or not.
    ///
    /// # Errors
    /// As [`Fields::read_with_files`].
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
