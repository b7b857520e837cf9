//! What a master should look at before the tokens of a load are used.

use crate::render::{Ui, agree, counted, grouped};
use crate::vault::load::{LoadReport, Remarks};

/// Warns of it.
pub(in crate::command) fn remark(ui: &Ui, report: &LoadReport) {
    for (remarks, (one, several), what, between, hint) in [
        (
            &report.encoded,
            ("has", "have"),
            "a seed that is itself encoded text; if it was encoded twice, its codes are wrong",
            ", ",
            "check with one device that a code of it is right",
        ),
        (
            &report.alike,
            ("is", "are"),
            "like another one",
            "; ",
            "compare them before one is assigned or exported",
        ),
    ] {
        let Remarks { count, first } = remarks;
        if *count == 0 {
            continue;
        }
        let more = count - first.len() as u64;
        let more = (more > 0).then(|| format!("{} more", grouped(more)));
        let parts: Vec<_> = first.iter().cloned().chain(more).collect();
        let (tokens, verb) = (counted(*count, "token"), agree(*count, one, several));
        ui.warning(&format!("{tokens} {verb} {what}: {}", parts.join(between)));
        ui.hint(hint);
    }
}
