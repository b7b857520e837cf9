//! The pre-flight, `migrate check`: what an export of a selection would run into, before anything is written.
//!
//! Records are opened and mapped by the same code as an export's, in one pass on all cores, so that pre-flight and
//! export always agree. What it finds streams out instance by instance; what stays in memory does
//! not grow with the users.

mod finding;
mod inspect;
#[cfg(test)]
mod tests;
mod todo;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ambient::{CancelToken, Progress, Unit};
use crate::migrate::error::Result;
use crate::migrate::report::UNASSIGNED_CARDS;
use crate::migrate::rules::Rules;
use crate::migrate::survey::Survey;
use crate::migrate::{batches, pipeline};
use crate::store::Keys;
use crate::vault::snapshot::{Elsewhere, FormerName, Wrong};

pub use finding::{About, Finding, Severity};
pub use todo::Todo;

use inspect::{EXAMPLES, Inspector};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub finding: Finding,
    /// Group of the user, or of the unassigned item.
    pub group: String,
    /// User id; empty for unassigned items.
    pub userid: String,
    /// The thing itself: a token, a card, a name; empty where it is the user.
    pub item: String,
    pub detail: String,
    /// How many things it stands for.
    pub count: u64,
}

/// Everything that was found, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Users who were looked at.
    pub users: u64,
    /// Unassigned cards that would go.
    pub cards: u64,
    /// Tokens with push or transactions whose address is not the tenant's.
    pub push_tokens: u64,
    /// The longest location history.
    pub history: u64,
    /// The most expected locations.
    pub expected: u64,
    counts: BTreeMap<Finding, u64>,
    kinds: BTreeMap<(Finding, String), u64>,
}

/// Kinds beyond so many are counted together: their names come from the source, and a report stays small.
const KINDS: usize = 200;

impl Totals {
    /// How many of a finding.
    pub fn of(&self, finding: Finding) -> u64 {
        self.counts.get(&finding).copied().unwrap_or(0)
    }

    fn add(&mut self, finding: Finding, count: u64) {
        *self.counts.entry(finding).or_default() += count;
    }

    /// How many of a finding by state, model or name, where it comes in kinds.
    pub fn kinds(&self, finding: Finding) -> impl Iterator<Item = (&str, u64)> {
        self.kinds
            .iter()
            .filter(move |((of, _), _)| *of == finding)
            .map(|((_, name), count)| (name.as_str(), *count))
    }

    fn add_kind(&mut self, finding: Finding, name: &str, count: u64) {
        let key = (finding, name.to_owned());
        if let Some(known) = self.kinds.get_mut(&key) {
            *known += count;
            return;
        }
        let key = if self.kinds.len() < KINDS {
            key
        } else {
            (finding, "others".to_owned())
        };
        *self.kinds.entry(key).or_default() += count;
    }

    fn merge(&mut self, other: Self) {
        self.users += other.users;
        self.cards += other.cards;
        self.push_tokens += other.push_tokens;
        self.history = self.history.max(other.history);
        self.expected = self.expected.max(other.expected);
        for (finding, count) in other.counts {
            self.add(finding, count);
        }
        for ((finding, name), count) in other.kinds {
            self.add_kind(finding, &name, count);
        }
    }
}

/// What a pre-flight came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub totals: Totals,
    /// The first instances of each finding.
    pub examples: BTreeMap<Finding, Vec<Instance>>,
    /// What is to be set on the target by hand.
    pub todo: Vec<Todo>,
}

impl Checked {
    /// Whether an export of the same selection would be refused.
    pub fn blocks(&self) -> bool {
        self.found()
            .any(|finding| finding.about().severity == Severity::Blocks)
    }

    /// What was found, the gravest first.
    pub fn found(&self) -> impl Iterator<Item = Finding> {
        let mut found: Vec<Finding> = Finding::all()
            .filter(|finding| self.totals.of(*finding) > 0)
            .collect();
        found.sort_by_key(|finding| finding.about().severity);
        found.into_iter()
    }
}

pub struct Work<'a> {
    pub keys: &'a Arc<Keys>,
    /// What the mapping goes by.
    pub rules: Rules,
    /// Whether every instance is wanted; otherwise the first few of each kind.
    pub all: bool,
    pub progress: &'a dyn Progress,
    pub cancel: &'a CancelToken,
}

/// Checks everything that was surveyed. `each` gets what is found, as it is found. With `targets` the survey has the
/// target's users ([`Survey::targets`]), and users who are missing there are found too.
///
/// # Errors
/// A record that does not open.
pub fn check(
    mut survey: Survey,
    targets: bool,
    work: Work<'_>,
    each: &mut dyn FnMut(&Instance),
) -> Result<Checked> {
    let mut gathered = Gathered {
        checked: Checked {
            totals: Totals::default(),
            examples: BTreeMap::new(),
            todo: Vec::new(),
        },
        each,
    };
    for (bundle, users) in survey.already()? {
        let name = format!("bundle {bundle}");
        let totals = &mut gathered.checked.totals;
        totals.add_kind(Finding::Exported, &name, users);
    }
    if survey.users > 0 {
        gathered.names(&mut survey, targets, &work)?;
    }
    survey.snapshot.alike(work.cancel, |found| {
        let item = format!("token {}", found.name);
        let whose = (found.group.as_str(), found.userid.as_str());
        let like = format!("like {}", found.other);
        gathered.count(instance(Finding::TokenAlike, whose, &item, &like));
    })?;
    let (total, earlier_cards) = (survey.total(), survey.earlier_cards);
    let snapshot = survey.snapshot;
    let Work {
        keys,
        rules,
        all,
        progress,
        cancel,
    } = work;
    let rules = Arc::new(rules);
    progress.begin("checking", Unit::Items, Some(total));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut so_far = 0;
    let outcome = pipeline::run(
        cores.min(8),
        move |push| batches::read(snapshot, cancel, push),
        || Ok(Inspector::new(Arc::clone(keys), Arc::clone(&rules), all)),
        Inspector::work,
        |seen| {
            cancel.check()?;
            so_far += seen.items;
            gathered.checked.totals.merge(seen.totals);
            for instance in seen.instances {
                gathered.list(instance);
            }
            progress.at(so_far);
            Ok(())
        },
    );
    progress.end();
    outcome?;
    let mut checked = gathered.checked;
    let cards = checked.totals.cards + earlier_cards;
    if checked.totals.cards > 0 && cards > UNASSIGNED_CARDS {
        checked.totals.add(Finding::UnassignedCards, cards);
    }
    checked.todo = todo::todo(&checked.totals);
    Ok(checked)
}

/// What has been found so far.
struct Gathered<'a> {
    checked: Checked,
    each: &'a mut dyn FnMut(&Instance),
}

impl Gathered<'_> {
    /// An instance that is counted already.
    fn list(&mut self, instance: Instance) {
        (self.each)(&instance);
        let examples = self.checked.examples.entry(instance.finding).or_default();
        if examples.len() < EXAMPLES {
            examples.push(instance);
        }
    }

    /// An instance that is not.
    fn count(&mut self, instance: Instance) {
        self.checked.totals.add(instance.finding, instance.count);
        self.list(instance);
    }

    /// Findings about names, which need no open record.
    fn names(&mut self, survey: &mut Survey, targets: bool, work: &Work<'_>) -> Result<()> {
        survey.collisions(&work.rules.workflow_prefixes, work.cancel, |collision| {
            let owners: Vec<String> = collision
                .parties
                .iter()
                .map(|party| {
                    let bundle = party.bundle.map(|n| format!(", bundle {n}"));
                    let (group, userid, holds) =
                        (&party.group, &party.userid, party.holds.as_str());
                    format!("{group}/{userid} ({holds}{})", bundle.unwrap_or_default())
                })
                .collect();
            for party in collision.parties.iter().filter(|party| party.selected) {
                self.count(instance(
                    Finding::Collision,
                    (&party.group, &party.userid),
                    &format!("name {}", collision.name),
                    &owners.join(", "),
                ));
            }
            Ok(())
        })?;
        let snapshot = &survey.snapshot;
        snapshot.odd_names(&work.rules.workflow_prefixes, work.cancel, |odd| {
            let (finding, detail) = match odd.wrong {
                Wrong::Odd(what) => (Finding::Unseen, what),
                Wrong::Twins(twins) => (Finding::Twin, twins.join(", ")),
            };
            let whose = (odd.group.as_str(), odd.userid.as_str());
            self.count(instance(finding, whose, &odd.item, &detail));
        })?;
        snapshot.renamed(|found| self.count(before(Finding::Renamed, &found)))?;
        snapshot.moved(|found| self.count(before(Finding::Moved, &found)))?;
        if targets {
            snapshot.not_on_target(work.cancel, |group, userid, how| {
                let (finding, there) = match how {
                    Elsewhere::Missing => (Finding::TargetMissing, String::new()),
                    Elsewhere::Case(name) => (Finding::TargetCase, format!("there '{name}'")),
                    Elsewhere::Suffix(name) => (Finding::TargetSuffix, format!("there '{name}'")),
                };
                self.count(instance(finding, (group, userid), "", &there));
            })?;
        }
        Ok(())
    }
}

/// A user who has another name or group on the target.
fn before(finding: Finding, found: &FormerName) -> Instance {
    let before = format!("was {}", found.before);
    instance(finding, (&found.group, &found.userid), "", &before)
}

fn instance(finding: Finding, (group, userid): (&str, &str), item: &str, detail: &str) -> Instance {
    Instance {
        finding,
        group: group.to_owned(),
        userid: userid.to_owned(),
        item: item.to_owned(),
        detail: detail.to_owned(),
        count: 1,
    }
}
