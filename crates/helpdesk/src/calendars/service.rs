//! Use cases of the calendars slice.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, TimeDelta, Utc};
use kamhub_kernel::page::{Page, PageRequest};
use kamhub_kernel::{Actor, Clock, Faults, Versions};
use kamhub_postgres::{OnConstraint as _, PgConnection};
use moka::sync::Cache;

use super::repo::Which;
use super::view::{CalendarVersionView, CalendarView};
use super::{Calendar, CalendarFaults, CalendarSpec, Error, OpenInterval, repo};
use crate::ids::{CalendarId, CalendarVersionId};

/// The calendar that stands behind every policy that names none: open around the clock until somebody
/// edits it. Made by the migration.
pub const BUILT_IN: CalendarId = CalendarId(1);

/// How many compiled versions the process keeps.
const COMPILED_AT_MOST: u64 = 1_000;

/// The most days that are written out as open intervals at once.
pub const PREVIEW_DAYS: i64 = 62;

/// Compiled versions. A version never changes, so what is kept here cannot be stale; the process works
/// on one database.
static COMPILED: LazyLock<Cache<CalendarVersionId, Arc<Calendar>>> =
    LazyLock::new(|| Cache::new(COMPILED_AT_MOST));

/// The version of a calendar that applies now.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn current_version(
    connection: &mut PgConnection,
    id: CalendarId,
) -> Result<CalendarVersionId, Error> {
    repo::current_version(connection, id).await?.ok_or(Error::NotFound)
}

/// A version of a calendar, ready to count by. The database is asked once per version and process.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unreadable`]; a database fault.
pub async fn calendar(
    connection: &mut PgConnection,
    version: CalendarVersionId,
) -> Result<Arc<Calendar>, Error> {
    if let Some(calendar) = COMPILED.get(&version) {
        return Ok(calendar);
    }
    let spec = repo::spec(connection, version).await?.ok_or(Error::NotFound)?;
    let calendar = Arc::new(spec.check().map_err(Error::Unreadable)?);
    COMPILED.insert(version, Arc::clone(&calendar));
    Ok(calendar)
}

/// Whether a calendar is there and in use; it stays so until the transaction ends.
///
/// # Errors
/// A database fault.
pub async fn hold(tx: &mut PgConnection, id: CalendarId) -> Result<bool, Error> {
    Ok(repo::hold(tx, id).await?.unwrap_or(false))
}

/// Makes a calendar.
///
/// # Errors
/// [`Error::NameTaken`]; [`Error::Invalid`] for hours that make no sense; a database fault.
pub async fn create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    name: &str,
    spec: &CalendarSpec,
) -> Result<CalendarView, Error> {
    let now = clock.now();
    check(spec)?;
    let name = name.trim();
    let id = repo::insert(tx, name, now)
        .await
        .on_constraint("calendars_name_key", || Error::NameTaken)?;
    repo::insert_version(tx, id, spec, now, &actor.label()).await?;
    read(tx, id).await
}

/// What a change of a calendar leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The calendar as it is now.
    pub calendar: CalendarView,
    /// The new version, where its hours changed.
    pub edited: Option<CalendarVersionId>,
}

/// Changes a calendar. `change` is given name and hours as they are and answers them as they shall be.
/// A new version comes about where the hours differ; where nothing does, nothing is written.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Archived`]; as [`create`].
pub async fn update(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    actor: &Actor,
    id: CalendarId,
    seen: Option<Versions>,
    change: impl FnOnce(String, CalendarSpec) -> (String, CalendarSpec),
) -> Result<Changed, Error> {
    let before = lock(tx, id, seen).await?;
    if before.archived_at.is_some() {
        return Err(Error::Archived);
    }
    let was = (before.name.clone(), before.spec());
    let (name, spec) = change(was.0.clone(), was.1.clone());
    let name = name.trim().to_owned();
    if (&name, &spec) == (&was.0, &was.1) {
        return Ok(Changed { calendar: before, edited: None });
    }
    check(&spec)?;
    let now = clock.now();
    repo::update(tx, id, &name, None, now)
        .await
        .on_constraint("calendars_name_key", || Error::NameTaken)?;
    let edited = if spec == was.1 {
        None
    } else {
        Some(repo::insert_version(tx, id, &spec, now, &actor.label()).await?)
    };
    Ok(Changed { calendar: read(tx, id).await?, edited })
}

/// Takes a calendar out of use; what counted by it stays explained. One that is archived stays so.
/// Answers whether it was in use. The caller makes sure that nobody needs it, after this has locked it.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`]; [`Error::InUse`] for the built-in one; a database fault.
pub async fn archive(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    id: CalendarId,
    seen: Option<Versions>,
) -> Result<bool, Error> {
    let before = lock(tx, id, seen).await?;
    if before.archived_at.is_some() {
        return Ok(false);
    }
    if id == BUILT_IN {
        let sentence = "Policies that name no calendar count by this one, so it cannot be archived";
        return Err(Error::InUse(sentence.to_owned()));
    }
    let now = clock.now();
    repo::update(tx, id, &before.name, Some(now), now).await?;
    Ok(true)
}

/// One calendar, archived or not.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn read(connection: &mut PgConnection, id: CalendarId) -> Result<CalendarView, Error> {
    repo::calendars(connection, Which::One(id)).await?.pop().ok_or(Error::NotFound)
}

/// Calendars in use, by id.
///
/// # Errors
/// A database fault.
pub async fn list(
    connection: &mut PgConnection,
    page: &PageRequest<i64>,
) -> Result<Page<CalendarView>, Error> {
    let (after, skip) = page.bounds();
    let which = Which::InUse { after, skip, limit: page.limit + 1 };
    let rows = repo::calendars(connection, which).await?;
    let total = repo::count(connection).await?;
    Ok(Page::cut(rows, page.limit, total, |row| row.id.0))
}

/// The versions of a calendar's hours, newest first.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn versions(
    connection: &mut PgConnection,
    id: CalendarId,
    page: &PageRequest<i64>,
) -> Result<Page<CalendarVersionView>, Error> {
    let total = read(connection, id).await?.hours_version;
    let (below, skip) = page.bounds();
    let rows = repo::versions(connection, id, below, skip, page.limit + 1).await?;
    Ok(Page::cut(rows, page.limit, total.into(), |row| row.number.into()))
}

/// The open intervals of some hours between two moments.
///
/// # Errors
/// [`Error::Invalid`]: hours that make no sense, an end before the beginning, more than
/// [`PREVIEW_DAYS`] days.
pub fn preview(
    spec: &CalendarSpec,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<OpenInterval>, Error> {
    let mut faults = Faults::new();
    if to < from {
        faults.add("to", "To must not be earlier than from");
    } else if to - from > TimeDelta::days(PREVIEW_DAYS) {
        faults.add("to", format!("To must be at most {PREVIEW_DAYS} days after from"));
    }
    match (spec.check(), faults.is_empty()) {
        (Ok(calendar), true) => Ok(calendar.open_intervals(from, to).collect()),
        (checked, _) => {
            if let Err(wrong) = checked {
                faults.merge(faults_of(&wrong));
            }
            Err(Error::Invalid(faults))
        }
    }
}

/// Faults of a calendar as faults of fields.
pub fn faults_of(wrong: &CalendarFaults) -> Faults {
    let mut faults = Faults::new();
    for fault in &wrong.0 {
        faults.add(fault.path.clone(), fault.problem.to_string());
    }
    faults
}

fn check(spec: &CalendarSpec) -> Result<Calendar, Error> {
    spec.check().map_err(|wrong| Error::Invalid(faults_of(&wrong)))
}

async fn lock(
    tx: &mut PgConnection,
    id: CalendarId,
    seen: Option<Versions>,
) -> Result<CalendarView, Error> {
    repo::lock(tx, id).await?;
    let calendar = read(tx, id).await?;
    match seen.filter(|seen| *seen != calendar.version) {
        Some(seen) => Err(Error::Stale(seen, Box::new(calendar))),
        None => Ok(calendar),
    }
}
