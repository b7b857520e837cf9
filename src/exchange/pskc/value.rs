//! Values of a PSKC file: secrets, whole numbers in their many spellings, dates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use zeroize::Zeroizing;

use crate::exchange::number::{is_decimal, misfit};
use crate::exchange::secret::{self, SecretFault};
use crate::model::{Moment, NoMoment, SecretBytes};

/// A secret in base64, in which files may hold blanks and line breaks.
pub(super) fn secret(text: &str) -> Result<SecretBytes, String> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    secret::base64(&packed).map_err(|fault| match fault {
        SecretFault::Empty => "the secret is empty".to_owned(),
        SecretFault::Base64(Some(at)) => {
            format!(
                "the secret is not base64 at character {} (blanks not counted)",
                at + 1
            )
        }
        _ => "the secret is not base64: length or padding is wrong".to_owned(),
    })
}

/// Why a text is no whole number, or none that fits.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoInteger {
    /// It is none.
    Form,
    /// It is beyond what is kept.
    Size(String),
}

impl NoInteger {
    /// What to do.
    pub(super) const fn hint(&self) -> &'static str {
        match self {
            Self::Form => "write digits, or base64 of eight octets",
            Self::Size(_) => "correct the value, or get the file again",
        }
    }

    /// The message about the value called `name`.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::Form => format!("'{name}' is not a whole number"),
            Self::Size(number) => {
                let range = i64::MIN.into()..=i64::MAX.into();
                format!("'{name}' is {}", misfit(&number, &range))
            }
        }
    }
}

/// A whole number, as digits or as base64 of its octets, and whether its spelling is unusual enough for a notice.
///
/// Eight or four octets are big-endian, as the RFC has it for encrypted numbers; one is binary; others are ASCII digits
/// where they all are, and else the octets of the number, of which the first may be zero.
pub(super) fn integer(text: &str) -> Result<(i64, bool), NoInteger> {
    if is_decimal(text.strip_prefix(['-', '+']).unwrap_or(text)) {
        return Ok((decimal(text)?, false));
    }
    let packed: String = text.split_ascii_whitespace().collect();
    let octets = STANDARD.decode(packed).map_err(|_| NoInteger::Form)?;
    match octets.len() {
        0 => Err(NoInteger::Form),
        1 | 4 | 8 => Ok((big_endian(&octets)?, false)),
        _ => match std::str::from_utf8(&octets) {
            Ok(digits) if is_decimal(digits) => Ok((decimal(digits)?, true)),
            _ => Ok((big_endian(&octets)?, true)),
        },
    }
}

fn decimal(text: &str) -> Result<i64, NoInteger> {
    text.parse().map_err(|_| NoInteger::Size(text.to_owned()))
}

fn big_endian(octets: &[u8]) -> Result<i64, NoInteger> {
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let significant = octets.get(zeros..).unwrap_or_default();
    // A longer one is not a number in any file.
    if significant.len() > 16 {
        return Err(NoInteger::Form);
    }
    let number = significant
        .iter()
        .fold(0_u128, |sum, octet| sum << 8 | u128::from(*octet));
    i64::try_from(number).map_err(|_| NoInteger::Size(number.to_string()))
}

/// A date, and whether its month and day had to be guessed.
///
/// `xs:dateTime` or `xs:date`, with or without a zone (then it is UTC), or the drafts' month/day/year.
pub(super) fn date(text: &str) -> Result<(Moment, bool), NoMoment> {
    match text.parse() {
        Ok(moment) => return Ok((moment, false)),
        Err(NoMoment::Range) => return Err(NoMoment::Range),
        Err(NoMoment::Form) => {}
    }
    if let Some((day, zone)) = text.split_at_checked("2026-01-31".len())
        && zone.starts_with(['Z', '+', '-'])
    {
        return Ok((format!("{day}T00:00:00{zone}").parse()?, false));
    }
    let (civil, guessed) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [first, second, year] => of_the_drafts(first, second, year)?,
        _ => (without_zone(text).ok_or(NoMoment::Form)?, false),
    };
    Ok((Moment::of_civil(civil, 0)?, guessed))
}

fn of_the_drafts(first: &str, second: &str, year: &str) -> Result<(DateTime, bool), NoMoment> {
    // A year of two digits would be one of the first century.
    if year.len() < 4 {
        return Err(NoMoment::Form);
    }
    let number = |text: &str| match is_decimal(text) {
        true => text.parse().map_err(|_| NoMoment::Form),
        false => Err(NoMoment::Form),
    };
    let (first, second, year): (i32, i32, i32) = (number(first)?, number(second)?, number(year)?);
    if !(1..=9999).contains(&year) {
        return Err(NoMoment::Range);
    }
    let (month, day) = if first > 12 {
        (second, first)
    } else {
        (first, second)
    };
    let date = || {
        let (year, month, day) = (year.try_into(), month.try_into(), day.try_into());
        Date::new(year.ok()?, month.ok()?, day.ok()?).ok()
    };
    let date = date().ok_or(NoMoment::Form)?;
    let guessed = first <= 12 && second <= 12 && first != second;
    Ok((date.at(0, 0, 0, 0), guessed))
}

fn without_zone(text: &str) -> Option<DateTime> {
    let pieces = Pieces::parse(text).ok()?;
    let zoned = pieces.offset().is_some() || pieces.time_zone_annotation().is_some();
    let time = pieces.time().unwrap_or_else(Time::midnight);
    (!zoned).then(|| pieces.date().to_datetime(time))
}

/// `xs:boolean`.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn whole_numbers_come_in_many_spellings() {
        for (text, number, unusual) in [
            ("0", 0, false),
            ("831791", 831_791, false),
            ("-3", -3, false),
            ("AAAAAAAAAAw=", 12, false),
            ("AAYxSg==", 405_834, false),
            ("NzA5Nzkx", 709_791, true),
            ("AQ==", 1, false),
            ("MQ==", 49, false),
            ("AAAA\n AAAx8EYD", 837_830_147, true),
            ("BjFK", 405_834, true),
            ("9223372036854775807", i64::MAX, false),
            ("f/////////8=", i64::MAX, false),
        ] {
            assert_eq!(integer(text), Ok((number, unusual)), "{text}");
        }
        for bad in ["", "x", "12 3", "1.5", "-", "lots!", &"QUJD".repeat(8)] {
            assert_eq!(integer(bad), Err(NoInteger::Form), "{bad}");
        }
    }

    #[test]
    fn c1_numbers_that_are_too_large_are_refused_as_that() {
        for (text, number) in [
            ("9223372036854775808", "9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            (
                "340282366920938463463374607431768211456",
                "340282366920938463463374607431768211456",
            ),
            ("//////////8=", "18446744073709551615"),
            ("gAAAAAAAAAA=", "9223372036854775808"),
            ("AP//////////", "18446744073709551615"),
            ("AQAAAAAAAAAA", "18446744073709551616"),
            ("MTg0NDY3NDQwNzM3MDk1NTE2MTY=", "18446744073709551616"),
        ] {
            let said = integer(text).unwrap_err().of("counter");
            assert_eq!(
                said,
                format!("'counter' is too large: {number}; the largest is 9223372036854775807"),
                "{text}"
            );
        }
        assert_eq!(
            integer("-9223372036854775809").unwrap_err().of("timedrift"),
            "'timedrift' is too small: -9223372036854775809; the smallest is -9223372036854775808"
        );
    }

    #[test]
    fn dates_come_in_many_spellings() {
        for (text, expected, guessed) in [
            ("2006-05-31T00:00:00Z", "2006-05-31T00:00:00Z", false),
            ("2006-05-31T00:00:00+02:00", "2006-05-30T22:00:00Z", false),
            ("2006-05-31T01:02:03", "2006-05-31T01:02:03Z", false),
            ("2006-05-31", "2006-05-31T00:00:00Z", false),
            ("01/01/2008", "2008-01-01T00:00:00Z", false),
            ("12/31/2008", "2008-12-31T00:00:00Z", false),
            ("31/12/2008", "2008-12-31T00:00:00Z", false),
            ("02/03/2008", "2008-02-03T00:00:00Z", true),
            ("31/12/9999", "9999-12-31T00:00:00Z", false),
            ("9999-12-31", "9999-12-31T00:00:00Z", false),
            ("9999-12-31T23:59:59", "9999-12-31T23:59:59Z", false),
            ("9999-12-31Z", "9999-12-31T00:00:00Z", false),
            ("2006-05-31+02:00", "2006-05-30T22:00:00Z", false),
            ("9999-12-31-14:00", "9999-12-31T14:00:00Z", false),
            ("9999-12-31T20:00:00-08:00", "9999-12-31T23:59:59Z", false),
        ] {
            assert_eq!(
                date(text),
                Ok((expected.parse().unwrap(), guessed)),
                "{text}"
            );
        }
        for bad in [
            "",
            "soon",
            "13/13/2008",
            "2006-13-01",
            "1/2",
            "12/31/99",
            "1/1/0",
            "+1/+2/2030",
            "2006-05-31z",
            "2006-02-30Z",
            "2006-05-31+",
            "2006-05-31T00:00:00+02:00[Europe/Berlin]",
            "2006-05-31T00:00:00,5+02:00",
        ] {
            assert_eq!(date(bad), Err(NoMoment::Form), "{bad}");
        }
        for other in [
            "31/12/10000",
            "1/1/0000",
            "0000-05-31",
            "0000-05-31Z",
            "10000-01-01T00:00:00Z",
        ] {
            assert_eq!(date(other), Err(NoMoment::Range), "{other}");
        }
    }

    #[test]
    fn secrets_may_be_broken_into_lines_and_never_stand_in_a_message() {
        assert_eq!(secret(" MTIz\n\t NA== ").unwrap().expose_secret(), b"1234");
        for bad in ["", "MTIzNA", "MTI*NA==", "c3VwZXJzZWNyZXQ"] {
            let said = secret(bad).unwrap_err();
            assert!(bad.is_empty() || !said.contains(&bad[..3]), "{said}");
        }
        assert!(secret("MT I*").unwrap_err().contains("at character 4"));
    }
}
