//! The bundle that is being written, with its row in the ledger: the commit protocol (igsh-vault(5), BUNDLES).
//!
//! A: the row is `open`, with the sealed password, before the first byte. B: the file is written whole and flushed, the
//! row is `sealed`. C: the file has its name, the row is `done`. So no finished name exists without its password, and
//! whatever was interrupted can be settled from the row (`settle`).

use std::fs::File;
use std::io::BufWriter;

use crate::store::Connection;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::numbered;
use super::worker::Done;
use super::{Exported, Request, Work};
use crate::ambient::Randomness;
use crate::bundle::{self, Account, Meta, Summary, Writer};
use crate::crypto::BundlePassword;
use crate::crypto::kdf::Cost;
use crate::files::{Destination, Part};
use crate::migrate::error::{Error, Result};
use crate::migrate::mapping::LeftOut;
use crate::migrate::report::Report;
use crate::model::bundle::Counts;
use crate::store::audit::{self, Anchor, Draft, Outcome, codes};
use crate::store::state::{self, Amended};
use crate::store::{self, Column};
use crate::vault::ledger::{self, Opening, Sealing};
use crate::vault::{Vault, decisions};

/// What a bundle's key derivation costs (igsh-bundle(5), LAYOUT).
const COST: Cost = Cost {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};
/// So many rows of the ledger are written at a time: a transaction's flush is then a small part of it.
const ROWS: usize = 20_000;
/// Bytes that are handed to the system at a time.
const BUFFER: usize = 1 << 20;

/// A bundle being written.
pub(super) struct Output<'a> {
    vault: &'a mut Vault,
    work: &'a Work<'a>,
    request: &'a Request<'a>,
    id: Uuid,
    /// Its number in the ledger.
    pub(super) number: u64,
    begun: Anchor,
    part: Part,
    /// Taken by step B.
    writer: Option<Writer<BufWriter<File>>>,
    members: Vec<ledger::Member>,
    left_out: Vec<(i64, LeftOut)>,
    /// The owner and the place of the last item left out.
    place: (i64, u64),
}

impl<'a> Output<'a> {
    /// Step A, and the file's header.
    pub(super) fn open(
        vault: &'a mut Vault,
        work: &'a Work<'a>,
        request: &'a Request<'a>,
        destination: Destination,
    ) -> Result<Self> {
        let rng = &*work.ambient.rng;
        let id = new_id(rng)?;
        let text = id.to_string();
        let password = BundlePassword::generate(rng)?;
        let sealed = seal(&password, &text, work);
        let created = work.ambient.clock.now();
        let (number, part, begun) = vault.file_mut().write(work.holder, |tx| -> Result<_> {
            let amended = amend(tx, work)?;
            let number = ledger::next(tx)?;
            let part = renumbered(destination, request, number)?.create(id)?;
            let path = part.path().to_string_lossy().into_owned();
            let opening = Opening {
                number,
                id: &text,
                path: &path,
                overwrite: request.overwrite,
                master: work.master,
                selection: &request.selection.text,
                at: created,
                password: &sealed,
            };
            ledger::open(tx, &opening)?;
            let draft = Draft {
                bundle: Some(number),
                outcome: Outcome::Intent,
                ..request.draft.clone()
            };
            Ok((
                number,
                part,
                append(tx, &draft.object(path), work, amended)?,
            ))
        })?;
        let meta = Meta {
            id,
            created,
            audit: bundle::Anchor {
                seq: begun.seq,
                hash: begun.hash,
            },
            cost: COST,
        };
        let writer = part.output().map_err(Error::from).and_then(|file| {
            let out = BufWriter::with_capacity(BUFFER, file);
            Writer::new(out, &meta, &password, rng).map_err(|error| written(&part, error))
        });
        match writer {
            Ok(writer) => Ok(Self {
                vault,
                work,
                request,
                id,
                number,
                begun,
                part,
                writer: Some(writer),
                members: Vec::new(),
                left_out: Vec::new(),
                place: (i64::MIN, 0),
            }),
            Err(error) => {
                let path = part.path().to_string_lossy().into_owned();
                drop(part);
                give_up(vault, work, request, (number, begun), &path, &error);
                Err(error)
            }
        }
    }

    /// Writes what a worker has made.
    pub(super) fn take(&mut self, done: Done) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            for block in &done.blocks {
                writer
                    .write(block)
                    .map_err(|error| written(&self.part, error))?;
            }
        }
        self.members.extend(done.members);
        self.left_out.extend(done.left_out);
        if self.members.len() + self.left_out.len() >= ROWS {
            self.note()?;
        }
        Ok(())
    }

    /// Writes members and items left out to the ledger.
    fn note(&mut self) -> Result<()> {
        let (number, place) = (self.number, &mut self.place);
        let (members, left_out) = (&self.members, &self.left_out);
        let file = self.vault.file_mut();
        file.write(self.work.holder, |tx| -> Result<()> {
            ledger::add_members(tx, number, members)?;
            let items = left_out.iter().map(|(user, one)| ledger::LeftOut {
                user: *user,
                place: next(place, *user),
                reason: one.reason,
                item: &one.item,
                detail: &one.detail,
                count: one.count,
            });
            Ok(ledger::add_left_out(tx, number, items)?)
        })?;
        self.members.clear();
        self.left_out.clear();
        Ok(())
    }

    /// Steps B and C. After an error nothing stays behind, unless the file already has its name.
    pub(super) fn commit(mut self, report: Report) -> Result<Exported> {
        let done = self.seal(&report).and_then(|summary| {
            self.part.publish(self.id, self.request.overwrite)?;
            Ok(summary)
        });
        match done {
            Ok(summary) => self.finish(report, &summary),
            Err(error) => {
                self.abandon(&error);
                Err(error)
            }
        }
    }

    /// Step B.
    fn seal(&mut self, report: &Report) -> Result<Summary> {
        self.note()?;
        let not_taken: Vec<_> = report.reasons.iter().map(|(r, n)| (*r, *n)).collect();
        let account = Account {
            not_taken: &not_taken,
            selection: &self.request.selection.text,
            by: self.work.master,
        };
        let Some(writer) = self.writer.take() else {
            return Err(store::Error::Internal("a bundle was finished twice").into());
        };
        let (out, summary) = writer
            .finish(account)
            .map_err(|error| written(&self.part, error))?;
        out.into_inner()
            .map_err(|error| self.part.failed(error.into_error()))?;
        self.part.sync()?;
        self.work.cancel.check()?;
        let number = self.number;
        let sealing = Sealing {
            sha256: &audit::hex(&summary.sha256),
            size: summary.size,
            counts: summary.records,
            not_taken: &report.not_taken(),
        };
        let file = self.vault.file_mut();
        let draft = Draft {
            code: &codes::BUNDLE_SEALED,
            bundle: Some(number),
            bundle_id: Some(self.id.to_string()),
            intent: Some(self.begun.seq),
            detail: Some(format!("SHA-256 {}", sealing.sha256)),
            ..self.request.draft.clone()
        };
        let draft = records(
            draft.object(self.part.path().to_string_lossy()),
            summary.records,
        );
        let work = self.work;
        file.write(work.holder, |tx| -> Result<()> {
            let amended = amend(tx, work)?;
            ledger::seal(tx, number, &sealing)?;
            append(tx, &draft, work, amended)?;
            Ok(())
        })?;
        Ok(summary)
    }

    /// Step C. The file has its name, so that nothing is given up any more.
    fn finish(self, report: Report, summary: &Summary) -> Result<Exported> {
        let (work, number, keep) = (self.work, self.number, self.request.keep_phase);
        let path = self.part.path().to_owned();
        let draft = ended(self.request, (number, self.begun), &path.to_string_lossy());
        let draft = counted(draft, summary.records, &report);
        let file = self.vault.file_mut();
        let moved = file
            .write(work.holder, |tx| -> Result<u64> {
                let amended = amend(tx, work)?;
                let moved = ledger::finish(tx, number, work.ambient.clock.now(), keep)?;
                append(tx, &draft, work, amended)?;
                Ok(moved)
            })
            .map_err(|source| Error::Unsettled {
                number,
                source: Box::new(source),
            })?;
        Ok(Exported {
            number,
            id: self.id.to_string(),
            path,
            size: summary.size,
            sha256: audit::hex(&summary.sha256),
            blocks: summary.blocks,
            moved,
            report,
        })
    }

    /// Gives everything up: the file goes, the row keeps why.
    pub(super) fn abandon(self, error: &Error) {
        let path = self.part.path().to_string_lossy().into_owned();
        // The file first: where the disk is full, the vault needs the room.
        drop((self.writer, self.part));
        give_up(
            self.vault,
            self.work,
            self.request,
            (self.number, self.begun),
            &path,
            error,
        );
    }
}

/// The password of a bundle as the ledger keeps it.
fn seal(password: &BundlePassword, id: &str, work: &Work<'_>) -> Vec<u8> {
    let shown = password.display();
    let plain = shown.expose_secret().as_bytes();
    work.keys.seal(Column::BundlePassword, &[id, "1"], plain)
}

/// The destination, under the name of this number where the name is that of a number: another session may have taken
/// the number that the question named.
fn renumbered(destination: Destination, request: &Request<'_>, number: u64) -> Result<Destination> {
    let name = numbered(number);
    if !request.numbered || request.path.ends_with(&name) {
        return Ok(destination);
    }
    let destination = Destination::new(&request.path.with_file_name(name))?;
    destination.check(request.overwrite)?;
    Ok(destination)
}

/// The row of a bundle that was begun keeps why it failed, and the audit says so. What cannot be written now is done
/// by the next login.
fn give_up(
    vault: &mut Vault,
    work: &Work<'_>,
    request: &Request<'_>,
    begun: (u64, Anchor),
    path: &str,
    error: &Error,
) {
    let draft = ended(request, begun, path).failed(error.to_string());
    let _ = vault.file_mut().write(work.holder, |tx| -> Result<()> {
        let amended = amend(tx, work)?;
        ledger::fail(tx, begun.0, &error.to_string(), work.ambient.clock.now())?;
        append(tx, &draft, work, amended)?;
        Ok(())
    });
}

/// The audit's entry of the end of an export.
fn ended(request: &Request<'_>, (number, begun): (u64, Anchor), path: &str) -> Draft {
    Draft {
        code: &codes::EXPORT_ENDED,
        bundle: Some(number),
        intent: Some(begun.seq),
        ..request.draft.clone()
    }
    .object(path)
}

fn counted(draft: Draft, counts: Counts, report: &Report) -> Draft {
    records(draft, counts).count("notTaken", report.reasons.values().sum())
}

fn records(draft: Draft, records: Counts) -> Draft {
    draft
        .count("groups", records.group)
        .count("users", records.user)
        .count("tokens", records.token)
        .count("cards", records.card)
}

/// Proves the ledger, in a transaction that is about to write it.
fn amend(tx: &Connection, work: &Work<'_>) -> Result<Amended> {
    Ok(state::amend(tx, work.keys, &[&decisions::BUNDLES])?)
}

fn append(tx: &Connection, draft: &Draft, work: &Work<'_>, amended: Amended) -> Result<Anchor> {
    let (keys, clock) = (Some(&**work.keys), &*work.ambient.clock);
    Ok(audit::append_with(
        tx,
        draft,
        work.who,
        keys,
        amended.into(),
        clock,
    )?)
}

/// An error of the writer: where it is the file's, the file's own words.
fn written(part: &Part, error: bundle::Error) -> Error {
    match error {
        bundle::Error::Io(source) => part.failed(source).into(),
        error => error.into(),
    }
}

/// The place of the next item of this owner; items of one owner come together.
pub(super) fn next(last: &mut (i64, u64), owner: i64) -> u64 {
    *last = if last.0 == owner {
        (owner, last.1 + 1)
    } else {
        (owner, 0)
    };
    last.1
}

pub(super) fn new_id(rng: &dyn Randomness) -> Result<Uuid> {
    let mut bytes = [0; 16];
    rng.fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
