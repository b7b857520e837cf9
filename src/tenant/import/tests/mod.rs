//! The rules of the target, one named test each (igsh-migration(7), THE TARGET), and jobs that stop and go on.

mod authenticators;
mod jobs;
mod users;

use std::io::Cursor;
use std::sync::Arc;

use rusqlite::Connection;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;
use crate::ambient::Silent;
use crate::bundle::{Account, BlockEncoder, Meta, Writer};
use crate::crypto::BundlePassword;
use crate::crypto::kdf::Cost;
use crate::model::bundle::{
    Card, CardState, State as UserState, Token, UnassignedCard, UnassignedToken, User,
};
use crate::model::testing::{self, But as _, password, secret};
use crate::model::{
    Algorithm, CardFacts, Contact, Group, LocationEntry, QaPair, RbaOverrides, SecretBytes,
    TokenFacts,
};
use crate::store::{MasterSession, NewMaster, SealedFile};
use crate::tenant::events::{Fate, Subject, events};
use crate::tenant::sync::Person;
use crate::tenant::{KIND, SETTINGS, sealing};

/// A tenant in a folder of its own, with Master1 logged in.
struct House {
    _folder: TempDir,
    tenant: Tenant,
    session: MasterSession,
    keys: Arc<Keys>,
    who: Who,
    ambient: Ambient,
    cancel: CancelToken,
    progress: Box<dyn Progress>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tenant.db");
        let password = |n| SecretBytes::from(format!("password number {n}").into_bytes());
        let masters = [1, 2, 3].map(|n| NewMaster {
            name: format!("Master{n}"),
            password: password(n),
        });
        let ambient = Ambient::system();
        let who = Who::here(&*ambient.rng).unwrap();
        SealedFile::create(
            &path,
            &KIND,
            &masters,
            Cost::FLOOR,
            "tenant init",
            &who,
            &ambient,
        )
        .unwrap();
        let mut tenant = Tenant::open(&path).unwrap();
        let session = tenant
            .file_mut()
            .login("Master1", &password(1), &who, &ambient)
            .unwrap();
        Self {
            _folder: folder,
            keys: session.keys().unwrap(),
            who: session.identify(&who),
            session,
            tenant,
            ambient,
            cancel: CancelToken::default(),
            progress: Box::new(Silent),
        }
    }

    fn db(&self) -> &Connection {
        self.tenant.file().connection()
    }

    fn set(&self, name: &str, value: &str) {
        SETTINGS.set(self.db(), name, value).unwrap();
    }

    fn work<T>(&mut self, run: impl FnOnce(&mut Tenant, &Work<'_>) -> T) -> T {
        let draft = Draft::new(&codes::IMPORT_BEGUN, "tenant import file=b.igb");
        let holder = Holder::new("tenant import", &self.who, self.ambient.clock.now());
        let work = Work {
            keys: &self.keys,
            master: self.session.name(),
            who: &self.who,
            holder: &holder,
            draft: &draft,
            ambient: &self.ambient,
            progress: self.progress.as_ref(),
            cancel: &self.cancel,
        };
        run(&mut self.tenant, &work)
    }

    fn import(&mut self, records: &[Record]) -> Imported {
        let bundle = Bundle::of(records);
        self.import_bundle(&bundle, None, Terms::default()).unwrap()
    }

    fn import_bundle(
        &mut self,
        bundle: &Bundle,
        resume: Option<u64>,
        terms: Terms,
    ) -> Result<Imported> {
        let reader = bundle.reader();
        self.work(|tenant, work| tenant.import(reader, "b.igb", resume, terms, work))
    }

    fn sync(&mut self, userid: &str, full_name: &str) {
        let person = Person {
            userid: userid.to_owned(),
            full_name: Some(full_name.to_owned()),
            first_name: None,
            last_name: None,
            contacts: vec![contact("Email", "directory@example.com")],
            state: crate::model::UserState::Active,
        };
        self.work(|tenant, work| tenant.sync(std::iter::once(Ok::<_, Error>(person)), work))
            .unwrap();
    }

    /// The events of a job as `user: record outcome (message)`.
    fn events(&self, job: u64) -> Vec<String> {
        let mut lines = Vec::new();
        events::<Error>(self.db(), Some(job), None, |event| {
            let message = match event.item.message().as_str() {
                "" => String::new(),
                message => format!(" ({message})"),
            };
            lines.push(format!(
                "{}: {} {}{message}",
                event.user,
                event.item.record(),
                event.item.fate.as_str()
            ));
            Ok(true)
        })
        .unwrap();
        lines
    }

    fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.db()
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Everything that an import writes, as text; sealed values by whether they are there.
    fn dump(&self) -> String {
        let mut text = String::new();
        for (table, columns) in [
            ("groups", "id, name"),
            (
                "users",
                "id, userid, fold, group_id, synced, state, first_name, last_name, email, phone, mobile, missing",
            ),
            ("aliases", "id, alias, fold"),
            ("qa", "user, pairs"),
            ("passwords", "id, name, expires, must_change"),
            ("tokens", "id, group_id, vendor, serial, state, counter"),
            ("cards", "id, group_id, serial, state, rows, columns"),
            ("locations", "id, country, city"),
            ("expected", "id, place"),
            (
                "overrides",
                "user, max_locations, check_ip, check_velocity, max_expected",
            ),
        ] {
            let order = columns.split(',').next().unwrap();
            let sql = format!("SELECT json_array({columns}) FROM {table} ORDER BY {order}");
            let mut statement = self.db().prepare(&sql).unwrap();
            let rows = statement
                .query_map([], |row| row.get::<_, String>(0))
                .unwrap();
            for row in rows {
                text += &format!("{table} {}\n", row.unwrap());
            }
        }
        text
    }

    fn integrity(&self) {
        assert_eq!(self.ask::<String>("PRAGMA integrity_check"), "ok");
        assert_eq!(
            self.ask::<u64>(
                "SELECT count(*) FROM sqlite_schema WHERE name IN \
                ('users_key', 'users_group', 'aliases_key', 'tokens_key', 'cards_serial')"
            ),
            5
        );
    }
}

/// A bundle in memory.
struct Bundle {
    bytes: Vec<u8>,
    password: String,
}

impl Bundle {
    fn of(records: &[Record]) -> Self {
        Self::in_blocks(records, usize::MAX)
    }

    /// A bundle with so many records a block.
    fn in_blocks(records: &[Record], a_block: usize) -> Self {
        let rng = &crate::ambient::SystemRandomness;
        let password = BundlePassword::generate(rng).unwrap();
        let meta = Meta {
            id: uuid::Builder::from_random_bytes([7; 16]).into_uuid(),
            created: crate::model::Timestamp::UNIX_EPOCH,
            audit: crate::bundle::Anchor {
                seq: 0,
                hash: [0; 32],
            },
            cost: Cost::FLOOR,
        };
        let mut writer = Writer::new(Vec::new(), &meta, &password, rng).unwrap();
        let mut encoder = BlockEncoder::new().unwrap();
        for (at, record) in (1..).zip(records) {
            if let Some(block) = encoder.push(record).unwrap() {
                writer.write(&block).unwrap();
            }
            if at % a_block == 0
                && let Some(block) = encoder.finish().unwrap()
            {
                writer.write(&block).unwrap();
            }
        }
        if let Some(block) = encoder.finish().unwrap() {
            writer.write(&block).unwrap();
        }
        let account = Account {
            not_taken: &[],
            selection: "",
            by: "Master1",
        };
        let (bytes, _) = writer.finish(account).unwrap();
        Self {
            bytes,
            password: password.display().expose_secret().to_owned(),
        }
    }

    fn reader(&self) -> Reader<Cursor<Vec<u8>>> {
        Reader::open(Cursor::new(self.bytes.clone()), &self.password).unwrap()
    }
}

fn contact(label: &str, value: &str) -> Contact {
    Contact {
        label: label.into(),
        value: value.into(),
        default: false,
    }
}

/// A user with a name and an address, and nothing else.
fn user(id: &str) -> User {
    User {
        user_id: id.to_owned(),
        source_user_id: None,
        group: "staff".to_owned(),
        full_name: Some("Anna Maria Smith".to_owned()),
        state: UserState::Active,
        aliases: Vec::new(),
        contacts: vec![contact("Email", "anna@example.com")],
        qa: Vec::new(),
        passwords: Vec::new(),
        tokens: Vec::new(),
        cards: Vec::new(),
        location_history: Vec::new(),
        expected_locations: Vec::new(),
        rba: RbaOverrides::default(),
    }
}

fn token(serial: &str) -> Token {
    Token {
        facts: TokenFacts {
            digits: Some(6),
            step: Some(30),
            counter: Some(3),
            ..testing::token("HID", serial)
        },
        state: Some(UserState::Active),
        seed: secret(&format!("seed of {serial}")),
        unlock: None,
    }
}

fn card(serial: u64) -> Card {
    Card {
        facts: CardFacts::new(serial, 1, 2),
        state: Some(CardState::Active),
        cells: secret("\u{1}AB"),
    }
}

fn qa(question: &str, answer: &str) -> QaPair {
    QaPair {
        question: question.to_owned(),
        answer: secret(answer),
    }
}

fn group(name: &str, default: bool) -> Record {
    Record::Group(Group {
        name: name.to_owned(),
        default,
    })
}

fn is(user: User) -> Record {
    Record::User(Box::new(user))
}

fn stock_card(serial: u64) -> Record {
    Record::Card(Box::new(UnassignedCard {
        group: "staff".to_owned(),
        preproduced: true,
        comment: None,
        card: Card {
            state: None,
            ..card(serial)
        },
    }))
}

fn stock_token(serial: &str) -> Record {
    Record::Token(Box::new(UnassignedToken {
        group: "staff".to_owned(),
        token: Token {
            state: None,
            ..token(serial)
        },
    }))
}

/// People with something of everything.
fn people(count: u32) -> Vec<Record> {
    let mut records = vec![group("Default", true), group("staff", false)];
    for n in 0..count {
        records.push(is(User {
            aliases: vec![format!("alias{n}")],
            qa: vec![qa("First school?", "yes")],
            passwords: vec![password(None, "pass")],
            tokens: vec![token(&n.to_string())],
            cards: vec![card(n.into())],
            expected_locations: vec!["CA/ON/Ottawa".to_owned()],
            ..user(&format!("user{n}"))
        }));
    }
    records.push(stock_card(1_000_000));
    records.push(stock_token("stock"));
    records
}
