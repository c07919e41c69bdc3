//! Checking an address and a password, for every call that takes them.

use std::time::Duration;

use garde::Validate;
use kamhub_cache::RateRule;
use kamhub_httpkit::validate::text;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::identity::model::secret_hash;
use crate::identity::service::{self, Account};
use crate::identity::{Error, password};

/// An address and a password.
#[derive(Default, Deserialize, Validate, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PasswordCredentials {
    /// The user's e-mail address, in any case.
    #[garde(custom(text(1, 254)))]
    #[schema(examples("anna@kamhub.example"), min_length = 1, max_length = 254)]
    pub(super) email: String,
    /// The user's password.
    #[garde(custom(text(1, 128)))]
    #[schema(examples("volcano-koryaksky-3456"), format = Password, min_length = 1, max_length = 128)]
    pub(super) password: String,
}

/// The account that the password opens.
///
/// # Errors
/// [`Error::SignInFailed`], after the same time whatever is wrong; [`Error::Limited`];
/// [`Error::Busy`]; a database fault.
pub(super) async fn account(
    app: &App,
    address: &str,
    email: &str,
    given: &str,
) -> Result<Account, Error> {
    let email = email.trim();
    let burst = app.settings.sign_ins_per_minute;
    let per = Duration::from_secs(60);
    let of_address = RateRule { name: "sign_in_address", burst, per };
    let of_account = RateRule { name: "sign_in_account", burst, per };
    let limited = |limited: kamhub_cache::Limited| Error::Limited(limited.retry_after);
    app.limiter.check(&of_address, address).await.map_err(limited)?;
    let account_key = hex::encode(secret_hash(&email.to_lowercase()));
    app.limiter.check(&of_account, &account_key).await.map_err(limited)?;
    let account = {
        let mut connection = app.db.connection().await?;
        service::account_by_email(&mut connection, email).await?
    };
    let stored = account.as_ref().and_then(|account| account.password.clone());
    let fits = password::verify(stored, given).await?;
    match account.filter(|_| fits) {
        Some(account) => Ok(account),
        None => {
            tracing::info!(target: "kamhub::audit", action = "sign_in_failed", address, "audit");
            Err(Error::SignInFailed)
        }
    }
}
