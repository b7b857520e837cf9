//! An import that has no effect: the same rules in a transaction that its owner takes back.

use std::collections::HashSet;
use std::io::{Read, Seek};

use rusqlite::Connection;

use super::apply::{Applier, State};
use super::note_default;
use super::prepare::ready;
use crate::ambient::{CancelToken, Progress};
use crate::bundle::Reader;
use crate::store::Keys;
use crate::tenant::Policy;
use crate::tenant::error::{Error, Result};
use crate::tenant::events::{Item, Tally};
use crate::tenant::jobs;

/// Applies a whole bundle inside the caller's transaction and writes no event; `each` gets each record. For a
/// rehearsal, whose transaction is taken back.
pub fn rehearse<R: Read + Seek + Send, E: From<Error>>(
    db: &Connection,
    keys: &Keys,
    reader: Reader<R>,
    progress: &dyn Progress,
    cancel: &CancelToken,
    mut each: impl FnMut(Option<&str>, &[Item]) -> Result<(), E>,
) -> Result<Tally, E> {
    jobs::none_unfinished(db)?;
    let mut defaults = HashSet::new();
    let checked = reader.check_each(progress, cancel, |record| {
        note_default(&mut defaults, record)
    });
    let mut checked = checked.map_err(Error::from)?;
    let mut state = State::new(db, defaults, false)?;
    let policy: Policy = state.policy().clone();
    let mut applier = Applier::new(db, &mut state, keys)?;
    let mut trouble = None;
    let passed = checked.blocks(0, progress, cancel, |_, records| {
        for record in records {
            let passed = applier
                .apply(ready(record, &policy, None))
                .map_err(E::from)
                .and_then(|(name, items)| each(name.as_deref(), items));
            if let Err(error) = passed {
                trouble = Some(error);
                return Err(crate::bundle::Error::from(crate::ambient::Cancelled));
            }
        }
        Ok(())
    });
    match trouble {
        Some(error) => Err(error),
        None => {
            passed.map_err(Error::from)?;
            Ok(state.tally)
        }
    }
}
