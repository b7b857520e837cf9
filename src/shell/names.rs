//! What exists in the vault right now, for "did you mean" and for completion.

use std::cell::RefCell;
use std::rc::Rc;

use super::editor::Live;
use crate::command::context::Desk;
use crate::lang::live::LiveNames;
use crate::lang::spec::Complete;
use crate::store::Connection;
use crate::vault::{Vault, query};

/// So many names are compared for "did you mean".
const KNOWN: usize = 10_000;

/// The names of the vault that is open, while somebody is logged in; otherwise none are known.
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
        self.desk
            .vault
            .as_ref()
            .filter(|_| self.desk.session.is_some())
    }
}

/// Candidates for completion. The line editor outlives every command, so they have the vault's path and a connection of
/// their own, which opens when somebody is logged in and closes with them.
pub struct Candidates {
    open: Rc<RefCell<Option<Connection>>>,
}

impl Candidates {
    /// Candidates from a connection that the shell opens and closes.
    pub fn from(open: Rc<RefCell<Option<Connection>>>) -> Self {
        Self { open }
    }
}

impl Live for Candidates {
    fn candidates(&self, kind: Complete, prefix: &str, limit: usize) -> Vec<(String, String)> {
        let open = self.open.borrow();
        open.as_ref()
            .and_then(|db| query::begin_with(db, kind, prefix, limit).ok())
            .unwrap_or_default()
    }
}
