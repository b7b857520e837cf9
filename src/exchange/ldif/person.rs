//! From an entry of a directory to a user.

use std::slice;

use super::dn::{self, Part};
use super::entry::{Attribute, Entry, fault};
use super::groups::Groups;
use super::locks::{self, Now, Standing};
use super::{Counts, GroupFrom, Options};
use crate::exchange::Error;
use crate::exchange::error::not_utf8;
use crate::model::{Contact, User, UserFacts, UserState};

/// What an entry is.
pub(super) enum Who {
    /// A user who can be loaded, and whether the user's group is new.
    Person(Box<User>, bool),
    /// A person without a user id.
    Nameless,
    /// What was deleted and is kept as a tombstone.
    Deleted,
    /// What two replicas could not agree upon.
    Conflict,
    /// A group, a device, a container.
    NotAPerson,
}

/// An attribute under its usual name and those that mean the same.
type Names = &'static [&'static str];

const CLASS: Names = &["objectclass"];
const UID: Names = &["uid", "userid"];
const ACCOUNT_NAME: Names = &["samaccountname"];
const DISPLAY_NAME: Names = &["displayname"];
const COMMON_NAME: Names = &["cn", "commonname"];
const DELETED: Names = &["isdeleted", "isrecycled"];
const CONFLICT: Names = &["nsds5replconflict", "ds-sync-conflict"];
const ENTRY_UUID: Names = &["entryuuid"];
const OBJECT_GUID: Names = &["objectguid"];

/// Attributes that are contacts, with what the contact is called.
const CONTACTS: [(Names, &str); 4] = [
    (&["mail", "rfc822mailbox"], "Email"),
    (&["telephonenumber"], "Phone"),
    (&["mobile", "mobiletelephonenumber"], "Mobile phone"),
    (&["homephone", "hometelephonenumber"], "Home phone"),
];

/// The names, in lower case, of all attributes that are looked at.
pub(super) fn wanted(options: &Options) -> Vec<String> {
    let fixed = [
        CLASS,
        UID,
        ACCOUNT_NAME,
        DISPLAY_NAME,
        COMMON_NAME,
        DELETED,
        CONFLICT,
        ENTRY_UUID,
        OBJECT_GUID,
    ];
    let group = match &options.group {
        GroupFrom::Attribute(name) => Some(name),
        _ => None,
    };
    let given = options.userid_attribute.iter().chain(group);
    fixed
        .into_iter()
        .chain(CONTACTS.map(|(names, _)| names))
        .flatten()
        .copied()
        .chain(locks::names())
        .map(str::to_owned)
        .chain(given.map(|name| name.to_lowercase()))
        .collect()
}

/// Makes users of entries.
pub(super) struct People {
    options: Options,
    now: Now,
    groups: Groups,
    pub(super) counts: Counts,
}

impl People {
    pub(super) fn new(options: Options) -> Self {
        Self {
            now: Now::new(options.now),
            options,
            groups: Groups::default(),
            counts: Counts::default(),
        }
    }

    pub(super) fn read(&mut self, entry: &Entry) -> Result<Who, Error> {
        if !is_person(entry)? {
            return Ok(Who::NotAPerson);
        }
        let parts = dn::parts(&entry.dn);
        if let Some(dead) = dead(entry, parts.as_deref().unwrap_or_default()) {
            return Ok(dead);
        }
        let Some(account) = self.account(entry) else {
            // Without classes nothing says that the entry is a person.
            return Ok(if entry.all(CLASS).next().is_some() {
                Who::Nameless
            } else {
                Who::NotAPerson
            });
        };
        let userid = name(account, &mut self.counts)?;
        if self.options.userid_attribute.is_none() && userid.ends_with('$') {
            // The account of a machine or of another domain.
            return Ok(Who::NotAPerson);
        }
        let mut facts = UserFacts {
            id: stable_id(entry, &mut self.counts)?,
            full_name: self.full_name(entry)?,
            state: UserState::Active,
            contacts: self.contacts(entry)?,
            ..UserFacts::new(String::new(), userid)
        };
        let standing = locks::standing(entry, &self.now)?;
        let is_staged = in_provisioning(parts.as_deref().unwrap_or_default(), "staged users");
        if standing > Standing::Open || is_staged {
            facts.state = UserState::Suspended;
        }
        let counts = &mut self.counts;
        let (group, is_new) = self
            .groups
            .of(entry, parts.as_deref(), &self.options, counts)?;
        facts.group = group;
        counts.expired += u64::from(standing == Standing::Expired);
        counts.people += 1;
        Ok(Who::Person(Box::new(User::new(facts)), is_new))
    }

    /// The attribute with the user id: the first that has a value, else the first.
    fn account<'a>(&self, entry: &'a Entry) -> Option<&'a Attribute> {
        match &self.options.userid_attribute {
            Some(name) => entry.first(slice::from_ref(name)),
            None => {
                let mut found = [UID, ACCOUNT_NAME]
                    .into_iter()
                    .filter_map(|names| entry.first(names));
                let first = found.next();
                first
                    .filter(|attribute| !attribute.value.trim_ascii().is_empty())
                    .or_else(|| found.next())
                    .or(first)
            }
        }
    }

    fn full_name(&mut self, entry: &Entry) -> Result<Option<String>, Error> {
        for names in [DISPLAY_NAME, COMMON_NAME] {
            if let Some(attribute) = entry.first(names) {
                let text = trimmed(text(attribute)?, &mut self.counts);
                if !text.is_empty() {
                    return Ok(Some(text.to_owned()));
                }
            }
        }
        Ok(None)
    }

    fn contacts(&mut self, entry: &Entry) -> Result<Vec<Contact>, Error> {
        let mut contacts = Vec::new();
        for (names, label) in CONTACTS {
            for attribute in entry.all(names) {
                let value = trimmed(text(attribute)?, &mut self.counts);
                if !value.is_empty() {
                    contacts.push(Contact {
                        label: label.into(),
                        value: value.into(),
                        default: false,
                    });
                }
            }
        }
        if let Some(first) = contacts
            .first_mut()
            .filter(|contact| contact.label == CONTACTS[0].1)
        {
            first.default = true;
        }
        Ok(contacts)
    }
}

/// Whether the classes say that this is a person. Directories have classes of their own for people, whose names end
/// alike; Active Directory makes computers and contacts persons too.
fn is_person(entry: &Entry) -> Result<bool, Error> {
    let (mut any, mut person) = (false, false);
    for attribute in entry.all(CLASS) {
        any = true;
        let class = text(attribute)?.trim();
        let is = |name: &str| class.eq_ignore_ascii_case(name);
        if is("computer") || is("contact") {
            return Ok(false);
        }
        person |= is("user") || is("account") || is("posixAccount");
        let ending = class.len().saturating_sub("person".len());
        person |= class
            .get(ending..)
            .is_some_and(|ending| ending.eq_ignore_ascii_case("person"));
    }
    Ok(person || !any)
}

/// Why the entry is left out although it has all that a person's has.
fn dead(entry: &Entry, parts: &[Part<'_>]) -> Option<Who> {
    let has = |names: Names, value: &[u8]| {
        entry
            .all(names)
            .any(|attribute| attribute.value.trim_ascii().eq_ignore_ascii_case(value))
    };
    if has(CLASS, b"nsTombstone") || has(DELETED, b"true") {
        return Some(Who::Deleted);
    }
    if has(CLASS, b"glue") || entry.all(CONFLICT).next().is_some() {
        return Some(Who::Conflict);
    }
    let is_multiple = parts.get(1).is_some_and(|part| part.level == 0);
    for part in parts {
        let own = part.level == 0;
        // 389 Directory Server puts the unique id before the name of a tombstone and beside the name of a conflict.
        if own && part.is("nsuniqueid") {
            return Some(if is_multiple {
                Who::Conflict
            } else {
                Who::Deleted
            });
        }
        // OpenDJ does the latter.
        if part.value.contains("\nCNF:") || own && is_multiple && part.is("entryuuid") {
            return Some(Who::Conflict);
        }
        let is_kept = !own && names(part, "Deleted Objects");
        if part.value.contains("\nDEL:") || is_kept {
            return Some(Who::Deleted);
        }
    }
    in_provisioning(parts, "deleted users").then_some(Who::Deleted)
}

/// Whether the entry stands in this container of FreeIPA, beside which those are whose accounts are in use: users who
/// are preserved, and users who are prepared and locked there without an attribute of their own.
fn in_provisioning(parts: &[Part<'_>], container: &str) -> bool {
    parts.windows(2).any(|both| match both {
        [part, above] => part.level > 0 && names(part, container) && names(above, "accounts"),
        _ => false,
    })
}

/// Whether a part is a `cn` of this name.
fn names(part: &Part<'_>, name: &str) -> bool {
    part.is("cn") && part.value.eq_ignore_ascii_case(name)
}

/// The entry's UUID as text. Active Directory's is binary with its first three parts byte-swapped.
fn stable_id(entry: &Entry, counts: &mut Counts) -> Result<Option<String>, Error> {
    if let Some(attribute) = entry.first(ENTRY_UUID) {
        return name(attribute, counts).map(Some);
    }
    let Some(attribute) = entry.first(OBJECT_GUID) else {
        return Ok(None);
    };
    let guid = match <[u8; 16]>::try_from(attribute.value.as_slice()) {
        Ok(bytes) => Some(uuid::Uuid::from_bytes_le(bytes)),
        Err(_) => std::str::from_utf8(&attribute.value)
            .ok()
            .and_then(|text| text.trim().parse().ok()),
    };
    guid.map(|guid| Some(guid.to_string())).ok_or_else(|| {
        fault(
            attribute.line,
            "objectGUID",
            "not a GUID of 16 bytes",
            "export it as it is, in base64 (objectGUID:: …)",
        )
    })
}

pub(super) fn text(attribute: &Attribute) -> Result<&str, Error> {
    let text = std::str::from_utf8(&attribute.value).map_err(|_| match attribute.is_base64 {
        true => fault(
            attribute.line,
            &attribute.name,
            "the value is not UTF-8",
            "export the directory in UTF-8",
        ),
        false => not_utf8(
            attribute.line,
            None,
            attribute.name.clone(),
            &attribute.value,
        ),
    })?;
    if text.contains('\0') {
        return Err(fault(
            attribute.line,
            &attribute.name,
            "the value holds the character U+0000",
            "correct the value",
        ));
    }
    Ok(text)
}

/// The text without the blanks around it.
pub(super) fn trimmed<'a>(text: &'a str, counts: &mut Counts) -> &'a str {
    let trimmed = text.trim();
    counts.trimmed += u64::from(trimmed.len() < text.len() && !trimmed.is_empty());
    trimmed
}

/// A text that can be a name.
pub(super) fn name(attribute: &Attribute, counts: &mut Counts) -> Result<String, Error> {
    let text = trimmed(text(attribute)?, counts);
    if text.is_empty() || text.contains(char::is_control) {
        return Err(fault(
            attribute.line,
            &attribute.name,
            "empty, or holds a control character",
            "correct the value",
        ));
    }
    Ok(text.to_owned())
}

impl Entry {
    pub(super) fn all<'a, N: AsRef<str>>(
        &'a self,
        names: &[N],
    ) -> impl Iterator<Item = &'a Attribute> {
        let named = |attribute: &&Attribute| {
            names
                .iter()
                .any(|name| name.as_ref().eq_ignore_ascii_case(&attribute.name))
        };
        self.attributes.iter().filter(named)
    }

    /// The first value; one without options, such as a language, goes before those with them.
    pub(super) fn first<'a, N: AsRef<str>>(&'a self, names: &[N]) -> Option<&'a Attribute> {
        self.all(names)
            .find(|attribute| !attribute.has_options)
            .or_else(|| self.all(names).next())
    }
}
