//! Challenges of grid cards.
//!
//! A challenge stands until it has been answered rightly: a user who asks again is asked for the same cells, and
//! cannot ask until known cells come.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use zeroize::Zeroizing;

use super::{Account, Refused, Result, Tried, Verdict};
use crate::ambient::Randomness;
use crate::model::{CardFacts, Timestamp};
use crate::otp::grid::{Challenge, Grid};
use crate::store::Keys;
use crate::store::records::{Columns as _, put, read};
use crate::tenant::{SETTINGS, sealing};

#[derive(Debug)]
pub struct Asked {
    /// The user, as the tenant writes it.
    pub userid: String,
    pub serial: u64,
    pub cells: Challenge,
    /// Whether it had been asked before and not answered.
    pub again: bool,
}

/// A card as it is stored.
struct Stored {
    id: i64,
    facts: CardFacts,
    state: Option<String>,
    sealed: Vec<u8>,
    asked: Option<String>,
}

impl Stored {
    /// The cards of which `condition` is true, with the challenge that stands.
    fn select(condition: &str) -> String {
        format!(
            "SELECT id, state, cards.cells, challenges.cells, {} \
             FROM cards LEFT JOIN challenges ON challenges.card = cards.id WHERE {condition}",
            CardFacts::COLUMNS
        )
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (id, state, sealed, asked, facts) = read(row, 0)?;
        Ok(Self {
            id,
            facts,
            state,
            sealed,
            asked,
        })
    }

    fn name(&self) -> String {
        format!("card {}", self.facts.serial)
    }

    /// Why it cannot be used now.
    fn barred(&self, now: Timestamp) -> Option<String> {
        if !matches!(self.state.as_deref(), Some("ACTIVE" | "PENDING")) {
            return Some("INACTIVE".to_owned());
        }
        let expired = self.facts.expires.filter(|expires| *expires <= now.into());
        expired.map(|expires| format!("expired on {}", expires.civil().date()))
    }

    fn open(&self, keys: &Keys, userid: &str) -> Result<Zeroizing<Vec<u8>>> {
        Ok(sealing::open_card(keys, userid, &self.facts, &self.sealed)?)
    }

    fn grid<'a>(&self, cells: &'a [u8]) -> Result<Grid<'a>> {
        Grid::new(self.facts.rows, self.facts.columns, cells).map_err(|source| Refused::Card {
            serial: self.facts.serial,
            source,
        })
    }
}

/// Asks for cells of the user's card: the one with this serial number, else an active one before a pending one, and of
/// these the newest. Inside the caller's transaction, which also holds the audit entry.
pub fn challenge(
    tx: &Connection,
    keys: &Keys,
    user: &str,
    serial: Option<u64>,
    rng: &dyn Randomness,
    now: Timestamp,
) -> Result<Asked> {
    let account = Account::find(tx, user)?;
    let card = usable(tx, &account, serial, now)?;
    let cells = card.open(keys, &account.userid)?;
    let grid = card.grid(&cells)?;
    let again = card.asked.is_some();
    let asked = match &card.asked {
        Some(asked) => asked.parse()?,
        None => {
            let size = SETTINGS.number(tx, "challenge.cells")?;
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let drawn = Challenge::draw(size, &grid, card.facts.cell_usage.as_deref(), rng)?;
            ask(tx, &account, &card, &drawn, now)?;
            drawn
        }
    };
    Ok(Asked {
        userid: account.userid,
        serial: card.facts.serial,
        cells: asked,
        again,
    })
}

/// Keeps a challenge, and counts its cells as asked.
fn ask(
    tx: &Connection,
    account: &Account,
    card: &Stored,
    drawn: &Challenge,
    now: Timestamp,
) -> Result<()> {
    let (first, last) = account.rows();
    // A user answers one challenge at a time: a response does not say which card it is from.
    tx.prepare_cached("DELETE FROM challenges WHERE card BETWEEN ?1 AND ?2")?
        .execute([first, last])?;
    tx.prepare_cached("INSERT INTO challenges (card, cells, at) VALUES (?1, ?2, ?3)")?
        .execute(params![card.id, drawn.to_string(), now.as_microsecond()])?;
    let CardFacts {
        cell_usage,
        rows,
        columns,
        ..
    } = &card.facts;
    let mut usage = cell_usage.clone().unwrap_or_default();
    usage.resize((rows * columns) as usize, 0);
    for at in drawn.cells() {
        if let Some(count) = usage.get_mut((at.row * columns + at.column) as usize) {
            *count = count.saturating_add(1);
        }
    }
    let least = usage.iter().min().copied().unwrap_or(0);
    let sql = "UPDATE cards SET cell_usage = ?, least_used_cell = ? WHERE id = ?";
    put(&mut *tx.prepare_cached(sql)?, (usage, least, card.id))?;
    Ok(())
}

fn usable(
    db: &Connection,
    account: &Account,
    serial: Option<u64>,
    now: Timestamp,
) -> Result<Stored> {
    let (first, last) = account.rows();
    let mut statement = db.prepare_cached(&Stored::select(
        "cards.id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR serial = ?3) \
         ORDER BY state = 'ACTIVE' DESC, serial DESC",
    ))?;
    let serial_typed = serial.map(u64::cast_signed);
    let cards = statement.query_map(params![first, last, serial_typed], Stored::read)?;
    let mut barred = Vec::new();
    for card in cards {
        let card = card?;
        match card.barred(now) {
            Some(why) => barred.push(format!("{}: {why}", card.name())),
            None => return Ok(card),
        }
    }
    if barred.is_empty() {
        return Err(account.nothing(match serial {
            Some(serial) => format!("card {serial}"),
            None => "card".to_owned(),
        }));
    }
    Err(Refused::Unusable {
        userid: account.userid.clone(),
        what: "card",
        why: barred,
    })
}

/// Tries a response to the challenge that stands. A pending card that was answered from is in use from then on.
pub(super) fn try_response(
    tx: &Connection,
    keys: &Keys,
    account: &Account,
    typed: &str,
    now: Timestamp,
) -> Result<Tried> {
    let (first, last) = account.rows();
    let card = tx
        .prepare_cached(&Stored::select("challenges.card BETWEEN ?1 AND ?2"))?
        .query_row([first, last], Stored::read)
        .optional()?;
    let Some((asked, card)) = card.and_then(|mut card| Some((card.asked.take()?, card))) else {
        return Err(Refused::NotAsked(account.userid.clone()));
    };
    if let Some(why) = card.barred(now) {
        return Err(Refused::Unusable {
            userid: account.userid.clone(),
            what: "card",
            why: vec![format!("{}: {why}", card.name())],
        });
    }
    let cells = card.open(keys, &account.userid)?;
    let right = card.grid(&cells)?.is_response(&asked.parse()?, typed);
    let tried = Tried::plain(
        card.name(),
        right,
        "these are not the cells that were asked for",
    );
    if let Verdict::Right { .. } = tried.verdict {
        tx.prepare_cached("DELETE FROM challenges WHERE card = ?1")?
            .execute([card.id])?;
        tx.prepare_cached(
            "UPDATE cards SET state = 'ACTIVE', challenge_count = coalesce(challenge_count, 0) + 1 WHERE id = ?1",
        )?
        .execute([card.id])?;
    }
    Ok(tried)
}
