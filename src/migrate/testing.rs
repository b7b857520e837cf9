//! A vault with people in it, for the tests of this room.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ambient::{Ambient, CancelToken, Silent, SystemClock, SystemRandomness};
use crate::bundle::Reader;
use crate::crypto::kdf::Cost;
use crate::lang::Span;
use crate::lang::selection::{ATTRIBUTES, Expr, Op, Operand, Pattern, Selection, Test};
use crate::migrate::error::Result;
use crate::migrate::export::{Prepared, Request, Work};
use crate::migrate::rules::Rules;
use crate::model::bundle::Record;
use crate::model::{SecretBytes, SourceRecord, Timestamp};
use crate::store::audit::{self, Draft, Source, Who, codes};
use crate::store::{self, Holder, Keys, MasterSession, NewMaster, SealedFile};
use crate::vault::snapshot::Unassigned;
use crate::vault::{BadRecord, GoneLimit, KIND, LoadOptions, Vault};

/// A vault in a folder of its own, with Master1 logged in.
pub(super) struct House {
    folder: PathBuf,
    /// Removes the folder in the end.
    _temporary: Option<tempfile::TempDir>,
    pub(super) vault: Vault,
    pub(super) session: MasterSession,
    pub(super) keys: Arc<Keys>,
    pub(super) who: Who,
    pub(super) holder: Holder,
    pub(super) ambient: Ambient,
    pub(super) cancel: CancelToken,
}

impl House {
    pub(super) fn new(records: impl IntoIterator<Item = SourceRecord>) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("vault.db");
        let masters = [1, 2, 3].map(|n| NewMaster {
            name: format!("Master{n}"),
            password: password(n),
        });
        let (cost, ambient) = (Cost::FLOOR, ambient());
        SealedFile::create(
            &path,
            &KIND,
            &masters,
            cost,
            "system init",
            &who(),
            &ambient,
        )
        .unwrap();
        let mut house = Self::open(temporary.path());
        house._temporary = Some(temporary);
        house.load(records);
        house
    }

    /// The vault of a folder, in another session.
    pub(super) fn open(folder: &Path) -> Self {
        let (ambient, who) = (ambient(), who());
        let mut vault = Vault::open(&folder.join("vault.db")).unwrap();
        let file = vault.file_mut();
        let session = file.login("Master1", &password(1), &who, &ambient).unwrap();
        Self {
            folder: folder.to_owned(),
            _temporary: None,
            vault,
            keys: session.keys().unwrap(),
            session,
            holder: Holder {
                command: "export".to_owned(),
                session: who.session.clone(),
                since: ambient.clock.now(),
            },
            who,
            ambient,
            cancel: CancelToken::default(),
        }
    }

    pub(super) fn load(&mut self, records: impl IntoIterator<Item = SourceRecord>) {
        let options = LoadOptions {
            source: "test".to_owned(),
            format: "ndjson".to_owned(),
            master: "Master1".to_owned(),
            at: self.ambient.clock.now(),
            skip_bad: false,
            force: true,
            add_system: true,
            gone_limit: GoneLimit::Percent(100, None),
            prefixes: self.rules().workflow_prefixes,
        };
        let records: Vec<Result<_, BadRecord>> = (1..).zip(records).map(Ok).collect();
        let (keys, holder) = (Arc::clone(&self.keys), self.holder.clone());
        let (who, clock) = (self.who.clone(), Arc::clone(&self.ambient.clock));
        let draft = Draft::new(&codes::SOURCE_LOADED, "source load");
        self.vault
            .load(
                &keys,
                records.into_iter(),
                &options,
                &holder,
                |tx, _, sums| {
                    audit::append_with(tx, &draft, &who, Some(&keys), sums, &*clock).map(|_| ())
                },
                &mut |_| {},
                &Silent,
                &CancelToken::default(),
            )
            .unwrap();
    }

    /// As [`House::sql`], and then everything in the vault is taken for what a session left.
    pub(super) fn accepted(&mut self, text: &str) {
        self.sql(text);
        let draft = Draft::new(&codes::SETTING, "test");
        let (keys, who, clock) = (&self.keys, &self.who, &*self.ambient.clock);
        let write = |tx: &store::Transaction<'_>| -> store::Result<()> {
            audit::append_with(tx, &draft, who, Some(keys), audit::Sums::Anew, clock).map(|_| ())
        };
        self.vault.file_mut().write(&self.holder, write).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn rules(&self) -> Rules {
        Rules::new(Timestamp::now())
    }

    pub(super) fn request<'a>(&self, selection: &'a Selection, path: &'a Path) -> Request<'a> {
        Request {
            keys: Arc::clone(&self.keys),
            selection,
            unassigned: Unassigned::Auto,
            path,
            numbered: false,
            overwrite: false,
            skip_conflicts: false,
            keep_phase: false,
            rules: self.rules(),
            draft: Draft::new(&codes::EXPORT_BEGUN, "export file=p.igb"),
        }
    }

    /// The vault, and what an export is done with.
    pub(super) fn work(&mut self) -> (&mut Vault, Work<'_>) {
        let work = Work {
            keys: &self.keys,
            master: self.session.name(),
            who: &self.who,
            holder: &self.holder,
            ambient: &self.ambient,
            progress: &Silent,
            cancel: &self.cancel,
        };
        (&mut self.vault, work)
    }

    /// Files in the folder that are not the vault's.
    pub(super) fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("vault.db"))
            .collect();
        names.sort();
        names
    }

    pub(super) fn sql(&self, text: &str) {
        self.vault.file().connection().execute_batch(text).unwrap();
    }

    /// The first column of the first row.
    pub(super) fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        let db = self.vault.file().connection();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The audit's entries from the first export on: code, outcome, bundle.
    pub(super) fn trail(&self) -> Vec<String> {
        let db = self.vault.file().connection();
        let mut statement = db
            .prepare(
                "SELECT code || ' ' || (body ->> '$.outcome') || ' ' || coalesce(bundle, '-') FROM audit \
                 WHERE code IN ('8500', '8502', '9040') ORDER BY seq",
            )
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    /// The records of a bundle, read with its password from the ledger.
    pub(super) fn records(&self, number: u64) -> Vec<Record> {
        let db = self.vault.file().connection();
        let password = super::password(db, &self.keys, number).unwrap();
        let path: String = self.ask(&format!("SELECT path FROM bundles WHERE number = {number}"));
        let file = std::fs::File::open(path).unwrap();
        let shown = password.display();
        let typed = secrecy::ExposeSecret::expose_secret(&shown);
        let cancel = CancelToken::default();
        let reader = Reader::open(file, typed).unwrap();
        let mut checked = reader.check(&Silent, &cancel).unwrap();
        let mut records = Vec::new();
        checked
            .records(&Silent, &cancel, |record| {
                records.push(record);
                Ok::<_, crate::bundle::Error>(())
            })
            .unwrap();
        records
    }
}

fn ambient() -> Ambient {
    Ambient {
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRandomness),
    }
}

fn who() -> Who {
    Who {
        host: "host".to_owned(),
        os_user: "anna".to_owned(),
        terminal: None,
        session: "1a2b3c4d".to_owned(),
        source: Source::Live,
        master: Some("Master1".to_owned()),
        holder: None,
    }
}

fn password(n: usize) -> SecretBytes {
    SecretBytes::from(format!("password number {n}").into_bytes())
}

/// The selection `attribute=pattern`, where wildcards count.
pub(super) fn choose(attribute: &str, pattern: &str) -> Selection {
    let attribute = ATTRIBUTES.iter().find(|a| a.name == attribute).unwrap();
    Selection {
        expr: Some(Expr::Test(Test {
            attribute,
            op: Op::Equal,
            values: vec![Operand::Text(Pattern::parse(pattern))],
            span: Span::default(),
        })),
        limit: None,
        text: format!("{}={pattern}", attribute.name),
    }
}

/// An export that waits for a yes; shared names are not listed.
pub fn prepare<'a>(
    vault: &Vault,
    request: Request<'a>,
    cancel: &CancelToken,
) -> Result<Prepared<'a>> {
    let survey = request.survey(vault, cancel)?;
    Prepared::new(survey, request, cancel, |_| Ok(()))
}
