//! The lists that a selection names, `userid=@FILE` and `group=@FILE`: read, and held against the vault.
//!
//! A name that matches nothing chooses no user, or with `!=` keeps the user who was meant; so a warning names it.

use std::path::Path;

use super::{Context, Failure};
use crate::exchange::input;
use crate::exchange::list::{Name, Names};
use crate::lang::selection::{AttributeKind, Expr, Operand, Selection};
use crate::migrate::results::Named;
use crate::render::{agree, counted, grouped};
use crate::vault::named::{Whose, absent};

impl Context<'_> {
    /// What the line is about, with its `@FILE` lists read. A warning names the lines that match nothing.
    pub fn selection(&self) -> Result<Selection, Failure> {
        let mut selection = self.line.selection.clone();
        if let Some(expr) = &mut selection.expr {
            self.read_lists(expr)?;
        }
        Ok(selection)
    }

    fn read_lists(&self, expr: &mut Expr) -> Result<(), Failure> {
        match expr {
            Expr::All(parts) | Expr::Any(parts) => {
                parts.iter_mut().try_for_each(|part| self.read_lists(part))
            }
            Expr::Not(inner) | Expr::Same(_, inner) => self.read_lists(inner),
            Expr::Test(test) => {
                let whose = match test.attribute.kind {
                    AttributeKind::UserId => Whose::User,
                    _ => Whose::Group,
                };
                for value in &mut test.values {
                    if let Operand::File(file) = value {
                        let names = self.read_list(Path::new(file.as_str()), whose)?;
                        *value = Operand::Set(names.into());
                    }
                }
                Ok(())
            }
        }
    }

    fn read_list(&self, path: &Path, whose: Whose) -> Result<Vec<String>, Failure> {
        let mut names = Names::new(input::open(path)?)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Failure::record(path, &error).hint(error.hint))?;
        let find = |names: &[Name]| {
            absent(self.db()?, whose, names.iter().map(|name| &name.name)).map_err(Failure::from)
        };
        let mut lines = find(&names)?;
        // A list written by hand may spell a name as igsh would have escaped another one.
        let mut again = false;
        for at in &lines {
            let name = names.get_mut(*at);
            if let Some((name, spelt)) = name.and_then(|it| Some((&mut it.name, it.spelt.take()?)))
            {
                *name = spelt;
                again = true;
            }
        }
        if again {
            lines = find(&names)?;
        }
        let first = lines.iter().filter_map(|at| names.get(*at));
        let first = first.map(|name| (&*name.name, name.line));
        let absent = Named::new(lines.len() as u64, first);
        if names.is_empty() {
            let warning = format!("{} names no {}", path.display(), whose.noun());
            self.ui.warning(&warning);
        } else if absent.count > 0 {
            let warning = unmatched(path, names.len() as u64, whose.noun(), &absent);
            self.ui.warning(&warning);
        }
        Ok(names.into_iter().map(|name| name.name).collect())
    }
}

/// That some of all lines of a file match no `noun`.
pub(super) fn unmatched(path: &Path, all: u64, noun: &str, absent: &Named) -> String {
    format!(
        "{} of {} of {} {} no {noun}: {absent}",
        grouped(absent.count),
        counted(all, "line"),
        path.display(),
        agree(absent.count, "matches", "match"),
    )
}
