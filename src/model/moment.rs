//! The dates of records: from the year 1 to the end of the year 9999, which is how many systems write "never".
//!
//! jiff's own timestamp ends a day earlier, so that it has a local time in every zone.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{self, DateTime};
use jiff::fmt::temporal::{DateTimePrinter, Pieces};
use jiff::{SignedDuration, Timestamp};

/// A moment that a record names: microseconds since 1970 in UTC, shown as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

/// Why a text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// It is none in form, or a day or hour that does not exist.
    #[error("is not a date and time")]
    Form,
    /// Its year is none of 1 to 9999.
    #[error("is not between the years 1 and 9999")]
    Range,
}

impl NoMoment {
    /// How to write it.
    pub fn hint(self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Form => "write RFC 3339 with a zone, such as 2026-01-02T03:04:05Z",
            Self::Range => "write a date from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
        };
        Some(hint.into())
    }
}

const EPOCH: DateTime = civil::date(1970, 1, 1).at(0, 0, 0, 0);

impl Moment {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(253_402_300_799_000_000);

    /// The moment so many microseconds after 1970, if there is one.
    pub fn from_microsecond(micros: i64) -> Option<Self> {
        let moment = Self(micros);
        (Self::MIN..=Self::MAX).contains(&moment).then_some(moment)
    }

    /// The moment so many microseconds after 1970, cut to the ends of the range.
    pub fn nearest(micros: i64) -> Self {
        Self(micros).clamp(Self::MIN, Self::MAX)
    }

    /// The microseconds since 1970.
    pub const fn as_microsecond(self) -> i64 {
        self.0
    }

    /// A date and time that is ahead of UTC by so many seconds. What leaves the range is cut to its end.
    ///
    /// # Errors
    /// [`NoMoment::Range`] where the date itself is outside.
    pub fn of_civil(at: DateTime, ahead: i32) -> Result<Self, NoMoment> {
        if !(1..=9999).contains(&at.year()) {
            return Err(NoMoment::Range);
        }
        let micros = at.duration_since(EPOCH).as_micros() - i128::from(ahead) * 1_000_000;
        Ok(Self::nearest(i64::try_from(micros).unwrap_or(i64::MAX)))
    }

    /// Date and time in UTC.
    pub fn civil(self) -> DateTime {
        EPOCH.saturating_add(SignedDuration::from_micros(self.0))
    }

    /// The moment that jiff can place in a time zone: this one, or the last one that it can.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::MAX)
    }

    /// Writes RFC 3339 in UTC.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn print(self, mut out: impl jiff::fmt::Write) -> Result<(), jiff::Error> {
        const PRINTER: DateTimePrinter = DateTimePrinter::new();
        match Timestamp::from_microsecond(self.0) {
            Ok(at) => PRINTER.print_timestamp(&at, out),
            Err(_) => {
                PRINTER.print_datetime(&self.civil(), &mut out)?;
                out.write_str("Z")
            }
        }
    }
}

/// What a clock says, to the microsecond.
impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self::nearest(at.as_microsecond())
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    /// RFC 3339, to the microsecond. An offset that leaves the range is cut to its end.
    fn from_str(text: &str) -> Result<Self, NoMoment> {
        // jiff would also take a zone in brackets and a comma in the seconds.
        if text.bytes().any(|byte| matches!(byte, b'[' | b',')) {
            return Err(NoMoment::Form);
        }
        let at = text.parse().ok();
        at.and_then(|at: Timestamp| Self::from_microsecond(at.as_microsecond()))
            .map_or_else(|| at_an_end(text), Ok)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(jiff::fmt::StdFmtWrite(f))
            .map_err(|_| fmt::Error)
    }
}

/// The moment that jiff's own timestamp does not hold.
fn at_an_end(text: &str) -> Result<Moment, NoMoment> {
    if has_other_year(text) {
        return Err(NoMoment::Range);
    }
    let pieces = Pieces::parse(text).map_err(|_| NoMoment::Form)?;
    match (pieces.time(), pieces.to_numeric_offset()) {
        (Some(time), Some(offset)) => {
            Moment::of_civil(pieces.date().to_datetime(time), offset.seconds())
        }
        _ => Err(NoMoment::Form),
    }
}

/// Whether a text begins with a year, in digits and a `-`, that is none of 1 to 9999.
fn has_other_year(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some((year, _)) = unsigned.split_once('-') else {
        return false;
    };
    let is_year = year.len() >= 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    is_year && (text.starts_with('-') || !matches!(year.parse(), Ok(1..=9999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, NoMoment> {
        text.parse::<Moment>().map(|at| at.to_string())
    }

    #[test]
    fn c1_the_last_moment_of_the_year_9999_is_one() {
        for (text, expected) in [
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
            ("9999-12-31T00:00:00Z", "9999-12-31T00:00:00Z"),
            ("9999-12-30T22:00:00.5Z", "9999-12-30T22:00:00.5Z"),
            ("9999-12-31T08:09:10.123456Z", "9999-12-31T08:09:10.123456Z"),
            ("9999-12-31T23:59:59+01:00", "9999-12-31T22:59:59Z"),
            ("9999-12-31t23:59:58z", "9999-12-31T23:59:58Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00-11:30", "0001-01-01T11:30:00Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn c1_what_passes_the_end_of_the_range_is_cut_to_it() {
        for text in [
            "9999-12-31T23:59:59-14:00",
            "9999-12-31T18:00:00-06:00",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:60Z",
        ] {
            assert_eq!(text.parse(), Ok(Moment::MAX), "{text}");
        }
        for text in ["0001-01-01T00:00:00+14:00", "0001-01-01T00:59:59+01:00"] {
            assert_eq!(text.parse(), Ok(Moment::MIN), "{text}");
        }
        assert_eq!(Moment::from(Timestamp::MIN), Moment::MIN);
        assert_eq!(
            Moment::from(Timestamp::MAX).to_string(),
            "9999-12-30T22:00:00.999999Z"
        );
    }

    #[test]
    fn c1_other_years_and_other_forms_have_messages_of_their_own() {
        for text in [
            "0000-12-31T10:00:00Z",
            "0000-01-01T00:00:00+14:00",
            "-0001-06-01T00:00:00Z",
            "-000001-06-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "+010000-01-01T00:00:00Z",
            "12026-01-02T03:04:05Z",
        ] {
            assert_eq!(read(text), Err(NoMoment::Range), "{text}");
        }
        for text in [
            "",
            "soon",
            "9999-12-31",
            "9999-12-31T23:59:59",
            "9999-12-31T24:00:00Z",
            "9999-12-32T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-01-02T03:04:05Z[UTC]",
            "2026-01-02T03:04:05,5Z",
            "99991231T235959",
        ] {
            assert_eq!(read(text), Err(NoMoment::Form), "{text}");
        }
    }

    #[test]
    fn a_moment_is_its_microseconds() {
        for end in [Moment::MIN, Moment::MAX] {
            let micros = end.as_microsecond();
            assert_eq!(Moment::from_microsecond(micros), Some(end));
            assert_eq!(end.to_string().parse(), Ok(end));
            assert_eq!(Moment::of_civil(end.civil(), 0), Ok(end));
        }
        for outside in [Moment::MIN.0 - 1, Moment::MAX.0 + 1, i64::MIN, i64::MAX] {
            assert_eq!(Moment::from_microsecond(outside), None);
        }
        assert_eq!(Moment::MAX.timestamp(), Timestamp::MAX);
        assert_eq!(Moment::MIN.timestamp().to_string(), Moment::MIN.to_string());
    }
}
