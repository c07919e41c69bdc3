//! Drafts of all tickets of the demo: the planned ones, duplicates of some, and follow-ups.

use chrono::Duration;

use super::SeedError;
use super::cast::{Customer, Team};
use super::content::{Content, Gender, Language, Scenario};
use super::plan::{Fate, Plan};
use super::random::Random;
use super::returns::RETURNS;
use super::rows::{TicketRow, Time};
use super::scribe::Draft;
use super::story::{self, By, Line, Requester, Script, Step, What};
use super::words::{Facts, Speaker, Words};

/// How many tickets on hold rest until a day to come.
const SNOOZED: usize = 5;

/// What drafting needs at every step.
pub(super) struct Desk<'a, 'b> {
    pub(super) content: &'a Content,
    pub(super) customers: &'a [Customer],
    pub(super) team: &'b mut Team<'a>,
    pub(super) random: &'b mut Random,
    pub(super) now: Time,
}

/// Drafts of every ticket.
pub(super) fn drafts<'a>(
    content: &'a Content,
    customers: &'a [Customer],
    team: &mut Team<'a>,
    plans: &[Plan<'a>],
    now: Time,
    random: &mut Random,
) -> Result<Vec<Draft<'a>>, SeedError> {
    let mut desk = Desk { content, customers, team, random, now };
    let mut drafts = Vec::with_capacity(plans.len() + 2 * RETURNS);
    for plan in plans {
        drafts.push(desk.planned(plan)?);
    }
    desk.snooze(&mut drafts)?;
    desk.duplicates(&mut drafts)?;
    desk.follow_ups(&mut drafts)?;
    Ok(drafts)
}

impl<'a> Desk<'a, '_> {
    fn planned(&mut self, plan: &Plan<'a>) -> Result<Draft<'a>, SeedError> {
        let scenario = plan.scenario;
        let (language, category) = (scenario.lang, scenario.category.as_str());
        let player = if plan.fate.is_open_work() {
            let fluent = self.team.assign(category, Some(language), plan.created_at);
            let anybody = plan.fate == Fate::Open && fluent.is_none();
            if anybody { self.team.assign(category, None, plan.created_at) } else { fluent }
        } else {
            self.team.any_for(category, language, self.random)
        };
        let requester = self.requester(language)?;
        let booking = self.random.between(40_100, 98_900);
        let mut words = self.words(plan, &requester, player, booking)?;
        let subject = self.random.pick(&scenario.subject).map_or("", String::as_str);
        let subject = words.fill(subject, Speaker::Customer, self.random)?;
        words.set("subject", subject.clone());
        let opening = self.random.pick(&scenario.open).map_or("", String::as_str);
        let description = words.fill(opening, Speaker::Customer, self.random)?;
        let script = self
            .script(scenario, &words)
            .map_err(|error| SeedError::Content(format!("{}: {error}", scenario.key)))?;
        let played = player.map(|index| &self.team.players[index]);
        let times = (plan.created_at, self.now);
        let tale = story::tell(&script, plan.fate, times, played, self.random);
        let priority = self.random.pick(&scenario.priority).cloned().unwrap_or_default();
        let mut tags = scenario.tags.clone();
        if self.random.chance(6) {
            tags.push("vip".to_owned());
        }
        let mut ticket = blank(&requester.customer.row.name, &requester, plan.created_at);
        ticket.related_booking_id = description.contains(&booking.to_string()).then_some(booking);
        ticket.agent_id = played.map(|player| player.id);
        ticket.team = played.map(|player| player.agent.team.clone());
        (ticket.subject, ticket.description) = (subject, description);
        (ticket.category, ticket.priority, ticket.tags) =
            (scenario.category.clone(), priority, tags);
        let rating = self.rating(plan.fate, language);
        Ok(Draft {
            ticket,
            tale,
            requester,
            player,
            language,
            merged_into: None,
            follow_up_of: None,
            rating,
        })
    }

    /// Somebody who writes the language: a few write often, most once or twice.
    fn requester(&mut self, language: Language) -> Result<Requester<'a>, SeedError> {
        let fluent: Vec<&Customer> =
            self.customers.iter().filter(|customer| customer.language == language).collect();
        let last = i64::try_from(fluent.len()).unwrap_or(1) - 1;
        let one = self.random.between(0, last);
        let two = self.random.between(0, last);
        let index = if self.random.chance(40) { one.min(two) } else { one };
        let customer = usize::try_from(index).ok().and_then(|index| fluent.get(index)).copied();
        let customer = customer.ok_or_else(|| SeedError::Content("no customers".to_owned()))?;
        let anonymous = self.random.chance(12);
        let channel = match self.random.between(0, 9) {
            0..=4 => "web",
            5..=7 => "email",
            _ if anonymous => "web",
            _ => "api",
        };
        Ok(Requester { customer, anonymous, channel })
    }

    fn words(
        &mut self,
        plan: &Plan<'a>,
        requester: &Requester<'a>,
        player: Option<usize>,
        booking: i64,
    ) -> Result<Words<'a>, SeedError> {
        let player = player.map(|index| &self.team.players[index]);
        let facts = Facts {
            language: plan.scenario.lang,
            customer_name: &requester.customer.row.name,
            customer_gender: requester.customer.gender,
            from: &requester.customer.from,
            agent_name: player.map_or("", |player| player.signature(plan.scenario.lang)),
            agent_gender: player.map_or(Gender::Feminine, |player| player.agent.gender),
            created_at: plan.created_at,
            when: plan.scenario.when,
            tour: plan.tour,
            booking,
        };
        Ok(Words::new(self.content, &facts, self.random))
    }

    fn script(&mut self, scenario: &Scenario, words: &Words<'a>) -> Result<Script, SeedError> {
        let phrases = self.content.phrases(scenario.lang);
        let mut lines = Vec::with_capacity(scenario.turns.len());
        for turn in &scenario.turns {
            let way = self.random.pick(turn.ways()).map_or("", String::as_str);
            lines.push(self.line(way, words)?);
        }
        let hold = match &scenario.hold {
            Some([message, note]) => {
                Some([self.line(message, words)?.text, self.line(note, words)?.text])
            }
            None => None,
        };
        let reopen = match &scenario.reopen {
            Some(text) => Some(self.line(text, words)?.text),
            None => None,
        };
        let impatient = match self.random.pick(&phrases.impatient) {
            Some(text) if self.random.chance(35) => {
                Some(words.fill(text, Speaker::Customer, self.random)?)
            }
            _ => None,
        };
        let resolution = words.fill(&scenario.resolution, Speaker::Note, self.random)?;
        let no_reply_close = phrases.no_reply_close.clone();
        Ok(Script { lines, hold, reopen, resolution, no_reply_close, impatient })
    }

    pub(super) fn line(&mut self, way: &str, words: &Words<'_>) -> Result<Line, SeedError> {
        let (speaker, text) = way
            .split_once(": ")
            .and_then(|(who, text)| match who {
                "A" => Some((Speaker::Agent, text)),
                "C" => Some((Speaker::Customer, text)),
                "N" => Some((Speaker::Note, text)),
                _ => None,
            })
            .ok_or_else(|| SeedError::Content(format!("nobody says {way:?}")))?;
        Ok(Line { speaker, text: words.fill(text, speaker, self.random)? })
    }

    fn rating(&mut self, fate: Fate, language: Language) -> Option<(i64, String)> {
        if !matches!(fate, Fate::Resolved | Fate::Closed) || !self.random.chance(40) {
            return None;
        }
        let stars = *self.random.pick(&[5, 5, 5, 5, 5, 4, 4, 4, 3, 2, 1])?;
        let comments = self.content.phrases(language).rating.get(&stars.to_string());
        let comment = comments.and_then(|comments| self.random.pick(comments)).cloned();
        Some((stars, comment.unwrap_or_default()))
    }

    /// A few tickets rest until later.
    fn snooze(&mut self, drafts: &mut [Draft<'a>]) -> Result<(), SeedError> {
        let resting =
            drafts.iter_mut().filter(|draft| draft.tale.status == "on_hold").take(SNOOZED);
        for draft in resting {
            let Some(last) = draft.tale.steps.last().map(|step| step.at) else { continue };
            let days = self.random.between(1, 6);
            let until = self.now + Duration::days(days);
            let notes = &self.content.phrases(draft.language).snooze_note;
            let note = self.random.pick(notes).map_or("", String::as_str);
            let facts_free = note.replace("{until}", &until.format("%d.%m").to_string());
            let gender = draft.player.map(|index| self.team.players[index].agent.gender);
            let ending = if gender == Some(Gender::Feminine) { "а" } else { "" };
            let text = facts_free.replace("{s:|а}", ending);
            let line = Line { speaker: Speaker::Note, text };
            draft.tale.steps.push(Step { at: last, by: By::Agent, what: What::Said(line) });
            draft.tale.steps.push(Step { at: last, by: By::Agent, what: What::Snoozed(until) });
        }
        Ok(())
    }

    /// Slots for a text that is no scenario's.
    pub(super) fn plain_words(
        &mut self,
        customer: &Customer,
        player: usize,
        language: Language,
        created_at: Time,
    ) -> Words<'a> {
        let player = &self.team.players[player];
        let facts = Facts {
            language,
            customer_name: &customer.row.name,
            customer_gender: customer.gender,
            from: &customer.from,
            agent_name: player.signature(language),
            agent_gender: player.agent.gender,
            created_at,
            when: super::content::When::Future,
            tour: None,
            booking: self.random.between(40_100, 98_900),
        };
        Words::new(self.content, &facts, self.random)
    }
}

/// A ticket that nothing has happened to yet.
pub(super) fn blank(name: &str, requester: &Requester<'_>, created_at: Time) -> TicketRow {
    let customer = requester.customer;
    TicketRow {
        id: 0,
        subject: String::new(),
        description: String::new(),
        customer_id: Some(customer.row.external_id),
        customer_name: name.to_owned(),
        customer_email: customer.row.email.clone(),
        requester_id: (!requester.anonymous).then_some(customer.id),
        category: String::new(),
        priority: String::new(),
        status: "open",
        channel: requester.channel,
        agent_id: None,
        team: None,
        tags: Vec::new(),
        related_booking_id: None,
        resolution: None,
        version: 1,
        snoozed_until: None,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        reopened_count: 0,
        merged_into_id: None,
        follow_up_of_id: None,
        created_at,
        updated_at: created_at,
    }
}
