//! Values of a PSKC file: secrets, whole numbers in their many spellings, dates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil;
use jiff::tz::TimeZone;
use zeroize::Zeroizing;

use crate::exchange::secret::{self, SecretFault};
use crate::model::{SecretBytes, Timestamp};

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

/// A whole number, as digits or as base64 of its octets, and whether its spelling is unusual enough to be told.
///
/// Eight or four octets are big-endian, as the RFC has it for encrypted numbers; one is binary; others are ASCII digits
/// where they all are, and else the least octets that hold the number.
pub(super) fn integer(text: &str) -> Option<(i64, bool)> {
    if let Ok(number) = text.parse::<i64>() {
        return Some((number, false));
    }
    let packed: String = text.split_ascii_whitespace().collect();
    let octets = STANDARD.decode(packed).ok()?;
    let digits = octets.iter().all(u8::is_ascii_digit);
    match octets.len() {
        0 => None,
        1 | 4 | 8 => Some((big_endian(&octets)?, false)),
        _ if digits => std::str::from_utf8(&octets)
            .ok()?
            .parse()
            .ok()
            .map(|number| (number, true)),
        2..8 => Some((big_endian(&octets)?, true)),
        _ => None,
    }
}

fn big_endian(octets: &[u8]) -> Option<i64> {
    let number = octets
        .iter()
        .fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    i64::try_from(number).ok()
}

/// A date, and whether its month and day had to be guessed.
///
/// `xs:dateTime` with or without a zone (then it is UTC), a date alone, or the drafts' month/day/year.
pub(super) fn date(text: &str) -> Option<(Timestamp, bool)> {
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some((timestamp, false));
    }
    let (civil, guessed) = match text.split('/').collect::<Vec<_>>().as_slice() {
        [first, second, year] => {
            let (first, second): (i8, i8) = (first.parse().ok()?, second.parse().ok()?);
            let (month, day) = if first > 12 {
                (second, first)
            } else {
                (first, second)
            };
            let date = civil::Date::new(year.parse().ok()?, month, day).ok()?;
            (
                date.to_datetime(civil::Time::midnight()),
                first <= 12 && second <= 12 && first != second,
            )
        }
        _ => (text.parse::<civil::DateTime>().ok()?, false),
    };
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some((zoned.timestamp(), guessed))
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
            ("AAAA\n AAAx8EYD", i64::MIN, false),
            ("BjFK", 405_834, true),
        ] {
            let read = integer(text);
            if number == i64::MIN {
                assert_eq!(read, None, "{text}: nine octets");
            } else {
                assert_eq!(read, Some((number, unusual)), "{text}");
            }
        }
        for bad in ["", "x", "12 3", "//////////8=", "1.5", "QUJDREVGR0hJSg=="] {
            assert_eq!(integer(bad), None, "{bad}");
        }
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
        ] {
            assert_eq!(
                date(text),
                Some((expected.parse().unwrap(), guessed)),
                "{text}"
            );
        }
        for bad in ["", "soon", "13/13/2008", "2006-13-01", "1/2"] {
            assert_eq!(date(bad), None, "{bad}");
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
