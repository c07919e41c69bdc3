//! The sentence that says which promise was not kept.

use super::model::ViolationType;
use crate::calendars::Seconds;

/// What the contract says of a missed target, for example "First response SLA violated: 5.50h > 4h". Two digits
/// after the point, and more where two would not tell what was used from what was allowed.
pub fn violation_message(kind: ViolationType, consumed: Seconds, target: Seconds) -> String {
    let what = match kind {
        ViolationType::FirstResponse => "First response",
        ViolationType::NextResponse => "Next response",
        ViolationType::Resolution => "Resolution",
    };
    let over = consumed > target;
    // A second is a 3600th of an hour: four digits tell any two numbers of seconds apart.
    let digits = (2..MOST_DIGITS)
        .find(|digits| !over || in_hours(consumed, *digits) > in_hours(target, *digits));
    let digits = digits.unwrap_or(MOST_DIGITS);
    let used = written(in_hours(consumed, digits), digits);
    let allowed = written(in_hours(target, digits), digits);
    let allowed = allowed.trim_end_matches('0').trim_end_matches('.');
    // Noticed in the very second in which the time ran out.
    let sign = if over { ">" } else { ">=" };
    format!("{what} SLA violated: {used}h {sign} {allowed}h")
}

const MOST_DIGITS: u32 = 4;

/// Hours in units of the last digit, rounded to the nearest.
fn in_hours(seconds: Seconds, digits: u32) -> u64 {
    (seconds.get().saturating_mul(10_u64.pow(digits)) + 1_800) / 3_600
}

fn written(units: u64, digits: u32) -> String {
    let whole = 10_u64.pow(digits);
    let width = usize::try_from(digits).unwrap_or_default();
    format!("{}.{:0width$}", units / whole, units % whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(consumed: u64, target: u64) -> String {
        let kind = ViolationType::FirstResponse;
        violation_message(kind, Seconds::new(consumed), Seconds::new(target))
    }

    #[test]
    fn the_message_of_a_violation_is_the_specifications() {
        let message = |consumed: u64, target: u64| message(consumed * 60, target * 60);
        assert_eq!(message(330, 240), "First response SLA violated: 5.50h > 4h");
        assert_eq!(message(75, 30), "First response SLA violated: 1.25h > 0.5h");
        assert_eq!(message(6, 5), "First response SLA violated: 0.10h > 0.08h");
        assert_eq!(message(600, 45), "First response SLA violated: 10.00h > 0.75h");
        assert_eq!(message(40 * 60, 20 * 60), "First response SLA violated: 40.00h > 20h");
    }

    #[test]
    fn where_two_digits_hide_the_excess_there_are_more() {
        assert_eq!(message(62, 60), "First response SLA violated: 0.0172h > 0.0167h");
        assert_eq!(message(14_401, 14_400), "First response SLA violated: 4.0003h > 4h");
        assert_eq!(message(14_420, 14_400), "First response SLA violated: 4.01h > 4h");
        assert_eq!(message(14_410, 14_400), "First response SLA violated: 4.003h > 4h");
        assert_eq!(message(14_400, 14_400), "First response SLA violated: 4.00h >= 4h");
    }

    proptest! {
        #[test]
        fn the_sentence_is_true(target in 1..3_000_000_u64, more in 0..100_000_u64) {
            let told = message(target + more, target);
            let numbers = told.trim_start_matches("First response SLA violated: ");
            let (used, allowed) = numbers.split_once(if more > 0 { " > " } else { " >= " }).unwrap();
            let number = |text: &str| text.trim_end_matches('h').parse::<f64>().unwrap();
            if more > 0 {
                prop_assert!(number(used) > number(allowed), "{}", told);
            } else {
                prop_assert!(number(used) >= number(allowed), "{}", told);
            }
        }
    }
}
