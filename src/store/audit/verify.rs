//! Proving the audit: walks the whole chain and finds what was done to it (igsh-vault(5), AUDIT).
//!
//! Three things hold an entry in place: the number in its body, the hash that links it to the one before, and the code
//! under a key that only masters have. Which of them fail distinguishes an edit from an insertion or a deletion. The
//! end of the chain holds nothing: only an anchor kept elsewhere shows that it was cut or that an old file came back.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use rusqlite::{Connection, Rows};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::{Anchor, Claim, EventCode, codes, link, origin};
use crate::store::{Keys, Result};

/// What is wrong with the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Entries were changed; with more than one, at least one of them.
    Edited { from: u64, to: u64 },
    /// Entries are gone.
    Deleted { from: u64, to: u64 },
    /// An entry that no session of a master wrote.
    Inserted {
        /// The number it bears.
        seq: u64,
    },
    /// An entry stands in another's place.
    Reordered {
        /// The number it bears.
        seq: u64,
        place: u64,
    },
    /// The first entry is not that of the making of the file: all there was is gone.
    Beginning,
    /// The audit ends before an anchor.
    Cut {
        /// Its last entry.
        last: u64,
        anchor: Claim,
    },
    /// At an anchor the audit has another entry than it once had.
    RolledBack { anchor: Claim },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { from, to } if from == to => write!(f, "#{from} was edited"),
            Self::Edited { from, to } => write!(f, "one or more of #{from} to #{to} were edited"),
            Self::Deleted { from, to } if from == to => write!(f, "#{from} was deleted"),
            Self::Deleted { from, to } => write!(f, "#{from} to #{to} were deleted"),
            Self::Inserted { seq } => {
                write!(f, "#{seq} was inserted: no master's session wrote it")
            }
            Self::Reordered { seq, place } => {
                write!(
                    f,
                    "the entries were reordered: #{seq} stands in the place of #{place}"
                )
            }
            Self::Beginning => write!(
                f,
                "the audit does not begin with #1 of code {} ({}): all that came before was removed",
                codes::INIT.code,
                codes::INIT.action
            ),
            Self::Cut { last, anchor } => write!(
                f,
                "the audit ends at #{last}, before the anchor {anchor}: its end was cut or an older copy of the file was brought back"
            ),
            Self::RolledBack { anchor } => write!(
                f,
                "at the anchor {anchor} the audit has another entry: an older copy of the file was brought back and written to"
            ),
        }
    }
}

/// An anchor that a login did not find in the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledBack {
    pub anchor: String,
    /// The first login that did not find it.
    pub login: u64,
    /// When that was.
    pub at: String,
    /// Whose login.
    pub master: Option<String>,
    /// The entry by which a master acknowledged it.
    pub acknowledged: Option<u64>,
}

impl fmt::Display for RolledBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let master = self.master.as_deref().unwrap_or("a master");
        write!(
            f,
            "#{}: the login of {master} at {} did not find the anchor {}",
            self.login, self.at, self.anchor
        )?;
        match self.acknowledged {
            Some(seq) => write!(f, ", which #{seq} acknowledged"),
            None => write!(f, ", which no master has acknowledged"),
        }
    }
}

/// What a walk along the chain has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub entries: u64,
    /// The newest one.
    pub last: Anchor,
    /// How many at the end are of no session, such as failed logins, so that nothing confirms them yet.
    pub unconfirmed: u64,
    /// How many findings were reported.
    pub findings: u64,
    /// Anchors that logins did not find, in the order in which they were missed.
    pub rolled_back: Vec<RolledBack>,
}

/// Walks the chain and reports each finding.
///
/// `claims` are anchors that were kept elsewhere.
pub fn verify(
    connection: &Connection,
    keys: &Keys,
    claims: &[Claim],
    found: impl FnMut(&Finding),
) -> Result<Verified> {
    let mut statement =
        connection.prepare("SELECT seq, body, hash, mac FROM audit ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let start = origin(connection)?;
    let mut walk = Walk {
        connection,
        keys,
        claims,
        report: Report {
            found,
            open: None,
            count: 0,
        },
        link: Some(start.hash),
        next: 1,
        owed: Vec::new(),
        confirmed: 0,
        last: start,
        entries: 0,
        misplaced: None,
        rolled_back: Vec::new(),
    };
    walk.compare(&start);
    let mut current = read(&mut rows)?;
    while let Some(stored) = current {
        current = read(&mut rows)?;
        walk.step(&stored, current.as_ref())?;
    }
    Ok(walk.finish())
}

/// What the walk needs of a body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) g: u32,
    pub(super) session: bool,
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    at: String,
    #[serde(default)]
    master: Option<String>,
    #[serde(default)]
    rolled_back: Vec<String>,
}

pub(super) struct Stored {
    pub(super) place: u64,
    pub(super) body: Vec<u8>,
    pub(super) head: Option<Head>,
    pub(super) hash: [u8; 32],
    mac: Option<Vec<u8>>,
}

impl Stored {
    /// The number it bears; one that cannot be read is taken for the number it should bear.
    fn bears(&self, expected: u64) -> u64 {
        self.head.as_ref().map_or(expected, |head| head.seq)
    }
}

pub(super) fn read(rows: &mut Rows<'_>) -> Result<Option<Stored>> {
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let bytes =
        |at| -> Result<Vec<u8>> { Ok(row.get_ref(at)?.as_bytes().unwrap_or_default().to_vec()) };
    let body = bytes(1)?;
    Ok(Some(Stored {
        place: row.get::<_, i64>(0)?.cast_unsigned(),
        head: serde_json::from_slice(&body).ok(),
        body,
        // A hash of another length fits nothing.
        hash: bytes(2)?.try_into().unwrap_or_default(),
        mac: row.get(3)?,
    }))
}

struct Walk<'a, F: FnMut(&Finding)> {
    connection: &'a Connection,
    keys: &'a Keys,
    claims: &'a [Claim],
    report: Report<F>,
    /// The hash before the next entry; unknown after a gap.
    link: Option<[u8; 32]>,
    /// The number that the next entry should bear.
    next: u64,
    /// Numbers that were passed over and stand further on.
    owed: Vec<Range<u64>>,
    /// The newest entry that a valid code confirms.
    confirmed: u64,
    last: Anchor,
    entries: u64,
    /// An entry whose place is not its number, though it is in order.
    misplaced: Option<Finding>,
    rolled_back: Vec<RolledBack>,
}

/// What holds an entry that is looked at alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seal {
    /// A valid code.
    Proven,
    /// No code, as a failed login or a lock has none.
    Excused,
    /// No valid code where one should be.
    Broken,
}

impl<F: FnMut(&Finding)> Walk<'_, F> {
    fn step(&mut self, stored: &Stored, following: Option<&Stored>) -> Result<()> {
        self.entries += 1;
        let bears = stored.bears(self.next);
        let seal = seal(self.keys, stored);
        let linked = self
            .link
            .map(|before| stored.hash == link(&before, &stored.body));
        if following.is_some_and(|entry| entry.head.is_some() && entry.bears(0) == self.next) {
            let genuine = if bears == self.next {
                seal == Seal::Proven && linked != Some(false)
            } else {
                seal != Seal::Broken
            };
            if !genuine {
                self.report.add(Finding::Inserted { seq: bears });
                return Ok(());
            }
        }
        let linked = match bears.cmp(&self.next) {
            Ordering::Less => {
                if !self.owed.iter().any(|owed| owed.contains(&bears)) {
                    self.report.add(Finding::Inserted { seq: bears });
                }
                return Ok(());
            }
            Ordering::Equal => linked,
            Ordering::Greater => {
                self.gap(bears, stored.place)?;
                None
            }
        };
        if stored.place != bears && self.misplaced.is_none() {
            self.misplaced = Some(Finding::Reordered {
                seq: bears,
                place: stored.place,
            });
        }
        self.judge(bears, seal, linked, following.is_none());
        if seal == Seal::Proven {
            self.confirmed = bears;
        }
        if let Some(head) = &stored.head {
            if bears == 1 && head.code != codes::INIT.code {
                self.report.add(Finding::Beginning);
            }
            if seal == Seal::Proven {
                self.look_back(head);
            }
        }
        self.link = Some(stored.hash);
        self.next = bears.saturating_add(1);
        self.last = Anchor {
            seq: bears,
            hash: stored.hash,
        };
        self.compare(&self.last.clone());
        Ok(())
    }

    /// The numbers before this one are missing here.
    fn gap(&mut self, bears: u64, place: u64) -> Result<()> {
        let elsewhere = self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM audit WHERE seq > ?1 AND json_valid(body) AND body ->> '$.seq' = ?2)",
            )?
            .query_row([place.cast_signed(), self.next.cast_signed()], |row| row.get(0))?;
        if elsewhere {
            self.owed.push(self.next..bears);
            self.report.add(Finding::Reordered {
                seq: bears,
                place: self.next,
            });
        } else {
            self.report.add(Finding::Deleted {
                from: self.next,
                to: bears - 1,
            });
        }
        Ok(())
    }

    /// Notes the anchors that a login did not find, and those that a master acknowledged.
    fn look_back(&mut self, head: &Head) {
        for anchor in &head.rolled_back {
            let open = self
                .rolled_back
                .iter_mut()
                .find(|known| known.anchor == *anchor && known.acknowledged.is_none());
            match open {
                Some(known) if head.code == codes::ACKNOWLEDGED.code => {
                    known.acknowledged = Some(head.seq);
                }
                None if head.code == codes::LOGIN.code => self.rolled_back.push(RolledBack {
                    anchor: anchor.clone(),
                    login: head.seq,
                    at: head.at.clone(),
                    master: head.master.clone(),
                    acknowledged: None,
                }),
                _ => {}
            }
        }
    }

    fn judge(&mut self, bears: u64, seal: Seal, linked: Option<bool>, newest: bool) {
        if seal == Seal::Broken {
            // At the end of an otherwise sound chain it is one too many; elsewhere the next entry stands on it.
            let follows_edit = matches!(self.report.open, Some(Finding::Edited { to, .. }) if to.saturating_add(1) == bears);
            self.report
                .add(if newest && linked == Some(true) && !follows_edit {
                    Finding::Inserted { seq: bears }
                } else {
                    Finding::Edited {
                        from: bears,
                        to: bears,
                    }
                });
        } else if linked == Some(false) {
            // Entries that no code confirms yet may be what was changed.
            self.report.add(Finding::Edited {
                from: self.confirmed.saturating_add(1).min(bears),
                to: bears,
            });
        }
    }

    fn compare(&mut self, here: &Anchor) {
        for claim in self.claims.iter().filter(|claim| claim.seq == here.seq) {
            if !claim.fits(&here.hash) {
                self.report.add(Finding::RolledBack {
                    anchor: claim.clone(),
                });
            }
        }
    }

    fn finish(mut self) -> Verified {
        for claim in self.claims.iter().filter(|claim| claim.seq > self.last.seq) {
            self.report.add(Finding::Cut {
                last: self.last.seq,
                anchor: claim.clone(),
            });
        }
        if self.report.count == 0
            && self.report.open.is_none()
            && let Some(finding) = self.misplaced.take()
        {
            self.report.add(finding);
        }
        if self.entries == 0 {
            self.report.add(Finding::Beginning);
        }
        self.report.flush();
        Verified {
            entries: self.entries,
            last: self.last,
            unconfirmed: self.last.seq.saturating_sub(self.confirmed),
            findings: self.report.count,
            rolled_back: self.rolled_back,
        }
    }
}

/// What holds this entry.
pub(super) fn seal(keys: &Keys, stored: &Stored) -> Seal {
    let Some(head) = &stored.head else {
        return Seal::Broken;
    };
    match &stored.mac {
        Some(mac) if head.session => match keys.audit_mac(head.g, &stored.hash) {
            Some(right) if right[..].ct_eq(mac).into() => Seal::Proven,
            _ => Seal::Broken,
        },
        None if !head.session && UNSEALED.iter().any(|code| code.code == head.code) => {
            Seal::Excused
        }
        _ => Seal::Broken,
    }
}

/// Codes of entries that no session writes.
static UNSEALED: &[&EventCode] = &[
    &codes::LOGIN_FAILED,
    &codes::RELOGIN_FAILED,
    &codes::SESSION_LOCKED,
];

/// Joins edits of neighbours, so that a rewritten end is one finding.
struct Report<F: FnMut(&Finding)> {
    found: F,
    open: Option<Finding>,
    count: u64,
}

impl<F: FnMut(&Finding)> Report<F> {
    fn add(&mut self, finding: Finding) {
        if let (Some(Finding::Edited { to, .. }), Finding::Edited { from, to: end }) =
            (&mut self.open, &finding)
            && *from <= to.saturating_add(1)
        {
            *to = *end;
            return;
        }
        self.flush();
        self.open = Some(finding);
    }

    fn flush(&mut self) {
        if let Some(finding) = self.open.take() {
            (self.found)(&finding);
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests;
