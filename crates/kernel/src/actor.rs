//! Who is acting: decided by the credentials of a call, never by its body (contract, section 1).

use std::sync::Arc;

crate::typed_id! {
    /// A person of the company who can sign in.
    UserId,
    /// A customer as this product knows them.
    CustomerId,
    /// A key by which a program calls the API.
    ApiKeyId,
    /// A sign-in of a user: a browser's session or a token family.
    SessionId,
}

crate::wire_enum! {
    /// What a user, or a program with an API key, is allowed in general.
    pub enum Role {
        /// May do everything, including users and API keys.
        Admin = "admin",
        /// Runs the desk: agents, reports, everybody's tickets.
        Supervisor = "supervisor",
        /// Works on tickets.
        Agent = "agent",
        /// Reads only.
        Viewer = "viewer",
    }
}

/// A right that an API key is narrowed to, for example `tickets:read`.
pub type Scope = String;

/// Who is acting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who has proved anything.
    Anonymous {
        /// The network address that the call came from.
        address: String,
    },
    /// A signed-in person of the company.
    User {
        /// The user.
        id: UserId,
        /// The user's role.
        role: Role,
        /// The name that customers see.
        name: String,
        /// The e-mail address.
        email: String,
        /// The sign-in that the call belongs to.
        session: SessionId,
    },
    /// A program with an API key; the only one who may speak for others.
    Service {
        /// The key.
        key: ApiKeyId,
        /// The key's name.
        name: String,
        /// The role that bounds what it may do.
        role: Role,
        /// The rights it is narrowed to; `None` means all of its role.
        scopes: Option<Arc<[Scope]>>,
    },
    /// A customer, by a token of the platform or a signed link.
    Customer {
        /// The customer.
        id: CustomerId,
        /// The customer's name.
        name: String,
        /// The customer's e-mail address, where known.
        email: Option<String>,
        /// The only ticket that a signed link opens; `None` means all of the customer's.
        only_ticket: Option<i64>,
    },
    /// The product itself, in a job.
    System {
        /// What it is doing.
        job: &'static str,
    },
}

impl Actor {
    /// The role, for those who have one.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::User { role, .. } | Self::Service { role, .. } => Some(*role),
            _ => None,
        }
    }

    /// Whether it is a person or program of the company, or the product itself.
    pub fn is_staff(&self) -> bool {
        matches!(self, Self::User { .. } | Self::Service { .. } | Self::System { .. })
    }

    /// The kind of actor as it is stored with every event.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous { .. } => "anonymous",
            Self::User { .. } => "user",
            Self::Service { .. } => "service",
            Self::Customer { .. } => "customer",
            Self::System { .. } => "system",
        }
    }

    /// The id within its kind, where it has one.
    pub fn id(&self) -> Option<i64> {
        match self {
            Self::Anonymous { .. } | Self::System { .. } => None,
            Self::User { id, .. } => Some(id.0),
            Self::Service { key, .. } => Some(key.0),
            Self::Customer { id, .. } => Some(id.0),
        }
    }

    /// The name that the timeline shows.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous { .. } => "anonymous",
            Self::User { name, .. } | Self::Service { name, .. } | Self::Customer { name, .. } => {
                name
            }
            Self::System { job } => job,
        }
    }

    /// One short word for logs and for keys that belong to one caller, for example `user:7`.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous { address } => format!("anonymous:{address}"),
            Self::System { job } => format!("system:{job}"),
            other => format!("{}:{}", other.kind(), other.id().unwrap_or_default()),
        }
    }
}
