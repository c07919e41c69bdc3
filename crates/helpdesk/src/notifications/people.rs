//! Whom there is to tell: people of the desk with their addresses and preferences.

use std::collections::{HashMap, HashSet};

use kamhub_kernel::Role;
use kamhub_postgres::PgConnection;

use super::error::Error;
use super::model::Preferences;
use super::repo::preferences;
use crate::agents::model::Contact;
use crate::identity::model::User;
use crate::ids::{AgentId, UserId};
use crate::{agents, identity};

/// Somebody of the desk.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The account, which has the inbox; an agent without one is reached by mail only.
    pub user: Option<UserId>,
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// What they want to be told.
    pub preferences: Preferences,
}

/// The people whom a set of notices may concern, read at once.
#[derive(Debug, Default)]
pub struct People {
    agents: HashMap<AgentId, Person>,
    teams: HashMap<String, Vec<Person>>,
    users: HashMap<UserId, Person>,
    supervisors: Vec<Person>,
}

/// Who has to be looked up.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Agents.
    pub agents: HashSet<AgentId>,
    /// Teams.
    pub teams: HashSet<String>,
    /// Users.
    pub users: HashSet<UserId>,
    /// Whether the supervisors are.
    pub supervisors: bool,
}

impl People {
    /// Looks everybody up who is wanted and can be reached.
    ///
    /// # Errors
    /// A database fault.
    pub async fn find(connection: &mut PgConnection, wanted: &Wanted) -> Result<Self, Error> {
        let agents: Vec<AgentId> = wanted.agents.iter().copied().collect();
        let teams: Vec<String> = wanted.teams.iter().cloned().collect();
        let users: Vec<UserId> = wanted.users.iter().copied().collect();
        let mut contacts = Vec::new();
        if !agents.is_empty() {
            contacts = agents::service::contacts(connection, &agents).await?;
        }
        let mut colleagues = Vec::new();
        if !teams.is_empty() {
            colleagues = agents::service::contacts_of_teams(connection, &teams).await?;
        }
        let mut accounts = Vec::new();
        if !users.is_empty() {
            accounts = identity::service::users_active(connection, None, &users).await?;
        }
        let supervisors =
            if wanted.supervisors { supervisors(connection).await? } else { Vec::new() };
        let everybody: Vec<UserId> = contacts
            .iter()
            .chain(&colleagues)
            .filter_map(|contact| contact.account)
            .chain(accounts.iter().chain(&supervisors).map(|user| user.id))
            .collect();
        let chosen = preferences::of_users(connection, &everybody).await?;
        let mut people = Self::default();
        for contact in contacts {
            people.agents.insert(contact.id, of_agent(&chosen, contact));
        }
        for mut contact in colleagues {
            let team = contact.team.take().unwrap_or_default();
            people.teams.entry(team).or_default().push(of_agent(&chosen, contact));
        }
        for user in accounts {
            people.users.insert(user.id, of_user(&chosen, user));
        }
        people.supervisors = supervisors.into_iter().map(|user| of_user(&chosen, user)).collect();
        Ok(people)
    }

    /// An agent, where they are still there.
    pub fn agent(&self, agent: AgentId) -> Option<&Person> {
        self.agents.get(&agent)
    }

    /// Everybody of a team.
    pub fn team(&self, team: &str) -> &[Person] {
        self.teams.get(team).map_or(&[], Vec::as_slice)
    }

    /// A user, where they can sign in.
    pub fn user(&self, user: UserId) -> Option<&Person> {
        self.users.get(&user)
    }

    /// Every supervisor.
    pub fn supervisors(&self) -> &[Person] {
        &self.supervisors
    }
}

/// Every supervisor; where the desk has none, the administrators are.
async fn supervisors(connection: &mut PgConnection) -> Result<Vec<User>, Error> {
    let found = identity::service::users_active(connection, Some(Role::Supervisor), &[]).await?;
    if found.is_empty() {
        return Ok(identity::service::users_active(connection, Some(Role::Admin), &[]).await?);
    }
    Ok(found)
}

fn of_agent(chosen: &HashMap<UserId, Preferences>, contact: Contact) -> Person {
    let preferences = contact.account.and_then(|user| chosen.get(&user)).cloned();
    Person {
        user: contact.account,
        name: contact.name,
        email: contact.email,
        preferences: preferences.unwrap_or_default(),
    }
}

fn of_user(chosen: &HashMap<UserId, Preferences>, user: User) -> Person {
    let preferences = chosen.get(&user.id).cloned().unwrap_or_default();
    Person { user: Some(user.id), name: user.name, email: user.email, preferences }
}
