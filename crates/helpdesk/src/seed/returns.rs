//! Customers who come back: with the same request once more, or about a ticket that is closed.

use chrono::Duration;

use super::SeedError;
use super::drafts::{Desk, blank};
use super::plan::Fate;
use super::rows::Time;
use super::scribe::Draft;
use super::story::{self, By, Line, Requester, Script, Step, Tale, What};
use super::words::Speaker;

/// How many tickets are duplicates of others, and how many follow up on closed ones.
pub(super) const RETURNS: usize = 6;

impl<'a> Desk<'a, '_> {
    /// Some customers wrote twice; the second ticket was merged into the first.
    pub(super) fn duplicates(&mut self, drafts: &mut Vec<Draft<'a>>) -> Result<(), SeedError> {
        let targets: Vec<usize> = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| matches!(draft.tale.status, "resolved" | "waiting_customer"))
            .filter(|(_, draft)| draft.tale.steps.len() > 4 && draft.player.is_some())
            .map(|(place, _)| place)
            .take(RETURNS)
            .collect();
        for target in targets {
            let first = drafts[target].ticket.clone();
            let last = drafts[target].tale.steps.last().map_or(first.created_at, |step| step.at);
            let span = (last - first.created_at).num_seconds().max(4);
            let created_at = first.created_at + Duration::seconds(span / 4);
            let merged_at = first.created_at + Duration::seconds(span / 2);
            let language = drafts[target].language;
            let phrases = self.content.phrases(language);
            let (subject, description) =
                self.again(&drafts[target], (&phrases.duplicate_subject, &phrases.duplicate_open))?;
            let note = Line { speaker: Speaker::Note, text: phrases.merge_note.clone() };
            let place = drafts.len();
            let steps = &mut drafts[target].tale.steps;
            steps.push(Step { at: merged_at, by: By::Agent, what: What::Said(note) });
            steps.push(Step { at: merged_at, by: By::Agent, what: What::Merged { other: place } });
            steps.sort_by_key(|step| step.at);
            let customer = drafts[target].requester.customer;
            let requester = Requester { customer, anonymous: true, channel: "email" };
            let mut ticket = blank(&first.customer_name, &requester, created_at);
            (ticket.subject, ticket.description) = (subject, description);
            (ticket.category, ticket.priority) = (first.category, first.priority);
            (ticket.tags, ticket.related_booking_id) = (first.tags, first.related_booking_id);
            let moved = What::Moved { from: "open", to: "closed" };
            let steps = vec![
                Step { at: merged_at, by: By::Agent, what: moved },
                Step { at: merged_at, by: By::Agent, what: What::Merged { other: target } },
            ];
            let player = drafts[target].player;
            let tale = Tale { steps, status: "closed", resolution: None, reopened_count: 0 };
            drafts.push(Draft {
                ticket,
                tale,
                requester,
                player,
                language,
                merged_into: Some(target),
                follow_up_of: None,
                rating: None,
            });
        }
        Ok(())
    }

    /// Some customers come back about a ticket that is closed for good.
    pub(super) fn follow_ups(&mut self, drafts: &mut Vec<Draft<'a>>) -> Result<(), SeedError> {
        let closed: Vec<usize> = (0..drafts.len())
            .filter(|place| drafts[*place].tale.status == "closed")
            .filter(|place| drafts[*place].merged_into.is_none())
            .filter(|place| drafts[*place].tale.resolution.is_some())
            .step_by(7)
            .take(RETURNS)
            .collect();
        for origin in closed {
            let first = drafts[origin].ticket.clone();
            let language = drafts[origin].language;
            let created_at = self.now - Duration::minutes(self.random.between(5 * 60, 40 * 60));
            let phrases = self.content.phrases(language);
            let (subject, description) =
                self.again(&drafts[origin], (&phrases.follow_up_subject, &phrases.follow_up_open))?;
            let customer = drafts[origin].requester.customer;
            let requester = Requester { customer, anonymous: false, channel: "email" };
            let player = self.team.assign(&first.category, Some(language), created_at);
            let played = player.map(|index| &self.team.players[index]);
            let mut ticket = blank(&customer.row.name, &requester, created_at);
            (ticket.subject, ticket.description) = (subject, description);
            (ticket.category, ticket.priority) = (first.category, first.priority);
            (ticket.tags, ticket.related_booking_id) = (first.tags, first.related_booking_id);
            ticket.agent_id = played.map(|player| player.id);
            ticket.team = played.map(|player| player.agent.team.clone());
            let script = self.reply(&drafts[origin], player, created_at)?;
            let fate = if player.is_some() { Fate::InProgress } else { Fate::Open };
            let played = player.map(|index| &self.team.players[index]);
            let times = (created_at, self.now);
            let tale = story::tell(&script, fate, times, played, self.random);
            let linked = What::FollowedUp { by: drafts.len() };
            let step = Step { at: created_at, by: By::Customer, what: linked };
            drafts[origin].tale.steps.push(step);
            drafts.push(Draft {
                ticket,
                tale,
                requester,
                player,
                language,
                merged_into: None,
                follow_up_of: Some(origin),
                rating: None,
            });
        }
        Ok(())
    }

    /// Subject and description of a ticket that comes back to another one.
    fn again(
        &mut self,
        draft: &Draft<'a>,
        (subjects, openings): (&[String], &[String]),
    ) -> Result<(String, String), SeedError> {
        let customer = draft.requester.customer;
        let player = draft.player.unwrap_or_default();
        let created_at = draft.ticket.created_at;
        let mut words = self.plain_words(customer, player, draft.language, created_at);
        words.set("subject", draft.ticket.subject.clone());
        if let Some(booking) = draft.ticket.related_booking_id {
            words.set("booking", format!("KH-{booking}"));
        }
        let subject = self.random.pick(subjects).map_or("", String::as_str);
        let opening = self.random.pick(openings).map_or("", String::as_str);
        Ok((
            words.fill(subject, Speaker::Customer, self.random)?,
            words.fill(opening, Speaker::Customer, self.random)?,
        ))
    }

    /// A first answer to a ticket that follows up on `origin`.
    fn reply(
        &mut self,
        origin: &Draft<'a>,
        player: Option<usize>,
        created_at: Time,
    ) -> Result<Script, SeedError> {
        let (language, customer) = (origin.language, origin.requester.customer);
        let replies = &self.content.phrases(language).follow_up_reply;
        let lines = match (player, self.random.pick(replies)) {
            (Some(index), Some(reply)) => {
                let words = self.plain_words(customer, index, language, created_at);
                vec![self.line(reply, &words)?]
            }
            _ => Vec::new(),
        };
        Ok(Script {
            lines,
            hold: None,
            reopen: None,
            resolution: String::new(),
            no_reply_close: String::new(),
            impatient: None,
        })
    }
}
