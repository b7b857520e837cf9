//! From a cell to the text that stands for it, sanitised for its reader.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::doc::Cell;
use super::guard::show_ends;
use super::sanitize::{Reader, is_neutralised, sanitize};
use crate::json::Json;
use crate::model::Moment;

/// How values are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Writing<'a> {
    /// For people: local time in this zone, numbers grouped by thousands, `yes` and `no`.
    People(&'a TimeZone),
    /// For machines: RFC 3339 in UTC, plain numbers, `true` and `false`; the reader may still be a terminal.
    Machines(Reader),
}

/// The text of a cell, in one line; empty when there is nothing.
pub(super) fn text(cell: &Cell, writing: Writing<'_>) -> String {
    let mut out = String::new();
    push_text(cell, writing, &mut out);
    out
}

/// Appends the text of a cell. A million rows pass here, so that nothing is allocated for the common kinds.
pub(super) fn push_text(cell: &Cell, writing: Writing<'_>, out: &mut String) {
    let reader = match writing {
        Writing::People(_) => Reader::Terminal,
        Writing::Machines(reader) => reader,
    };
    match (cell, writing) {
        (Cell::Absent, _) => {}
        // A name that ends with a blank looks like one that does not.
        (Cell::Text(text), Writing::People(_)) => {
            let mut text = sanitize(text, reader).into_owned();
            show_ends(&mut text);
            out.push_str(&text);
        }
        (Cell::Text(text), _) => out.push_str(&sanitize(text, reader)),
        (Cell::Number(number), Writing::People(_)) => out.push_str(&grouped(*number)),
        (Cell::Number(number), Writing::Machines(_)) => push_shown(number, out),
        (Cell::Id(number), _) => push_shown(number, out),
        (Cell::Flag(flag), Writing::People(_)) => out.push_str(if *flag { "yes" } else { "no" }),
        (Cell::Flag(flag), Writing::Machines(_)) => push_shown(flag, out),
        (Cell::Time(at), Writing::People(zone)) => out.push_str(&local_time(*at, zone)),
        (Cell::Time(at), Writing::Machines(_)) => push_time(*at, out),
        (Cell::List(texts), Writing::People(_)) => joined(texts, ", ", out, |text, out| {
            out.push_str(&sanitize(text, reader));
        }),
        // A `;` of an item is escaped, so that the list can be taken apart again.
        (Cell::List(texts), Writing::Machines(_)) => joined(texts, ";", out, |text, out| {
            out.push_str(&sanitize(text, reader).replace(';', "\\u{3b}"));
        }),
        (Cell::Hidden, _) => out.push_str(HIDDEN),
        (Cell::Record(fields), Writing::People(_)) => {
            joined(fields, "; ", out, |(name, cell), out| {
                out.push_str(name);
                out.push_str(": ");
                push_text(cell, writing, out);
            });
        }
        (Cell::Items(items), Writing::People(_)) => {
            joined(items, ", ", out, |item, out| push_text(item, writing, out));
        }
        (Cell::Record(_) | Cell::Items(_), Writing::Machines(_)) => {
            json(cell, &mut Json::new(out));
        }
    }
}

fn joined<T>(items: &[T], between: &str, out: &mut String, one: impl Fn(&T, &mut String)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        one(item, out);
    }
}

fn push_shown(shown: impl std::fmt::Display, out: &mut String) {
    use std::fmt::Write as _;
    // Writing into a String does not fail.
    let _ = write!(out, "{shown}");
}

/// RFC 3339 in UTC.
fn push_time(at: Moment, out: &mut String) {
    // Writing into a String does not fail.
    let _ = at.print(out);
}

/// What a cell holds as a text that is used, not shown: nothing in it is escaped.
pub fn raw(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::List(texts) => texts.join(","),
        Cell::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        cell => text(cell, Writing::Machines(Reader::Program)),
    }
}

/// What stands for a secret.
pub(super) const HIDDEN: &str = "<hidden>";

/// A moment as people read it: local time with its zone. A local time outside the years of a [`Moment`] is cut to them.
pub(super) fn local_time(at: Moment, zone: &TimeZone) -> String {
    let here = zone.to_offset_info(at.timestamp());
    let local = at
        .civil()
        .saturating_add(SignedDuration::from_secs(here.offset().seconds().into()))
        .clamp(Moment::MIN.civil(), Moment::MAX.civil());
    format!(
        "{} {}",
        local.strftime("%Y-%m-%d %H:%M:%S"),
        here.abbreviation()
    )
}

/// A whole number with a comma before every third digit from the right.
pub fn grouped(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    if number < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 user`, `412 users`, `1,200 entries`.
pub fn counted(count: u64, noun: &str) -> String {
    let number = grouped(count);
    if count == 1 {
        format!("{number} {noun}")
    } else {
        format!("{number} {}", plural(noun))
    }
}

/// `1 user is`, `412 users are`.
pub fn are(count: u64, noun: &str) -> String {
    format!("{} {}", counted(count, noun), agree(count, "is", "are"))
}

/// What goes with one of something, or with any other count: `has` or `have`.
pub const fn agree(count: u64, one: &'static str, several: &'static str) -> &'static str {
    if count == 1 { one } else { several }
}

/// A span as people say it: days from two on, else hours, else that it is less than one.
pub fn spoken(span: Duration) -> String {
    match span.as_secs() / 3600 {
        0 => "less than an hour".to_owned(),
        hours @ 1..48 => counted(hours, "hour"),
        hours => counted(hours / 24, "day"),
    }
}

/// The regular English plural.
fn plural(noun: &str) -> String {
    let vowel_before_y = noun.ends_with("ay") || noun.ends_with("ey") || noun.ends_with("oy");
    match noun.strip_suffix('y') {
        Some(stem) if !vowel_before_y => format!("{stem}ies"),
        _ if ["s", "x", "ch", "sh"].iter().any(|end| noun.ends_with(end)) => format!("{noun}es"),
        _ => format!("{noun}s"),
    }
}

/// Appends the cell as JSON.
fn json(cell: &Cell, json: &mut Json<&mut String>) {
    match cell {
        Cell::Absent => json.null(),
        Cell::Text(text) => json_text(text, json),
        Cell::Number(number) => json.number(*number),
        Cell::Id(number) => json.number(*number),
        Cell::Flag(flag) => json.boolean(*flag),
        Cell::Time(at) => json.time(*at),
        Cell::Hidden => json_text(HIDDEN, json),
        Cell::List(texts) => json_list(texts, json, |text, json| json_text(text, json)),
        Cell::Items(items) => json_list(items, json, self::json),
        Cell::Record(fields) => members(fields.iter().map(|(name, cell)| (*name, cell)), json),
    }
}

fn json_list<T>(
    items: &[T],
    json: &mut Json<&mut String>,
    one: impl Fn(&T, &mut Json<&mut String>),
) {
    json.open_array();
    items.iter().for_each(|item| one(item, json));
    json.close_array();
}

fn members<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a Cell)>,
    json: &mut Json<&mut String>,
) {
    json.open_object();
    for (name, cell) in fields {
        json.key(name);
        self::json(cell, json);
    }
    json.close_object();
}

/// Appends an object. The names are our own and need no escapes.
pub(super) fn json_object<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a Cell)>,
    out: &mut String,
) {
    members(fields, &mut Json::new(out));
}

/// A JSON string. What [`sanitize`] would neutralise for a terminal is escaped in JSON's own way, so that a program
/// gets the text exactly and a terminal nothing but visible characters.
fn json_text(text: &str, json: &mut Json<&mut String>) {
    json.string_without(text, |c| is_neutralised(c, Reader::Terminal));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (-1000, "-1,000"),
            (-100, "-100"),
            (1_234_567, "1,234,567"),
            (i64::MIN, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn counts_agree_with_their_noun() {
        for (count, noun, shown) in [
            (0, "user", "0 users"),
            (1, "user", "1 user"),
            (2, "alias", "2 aliases"),
            (3, "entry", "3 entries"),
            (4, "key", "4 keys"),
            (1200, "audit entry", "1,200 audit entries"),
        ] {
            assert_eq!(counted(count, noun), shown);
        }
    }

    #[test]
    fn json_text_is_exact_and_visible() {
        let hostile = "a\"\\\n\u{1b}\u{9b}\u{202e}\u{e0041}é\u{7f}";
        let mut out = String::new();
        json_text(hostile, &mut Json::new(&mut out));
        assert_eq!(
            out,
            "\"a\\\"\\\\\\n\\u001b\\u009b\\u202e\\udb40\\udc41é\\u007f\""
        );
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), hostile);
    }

    #[test]
    fn lists_can_be_taken_apart_again() {
        let cell = Cell::List(vec!["a;b".into(), "c".into()]);
        assert_eq!(
            text(&cell, Writing::Machines(Reader::Program)),
            "a\\u{3b}b;c"
        );
        assert_eq!(text(&cell, Writing::People(&TimeZone::UTC)), "a;b, c");
    }

    #[test]
    fn b3_people_see_blanks_at_the_ends_of_a_name() {
        let people = Writing::People(&TimeZone::UTC);
        for (name, shown) in [
            ("eve ", "eve\\u{20}"),
            ("\u{3000}eve\u{a0}", "\\u{3000}eve\\u{a0}"),
            (" ", "\\u{20}"),
            ("a b", "a b"),
            ("", ""),
        ] {
            assert_eq!(text(&Cell::from(name), people), shown);
        }
    }

    #[test]
    fn time_is_local_for_people_and_rfc_3339_for_machines() {
        let cell = Cell::Time("2026-07-01T10:00:00Z".parse().unwrap());
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(
            text(&cell, Writing::People(&zone)),
            "2026-07-01 12:00:00 CEST"
        );
        assert_eq!(
            text(&cell, Writing::Machines(Reader::Terminal)),
            "2026-07-01T10:00:00Z"
        );
    }

    #[test]
    fn c1_local_times_stay_within_the_years_1_to_9999() {
        let shown = |at: &str, offset: i8| {
            let zone = jiff::tz::offset(offset).to_time_zone();
            let cell = Cell::Time(at.parse().unwrap());
            text(&cell, Writing::People(&zone))[..19].to_owned()
        };
        for (at, offset, local) in [
            ("9999-12-31T23:59:59Z", 0, "9999-12-31 23:59:59"),
            ("9999-12-31T23:59:59Z", 14, "9999-12-31 23:59:59"),
            ("9999-12-31T23:59:59Z", -5, "9999-12-31 18:59:59"),
            ("9999-12-31T10:00:00Z", 2, "9999-12-31 12:00:00"),
            ("9999-12-30T23:30:00Z", 1, "9999-12-31 00:30:00"),
            ("0001-01-01T00:00:00Z", -5, "0001-01-01 00:00:00"),
            ("0001-01-01T00:00:00Z", 1, "0001-01-01 01:00:00"),
        ] {
            assert_eq!(shown(at, offset), local, "{at} {offset}");
        }
        let never = Cell::Time(Moment::MAX);
        assert_eq!(
            text(&never, Writing::Machines(Reader::Terminal)),
            "9999-12-31T23:59:59Z"
        );
    }

    #[test]
    fn spans_are_said_in_words() {
        for (seconds, words) in [
            (0, "less than an hour"),
            (3599, "less than an hour"),
            (3600, "1 hour"),
            (47 * 3600, "47 hours"),
            (2 * 86_400, "2 days"),
            (1000 * 86_400, "1,000 days"),
        ] {
            assert_eq!(spoken(Duration::from_secs(seconds)), words);
        }
    }
}
