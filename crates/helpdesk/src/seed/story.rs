//! One ticket's history, step by step, as it would have happened in the product.

use chrono::Duration;

use super::cast::{Customer, Player};
use super::plan::Fate;
use super::random::Random;
use super::rows::Time;
use super::words::Speaker;

/// How many weeks the demo looks back.
pub(super) const WEEKS: i64 = 8;

/// Something that is said.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) speaker: Speaker,
    pub(super) text: String,
}

/// A scenario with its slots filled.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) lines: Vec<Line>,
    pub(super) hold: Option<[String; 2]>,
    pub(super) reopen: Option<String>,
    pub(super) resolution: String,
    pub(super) no_reply_close: String,
    /// What the customer writes when nobody answers.
    pub(super) impatient: Option<String>,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Customer,
    Agent,
    /// The product, in the job of this name.
    System(&'static str),
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum What {
    Assigned,
    Said(Line),
    Moved { from: &'static str, to: &'static str },
    Snoozed(Time),
    Merged { other: usize },
    FollowedUp { by: usize },
}

/// What happens when, and by whom.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) at: Time,
    pub(super) by: By,
    pub(super) what: What,
}

/// A ticket's history and where it stands in the end.
#[derive(Debug)]
pub(super) struct Tale {
    pub(super) steps: Vec<Step>,
    pub(super) status: &'static str,
    pub(super) resolution: Option<String>,
    pub(super) reopened_count: i64,
}

/// Tells a history from its beginning.
struct Teller<'a> {
    player: Option<&'a Player<'a>>,
    random: &'a mut Random,
    at: Time,
    tale: Tale,
}

/// The history of a ticket created at `created_at` that has come as far as `fate` says by `now`.
pub(super) fn tell(
    script: &Script,
    fate: Fate,
    (created_at, now): (Time, Time),
    player: Option<&Player<'_>>,
    random: &mut Random,
) -> Tale {
    let tale = Tale { steps: Vec::new(), status: "open", resolution: None, reopened_count: 0 };
    let mut teller = Teller { player, random, at: created_at, tale };
    if player.is_some() {
        teller.wait(1, 4);
        teller.step(By::System("assignment"), What::Assigned);
    }
    if fate == Fate::Open || player.is_none() {
        if let Some(text) = &script.impatient {
            teller.wait(90 * 60, 7 * 3_600);
            teller.said(Speaker::Customer, text);
        }
    } else {
        teller.conversation(script, fate);
        teller.ending(script, fate);
    }
    let mut tale = teller.tale;
    squeeze(&mut tale.steps, created_at, now);
    tale
}

impl Teller<'_> {
    fn wait(&mut self, least: i64, most: i64) {
        self.at += Duration::seconds(self.random.between(least, most));
    }

    fn step(&mut self, by: By, what: What) {
        self.tale.steps.push(Step { at: self.at, by, what });
    }

    fn said(&mut self, speaker: Speaker, text: &str) {
        let by = if speaker == Speaker::Customer { By::Customer } else { By::Agent };
        self.step(by, What::Said(Line { speaker, text: text.to_owned() }));
    }

    fn moved(&mut self, to: &'static str, by: By) {
        let from = std::mem::replace(&mut self.tale.status, to);
        self.step(by, What::Moved { from, to });
    }

    /// The agent gets to it, after a while and within the shift.
    fn agent_comes(&mut self, least: i64, most: i64) {
        self.wait(least, most);
        if let Some(player) = self.player {
            let at = player.at_work(self.at);
            if at != self.at {
                self.at = at;
                self.wait(2 * 60, 50 * 60);
            }
        }
    }

    fn customer_comes(&mut self) {
        match self.random.between(0, 9) {
            0..=4 => self.wait(6 * 60, 50 * 60),
            5..=7 => self.wait(3_600, 4 * 3_600),
            _ => self.wait(7 * 3_600, 20 * 3_600),
        }
    }

    fn conversation(&mut self, script: &Script, fate: Fate) {
        let told = told(&script.lines, fate, self.random);
        for (index, line) in script.lines[..told].iter().enumerate() {
            match line.speaker {
                Speaker::Customer => {
                    self.customer_comes();
                    self.said(line.speaker, &line.text);
                    if self.tale.status == "waiting_customer" {
                        self.moved("in_progress", By::Customer);
                    }
                }
                Speaker::Note => {
                    self.wait(2 * 60, 25 * 60);
                    self.said(line.speaker, &line.text);
                }
                Speaker::Agent => {
                    let first = self.tale.status == "open";
                    self.agent_comes(if first { 6 * 60 } else { 4 * 60 }, 2 * 3_600);
                    if first {
                        self.moved("in_progress", By::Agent);
                        self.wait(60, 9 * 60);
                    }
                    self.said(line.speaker, &line.text);
                    if self.asks(script, index, told, fate) {
                        self.wait(1, 4);
                        self.moved("waiting_customer", By::Agent);
                    }
                }
            }
        }
    }

    /// Whether the agent hands the turn to the customer with this line.
    fn asks(&self, script: &Script, index: usize, told: usize, fate: Fate) -> bool {
        if index + 1 == told {
            return matches!(fate, Fate::Waiting | Fate::ClosedSilent);
        }
        let answered = script.lines[index + 1].speaker == Speaker::Customer;
        answered && script.lines[index].text.contains('?')
    }

    fn ending(&mut self, script: &Script, fate: Fate) {
        match fate {
            Fate::Open | Fate::InProgress | Fate::Waiting => {}
            Fate::OnHold => {
                if let Some([message, note]) = &script.hold {
                    self.agent_comes(20 * 60, 3 * 3_600);
                    self.said(Speaker::Agent, message);
                    self.wait(30, 120);
                    self.said(Speaker::Note, note);
                    self.moved("on_hold", By::Agent);
                }
            }
            Fate::ClosedSilent => {
                self.wait(7 * 86_400, 7 * 86_400);
                self.tale.resolution = Some(script.no_reply_close.clone());
                self.moved("closed", By::System("auto-close"));
            }
            Fate::Resolved | Fate::Closed | Fate::Reopened => {
                self.agent_comes(3 * 60, 40 * 60);
                self.tale.resolution = Some(script.resolution.clone());
                self.moved("resolved", By::Agent);
                if fate == Fate::Closed {
                    if self.random.chance(30) {
                        self.agent_comes(3_600, 20 * 3_600);
                        self.moved("closed", By::Agent);
                    } else {
                        self.wait(3 * 86_400, 3 * 86_400);
                        self.moved("closed", By::System("auto-close"));
                    }
                } else if fate == Fate::Reopened {
                    self.wait(8 * 3_600, 60 * 3_600);
                    self.said(Speaker::Customer, script.reopen.as_deref().unwrap_or_default());
                    self.moved("reopened", By::Customer);
                    self.tale.reopened_count += 1;
                }
            }
        }
    }
}

/// How many lines have been said so far.
fn told(lines: &[Line], fate: Fate, random: &mut Random) -> usize {
    let ends = |wanted: fn(&Line) -> bool| -> Vec<usize> {
        let wanted = lines.iter().enumerate().filter(|(_, line)| wanted(line));
        wanted.map(|(index, _)| index + 1).collect()
    };
    let ends = match fate {
        Fate::Waiting | Fate::ClosedSilent => {
            ends(|line| line.speaker == Speaker::Agent && line.text.contains('?'))
        }
        Fate::InProgress => ends(|line| line.speaker != Speaker::Agent),
        Fate::OnHold => ends(|line| line.speaker == Speaker::Customer),
        _ => return lines.len(),
    };
    // The last turns close the matter, so an unfinished conversation stops before them.
    let early: Vec<usize> = ends.iter().copied().filter(|end| *end + 1 < lines.len()).collect();
    let ends = if early.is_empty() { ends } else { early };
    let first_answer = lines.iter().position(|line| line.speaker == Speaker::Agent);
    random.pick(&ends).copied().unwrap_or_else(|| first_answer.map_or(0, |index| index + 1))
}

/// Draws the steps together where they would reach beyond the present.
fn squeeze(steps: &mut [Step], created_at: Time, now: Time) {
    let Some(last) = steps.last().map(|step| (step.at - created_at).num_milliseconds()) else {
        return;
    };
    let room = (now - created_at).num_milliseconds() * 19 / 20;
    if last <= room {
        return;
    }
    for step in steps {
        let offset = (step.at - created_at).num_milliseconds();
        let drawn = i128::from(offset) * i128::from(room) / i128::from(last.max(1));
        step.at = created_at + Duration::milliseconds(i64::try_from(drawn).unwrap_or(0));
    }
}

/// Whose ticket it is, and how the customer reached us.
#[derive(Debug)]
pub(super) struct Requester<'a> {
    pub(super) customer: &'a Customer,
    /// Without proof of who they are: a claim only.
    pub(super) anonymous: bool,
    pub(super) channel: &'static str,
}

impl Tale {
    /// How many messages and notes it has.
    pub(super) fn lines(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.what, What::Said(_))).count()
    }

    /// Puts a ticket's number where the lines leave room for it.
    pub(super) fn name_ticket(&mut self, number: &str) {
        for step in &mut self.steps {
            if let What::Said(line) = &mut step.what {
                line.text = line.text.replace("{ticket}", number);
            }
        }
    }
}
