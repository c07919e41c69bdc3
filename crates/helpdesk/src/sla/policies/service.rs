//! Use cases of the policies.

use std::sync::{Arc, LazyLock};

use kamhub_kernel::page::{Page, PageRequest};
use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::PgConnection;
use moka::sync::Cache;

use super::input::STEPS_AT_MOST;
use super::model::{Match, PolicyDraft, PolicyVersion, Recipient};
use super::repo::Which;
use super::steps::RECIPIENTS_AT_MOST;
use super::view::{InForce, Policy, PolicyVersionView, PolicyView};
use super::{Error, repo};
use crate::category::Category;
use crate::ids::{CalendarId, CalendarVersionId, PolicyId, PolicyVersionId};
use crate::sla::terms::Terms;
use crate::tickets::model::Priority;
use crate::{calendars, identity, listeners};

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

/// Makes a policy.
///
/// # Errors
/// [`Error::Taken`]; [`Error::Invalid`] for a calendar or users that are not there; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    draft: PolicyDraft,
) -> Result<PolicyView, Error> {
    repo::lock(tx).await?;
    let draft = checked(tx, draft, None).await?;
    refuse_taken(tx, &draft, None).await?;
    let id = repo::insert(tx, &draft, clock.now(), &actor.label()).await?;
    read(tx, id).await
}

/// Changes a policy. `change` is given what it says and answers what it shall say; where both are the
/// same, nothing is written. Otherwise there is a new version: new tickets count by it, running clocks
/// stay with theirs. One that becomes inactive ends its running clocks.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::BuiltIn`]; as [`create`].
pub async fn update(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: PolicyId,
    seen: Option<Versions>,
    change: impl FnOnce(PolicyDraft) -> PolicyDraft,
) -> Result<PolicyView, Error> {
    let before = lock(tx, id, seen).await?;
    let draft = change(before.draft.clone());
    let draft = checked(tx, draft, Some(&before.draft)).await?;
    if draft == before.draft {
        return Ok(before.view());
    }
    if before.facts.is_default {
        let narrowed = draft.category.is_some() || draft.priority.is_some();
        if narrowed || !draft.active {
            return Err(Error::BuiltIn);
        }
    } else {
        refuse_taken(tx, &draft, Some(id)).await?;
    }
    repo::update(tx, id, &draft, clock.now(), &actor.label()).await?;
    if before.draft.active && !draft.active {
        listeners::policy_deactivated(tx, clock, id).await?;
    }
    read(tx, id).await
}

/// Deactivates a policy and hides it; its versions and what was counted by them stay.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::BuiltIn`]; a database fault.
pub async fn delete(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: PolicyId,
    seen: Option<Versions>,
) -> Result<(), Error> {
    let off = |draft| PolicyDraft { active: false, ..draft };
    update(tx, clock, actor, id, seen, off).await?;
    Ok(repo::hide(tx, id, clock.now()).await?)
}

/// A policy that is not deleted.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(connection: &mut PgConnection, id: PolicyId) -> Result<PolicyView, Error> {
    Ok(policy(connection, id).await?.view())
}

/// Policies that are not deleted, by id.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    page: &PageRequest<i64>,
) -> Result<Page<PolicyView>, Error> {
    let (after, skip) = page.bounds();
    let which = Which::All { after, skip, limit: page.limit + 1 };
    let rows = repo::policies(connection, which).await?;
    let total = repo::count(connection).await?;
    Ok(Page::cut(rows, page.limit, total, |row| row.facts.id.0).map(Policy::view))
}

/// The versions of a policy, newest first, of a deleted one too.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn versions(
    connection: &mut PgConnection,
    id: PolicyId,
    page: &PageRequest<i64>,
) -> Result<Page<PolicyVersionView>, Error> {
    let total = repo::version_count(connection, id).await?.ok_or(Error::NotFound)?;
    let (below, skip) = page.bounds();
    let rows = repo::versions(connection, id, below, skip, page.limit + 1).await?;
    let page = Page::cut(rows, page.limit, total.into(), |(row, _)| row.facts.version.into());
    Ok(page.map(|(row, created_by)| PolicyVersionView { policy: row.view(), created_by }))
}

/// Whether tickets can still count by a policy: it is neither deactivated nor deleted.
///
/// # Errors
/// A database fault.
pub async fn is_in_force(connection: &mut PgConnection, id: PolicyId) -> Result<bool, Error> {
    let found = repo::policies(connection, Which::One(id)).await?.pop();
    Ok(found.is_some_and(|policy| policy.draft.active))
}

/// All policies that apply, each with the version of its calendar that applies now.
///
/// # Errors
/// A database fault.
pub async fn in_force(connection: &mut PgConnection) -> Result<Vec<InForce>, Error> {
    let mut all = Vec::new();
    for policy in repo::policies(connection, Which::Active).await? {
        let calendar = policy.draft.calendar_id;
        let calendar_version = calendars::service::current_version(connection, calendar).await?;
        all.push(InForce { policy, calendar_version });
    }
    Ok(all)
}

/// Says no where an active policy counts by this calendar, which the caller has locked.
///
/// # Errors
/// [`calendars::Error::InUse`]; a database fault.
pub async fn refuse_use_of(
    connection: &mut PgConnection,
    calendar: CalendarId,
) -> Result<(), calendars::Error> {
    let users = repo::active_with_calendar(connection, calendar, 5).await?;
    if users.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = users.iter().map(|name| format!("\"{name}\"")).collect();
    Err(calendars::Error::InUse(format!(
        "Active policies count by this calendar: {}; give them another one first",
        names.join(", ")
    )))
}

async fn policy(connection: &mut PgConnection, id: PolicyId) -> Result<Policy, Error> {
    repo::policies(connection, Which::One(id)).await?.pop().ok_or(Error::NotFound)
}

async fn lock(
    tx: &mut PgConnection,
    id: PolicyId,
    seen: Option<Versions>,
) -> Result<Policy, Error> {
    repo::lock(tx).await?;
    let policy = policy(tx, id).await?;
    match seen.filter(|seen| *seen != policy.facts.version) {
        Some(seen) => Err(Error::Stale(seen, Box::new(policy.view()))),
        None => Ok(policy),
    }
}

/// What is wrong with what a body refers to, for one that has other faults, so that all are told together: the
/// draft made of what could be read of it, over the policy that it was to change.
///
/// # Errors
/// A database fault.
pub async fn reference_faults(
    tx: &mut PgConnection,
    changed: Option<PolicyId>,
    draft: impl FnOnce(Option<PolicyDraft>) -> PolicyDraft,
) -> Result<Faults, Error> {
    let before = match changed {
        Some(id) => match policy(tx, id).await {
            Ok(policy) => Some(policy.draft),
            Err(Error::NotFound) => return Ok(Faults::new()),
            Err(error) => return Err(error),
        },
        None => None,
    };
    let draft = draft(before.clone());
    references(tx, &draft, before.as_ref()).await
}

/// What a policy refers to must be there; what it referred to before may be gone.
async fn checked(
    tx: &mut PgConnection,
    mut draft: PolicyDraft,
    before: Option<&PolicyDraft>,
) -> Result<PolicyDraft, Error> {
    draft.name = draft.name.trim().to_owned();
    references(tx, &draft, before).await?.check(draft).map_err(Error::Invalid)
}

async fn references(
    tx: &mut PgConnection,
    draft: &PolicyDraft,
    before: Option<&PolicyDraft>,
) -> Result<Faults, Error> {
    let mut faults = Faults::new();
    let same = before.is_some_and(|before| before.calendar_id == draft.calendar_id);
    let needed = draft.active || !same;
    if needed && !calendars::service::hold(tx, draft.calendar_id).await? {
        faults.add("calendarId", "There is no such calendar in use");
    }
    for (index, step) in draft.escalations.iter().enumerate().take(STEPS_AT_MOST) {
        for recipient in step.recipients.iter().take(RECIPIENTS_AT_MOST) {
            let known = before.is_some_and(|before| {
                before.escalations.iter().any(|step| step.recipients.contains(recipient))
            });
            let Recipient::User(user) = recipient else { continue };
            if known {
                continue;
            }
            match identity::service::user_read(tx, *user).await {
                Ok(_) => {}
                Err(identity::Error::NotFound(_)) => faults.add(
                    format!("escalations.{index}.recipients"),
                    format!("There is no user with the id {user}"),
                ),
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(faults)
}

async fn refuse_taken(
    tx: &mut PgConnection,
    draft: &PolicyDraft,
    except: Option<PolicyId>,
) -> Result<(), Error> {
    if !draft.active {
        return Ok(());
    }
    let which = Which::Of(draft.category, draft.priority);
    match repo::policies(tx, which).await?.pop() {
        Some(other) if Some(other.facts.id) != except => Err(Error::Taken(Box::new(other.view()))),
        _ => Ok(()),
    }
}
