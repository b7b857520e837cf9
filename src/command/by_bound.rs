//! What commands use that do not take a struct yet.

use super::context::Proposal;
use super::shared::Out;
use super::{Context, Failure, Outcome};
use crate::lang::binder::Bound;
use crate::lang::keys::Arguments as _;
use crate::render::doc::RowSink;
use crate::render::{Format, Ui};
use crate::store::{Connection, Holder, Summed, Transaction, audit};

/// Runs `show` with the way out of rows in this format.
pub fn rows_into<T>(
    ui: &Ui,
    bound: &Bound,
    format: Format,
    show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let out = Out {
        format: Some(format),
        ..Out::take(&bound.args)?
    };
    out.show(ui, show)
}

#[allow(missing_docs)]
impl Context<'_> {
    pub(super) fn draft(&self, _: &Bound, code: &'static audit::EventCode) -> audit::Draft {
        self.audit(code)
    }

    pub(super) fn holder(&self, _: &Bound) -> Holder {
        self.holding()
    }

    pub(super) fn matched(&self, _: &Bound, count: u64) -> Result<Outcome, Failure> {
        self.found(count)
    }

    pub(super) fn format(&self, bound: &Bound) -> Result<Format, Failure> {
        Ok(Out::take(&bound.args)?.format(self.ui))
    }

    pub(super) fn rows<T>(
        &self,
        bound: &Bound,
        show: impl FnOnce(&mut dyn RowSink) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        Out::take(&bound.args)?.show(self.ui, show)
    }

    pub(super) fn change<P: Proposal>(
        &mut self,
        _: &Bound,
        code: &'static audit::EventCode,
        tables: &[&'static Summed],
        look: impl Fn(&Connection) -> Result<P, Failure>,
        apply: impl FnOnce(&Transaction<'_>, &P) -> Result<(), Failure>,
    ) -> Result<Option<P>, Failure> {
        self.propose(code, tables, look, apply)
    }
}
