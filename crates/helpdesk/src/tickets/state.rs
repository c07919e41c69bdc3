//! The states of a ticket and the ways between them (contract, section 3).

kamhub_kernel::wire_enum! {
    /// The state of a ticket.
    pub enum Status {
        /// New, nobody has begun.
        Open = "open",
        /// Somebody works on it.
        InProgress = "in_progress",
        /// We wait for the customer.
        WaitingCustomer = "waiting_customer",
        /// We hold it solved; the customer may disagree.
        Resolved = "resolved",
        /// Done.
        Closed = "closed",
        /// It was resolved or closed, and is not after all.
        Reopened = "reopened",
        /// It waits for something else.
        OnHold = "on_hold",
    }
}

/// A step that the contract does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Cannot transition from {from} to {to}")]
pub struct InvalidTransition {
    /// The state it is in.
    pub from: Status,
    /// The state that was asked for.
    pub to: Status,
}

impl Status {
    /// The states that may follow this one.
    pub const fn next(self) -> &'static [Self] {
        use Status::{Closed, InProgress, OnHold, Open, Reopened, Resolved, WaitingCustomer};
        match self {
            Open => &[InProgress, OnHold, Closed],
            InProgress => &[Resolved, WaitingCustomer, OnHold],
            WaitingCustomer | Reopened | OnHold => &[InProgress, Closed],
            Resolved => &[Closed, Reopened],
            Closed => &[Reopened],
        }
    }

    /// The step to another state.
    ///
    /// # Errors
    /// [`InvalidTransition`] where the contract does not know the step.
    pub fn step(self, to: Self) -> Result<Self, InvalidTransition> {
        if self.next().contains(&to) { Ok(to) } else { Err(InvalidTransition { from: self, to }) }
    }

    /// The step of `POST …/close`: from resolved or on hold only.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn close(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Resolved | Self::OnHold => Ok(Self::Closed),
            from => Err(InvalidTransition { from, to: Self::Closed }),
        }
    }

    /// The step of `POST …/reopen`: from closed or resolved only.
    ///
    /// # Errors
    /// [`InvalidTransition`] from any other state.
    pub fn reopen(self) -> Result<Self, InvalidTransition> {
        match self {
            Self::Closed | Self::Resolved => Ok(Self::Reopened),
            from => Err(InvalidTransition { from, to: Self::Reopened }),
        }
    }

    /// Whether a ticket in this state counts as its agent's open work (semantics, section 2).
    pub const fn is_open_work(self) -> bool {
        matches!(self, Self::Open | Self::InProgress | Self::Reopened)
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{
        self, Closed, InProgress, OnHold, Open, Reopened, Resolved, WaitingCustomer,
    };

    #[test]
    fn exactly_the_steps_of_the_contract_are_possible() {
        let contract = [
            (Open, vec![InProgress, OnHold, Closed]),
            (InProgress, vec![Resolved, WaitingCustomer, OnHold]),
            (WaitingCustomer, vec![InProgress, Closed]),
            (Resolved, vec![Closed, Reopened]),
            (Closed, vec![Reopened]),
            (Reopened, vec![InProgress, Closed]),
            (OnHold, vec![InProgress, Closed]),
        ];
        for (from, allowed) in contract {
            for to in Status::ALL {
                assert_eq!(from.step(*to).is_ok(), allowed.contains(to), "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_step_that_is_not_possible_says_so_in_the_words_of_the_contract() {
        let fault = Open.step(Resolved).map_err(|fault| fault.to_string());
        assert_eq!(fault, Err("Cannot transition from open to resolved".to_owned()));
    }

    #[test]
    fn close_and_reopen_start_from_fewer_states_than_the_general_step() {
        let from = |step: fn(Status) -> bool| -> Vec<Status> {
            Status::ALL.iter().copied().filter(|state| step(*state)).collect()
        };
        assert_eq!(from(|state| state.close().is_ok()), [Resolved, OnHold]);
        assert_eq!(from(|state| state.reopen().is_ok()), [Resolved, Closed]);
    }
}
