//! The file of a load, whatever its format: what both `source load` and `source diff` read.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::ambient::{Progress, Unit};
use crate::command::{Context, Failure};
use crate::exchange::{self, ldif, ndjson};
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::Complete;
use crate::model::{SourceRecord, names};
use crate::render::{Bar, counted};
use crate::vault::load::BadRecord;
use crate::vault::query;

names! {
    /// What a file of people is.
    FileFormat, "format" {
        /// igsh's own.
        Ndjson = "ndjson",
        /// Entries of a directory.
        Ldif = "ldif",
    }
}

impl FileFormat {
    /// What a bad record of such a file is.
    pub(super) const fn record(self) -> &'static str {
        match self {
            Self::Ndjson => "bad line",
            Self::Ldif => "bad entry",
        }
    }
}

names! {
    /// What names the group where neither `group=` nor `group-attr=` does.
    Placed, "way to name groups" {
        /// The nearest unit.
        Ou = "ou",
        /// All units.
        Path = "path",
    }
}

pub(super) const FILE: Key<PathBuf> = keys::in_file(
    "file",
    "The file to load; .gz and .zst are read as they are",
)
.required();
pub(super) const SKIP_BAD: Key<bool> = keys::flag(
    "skip-bad",
    "Store the good records and write the bad ones to residue=",
);

args! {
    /// How the records of a file are taken.
    #[derive(Default)]
    pub(super) struct Taking {
        pub(super) force: bool = flag("force", "Take renames and moves of users who are exported already"),
        pub(super) add_system: bool = flag("add-system", "Take records of another source system too"),
        group: Option<String> = text("group", "ldif: put all users into this group").complete(Complete::Groups),
        group_attr: Option<String> = text("group-attr", "ldif: the attribute that names the group"),
        group_from: Option<Placed> = choice(
            "group-from",
            "ldif: the nearest OU names the group, or the path of them (Berlin.Users)",
        )
        .absent("ou"),
        userid_attr: Option<String> = text("userid-attr", "ldif: the attribute that holds the user id")
            .absent("uid, else sAMAccountName"),
    }
}

/// A file that is open.
pub(super) struct Input {
    /// Its records, each with its line.
    pub(super) records: Records,
    /// What else there is to say of it.
    pub(super) noted: Noted,
}

/// What is noted of a file while its records are read.
pub(super) struct Noted {
    /// What it holds besides.
    pub(super) passed_over: PassedOver,
    /// Whether it could be cut without a trace: it is of a kind that has an end record, and has none.
    pub(super) endless: Arc<AtomicBool>,
    /// How many bytes it has; none where it is no plain file.
    pub(super) size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

type Records = Box<dyn Iterator<Item = Result<(u64, SourceRecord), BadRecord>> + Send>;

/// What there was in a directory, once the thread that reads has come to its end.
#[derive(Clone, Default)]
pub(super) struct PassedOver(Arc<OnceLock<ldif::Counts>>);

impl Input {
    pub(super) fn open(
        cx: &Context<'_>,
        path: &Path,
        format: FileFormat,
        taking: &Taking,
    ) -> Result<Self, Failure> {
        let input = exchange::input::open(path)?;
        let (size, consumed) = (input.size(), input.consumed());
        let passed_over = PassedOver::default();
        let endless = Arc::new(AtomicBool::new(false));
        let records: Records = match format {
            FileFormat::Ldif => {
                let mut reader = ldif::Reader::new(input, taking.of_directory(cx)?);
                let at_end = passed_over.clone();
                Box::new(std::iter::from_fn(move || {
                    let item = reader.next();
                    if item.is_none() {
                        at_end.0.get_or_init(|| reader.counts());
                    }
                    item.map(|item| item.map_err(bad_record))
                }))
            }
            FileFormat::Ndjson => {
                let mut reader = ndjson::Reader::new(input);
                let endless = Arc::clone(&endless);
                Box::new(std::iter::from_fn(move || {
                    let item = reader.next();
                    endless.store(!reader.has_end(), Ordering::Relaxed);
                    item.map(|item| item.map_err(bad_record))
                }))
            }
        };
        Ok(Self {
            records,
            noted: Noted {
                passed_over,
                endless,
                size,
                consumed,
            },
        })
    }
}

impl PassedOver {
    /// The counts as notices; none before the end of the file.
    pub(super) fn notices(&self) -> Vec<String> {
        self.0.get().map(besides_people).unwrap_or_default()
    }
}

/// What there is to say of a directory besides its users.
pub(in crate::command) fn besides_people(counts: &ldif::Counts) -> Vec<String> {
    [
        (counts.not_people, "entry", "passed over: not people"),
        (
            counts.without_userid,
            "entry",
            "passed over: people without a user id (userid-attr=)",
        ),
        (counts.deleted, "entry", "passed over: deleted"),
        (
            counts.conflicts,
            "entry",
            "passed over: conflicts between replicas",
        ),
        (
            counts.references,
            "reference",
            "to other servers not followed",
        ),
        (
            counts.urls,
            "value",
            "left out: in another file (attribute:< URL)",
        ),
        (counts.trimmed, "value", "taken without blanks around"),
        (
            counts.without_unit,
            "user",
            "in no OU: the container, organization or domain is the group",
        ),
        (
            counts.by_path,
            "group",
            "named by the path, because another OU has the name (group-from=)",
        ),
        (
            counts.renamed_groups,
            "group",
            "named with '-' for the '/' of the directory",
        ),
        (
            counts.expired,
            "user",
            "suspended because the account has expired",
        ),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, noun, what)| format!("{} {what}", counted(count, noun)))
    .collect()
}

impl Taking {
    fn of_directory(&self, cx: &Context<'_>) -> Result<ldif::Options, Failure> {
        let group = match (&self.group, &self.group_attr, self.group_from) {
            (Some(name), ..) => ldif::GroupFrom::Fixed(name.clone()),
            (None, Some(attribute), _) => ldif::GroupFrom::Attribute(attribute.clone()),
            (None, None, Some(Placed::Path)) => ldif::GroupFrom::Path,
            (None, None, Some(Placed::Ou) | None) => ldif::GroupFrom::ParentOu,
        };
        let groups = query::begin_with(cx.db()?, Complete::Groups, "", usize::MAX)?;
        Ok(ldif::Options {
            group,
            userid_attribute: self.userid_attr.clone(),
            groups: groups.into_iter().map(|(name, _)| name).collect(),
            now: Some(cx.ambient.clock.now()),
        })
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

/// Progress in bytes of the file: the number of its records is not known before its end.
pub(super) struct OfFile {
    bar: Bar,
    size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

impl OfFile {
    /// On this bar, for this file.
    pub(super) fn new(bar: Bar, input: &Noted) -> Self {
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
