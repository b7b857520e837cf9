//! The reading half of a load: records are read, checked for what needs no database, folded and sealed.

use std::convert::Infallible;

use crossbeam_channel::Sender;

use crate::model::{Card, Group, Schema, SecretBytes, SeedText, SourceRecord, Token, User, oddity};
use crate::store::Keys;
use crate::vault::Result;
use crate::vault::digest::{self, Digest};
use crate::vault::fold::fold_column;
use crate::vault::sealed::{SealedUnassignedCard, SealedUnassignedToken, SealedUser};
use secrecy::ExposeSecret as _;

use super::bad::BadRecord;
use super::report::Remarks;

/// Records that travel together, so that the channel is not the work.
pub(super) type Batch = Vec<Item>;

const BATCH: usize = 128;

/// A place in the low bits of a child row's id.
const PLACES: usize = 1 << 16;

/// A record, or why there is none.
pub(super) type Item = std::result::Result<(u64, Prepared), BadRecord>;

/// A record that is ready to be written.
#[derive(Debug)]
pub(super) enum Prepared {
    Schema(Schema),
    Group(Group),
    User(Box<PreparedUser>),
    Token(Box<Unowned<SealedUnassignedToken>>),
    Card(Box<Unowned<SealedUnassignedCard>>),
}

/// An unassigned token or card with what else its row holds.
#[derive(Debug)]
pub(super) struct Unowned<T> {
    pub(super) item: T,
    /// A digest that shows whether it has changed, where the load compares.
    pub(super) fingerprint: Option<u64>,
}

/// A user with what else its row holds.
#[derive(Debug)]
pub(super) struct PreparedUser {
    pub(super) user: SealedUser,
    /// The folded user id, where it differs.
    pub(super) fold: Option<String>,
    /// The folded aliases, where they differ.
    pub(super) alias_folds: Vec<Option<String>>,
    /// The workflow aliases, which are none of the user's own.
    pub(super) workflow: Vec<String>,
    /// Whether one of them stages the user.
    pub(super) staged: bool,
    /// How many of the names are not what they look like.
    pub(super) odd_names: u64,
    /// The record in digests, where the load compares.
    pub(super) digest: Option<Digest>,
}

/// What records are prepared with.
#[derive(Clone, Copy)]
pub(super) struct Preparing<'a> {
    pub(super) keys: &'a Keys,
    /// Prefixes of workflow aliases; the first one stages a user.
    pub(super) prefixes: &'a [String],
    /// Whether the load compares, and so needs digests.
    pub(super) digests: bool,
}

/// Prepares all of `records`; ends early when the receiver is gone. Gives back which tokens have a seed that is the
/// text of an encoding.
pub(super) fn prepare<I>(records: I, with: Preparing<'_>, out: &Sender<Batch>) -> Remarks
where
    I: Iterator<Item = Result<(u64, SourceRecord), BadRecord>>,
{
    let mut batch = Batch::with_capacity(BATCH);
    let mut encoded = Remarks::default();
    for record in records {
        let item = record.and_then(|(line, record)| {
            note_encoded(&record, &mut encoded);
            let prepared = one(record, with);
            prepared
                .map(|prepared| (line, prepared))
                .map_err(|(what, hint)| BadRecord::at(line, what, hint))
        });
        batch.push(item);
        if batch.len() == BATCH {
            let full = std::mem::replace(&mut batch, Batch::with_capacity(BATCH));
            if out.send(full).is_err() {
                return encoded;
            }
        }
    }
    // The other end is closed only when the load has ended.
    let _ = out.send(batch);
    encoded
}

fn note_encoded(record: &SourceRecord, encoded: &mut Remarks) {
    let mut note = |token: &Token| {
        if let Some(encoding) = SeedText::of(token.seed.expose_secret()) {
            let (vendor, serial) = (&token.facts.vendor, &token.facts.serial);
            let Ok(()) = encoded
                .note(|| Ok::<_, Infallible>(format!("{vendor} {serial} ({})", encoding.as_str())));
        }
    };
    match record {
        SourceRecord::User(user) => user.tokens.iter().for_each(note),
        SourceRecord::Token(token) => note(&token.token),
        _ => {}
    }
}

type Wrong = (String, &'static str);

fn one(record: SourceRecord, with: Preparing<'_>) -> std::result::Result<Prepared, Wrong> {
    let keys = with.keys;
    Ok(match record {
        SourceRecord::Schema(schema) => Prepared::Schema(schema),
        SourceRecord::Group(group) => {
            named("the group's name", &group.name)?;
            if group.name.contains('/') {
                let what = format!("the group name '{}' holds a '/'", group.name);
                return Err((what, "'/' splits group from user name; rename the group"));
            }
            Prepared::Group(group)
        }
        SourceRecord::User(user) => Prepared::User(Box::new(prepare_user(*user, with)?)),
        SourceRecord::Token(token) => {
            check_token(&token.token)?;
            Prepared::Token(Box::new(Unowned {
                fingerprint: with.digests.then(|| digest::of_token(&token)),
                item: token.seal(keys),
            }))
        }
        SourceRecord::Card(card) => {
            check_card(&card.card)?;
            Prepared::Card(Box::new(Unowned {
                fingerprint: with.digests.then(|| digest::of_card(&card)),
                item: card.seal(keys),
            }))
        }
    })
}

fn prepare_user(mut user: User, with: Preparing<'_>) -> std::result::Result<PreparedUser, Wrong> {
    named("the user id", &user.facts.userid)?;
    user.tokens.iter().try_for_each(check_token)?;
    user.cards.iter().try_for_each(check_card)?;
    let longest = [
        user.facts.aliases.len(),
        user.facts.contacts.len(),
        user.passwords.len(),
        user.tokens.len(),
        user.cards.len(),
        user.facts.location.history.len(),
        user.facts.location.expected.len(),
    ];
    if longest.into_iter().any(|length| length >= PLACES) {
        let what = format!(
            "a list of user {}/{} is too long",
            user.facts.group, user.facts.userid
        );
        return Err((what, "a user can have up to 65,535 items of a kind"));
    }
    let has = |alias: &str, prefix: &String| alias.starts_with(prefix.as_str());
    let is_workflow = |alias: &String| with.prefixes.iter().any(|prefix| has(alias, prefix));
    let (workflow, own) = user.facts.aliases.drain(..).partition(is_workflow);
    user.facts.aliases = own;
    let workflow: Vec<String> = workflow;
    let names = std::iter::once(&user.facts.userid).chain(&user.facts.aliases);
    let odd_names = names.filter(|name| oddity(name).is_some()).count() as u64;
    let stages = |prefix| workflow.iter().any(|alias| has(alias, prefix));
    Ok(PreparedUser {
        fold: fold_column(&user.facts.userid),
        alias_folds: user.facts.aliases.iter().map(|a| fold_column(a)).collect(),
        staged: with.prefixes.first().is_some_and(stages),
        workflow,
        odd_names,
        digest: with.digests.then(|| Digest::of(&user)),
        user: SealedUser::seal(user, with.keys),
    })
}

fn named(what: &str, name: &str) -> std::result::Result<(), Wrong> {
    if name.is_empty() {
        return Err((format!("{what} is empty"), "every record needs its key"));
    }
    Ok(())
}

fn check_token(token: &Token) -> std::result::Result<(), Wrong> {
    named("the token's vendor", &token.facts.vendor)?;
    named("the token's serial number", &token.facts.serial)?;
    fits("counter", token.facts.counter)
}

fn check_card(card: &Card) -> std::result::Result<(), Wrong> {
    fits("serial", Some(card.facts.serial))?;
    fits("challengeCount", card.facts.challenge_count)?;
    fits("leastUsedCell", card.facts.least_used_cell)?;
    if !whole(&card.cells, card.facts.rows, card.facts.columns) {
        let what = format!(
            "card {} does not have {} × {} cells of one length",
            card.facts.serial, card.facts.rows, card.facts.columns
        );
        return Err((what, "give rows × columns cells, all equally long"));
    }
    Ok(())
}

fn fits(what: &str, number: Option<u64>) -> std::result::Result<(), Wrong> {
    match number {
        Some(number) if i64::try_from(number).is_err() => Err((
            format!("{what} {number} is too large"),
            "numbers go up to 9223372036854775807",
        )),
        _ => Ok(()),
    }
}

fn whole(cells: &SecretBytes, rows: u32, columns: u32) -> bool {
    let cells = cells.expose_secret();
    let Some(length) = cells.first() else {
        return false;
    };
    u64::from(rows) * u64::from(columns) * u64::from(*length) + 1 == cells.len() as u64
}
