//! The standard population: made-up people, the same ones for the same seed, for trying out, testing and measuring.
//!
//! A record depends on the seed and its own number alone, so nothing is remembered from one record to the next and a
//! million users take no more memory than ten. User ids and aliases are unique by construction: first name, family
//! name and a running number are a permutation of the user's number.

mod draw;
mod names;
mod tokens;

use std::borrow::Cow;

use draw::{Draw, EPOCH};
use names::{ANSWERS, FIRST, GROUPS, LAST, LOCALES, PLACES, QUESTIONS};

use crate::model::{
    Contact, Group, Location, LocationEntry, Moment, NotMigrated, Password, QaPair, RbaOverrides,
    Schema, SecretBytes, SourceRecord, UnassignedCard, UnassignedToken, User, UserFacts, UserState,
};

/// More doubled names than there are pairs of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "duplicates={duplicates} takes two users for each doubled name, and users={users} makes too few"
)]
pub struct TooManyDuplicates {
    users: u64,
    duplicates: u64,
}

impl TooManyDuplicates {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let Self { users, duplicates } = self;
        let (most, needed) = (users / 2, duplicates.saturating_mul(2));
        Some(format!("ask for duplicates={most} at most, or for users={needed} at least").into())
    }
}

/// The records of a population, in the order of a source file: schema, groups, users, unassigned tokens, unassigned
/// cards.
#[derive(Debug, Clone)]
pub struct Population {
    users: u64,
    seed: u64,
    duplicates: u64,
    next: u64,
}

/// The population of `users` users for `seed`, in which `duplicates` user names stand in two groups, every fourth of
/// them in another case. For each 50 users there is an unassigned token and an unassigned card.
///
/// # Errors
/// [`TooManyDuplicates`] when there are not two users for each doubled name.
pub const fn generate(
    users: u64,
    seed: u64,
    duplicates: u64,
) -> Result<Population, TooManyDuplicates> {
    if duplicates > users / 2 {
        return Err(TooManyDuplicates { users, duplicates });
    }
    Ok(Population {
        users,
        seed,
        duplicates,
        next: 0,
    })
}

impl Population {
    /// How many records there are altogether.
    pub const fn total(&self) -> u64 {
        1 + GROUPS.len() as u64 + self.users + 2 * self.unassigned()
    }

    const fn unassigned(&self) -> u64 {
        self.users / 50
    }

    fn record(&self, at: u64) -> Option<SourceRecord> {
        let groups = GROUPS.len() as u64;
        let Some(at) = at.checked_sub(1) else {
            return Some(SourceRecord::Schema(schema()));
        };
        let Some(user) = at.checked_sub(groups) else {
            let name = GROUPS[at as usize].to_owned();
            return Some(SourceRecord::Group(Group {
                name,
                default: at == 0,
            }));
        };
        let Some(token) = user.checked_sub(self.users) else {
            return Some(SourceRecord::User(Box::new(self.user(user))));
        };
        let Some(card) = token.checked_sub(self.unassigned()) else {
            return Some(SourceRecord::Token(Box::new(self.unassigned_token(token))));
        };
        (card < self.unassigned()).then(|| SourceRecord::Card(Box::new(self.unassigned_card(card))))
    }

    fn user(&self, index: u64) -> User {
        let mut draw = Draw::new(self.seed, index);
        let name = self.name(index);
        let alias = name.alias();
        let first_token = index * TOKEN_NUMBERS;
        // What is drawn, and in which order, decides who the made-up people are.
        let mut facts = UserFacts {
            id: Some(stable_id(&mut draw)),
            full_name: Some(name.full()),
            ..UserFacts::new(GROUPS[self.group(index)].to_owned(), self.userid(index))
        };
        if draw.chance(30) {
            facts.state = UserState::Suspended;
        }
        facts.locale = draw.chance(700).then(|| draw.one(&LOCALES).to_owned());
        facts.contacts = contacts(&mut draw, &alias);
        facts.aliases = vec![alias];
        facts.last_auth = draw.chance(950).then(|| draw.day(-400, 0)).flatten();
        facts.lockout_count = draw.chance(20).then(|| 1 + draw.below(5));
        let mut user = User {
            qa: qa(&mut draw),
            passwords: vec![password(&mut draw)],
            tokens: (0..token_count(index))
                .map(|token| tokens::assigned(&mut draw, first_token + token))
                .collect(),
            cards: (index % 2 == 1)
                .then(|| tokens::assigned_card(&mut draw, FIRST_CARD + index / 2))
                .into_iter()
                .collect(),
            facts,
        };
        user.facts.location = location(&mut draw);
        user.facts.not_migrated = not_migrated(&mut draw);
        user
    }

    fn unassigned_token(&self, index: u64) -> UnassignedToken {
        let mut draw = Draw::new(!self.seed, index);
        UnassignedToken {
            group: GROUPS[skewed_group(&mut draw)].to_owned(),
            token: tokens::unassigned(&mut draw, self.users * TOKEN_NUMBERS + index),
        }
    }

    /// Every second one is preproduced.
    fn unassigned_card(&self, index: u64) -> UnassignedCard {
        let mut draw = Draw::new(self.seed.rotate_left(32), index);
        let preproduced = index.is_multiple_of(2);
        let serial = FIRST_CARD + self.users + index;
        UnassignedCard {
            group: GROUPS[skewed_group(&mut draw)].to_owned(),
            preproduced,
            comment: preproduced.then(|| "batch 2025-11".to_owned()),
            card: if preproduced {
                tokens::new_card(&mut draw, serial)
            } else {
                tokens::used_card(&mut draw, serial)
            },
        }
    }

    /// The user before this one, whose user id this one has too.
    const fn double_of(&self, index: u64) -> Option<u64> {
        if self.duplicates == 0 {
            return None;
        }
        let stride = self.users / self.duplicates;
        if index % stride == 1 && index / stride < self.duplicates {
            Some(index - 1)
        } else {
            None
        }
    }

    fn userid(&self, index: u64) -> String {
        match self.double_of(index) {
            None => self.name(index).userid(),
            Some(other) => {
                let userid = self.name(other).userid();
                let stride = self.users / self.duplicates;
                if index / stride % 4 == 3 {
                    userid.to_uppercase()
                } else {
                    userid
                }
            }
        }
    }

    fn group(&self, index: u64) -> usize {
        match self.double_of(index) {
            Some(other) => (self.group(other) + 1) % GROUPS.len(),
            None => skewed_group(&mut Draw::new(self.seed ^ GROUP_SALT, index)),
        }
    }

    /// A permutation of the indexes: no two users have the same first name, family name and running number.
    const fn name(&self, index: u64) -> Name {
        const PAIRS: u64 = (FIRST.len() * LAST.len()) as u64;
        // An odd factor permutes the numbers below a power of two.
        let pair = (index % PAIRS).wrapping_mul(2_731).wrapping_add(self.seed) % PAIRS;
        Name {
            first: (pair % FIRST.len() as u64) as usize,
            last: (pair / FIRST.len() as u64) as usize,
            round: index / PAIRS,
        }
    }
}

impl Iterator for Population {
    type Item = SourceRecord;

    fn next(&mut self) -> Option<SourceRecord> {
        let record = self.record(self.next)?;
        self.next += 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.total() - self.next).ok();
        (left.unwrap_or(usize::MAX), left)
    }
}

/// Serial numbers set aside for the tokens of one user.
const TOKEN_NUMBERS: u64 = 16;
const FIRST_CARD: u64 = 10_001;
const GROUP_SALT: u64 = 0x67;

struct Name {
    first: usize,
    last: usize,
    round: u64,
}

impl Name {
    fn full(&self) -> String {
        format!("{} {}", FIRST[self.first].0, LAST[self.last].0)
    }

    /// First letter, family name and, from the second one on, a number. Several first names share a letter, so they
    /// share the numbers too.
    fn userid(&self) -> String {
        let first = FIRST[self.first].1;
        let letter = &first[..1];
        let alike = |names: &[(&str, &str)]| {
            names
                .iter()
                .filter(|(_, id)| id.starts_with(letter))
                .count() as u64
        };
        let number = self.round * alike(&FIRST) + alike(&FIRST[..self.first]);
        numbered(letter, "", LAST[self.last].1, number)
    }

    /// The dot keeps aliases apart from user ids.
    fn alias(&self) -> String {
        numbered(FIRST[self.first].1, ".", LAST[self.last].1, self.round)
    }
}

fn numbered(first: &str, between: &str, last: &str, number: u64) -> String {
    let mut text = String::with_capacity(first.len() + between.len() + last.len() + 8);
    text.push_str(first);
    text.push_str(between);
    text.push_str(last);
    if number > 0 {
        text.push_str(&number.to_string());
    }
    text
}

/// 1.2 on average; one user in a thousand has twelve, two more than the target takes.
const fn token_count(index: u64) -> u64 {
    match (index % 1000, index % 10) {
        (500, _) => 12,
        (0..120, 9) | (_, 1..7) => 1,
        (_, 7..10) => 2,
        _ => 0,
    }
}

/// Earlier groups are larger.
const fn skewed_group(draw: &mut Draw) -> usize {
    let groups = GROUPS.len() as u64;
    let (one, other) = (draw.below(groups), draw.below(groups));
    (if one < other { one } else { other }) as usize
}

fn schema() -> Schema {
    Schema {
        system: Some("standard-population".to_owned()),
        system_version: Some("13.0".to_owned()),
        full: true,
        exported: Moment::from_microsecond(EPOCH * 1_000_000),
    }
}

/// A random UUID.
fn stable_id(draw: &mut Draw) -> String {
    let bits = (u128::from(draw.next()) << 64) | u128::from(draw.next());
    uuid::Builder::from_random_bytes(bits.to_be_bytes())
        .into_uuid()
        .to_string()
}

fn contacts(draw: &mut Draw, alias: &str) -> Vec<Contact> {
    let contact = |label: &str, value, default| Contact {
        label: label.into(),
        value,
        default,
    };
    let line = 2_000_000 + draw.below(8_000_000);
    vec![
        contact("Email", format!("{alias}@example.com").into(), true),
        contact("Mobile phone", format!("+1514{line}").into(), false),
    ]
}

/// Three pairs with different questions; one user in a few thousand gives an answer that the target cuts.
fn qa(draw: &mut Draw) -> Vec<QaPair> {
    let first = draw.below(QUESTIONS.len() as u64) as usize;
    (0..3)
        .map(|step| {
            let answer = draw.one(&ANSWERS);
            let answer = if draw.below(8192) == 0 {
                answer.repeat(100)
            } else {
                answer.to_owned()
            };
            QaPair {
                question: QUESTIONS[(first + step * 3) % QUESTIONS.len()].to_owned(),
                answer: SecretBytes::from(answer.into_bytes()),
            }
        })
        .collect()
}

fn password(draw: &mut Draw) -> Password {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!#%+-=?";
    let mut value = vec![0; 12].into_boxed_slice();
    draw.text(ALPHABET, &mut value);
    Password {
        name: None,
        value: SecretBytes::new(value),
        expires: draw.chance(300).then(|| draw.day(3660, 5000)).flatten(),
        must_change: draw.chance(50).then_some(true),
    }
}

fn location(draw: &mut Draw) -> Location {
    let (country, region, city, isp) = draw.one(&PLACES);
    let host = draw.below(254) + 1;
    Location {
        history: vec![LocationEntry {
            country: Some(country.into()),
            region: Some(region.into()),
            city: Some(city.into()),
            isp: Some(isp.into()),
            ip: Some(format!("198.51.100.{host}").into()),
            last_auth: draw.day(-200, 0),
        }],
        expected: if draw.chance(200) {
            vec![format!("{country}/{region}/{city}")]
        } else {
            Vec::new()
        },
        overrides: if draw.chance(50) {
            RbaOverrides {
                max_history: Some(1 + draw.below(10)),
                check_ip: draw.chance(500).then_some(true),
                check_velocity: draw.chance(500).then_some(false),
                max_expected: draw.chance(500).then_some(20),
            }
        } else {
            RbaOverrides::default()
        },
    }
}

/// One user in ten has something that does not migrate.
fn not_migrated(draw: &mut Draw) -> Vec<(NotMigrated, u64)> {
    if !draw.chance(100) {
        return Vec::new();
    }
    let kind = draw.one(NotMigrated::ALL);
    vec![(kind, 1 + draw.below(3))]
}

#[cfg(test)]
mod tests;
