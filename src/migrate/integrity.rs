//! Checks the vault: every sealed field on all cores, and the ledger against the bundles' files.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::bundle_file::is_like;
use super::error::Result;
use super::{open_password, pipeline};
use crate::ambient::{CancelToken, Progress, Unit};
use crate::files::{Destination, FileError};
use crate::store::{Class, Connection, Keys};
use crate::vault;
use crate::vault::check::{self, Batch, Finding, Subject};
use crate::vault::ledger::{self, Bundle, State};

pub struct Work<'a> {
    pub keys: &'a Arc<Keys>,
    pub progress: &'a dyn Progress,
    pub cancel: &'a CancelToken,
}

/// Opens every sealed field but the passwords of bundles, and counts them; `found` gets what does not open and what
/// cannot be read.
pub fn fields(db: &mut Connection, work: &Work<'_>, found: &mut dyn FnMut(Finding)) -> Result<u64> {
    let total = check::rows(db).ok();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cancel = work.cancel;
    let (mut rows, mut fields) = (0, 0);
    work.progress.begin("opening", Unit::Items, total);
    let outcome = pipeline::run(
        cores.min(8),
        move |push| Ok(check::read(db, cancel, push)?),
        || Ok(()),
        |(), batch: Batch| Ok(batch.open(work.keys)),
        |opened| {
            cancel.check()?;
            rows += opened.rows;
            fields += opened.fields;
            opened.found.into_iter().for_each(&mut *found);
            work.progress.at(rows);
            Ok(())
        },
    );
    work.progress.end();
    outcome.map(|()| fields)
}

/// How far bundles are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Whether their files are there and of the right size.
    Size,
    /// That, what is in the files, and their passwords.
    Content,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Bundles of the ledger.
    pub bundles: u64,
    /// Passwords of bundles.
    pub fields: u64,
}

/// Compares the ledger with the bundles' files. `now` is a second connection, outside the snapshot of `db`: another
/// session may put a new bundle in the place of one meanwhile.
pub fn bundles(
    db: &Connection,
    now: &Connection,
    depth: Depth,
    work: &Work<'_>,
    found: &mut dyn FnMut(Finding),
) -> Result<Seen> {
    let (mut seen, mut bytes) = (Seen::default(), 0);
    work.progress.begin("reading bundles", Unit::Bytes, None);
    let outcome = ledger::each(db, |number, read| {
        work.cancel.check()?;
        seen.bundles += 1;
        let (bundle, password) = match read {
            Ok(read) => read,
            Err(error) => {
                found(Finding::value(format!("bundle {number}"), error)?);
                return Ok(());
            }
        };
        if depth == Depth::Content {
            match open_password(&password, work.keys, number) {
                Ok(password) => seen.fields += u64::from(password.is_some()),
                Err(error) if error.class() == Class::Integrity => {
                    seen.fields += 1;
                    found(Finding::field(error));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if matches!(bundle.state, State::Done | State::Forgotten)
            && let Some(finding) = file(&bundle, depth, work, &mut bytes)?
        {
            let is_still = |now: Bundle| now.state == bundle.state;
            if ledger::get(now, number)?.is_some_and(is_still) {
                found(finding);
            }
        }
        Ok(())
    });
    work.progress.end();
    outcome?;
    Ok(seen)
}

/// What is wrong with the file of a bundle that was finished.
fn file(
    bundle: &Bundle,
    depth: Depth,
    work: &Work<'_>,
    bytes: &mut u64,
) -> vault::Result<Option<Finding>> {
    let finding = |subject, what: String| {
        let place = format!("bundle {}, {}", bundle.number, bundle.path);
        Some(Finding::new(subject, place, what))
    };
    let (Some(size), Some(sha256)) = (bundle.size, &bundle.sha256) else {
        let what = "the ledger has no size and hash of its file";
        return Ok(finding(Subject::Value, what.to_owned()));
    };
    let sha256 = (depth == Depth::Content).then_some(sha256.as_str());
    let alike = Destination::new(Path::new(&bundle.path)).and_then(|destination| {
        is_like(&destination, size, sha256, &mut |read| {
            *bytes += read;
            work.progress.at(*bytes);
            // Ends the read; the token is checked again below.
            work.cancel.check().map_err(io::Error::other)
        })
    });
    work.cancel.check()?;
    Ok(match alike {
        Ok(Some(true)) => None,
        Ok(Some(false)) => finding(
            Subject::Bundle,
            "its file has another size or content than the exported one".to_owned(),
        ),
        Ok(None) => finding(Subject::Remark, "its file is missing".to_owned()),
        Err(FileError::Folder { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            finding(Subject::Remark, "its file is missing".to_owned())
        }
        Err(error) => finding(Subject::Remark, format!("its file cannot be read: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::Silent;
    use crate::migrate::testing::House;
    use crate::vault::testing::{card, group, record, unassigned_card, user};

    fn house() -> House {
        House::new([
            group("g"),
            record(user("g", "a")),
            record(user("g", "b")),
            unassigned_card("g", card(9)),
        ])
    }

    fn checked(house: &House, depth: Depth) -> (u64, Seen, Vec<String>) {
        let work = Work {
            keys: &house.keys,
            progress: &Silent,
            cancel: &house.cancel,
        };
        let mut db = check::connection(&house.vault).unwrap();
        let mut lines = Vec::new();
        let mut found = |finding: Finding| {
            let Finding {
                subject,
                place,
                what,
            } = finding;
            lines.push(format!("{subject}: {place}: {what}"));
        };
        let fields = fields(&mut db, &work, &mut found).unwrap();
        let now = house.vault.file().connection();
        let seen = bundles(&db, now, depth, &work, &mut found).unwrap();
        (fields, seen, lines)
    }

    #[test]
    fn fields_are_opened_on_all_cores() {
        let house = house();
        assert_eq!(
            checked(&house, Depth::Content),
            (13, Seen::default(), Vec::new())
        );
        let db = house.vault.file().connection();
        db.execute("UPDATE cards SET cells = zeroblob(60)", [])
            .unwrap();
        let (fields, _, lines) = checked(&house, Depth::Content);
        assert_eq!((fields, lines.len()), (13, 3), "{lines:?}");
    }
}
