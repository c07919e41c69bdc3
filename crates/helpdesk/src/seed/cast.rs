//! Who plays in the demo: agents with their shifts and open work, customers with their addresses.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveTime};
use chrono_tz::Tz;

use super::content::{Agent, Content, Gender, Language, Person};
use super::random::Random;
use super::rows::{AgentRow, CustomerRow, LoadRow, Time};
use super::{SeedError, story};
use crate::calendars::working_hours;

/// An agent of the demo.
#[derive(Debug)]
pub(super) struct Player<'a> {
    pub(super) id: i64,
    pub(super) account_id: Option<i64>,
    pub(super) agent: &'a Agent,
    zone: Tz,
    start: NaiveTime,
    end: NaiveTime,
    open_tickets: i64,
    last_assigned_at: Option<Time>,
}

impl<'a> Player<'a> {
    pub(super) fn new(
        agent: &'a Agent,
        id: i64,
        account_id: Option<i64>,
    ) -> Result<Self, SeedError> {
        let bad = |what: &str| SeedError::Content(format!("{what} of {}", agent.name));
        let [start, end] =
            agent.hours.each_ref().map(|text| NaiveTime::parse_from_str(text, "%H:%M"));
        Ok(Self {
            id,
            account_id,
            agent,
            zone: agent.timezone.parse().map_err(|_| bad("time zone"))?,
            start: start.map_err(|_| bad("start of work"))?,
            end: end.map_err(|_| bad("end of work"))?,
            open_tickets: 0,
            last_assigned_at: None,
        })
    }

    /// The first moment from `at` on at which the agent works, to a quarter of an hour.
    pub(super) fn at_work(&self, at: Time) -> Time {
        (0..96)
            .map(|quarter| at + Duration::minutes(15 * quarter))
            .find(|moment| working_hours::is_within(self.start, self.end, self.zone, *moment))
            .unwrap_or(at)
    }

    /// The agent's name as customers read it in that language.
    pub(super) fn signature(&self, language: Language) -> &str {
        match language {
            Language::Ru => &self.agent.name,
            Language::En => &self.agent.signs_en,
        }
    }

    pub(super) fn load(&self) -> LoadRow {
        LoadRow {
            agent_id: self.id,
            open_tickets: self.open_tickets,
            last_assigned_at: self.last_assigned_at,
        }
    }
}

/// All agents.
#[derive(Debug)]
pub(super) struct Team<'a> {
    pub(super) players: Vec<Player<'a>>,
}

impl Team<'_> {
    /// Somebody who knows the category and writes the language, for a ticket of the past.
    pub(super) fn any_for(
        &self,
        category: &str,
        language: Language,
        random: &mut Random,
    ) -> Option<usize> {
        let able: Vec<usize> = (0..self.players.len())
            .filter(|index| {
                let agent = self.players[*index].agent;
                agent.writes.contains(&language)
                    && agent.specialization.iter().any(|known| known == category)
            })
            .collect();
        random.pick(&able).copied()
    }

    /// The least loaded agent with room for one more open ticket, as the product would choose;
    /// the ledger is adjusted.
    pub(super) fn assign(
        &mut self,
        category: &str,
        language: Option<Language>,
        at: Time,
    ) -> Option<usize> {
        let chosen = (0..self.players.len())
            .filter(|index| {
                let player = &self.players[*index];
                let agent = player.agent;
                matches!(agent.status.as_str(), "online" | "busy")
                    && player.open_tickets < agent.capacity
                    && language.is_none_or(|language| agent.writes.contains(&language))
                    && agent.specialization.iter().any(|known| known == category)
            })
            .min_by_key(|index| {
                let player = &self.players[*index];
                (player.open_tickets * 1_000 / player.agent.capacity, player.last_assigned_at)
            })?;
        let player = &mut self.players[chosen];
        player.open_tickets += 1;
        player.last_assigned_at = player.last_assigned_at.max(Some(at));
        Some(chosen)
    }
}

/// A customer of the demo.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: i64,
    pub(super) row: CustomerRow,
    pub(super) gender: Gender,
    pub(super) from: String,
    pub(super) language: Language,
}

/// The agents' rows, in the order of the content.
pub(super) fn agent_rows(
    content: &Content,
    accounts: &BTreeMap<String, i64>,
    now: Time,
) -> Vec<AgentRow> {
    let hired = now - Duration::weeks(story::WEEKS + 30);
    let row = |agent: &Agent| AgentRow {
        email: agent.email.clone(),
        name: agent.name.clone(),
        team: agent.team.clone(),
        specialization: agent.specialization.clone(),
        timezone: agent.timezone.clone(),
        working_hours_start: agent.hours[0].clone(),
        working_hours_end: agent.hours[1].clone(),
        max_concurrent_tickets: agent.capacity,
        status: agent.status.clone(),
        account_id: accounts.get(&agent.email).copied(),
        status_changed_at: now - Duration::minutes(95),
        created_at: hired,
        updated_at: now - Duration::minutes(95),
    };
    content.agents.iter().map(row).collect()
}

/// The customers, without ids yet.
pub(super) fn customers(content: &Content, now: Time, random: &mut Random) -> Vec<Customer> {
    const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];
    let people = content.people.ru.iter().map(|person| (person, Language::Ru));
    let people = people.chain(content.people.en.iter().map(|person| (person, Language::En)));
    (10_001_i64..)
        .zip(people)
        .map(|(external_id, (Person(name, gender, from), language))| {
            let since = now - Duration::days(random.between(7 * story::WEEKS, 900));
            let domain = random.pick(&DOMAINS).copied().unwrap_or(DOMAINS[0]);
            let row = CustomerRow {
                external_id,
                email: format!("{}@{domain}", latin(name)),
                name: name.clone(),
                locale: language.as_str(),
                created_at: since,
                updated_at: since,
            };
            Customer { id: 0, row, gender: *gender, from: from.clone(), language }
        })
        .collect()
}

/// A name as the left part of an e-mail address, or as a slug's word.
pub(super) fn latin(name: &str) -> String {
    let mut latin = String::with_capacity(name.len());
    for letter in name.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => latin.push(letter),
            ' ' => latin.push('.'),
            '-' => latin.push('-'),
            other => latin.push_str(
                LETTERS.iter().find(|(known, _)| known.contains(other)).map_or("", |(_, as_)| as_),
            ),
        }
    }
    latin
}

const LETTERS: [(&str, &str); 33] = [
    ("аáà", "a"),
    ("б", "b"),
    ("в", "v"),
    ("г", "g"),
    ("д", "d"),
    ("еёéèэ", "e"),
    ("ж", "zh"),
    ("з", "z"),
    ("и", "i"),
    ("йы", "y"),
    ("к", "k"),
    ("л", "l"),
    ("м", "m"),
    ("нń", "n"),
    ("оóø", "o"),
    ("п", "p"),
    ("р", "r"),
    ("с", "s"),
    ("т", "t"),
    ("уúü", "u"),
    ("ф", "f"),
    ("х", "kh"),
    ("ц", "ts"),
    ("ч", "ch"),
    ("ш", "sh"),
    ("щ", "shch"),
    ("ю", "yu"),
    ("я", "ya"),
    ("š", "s"),
    ("ł", "l"),
    ("ä", "a"),
    ("ö", "o"),
    ("ç", "c"),
];
