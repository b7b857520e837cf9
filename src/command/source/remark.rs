//! What a master should look at before the tokens of a load are used.

use crate::render::{Ui, counted, grouped};
use crate::vault::load::{LoadReport, Remarks};

/// Warns of it.
pub(in crate::command) fn remark(ui: &Ui, report: &LoadReport) {
    let shown = |remarks: &Remarks, between: &str| {
        let more = remarks.count - remarks.first.len() as u64;
        let more = (more > 0).then(|| format!("{} more", grouped(more)));
        let parts: Vec<_> = remarks.first.iter().cloned().chain(more).collect();
        parts.join(between)
    };
    let (encoded, alike) = (&report.encoded, &report.alike);
    if encoded.count > 0 {
        ui.warning(&format!(
            "{} {} a seed that is itself encoded text, and so gives wrong codes if it was encoded twice: {}",
            counted(encoded.count, "token"),
            if encoded.count == 1 { "has" } else { "have" },
            shown(encoded, ", ")
        ));
    }
    if alike.count > 0 {
        ui.warning(&format!(
            "{} {} like another one; compare them before one is assigned or exported: {}",
            counted(alike.count, "token"),
            if alike.count == 1 { "is" } else { "are" },
            shown(alike, "; ")
        ));
    }
}
