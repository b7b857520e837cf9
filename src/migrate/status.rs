//! Where the migration stands as a whole, and what is left to do: facts from the vault, the files of the bundles and
//! the audit, and the steps that follow from them.

use std::path::Path;

use super::error::Result;
use crate::lang::selection::Selection;
use crate::model::Phase;
use crate::render::{agree, counted};
use crate::store::Connection;
use crate::store::audit;
use crate::vault::ledger::{self, Bundle, State};
use crate::vault::migration::{self, Migration};
use crate::vault::query::{self, Answered, Standing, Standings};

/// Where the migration stands.
#[derive(Debug)]
pub struct Overview {
    /// The migration that goes on, or the last one.
    pub migration: Option<Migration>,
    pub standings: Standings,
    /// All bundles, the oldest first.
    pub bundles: Vec<BundleStatus>,
}

/// A bundle, and what came of it.
#[derive(Debug)]
pub struct BundleStatus {
    /// As the ledger has it.
    pub bundle: Bundle,
    pub file: FileState,
    /// How often its password was shown.
    pub shown: u64,
    /// The target's answers about the users whose last bundle it is.
    pub answered: Answered,
}

/// Whether a bundle's file is where it was written. Only its size is looked at; 'bundle verify' reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// There, of the right size.
    Present,
    /// There, of another size.
    OtherSize,
    /// Not there.
    Missing,
    /// Nothing is expected there: the bundle failed, or another one took its place.
    None,
}

impl FileState {
    /// The name in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::OtherSize => "otherSize",
            Self::Missing => "missing",
            Self::None => "none",
        }
    }

    fn of(bundle: &Bundle) -> Self {
        match bundle.state {
            State::Failed | State::Replaced | State::Open => Self::None,
            State::Sealed | State::Done | State::Lost | State::Forgotten => {
                match Path::new(&bundle.path).metadata() {
                    Ok(found) if found.is_file() && Some(found.len()) == bundle.size => {
                        Self::Present
                    }
                    Ok(_) => Self::OtherSize,
                    Err(_) => Self::Missing,
                }
            }
        }
    }
}

impl BundleStatus {
    /// Users of it who are in a later bundle as well, whose answers count there.
    pub fn moved_on(&self) -> u64 {
        let Answered { ok, errors, none } = self.answered;
        self.bundle.counts.user.saturating_sub(ok + errors + none)
    }

    /// Whether it was written whole and no other bundle has taken its place.
    fn is_done(&self) -> bool {
        matches!(self.bundle.state, State::Done | State::Forgotten)
    }
}

/// The standings of a selection, and all bundles.
pub fn overview(db: &Connection, selection: &Selection) -> Result<Overview> {
    let mut standings = query::standings(db, selection)?;
    let mut shown = std::collections::BTreeMap::new();
    for showing in audit::showings(db, None)? {
        *shown.entry(showing.bundle).or_insert(0) += 1;
    }
    let mut bundles = Vec::new();
    ledger::list::<super::error::Error>(db, |bundle| {
        bundles.push(BundleStatus {
            file: FileState::of(&bundle),
            shown: shown.get(&bundle.number).copied().unwrap_or(0),
            answered: standings.bundles.remove(&bundle.number).unwrap_or_default(),
            bundle,
        });
        Ok(true)
    })?;
    Ok(Overview {
        migration: migration::last(db)?,
        standings,
        bundles,
    })
}

/// Something that is left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub what: String,
    /// What to type.
    pub command: String,
}

/// What is left, in the order in which it is done.
pub fn steps(overview: &Overview, selection: &Selection) -> Vec<Step> {
    let total = &overview.standings.total;
    if total.users() + total.gone + total.excluded == 0 {
        return vec![Step {
            what: "the vault has no users".to_owned(),
            command: "source load file=FILE format=ndjson".to_owned(),
        }];
    }
    let mut steps: Vec<Step> = overview.bundles.iter().flat_map(of_bundle).collect();
    steps.extend(of_users(total, selection));
    let over = total.of(Phase::Migrated) == total.users() && total.users() > 0;
    let running = matches!(&overview.migration, Some(migration) if migration.ended.is_none());
    let all = selection.expr.is_none() && selection.limit.is_none();
    if over && running && all {
        steps.push(Step {
            what: "all users are migrated".to_owned(),
            command: "migrate end".to_owned(),
        });
    }
    steps
}

fn of_bundle(one: &BundleStatus) -> impl Iterator<Item = Step> {
    let number = one.bundle.number;
    let is_awaited = one.is_done() && one.answered.none > 0;
    let steps = [
        (
            one.bundle.state == State::Lost,
            format!("bundle {number} was lost before its users were exported"),
            "export phase=export file=FILE.igb".to_owned(),
        ),
        (
            is_awaited && one.file != FileState::Present,
            format!("the file of bundle {number} is not as it was written"),
            format!("bundle get {number}"),
        ),
        (
            is_awaited && one.shown == 0 && one.bundle.state == State::Done,
            format!("the password of bundle {number} was never shown"),
            format!("bundle password {number}"),
        ),
    ];
    let left = steps.into_iter().filter(|(is_left, ..)| *is_left);
    left.map(|(_, what, command)| Step { what, command })
}

fn of_users(total: &Standing, selection: &Selection) -> impl Iterator<Item = Step> {
    let users = |count, one, several| {
        let verb = agree(count, one, several);
        format!("{} {verb}", counted(count, "user"))
    };
    let chosen = |command: &str| {
        format!("{command} {}", selection.text)
            .trim_end()
            .to_owned()
    };
    let (idle, staged) = (total.of(Phase::None), total.of(Phase::Export));
    let (silent, errors, changed) = (total.unanswered, total.import_errors, total.changed);
    let (imported, gone) = (total.of(Phase::Imported), total.gone_exported);
    let steps = [
        (
            idle,
            users(idle, "is", "are") + " in no phase",
            chosen("migrate stage"),
        ),
        (
            staged,
            users(staged, "waits", "wait") + " for an export",
            chosen("export phase=export file=FILE.igb"),
        ),
        (
            silent,
            format!(
                "of {} the target has said nothing",
                counted(silent, "exported user")
            ),
            "migrate results file=FILE".to_owned(),
        ),
        (
            errors,
            users(errors, "has", "have") + " errors on the target",
            chosen("user list import=error"),
        ),
        (
            changed,
            format!(
                "{} changed since {} bundle",
                users(changed, "has", "have"),
                agree(changed, "the", "their")
            ),
            chosen("export changed=yes file=FILE.igb"),
        ),
        (
            imported,
            format!(
                "{} {} not said to work on the target",
                counted(imported, "imported user"),
                agree(imported, "is", "are")
            ),
            chosen("migrate advance phase=imported to=migrated"),
        ),
        (
            gone,
            format!(
                "{} left the source after {} export: disable{} on the target",
                users(gone, "has", "have"),
                agree(gone, "the", "their"),
                agree(gone, "", " them")
            ),
            chosen("user list gone=yes exported=yes"),
        ),
    ];
    let left = steps.into_iter().filter(|(count, ..)| *count > 0);
    left.map(|(_, what, command)| Step { what, command })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::testing::{House, choose};
    use crate::vault::testing::{bare, group, record};

    fn left(house: &House, selection: &Selection) -> Vec<String> {
        let overview = overview(house.vault.file().connection(), selection).unwrap();
        steps(&overview, selection)
            .into_iter()
            .map(|step| format!("{}: {}", step.what, step.command))
            .collect()
    }

    #[test]
    fn what_is_left_follows_the_users_on_their_way() {
        let all = Selection::default();
        let empty = House::new([]);
        assert_eq!(
            left(&empty, &all),
            ["the vault has no users: source load file=FILE format=ndjson"]
        );
        let people = ["a", "b", "c"].map(|name| record(bare("g", name)));
        let house = House::new([group("g")].into_iter().chain(people));
        assert_eq!(
            left(&house, &all),
            ["3 users are in no phase: migrate stage"]
        );
        let path = house.path("p.igb");
        std::fs::write(&path, "12345").unwrap();
        house.sql(&format!(
            "INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation, opened,
                size, users) VALUES (1, 'x', 'done', '{}', 0, 'Master1', '', 1, 5, 5, 3);
             INSERT INTO progress (user, phase, bundle, at, master) SELECT id, 2, 1, 5, 'Master1' FROM users;
             UPDATE progress SET phase = 1, bundle = NULL WHERE user = (SELECT max(id) FROM users)",
            path.display()
        ));
        assert_eq!(
            left(&house, &choose("userid", "*")),
            [
                "the password of bundle 1 was never shown: bundle password 1",
                "1 user waits for an export: export phase=export file=FILE.igb userid=*",
                "of 2 exported users the target has said nothing: migrate results file=FILE",
            ]
        );
        house.sql("UPDATE progress SET import = 2, changed = 1 WHERE phase = 2 AND user = (SELECT min(id) FROM users)");
        std::fs::write(&path, "1234").unwrap();
        assert_eq!(
            left(&house, &all),
            [
                "the file of bundle 1 is not as it was written: bundle get 1",
                "the password of bundle 1 was never shown: bundle password 1",
                "1 user waits for an export: export phase=export file=FILE.igb",
                "of 1 exported user the target has said nothing: migrate results file=FILE",
                "1 user has errors on the target: user list import=error",
                "1 user has changed since the bundle: export changed=yes file=FILE.igb",
            ]
        );
        house.sql(
            "UPDATE progress SET phase = 4, bundle = 1, import = 1, changed = 0;
             INSERT INTO campaigns (began, began_by) VALUES (1, 'Master1')",
        );
        assert_eq!(left(&house, &all), ["all users are migrated: migrate end"]);
        house.sql("UPDATE users SET gone = 1 WHERE userid = 'a'; UPDATE progress SET phase = 3");
        assert_eq!(
            left(&house, &all),
            [
                "2 imported users are not said to work on the target: migrate advance phase=imported to=migrated",
                "1 user has left the source after the export: disable on the target: user list gone=yes exported=yes",
            ]
        );
    }

    #[test]
    fn a_file_is_compared_by_its_size() {
        let house = House::new([]);
        for (state, content, expected) in [
            ("done", Some("12345"), FileState::Present),
            ("done", Some("1"), FileState::OtherSize),
            ("done", None, FileState::Missing),
            ("lost", None, FileState::Missing),
            ("failed", None, FileState::None),
            ("replaced", Some("1"), FileState::None),
        ] {
            let path = house.path("p.igb");
            let _ = std::fs::remove_file(&path);
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            house.sql(&format!(
                "DELETE FROM bundles;
                 INSERT INTO bundles (number, id, state, path, overwrite, master, selection, password_generation,
                    opened, size) VALUES (1, 'x', '{state}', '{}', 0, 'Master1', '', 1, 5, 5)",
                path.display()
            ));
            let db = house.vault.file().connection();
            let overview = overview(db, &Selection::default()).unwrap();
            assert_eq!(overview.bundles[0].file, expected, "{state}");
        }
    }
}
