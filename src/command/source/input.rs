//! The file of a load, whatever its format: what both `source load` and `source diff` read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ambient::{Progress, Unit};
use crate::command::Failure;
use crate::exchange::{self, ldif, ndjson};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::Complete;
use crate::model::SourceRecord;
use crate::render::{Bar, counted};
use crate::vault::load::BadRecord;

pub(super) const FILE: Key<std::path::PathBuf> = Key::in_file(
    "file",
    "The file to load; .gz and .zst are read as they are",
)
.required();
pub(super) const FORCE: Key<bool> = Key::flag(
    "force",
    "Take renames and moves of users who are exported already",
);
pub(super) const ADD_SYSTEM: Key<bool> =
    Key::flag("add-system", "Take records of another source system too");
pub(super) const GROUP: Key<String> =
    Key::text("group", "ldif: put everybody into this group").complete(Complete::Groups);
pub(super) const GROUP_ATTR: Key<String> =
    Key::text("group-attr", "ldif: the attribute that names the group");
pub(super) const GROUP_FROM: Key<String> =
    Key::choice("group-from", &["ou"], "ldif: the parent OU names the group").default("ou");
pub(super) const USERID_ATTR: Key<String> =
    Key::text("userid-attr", "ldif: the attribute that holds the user id")
        .default("uid, else sAMAccountName");

/// A file that is open.
pub(super) struct Input {
    /// Its records, each with its line.
    pub(super) records: Records,
    /// What it holds besides.
    pub(super) passed_over: PassedOver,
    size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

type Records = Box<dyn Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send>;

/// Entries of a directory that are no users; counted on the thread that reads.
#[derive(Clone, Default)]
pub(super) struct PassedOver(Arc<[AtomicU64; 2]>);

impl Input {
    /// Opens `path` for the format and the other arguments of the command.
    pub(super) fn open(bound: &Bound, path: &Path, format: &str) -> Result<Self, Failure> {
        let input = exchange::input::open(path)?;
        let (size, consumed) = (input.size(), input.consumed());
        let passed_over = PassedOver::default();
        let records: Records = if format == "ldif" {
            let mut reader = ldif::Reader::new(input, of_directory(bound));
            let counters = passed_over.clone();
            Box::new(std::iter::from_fn(move || {
                let item = reader.next();
                counters.note(reader.counts());
                item.map(|item| item.map_err(bad_record))
            }))
        } else {
            Box::new(ndjson::Reader::new(input).map(|item| item.map_err(bad_record)))
        };
        Ok(Self {
            records,
            passed_over,
            size,
            consumed,
        })
    }
}

impl PassedOver {
    fn note(&self, counts: ldif::Counts) {
        let [not_people, without_userid] = &*self.0;
        not_people.store(counts.not_people, Ordering::Relaxed);
        without_userid.store(counts.without_userid, Ordering::Relaxed);
    }

    /// What there is to say of it, once everything is read.
    pub(super) fn tell(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(|counter| counter.load(Ordering::Relaxed))
            .zip(["no people", "people without a user id"])
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{} passed over: {what}", counted(count, "entry")))
    }
}

fn of_directory(bound: &Bound) -> ldif::Options {
    let group = match (bound.args.get(&GROUP), bound.args.get(&GROUP_ATTR)) {
        (Some(name), _) => ldif::GroupFrom::Fixed(name.to_owned()),
        (None, Some(attribute)) => ldif::GroupFrom::Attribute(attribute.to_owned()),
        (None, None) => ldif::GroupFrom::ParentOu,
    };
    ldif::Options {
        group,
        userid_attribute: bound.args.get(&USERID_ATTR).map(str::to_owned),
    }
}

fn bad_record(error: exchange::Error) -> BadRecord {
    BadRecord {
        line: error.line,
        what: error.to_string(),
        hint: error.hint,
        fatal: error.fatal,
    }
}

/// Progress in bytes of the file: how many records there will be, nobody knows.
pub(super) struct OfFile {
    bar: Bar,
    size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

impl OfFile {
    /// On this bar, for this file.
    pub(super) fn new(bar: Bar, input: &Input) -> Self {
        Self {
            bar,
            size: input.size,
            consumed: Arc::clone(&input.consumed),
        }
    }
}

impl Progress for OfFile {
    fn begin(&self, stage: &str, unit: Unit, total: Option<u64>) {
        match (unit, total) {
            (Unit::Items, None) => self.bar.begin(stage, Unit::Bytes, self.size),
            _ => self.bar.begin(stage, unit, total),
        }
    }

    fn at(&self, _: u64) {
        self.bar.at(self.consumed.load(Ordering::Relaxed));
    }

    fn end(&self) {
        self.bar.end();
    }
}
