//! Who may do what: the one table of authorisation. Every operation of the OpenAPI document has a
//! line here, and nothing is reached without one; guard tests hold the two against each other.

use kamhub_kernel::{Actor, Role};

kamhub_kernel::wire_enum! {
    /// A right. An API key may be narrowed to some of them.
    pub enum Permission {
        /// Read tickets, messages and timelines.
        TicketsRead = "tickets:read",
        /// Create and change tickets, write messages.
        TicketsWrite = "tickets:write",
        /// Delete tickets, merge and split them.
        TicketsManage = "tickets:manage",
        /// Read agents, their load and figures.
        AgentsRead = "agents:read",
        /// Change one's own availability.
        AgentsStatus = "agents:status",
        /// Create and change agents, and anybody's availability.
        AgentsManage = "agents:manage",
        /// Read feedback, surveys and their figures.
        FeedbackRead = "feedback:read",
        /// See who wants to hear from a supervisor, and note that it was done.
        FeedbackManage = "feedback:manage",
        /// Read, create and change users.
        UsersManage = "users:manage",
        /// Read, create and revoke API keys.
        ApiKeysManage = "api-keys:manage",
        /// Read policies, calendars, clocks, violations and compliance.
        SlaRead = "sla:read",
        /// Create and change policies and calendars, and try them out.
        SlaManage = "sla:manage",
        /// Read, create and change webhooks, and replay what was sent to them.
        WebhooksManage = "webhooks:manage",
        /// Read dead letters and replay them.
        OperationsManage = "operations:manage",
        /// Read articles and questions, drafts too, and their reports.
        KnowledgeRead = "knowledge:read",
        /// Write articles as drafts.
        KnowledgeWrite = "knowledge:write",
        /// Change what the public reads: articles, questions, categories.
        KnowledgePublish = "knowledge:publish",
    }
}

/// What an operation asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing, and credentials are not looked at: a probe sends what its network adds, and is answered while
    /// the database is away.
    Open,
    /// Nothing: the call itself proves who makes it. A browser's session is no reason to refuse it.
    SignIn,
    /// Nothing. Credentials that are given must be right all the same.
    Public,
    /// Any credentials: a user, a service or a customer.
    SignedIn,
    /// A signed-in person of the company; not a program.
    Person,
    /// A person or program of the company with this right.
    Staff(Permission),
    /// The same, or a customer; the service narrows a customer to what is their own.
    StaffOrCustomer(Permission),
    /// The same, or nobody in particular (rate limited).
    Anyone(Permission),
}

use Access::{Anyone, Open, Person, Public, SignIn, SignedIn, Staff, StaffOrCustomer};
use Permission::{
    AgentsManage, AgentsRead, AgentsStatus, ApiKeysManage, FeedbackManage, FeedbackRead,
    OperationsManage, SlaManage, SlaRead, TicketsManage, TicketsRead, TicketsWrite, UsersManage,
    WebhooksManage,
};

use Permission::{KnowledgePublish, KnowledgeRead, KnowledgeWrite};

/// The table: operationId to what it asks for.
pub const TABLE: &[(&str, Access)] = &[
    // operations
    ("health", Open),
    ("health_api", Open),
    ("health_live", Open),
    ("health_ready", Open),
    ("metrics", Open),
    ("dead_letter_list", Staff(OperationsManage)),
    ("dead_letter_replay", Staff(OperationsManage)),
    ("dead_letter_replay_range", Staff(OperationsManage)),
    // webhooks
    ("webhook_list", Staff(WebhooksManage)),
    ("webhook_create", Staff(WebhooksManage)),
    ("webhook_read", Staff(WebhooksManage)),
    ("webhook_update", Staff(WebhooksManage)),
    ("webhook_delete", Staff(WebhooksManage)),
    ("webhook_rotate_secret", Staff(WebhooksManage)),
    ("webhook_test", Staff(WebhooksManage)),
    ("webhook_delivery_list", Staff(WebhooksManage)),
    ("webhook_delivery_replay", Staff(WebhooksManage)),
    ("webhook_replay", Staff(WebhooksManage)),
    // identity
    ("auth_sign_in", SignIn),
    // Signing out works whatever became of the session meanwhile.
    ("auth_sign_out", Public),
    ("auth_me", SignedIn),
    ("auth_token", SignIn),
    ("auth_token_refresh", SignIn),
    ("auth_token_revoke", SignIn),
    ("auth_password_change", Person),
    ("auth_session_list", Person),
    ("auth_session_revoke", Person),
    ("user_list", Staff(UsersManage)),
    ("user_create", Staff(UsersManage)),
    ("user_read", Staff(UsersManage)),
    ("user_update", Staff(UsersManage)),
    ("api_key_list", Staff(ApiKeysManage)),
    ("api_key_create", Staff(ApiKeysManage)),
    ("api_key_revoke", Staff(ApiKeysManage)),
    // agents
    ("agent_list", Staff(AgentsRead)),
    ("agent_create", Staff(AgentsManage)),
    ("agent_read", Staff(AgentsRead)),
    ("agent_update", Staff(AgentsManage)),
    ("agent_status", Staff(AgentsStatus)),
    ("agent_metrics", Staff(AgentsRead)),
    // calendars and policies
    ("calendar_list", Staff(SlaRead)),
    ("calendar_create", Staff(SlaManage)),
    ("calendar_read", Staff(SlaRead)),
    ("calendar_update", Staff(SlaManage)),
    ("calendar_archive", Staff(SlaManage)),
    ("calendar_versions", Staff(SlaRead)),
    ("calendar_preview", Staff(SlaRead)),
    ("sla_policy_list", Staff(SlaRead)),
    ("sla_policy_create", Staff(SlaManage)),
    ("sla_policy_read", Staff(SlaRead)),
    ("sla_policy_update", Staff(SlaManage)),
    ("sla_policy_replace", Staff(SlaManage)),
    ("sla_policy_delete", Staff(SlaManage)),
    ("sla_policy_versions", Staff(SlaRead)),
    ("sla_re_evaluate", Staff(SlaManage)),
    ("sla_simulate", Staff(SlaManage)),
    ("sla_run_read", Staff(SlaRead)),
    // clocks
    ("sla_check", Staff(SlaRead)),
    ("sla_violation_list", Staff(SlaRead)),
    ("sla_violations_of_ticket", Staff(SlaRead)),
    ("sla_violation_acknowledge", Staff(TicketsWrite)),
    // A customer learns when to expect an answer.
    ("ticket_sla", StaffOrCustomer(SlaRead)),
    ("sla_compliance", Staff(SlaRead)),
    // tickets
    ("ticket_create", Anyone(TicketsWrite)),
    ("ticket_list", StaffOrCustomer(TicketsRead)),
    ("ticket_read", StaffOrCustomer(TicketsRead)),
    ("ticket_replace", Staff(TicketsWrite)),
    ("ticket_update", Staff(TicketsWrite)),
    ("ticket_delete", Staff(TicketsManage)),
    ("ticket_close", StaffOrCustomer(TicketsWrite)),
    ("ticket_reopen", StaffOrCustomer(TicketsWrite)),
    ("ticket_assign", Staff(TicketsWrite)),
    ("ticket_assignment", Staff(TicketsRead)),
    ("ticket_snooze", Staff(TicketsWrite)),
    ("ticket_unsnooze", Staff(TicketsWrite)),
    ("ticket_merge", Staff(TicketsManage)),
    ("ticket_unmerge", Staff(TicketsManage)),
    ("ticket_split", Staff(TicketsManage)),
    ("ticket_events", Staff(TicketsRead)),
    ("ticket_link", Staff(TicketsWrite)),
    // messages
    ("message_list", StaffOrCustomer(TicketsRead)),
    ("message_create", StaffOrCustomer(TicketsWrite)),
    ("message_rate", StaffOrCustomer(TicketsWrite)),
    // search: who may find what is decided by the service
    ("search", Public),
    ("search_suggest", Public),
    // notifications
    ("notification_list", Staff(TicketsRead)),
    ("notification_unread", Person),
    ("notification_read", Person),
    ("notification_read_all", Person),
    ("notification_preferences_read", Person),
    ("notification_preferences_replace", Person),
    // feedback
    ("feedback_create", Anyone(TicketsWrite)),
    // The token in the body is the right to it.
    ("feedback_by_link", Public),
    ("feedback_list", Staff(FeedbackRead)),
    ("feedback_metrics", Staff(FeedbackRead)),
    ("survey_list", Staff(FeedbackRead)),
    ("follow_up_list", Staff(FeedbackManage)),
    ("follow_up_done", Staff(FeedbackManage)),
    // knowledge
    ("article_list", Anyone(KnowledgeRead)),
    ("article_search", Anyone(KnowledgeRead)),
    ("article_create", Staff(KnowledgeWrite)),
    ("article_read", Anyone(KnowledgeRead)),
    ("article_update", Staff(KnowledgeWrite)),
    ("article_delete", Staff(KnowledgePublish)),
    ("article_publish", Staff(KnowledgePublish)),
    ("article_unpublish", Staff(KnowledgePublish)),
    ("article_helpful", Anyone(KnowledgeRead)),
    ("article_unhelpful", Anyone(KnowledgeRead)),
    ("article_stats", Anyone(KnowledgeRead)),
    ("article_read_short", Anyone(KnowledgeRead)),
    ("article_update_short", Staff(KnowledgeWrite)),
    ("article_delete_short", Staff(KnowledgePublish)),
    ("article_publish_short", Staff(KnowledgePublish)),
    ("article_unpublish_short", Staff(KnowledgePublish)),
    ("article_helpful_short", Anyone(KnowledgeRead)),
    ("article_unhelpful_short", Anyone(KnowledgeRead)),
    ("article_stats_short", Anyone(KnowledgeRead)),
    ("article_related", Anyone(KnowledgeRead)),
    ("article_versions", Staff(KnowledgeRead)),
    ("article_version", Staff(KnowledgeRead)),
    ("article_diff", Staff(KnowledgeRead)),
    ("article_restore", Staff(KnowledgeWrite)),
    ("article_draft_discard", Staff(KnowledgeWrite)),
    ("article_attachment_add", Staff(KnowledgeWrite)),
    ("article_attachment_remove", Staff(KnowledgeWrite)),
    ("translation_put", Staff(KnowledgeWrite)),
    ("translation_delete", Staff(KnowledgePublish)),
    ("knowledge_category_list", Anyone(KnowledgeRead)),
    ("knowledge_category_create", Staff(KnowledgePublish)),
    ("knowledge_category_update", Staff(KnowledgePublish)),
    ("knowledge_category_delete", Staff(KnowledgePublish)),
    ("knowledge_report_unhelpful", Staff(KnowledgeRead)),
    ("knowledge_report_missed_searches", Staff(KnowledgeRead)),
    ("faq_list", Anyone(KnowledgeRead)),
    ("faq_create", Staff(KnowledgePublish)),
    ("faq_read", Anyone(KnowledgeRead)),
    ("faq_update", Staff(KnowledgePublish)),
    ("faq_delete", Staff(KnowledgePublish)),
    // attachments
    ("attachment_upload", Anyone(TicketsWrite)),
    // A file of a published article is everybody's, and a signed link is a right of its own; of anybody
    // else the service asks for what reading the ticket or the draft needs.
    ("attachment_read", Public),
    ("attachment_link", StaffOrCustomer(TicketsRead)),
];

/// What an operation asks for; `None` where it has no line, and is refused.
pub fn of(operation: &str) -> Option<Access> {
    TABLE.iter().find(|(name, _)| *name == operation).map(|(_, access)| *access)
}

/// Whether a role has a right.
pub fn role_has(role: Role, permission: Permission) -> bool {
    match role {
        Role::Admin => true,
        Role::Supervisor => {
            !matches!(permission, UsersManage | ApiKeysManage | WebhooksManage | OperationsManage)
        }
        Role::Agent => {
            matches!(
                permission,
                TicketsRead | TicketsWrite | AgentsRead | AgentsStatus | FeedbackRead | SlaRead
            ) || matches!(permission, KnowledgeRead | KnowledgeWrite)
        }
        Role::Viewer => {
            matches!(permission, TicketsRead | AgentsRead | FeedbackRead | SlaRead | KnowledgeRead)
        }
    }
}

/// Whether the actor has a right: by role, and for an API key also by scope.
pub fn has(actor: &Actor, permission: Permission) -> bool {
    match actor {
        Actor::System { .. } => true,
        Actor::User { role, .. } => role_has(*role, permission),
        Actor::Service { role, scopes, .. } => {
            role_has(*role, permission)
                && scopes
                    .as_ref()
                    .is_none_or(|scopes| scopes.iter().any(|scope| scope == permission.as_str()))
        }
        Actor::Customer { .. } | Actor::Anonymous { .. } => false,
    }
}

/// The first right that a role narrowed to `scopes` carries and the actor does not have; `None`
/// where the actor has them all.
pub fn lacks(actor: &Actor, role: Role, scopes: Option<&[String]>) -> Option<Permission> {
    let carried = |permission: &Permission| {
        role_has(role, *permission)
            && scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope == permission.as_str()))
    };
    Permission::ALL.iter().copied().filter(carried).find(|permission| !has(actor, *permission))
}

/// Why a caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Credentials are missing.
    Unauthenticated,
    /// The credentials do not carry the right.
    Forbidden,
}

/// Whether `actor` may make a call that asks for `access`.
///
/// # Errors
/// Why not.
pub fn check(access: Access, actor: &Actor) -> Result<(), Refusal> {
    let anonymous = matches!(actor, Actor::Anonymous { .. });
    let customer = matches!(actor, Actor::Customer { .. });
    let allowed = match access {
        Open | SignIn | Public => true,
        SignedIn => !anonymous,
        Person => matches!(actor, Actor::User { .. }),
        Staff(permission) => has(actor, permission),
        StaffOrCustomer(permission) => customer || has(actor, permission),
        Anyone(permission) => anonymous || customer || has(actor, permission),
    };
    match (allowed, anonymous) {
        (true, _) => Ok(()),
        (false, true) => Err(Refusal::Unauthenticated),
        (false, false) => Err(Refusal::Forbidden),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_operation_stands_twice_in_the_table() {
        let mut names: Vec<_> = TABLE.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn a_key_is_bounded_by_its_role_and_by_its_scopes() {
        let key = |role, scopes: Option<&[&str]>| Actor::Service {
            key: kamhub_kernel::ApiKeyId(1),
            name: "booking".into(),
            role,
            scopes: scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        };
        assert!(has(&key(Role::Admin, None), UsersManage));
        assert!(!has(&key(Role::Admin, Some(&["tickets:read"])), TicketsWrite));
        assert!(!has(&key(Role::Viewer, Some(&["tickets:write"])), TicketsWrite));
        let narrow = key(Role::Admin, Some(&["api-keys:manage", "tickets:read"]));
        assert_eq!(lacks(&narrow, Role::Viewer, None), Some(AgentsRead));
        assert_eq!(lacks(&narrow, Role::Viewer, Some(&["tickets:read".to_owned()])), None);
    }
}
