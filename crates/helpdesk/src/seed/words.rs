//! Fills the slots of a text: `{booking}` by name, `{c:|а}` and `{s:|а}` by the gender of customer and staff.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};

use super::SeedError;
use super::content::{Content, Gender, Language, Phrases, Tour, When};
use super::random::Random;

/// Who says a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Customer,
    Agent,
    /// An agent, to colleagues only.
    Note,
}

/// The slots of one ticket.
#[derive(Debug)]
pub(super) struct Words<'a> {
    phrases: &'a Phrases,
    slots: BTreeMap<&'static str, String>,
    customer: Gender,
    staff: Gender,
}

/// What the slots are made from.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) language: Language,
    pub(super) customer_name: &'a str,
    pub(super) customer_gender: Gender,
    pub(super) from: &'a str,
    pub(super) agent_name: &'a str,
    pub(super) agent_gender: Gender,
    pub(super) created_at: DateTime<Utc>,
    pub(super) when: When,
    pub(super) tour: Option<&'a Tour>,
    /// The number of the booking on the platform.
    pub(super) booking: i64,
}

impl<'a> Words<'a> {
    pub(super) fn new(content: &'a Content, facts: &Facts<'_>, random: &mut Random) -> Self {
        let phrases = content.phrases(facts.language);
        let language = facts.language;
        let price = random.between(60, 1_400) * 100;
        let part = (price / 100 * random.between(15, 45) / 100).max(5) * 100;
        let day = travel_day(facts, random);
        let created = facts.created_at.date_naive();
        let later = day.max(created) + Days::new(random.between(2, 4).unsigned_abs());
        let soon = created + Days::new(random.between(3, 8).unsigned_abs());
        let past = created - Days::new(random.between(2, 9).unsigned_abs());
        let mut slots = BTreeMap::from([
            ("fio", facts.customer_name.to_owned()),
            ("name", first_word(facts.customer_name)),
            ("agent", first_word(facts.agent_name)),
            ("from", facts.from.to_owned()),
            ("booking", format!("KH-{}", facts.booking)),
            ("order", format!("{}-{}", random.between(40, 99), random.between(10_000, 99_999))),
            ("sum", money(price, language)),
            ("part", money(part, language)),
            ("card", format!("{:04}", random.between(0, 9_999))),
            ("date", date(day, language)),
            ("date2", date(later, language)),
            ("past", date(past, language)),
            ("soon", date(soon, language)),
            ("num", random.between(4, 12).to_string()),
            ("time", format!("{:02}:{}0", random.between(7, 11), random.between(0, 5))),
        ]);
        let tour = facts.tour.map(|tour| match language {
            Language::Ru => tour.ru.clone(),
            Language::En => tour.en.clone(),
        });
        slots.insert("tour", tour.unwrap_or_default());
        for (slot, values) in [("pax", &phrases.pax), ("hotel", &phrases.hotel)] {
            slots.insert(slot, random.pick(values).cloned().unwrap_or_default());
        }
        for (slot, values) in MACHINES {
            slots.insert(slot, random.pick(values).map_or_else(String::new, ToString::to_string));
        }
        Self { phrases, slots, customer: facts.customer_gender, staff: facts.agent_gender }
    }

    /// Adds or replaces a slot.
    pub(super) fn set(&mut self, slot: &'static str, value: impl Into<String>) {
        self.slots.insert(slot, value.into());
    }

    /// The text with every slot filled.
    ///
    /// # Errors
    /// [`SeedError::Content`] where a slot is unknown.
    pub(super) fn fill(
        &self,
        text: &str,
        speaker: Speaker,
        random: &mut Random,
    ) -> Result<String, SeedError> {
        let mut filled = String::with_capacity(text.len() + 64);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (slot, after) = after
                .split_once('}')
                .ok_or_else(|| SeedError::Content(format!("an open slot in {text:?}")))?;
            filled.push_str(&self.slot(slot, speaker, random)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled.trim().replace(" \n", "\n"))
    }

    fn slot(&self, slot: &str, speaker: Speaker, random: &mut Random) -> Result<String, SeedError> {
        if let Some((who, (masculine, feminine))) =
            slot.split_once(':').and_then(|(who, forms)| Some((who, forms.split_once('|')?)))
        {
            let gender = if who == "c" { self.customer } else { self.staff };
            let form = if gender == Gender::Masculine { masculine } else { feminine };
            return Ok(form.to_owned());
        }
        let customer = speaker == Speaker::Customer;
        let phrases = match slot {
            "hi" if customer => &self.phrases.customer_hi,
            "hi" => &self.phrases.agent_hi,
            "bye" if customer => &self.phrases.customer_bye,
            "bye" => &self.phrases.agent_bye,
            known => {
                return self
                    .slots
                    .get(known)
                    .cloned()
                    .ok_or_else(|| SeedError::Content(format!("unknown slot {known:?}")));
            }
        };
        let phrase = random.pick(phrases).cloned().unwrap_or_default();
        let leading = phrase.len() - phrase.trim_start().len();
        let inner = self.fill(&phrase, speaker, random)?;
        Ok(format!("{}{inner}", &phrase[..leading]))
    }
}

const MACHINES: [(&str, &[&str]); 4] = [
    ("flight", &["SU 1730", "SU 1732", "S7 3239", "SU 5616", "N4 575"]),
    ("browser", &["Chrome 141", "Firefox 143", "Safari 26", "Яндекс Браузер 25.8", "Edge 141"]),
    ("device", &["iPhone 13", "Samsung A54", "Redmi Note 12", "Pixel 8", "iPad Air"]),
    ("code", &["PAY-4051", "PAY-4102", "PAY-5000", "UPL-1107", "ERR-2204"]),
];

fn first_word(name: &str) -> String {
    name.split_whitespace().next().unwrap_or(name).to_owned()
}

/// A day on which the tour runs and that fits the story.
fn travel_day(facts: &Facts<'_>, random: &mut Random) -> NaiveDate {
    let created = facts.created_at.date_naive();
    match facts.when {
        When::Soon => created + Days::new(random.between(1, 3).unsigned_abs()),
        When::Past => created - Days::new(random.between(1, 9).unsigned_abs()),
        When::Future => {
            let first = created + Days::new(random.between(7, 50).unsigned_abs());
            let runs =
                |day: &NaiveDate| facts.tour.is_none_or(|tour| tour.months.contains(&day.month()));
            let next = first.iter_days().take(366).find(runs).unwrap_or(first);
            let spread = next + Days::new(random.between(0, 25).unsigned_abs());
            if runs(&spread) { spread } else { next }
        }
    }
}

fn money(roubles: i64, language: Language) -> String {
    let (thousands, rest) = (roubles / 1_000, roubles % 1_000);
    match language {
        Language::Ru if thousands == 0 => format!("{rest} ₽"),
        Language::Ru => format!("{thousands}\u{a0}{rest:03} ₽"),
        Language::En if thousands == 0 => format!("{rest} RUB"),
        Language::En => format!("{thousands},{rest:03} RUB"),
    }
}

fn date(day: NaiveDate, language: Language) -> String {
    const RU: [&str; 12] = [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let months = if language == Language::Ru { RU } else { EN };
    let month = usize::try_from(day.month0()).ok().and_then(|month| months.get(month));
    format!("{} {}", day.day(), month.copied().unwrap_or_default())
}
