//! Turns a tale into rows: ticket, messages, events.

use chrono::Duration;
use serde_json::{Value, json};

use super::cast::Player;
use super::content::Language;
use super::random::Random;
use super::rows::{EventRow, MessageRow, TicketRow, Time};
use super::story::{By, Requester, Step, Tale, What};
use super::words::Speaker;

/// What the timeline calls what happened.
mod timeline {
    pub(super) const CREATED: &str = "created";
    pub(super) const WAITING: &str = "waiting";
    pub(super) const ASSIGNED: &str = "assigned";
    pub(super) const UPDATED: &str = "updated";
    pub(super) const CLOSED: &str = "closed";
    pub(super) const REOPENED: &str = "reopened";
    pub(super) const MESSAGE: &str = "message";
    pub(super) const NOTE: &str = "note";
    pub(super) const SNOOZED: &str = "snoozed";
    pub(super) const MERGED: &str = "merged";
    pub(super) const FOLLOW_UP: &str = "follow_up";
}

/// A ticket before it has an id: other tickets are named by their place in the list of drafts.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) ticket: TicketRow,
    pub(super) tale: Tale,
    pub(super) requester: Requester<'a>,
    pub(super) player: Option<usize>,
    pub(super) language: Language,
    pub(super) merged_into: Option<usize>,
    pub(super) follow_up_of: Option<usize>,
    pub(super) rating: Option<(i64, String)>,
}

/// What one draft becomes.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) ticket: TicketRow,
    pub(super) messages: Vec<MessageRow>,
    pub(super) events: Vec<EventRow>,
}

/// Writes one draft; `ids` are the ids of all drafts by their place, `message_ids` those of the
/// messages to come.
pub(super) fn write(
    draft: &Draft<'_>,
    place: usize,
    ids: &[i64],
    player: Option<&Player<'_>>,
    message_ids: &mut std::vec::IntoIter<i64>,
    random: &mut Random,
) -> Written {
    let mut pen = Pen {
        draft,
        player,
        ids,
        message_ids,
        ticket: draft.ticket.clone(),
        messages: vec![],
        events: vec![],
    };
    pen.ticket.id = ids[place];
    pen.ticket.merged_into_id = draft.merged_into.map(|other| ids[other]);
    pen.ticket.follow_up_of_id = draft.follow_up_of.map(|other| ids[other]);
    let after = json!({
        "status": "open", "priority": pen.ticket.priority, "category": pen.ticket.category,
        "channel": pen.ticket.channel,
    });
    let created_at = pen.ticket.created_at;
    let data = json!({"after": after, "createdAt": created_at});
    pen.event(By::Customer, created_at, timeline::CREATED, data);
    if player.is_none() {
        let data = json!({"agentId": null, "automatic": true});
        pen.event(By::System("assignment"), created_at, timeline::WAITING, data);
    }
    for step in &draft.tale.steps {
        pen.step(step);
    }
    pen.ticket.status = draft.tale.status;
    pen.ticket.resolution.clone_from(&draft.tale.resolution);
    pen.ticket.reopened_count = draft.tale.reopened_count;
    pen.rate(random);
    Written { ticket: pen.ticket, messages: pen.messages, events: pen.events }
}

struct Pen<'a, 'b> {
    draft: &'a Draft<'b>,
    player: Option<&'a Player<'b>>,
    ids: &'a [i64],
    message_ids: &'a mut std::vec::IntoIter<i64>,
    ticket: TicketRow,
    messages: Vec<MessageRow>,
    events: Vec<EventRow>,
}

impl Pen<'_, '_> {
    fn event(&mut self, by: By, at: Time, kind: &'static str, data: Value) {
        let customer = &self.draft.requester.customer;
        let (actor_kind, actor_id, actor_name) = match (by, self.player) {
            (By::Customer, _) if self.draft.requester.anonymous => {
                ("anonymous", None, "anonymous".to_owned())
            }
            (By::Customer, _) => ("customer", Some(customer.id), customer.row.name.clone()),
            (By::Agent, Some(player)) => ("user", player.account_id, player.agent.name.clone()),
            (By::Agent, None) => ("system", None, "import".to_owned()),
            (By::System(job), _) => ("system", None, job.to_owned()),
        };
        let ticket_id = self.ticket.id;
        let occurred_at = at;
        self.events.push(EventRow {
            ticket_id,
            kind,
            actor_kind,
            actor_id,
            actor_name,
            occurred_at,
            data,
        });
        self.ticket.updated_at = at;
    }

    fn step(&mut self, step: &Step) {
        let at = step.at;
        match &step.what {
            What::Assigned => {
                let agent = self.player.map(|player| player.id.to_string());
                self.ticket.version += 1;
                let (before, after) = (json!({"agentId": null}), json!({"agentId": agent}));
                let data = json!({"before": before, "after": after, "automatic": true});
                self.event(step.by, at, timeline::ASSIGNED, data);
            }
            What::Said(line) => self.say(step, line.speaker, &line.text),
            What::Moved { from, to } => {
                self.ticket.version += 1;
                match *to {
                    "resolved" => self.ticket.resolved_at = Some(at),
                    "closed" => self.ticket.closed_at = Some(at),
                    "reopened" => (self.ticket.resolved_at, self.ticket.closed_at) = (None, None),
                    _ => {}
                }
                let data = json!({"before": {"status": from}, "after": {"status": to}});
                let kind = match *to {
                    "closed" => timeline::CLOSED,
                    "reopened" => timeline::REOPENED,
                    _ => timeline::UPDATED,
                };
                self.event(step.by, at, kind, data);
            }
            What::Snoozed(until) => {
                self.ticket.version += 1;
                self.ticket.snoozed_until = Some(*until);
                let data =
                    json!({"before": {"snoozedUntil": null}, "after": {"snoozedUntil": until}});
                self.event(step.by, at, timeline::SNOOZED, data);
            }
            What::Merged { other } => {
                self.ticket.version += 1;
                let other = self.ids[*other].to_string();
                let data = match self.draft.merged_into {
                    Some(_) => json!({"after": {"mergedIntoId": other}}),
                    None => json!({"sourceId": other}),
                };
                self.event(step.by, at, timeline::MERGED, data);
            }
            What::FollowedUp { by } => {
                let (id, changed) = (self.ids[*by], self.ticket.updated_at);
                let number = format!("TKT-{id}");
                let data = json!({"followUpId": id.to_string(), "ticketNumber": number});
                self.event(step.by, at, timeline::FOLLOW_UP, data);
                // The closed ticket itself stays as it was.
                self.ticket.updated_at = changed;
            }
        }
    }

    fn say(&mut self, step: &Step, speaker: Speaker, text: &str) {
        let customer = &self.draft.requester.customer;
        let known = (!self.draft.requester.anonymous).then_some(customer.id);
        let (sender_type, sender_id, sender_name) = match (speaker, self.player) {
            (Speaker::Customer, _) => ("customer", known, customer.row.name.clone()),
            (_, Some(player)) => ("agent", Some(player.id), player.agent.name.clone()),
            (_, None) => ("system", None, "KamHub".to_owned()),
        };
        let is_internal = speaker == Speaker::Note;
        if speaker == Speaker::Agent && self.ticket.first_response_at.is_none() {
            self.ticket.first_response_at = Some(step.at);
        }
        let id = self.message_ids.next().unwrap_or_default();
        self.messages.push(MessageRow {
            id,
            ticket_id: self.ticket.id,
            sender_type,
            sender_id,
            sender_name: sender_name.clone(),
            message: text.to_owned(),
            is_internal,
            rating: None,
            rating_comment: None,
            rated_at: None,
            original_ticket_id: None,
            created_at: step.at,
            updated_at: step.at,
        });
        let data = json!({
            "messageId": id.to_string(), "senderType": sender_type, "senderName": sender_name,
            "internal": is_internal, "automatic": false, "createdAt": step.at,
        });
        let kind = if is_internal { timeline::NOTE } else { timeline::MESSAGE };
        self.event(step.by, step.at, kind, data);
    }

    /// The customer rates the last answer.
    fn rate(&mut self, random: &mut Random) {
        let Some((stars, comment)) = &self.draft.rating else { return };
        let answer = self.messages.iter_mut().rev();
        let mut answers =
            answer.filter(|message| message.sender_type == "agent" && !message.is_internal);
        if let Some(answer) = answers.next() {
            let rated_at = answer.created_at + Duration::minutes(random.between(1, 25));
            let rated_at = rated_at.min(self.ticket.updated_at);
            answer.rating = Some(*stars);
            answer.rating_comment = (!comment.is_empty()).then(|| comment.clone());
            answer.rated_at = Some(rated_at);
            answer.updated_at = rated_at;
        }
    }
}
