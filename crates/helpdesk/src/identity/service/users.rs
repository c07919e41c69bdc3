//! Users.

use kamhub_kernel::page::{Page, PageRequest, Start, encode_cursor};
use kamhub_kernel::{Actor, Clock, Faults, Role, UserId};
use kamhub_postgres::{DbResult, OnConstraint as _, PgConnection};

use crate::access;
use crate::identity::Error;
use crate::identity::model::{Stale, User};
use crate::identity::password::PasswordHash;
use crate::identity::repo::{sessions, users as repo};

/// Whether the actor may give, or govern somebody who has, this role narrowed to these scopes:
/// nobody hands out a right that they do not have, nor takes over an account that has it.
///
/// # Errors
/// [`Error::RightNotHeld`].
pub fn may_govern(actor: &Actor, role: Role, scopes: Option<&[String]>) -> Result<(), Error> {
    access::lacks(actor, role, scopes).map_or(Ok(()), |right| Err(Error::RightNotHeld(right)))
}

/// Makes a user; without a password nobody can sign in as them.
///
/// # Errors
/// An address that another user has already; a database fault.
pub async fn user_create(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    email: &str,
    name: &str,
    role: Role,
    password: Option<&PasswordHash>,
) -> Result<User, Error> {
    let password = password.map(|hash| hash.0.as_str());
    address_free(repo::user_insert(tx, clock.now(), email, name, role, password).await)
}

/// What became of a first administrator.
#[derive(Debug)]
pub enum FirstAdmin {
    /// There was none; now there is this one.
    Created(User),
    /// There is one, perhaps made by another process a moment ago.
    AlreadyThere,
}

/// Makes the first administrator, where there is none that can sign in. Processes that start at
/// the same time make one between them.
///
/// # Errors
/// An address that another user has already; a database fault.
pub async fn first_admin(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    email: &str,
    password: &PasswordHash,
) -> Result<FirstAdmin, Error> {
    repo::lock_administrators(tx).await?;
    if repo::administrator_count(tx).await? > 0 {
        return Ok(FirstAdmin::AlreadyThere);
    }
    let user = user_create(tx, clock, email, "Administrator", Role::Admin, Some(password)).await?;
    super::audit(&Actor::System { job: "first_admin" }, "user_create", user.id);
    Ok(FirstAdmin::Created(user))
}

/// Users in the order in which they were made.
///
/// # Errors
/// A database fault.
pub async fn user_list(
    connection: &mut PgConnection,
    page: &PageRequest<i64>,
) -> Result<Page<User>, Error> {
    let (after, offset) = match page.start {
        Start::After(id) => (Some(id), 0),
        Start::Offset(rows) => (None, rows),
    };
    let total = repo::user_count(connection).await?;
    let mut items = repo::users(connection, after, offset, page.limit + 1).await?;
    let next_cursor = cut(&mut items, page.limit, |user| user.id.0);
    Ok(Page {
        items,
        total,
        total_capped: false,
        next_cursor: next_cursor.map(|id| encode_cursor(&id)),
    })
}

/// Takes off the row that was read to learn whether there are more; answers the last one's key.
pub(super) fn cut<T>(items: &mut Vec<T>, limit: i64, key: impl Fn(&T) -> i64) -> Option<i64> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    if more { items.last().map(key) } else { None }
}

/// One user.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn user_read(connection: &mut PgConnection, id: UserId) -> Result<User, Error> {
    repo::user_by_id(connection, id).await?.ok_or(Error::NotFound("The user"))
}

/// Those among these users who can sign in, and everybody of `role` who can.
///
/// # Errors
/// A database fault.
pub async fn users_active(
    connection: &mut PgConnection,
    role: Option<Role>,
    ids: &[UserId],
) -> Result<Vec<User>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    Ok(repo::active_users(connection, role, &ids).await?)
}

/// What is to change about a user.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The role.
    pub role: Option<Role>,
    /// The password.
    pub password: Option<PasswordHash>,
    /// Whether the user is kept from signing in.
    pub disabled: Option<bool>,
}

/// Changes a user. Disabling and a new password end the user's sessions, apart from the actor's
/// own; what is answered as stale must leave the cache after the commit.
///
/// # Errors
/// [`Error::NotFound`], [`Error::RightNotHeld`], [`Error::LastAdmin`]; an address that another
/// user has already; a database fault.
pub async fn user_update(
    tx: &mut PgConnection,
    actor: &Actor,
    clock: &dyn Clock,
    id: UserId,
    change: UserChange,
) -> Result<(User, Stale), Error> {
    if change.role.is_some() || change.disabled.is_some() {
        repo::lock_administrators(tx).await?;
    }
    let before = user_read(tx, id).await?;
    may_govern(actor, before.role, None)?;
    let now = clock.now();
    let mut after = before.clone();
    after.name = change.name.unwrap_or(after.name);
    after.email = change.email.unwrap_or(after.email);
    after.role = change.role.unwrap_or(after.role);
    after.disabled_at = match change.disabled {
        Some(true) => before.disabled_at.or(Some(now)),
        Some(false) => None,
        None => before.disabled_at,
    };
    may_govern(actor, after.role, None)?;
    if governs(&before) && !governs(&after) && repo::administrator_count(tx).await? <= 1 {
        return Err(Error::LastAdmin);
    }
    let user = address_free(repo::user_update(tx, &after).await)?;
    let mut stale = sessions::session_names(tx, now, id).await?;
    if let Some(password) = &change.password {
        repo::password_update(tx, id, &password.0).await?;
    }
    if user.disabled_at.is_some() || change.password.is_some() {
        let own = match actor {
            Actor::User { session, .. } if user.disabled_at.is_none() => Some(*session),
            _ => None,
        };
        stale.extend(sessions::sessions_revoke(tx, now, id, None, own).await?);
    }
    super::audit(actor, "user_update", id);
    Ok((user, Stale::sessions(stale)))
}

fn governs(user: &User) -> bool {
    user.role == Role::Admin && user.disabled_at.is_none()
}

/// Gives a user a new password and ends all of their sessions.
///
/// # Errors
/// [`Error::NotFound`]; a database fault.
pub async fn user_password_set(
    tx: &mut PgConnection,
    clock: &dyn Clock,
    email: &str,
    password: &PasswordHash,
) -> Result<Stale, Error> {
    let row = repo::sign_in_row(tx, email).await?.ok_or(Error::NotFound("The user"))?;
    repo::password_update(tx, row.id, &password.0).await?;
    let ended = sessions::sessions_revoke(tx, clock.now(), row.id, None, None).await?;
    Ok(Stale::sessions(ended))
}

fn address_free(written: DbResult<User>) -> Result<User, Error> {
    written.on_constraint("users_email_key", || {
        Error::Taken(Faults::of("email", "Another user has this e-mail address already"))
    })
}
