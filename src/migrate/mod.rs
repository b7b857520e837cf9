//! From the source copy to a bundle: the rules of what goes, the pipeline that writes it, and the answers afterwards.
//!
//! Data goes one way (CONTRIBUTING.md): a snapshot of the vault is read in key order, [`mapping`] turns
//! each source record into a bundle record and a list of what stays behind with its reason, and [`report`] adds that
//! up. Each decision is made once: what the report counts is what the mapping decided.

mod batches;
pub mod bundle_file;
pub mod check;
pub mod error;
pub mod explain;
pub mod export;
pub mod integrity;
pub mod mapping;
pub mod phases;
mod pipeline;
pub mod recover;
pub mod report;
pub mod results;
pub mod rules;
pub mod settings;
pub mod status;
pub mod survey;
#[cfg(test)]
mod testing;

use crate::store::Connection;

use crate::crypto::BundlePassword;
use crate::store::{self, Column, Keys};
use crate::vault::ledger;

/// Opens a bundle's password. The caller commits an audit entry before the password is shown (igsh-vault(5), AUDIT).
///
/// # Errors
/// [`error::Error::Unknown`] when there is no such bundle, or its password is not kept any more.
pub fn password(db: &Connection, keys: &Keys, number: u64) -> error::Result<BundlePassword> {
    let unknown = |why, hint: &str| error::Error::Unknown {
        what: format!("bundle {number} {why}"),
        hint: hint.to_owned(),
    };
    let kept = ledger::password(db, number)?.ok_or_else(|| {
        unknown(
            "is not in the ledger",
            "'bundle list' shows the bundles that are",
        )
    })?;
    let password = open_password(&kept, keys, number)?;
    password.ok_or_else(|| {
        unknown(
            "has no password any more: it failed, or its password was forgotten",
            "export again to get a new bundle",
        )
    })
}

/// Opens a bundle's password as it is kept, where it is.
fn open_password(
    kept: &ledger::Password,
    keys: &Keys,
    number: u64,
) -> store::Result<Option<BundlePassword>> {
    let Some(sealed) = &kept.sealed else {
        return Ok(None);
    };
    let generation = kept.generation.to_string();
    let owner = [kept.id.as_str(), generation.as_str()];
    let open = keys.open(Column::BundlePassword, &owner, sealed)?;
    std::str::from_utf8(&open)
        .ok()
        .and_then(|text| BundlePassword::parse(text).ok())
        .map(Some)
        .ok_or_else(|| store::Error::Field {
            what: format!("the sealed password of bundle {number}"),
        })
}
