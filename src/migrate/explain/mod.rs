//! "Why did this token not go?": what the vault holds about a user, a token or a card on its way to the target.
//!
//! The past comes from the ledger: which bundles, and what stayed behind. The future comes from the same mapping that
//! an export uses, run now, so that both always agree.

mod advice;
mod answered;
#[cfg(test)]
mod tests;

use crate::ambient::CancelToken;
use crate::lang::selection::Selection;
use crate::migrate::error::{Error, Result};
use crate::migrate::mapping::{LeftOut, map_card, map_token, map_user};
use crate::migrate::rules::Rules;
use crate::model::bundle;
use crate::model::{Reason, Timestamp};
use crate::store::Keys;
use crate::vault::Vault;
use crate::vault::answers;
use crate::vault::find::{Meaning, Origin, Person, What, exclusion, find, standing};
use crate::vault::ledger::{self, Skipped};
use crate::vault::snapshot::{Collision, SourceUser, Unassigned};

pub(super) use advice::advice;
use answered::answer_section;

/// The answer for one user, token or card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What it is about: `user sales/asmith`, `token Entrust 4824413456 of sales/asmith`.
    pub subject: String,
    /// The answer, from the past to the future.
    pub sections: Vec<Section>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub title: String,
    /// Names and values.
    pub facts: Vec<(String, String)>,
}

impl Section {
    fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            facts: Vec::new(),
        }
    }

    fn fact(&mut self, what: impl Into<String>, how: impl Into<String>) {
        self.facts.push((what.into(), how.into()));
    }
}

/// Explains everything that `text` may mean: a user id, `group/userid`, an alias, or the serial number of a token or
/// card.
///
/// # Errors
/// [`Error::Unknown`] when it means nothing.
pub fn explain(
    vault: &Vault,
    keys: &Keys,
    text: &str,
    rules: &Rules,
    cancel: &CancelToken,
) -> Result<Vec<Explanation>> {
    let found = find(vault.file().connection(), text)?;
    if found.is_empty() {
        return Err(Error::Unknown {
            what: format!("the vault has no user, alias or serial number '{text}'"),
            hint: format!("'user list userid=*{text}*' looks for a part of a user id"),
        });
    }
    let asked = Asked {
        vault,
        keys,
        rules,
        cancel,
    };
    found.iter().map(|found| asked.answer(found)).collect()
}

struct Asked<'a> {
    vault: &'a Vault,
    keys: &'a Keys,
    rules: &'a Rules,
    cancel: &'a CancelToken,
}

impl Asked<'_> {
    fn answer(&self, found: &Meaning) -> Result<Explanation> {
        let item = item(&found.what);
        let mut sections = vec![source(&found.origin)];
        let advised = match (&found.user, &item) {
            (Some(person), item) => self.of_user(found, person, item.as_deref(), &mut sections)?,
            (None, Some(item)) => self.of_unassigned(found, item, &mut sections)?,
            (None, None) => Vec::new(),
        };
        let mut next = Section::new("what to do");
        for reason in advised {
            next.fact(reason.as_str(), advice(reason));
        }
        if !next.facts.is_empty() {
            sections.push(next);
        }
        let owner = found.user.as_ref().map_or_else(
            || format!("group {}", found.group),
            |person| format!("{}/{}", found.group, person.userid),
        );
        let subject = item.map_or_else(
            || format!("user {owner}"),
            |item| format!("{item} of {owner}"),
        );
        Ok(Explanation { subject, sections })
    }

    /// The answer for a user, or for one token or card of theirs. Returns the reasons that ask for advice.
    fn of_user(
        &self,
        found: &Meaning,
        person: &Person,
        item: Option<&str>,
        sections: &mut Vec<Section>,
    ) -> Result<Vec<Reason>> {
        let db = self.vault.file().connection();
        let mut phase = Section::new("migration");
        match standing(db, person.id)? {
            None => phase.fact("phase", "none: not exported yet"),
            Some(standing) => {
                let bundle = standing
                    .bundle
                    .map_or(String::new(), |n| format!(", last bundle {n}"));
                let (at, master) = (moment(standing.at), standing.master);
                phase.fact(
                    "phase",
                    format!("{} since {at} by {master}{bundle}", standing.phase),
                );
                if let Some(wave) = standing.wave {
                    phase.fact("wave", wave);
                }
            }
        }
        sections.push(phase);
        sections.extend(answer_section(&answers::of_user(db, person.id)?));
        let mut reasons = Vec::new();
        let left_out = ledger::left_out_of(db, person.id)?;
        let memberships = ledger::bundles_of(db, person.id)?;
        let mut numbers: Vec<u64> = memberships.iter().map(|m| m.bundle.number).collect();
        numbers.extend(left_out.iter().map(|one| one.bundle));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let Some(bundle) = ledger::get(db, number)? else {
                continue;
            };
            let mut section = bundle_section(&bundle);
            let member = memberships.iter().find(|m| m.bundle.number == number);
            if let Some(target) = member.and_then(|m| m.target.as_deref()) {
                section.fact("target id", target);
            }
            let of_bundle = left_out.iter().filter(|one| one.bundle == number);
            let losses: Vec<&Skipped> = of_bundle.filter(|one| concerns(&one.item, item)).collect();
            let whole = losses
                .iter()
                .all(|one| one.reason.is_some_and(goes_all_the_same));
            if member.is_some() && whole {
                let what = item.unwrap_or("everything");
                section.fact(what, "is in it, unless the source got it later");
            }
            for one in losses {
                section.fact(one.item.as_str(), why(one.reason, &one.detail, one.count));
                reasons.extend(one.reason);
            }
            sections.push(section);
        }
        let (now, more) = self.next_export(found, person, item)?;
        sections.push(now);
        reasons.extend(more);
        reasons.sort_unstable();
        reasons.dedup();
        Ok(reasons)
    }

    /// What an export would do with the user now.
    fn next_export(
        &self,
        found: &Meaning,
        person: &Person,
        item: Option<&str>,
    ) -> Result<(Section, Vec<Reason>)> {
        let mut section = Section::new("in an export now");
        let mut reasons = Vec::new();
        let (user, collisions) = self.user(found, person)?;
        let Some(user) = user else {
            section.fact("user", "is not in the source copy any more");
            return Ok((section, reasons));
        };
        let mut stays = |reason: Reason, how: String| {
            section.fact("user", how);
            reasons.push(reason);
        };
        if user.gone {
            stays(Reason::UserGone, "stays: has left the source".to_owned());
        }
        if user.excluded {
            let how = match exclusion(self.vault.file().connection(), person.id)? {
                Some(out) => format!(
                    "stays: was taken out by {} on {}: {}",
                    out.master,
                    moment(out.at),
                    out.reason
                ),
                None => "stays: was taken out by a master".to_owned(),
            };
            stays(Reason::UserExcluded, how);
        }
        for collision in collisions {
            stays(Reason::UserConflict, shared(&collision, person.id));
        }
        let mapped = map_user(user.sealed.open(self.keys)?, user.target, self.rules);
        let losses: Vec<&LeftOut> = mapped
            .left_out
            .iter()
            .filter(|one| concerns(&one.item, item))
            .collect();
        for name in going(&mapped.record).filter(|name| concerns(name, item)) {
            section.fact(name, "goes");
        }
        for one in losses {
            section.fact(
                one.item.as_str(),
                why(Some(one.reason), &one.detail, one.count),
            );
            reasons.push(one.reason);
        }
        Ok((section, reasons))
    }

    /// The user with the collisions they are part of.
    fn user(
        &self,
        found: &Meaning,
        person: &Person,
    ) -> Result<(Option<SourceUser>, Vec<Collision>)> {
        let selection = Selection::of_user(Some(&found.group), &person.userid);
        let mut snapshot = self
            .vault
            .snapshot(None, &selection, Unassigned::No, self.cancel)?;
        let mut collisions = Vec::new();
        snapshot.collisions(&self.rules.workflow_prefixes, self.cancel, |collision| {
            collisions.push(collision);
            Ok(())
        })?;
        collisions.retain(|c| c.parties.iter().any(|party| party.user == person.id));
        let users = snapshot.next_users()?;
        let user = users.into_iter().find(|user| user.id == person.id);
        Ok((user, collisions))
    }

    /// The answer for an unassigned token or card.
    fn of_unassigned(
        &self,
        found: &Meaning,
        item: &str,
        sections: &mut Vec<Section>,
    ) -> Result<Vec<Reason>> {
        let db = self.vault.file().connection();
        let mut reasons = Vec::new();
        for one in ledger::left_out_unassigned(db, item)? {
            if let Some(bundle) = ledger::get(db, one.bundle)? {
                let mut section = bundle_section(&bundle);
                section.fact(one.item, why(one.reason, &one.detail, one.count));
                reasons.extend(one.reason);
                sections.push(section);
            }
        }
        let mut section = Section::new("in an export now");
        let left_out = self.map_unassigned(found)?;
        match left_out {
            None => section.fact(item, "is not in the source copy any more"),
            Some(left_out) => {
                if left_out.iter().all(|one| goes_all_the_same(one.reason)) {
                    let how = "goes with its group, when the selection is empty or names groups only, or with \
                               unassigned=yes";
                    section.fact(item, how);
                }
                for one in left_out {
                    section.fact(item, why(Some(one.reason), &one.detail, one.count));
                    reasons.push(one.reason);
                }
            }
        }
        sections.push(section);
        reasons.sort_unstable();
        reasons.dedup();
        Ok(reasons)
    }

    /// What an export would leave of an unassigned item; `None` when it is not there.
    fn map_unassigned(&self, found: &Meaning) -> Result<Option<Vec<LeftOut>>> {
        let selection = Selection::of_group(&found.group);
        let mut snapshot = self
            .vault
            .snapshot(None, &selection, Unassigned::Only, self.cancel)?;
        match &found.what {
            What::Token { vendor, serial } => loop {
                let page = snapshot.next_tokens()?;
                if page.is_empty() {
                    return Ok(None);
                }
                for token in page {
                    let plain = &token.token.facts;
                    if plain.serial == *serial && plain.vendor == *vendor {
                        return Ok(Some(map_token(token.open(self.keys)?, self.rules).left_out));
                    }
                }
            },
            What::Card { serial } => loop {
                let page = snapshot.next_cards()?;
                if page.is_empty() {
                    return Ok(None);
                }
                for card in page {
                    if card.card.facts.serial == *serial {
                        return Ok(Some(map_card(card.open(self.keys)?, self.rules).left_out));
                    }
                }
            },
            What::User => Ok(None),
        }
    }
}

/// The name that the mapping gives an item.
fn item(what: &What) -> Option<String> {
    match what {
        What::User => None,
        What::Token { vendor, serial } => Some(format!("token {vendor} {serial}")),
        What::Card { serial } => Some(format!("card {serial}")),
    }
}

/// Whether a loss of `name` belongs to an answer about `item`, or about a whole user.
fn concerns(name: &str, item: Option<&str>) -> bool {
    item.is_none_or(|item| name == item || name.starts_with("user "))
}

/// Reasons about a part of a thing, which itself goes.
fn goes_all_the_same(reason: Reason) -> bool {
    matches!(reason, Reason::TokenFunction | Reason::QaTruncated)
}

fn source(origin: &Origin) -> Section {
    let mut section = Section::new("source");
    let mut loaded = format!("load {}", origin.load);
    if let Some(at) = origin.at {
        loaded.push_str(&format!(" on {}", moment(at)));
    }
    if let Some(source) = &origin.source {
        loaded.push_str(&format!(", '{source}' line {}", origin.line));
    }
    section.fact("loaded", loaded);
    if let Some(gone) = origin.gone {
        section.fact("gone", format!("since load {gone}"));
    }
    section
}

fn bundle_section(bundle: &ledger::Bundle) -> Section {
    let mut section = Section::new(format!("bundle {}", bundle.number));
    let at = moment(bundle.finished.unwrap_or(bundle.opened));
    section.fact(bundle.state.as_str(), format!("{at}, '{}'", bundle.path));
    section
}

/// `stays: token.state, canceled`
fn why(reason: Option<Reason>, detail: &str, count: u64) -> String {
    let name = reason.map_or("for a reason that only a newer igsh has", Reason::as_str);
    let verdict = match reason {
        Some(reason) if goes_all_the_same(reason) => "goes, but not whole",
        _ => "stays",
    };
    let mut text = format!("{verdict}: {name}");
    if !detail.is_empty() {
        text.push_str(&format!(", {detail}"));
    }
    if count > 1 {
        text.push_str(&format!(" ({count})"));
    }
    text
}

/// `stays: the name 'asmith' is also that of hr/ASmith`
fn shared(collision: &Collision, user: i64) -> String {
    let mut others: Vec<String> = collision
        .parties
        .iter()
        .filter(|party| party.user != user)
        .map(|party| format!("{}/{}", party.group, party.userid))
        .collect();
    others.dedup();
    format!(
        "stays: the name '{}' is also that of {}",
        collision.name,
        others.join(", ")
    )
}

/// The things of a record that can be left out, by the mapping's names.
fn going(user: &bundle::User) -> impl Iterator<Item = String> {
    let tokens = user
        .tokens
        .iter()
        .map(|t| format!("token {} {}", t.facts.vendor, t.facts.serial));
    let cards = user
        .cards
        .iter()
        .map(|c| format!("card {}", c.facts.serial));
    tokens.chain(cards)
}

fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
