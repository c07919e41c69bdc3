//! The calls of the tickets slice, one file each.

pub mod access_link;
pub mod assign;
pub mod assignment;
pub mod close;
pub mod create;
pub mod delete;
pub mod events;
pub mod list;
pub mod merge;
pub mod read;
pub mod reopen;
pub mod snooze;
pub mod split;
pub mod ticket_path;
pub mod unmerge;
pub mod unsnooze;
pub mod update;

use kamhub_kernel::Faults;

/// That `assignedTo` names the agent whom `agentId` names, where that is given: they are two names of one
/// field.
fn same_agent<T: PartialEq>(agent_id: Option<&T>) -> impl FnOnce(&T, &()) -> garde::Result {
    move |assigned_to, ()| match agent_id {
        Some(agent) if agent != assigned_to => {
            Err(garde::Error::new("Assigned to and agent id name different agents"))
        }
        _ => Ok(()),
    }
}

/// The one agent that `agentId` and `assignedTo` name: they are two names of one field.
///
/// # Errors
/// A fault of `assignedTo` where they name different agents.
fn one_agent<T: PartialEq>(
    agent_id: Option<T>,
    assigned_to: Option<T>,
) -> Result<Option<T>, Faults> {
    match (agent_id, assigned_to) {
        (Some(one), Some(other)) if one != other => {
            Err(Faults::of("assignedTo", "Assigned to and agent id name different agents"))
        }
        (one, other) => Ok(one.or(other)),
    }
}
