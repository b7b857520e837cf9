//! `tenant sync`: users as a directory has them.

use std::path::{Path, PathBuf};

use super::{At, on, working};
use crate::command::source::besides_people;
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::exchange::sheet::{Field, Others, Sheet};
use crate::exchange::{self, input, ldif};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::model::{Contact, SourceRecord, UserState, names};
use crate::render::counted;
use crate::store::audit::codes;
use crate::tenant::sync::{Person, Synced};

names! {
    /// What the file of a directory is.
    FileFormat, "format" {
        Ldif = "ldif",
        Csv = "csv",
    }
}

args! {
    struct Sync {
        file: PathBuf = in_file("file", "LDIF, or CSV whose first row names the columns").positional().required(),
        format: Option<FileFormat> = choice("format", "What the file is").absent("ldif when its name ends so, else csv"),
        ..at: At,
    }
}

/// `tenant sync`
pub(in crate::command) static SYNC: Entry = entry!(
    Sync,
    sync,
    Command {
        details: "Makes users of the tenant who come from a directory: an import leaves their name, contacts and \
            state as they are here and adds what else they have. All of the file, or nothing when a record is bad.\n\n\
            A CSV file has a column userid (or uid, username) and may have firstName, lastName, fullName, email, \
            phone, mobile and state (active or inactive); other columns are passed over.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant sync file=people.ldif tenant=rehearsal.tenant",
            "The people of a directory"
        )],
        ..Command::new("tenant sync", "Take users of a directory into the tenant")
    }
);

fn sync(cx: &mut Context<'_>, args: Sync) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let is_ldif = match args.format {
        Some(format) => format == FileFormat::Ldif,
        None => path.to_string_lossy().contains(".ldif"),
    };
    let now = cx.ambient.clock.now();
    on(cx, &args.at, Some(&codes::TENANT_SYNCED), |cx, open| {
        let mut besides = Vec::new();
        let synced = working(cx, open, &codes::TENANT_SYNCED, |tenant, work| {
            if is_ldif {
                // A tenant ignores the group, which a load needs.
                let options = ldif::Options {
                    group: ldif::GroupFrom::Fixed(String::new()),
                    now: Some(now),
                    ..ldif::Options::default()
                };
                let mut people = ldif::open(path, options)?;
                let taken = people.by_ref().filter_map(|item| of_ldif(item, path));
                let synced = tenant.sync(taken, work);
                besides = besides_people(&people.counts());
                synced
            } else {
                tenant.sync(Rows::open(path)?, work)
            }
        })?;
        if synced == Synced::default() {
            cx.ui
                .warning(&format!("no user was found in {}", path.display()));
        }
        let mut outcome = Outcome::said(format!(
            "{} of the directory: {} new, {} known before",
            counted(synced.new + synced.known, "user"),
            synced.new,
            synced.known
        ));
        outcome.notices.extend(besides);
        Ok(outcome)
    })
}

fn bad(error: &exchange::Error, path: &Path) -> Failure {
    Failure::record(path, format_args!("{error}; nothing was changed")).hint(&error.hint)
}

fn of_ldif(
    item: Result<(u64, SourceRecord), exchange::Error>,
    path: &Path,
) -> Option<Result<Person, Failure>> {
    match item {
        Err(error) => Some(Err(bad(&error, path))),
        Ok((_, SourceRecord::User(user))) => Some(Ok(Person {
            userid: user.facts.userid,
            full_name: user.facts.full_name,
            first_name: None,
            last_name: None,
            contacts: user.facts.contacts,
            state: user.facts.state,
        })),
        Ok(_) => None,
    }
}

/// The rows of a sheet as people.
struct Rows<'a> {
    sheet: Sheet<input::Input>,
    path: &'a Path,
}

impl<'a> Rows<'a> {
    fn open(path: &'a Path) -> Result<Self, Failure> {
        let fields = vec![
            Field::required(&["userid", "user", "username", "uid", "sAMAccountName"]),
            Field::last(&["firstName", "givenName"]),
            Field::last(&["lastName", "sn", "surname"]),
            Field::last(&["fullName", "cn", "displayName", "name"]),
            Field::last(&["email", "mail"]),
            Field::last(&["phone", "telephoneNumber"]),
            Field::last(&["mobile", "mobilePhone"]),
            Field::last(&["state"]),
        ];
        let sheet = Sheet::new(input::open(path)?, fields, Others::Ignored)
            .map_err(|error| bad(&error, path))?;
        Ok(Self { sheet, path })
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Person, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.sheet.next_row() {
            Err(error) => return Some(Err(bad(&error, self.path))),
            Ok(None) => return None,
            Ok(Some(row)) => row,
        };
        let text = |field| Some(row.get(field).into_owned()).filter(|text| !text.is_empty());
        let state = match row.get(7).to_lowercase().as_str() {
            "" | "active" => UserState::Active,
            "inactive" | "suspended" | "disabled" => UserState::Suspended,
            other => {
                let what = format_args!(
                    "line {}: '{other}' is no state; nothing was changed",
                    row.line
                );
                let failure = Failure::record(self.path, what);
                return Some(Err(failure.hint("a state is active or inactive")));
            }
        };
        let contact = |label: &str, field| {
            text(field).map(|value| Contact {
                label: label.into(),
                value: value.into(),
                default: false,
            })
        };
        let contacts = [
            contact("Email", 4),
            contact("Mobile phone", 6),
            contact("Phone", 5),
        ];
        Some(Ok(Person {
            userid: row.get(0).into_owned(),
            full_name: text(3),
            first_name: text(1),
            last_name: text(2),
            contacts: contacts.into_iter().flatten().collect(),
            state,
        }))
    }
}
