//! Use cases of the policies.

use std::sync::{Arc, LazyLock};

use kamhub_postgres::PgConnection;
use moka::sync::Cache;

use super::model::{Match, PolicyVersion};
use super::{Error, repo};
use crate::calendars;
use crate::category::Category;
use crate::ids::{CalendarVersionId, PolicyVersionId};
use crate::sla::history::Terms;
use crate::tickets::model::Priority;

/// How many versions, and how many terms, the process keeps.
const KEPT_AT_MOST: u64 = 1_000;

/// Versions that were read. They never change, so what is kept here cannot be stale; the process
/// works on one database.
static VERSIONS: LazyLock<Cache<PolicyVersionId, Arc<PolicyVersion>>> =
    LazyLock::new(|| Cache::new(KEPT_AT_MOST));

type TermsKey = (PolicyVersionId, CalendarVersionId);

/// Terms that were put together, of versions that never change.
static TERMS: LazyLock<Cache<TermsKey, Arc<Terms>>> = LazyLock::new(|| Cache::new(KEPT_AT_MOST));

/// The policy that applies to tickets of this category and priority (contract, section 4): the one for
/// exactly this pair, else for the category, else for the priority, else for all, else the built-in
/// default, which always exists. One small query.
///
/// # Errors
/// [`Error::NotFound`] where somebody has deleted the built-in default by hand; a database fault.
pub async fn matching(
    connection: &mut PgConnection,
    category: Category,
    priority: Priority,
) -> Result<Match, Error> {
    let found = repo::matching(connection, category, priority).await?;
    let (version, calendar_version) = found.ok_or(Error::NotFound)?;
    Ok(Match { policy: policy_version(connection, version).await?, calendar_version })
}

/// A version of a policy. The database is asked once per version and process.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn policy_version(
    connection: &mut PgConnection,
    id: PolicyVersionId,
) -> Result<Arc<PolicyVersion>, Error> {
    if let Some(version) = VERSIONS.get(&id) {
        return Ok(version);
    }
    let version = Arc::new(repo::version(connection, id).await?.ok_or(Error::NotFound)?);
    VERSIONS.insert(id, Arc::clone(&version));
    Ok(version)
}

/// What clocks under this version of a policy and this version of its calendar count by. The
/// database is asked once per pair and process.
///
/// # Errors
/// [`Error::NotFound`]; a calendar that is not there or cannot be read; a database fault.
pub async fn terms(
    connection: &mut PgConnection,
    policy: PolicyVersionId,
    calendar: CalendarVersionId,
) -> Result<Arc<Terms>, Error> {
    if let Some(terms) = TERMS.get(&(policy, calendar)) {
        return Ok(terms);
    }
    let version = policy_version(connection, policy).await?;
    let hours = calendars::service::calendar(connection, calendar).await?;
    let terms = Arc::new(version.terms(hours));
    TERMS.insert((policy, calendar), Arc::clone(&terms));
    Ok(terms)
}
