//! A tenant in memory whose one user tries everything.

mod cards;
mod codes;
mod secrets;

use secrecy::ExposeSecret as _;

use super::*;
use crate::ambient::SystemRandomness;
use crate::model::bundle::{Card, CardState, State, Token};
use crate::model::testing::{self, But as _, secret};
use crate::model::{Algorithm, CardFacts, Hash, Password, QaPair, TokenFacts};
use crate::otp::{Digits, Generator};
use crate::store::loose_keys;
use crate::store::records::{Belongings, Place, Stock};
use crate::tenant::{KIND, TABLES, sealing};

const ANNA: &str = "Anna";
/// The user's row id; another user has the next one.
const ID: i64 = 7;

/// A tenant in memory with one user, who has what the tests give her.
struct World {
    db: Connection,
    keys: Keys,
    next: i64,
}

fn now() -> Timestamp {
    Timestamp::from_second(30 * 1_000_000 + 3).unwrap()
}

fn token(serial: &str, algorithm: Algorithm) -> Token {
    Token {
        facts: TokenFacts {
            algorithm,
            hash: Some(Hash::Sha256),
            digits: Some(6),
            issue_no: Some("1".into()),
            key_id: Some("k".into()),
            ..testing::token("HID", serial)
        },
        state: Some(State::Active),
        seed: secret(&format!("seed of {serial}")),
        unlock: None,
    }
}

fn card(serial: u64) -> Card {
    Card {
        facts: CardFacts {
            challenge_count: Some(4),
            least_used_cell: Some(1),
            cell_usage: Some(vec![1, 9, 9, 1, 9, 1]),
            ..CardFacts::new(serial, 2, 3)
        },
        state: Some(CardState::Active),
        cells: secret(&format!("\u{2}{}", "ABCDEFGHJKLM")),
    }
}

/// The code that a token with this serial shows at a step or counter.
fn code(serial: &str, at: u64) -> Otp {
    let seed = format!("seed of {serial}");
    let digits = Digits::new(6).unwrap();
    let shown = Generator::new(seed.as_bytes(), Hash::Sha256).code(at, digits);
    Otp::parse(shown.display().expose_secret()).unwrap()
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

    fn rows(&self) -> Belongings<'_> {
        Belongings::new(&self.db, TABLES).unwrap()
    }

    fn token(&mut self, token: Token) {
        let sealed = sealing::token(&self.keys, ANNA, &token);
        let place = Place {
            id: self.id(),
            group: None,
            state: token.state.map(State::as_str),
        };
        self.rows()
            .token(place, &token.facts, (&sealed.seed, None), ())
            .unwrap();
    }

    fn card(&mut self, card: Card) {
        let sealed = sealing::card(&self.keys, ANNA, &card);
        let place = Place {
            id: self.id(),
            group: None,
            state: card.state.map(CardState::as_str),
        };
        self.rows()
            .card(place, &card.facts, &sealed, Stock::default(), ())
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
            expires: expires.map(Into::into),
            must_change: Some(must_change),
        };
        let sealed = sealing::password(&self.keys, ANNA, &password);
        let id = self.id();
        self.rows().password(id, &sealed).unwrap();
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
