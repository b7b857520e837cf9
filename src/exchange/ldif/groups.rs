//! The group of a person, and that no two places of a directory become one group.

use std::borrow::Cow;
use std::collections::HashMap;
use std::slice;

use super::dn::{self, Part};
use super::entry::{Entry, fault};
use super::person::{name, trimmed};
use super::{Counts, GroupFrom, Options};
use crate::exchange::Error;
use crate::exchange::error::clipped;

/// What stands for a `/`, which no group can have in its name.
const SLASH: &str = "-";
/// What stands between the units of a path.
const BETWEEN: &str = ".";

/// So much of a place is shown, in characters: two of them stand in one message.
const LONGEST: usize = 100;

/// The groups so far: few, even in a directory of millions.
#[derive(Default)]
pub(super) struct Groups(HashMap<String, Origin>);

/// Where a group comes from.
struct Origin {
    /// The line of its first person.
    line: u64,
    /// The name of its entry, or the value that names it, as it was first written.
    place: String,
    /// The same however it is written.
    normal: String,
}

/// What the group of a person is found to be.
struct Found<'a> {
    line: u64,
    field: &'a str,
    name: Cow<'a, str>,
    place: Cow<'a, str>,
}

impl Groups {
    /// The group of a person, and whether it is new.
    pub(super) fn of<'a>(
        &mut self,
        entry: &'a Entry,
        parts: Option<&'a [Part<'a>]>,
        options: &'a Options,
        counts: &mut Counts,
    ) -> Result<(String, bool), Error> {
        let found = match &options.group {
            GroupFrom::Fixed(group) => Found {
                line: entry.line,
                field: "",
                name: Cow::Borrowed(group),
                place: Cow::Borrowed(""),
            },
            GroupFrom::Attribute(attribute) => by_attribute(entry, attribute, counts)?,
            from => by_place(entry, parts, *from == GroupFrom::Path, counts)?,
        };
        let name = match &options.group {
            GroupFrom::Fixed(_) => found.name.clone(),
            _ => found.usable_name(counts)?,
        };
        if let Some(origin) = self.0.get(&*name) {
            if !origin.is(&found.place) {
                return Err(two_places(&name, origin, &found, &options.group));
            }
            return Ok((name.into_owned(), false));
        }
        counts.renamed_groups += u64::from(name != found.name && found.name.contains('/'));
        let name = name.into_owned();
        self.0
            .insert(name.clone(), Origin::of(entry.line, &found.place));
        Ok((name, true))
    }
}

impl Origin {
    fn of(line: u64, place: &str) -> Self {
        Self {
            line,
            place: place.to_owned(),
            normal: normal(place),
        }
    }

    fn is(&self, place: &str) -> bool {
        self.place == place || self.normal == normal(place)
    }
}

/// A place in one spelling. A value that is no name of an entry has only one.
fn normal(place: &str) -> String {
    match dn::parts(place) {
        Some(parts) if place.contains('=') => dn::normal(&parts),
        _ => place.to_owned(),
    }
}

impl<'a> Found<'a> {
    /// The name as a group can have it.
    fn usable_name(&self, counts: &mut Counts) -> Result<Cow<'a, str>, Error> {
        let name = trimmed(&self.name, counts);
        if name.is_empty() || name.contains(char::is_control) {
            return Err(fault(
                self.line,
                self.field,
                format!(
                    "'{}' cannot be a group: it is empty or holds a control character",
                    self.name.escape_debug()
                ),
                "name one group for all with group=, or another attribute with group-attr=",
            ));
        }
        Ok(if name.contains('/') {
            Cow::Owned(name.replace('/', SLASH))
        } else if name.len() == self.name.len() {
            self.name.clone()
        } else {
            Cow::Owned(name.to_owned())
        })
    }
}

fn by_attribute<'a>(
    entry: &Entry,
    attribute: &'a String,
    counts: &mut Counts,
) -> Result<Found<'a>, Error> {
    let Some(found) = entry.first(slice::from_ref(attribute)) else {
        return Err(fault(
            entry.line,
            attribute,
            "the entry has no such attribute to take its group from",
            "complete the entry, or name one group for all with group=",
        ));
    };
    let value = name(found, counts)?;
    // An attribute such as memberOf names the group's entry.
    let first = dn::parts(&value)
        .filter(|parts| parts.last().is_some_and(|last| last.level > 0))
        .and_then(|parts| parts.into_iter().next())
        .map(|part| part.value.into_owned());
    Ok(Found {
        line: found.line,
        field: attribute,
        name: Cow::Owned(first.unwrap_or_else(|| value.clone())),
        place: Cow::Owned(value),
    })
}

fn by_place<'a>(
    entry: &'a Entry,
    parts: Option<&'a [Part<'a>]>,
    path: bool,
    counts: &mut Counts,
) -> Result<Found<'a>, Error> {
    let parts = parts.ok_or_else(|| {
        fault(
            entry.line,
            "dn",
            "this is no distinguished name",
            "correct it, or name one group for all with group=",
        )
    })?;
    let above = parts.partition_point(|part| part.level == 0);
    let above = &parts[above..];
    let unit = above.iter().position(Part::is_unit);
    // Without a unit: what stands next above that is no label of a domain, else the whole domain.
    let nearest = unit.or_else(|| above.iter().position(|part| !part.is_domain()));
    let Some(first) = above.first() else {
        return Err(fault(
            entry.line,
            "dn",
            "the entry stands below nothing to take its group from",
            "name one group for all with group=, or an attribute with group-attr=",
        ));
    };
    if unit.is_none() {
        counts.without_unit += 1;
    }
    let (name, start) = match nearest {
        None => (Cow::Owned(domain(above)), first.start),
        Some(_) if path => (Cow::Owned(path_of(above)), first.start),
        Some(at) => (Cow::Borrowed(&*above[at].value), above[at].start),
    };
    Ok(Found {
        line: entry.line,
        field: "dn",
        name,
        place: Cow::Borrowed(entry.dn[start..].trim()),
    })
}

fn domain(parts: &[Part<'_>]) -> String {
    let labels: Vec<&str> = parts.iter().map(|part| part.value.trim()).collect();
    labels.join(BETWEEN)
}

/// All that stands above an entry but the domain, from the top.
fn path_of(parts: &[Part<'_>]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for rdn in parts.chunk_by(|one, next| one.level == next.level) {
        let unit = rdn.iter().find(|part| part.is_unit());
        if let Some(part) = unit.or_else(|| rdn.iter().find(|part| !part.is_domain())) {
            names.push(part.value.trim());
        }
    }
    names.reverse();
    names.join(BETWEEN)
}

/// The error for a second place that would be the same group.
fn two_places(group: &str, first: &Origin, second: &Found<'_>, from: &GroupFrom) -> Error {
    let shown = |place: &str| {
        let mut text = place.escape_debug();
        let beginning: String = text.by_ref().take(LONGEST).collect();
        let cut = if text.next().is_some() { "…" } else { "" };
        beginning + cut
    };
    let mut error = fault(
        second.line,
        second.field,
        format!(
            "two places would be one group '{group}': '{}' (line {}) and '{}'",
            shown(&first.place),
            first.line,
            shown(&second.place)
        ),
        "tell them apart with group-attr=, or load each from a file of its own with group=",
    );
    let path = |place: &str| dn::parts(place).map(|parts| path_of(&parts));
    if let (GroupFrom::ParentOu, Some(one), Some(other)) =
        (from, path(&first.place), path(&second.place))
        && one != other
    {
        error.hint = clipped(format!(
            "group-from=path calls them '{}' and '{}'; or see group-attr= and group=",
            one.escape_debug(),
            other.escape_debug()
        ));
    }
    error
}
