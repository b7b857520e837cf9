//! What the target said of a user, as a part of the explanation.

use super::{Section, moment};
use crate::vault::answers::Said;

/// What the target said of the last bundle's records.
pub(super) fn answer_section(said: &Said) -> Option<Section> {
    let ok = said.ok?;
    let mut section = Section::new("the target's answer");
    if ok {
        section.fact("import", "ok: every record is there");
        return Some(section);
    }
    let mut how = "error: not every record is there".to_owned();
    if let Some((file, at)) = &said.file {
        how += &format!(", says '{file}'");
        if let Some(at) = at {
            how += &format!(", taken in {}", moment(*at));
        }
    }
    section.fact("import", how);
    for (record, outcome, message) in &said.missing {
        let mut how = outcome.clone();
        if !message.is_empty() {
            how += &format!(", {message}");
        }
        section.fact(record.as_str(), how);
    }
    Some(section)
}
