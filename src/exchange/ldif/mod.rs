//! People of a directory, from LDIF (RFC 2849).
//!
//! A directory knows who people are, not what they log in with, so a user that comes out of here has a name, contacts
//! and a state, and no secrets. Entries that are not people are expected in an export and counted. A group is handed
//! out when its first user comes, so that the file is read once.

mod dn;
mod entry;
mod person;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use entry::Entries;
use person::Who;

use super::Error;
use super::input::{self, Input, OpenError};
use crate::model::{Group, SourceRecord, User};

/// Where the group of a user comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GroupFrom {
    /// The nearest organizational unit above the entry.
    #[default]
    ParentOu,
    /// The first value of this attribute; where that is a DN, such as in `memberOf`, the value of its first part.
    Attribute(String),
    /// All users are in this group.
    Fixed(String),
}

/// How entries become users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Where the group comes from.
    pub group: GroupFrom,
    /// The attribute that is the user id; without it `uid`, else `sAMAccountName`.
    pub userid_attribute: Option<String>,
}

/// What was in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Entries that became users.
    pub people: u64,
    /// People without a user id, left out.
    pub without_userid: u64,
    /// Entries that are not people, left out.
    pub not_people: u64,
}

/// Reads an LDIF file: users, and each group before its first user.
///
/// An [`Error`] concerns one entry and reading goes on behind it, unless it is `fatal`; then the iterator ends.
pub struct Reader<R> {
    entries: Entries<R>,
    options: Options,
    groups: HashSet<String>,
    /// A user whose group was just handed out.
    waiting: Option<(u64, Box<User>)>,
    counts: Counts,
    over: bool,
}

/// Opens an LDIF file, compressed or not.
///
/// # Errors
/// [`OpenError`] when the file cannot be opened.
pub fn open(path: &Path, options: Options) -> Result<Reader<Input>, OpenError> {
    Ok(Reader::new(input::open(path)?, options))
}

impl<R: Read> Reader<R> {
    /// A reader of plain bytes.
    pub fn new(input: R, options: Options) -> Self {
        Self {
            entries: Entries::new(input, person::wanted(&options)),
            options,
            groups: HashSet::new(),
            waiting: None,
            counts: Counts::default(),
            over: false,
        }
    }

    /// What was in the file so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn read(&mut self) -> Result<Option<(u64, SourceRecord)>, Error> {
        if let Some((line, user)) = self.waiting.take() {
            return Ok(Some((line, SourceRecord::User(user))));
        }
        while let Some(entry) = self.entries.next()? {
            let user = match person::read(&entry, &self.options)? {
                Who::Person(user) => user,
                Who::Nameless => {
                    self.counts.without_userid += 1;
                    continue;
                }
                Who::NotAPerson => {
                    self.counts.not_people += 1;
                    continue;
                }
            };
            self.counts.people += 1;
            if self.groups.contains(&user.facts.group) {
                return Ok(Some((entry.line, SourceRecord::User(user))));
            }
            self.groups.insert(user.facts.group.clone());
            let group = Group {
                name: user.facts.group.clone(),
                default: false,
            };
            self.waiting = Some((entry.line, user));
            return Ok(Some((entry.line, SourceRecord::Group(group))));
        }
        Ok(None)
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(u64, SourceRecord), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let item = self.read();
        self.over = matches!(&item, Err(error) if error.fatal);
        item.transpose()
    }
}

#[cfg(test)]
mod tests;
