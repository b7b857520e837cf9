//! The target's answer about a user, as a part of the explanation.

use super::{Section, moment};
use crate::vault::answers::Said;

/// The target's answer about the records of the last bundle.
pub(super) fn answer_section(said: &Said) -> Option<Section> {
    let ok = said.ok?;
    let mut section = Section::new("the target's answer");
    if ok {
        section.fact("import", "ok: every record is there");
        return Some(section);
    }
    let mut how = "error: not every record is there".to_owned();
    if let Some((file, at)) = &said.file {
        how += &format!(", according to '{file}'");
        if let Some(at) = at {
            how += &format!(" of {}", moment(*at));
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
