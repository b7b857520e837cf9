use secrecy::ExposeSecret as _;

use super::*;
use crate::ambient::SystemRandomness;
use crate::model::bundle::{Card, CardState, State, Token};
use crate::model::{Algorithm, Hash, Password, QaPair, SecretBytes, TokenKind};
use crate::otp::{Digits, Generator};
use crate::store::loose_keys;
use crate::tenant::{KIND, sealing};

const ANNA: &str = "Anna";
/// The user's row id; another user has the next one.
const ID: i64 = 7;

/// A tenant in memory with one user, who has what the tests give her.
struct World {
    db: Connection,
    keys: Keys,
    next: i64,
}

fn secret(text: &str) -> SecretBytes {
    SecretBytes::from(text.as_bytes().to_vec())
}

fn now() -> Timestamp {
    Timestamp::from_second(30 * 1_000_000 + 3).unwrap()
}

fn token(serial: &str, algorithm: Algorithm) -> Token {
    Token {
        vendor: "HID".into(),
        serial: serial.into(),
        kind: TokenKind::Hardware,
        model: None,
        algorithm,
        hash: Some(Hash::Sha256),
        digits: Some(6),
        step: None,
        counter: None,
        drift: None,
        state: Some(State::Active),
        idp_url: None,
        transactions: None,
        load_date: None,
        last_used: None,
        expires: None,
        issue_no: Some("1".into()),
        key_id: Some("k".into()),
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
        challenge_count: Some(4),
        least_used_cell: Some(1),
        cell_usage: Some(vec![1, 9, 9, 1, 9, 1]),
        rows: 2,
        columns: 3,
        cells: secret(&format!("\u{2}{}", "ABCDEFGHJKLM")),
    }
}

/// The code that a token with this serial shows at a step or counter.
fn code(serial: &str, at: u64) -> Code {
    let seed = format!("seed of {serial}");
    let digits = Digits::new(6).unwrap();
    let shown = Generator::new(seed.as_bytes(), Hash::Sha256).code(at, digits);
    Code::parse(shown.display().expose_secret()).unwrap()
}

impl World {
    fn new() -> Self {
        let db = Connection::open_in_memory().unwrap();
        KIND.apply(&db).unwrap();
        for (id, userid, fold) in [(ID, ANNA, "anna"), (ID + 1, "Bob", "bob")] {
            db.execute(
                "INSERT INTO users (id, userid, fold, state) VALUES (?1, ?2, ?3, 'ACTIVE')",
                params![id, userid, fold],
            )
            .unwrap();
        }
        db.execute(
            "INSERT INTO aliases VALUES (?1, 'A.S', 'a.s')",
            [ID << 16 | 3],
        )
        .unwrap();
        Self {
            db,
            keys: loose_keys(&[1]),
            next: 0,
        }
    }

    fn id(&mut self) -> i64 {
        self.next += 1;
        ID << 16 | self.next
    }

    fn token(&mut self, token: Token) {
        let sealed = sealing::token(&self.keys, ANNA, &token);
        let id = self.id();
        self.db
            .execute(
                "INSERT INTO tokens (id, vendor, serial, issue_no, key_id, kind, algorithm, state, hash, digits, \
                 step, counter, drift, expires, seed) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                params![
                    id,
                    token.vendor,
                    token.serial,
                    token.issue_no,
                    token.key_id,
                    token.kind.as_str(),
                    token.algorithm.as_str(),
                    token.state.map(State::as_str),
                    token.hash.map(Hash::as_str),
                    token.digits,
                    token.step,
                    token.counter.map(u64::cast_signed),
                    token.drift,
                    token.expires.map(Timestamp::as_microsecond),
                    sealed.seed,
                ],
            )
            .unwrap();
    }

    fn card(&mut self, card: Card) {
        let sealed = sealing::card(&self.keys, ANNA, &card);
        let id = self.id();
        self.db
            .execute(
                "INSERT INTO cards (id, serial, state, expires, challenge_count, least_used_cell, cell_usage, rows, \
                 columns, cells) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    id,
                    card.serial.cast_signed(),
                    card.state.map(CardState::as_str),
                    card.expires.map(Timestamp::as_microsecond),
                    card.challenge_count.map(u64::cast_signed),
                    card.least_used_cell.map(u64::cast_signed),
                    card.cell_usage.map(|counts| serde_json::to_string(&counts).unwrap()),
                    card.rows,
                    card.columns,
                    sealed
                ],
            )
            .unwrap();
    }

    fn password(
        &mut self,
        name: Option<&str>,
        value: &str,
        expires: Option<Timestamp>,
        must_change: bool,
    ) {
        let password = Password {
            name: name.map(str::to_owned),
            value: secret(value),
            expires,
            must_change: Some(must_change),
        };
        let sealed = sealing::password(&self.keys, ANNA, &password);
        let id = self.id();
        let expires = expires.map(Timestamp::as_microsecond);
        self.db
            .execute(
                "INSERT INTO passwords VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, name, expires, must_change, sealed],
            )
            .unwrap();
    }

    fn questions(&mut self, pairs: &[(&str, &str)]) {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(question, answer)| QaPair {
                question: (*question).to_owned(),
                answer: secret(answer),
            })
            .collect();
        let sealed = sealing::qa(&self.keys, ANNA, &pairs);
        self.db
            .execute(
                "INSERT INTO qa VALUES (?1, ?2, ?3)",
                params![ID, pairs.len() as i64, sealed],
            )
            .unwrap();
    }

    fn try_now(&self, proof: Proof<'_>) -> Result<Attempt> {
        verify(&self.db, &self.keys, ANNA, proof, now())
    }

    fn code(&self, serial: &str, at: u64) -> Verdict {
        let code = code(serial, at);
        self.try_now(Proof::Code {
            code: &code,
            next: None,
            serial: None,
        })
        .unwrap()
        .verdict
    }

    fn ask(&self, serial: Option<u64>) -> Result<Asked> {
        challenge(&self.db, &self.keys, ANNA, serial, &SystemRandomness, now())
    }

    fn failures(&self) -> i64 {
        self.one("SELECT failures FROM users WHERE id = 7")
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn set(&self, name: &str, value: &str) {
        SETTINGS.set(&self.db, name, value).unwrap();
    }
}

fn matched(verdict: Verdict) -> Matched {
    match verdict {
        Verdict::Right {
            matched: Some(matched),
            ..
        } => matched,
        other => panic!("{other:?}"),
    }
}

fn is_right(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Right { .. })
}

fn message<T: std::fmt::Debug>(refused: Result<T>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn a_right_code_moves_the_drift_and_is_not_taken_twice() {
    let mut world = World::new();
    world.token(Token {
        drift: Some(4),
        ..token("111", Algorithm::Totp)
    });
    let found = matched(world.code("111", 1_000_006));
    assert_eq!((found.at, found.offset), (1_000_006, 2));
    let kept: (i64, i64, Option<i64>, i64) = world
        .db
        .query_row(
            "SELECT drift, last_step, counter, last_used FROM tokens",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .unwrap();
    assert_eq!(kept, (6, 1_000_006, None, now().as_microsecond()));
    let again = world.code("111", 1_000_006);
    assert_eq!(
        again,
        Verdict::Wrong("it, or a later one, was used before".to_owned())
    );
    // Ten steps around the new drift.
    assert!(is_right(&world.code("111", 1_000_016)));
}

#[test]
fn a_right_code_moves_the_counter() {
    for algorithm in [Algorithm::Hotp, Algorithm::At] {
        let mut world = World::new();
        world.token(Token {
            counter: Some(500),
            ..token("222", algorithm)
        });
        assert!(!is_right(&world.code("222", 499)));
        assert_eq!(matched(world.code("222", 510)).offset, 10);
        assert_eq!(world.one::<i64>("SELECT counter FROM tokens"), 511);
        assert_eq!(world.one::<Option<i64>>("SELECT drift FROM tokens"), None);
        assert!(!is_right(&world.code("222", 510)));
        assert!(is_right(&world.code("222", 511)));
    }
}

#[test]
fn two_codes_in_a_row_bring_a_token_back() {
    let mut world = World::new();
    world.token(Token {
        counter: Some(5),
        ..token("222", Algorithm::Hotp)
    });
    let Verdict::Wrong(why) = world.code("222", 85) else {
        panic!("80 steps ahead is no window")
    };
    assert!(
        why.contains("80 steps after") && why.contains("two codes in a row"),
        "{why}"
    );
    let (first, second) = (code("222", 86), code("222", 87));
    let proof = Proof::Code {
        code: &first,
        next: Some(&second),
        serial: Some("222"),
    };
    assert_eq!(matched(world.try_now(proof).unwrap().verdict).at, 87);
    assert_eq!(world.one::<i64>("SELECT counter FROM tokens"), 88);
    let Verdict::Wrong(why) = world.try_now(proof).unwrap().verdict else {
        panic!("used")
    };
    assert!(why.contains("two codes in a row"), "{why}");
}

#[test]
fn any_active_token_of_the_user_will_do_and_no_other() {
    let mut world = World::new();
    world.token(Token {
        state: Some(State::Inactive),
        ..token("1", Algorithm::Totp)
    });
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    world.token(Token {
        expires: Some(yesterday),
        ..token("2", Algorithm::Totp)
    });
    world.token(token("3", Algorithm::Cr));
    world.token(token("4", Algorithm::Ocra));
    let any = code("1", 1_000_000);
    let refused = message(world.try_now(Proof::Code {
        code: &any,
        next: None,
        serial: None,
    }));
    for part in [
        "HID 1: INACTIVE",
        "HID 2: expired on 1970-12-13",
        "HID 3: the algorithm of cr",
        "HID 4: an ocra",
    ] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    assert_eq!(world.failures(), 0, "nothing was tried");
    world.token(token("5", Algorithm::Totp));
    world.token(token("6", Algorithm::Totp));
    for unusable in ["1", "2"] {
        assert!(!is_right(&world.code(unusable, 1_000_000)));
    }
    let six = code("6", 1_000_000);
    let proof = |serial| Proof::Code {
        code: &six,
        next: None,
        serial,
    };
    let attempt = world.try_now(proof(Some("5"))).unwrap();
    assert!(!is_right(&attempt.verdict) && attempt.with == "token HID 5");
    let attempt = world.try_now(proof(None)).unwrap();
    assert!(is_right(&attempt.verdict) && attempt.with == "token HID 6");
    assert_eq!(
        message(world.try_now(proof(Some("9")))),
        "Anna has no token 9"
    );
}

#[test]
fn a_seed_of_another_user_does_not_open() {
    let mut world = World::new();
    world.token(token("1", Algorithm::Totp));
    world
        .db
        .execute("UPDATE tokens SET id = 8 << 16", [])
        .unwrap();
    let one = code("1", 1_000_000);
    let proof = Proof::Code {
        code: &one,
        next: None,
        serial: None,
    };
    let refused = message(verify(&world.db, &world.keys, "bob", proof, now()));
    assert!(
        refused.contains("the sealed seed of token HID 1 of Bob"),
        "{refused}"
    );
}

#[test]
fn users_are_found_as_the_target_compares_names() {
    let mut world = World::new();
    world.questions(&[("Where?", "here")]);
    for name in ["Anna", "anna", "ANNA", "A.S", "a.s"] {
        let asked = question(&world.db, &world.keys, name, 1).unwrap();
        assert_eq!(
            (asked.userid.as_str(), asked.text.as_str()),
            ("Anna", "Where?")
        );
    }
    let refused = message(question(&world.db, &world.keys, "nobody", 1));
    assert_eq!(refused, "the tenant has no user 'nobody'");
    let refused = message(question(&world.db, &world.keys, "bob", 1));
    assert_eq!(refused, "Bob has no question");
    world
        .db
        .execute("UPDATE users SET state = 'INACTIVE'", [])
        .unwrap();
    let refused = message(world.try_now(Proof::Answer(1, "here")));
    assert!(refused.contains("INACTIVE"), "{refused}");
}

#[test]
fn so_many_failures_lock_a_user_out_until_it_is_lifted() {
    let mut world = World::new();
    world.set("lockout.failures", "3");
    world.questions(&[("Where?", "here")]);
    let answer = |typed| world.try_now(Proof::Answer(1, typed));
    for round in 0..3 {
        assert_eq!(answer("no").unwrap().left, 2, "{round}");
        assert_eq!(answer("no").unwrap().left, 1);
        assert_eq!(
            answer("here").unwrap().left,
            3,
            "a right one counts from the start again"
        );
    }
    for left in [2, 1, 0] {
        assert_eq!(answer("no").unwrap().left, left);
    }
    assert_eq!(
        message(answer("here")),
        "Anna is locked out after 3 failures"
    );
    assert_eq!(world.failures(), 3, "what is not tried is not counted");
    assert!(matches!(
        question(&world.db, &world.keys, ANNA, 1),
        Err(Refused::LockedOut { .. })
    ));
    assert_eq!(unlock(&world.db, "a.s").unwrap(), ("Anna".to_owned(), 3));
    assert!(is_right(&answer("here").unwrap().verdict));
}

#[test]
fn long_answers_are_cut_as_they_are_stored() {
    let mut world = World::new();
    let long = "ö".repeat(255);
    world.questions(&[("One?", "one"), ("Long?", &long)]);
    let is_answer = |number, typed: &str| {
        is_right(&world.try_now(Proof::Answer(number, typed)).unwrap().verdict)
    };
    assert!(is_answer(2, &long));
    assert!(is_answer(2, &format!("{long} and more")));
    assert!(!is_answer(2, &"ö".repeat(254)));
    assert!(is_answer(1, "one"));
    assert!(!is_answer(1, "One"), "as it stands");
    assert!(!is_answer(1, "one "));
    for number in [0, 3, usize::MAX] {
        let refused = message(world.try_now(Proof::Answer(number, "one")));
        assert!(refused.ends_with(", only 1 to 2"), "{refused}");
    }
}

#[test]
fn passwords_by_their_names() {
    let mut world = World::new();
    let hour = jiff::SignedDuration::from_hours(1);
    world.password(None, "plain", Some(now() - hour), true);
    world.password(Some("ATM"), "4711", Some(now() + hour), true);
    let verdict = |name, typed| world.try_now(Proof::Password(name, typed)).unwrap().verdict;
    let right = |remark: &str| Verdict::Right {
        matched: None,
        remark: Some(remark.to_owned()),
    };
    assert_eq!(
        verdict("default", "plain"),
        right("it expired on 1970-12-14")
    );
    assert_eq!(
        verdict("ATM", "4711"),
        right("it must be changed at the next login")
    );
    for (name, typed) in [
        ("default", "4711"),
        ("ATM", "plain"),
        ("ATM", ""),
        ("ATM", "47110"),
    ] {
        assert!(!is_right(&verdict(name, typed)), "{name} {typed}");
    }
    let refused = message(world.try_now(Proof::Password("atm", "4711")));
    assert_eq!(refused, "Anna has no password 'atm'");
    world.password(Some("default"), "named", None, false);
    assert!(is_right(
        &world
            .try_now(Proof::Password("default", "named"))
            .unwrap()
            .verdict
    ));
}

/// What stands on the card of [`card`] where a challenge asks.
fn cells(asked: &Asked) -> String {
    let all = "ABCDEFGHJKLM";
    asked
        .cells
        .cells()
        .iter()
        .map(|at| {
            let start = 2 * (at.row * 3 + at.column) as usize;
            &all[start..start + 2]
        })
        .collect()
}

#[test]
fn a_challenge_asks_for_the_least_used_cells_and_counts_them() {
    let mut world = World::new();
    world.card(card(10));
    let asked = world.ask(None).unwrap();
    assert_eq!((asked.serial, asked.again), (10, false));
    assert_eq!(asked.cells.to_string(), "A1, A2, C2");
    assert_eq!(
        world.one::<String>("SELECT cell_usage FROM cards"),
        "[2,9,9,2,9,2]"
    );
    assert_eq!(world.one::<i64>("SELECT least_used_cell FROM cards"), 2);
    let again = world.ask(None).unwrap();
    assert!(
        again.again && again.cells == asked.cells,
        "until it is answered"
    );
    assert_eq!(
        world.one::<String>("SELECT cell_usage FROM cards"),
        "[2,9,9,2,9,2]"
    );
    let wrong = world.try_now(Proof::Response("AB GH JK")).unwrap();
    assert!(!is_right(&wrong.verdict) && wrong.left == 4);
    let right = world.try_now(Proof::Response("ab gh lm")).unwrap();
    assert!(is_right(&right.verdict) && right.with == "card 10" && right.left == 5);
    assert_eq!(world.one::<i64>("SELECT challenge_count FROM cards"), 5);
    assert_eq!(
        message(world.try_now(Proof::Response("ab gh lm"))),
        "Anna was not asked for cells of a card"
    );
}

#[test]
fn the_active_card_is_asked_before_the_pending_one() {
    let mut world = World::new();
    world.card(Card {
        state: Some(CardState::Inactive),
        ..card(13)
    });
    assert_eq!(
        message(world.ask(None)),
        "Anna has no card that can be used: card 13: INACTIVE"
    );
    world.card(Card {
        state: Some(CardState::Pending),
        cell_usage: None,
        ..card(12)
    });
    assert_eq!(world.ask(None).unwrap().serial, 12);
    world.card(card(11));
    world.card(card(10));
    assert_eq!(world.ask(None).unwrap().serial, 11);
    assert_eq!(
        world.one::<i64>("SELECT count(*) FROM challenges"),
        1,
        "one challenge at a time"
    );
    assert_eq!(world.ask(Some(10)).unwrap().serial, 10);
    assert_eq!(message(world.ask(Some(9))), "Anna has no card 9");
    let asked = world.ask(Some(12)).unwrap();
    let right = world.try_now(Proof::Response(&cells(&asked))).unwrap();
    assert!(is_right(&right.verdict));
    assert_eq!(
        world.one::<String>("SELECT state FROM cards WHERE serial = 12"),
        "ACTIVE"
    );
}

#[test]
fn cards_that_expired_or_are_too_small_ask_nothing() {
    let mut world = World::new();
    let yesterday = now() - jiff::SignedDuration::from_hours(24);
    world.card(Card {
        expires: Some(yesterday),
        ..card(10)
    });
    let refused = message(world.ask(None));
    assert!(
        refused.ends_with("card 10: expired on 1970-12-13"),
        "{refused}"
    );
    world.card(card(11));
    world.set("challenge.cells", "7");
    assert_eq!(
        message(world.ask(None)),
        "a challenge of 7 cells cannot be made: the card has 6"
    );
    assert_eq!(message(world.ask(Some(77))), "Anna has no card 77");
}
