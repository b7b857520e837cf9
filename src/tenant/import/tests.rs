//! The rules of the target, one named test each (domain.md §5), and jobs that stop and go on.

use std::io::Cursor;
use std::sync::Arc;

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::*;
use crate::ambient::Silent;
use crate::bundle::{Account, BlockEncoder, Meta, Writer};
use crate::crypto::BundlePassword;
use crate::crypto::kdf::Cost;
use crate::model::bundle::{
    Card, CardState, Password, State as UserState, Token, UnassignedCard, UnassignedToken, User,
};
use crate::model::{
    Algorithm, Contact, Group, LocationEntry, QaPair, RbaOverrides, SecretBytes, TokenKind,
};
use crate::store::{MasterSession, NewMaster, SealedFile};
use crate::tenant::events::{Subject, events};
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
            progress: &Silent,
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
    fn told(&self, job: u64) -> Vec<String> {
        let mut told = Vec::new();
        events::<Error>(self.db(), Some(job), None, |event| {
            let message = match event.item.message().as_str() {
                "" => String::new(),
                message => format!(" ({message})"),
            };
            told.push(format!(
                "{}: {} {}{message}",
                event.user,
                event.item.record(),
                event.item.fate.as_str()
            ));
            Ok(true)
        })
        .unwrap();
        told
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
            if at % a_block == 0 {
                if let Some(block) = encoder.finish().unwrap() {
                    writer.write(&block).unwrap();
                }
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

fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn contact(label: &str, value: &str) -> Contact {
    Contact {
        label: label.to_owned(),
        value: value.to_owned(),
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
        vendor: "HID".to_owned(),
        serial: serial.to_owned(),
        kind: TokenKind::Hardware,
        model: None,
        algorithm: Algorithm::Totp,
        hash: None,
        digits: Some(6),
        step: Some(30),
        counter: Some(3),
        drift: None,
        state: Some(UserState::Active),
        idp_url: None,
        transactions: None,
        load_date: None,
        last_used: None,
        expires: None,
        issue_no: None,
        key_id: None,
        comment: None,
        seed: secret(&format!("seed of {serial}")),
        unlock: None,
    }
}

fn card(serial: u64) -> Card {
    Card {
        serial,
        state: Some(CardState::Active),
        created: None,
        expires: None,
        superseded: None,
        usage: None,
        challenge_count: None,
        least_used_cell: None,
        cell_usage: None,
        rows: 1,
        columns: 2,
        cells: secret("\u{1}AB"),
    }
}

fn password(name: Option<&str>, value: &str) -> Password {
    Password {
        name: name.map(str::to_owned),
        value: secret(value),
        expires: None,
        must_change: None,
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

#[test]
fn a_new_user_gets_names_address_and_number_from_the_contacts() {
    let mut house = House::new();
    let mut anna = user("anna");
    anna.contacts = vec![
        contact("Home phone", "4"),
        contact("Work phone", "3"),
        contact("Pager", "p@ger.example"),
        contact("E-mail", "anna@example.com"),
    ];
    house.import(&[is(anna)]);
    let row: String = house.ask(
        "SELECT json_array(first_name, last_name, email, phone, mobile, state, missing) FROM users",
    );
    assert_eq!(
        row,
        r#"["Anna","Maria Smith","anna@example.com","3","3","ACTIVE",null]"#
    );
}

#[test]
fn a_new_user_is_created_and_flagged_when_mandatory_attributes_are_missing() {
    let mut house = House::new();
    let mut anna = user("anna");
    (anna.full_name, anna.contacts) = (Some("Anna".to_owned()), Vec::new());
    house.import(&[is(anna)]);
    assert_eq!(
        house.told(1)[0],
        "anna: user added (created without lastName,email)"
    );
    assert_eq!(
        house.ask::<String>("SELECT missing FROM users"),
        "lastName,email"
    );
    house.set("mandatory", "");
    house.import(&[is(User {
        full_name: None,
        ..user("bob")
    })]);
    assert_eq!(house.told(2)[0], "bob: user added");
}

#[test]
fn groups_are_created_but_for_the_sources_default_one_and_everybody_is_in_the_default_group() {
    let mut house = House::new();
    let in_default = User {
        group: "Default".to_owned(),
        ..user("bob")
    };
    house.import(&[
        group("Default", true),
        group("staff", false),
        is(user("anna")),
        is(in_default),
    ]);
    assert_eq!(
        house.told(1)[..2],
        [
            ": group Default skipped (the source's default group is 'All Users' here)",
            ": group staff added"
        ]
    );
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM groups"), 1);
    let groups = crate::tenant::query::groups(house.db()).unwrap();
    let groups: Vec<_> = groups.iter().map(|g| (g.name.as_str(), g.users)).collect();
    assert_eq!(groups, [("All Users", 2), ("staff", 1)]);
}

#[test]
fn a_directory_user_keeps_name_contacts_and_state_and_gets_the_rest() {
    let mut house = House::new();
    house.set("existing-local", "contacts-and-state");
    house.sync("ANNA", "Directory Name");
    let before: String =
        house.ask("SELECT json_array(first_name, last_name, email, phone, state) FROM users");
    let anna = User {
        state: UserState::Inactive,
        aliases: vec!["a.smith".to_owned()],
        tokens: vec![token("1")],
        rba: RbaOverrides {
            check_ip: Some(true),
            ..RbaOverrides::default()
        },
        ..user("anna")
    };
    house.import(&[is(anna)]);
    assert_eq!(
        house.told(1),
        [
            "ANNA: user merged (from a directory: name, contacts and state stay)",
            "ANNA: alias a.smith added",
            "ANNA: token HID 1 added",
            "ANNA: rba added"
        ]
    );
    let after: String =
        house.ask("SELECT json_array(first_name, last_name, email, phone, state) FROM users");
    assert_eq!(after, before);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM users"), 1);
}

#[test]
fn a_known_local_user_takes_new_authenticators_only() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    let anna = || User {
        full_name: Some("Anna Jones".to_owned()),
        state: UserState::Inactive,
        ..user("anna")
    };
    house.import(&[is(anna())]);
    assert_eq!(
        house.told(2),
        ["anna: user exists (contacts and state differ and stay (existing-local))"]
    );
    house.import(&[is(User {
        tokens: vec![token("1")],
        ..user("anna")
    })]);
    assert_eq!(
        house.told(3),
        ["anna: user merged", "anna: token HID 1 added"],
        "no error where something was new"
    );
    assert_eq!(
        house.ask::<String>("SELECT last_name || state FROM users"),
        "Maria SmithACTIVE"
    );
}

#[test]
fn a_known_local_user_takes_contacts_and_state_as_well_where_it_is_set_so() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    house.set("existing-local", "contacts-and-state");
    let anna = || {
        is(User {
            full_name: Some("Anna Jones".to_owned()),
            state: UserState::Inactive,
            contacts: Vec::new(),
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    assert_eq!(
        house.told(2),
        ["anna: user merged (contacts and state taken (existing-local))"]
    );
    assert_eq!(
        house.ask::<String>("SELECT json_array(last_name, state, email) FROM users"),
        r#"["Jones","INACTIVE","anna@example.com"]"#,
        "what the bundle lacks stays"
    );
    let again = house.import(&[anna()]);
    assert!(!again.changed());
}

#[test]
fn states_arrive_as_the_bundle_has_them() {
    let mut house = House::new();
    let anna = User {
        state: UserState::Inactive,
        tokens: vec![
            token("1"),
            Token {
                state: Some(UserState::Inactive),
                ..token("2")
            },
        ],
        cards: [CardState::Active, CardState::Pending, CardState::Inactive]
            .into_iter()
            .zip(1..)
            .map(|(state, serial)| Card {
                state: Some(state),
                ..card(serial)
            })
            .collect(),
        ..user("anna")
    };
    house.import(&[is(anna), stock_card(9), stock_token("9")]);
    for (sql, expected) in [
        ("SELECT state FROM users", "INACTIVE"),
        (
            "SELECT group_concat(state) FROM tokens WHERE id > 0",
            "ACTIVE,INACTIVE",
        ),
        (
            "SELECT group_concat(state) FROM cards WHERE id > 0",
            "ACTIVE,PENDING,INACTIVE",
        ),
        (
            "SELECT coalesce(state, 'none') FROM cards WHERE id < 0",
            "none",
        ),
        (
            "SELECT coalesce(state, 'none') FROM tokens WHERE id < 0",
            "none",
        ),
    ] {
        assert_eq!(house.ask::<String>(sql), expected, "{sql}");
    }
}

#[test]
fn an_existing_card_serial_is_not_imported() {
    let mut house = House::new();
    let with = |id: &str, serial| {
        is(User {
            cards: vec![card(serial)],
            ..user(id)
        })
    };
    house.import(&[with("anna", 7), stock_card(8)]);
    house.import(&[
        with("anna", 7),
        with("bob", 7),
        with("carl", 8),
        stock_card(7),
        stock_card(8),
    ]);
    let told = house.told(2);
    for line in [
        "anna: card 7 exists (exists already, unchanged)",
        "bob: card 7 error (user anna has it)",
        "carl: card 8 exists (the tenant has it unassigned)",
        ": card 7 error (user anna has it)",
        ": card 8 exists (exists already, unchanged)",
    ] {
        assert!(told.iter().any(|said| said == line), "{line} in {told:#?}");
    }
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM cards"), 2);
}

#[test]
fn existing_questions_and_passwords_stay_and_each_is_an_event() {
    let mut house = House::new();
    let with = |answer: &str| {
        is(User {
            qa: vec![qa("First school?", answer)],
            passwords: vec![password(None, answer)],
            ..user("anna")
        })
    };
    house.import(&[with("old answer")]);
    let again = house.import(&[with("new answer")]);
    assert_eq!(
        house.told(2),
        [
            "anna: user exists (nothing of the user is new)",
            "anna: qa exists (exists already, unchanged)",
            "anna: password exists (exists already, unchanged)"
        ]
    );
    assert!(!again.changed());
    let mut names = Vec::new();
    events::<Error>(house.db(), Some(2), None, |event| {
        names.push(event.item.event());
        Ok(true)
    })
    .unwrap();
    assert_eq!(
        names,
        [
            "bulkidentityguard.add.error.user",
            "bulkidentityguard.add.error.qa",
            "bulkidentityguard.add.error.password"
        ]
    );
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM qa");
    let pairs = sealing::open_qa(&house.keys, "anna", &sealed).unwrap();
    assert_eq!(pairs[0].answer.expose_secret(), b"old answer");
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM passwords");
    let kept = sealing::open_password(&house.keys, "anna", None, &sealed).unwrap();
    assert_eq!(kept.as_slice(), b"old answer");
}

#[test]
fn named_passwords_are_taken_only_when_configured_and_else_the_default_one() {
    let mut house = House::new();
    let anna = || {
        is(User {
            passwords: vec![
                password(None, "one"),
                password(Some("ATM"), "two"),
                password(Some("VPN"), "three"),
            ],
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    assert_eq!(
        house.told(1)[2..],
        [
            "anna: password added",
            "anna: password ATM skipped (no password of this name is configured)",
            "anna: password VPN skipped (no password of this name is configured)"
        ]
    );
    house.set("passwords.named", "ATM");
    house.import(&[anna()]);
    assert_eq!(
        house.told(2)[1..3],
        [
            "anna: password exists (exists already, unchanged)",
            "anna: password ATM added"
        ]
    );
}

#[test]
fn the_global_maximum_of_tokens_counts_those_that_are_there() {
    let mut house = House::new();
    house.set("tokens.global-max", "3");
    let with = |serials: std::ops::Range<u32>| {
        is(User {
            tokens: serials.map(|n| token(&n.to_string())).collect(),
            ..user("anna")
        })
    };
    house.import(&[with(1..3)]);
    house.import(&[with(2..6)]);
    assert_eq!(
        house.told(2)[1..],
        [
            "anna: token HID 2 exists (exists already, unchanged)",
            "anna: token HID 3 added",
            "anna: token HID 4 skipped (the user has 3 tokens, as many as there can be)",
            "anna: token HID 5 skipped (the user has 3 tokens, as many as there can be)"
        ]
    );
}

#[test]
fn the_accounts_maximum_of_tokens_stops_no_import_and_is_remarked_on() {
    let mut house = House::new();
    house.set("tokens.account-max", "1");
    let anna = User {
        tokens: vec![token("1"), token("2"), token("3")],
        ..user("anna")
    };
    let imported = house.import(&[is(anna)]);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM tokens"), 3);
    assert_eq!(imported.over_account, 1);
}

#[test]
fn unassigned_cards_over_the_limit_are_left_out() {
    let mut house = House::new();
    house.set("cards.unassigned-max", "2");
    house.import(&[stock_card(1)]);
    house.import(&[stock_card(1), stock_card(2), stock_card(3)]);
    assert_eq!(
        house.told(2),
        [
            ": card 1 exists (exists already, unchanged)",
            ": card 2 added",
            ": card 3 skipped (the tenant has 2 unassigned cards, as many as it can)"
        ]
    );
}

#[test]
fn expected_locations_and_overrides_count_over_the_defaults() {
    let mut house = House::new();
    let places = |n: u32| (0..n).map(|n| format!("CA/ON/{n}")).collect::<Vec<_>>();
    let history = |n: u32| {
        (0..n)
            .map(|n| LocationEntry {
                city: Some(n.to_string()),
                ..LocationEntry::default()
            })
            .collect::<Vec<_>>()
    };
    let long = || User {
        location_history: history(8),
        expected_locations: places(12),
        ..user("long")
    };
    let own = User {
        rba: RbaOverrides {
            max_history: Some(8),
            check_ip: Some(true),
            check_velocity: Some(false),
            max_expected: Some(20),
        },
        location_history: history(8),
        expected_locations: places(12),
        ..user("own")
    };
    house.import(&[is(long()), is(own)]);
    let told = house.told(1);
    assert!(told.contains(
        &"long: location added (8 places, above 5, kept whole; 12 expected places, above 10, kept whole)"
            .to_owned()
    ), "{told:#?}");
    assert!(
        told.contains(&"own: location added".to_owned()),
        "{told:#?}"
    );
    assert_eq!(
        house.ask::<String>("SELECT json_array(max_locations, check_ip, check_velocity, max_expected) FROM overrides"),
        "[8,1,0,20]"
    );
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM locations"), 16);
    let more = User {
        expected_locations: places(13),
        ..long()
    };
    house.import(&[is(more)]);
    assert_eq!(house.told(2)[0], "long: user merged");
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM expected"), 25);
}

#[test]
fn unsupported_models_are_left_out() {
    let mut house = House::new();
    let anna = || {
        is(User {
            tokens: vec![
                token("1"),
                Token {
                    algorithm: Algorithm::Ocra,
                    model: Some("Gemini".to_owned()),
                    ..token("2")
                },
            ],
            ..user("anna")
        })
    };
    house.import(&[anna()]);
    let line = "anna: token HID 2 skipped (tokens like this are not supported (Gemini))";
    assert_eq!(house.told(1).last().unwrap(), line);
    house.set("tokens.supported", "totp,Gem*");
    house.import(&[anna()]);
    assert_eq!(house.told(2).last().unwrap(), "anna: token HID 2 added");
}

#[test]
fn lockout_counters_start_at_zero() {
    let mut house = House::new();
    house.import(&[is(user("anna"))]);
    assert_eq!(house.ask::<u64>("SELECT failures FROM users"), 0);
}

#[test]
fn questions_are_taken_up_to_the_limits_and_the_total_size_stops_nothing() {
    let mut house = House::new();
    house.set("qa.pairs", "2");
    house.set("qa.answer-length", "3");
    house.set("qa.total-size", "4");
    let anna = User {
        qa: vec![qa("a", "äöüß"), qa("b", "xyz"), qa("c", "z")],
        ..user("anna")
    };
    house.import(&[is(anna)]);
    assert_eq!(
        house.told(1).last().unwrap(),
        "anna: qa added (2 of 3 questions were taken; 1 answers were cut to 3 characters; \
         11 bytes are more than qa.total-size, which counts at the next change)"
    );
    let sealed: Vec<u8> = house.ask("SELECT sealed FROM qa");
    let pairs = sealing::open_qa(&house.keys, "anna", &sealed).unwrap();
    let answers: Vec<_> = pairs.iter().map(|p| p.answer.expose_secret()).collect();
    assert_eq!(answers, ["äöü".as_bytes(), b"xyz"]);
}

#[test]
fn names_are_unique_over_ids_and_aliases() {
    let mut house = House::new();
    let with = |id: &str, aliases: &[&str]| {
        is(User {
            aliases: aliases.iter().map(|&a| a.to_owned()).collect(),
            ..user(id)
        })
    };
    house.import(&[
        with("anna", &["a1", "A1", "anna"]),
        with("bob", &["A1", "anna", "b1"]),
        with("B1", &[]),
    ]);
    assert_eq!(
        house.told(1)[1..],
        [
            ": group staff added".replace(": group", "anna: group"),
            "anna: alias a1 added".to_owned(),
            "anna: alias A1 exists (exists already, unchanged)".to_owned(),
            "anna: alias anna exists (exists already, unchanged)".to_owned(),
            "bob: user added".to_owned(),
            "bob: alias A1 error (user anna has it)".to_owned(),
            "bob: alias anna error (it is the id of user anna)".to_owned(),
            "bob: alias b1 added".to_owned(),
            "B1: user error (the id is an alias of user bob)".to_owned(),
        ]
    );
}

#[test]
fn a_second_import_changes_nothing_and_says_so() {
    let mut house = House::new();
    let records = people(40);
    let bundle = Bundle::of(&records);
    let first = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert!(first.changed());
    let before = house.dump();
    let second = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert!(!second.changed(), "{:?}", second.job.tally);
    assert_eq!(house.dump(), before);
    assert_eq!(second.job.tally.of(Subject::User, Fate::Exists), 40);
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

#[test]
fn secrets_open_for_their_user_only() {
    let mut house = House::new();
    house.import(&people(2));
    let sealed: Vec<u8> = house.ask("SELECT seed FROM tokens WHERE serial = '1'");
    let one = token("1");
    let key = sealing::TokenKey::of(&one);
    let seed = key.open(&house.keys, "user1", &sealed).unwrap();
    assert_eq!(seed.as_slice(), b"seed of 1");
    let error = key.open(&house.keys, "user0", &sealed).unwrap_err();
    assert!(
        error.to_string().contains("token HID 1 of user0"),
        "{error}"
    );
    let sealed: Vec<u8> = house.ask("SELECT cells FROM cards WHERE serial = 1");
    let cells = sealing::open_card(&house.keys, "user1", (1, 1, 2), &sealed).unwrap();
    assert_eq!(cells.as_slice(), b"\x01AB");
}

#[test]
fn filling_an_empty_tenant_gives_what_the_rules_give_record_by_record() {
    let records = people(u32::try_from(BULK_FROM).unwrap());
    let (mut bulk, mut single) = (House::new(), House::new());
    let imported = bulk.import(&records);
    assert_eq!(imported.job.state, JobState::Done);
    bulk.integrity();
    // A user in the tenant keeps the indexes in place.
    single.set("mandatory", "firstName,lastName,email");
    single.db().execute_batch("INSERT INTO users (id, userid, state) VALUES (5000, 'other', 'ACTIVE'); DELETE FROM users").unwrap();
    for chunk in records.chunks(500) {
        single.import(chunk);
    }
    assert_eq!(bulk.dump().lines().count(), single.dump().lines().count());
    let strip = |dump: String| -> Vec<String> {
        dump.lines()
            .filter(|line| line.starts_with("users"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(strip(bulk.dump()), strip(single.dump()));
}

#[test]
fn a_bundle_that_holds_a_key_twice_is_applied_record_by_record() {
    for twice in [
        is(User {
            tokens: vec![token("1")],
            ..user("thief")
        }),
        is(User {
            cards: vec![card(1)],
            ..user("thief")
        }),
        is(User {
            aliases: vec!["ALIAS1".to_owned()],
            ..user("thief")
        }),
        is(User {
            aliases: vec!["user1".to_owned()],
            ..user("thief")
        }),
        is(user("USER1")),
    ] {
        let mut house = House::new();
        let mut records = people(u32::try_from(BULK_FROM).unwrap());
        records.push(twice);
        let imported = house.import(&records);
        assert_eq!(imported.job.state, JobState::Done);
        assert_eq!(imported.job.done, records.len() as u64);
        let tally = &imported.job.tally;
        assert!(
            tally.all(Fate::Error) == 1 || tally.of(Subject::User, Fate::Exists) == 1,
            "{tally:?}"
        );
        assert_eq!(
            house
                .told(1)
                .iter()
                .filter(|line| line.contains(": user added"))
                .count() as u64,
            tally.of(Subject::User, Fate::Added)
        );
        house.integrity();
    }
}

#[test]
fn a_job_that_stops_after_errors_goes_on_where_it_was() {
    let mut house = House::new();
    let mut records = people(30);
    // Two users want the card of the first one.
    records.insert(
        5,
        is(User {
            cards: vec![card(0)],
            ..user("thief1")
        }),
    );
    records.insert(
        20,
        is(User {
            cards: vec![card(0)],
            ..user("thief2")
        }),
    );
    let bundle = Bundle::in_blocks(&records, 4);
    let terms = Terms {
        stop_after_errors: Some(1),
        retries: 0,
    };
    let stopped = house.import_bundle(&bundle, None, terms).unwrap();
    assert_eq!(stopped.job.state, JobState::Stopped);
    assert_eq!(stopped.job.next_block, 2);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM journal"), 2);
    let error = house
        .import_bundle(&Bundle::of(&people(1)), Some(1), Terms::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::OtherBundle { number: 1, .. }),
        "{error}"
    );
    let done = house
        .import_bundle(&bundle, Some(1), Terms::default())
        .unwrap();
    assert_eq!(done.job.state, JobState::Done);
    assert_eq!(done.job.done, records.len() as u64);
    let mut whole = House::new();
    whole
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert_eq!(house.dump(), whole.dump());
    assert_eq!(house.told(1), whole.told(1));
    let error = house
        .import_bundle(&bundle, Some(1), Terms::default())
        .unwrap_err();
    assert!(matches!(error, Error::Done(1)), "{error}");
    house.integrity();
}

#[test]
fn a_cancelled_import_is_stopped_and_resumed() {
    let mut house = House::new();
    let bundle = Bundle::in_blocks(&people(30), 4);
    house.cancel.cancel();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::Bundle(_) | Error::Cancelled(_)),
        "{error}"
    );
    assert_eq!(
        house.ask::<u64>("SELECT count(*) FROM jobs"),
        0,
        "it was still being checked"
    );
    house.cancel.reset();
    house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
}

#[test]
fn an_interrupted_job_comes_first_and_can_be_stopped() {
    let mut house = House::new();
    let bundle = Bundle::in_blocks(&people(30), 4);
    house
        .import_bundle(
            &bundle,
            None,
            Terms {
                stop_after_errors: None,
                retries: 0,
            },
        )
        .unwrap();
    // As a killed process leaves it.
    house
        .db()
        .execute_batch("UPDATE jobs SET state = 'running', next_block = 3")
        .unwrap();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(
        matches!(error, Error::Unfinished { number: 1, .. }),
        "{error}"
    );
    let state = house.work(|tenant, work| tenant.stop_job(1, work)).unwrap();
    assert_eq!(state, JobState::Stopped);
    house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    let lock = house.tenant.only_one().unwrap();
    let error = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap_err();
    assert!(matches!(error, Error::Running), "{error}");
    drop(lock);
    let error = house
        .work(|tenant, work| tenant.stop_job(9, work))
        .unwrap_err();
    assert!(matches!(error, Error::NoJob(9)), "{error}");
}

#[test]
fn a_rehearsal_tells_the_same_and_changes_nothing() {
    let mut house = House::new();
    house.import(&people(3));
    let before = house.dump();
    let bundle = Bundle::of(&people(5));
    let (reader, keys) = (bundle.reader(), Arc::clone(&house.keys));
    let holder = Holder::new("migrate rehearse", &house.who, house.ambient.clock.now());
    let mut heard = Vec::new();
    let tally = house.tenant.file_mut().without_effect(&holder, |tx| {
        rehearse(
            tx,
            &keys,
            reader,
            &Silent,
            &CancelToken::default(),
            |name, items| {
                heard.push((name.map(str::to_owned), items.to_vec()));
                Ok::<_, Error>(())
            },
        )
    });
    let tally = tally.unwrap();
    assert_eq!(house.dump(), before);
    assert_eq!(tally.of(Subject::User, Fate::Added), 2);
    assert_eq!(tally.of(Subject::User, Fate::Exists), 3);
    let real = house
        .import_bundle(&bundle, None, Terms::default())
        .unwrap();
    assert_eq!(real.job.tally, tally);
    assert_eq!(heard.len() as u64, real.job.done);
}

#[test]
fn a_hostile_bundle_has_no_effect() {
    let mut house = House::new();
    house.import(&people(2));
    let before = house.dump();
    let (password, bundles) = crate::bundle::hostile();
    for (what, bytes) in bundles {
        let password = password.clone();
        let bundle = Bundle { bytes, password };
        let error = house
            .import_bundle(&bundle, None, Terms::default())
            .unwrap_err();
        assert!(
            matches!(error, Error::Bundle(crate::bundle::Error::Content { .. })),
            "{what}: {error}"
        );
        assert_eq!(house.dump(), before, "{what}");
        assert_eq!(house.ask::<u64>("SELECT count(*) FROM jobs"), 1, "{what}");
    }
}
