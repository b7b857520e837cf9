//! What a wrong clock may do: a login warns of it, and it neither locks a master for longer than a lock lasts nor
//! one who has not failed.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::Result;

/// The longest that a master waits for the next attempt, in microseconds.
pub(super) const LONGEST: i64 = 15 * 60 * 1_000_000;

/// 2100 in microseconds; no clock is right that is past it.
const LATEST: i64 = 4_102_444_800_000_000;

/// How far clocks go back when they are set right, in microseconds.
const SET_RIGHT: i64 = 1_000_000;

/// Until when a master is locked at `now`, both in microseconds; nothing when a password is taken. A lock that was
/// counted by a clock ahead of today's is shortened to the longest there is.
pub(super) fn locked_until(not_before: i64, now: i64) -> Option<i64> {
    // Zero is no moment: nothing was counted.
    let locked = not_before != 0 && not_before > now;
    locked.then(|| not_before.min(now.saturating_add(LONGEST)))
}

/// The warning about the clock: it is past 2100, or before the newest audit entry.
pub(super) fn doubt(connection: &Connection, now: Timestamp) -> Result<Option<String>> {
    let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let micros = now.as_microsecond();
    if micros >= LATEST {
        return Ok(Some(format!(
            "the clock of this machine says {}, which is past 2100; set it right",
            shown(now)
        )));
    }
    let newest: Option<Option<String>> = connection
        .prepare_cached("SELECT at FROM audit ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    // What cannot be read is found by 'audit verify'.
    let newest = newest.flatten().and_then(|at| at.parse::<Timestamp>().ok());
    Ok(newest
        .filter(|at| at.as_microsecond() > micros.saturating_add(SET_RIGHT))
        .map(|at| {
            format!(
                "the clock of this machine says {}, before the newest audit entry of {}; set it right",
                shown(now),
                shown(at)
            )
        }))
}

#[cfg(test)]
mod tests {
    use super::super::audit::tests::{bare, put};
    use super::super::audit::{Draft, codes};
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn no_clock_locks_for_longer_than_a_quarter_of_an_hour_or_one_who_has_not_failed() {
        let now = at("2026-03-01T10:00:00Z").as_microsecond();
        let ahead = at("9999-12-30T00:00:00Z").as_microsecond();
        let before = at("1969-07-20T20:17:40Z").as_microsecond();
        for (not_before, now, expected) in [
            (0, now, None),
            (0, before, None),
            (now, now, None),
            (now + MINUTE, now, Some(now + MINUTE)),
            (ahead, now, Some(now + 15 * MINUTE)),
            (now, before, Some(before + 15 * MINUTE)),
            (before + MINUTE, before, Some(before + MINUTE)),
            (before + MINUTE, now, None),
            (i64::MAX, ahead, Some(ahead + 15 * MINUTE)),
            (i64::MIN, before, None),
        ] {
            assert_eq!(
                locked_until(not_before, now),
                expected,
                "{not_before} {now}"
            );
        }
    }

    #[test]
    fn a_clock_past_2100_or_before_the_newest_entry_is_a_warning() {
        let connection = bare();
        let doubted = |now: &str| doubt(&connection, at(now)).unwrap().unwrap_or_default();
        assert_eq!(
            doubted("1960-01-01T00:00:00Z"),
            "",
            "nothing to compare with"
        );
        put(&connection, &Draft::new(&codes::LOGIN, "login"), true);
        // The tests' clock stands at 2026-03-01T10:00:00.
        for now in [
            "2026-03-01T10:00:00Z",
            "2026-03-01T09:59:59.5Z",
            "2099-12-31T23:59:59Z",
        ] {
            assert_eq!(doubted(now), "", "{now}");
        }
        for now in ["2026-03-01T09:59:00Z", "1960-01-01T00:00:00Z"] {
            assert!(
                doubted(now).contains("before the newest audit entry of 2026-03-01 10:00:00 UTC")
            );
        }
        for now in ["2100-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
            assert!(doubted(now).contains("past 2100"), "{now}");
        }
        connection
            .execute("UPDATE audit SET body = 'x'", [])
            .unwrap();
        assert_eq!(doubted("1960-01-01T00:00:00Z"), "");
    }
}
