//! A snapshot of the vault as what workers are handed: batches of records of one kind, in the order of a bundle.

use crate::ambient::CancelToken;
use crate::migrate::error::Result;
use crate::model::Group;
use crate::vault;
use crate::vault::sealed::{SealedUnassignedCard, SealedUnassignedToken};
use crate::vault::snapshot::{Snapshot, SourceUser};

/// Some records of the source, in the order in which a bundle has them.
pub(super) enum Batch {
    Groups(Vec<Group>),
    Users(Vec<SourceUser>),
    Tokens(Vec<SealedUnassignedToken>),
    Cards(Vec<SealedUnassignedCard>),
}

/// Reads the next page of one kind.
type Next = fn(&mut Snapshot) -> vault::Result<Option<Batch>>;

/// Reads the snapshot to its end: every group, then users, then unassigned items.
pub(super) fn read(
    mut snapshot: Snapshot,
    cancel: &CancelToken,
    push: &mut dyn FnMut(Batch) -> bool,
) -> Result<()> {
    if !push(Batch::Groups(snapshot.groups()?)) {
        return Ok(());
    }
    let next: [Next; 3] = [
        |snapshot| Ok(full(snapshot.next_users()?, Batch::Users)),
        |snapshot| Ok(full(snapshot.next_tokens()?, Batch::Tokens)),
        |snapshot| Ok(full(snapshot.next_cards()?, Batch::Cards)),
    ];
    for next in next {
        while let Some(batch) = next(&mut snapshot)? {
            cancel.check()?;
            if !push(batch) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn full<T>(page: Vec<T>, batch: impl FnOnce(Vec<T>) -> Batch) -> Option<Batch> {
    (!page.is_empty()).then(|| batch(page))
}
