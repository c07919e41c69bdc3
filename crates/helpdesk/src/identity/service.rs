//! Use cases of the identity slice.

mod api_keys;
mod customers;
mod principals;
mod sessions;
mod users;

pub use api_keys::{
    NewApiKey, api_key_create, api_key_end_faults, api_key_list, api_key_mint, api_key_read,
    api_key_revoke,
};
pub use customers::{
    customer_by_link, customer_by_requests_link, customer_exists, customer_for_service,
    customer_known_by, customer_language, customer_number, customer_of_number,
    customer_of_platform, customer_take_from_platform,
};
pub use principals::{
    Used, api_key_note_use, principal_by_api_key, principal_by_cookie, principal_by_session,
};
pub use sessions::{
    Account, BrowserSignIn, Origin, Refreshed, Tokens, account_by_email, browser_sign_in,
    password_change, session_list, session_revoke, sessions_forget, token_refresh, token_revoke,
    token_sign_in,
};
pub use users::{
    FirstAdmin, UserChange, first_admin, may_govern, user_create, user_list, user_password_set,
    user_read, user_update, users_active,
};

pub use super::form::{form_token_age, form_token_create};
pub use super::link::{
    LinkPurpose, REQUESTS_LINK_LIFE, TICKET_LINK_LIFE, TicketLink, attachment_link_create,
    attachment_link_verify, link_create, link_verify, requests_link_url, requests_link_verify,
    ticket_link_create, ticket_link_url, ticket_link_verify,
};

/// One line in the log for whatever changes who may do what.
pub(super) fn audit(
    actor: &kamhub_kernel::Actor,
    action: &'static str,
    object: impl std::fmt::Display,
) {
    tracing::info!(
        target: "kamhub::audit",
        action,
        actor = actor.label(),
        object = %object,
        "audit"
    );
}
