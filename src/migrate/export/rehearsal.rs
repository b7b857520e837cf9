//! A bundle that only exists to be read once: in a file without a name, under a password that is never shown.
//!
//! The system takes the file away when the process ends, however it ends. Nothing is written to the ledger,
//! the phases and the audit, since no data leaves the vault.

use std::fs::File;
use std::io::{BufWriter, Seek as _};
use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::output::new_id;
use super::worker::Purpose;
use super::{Prepared, Work, run};
use crate::bundle::{self, Account, Meta, Reader, Writer};
use crate::crypto::BundlePassword;
use crate::crypto::kdf::Cost;
use crate::migrate::error::{Error, Result};
use crate::migrate::mapping::LeftOut;
use crate::migrate::report::Report;

/// A bundle for a rehearsal.
pub struct Rehearsal {
    /// The bundle, open.
    pub reader: Reader<File>,
    /// What is in it and what is not.
    pub report: Report,
}

impl Prepared<'_> {
    /// Writes the bundle into `file`, which has no name, and opens it again. `left_out` gets what does not go, with
    /// the user's name.
    ///
    /// # Errors
    /// [`Error::Nothing`] when everything that was chosen is left out, and what an export can run into.
    pub fn rehearse(
        self,
        mut file: File,
        work: &Work<'_>,
        mut left_out: impl FnMut(&str, &LeftOut) -> Result<()>,
    ) -> Result<Rehearsal> {
        let rng = &*work.ambient.rng;
        let password = BundlePassword::generate(rng)?;
        let meta = Meta {
            id: new_id(rng)?,
            created: work.ambient.clock.now(),
            audit: bundle::Anchor {
                seq: self.seen.seq,
                hash: self.seen.hash,
            },
            // The password is random and the file is gone at once: there is nothing to guess.
            cost: Cost::FLOOR,
        };
        let mut report = self.report();
        let io = |error: std::io::Error| Error::from(bundle::Error::from(error));
        let out = BufWriter::with_capacity(1 << 20, file.try_clone().map_err(io)?);
        let mut writer = Writer::new(out, &meta, &password, rng)?;
        let rules = Arc::new(self.request.rules.clone());
        let users = self.extent.users;
        run(self.survey, Purpose::Rehearsal, rules, work, |done| {
            report.merge(&done.report);
            for block in &done.blocks {
                writer.write(block)?;
            }
            done.named
                .iter()
                .try_for_each(|(name, one)| left_out(name, one))
        })?;
        let records = report.records;
        if records.user + records.token + records.card == 0 {
            return Err(Error::Nothing { left_out: users });
        }
        let (out, _) = writer.finish(Account {
            not_taken: &[],
            selection: "",
            by: work.master,
        })?;
        out.into_inner().map_err(|error| io(error.into_error()))?;
        file.rewind().map_err(io)?;
        let reader = Reader::open(file, password.display().expose_secret())?;
        Ok(Rehearsal { reader, report })
    }
}
