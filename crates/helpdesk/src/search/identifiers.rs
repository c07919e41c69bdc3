//! Identifiers in texts and queries: ticket numbers, phones, e-mail addresses, booking numbers and error
//! codes. People write them in many ways; each has one form here, under which it is kept and asked for.

use std::collections::BTreeSet;

/// The most identifiers that are taken from one text: an export pasted into a message must not
/// become thousands of rows.
const MOST: usize = 40;
/// The longest identifier, in characters.
const LONGEST: usize = 60;
/// The shortest number that stands for something by itself.
const SHORTEST_NUMBER: usize = 5;

/// Every identifier of a text in its one form, at most 40.
///
/// - an e-mail address: in lower case
/// - a phone: its digits, a Russian one from 7 on, however it was written
/// - a code of letters and digits (`KH-4711`, `E_1042`, `ERR_SSL`): in lower case without separators, Cyrillic
///   look-alikes as the Latin letters that they look like
/// - a number of five digits or more, also in groups (`90-12345`); not a date
pub fn of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    phones(text, &mut found);
    for token in text.split(|sign: char| !is_part(sign)) {
        if found.len() >= MOST {
            break;
        }
        let token = token.trim_matches(|sign: char| !sign.is_alphanumeric());
        if let Some(identifier) = address(token).or_else(|| code(token)) {
            found.insert(identifier);
        }
    }
    // A phone, or its end where it was written in groups, is no number of its own.
    let whole = found.clone();
    found.retain(|one| !whole.iter().any(|other| is_end_of(one, other)));
    while found.len() > MOST {
        found.pop_last();
    }
    found
}

/// What a query may mean by identifiers: those of [`of`], and a short word with the number after it
/// (`KH 4711`, `tkt 17`), which people type without the hyphen.
pub fn asked(query: &str) -> BTreeSet<String> {
    let mut found = of(query);
    let words: Vec<&str> = query.split_whitespace().collect();
    for pair in words.windows(2) {
        let [word, number] = pair else { continue };
        let short =
            (1..=4).contains(&word.chars().count()) && word.chars().all(char::is_alphabetic);
        let digits = number.len() >= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        if short && digits {
            found.extend(code(&format!("{word}-{number}")));
        }
    }
    found
}

/// The runs of letters and of digits that an identifier is made of, in order.
pub fn parts(identifier: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = None;
    for sign in identifier.chars() {
        let kind = sign.is_alphanumeric().then(|| sign.is_ascii_digit());
        match (kind, parts.last_mut()) {
            (Some(_), Some(last)) if kind == before => last.push(sign),
            (Some(_), _) => parts.push(sign.to_string()),
            (None, _) => {}
        }
        before = kind;
    }
    parts
}

/// Whether the text is an address of e-mail and nothing else.
pub fn is_address(text: &str) -> bool {
    let text = text.trim_matches(|sign: char| !sign.is_alphanumeric());
    text.chars().all(is_part) && address(text).is_some()
}

/// The numbers of a booking or an order that an identifier may mean: `90123`, and `KH-4711` for 4711.
pub fn number(identifier: &str) -> Option<i64> {
    let parts = parts(identifier);
    let number = match parts.as_slice() {
        [number] => number,
        [word, number] if word.chars().count() <= 4 && word != "tkt" => number,
        _ => return None,
    };
    number.parse().ok().filter(|number| *number > 0)
}

fn is_end_of(number: &str, phone: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.strip_prefix('8').filter(|rest| rest.len() == 10).unwrap_or(number);
    number.len() < phone.len()
        && phone.len() >= 11
        && !phone.starts_with('8')
        && digits(phone)
        && phone.ends_with(number)
}

fn is_part(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '@' | '.' | '_' | '-' | '+' | '%')
}

fn address(token: &str) -> Option<String> {
    let (local, domain) = token.split_once('@')?;
    let name =
        |part: &str| !part.is_empty() && part.chars().next().is_some_and(char::is_alphanumeric);
    let dotted = domain.split('.').count() >= 2 && domain.split('.').all(name);
    let fits = token.chars().count() <= LONGEST && name(local) && dotted && !domain.contains('@');
    fits.then(|| token.to_lowercase())
}

fn code(token: &str) -> Option<String> {
    if token.chars().count() > LONGEST || token.contains(['@', '.', '+', '%']) || is_date(token) {
        return None;
    }
    let plain: String = token.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let digits = plain.chars().filter(char::is_ascii_digit).count();
    let letters = plain.chars().count() - digits;
    let fits = match (letters, digits) {
        (0, digits) => digits >= SHORTEST_NUMBER,
        // ERR_CONNECTION_RESET: a code without a digit has underscores and no small letter.
        (_, 0) => token.contains('_') && plain.chars().all(char::is_uppercase),
        (letters, digits) => digits >= 2 || (letters <= 2 && token.contains('-')),
    };
    // 5-дневный, 2х-местный: a number with an ending is no code.
    let begins_with_word = digits > 0 && letters > 0;
    let ordinary = begins_with_word
        && plain.chars().next().is_some_and(|first| first.is_ascii_digit())
        && plain.chars().any(char::is_lowercase)
        && !plain.is_ascii();
    (fits && !ordinary)
        .then(|| plain.to_uppercase().chars().map(latin).collect::<String>().to_lowercase())
}

fn is_date(token: &str) -> bool {
    let parts: Vec<&str> = token.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let numbers = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    numbers && matches!(lengths[..], [4, 2, 2] | [2, 2, 4] | [2, 2, 2] | [4, 4])
}

/// The Latin letter that a Cyrillic capital looks like.
fn latin(letter: char) -> char {
    match letter {
        'А' => 'A',
        'В' => 'B',
        'Е' => 'E',
        'К' => 'K',
        'М' => 'M',
        'Н' => 'H',
        'О' => 'O',
        'Р' => 'P',
        'С' => 'C',
        'Т' => 'T',
        'У' => 'Y',
        'Х' => 'X',
        other => other,
    }
}

fn phones(text: &str, found: &mut BTreeSet<String>) {
    let mut before = ' ';
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if found.len() >= MOST {
            return;
        }
        let begins = sign == '+' || sign.is_ascii_digit();
        let apart = !before.is_alphanumeric() && !matches!(before, '-' | '_' | '@' | '+');
        if begins
            && apart
            && let Some((phone, length)) = phone(rest)
        {
            found.insert(phone);
            rest = rest.get(length..).unwrap_or_default();
            before = '0';
            continue;
        }
        before = sign;
        rest = rest.get(sign.len_utf8()..).unwrap_or_default();
    }
}

/// The phone at the beginning of a text, and how many bytes it takes: `+` and 10 to 15 digits, 11 digits
/// from 7 or 8 on, or 10 from 9 on.
fn phone(text: &str) -> Option<(String, usize)> {
    let international = text.starts_with('+');
    let mut digits = String::new();
    let mut gap = 0;
    let mut best = None;
    for (at, sign) in text.char_indices().skip(usize::from(international)) {
        match sign {
            '0'..='9' => {
                digits.push(sign);
                gap = 0;
            }
            ' ' | '(' | ')' | '-' | '\u{a0}' if gap < 2 => gap += 1,
            _ => break,
        }
        let end = at + sign.len_utf8();
        let ends =
            !text.get(end..).unwrap_or_default().starts_with(|next: char| next.is_alphanumeric());
        let whole = match (international, digits.bytes().next()) {
            (_, Some(b'7' | b'8')) => digits.len() == 11,
            (true, _) => (10..=15).contains(&digits.len()),
            (false, Some(b'9')) => digits.len() == 10,
            _ => false,
        };
        if whole && ends && sign.is_ascii_digit() {
            best = Some((digits.clone(), end));
        }
        if digits.len() > 15 {
            break;
        }
    }
    best.map(|(digits, end)| (national(digits), end))
}

fn national(digits: String) -> String {
    match (digits.len(), digits.bytes().next()) {
        (11, Some(b'8')) => format!("7{}", digits.get(1..).unwrap_or_default()),
        (10, Some(b'9')) => format!("7{digits}"),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        of(text).into_iter().collect()
    }

    #[test]
    fn a_phone_is_the_same_however_it_is_written() {
        for text in [
            "+7 (914) 022-33-44",
            "8 914 022 33 44",
            "89140223344",
            "звоните 914-022-33-44!",
            "тел.: 8(914)022-33-44, после 10",
        ] {
            assert_eq!(found(text), ["79140223344"], "{text}");
        }
        assert_eq!(found("call +1 415 555 2671"), ["14155552671"]);
    }

    #[test]
    fn codes_and_numbers_are_the_same_however_they_are_written() {
        for text in ["KH-4711", "kh_4711", "бронь КН-4711.", "(KH4711)"] {
            assert_eq!(found(text), ["kh4711"], "{text}");
        }
        assert_eq!(found("ошибка E-1042 и ERR_SSL_RESET"), ["e1042", "errsslreset"]);
        assert_eq!(found("заказ 90-12345"), ["9012345"]);
        assert_eq!(found("Ivan@Mail.example, TKT-17"), ["ivan@mail.example", "tkt17"]);
    }

    #[test]
    fn words_dates_and_small_numbers_are_no_identifiers() {
        for text in [
            "2026-03-02 в 10:30",
            "02-03-2026",
            "5-дневный тур, 12 человек, 1500 руб.",
            "онлайн-регистрация",
            "COVID и SMS",
            "тур за 30 дней",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn a_query_may_leave_the_hyphen_out() {
        assert!(asked("KH 4711").contains("kh4711"));
        assert!(asked("tkt 17").contains("tkt17"));
        assert!(asked("вулкан 2026").is_empty());
    }

    proptest! {
        #[test]
        fn any_text_has_few_and_short_identifiers(text in "\\PC{0,400}") {
            let all = of(&text);
            prop_assert!(all.len() <= MOST);
            prop_assert!(all.iter().all(|one| !one.is_empty() && !one.contains(char::is_whitespace)));
        }

        #[test]
        fn a_code_is_found_wherever_it_stands(
            before in "[а-я ]{0,20}", letters in "[A-Z]{2,4}", number in 10_u32..999_999, after in "([ ,!?)]|[.] )[а-я ]{0,20}",
        ) {
            let wanted = format!("{}{number}", letters.to_lowercase());
            let text = format!("{before} {letters}-{number}{after}");
            prop_assert!(of(&text).contains(&wanted), "{}", text);
        }

        #[test]
        fn a_russian_phone_is_found_with_any_grouping(digits in "9[0-9]{9}", gaps in prop::collection::vec("[ -]?", 9)) {
            let mut text = String::from("+7 ");
            for (at, digit) in digits.chars().enumerate() {
                text.push(digit);
                if let Some(gap) = gaps.get(at) {
                    text.push_str(gap);
                }
            }
            prop_assert!(of(&text).contains(&format!("7{digits}")), "{}", text);
        }
    }
}
