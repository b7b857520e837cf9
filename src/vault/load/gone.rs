//! How many users a full load may make gone: a file that was cut must not pass for a house that nearly all have left.

use super::report::LoadReport;

/// How many users may be gone after a full load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoneLimit {
    /// So many percent of those who were there; or exactly so many, where a number was given.
    Percent(u64, Option<u64>),
    /// Exactly so many.
    Exactly(u64),
}

/// More users would be gone than the load may make gone, or another number than was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{gone} of {before} users would be gone")]
pub struct TooManyGone {
    /// Users who would be gone.
    pub gone: u64,
    /// Users of the system who were there before.
    pub before: u64,
}

impl GoneLimit {
    /// Whether the load may do what it did. Only a full one makes users gone.
    ///
    /// # Errors
    /// It may not.
    pub fn check(self, report: &LoadReport) -> Result<(), TooManyGone> {
        let (gone, before) = (report.users.gone, report.before);
        let allowed = match self {
            Self::Exactly(count) => gone == count,
            Self::Percent(most, or) => {
                gone.saturating_mul(100) <= most.saturating_mul(before) || or == Some(gone)
            }
        };
        if allowed || !report.full {
            Ok(())
        } else {
            Err(TooManyGone { gone, before })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::load::Tally;

    #[test]
    fn more_than_so_many_percent_are_too_many() {
        use GoneLimit::{Exactly, Percent};
        for (limit, gone, before, allowed) in [
            (Percent(5, None), 50, 1000, true),
            (Percent(5, None), 51, 1000, false),
            (Percent(5, None), 1, 10, false),
            (Percent(5, None), 1, 20, true),
            (Percent(5, None), 0, 0, true),
            (Percent(0, None), 0, 10, true),
            (Percent(0, None), 1, 1_000_000, false),
            (Percent(100, None), 10, 10, true),
            (Percent(100, None), 0, 0, true),
            (Percent(5, Some(931)), 931, 1000, true),
            (Percent(5, Some(931)), 930, 1000, false),
            (Percent(5, Some(931)), 2, 1000, true),
            (Exactly(931), 931, 1000, true),
            (Exactly(931), 930, 1000, false),
            (Exactly(3), 2, 1000, false),
            (Exactly(0), 0, 1000, true),
            (Percent(100, None), u64::MAX, u64::MAX, true),
        ] {
            let mut report = LoadReport {
                full: true,
                before,
                users: Tally {
                    gone,
                    ..Tally::default()
                },
                ..LoadReport::default()
            };
            let said = limit.check(&report);
            assert_eq!(said.is_ok(), allowed, "{limit:?} {gone} of {before}");
            // A delta makes only those gone whose name it gives to another.
            report.full = false;
            assert_eq!(limit.check(&report), Ok(()));
        }
    }
}
