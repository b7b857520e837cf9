//! One entry as it is stored: the JSON body, read and written by the same type.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Draft;
use crate::ambient::{NoRandomness, Randomness};
use crate::store::state::Record;

/// Who acts, and from where.
#[derive(Debug, Clone)]
pub struct Who {
    pub host: String,
    pub os_user: String,
    /// The terminal, if there is one.
    pub terminal: Option<String>,
    /// The session, eight hexadecimal digits.
    pub session: String,
    /// Where the command comes from.
    pub source: Source,
    /// The master who is logged in.
    pub master: Option<String>,
    /// The person who holds that master's name.
    pub holder: Option<String>,
}

impl Who {
    /// How the session is named to a user who waits for it: `1a2b3c4d (Master1, anna@host)`.
    pub fn label(&self) -> String {
        let master = self.master.as_deref().unwrap_or("no master logged in");
        format!(
            "{} ({master}, {}@{})",
            self.session, self.os_user, self.host
        )
    }

    /// The process as it runs, before any login.
    pub fn here(rng: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut id = [0; 4];
        rng.fill(&mut id)?;
        Ok(Self {
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            os_user: os_user(),
            terminal: terminal([
                io::stdin().as_fd(),
                io::stderr().as_fd(),
                io::stdout().as_fd(),
            ]),
            session: super::hex(&id),
            source: Source::Live,
            master: None,
            holder: None,
        })
    }
}

/// The name of the first terminal among `streams`.
fn terminal(streams: [BorrowedFd<'_>; 3]) -> Option<String> {
    streams
        .into_iter()
        .find_map(|stream| rustix::termios::ttyname(stream, Vec::new()).ok())
        .map(|name| name.to_string_lossy().into_owned())
}

/// The user's name from the local accounts, else the number: the environment can say anything.
fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(uid, &accounts)
}

fn name_of(uid: u32, accounts: &str) -> String {
    let uid = uid.to_string();
    accounts
        .lines()
        .find_map(|line| {
            let mut parts = line.split(':');
            let name = parts.next()?;
            (parts.nth(1)? == uid).then(|| name.to_owned())
        })
        .unwrap_or_else(|| format!("uid {uid}"))
}

/// Where a command comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Typed in the live shell.
    Live,
    /// Given on the command line.
    Once,
    /// A line of a script.
    Script {
        /// The script as it was named.
        file: String,
        /// The line, from 1.
        line: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Ok,
    /// It was tried and failed.
    Failed,
    /// It was not even tried.
    Refused,
    /// It is about to be done; another entry answers.
    Intent,
}

impl Outcome {
    /// As in the body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Intent => "intent",
        }
    }
}

/// Where a secret was shown or written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Shown {
    /// To the terminal.
    Screen,
    /// To this file.
    File(String),
}

/// An entry, read from its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// The key generation.
    pub g: u32,
    /// Whether a master was logged in, so that the entry carries a code.
    pub session: bool,
    /// When, in UTC.
    #[serde(serialize_with = "micros")]
    pub at: Timestamp,
    pub host: String,
    pub os_user: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub terminal: Option<String>,
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub master: Option<String>,
    /// Who held that master's name.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holder: Option<String>,
    pub code: String,
    pub action: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub object: String,
    /// The number of the bundle it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundle: Option<u64>,
    /// That bundle's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bundle_id: Option<String>,
    /// The command as typed, secrets masked.
    pub command: String,
    /// Where it comes from.
    pub source: Source,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub counts: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The intent that this entry answers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<u64>,
    /// Where a secret was shown or written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shown: Option<Shown>,
    /// Anchors that the audit does not hold: that a login found, or that a master acknowledged.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rolled_back: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Whether the sums begin here, in a file of an older igsh.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub first_state: bool,
    /// The sums over what the file has decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state: Option<Record>,
}

impl Entry {
    pub(super) fn new(
        seq: u64,
        g: u32,
        session: bool,
        at: Timestamp,
        draft: &Draft,
        who: &Who,
    ) -> Self {
        let draft = draft.clone();
        let who = who.clone();
        Self {
            seq,
            g,
            session,
            at,
            host: who.host,
            os_user: who.os_user,
            terminal: who.terminal,
            id: who.session,
            master: who.master,
            holder: who.holder,
            code: draft.code.code.to_owned(),
            action: draft.code.action.to_owned(),
            object: draft.object,
            bundle: draft.bundle,
            bundle_id: draft.bundle_id,
            command: draft.command,
            source: who.source,
            outcome: draft.outcome,
            counts: draft.counts,
            reason: draft.reason,
            intent: draft.intent,
            shown: draft.shown,
            rolled_back: draft.rolled_back,
            detail: draft.detail,
            first_state: false,
            state: None,
        }
    }
}

/// A moment in UTC with six decimals, so that the text sorts as the time does.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

fn micros<S: serde::Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&moment(*at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;

    #[test]
    fn moments_sort_as_text() {
        let early = moment("2026-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(early, "2026-01-01T00:00:00.000000Z");
        assert!(early < moment("2026-01-01T00:00:00.000001Z".parse().unwrap()));
    }

    #[test]
    fn a_process_names_where_it_runs() {
        let who = Who::here(&SystemRandomness).unwrap();
        assert!(!who.host.is_empty() && !who.os_user.is_empty());
        assert_eq!(who.session.len(), 8);
        let someone = super::super::tests::who();
        assert_eq!(someone.label(), "1a2b (Master1, anna@host)");
    }

    #[test]
    fn a_user_is_named_by_the_accounts_or_by_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nno line\nanna:x:1000:100::/home/anna:\n";
        assert_eq!(name_of(0, accounts), "root");
        assert_eq!(name_of(1000, accounts), "anna");
        assert_eq!(name_of(100, accounts), "uid 100");
        let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap());
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        assert_eq!(os_user(), name_of(owner, &passwd));
    }

    #[test]
    fn the_first_stream_with_a_terminal_names_it() {
        let pair = portable_pty::native_pty_system()
            .openpty(portable_pty::PtySize::default())
            .unwrap();
        let name = pair.master.tty_name().unwrap();
        let (pty, file) = (
            fs::File::open(&name).unwrap(),
            fs::File::open("/dev/null").unwrap(),
        );
        let (pty, file) = (pty.as_fd(), file.as_fd());
        let found = |streams| terminal(streams).map(std::path::PathBuf::from);
        assert_eq!(found([file, file, pty]), Some(name.clone()));
        assert_eq!(found([pty, file, file]), Some(name));
        assert_eq!(found([file; 3]), None);
    }

    #[test]
    fn outcomes_are_called_as_they_are_stored() {
        for outcome in [
            Outcome::Ok,
            Outcome::Failed,
            Outcome::Refused,
            Outcome::Intent,
        ] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
