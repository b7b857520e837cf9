//! People of a directory, from LDIF (RFC 2849).
//!
//! A directory holds who people are, not what they log in with, so a user from here has a name, contacts and a state,
//! and no secrets. Entries that are not people are expected in an export and counted. A group is handed
//! out when its first user comes, so that the file is read once.

mod dn;
mod entry;
mod groups;
mod locks;
mod person;
mod residue;
mod search;

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;

use entry::Entries;
use person::{People, Who};

use super::Error;
use super::input::{self, Input, OpenError};
use crate::model::{Group, SourceRecord, Timestamp, User};

pub use residue::write_residue;

/// Where the group of a user comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GroupFrom {
    /// The nearest organizational unit above the entry; without one, what stands next above it.
    #[default]
    ParentOu,
    /// All that stands above the entry, but the domain, from the top.
    Path,
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
    /// The groups that are there already.
    pub groups: HashSet<String>,
    /// When accounts have to have expired for their users to be suspended; without it none has.
    pub now: Option<Timestamp>,
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
    /// People who were deleted, left out.
    pub deleted: u64,
    /// People whose entry is a conflict between replicas, left out.
    pub conflicts: u64,
    /// References to other servers, not followed.
    pub references: u64,
    /// Values in other files, left out.
    pub urls: u64,
    /// Texts that had blanks around them.
    pub trimmed: u64,
    /// Users who stand in no organizational unit.
    pub without_unit: u64,
    /// Groups that have the name of their path, because another place has theirs.
    pub by_path: u64,
    /// Groups whose name had a slash.
    pub renamed_groups: u64,
    /// Users suspended because their account has expired.
    pub expired: u64,
}

/// Reads an LDIF file: users, and each group before its first user.
///
/// An [`Error`] concerns one entry and reading goes on behind it, unless it is `fatal`; then the iterator ends.
pub struct Reader<R> {
    entries: Entries<R>,
    people: People,
    /// A user whose group was just handed out.
    waiting: Option<(u64, Box<User>)>,
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
            people: People::new(options),
            waiting: None,
            over: false,
        }
    }

    /// What was in the file so far.
    pub const fn counts(&self) -> Counts {
        Counts {
            references: self.entries.references,
            urls: self.entries.urls,
            ..self.people.counts
        }
    }

    fn read(&mut self) -> Result<Option<(u64, SourceRecord)>, Error> {
        if let Some((line, user)) = self.waiting.take() {
            return Ok(Some((line, SourceRecord::User(user))));
        }
        while let Some(entry) = self.entries.next()? {
            let who = self.people.read(&entry)?;
            let counts = &mut self.people.counts;
            let (user, is_new) = match who {
                Who::Person(user, is_new) => (user, is_new),
                other => {
                    *match other {
                        Who::Nameless => &mut counts.without_userid,
                        Who::Deleted => &mut counts.deleted,
                        Who::Conflict => &mut counts.conflicts,
                        _ => &mut counts.not_people,
                    } += 1;
                    continue;
                }
            };
            if !is_new {
                return Ok(Some((entry.line, SourceRecord::User(user))));
            }
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
