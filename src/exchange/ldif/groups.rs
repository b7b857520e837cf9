//! The group of a person. No two places of a directory become one group.

use std::borrow::Cow;
use std::collections::HashMap;
use std::slice;

use super::dn::{self, Part};
use super::entry::{Entry, fault};
use super::person::{name, trimmed};
use super::{Counts, GroupFrom, Options};
use crate::exchange::Error;

/// What stands for a `/`, which no group can have in its name.
const SLASH: &str = "-";
/// What stands between the units of a path.
const BETWEEN: &str = ".";

/// So much of a place is shown, in characters: two of them stand in one message.
const LONGEST: usize = 100;

/// The groups so far: few, even in a directory of millions.
#[derive(Default)]
pub(super) struct Groups {
    /// The group of each place, by every spelling of the place.
    of_place: HashMap<String, String>,
    /// Where each group comes from.
    taken: HashMap<String, Origin>,
}

/// Where a group comes from.
struct Origin {
    /// The line of its first person.
    line: u64,
    /// The name of its entry, or the value that names it.
    place: String,
}

/// Where the group of a person is found.
struct Found<'a> {
    line: u64,
    field: &'a str,
    /// What it is called where nothing else has the name.
    name: Cow<'a, str>,
    /// What distinguishes it from all others: the name of an entry, or a value.
    place: Cow<'a, str>,
    /// Whether the place is the name of an entry.
    is_entry: bool,
}

impl Groups {
    /// The group of a person, and whether it is new.
    pub(super) fn of(
        &mut self,
        entry: &Entry,
        parts: Option<&[Part<'_>]>,
        options: &Options,
        counts: &mut Counts,
    ) -> Result<(String, bool), Error> {
        let found = match &options.group {
            GroupFrom::Fixed(group) => {
                let is_new = self.taken.is_empty();
                if is_new {
                    self.take(group.clone(), entry.line, String::new());
                }
                return Ok((group.clone(), is_new));
            }
            GroupFrom::Attribute(attribute) => by_attribute(entry, attribute, counts)?,
            from => by_place(entry, parts, *from == GroupFrom::Path, counts)?,
        };
        if let Some(group) = self.of_place.get(&*found.place) {
            return Ok((group.clone(), false));
        }
        let normal = found.normal();
        let (group, is_new) = match self.of_place.get(&normal) {
            Some(group) => (group.clone(), false),
            None => (self.choose(&found, options, counts)?, true),
        };
        if is_new {
            self.take(group.clone(), found.line, found.place.clone().into_owned());
            self.of_place.insert(normal, group.clone());
        }
        self.of_place
            .insert(found.place.into_owned(), group.clone());
        Ok((group, is_new))
    }

    fn take(&mut self, group: String, line: u64, place: String) {
        self.taken.insert(group, Origin { line, place });
    }

    /// A name for a place: its own, or where another place has that, its path, or where others share that, the path
    /// with the domain, and with the types of its parts. A longer name that the vault has already goes first: so a place
    /// keeps its group, whatever else is in the file this time.
    fn choose(
        &self,
        found: &Found<'_>,
        options: &Options,
        counts: &mut Counts,
    ) -> Result<String, Error> {
        let own = usable(&found.name, found, counts)?;
        let if_usable = |name: &String| usable(name, found, &mut Counts::default()).ok();
        let longer_names: Vec<String> = longer(&found.place, found.is_entry)
            .iter()
            .filter_map(if_usable)
            .filter(|name| *name != own)
            .collect();
        // The owner of the name may have the same path too, and must not get it the next time.
        let holder = self.taken.get(&own);
        let shared: Vec<String> = holder
            .map(|holder| longer(&holder.place, found.is_entry))
            .iter()
            .flatten()
            .filter_map(if_usable)
            .collect();
        let is_known = |name: &&String| options.groups.contains(*name);
        let mut names = longer_names
            .iter()
            .rev()
            .filter(is_known)
            .chain([&own])
            .chain(&longer_names)
            .filter(|name| !shared.contains(name) || is_known(name));
        let Some(name) = names.find(|name| !self.taken.contains_key(*name)) else {
            return Err(self.two_places(&own, found));
        };
        counts.by_path += u64::from(*name != own);
        counts.renamed_groups += u64::from(found.name.contains('/'));
        Ok(name.clone())
    }

    /// The error for a second place that would be the same group.
    fn two_places(&self, group: &str, second: &Found<'_>) -> Error {
        let shown = |place: &str| {
            let mut text = place.escape_debug();
            let beginning: String = text.by_ref().take(LONGEST).collect();
            let cut = if text.next().is_some() { "…" } else { "" };
            beginning + cut
        };
        let (line, first) = match self.taken.get(group) {
            Some(first) => (first.line, shown(&first.place)),
            None => (0, String::new()),
        };
        let second_place = shown(&second.place);
        fault(
            second.line,
            second.field,
            format!("'{first}' (line {line}) and '{second_place}' would be one group '{group}'"),
            "choose another group-attr=, or load each from a file of its own with group=",
        )
    }
}

impl Found<'_> {
    /// The place in one spelling, with the name, in which letter case counts.
    fn normal(&self) -> String {
        let parts = dn::parts(&self.place).filter(|_| self.is_entry);
        let place = parts.map_or_else(|| (*self.place).to_owned(), |parts| dn::normal(&parts));
        place + "\n" + &self.name
    }
}

/// The longer names of a place: its path, its path with the domain, and that with the types of its parts, by which
/// `CN=Users` is another place than `OU=Users`.
fn longer(place: &str, is_entry: bool) -> [String; 3] {
    let parts = dn::parts(place).filter(|_| is_entry).unwrap_or_default();
    let domain = domain_of(&parts);
    let whole = |path: &str| {
        let both = [domain.as_str(), path];
        let both: Vec<&str> = both.into_iter().filter(|part| !part.is_empty()).collect();
        both.join(BETWEEN)
    };
    let path = path_of(&parts, |part| Cow::Borrowed(part.value.trim()));
    let typed = path_of(&parts, |part| {
        Cow::Owned(format!("{}={}", part.type_name(), part.value.trim()))
    });
    let (with_domain, with_types) = (whole(&path), whole(&typed));
    [path, with_domain, with_types]
}

/// The name as a group can have it.
fn usable(name: &str, found: &Found<'_>, counts: &mut Counts) -> Result<String, Error> {
    let usable = trimmed(name, counts);
    if usable.is_empty() || usable.contains(char::is_control) {
        return Err(fault(
            found.line,
            found.field,
            format!(
                "'{}' cannot be a group: it is empty or holds a control character",
                name.escape_debug()
            ),
            "name one group for all with group=, or another attribute with group-attr=",
        ));
    }
    Ok(usable.replace('/', SLASH))
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
        is_entry: first.is_some(),
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
    counts.without_unit += u64::from(unit.is_none());
    let (name, start) = match nearest {
        None => (Cow::Owned(domain_of(above)), first.start),
        Some(_) if path => (
            Cow::Owned(path_of(above, |part| Cow::Borrowed(part.value.trim()))),
            first.start,
        ),
        Some(at) => (Cow::Borrowed(&*above[at].value), above[at].start),
    };
    Ok(Found {
        line: entry.line,
        field: "dn",
        name,
        place: Cow::Borrowed(entry.dn[start..].trim()),
        is_entry: true,
    })
}

fn domain_of(parts: &[Part<'_>]) -> String {
    let labels = parts.iter().filter(|part| part.is_domain());
    let labels: Vec<&str> = labels.map(|part| part.value.trim()).collect();
    labels.join(BETWEEN)
}

/// All that stands above an entry but the domain, from the top, each as it is `called`.
fn path_of<'a>(parts: &'a [Part<'a>], called: impl Fn(&'a Part<'a>) -> Cow<'a, str>) -> String {
    let mut names: Vec<Cow<'a, str>> = Vec::new();
    for rdn in parts.chunk_by(|one, next| one.level == next.level) {
        let unit = rdn.iter().find(|part| part.is_unit());
        if let Some(part) = unit.or_else(|| rdn.iter().find(|part| !part.is_domain())) {
            names.push(called(part));
        }
    }
    names.reverse();
    names.join(BETWEEN)
}
