//! From an entry of a directory to a user.

use std::slice;

use super::dn;
use super::entry::{Attribute, Entry, fault};
use super::{GroupFrom, Options};
use crate::exchange::Error;
use crate::model::{Contact, User, UserFacts, UserState};

/// What an entry is.
pub(super) enum Who {
    /// Somebody who can be loaded.
    Person(Box<User>),
    /// Somebody without a user id.
    Nameless,
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
const CONTROL: Names = &["useraccountcontrol"];
const ENTRY_UUID: Names = &["entryuuid"];
const OBJECT_GUID: Names = &["objectguid"];

/// Attributes that are contacts, with what the contact is called.
const CONTACTS: [(Names, &str); 4] = [
    (&["mail", "rfc822mailbox"], "Email"),
    (&["telephonenumber"], "Phone"),
    (&["mobile", "mobiletelephonenumber"], "Mobile phone"),
    (&["homephone", "hometelephonenumber"], "Home phone"),
];

/// The bit of `userAccountControl` that disables an account.
const ACCOUNT_DISABLED: i64 = 2;

/// The names, in lower case, of all attributes that are looked at.
pub(super) fn wanted(options: &Options) -> Vec<String> {
    let fixed = [
        CLASS,
        UID,
        ACCOUNT_NAME,
        DISPLAY_NAME,
        COMMON_NAME,
        CONTROL,
        ENTRY_UUID,
        OBJECT_GUID,
    ];
    let group = match &options.group {
        GroupFrom::Attribute(name) => Some(name),
        _ => None,
    };
    fixed
        .into_iter()
        .chain(CONTACTS.map(|(names, _)| names))
        .flatten()
        .map(|name| (*name).to_owned())
        .chain(
            options
                .userid_attribute
                .iter()
                .chain(group)
                .map(|name| name.to_lowercase()),
        )
        .collect()
}

pub(super) fn read(entry: &Entry, options: &Options) -> Result<Who, Error> {
    let account = match &options.userid_attribute {
        Some(name) => entry.first(slice::from_ref(name)),
        None => entry.first(UID).or_else(|| entry.first(ACCOUNT_NAME)),
    };
    if !is_person(entry)? {
        return Ok(Who::NotAPerson);
    }
    let Some(account) = account else {
        // Without classes nothing says that the entry is a person.
        return Ok(if entry.all(CLASS).next().is_some() {
            Who::Nameless
        } else {
            Who::NotAPerson
        });
    };
    let mut contacts = Vec::new();
    for (names, label) in CONTACTS {
        for attribute in entry.all(names) {
            let value = text(attribute)?;
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
    let facts = UserFacts {
        id: stable_id(entry)?,
        full_name: match entry
            .first(DISPLAY_NAME)
            .or_else(|| entry.first(COMMON_NAME))
        {
            Some(attribute) => Some(text(attribute)?.to_owned()),
            None => None,
        },
        state: state(entry)?,
        contacts,
        ..UserFacts::new(group(entry, options)?, name(account)?)
    };
    Ok(Who::Person(Box::new(User::new(facts))))
}

/// Whether the classes say that this is a person. Directories have classes of their own for people, whose names end
/// alike; Active Directory makes computers and contacts persons too.
fn is_person(entry: &Entry) -> Result<bool, Error> {
    let (mut any, mut person) = (false, false);
    for attribute in entry.all(CLASS) {
        any = true;
        let class = text(attribute)?.to_lowercase();
        match class.as_str() {
            "computer" | "contact" => return Ok(false),
            "user" | "account" | "posixaccount" => person = true,
            _ => person |= class.ends_with("person"),
        }
    }
    Ok(person || !any)
}

fn group(entry: &Entry, options: &Options) -> Result<String, Error> {
    let (line, field, group) = match &options.group {
        GroupFrom::Fixed(group) => return Ok(group.clone()),
        GroupFrom::Attribute(attribute) => {
            let Some(found) = entry.first(slice::from_ref(attribute)) else {
                return Err(fault(
                    entry.line,
                    attribute,
                    "the entry has no such attribute to take its group from",
                    "complete the entry, or name one group for all with group=",
                ));
            };
            let value = name(found)?;
            // An attribute such as memberOf names the group's entry.
            let entry_name = dn::rdns(&value).filter(|rdns| rdns.len() > 1);
            let group = entry_name
                .and_then(|rdns| rdns.into_iter().next())
                .map(|(_, value)| value);
            (found.line, attribute.as_str(), group.unwrap_or(value))
        }
        GroupFrom::ParentOu => {
            let rdns = dn::rdns(&entry.dn).ok_or_else(|| {
                fault(
                    entry.line,
                    "dn",
                    "this is no distinguished name",
                    "correct it, or name one group for all with group=",
                )
            })?;
            let unit = rdns.into_iter().skip(1).find(|(name, _)| {
                name.eq_ignore_ascii_case("ou")
                    || name.eq_ignore_ascii_case("organizationalUnitName")
                    || name == "2.5.4.11"
            });
            let Some((_, group)) = unit else {
                return Err(fault(
                    entry.line,
                    "dn",
                    "the entry stands in no organizational unit to take its group from",
                    "name one group for all with group=, or an attribute with group-attr=",
                ));
            };
            (entry.line, "dn", group)
        }
    };
    if group.is_empty() || group.contains(|char: char| char == '/' || char.is_control()) {
        return Err(fault(
            line,
            field,
            format!(
                "'{}' cannot be a group: it is empty or holds '/' or a control character",
                group.escape_debug()
            ),
            "name one group for all with group=, or another attribute with group-attr=",
        ));
    }
    Ok(group)
}

fn state(entry: &Entry) -> Result<UserState, Error> {
    let Some(attribute) = entry.first(CONTROL) else {
        return Ok(UserState::Active);
    };
    match text(attribute)?.trim().parse::<i64>() {
        Ok(bits) if bits & ACCOUNT_DISABLED != 0 => Ok(UserState::Suspended),
        Ok(_) => Ok(UserState::Active),
        Err(_) => Err(fault(
            attribute.line,
            "userAccountControl",
            "not a whole number",
            "correct the value",
        )),
    }
}

/// The entry's UUID as text. Active Directory's is binary with its first three parts byte-swapped.
fn stable_id(entry: &Entry) -> Result<Option<String>, Error> {
    if let Some(attribute) = entry.first(ENTRY_UUID) {
        return name(attribute).map(Some);
    }
    let Some(attribute) = entry.first(OBJECT_GUID) else {
        return Ok(None);
    };
    let guid = match <[u8; 16]>::try_from(attribute.value.as_slice()) {
        Ok(bytes) => Some(uuid::Uuid::from_bytes_le(bytes)),
        Err(_) => std::str::from_utf8(&attribute.value)
            .ok()
            .and_then(|text| text.parse().ok()),
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

fn text(attribute: &Attribute) -> Result<&str, Error> {
    std::str::from_utf8(&attribute.value).map_err(|_| {
        fault(
            attribute.line,
            &attribute.name,
            "the value is not UTF-8",
            "export the directory in UTF-8",
        )
    })
}

/// A text that can be a name.
fn name(attribute: &Attribute) -> Result<String, Error> {
    let text = text(attribute)?;
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
    fn all<'a, N: AsRef<str>>(&'a self, names: &'a [N]) -> impl Iterator<Item = &'a Attribute> {
        let named = |attribute: &&Attribute| {
            names
                .iter()
                .any(|name| name.as_ref().eq_ignore_ascii_case(&attribute.name))
        };
        self.attributes.iter().filter(named)
    }

    /// The first value; one without options, such as a language, goes before those with them.
    fn first<'a, N: AsRef<str>>(&'a self, names: &'a [N]) -> Option<&'a Attribute> {
        self.all(names)
            .find(|attribute| !attribute.has_options)
            .or_else(|| self.all(names).next())
    }
}
