//! A word as the value of its kind, or what is wrong with it.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::lang::args::{When, Yes};
use crate::lang::code;
use crate::lang::diagnostic::{Diagnostic, quoted};
use crate::lang::lookalike;
use crate::lang::spec::{fold_name, is_called};
use crate::lang::suggest::{did_you_mean, similar};
use crate::lang::value::Word;
use crate::model::{Moment, NoMoment};

pub(super) fn flag(word: &Word) -> Result<bool, Diagnostic> {
    match word.text().to_ascii_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(wrong(code::SWITCH, word, "is neither yes nor no").expected(["yes", "no"])),
    }
}

/// `None` for `no`.
pub(super) fn yes(word: &Word) -> Result<Option<Yes>, Diagnostic> {
    let text = word.text();
    match text.to_ascii_lowercase().as_str() {
        "yes" => Ok(Some(Yes::Any)),
        "no" => Ok(None),
        _ => match text.parse() {
            Ok(count) if is_digits(&text) => Ok(Some(Yes::Count(count))),
            _ => Err(wrong(code::SWITCH, word, "is neither yes, no nor a count")
                .expected(["yes", "no", "a count"])),
        },
    }
}

pub(super) fn number(word: &Word, min: i64, max: i64) -> Result<i64, Diagnostic> {
    let range = || match (min, max) {
        (i64::MIN, i64::MAX) => "a whole number".to_owned(),
        (min, i64::MAX) => format!("a whole number from {min}"),
        (min, max) => format!("a whole number from {min} to {max}"),
    };
    let text = word.text();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    if !is_digits(digits) {
        return Err(wrong(code::NUMBER, word, "is not a whole number")
            .expected([range()])
            .helps(lookalike::hint(&text)));
    }
    match text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(wrong(code::NUMBER, word, "is out of range").expected([range()])),
    }
}

/// The name as the set has it; letter case, `-`, `_` and `.` do not matter.
pub(super) fn choice(
    word: &Word,
    set: &'static [&'static str],
) -> Result<&'static str, Diagnostic> {
    let text = word.text();
    let folded = fold_name(&text);
    let found = set.iter().find(|name| is_called(name, &folded));
    found.copied().ok_or_else(|| {
        let near = similar(&text, set.iter().copied());
        wrong(code::CHOICE, word, "is not one of the possible names")
            .expected(set.iter().copied())
            .helps(did_you_mean(&near))
    })
}

/// `YYYY-MM-DD`, RFC 3339, or `[+-]N(d|h)` from `now`.
pub(super) fn when(word: &Word, now: Timestamp) -> Result<When, Diagnostic> {
    let text = word.text();
    let found = day(&text)
        .or_else(|| moment(&text))
        .or_else(|| relative(&text, now).map(Ok));
    // What is none of them may still begin with another year.
    let fault = || text.parse::<Moment>().err().unwrap_or(NoMoment::Form);
    found.unwrap_or_else(|| Err(fault())).map_err(|fault| {
        let signless = text.starts_with(|c: char| c.is_ascii_digit()) && text.ends_with(['d', 'h']);
        let zoneless = DateTime::strptime("%Y-%m-%dT%H:%M:%S", &text).is_ok();
        let help = if fault == NoMoment::Range {
            fault.hint().map(Cow::into_owned)
        } else if signless {
            Some(format!(
                "write -{text} for the past, +{text} for the future"
            ))
        } else if zoneless {
            Some(format!("add the time zone: {text}Z"))
        } else {
            lookalike::hint(&text)
        };
        wrong(code::DATE, word, "is not a date")
            .expected(["2026-01-31", "2026-01-31T08:00:00Z", "-90d", "+12h"])
            .helps(help)
    })
}

/// A text in the form of a day, of a moment or of neither.
type Read = Option<Result<When, NoMoment>>;

fn day(text: &str) -> Read {
    // Exactly ten characters: jiff itself would take more spellings.
    if text.len() != 10 {
        return None;
    }
    let date = Date::strptime("%Y-%m-%d", text).ok()?;
    let ends = [date.at(0, 0, 0, 0), date.at(23, 59, 59, 999_999_000)];
    let [start, last] = ends.map(|end| Moment::of_civil(end, 0).map(Moment::as_microsecond));
    Some(start.and_then(|start| Ok(When { start, last: last? })))
}

fn moment(text: &str) -> Read {
    let parsed = || text.parse().map(Moment::as_microsecond);
    text.contains(['T', 't']).then(|| Ok(at(parsed()?)))
}

fn relative(text: &str, now: Timestamp) -> Option<When> {
    let sign = match text.chars().next()? {
        '-' => -1,
        '+' => 1,
        _ => return None,
    };
    let (number, hours) = match text.get(1..)? {
        rest if rest.ends_with('d') => (rest.strip_suffix('d')?, 24),
        rest => (rest.strip_suffix('h')?, 1),
    };
    if !is_digits(number) {
        return None;
    }
    // Digits that are no number are too many.
    let hours = number
        .parse()
        .unwrap_or(i64::MAX)
        .saturating_mul(hours * sign);
    let micros = hours.saturating_mul(3_600_000_000);
    Some(at(now.as_microsecond().saturating_add(micros)))
}

/// The microsecond that is a moment.
const fn at(micros: i64) -> When {
    When {
        start: micros,
        last: micros,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn wrong(code: &'static str, word: &Word, is: &str) -> Diagnostic {
    let title = format!("{} {is}", quoted(&word.text()));
    Diagnostic::new(code, title, word.span.clone(), "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::value::Variable;

    fn word(text: &str) -> Word {
        Variable::parse(text).unwrap().words(&(0..1)).remove(0)
    }

    fn now() -> Timestamp {
        "2026-03-01T12:00:00.0000005Z".parse().unwrap()
    }

    fn interval(text: &str) -> (String, String) {
        let when = when(&word(text), now()).unwrap_or_else(|d| panic!("{text}: {d:?}"));
        let shown = |micros| Moment::nearest(micros).to_string();
        (shown(when.start), shown(when.last))
    }

    #[test]
    fn a_day_is_an_interval_in_utc_and_a_moment_a_microsecond() {
        assert_eq!(
            interval("2024-02-29"),
            (
                "2024-02-29T00:00:00Z".into(),
                "2024-02-29T23:59:59.999999Z".into()
            )
        );
        assert_eq!(
            interval("2026-01-31T08:00:00+02:00"),
            ("2026-01-31T06:00:00Z".into(), "2026-01-31T06:00:00Z".into())
        );
        assert_eq!(interval("-90d").0, "2025-12-01T12:00:00Z");
        assert_eq!(interval("+12h").0, "2026-03-02T00:00:00Z");
        assert_eq!(interval("-0d").1, "2026-03-01T12:00:00Z");
    }

    #[test]
    fn c1_dates_run_to_the_end_of_the_year_9999_and_no_further() {
        let (first, last) = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z");
        assert_eq!(
            interval("9999-12-31"),
            ("9999-12-31T00:00:00Z".into(), last.into())
        );
        assert_eq!(interval("0001-01-01").0, first);
        for text in [
            last,
            "9999-12-31T23:59:59-14:00",
            "+2913000d",
            "+99999999999d",
            "+99999999999999999999999h",
        ] {
            assert_eq!(interval(text), (last.into(), last.into()), "{text}");
        }
        // What is relative is compared as it is: every date is before and after these.
        let start = |text: &str| when(&word(text), now()).unwrap().start;
        assert!(start("+99999999999d") > Moment::MAX.as_microsecond());
        assert!(start("-9999999d") < Moment::MIN.as_microsecond());
        for text in [
            "0001-01-01T05:00:00+09:00",
            "-9999999d",
            "-9223372036854775807d",
        ] {
            assert_eq!(interval(text), (first.into(), first.into()), "{text}");
        }
        for text in [
            "0000-12-31",
            "10000-01-01",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
        ] {
            let error = when(&word(text), now()).unwrap_err();
            assert!(error.help[0].contains("9999-12-31"), "{text}: {error:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_reported() {
        for text in [
            "2025-02-29",
            "2026-1-1",
            "20260101",
            "90d",
            "-90",
            "-d",
            "-9w",
            "--9d",
            "2026-01-31T08:00:00",
            "yesterday",
            "''",
        ] {
            let error = when(&word(text), now()).unwrap_err();
            assert_eq!(error.code, "E0212", "{text}");
        }
        let help = |text: &str| when(&word(text), now()).unwrap_err().help;
        assert!(help("90d")[0].contains("-90d"));
        assert!(help("2026-01-31T08:00:00")[0].contains("08:00:00Z"));
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(number(&word("-5"), -9, 9), Ok(-5));
        assert_eq!(number(&word("+5"), 0, 9), Ok(5));
        for text in [
            "10",
            "-10",
            "a",
            "''",
            "-",
            "1.0",
            "0x1",
            "99999999999999999999",
        ] {
            assert_eq!(
                number(&word(text), -9, 9).unwrap_err().code,
                "E0210",
                "{text}"
            );
        }
    }

    #[test]
    fn names_of_a_set_compare_without_letter_case() {
        const SET: &[&str] = &["Active", "new-authenticator"];
        assert_eq!(choice(&word("ACTIVE"), SET), Ok("Active"));
        assert_eq!(
            choice(&word("newAuthenticator"), SET),
            Ok("new-authenticator")
        );
        let error = choice(&word("activ"), SET).unwrap_err();
        assert_eq!(error.expected, SET);
        assert_eq!(error.help, ["did you mean 'Active'?"]);
        assert!(choice(&word("act*"), SET).is_err());
    }

    #[test]
    fn flags_and_assent() {
        assert_eq!(
            (flag(&word("Yes")), flag(&word("no"))),
            (Ok(true), Ok(false))
        );
        assert!(flag(&word("true")).is_err());
        assert_eq!(yes(&word("412")), Ok(Some(Yes::Count(412))));
        assert_eq!(yes(&word("yes")), Ok(Some(Yes::Any)));
        assert_eq!(yes(&word("no")), Ok(None));
        assert!(yes(&word("+4")).is_err());
    }
}
