//! What exists in the vault right now, for "did you mean" and for completion.

use std::cell::RefCell;
use std::rc::Rc;

use super::builtin::DISPLAY;
use super::editor::{Beyond, FoundNames, Live, Name};
use crate::command::context::Desk;
use crate::lang::live::LiveNames;
use crate::lang::spec::Complete;
use crate::migrate::settings::VAULT;
use crate::store::settings::{Settings, Type};
use crate::store::{Connection, Pulse};
use crate::tenant::SETTINGS as TENANT;
use crate::vault::{Vault, query};

/// So many names are compared for "did you mean".
const KNOWN: usize = 10_000;

/// The names of the vault that is open, while a master is logged in and the session is not locked; otherwise none are
/// known.
pub struct Names<'a> {
    desk: &'a Desk,
}

impl<'a> Names<'a> {
    /// Those of this desk.
    pub fn of(desk: &'a Desk) -> Self {
        Self { desk }
    }
}

impl LiveNames for Names<'_> {
    fn exists(&self, kind: Complete, name: &str) -> Option<bool> {
        let vault = self.vault()?;
        query::exists(vault.file().connection(), kind, name)
            .ok()
            .flatten()
    }

    fn names(&self, kind: Complete) -> Vec<String> {
        let Some(vault) = self.vault() else {
            return Vec::new();
        };
        let found =
            query::begin_with(vault.file().connection(), kind, "", KNOWN).unwrap_or_default();
        found.into_iter().map(|(name, _)| name).collect()
    }
}

impl Names<'_> {
    fn vault(&self) -> Option<&Vault> {
        self.desk.vault.as_ref().filter(|_| self.desk.is_unlocked())
    }
}

/// The session as completion sees it. The line editor outlives every command, so this is shared with the shell,
/// which renews it before each line.
#[derive(Default)]
pub struct Known {
    /// A reading connection to the vault, while a master is logged in, and whether the session has been locked since.
    pub live: Option<(Connection, Pulse)>,
    /// The names of the session's variables.
    pub variables: Vec<String>,
}

/// Candidates for completion.
pub struct Candidates {
    known: Rc<RefCell<Known>>,
}

impl Candidates {
    /// Candidates from what the shell says is known.
    pub fn from(known: Rc<RefCell<Known>>) -> Self {
        Self { known }
    }

    fn of_vault(&self, kind: Complete, prefix: &str, limit: usize) -> Option<FoundNames> {
        let known = self.known.borrow();
        let (db, session) = known.live.as_ref()?;
        if session.is_locked() {
            return None;
        }
        let names: Vec<Name> = if kind == Complete::Aliases {
            let found = query::aliases_begin_with(db, prefix, limit).ok()?;
            found
                .into_iter()
                .map(|(name, is_beginning)| Name {
                    about: if is_beginning {
                        "aliases that begin so"
                    } else {
                        ""
                    }
                    .to_owned(),
                    name,
                    is_beginning,
                })
                .collect()
        } else {
            let found = query::begin_with(db, kind, prefix, limit).ok()?;
            found.into_iter().map(Name::of).collect()
        };
        let beyond = match names.last() {
            Some(last) if names.len() >= limit => {
                let shown = (last.name.as_str(), last.is_beginning);
                query::beyond(db, kind, prefix, shown).ok()?
            }
            _ => None,
        };
        Some(FoundNames {
            names,
            beyond: beyond.map(|(count, last)| Beyond {
                count: (count <= query::COUNTED).then_some(count),
                last,
            }),
        })
    }
}

impl Live for Candidates {
    fn candidates(&self, kind: Complete, prefix: &str, limit: usize) -> FoundNames {
        let listed = |names: &[(&str, &str)]| {
            let names = names.iter().filter(|(name, _)| name.starts_with(prefix));
            let names = names.map(|(name, about)| ((*name).to_owned(), (*about).to_owned()));
            FoundNames {
                names: names.map(Name::of).collect(),
                beyond: None,
            }
        };
        let settings = |settings: &Settings| -> Vec<_> {
            let all = settings.all.iter();
            all.map(|setting| (setting.name, setting.summary)).collect()
        };
        match kind {
            Complete::Settings => listed(&settings(&VAULT)),
            Complete::TenantSettings => listed(&settings(&TENANT)),
            Complete::Display => {
                let all: Vec<_> = DISPLAY
                    .iter()
                    .map(|setting| (setting.name, setting.meaning))
                    .collect();
                listed(&all)
            }
            _ => self.of_vault(kind, prefix, limit).unwrap_or_default(),
        }
    }

    fn values(&self, kind: Complete, setting: &str) -> Vec<(String, String)> {
        match kind {
            Complete::Settings => of_setting(&VAULT, setting),
            Complete::TenantSettings => of_setting(&TENANT, setting),
            Complete::Display => {
                let mut all = DISPLAY.iter();
                let found = all.find(|one| one.name == setting);
                let values = found.map_or(&[][..], |one| one.values);
                values
                    .iter()
                    .map(|value| ((*value).to_owned(), String::new()))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn variables(&self) -> Vec<String> {
        self.known.borrow().variables.clone()
    }
}

/// What a setting can be: its words, and its default, where that is a value one would type.
fn of_setting(settings: &Settings, name: &str) -> Vec<(String, String)> {
    let Ok(setting) = settings.find(name) else {
        return Vec::new();
    };
    let words: &[&str] = match setting.takes {
        Type::Flag => &["on", "off"],
        Type::Word(words, _) | Type::Several(words) => words,
        _ => &[],
    };
    let about = |word: &str| {
        if word == setting.default {
            "the default"
        } else {
            ""
        }
    };
    let mut values: Vec<_> = words
        .iter()
        .map(|word| ((*word).to_owned(), about(word).to_owned()))
        .collect();
    // A default that is a list is no single value.
    if values.is_empty() && !setting.default.is_empty() && !setting.default.contains(',') {
        values.push((setting.default.to_owned(), "the default".to_owned()));
    }
    values
}
