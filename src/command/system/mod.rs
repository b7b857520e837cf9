//! `system init|get|set|check|accept-state`: the vault itself and its settings.

mod accept;
mod check;

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::file::{self, read_private};
use super::shared::{Out, RECORD};
use super::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::crypto::kdf::{self, Cost};
use crate::crypto::master_password;
use crate::files;
use crate::lang::code;
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Effect, Example};
use crate::migrate::settings;
use crate::model::{SecretBytes, glob, list};
use crate::render::doc::{Col, ToCell as _};
use crate::render::{agree, counted};
use crate::store::audit::codes;
use crate::store::settings::{Changed, Setting, Settings};
use crate::store::{self, MASTERS, NewMaster, SealedFile, state};
use crate::vault::{KIND, workflow};

pub(super) use accept::ACCEPT;
pub(super) use check::CHECK;

args! {
    /// What the masters of a new file are made of.
    pub(super) struct Masters {
        passwords: Option<PathBuf> = in_file(
            "passwords",
            "File of mode 0600 with three lines 'Master1 <password>'; without it the shell asks",
        ),
        kdf: Vec<String> = texts("kdf", "Cost of a password guess: memory in KiB, passes, lanes")
            .absent("262144,3,4"),
    }
}

pub(super) const NAME: Key<Option<String>> =
    keys::text("name", "Name of a setting, or the beginning of one with *").positional();
pub(super) const SETTINGS: Key<Vec<(String, String)>> =
    keys::settings("setting", "Settings to change, as name=value");

args! {
    struct Get {
        name: Option<String> = NAME.complete(Complete::Settings),
        ..out: Out = RECORD,
    }

    struct Set {
        settings: Vec<(String, String)> = SETTINGS.complete(Complete::Settings),
    }
}

/// `system init`
pub(super) static INIT: Entry = entry!(
    Masters,
    init,
    Command {
        details: "Makes a new vault for the three master users Master1, Master2 and Master3. Each gets a password of \
            at least 12 characters; the three must differ. A lost password cannot be recovered, but one master is \
            enough to work.\n\nThe vault is the file named by --vault; it must not exist. With passwords=FILE \
            the passwords are read from a file that only you can read, one line 'Master1 <password>' each.",
        effect: Effect::Write,
        session: false,
        examples: &[
            Example::new(
                "system init",
                "Make a vault; the shell asks for the three passwords"
            ),
            Example::new("system init passwords=masters.txt", "The same from a file"),
        ],
        ..Command::new(
            "system init",
            "Make a new vault with its three master users",
        )
    }
);

/// `system get`
pub(super) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows the settings of the vault with their values and what they mean.",
        examples: &[
            Example::new("system get", "All settings"),
            Example::new("system get migrate.*", "Those of the migration"),
        ],
        ..Command::new("system get", "Show settings of the vault")
    }
);

/// `system set`
pub(super) static SET: Entry = entry!(
    Set,
    set,
    codes::SETTING,
    Command {
        details: "Changes settings. All of them, or none if one is wrong. Every change is in the audit.",
        effect: Effect::Write,
        examples: &[Example::new(
            "system set idle-timeout=5m migrate.qa-limit=20",
            "Lock idle sessions sooner and take fewer questions along"
        )],
        ..Command::new("system set", "Change settings of the vault")
    }
);

fn init(cx: &mut Context<'_>, masters: Masters) -> Result<Outcome, Failure> {
    let path = cx.desk.path.clone();
    make(cx, &masters, &path, &KIND)?;
    let outcome = Outcome::said(format!("made the vault {}", path.display()));
    Ok(masters.in_plain(outcome).hint("type: login Master1"))
}

impl Masters {
    /// Adds that the file of passwords is still there, if they came from one.
    pub(super) fn in_plain(&self, outcome: Outcome) -> Outcome {
        match &self.passwords {
            Some(file) => outcome.in_plain(file),
            None => outcome,
        }
    }
}

/// Makes a sealed file with three masters, whose passwords are in the file that the command names or are typed.
pub(super) fn make(
    cx: &Context<'_>,
    masters: &Masters,
    path: &Path,
    kind: &'static store::Kind,
) -> Result<(), Failure> {
    let cost = match masters.kdf.as_slice() {
        [] => DEFAULT_COST,
        parts => cost(parts)?,
    };
    if files::is_taken(path) {
        return Err(store::Error::Exists {
            kind: kind.name,
            path: path.to_owned(),
        }
        .into());
    }
    let masters = match &masters.passwords {
        Some(file) => from_file(cx, file)?,
        None => from_terminal(cx)?,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        files::make_folder(folder)
            .map_err(|error| Failure::file("make the folder", folder, &error))?;
    }
    SealedFile::create(
        path,
        kind,
        &masters,
        cost,
        &cx.line.masked,
        &cx.desk.who,
        cx.ambient,
    )?;
    Ok(())
}

/// The cost of a password guess without `kdf=` (igsh-vault(5), KEYS).
const DEFAULT_COST: Cost = Cost {
    memory_kib: 262_144,
    passes: 3,
    lanes: 4,
};

fn cost(parts: &[String]) -> Result<Cost, Failure> {
    let wrong = |message: String| {
        Failure::new(Exit::Usage, code::PASSWORD, message)
            .hint("give memory in KiB, passes and lanes, from kdf=19456,2,1 to kdf=1048576,8,8")
    };
    let numbers: Vec<u32> = parts
        .iter()
        .map(|part| {
            part.parse()
                .map_err(|_| wrong(format!("'{part}' in kdf= is not a number")))
        })
        .collect::<Result<_, _>>()?;
    let [memory_kib, passes, lanes] = numbers[..] else {
        return Err(wrong(format!(
            "kdf= takes three numbers, not {}",
            numbers.len()
        )));
    };
    let cost = Cost {
        memory_kib,
        passes,
        lanes,
    };
    cost.check(&kdf::VAULT)
        .map_err(|outside| wrong(outside.to_string()))?;
    Ok(cost)
}

/// The three masters from a file with a line `Master1 <password>` each.
fn from_file(cx: &Context<'_>, path: &Path) -> Result<[NewMaster; 3], Failure> {
    let secret = read_private(path)?;
    let text = file::text(&secret, path)?;
    let shape = "write one line 'Master1 <password>' for each of Master1, Master2 and Master3";
    if text.trim().is_empty() {
        return Err(file::empty(path).hint(shape));
    }
    let wrong = |line: usize, what: &str| {
        Failure::new(
            Exit::Failed,
            code::PASSWORD,
            format!("{}, line {line}: {what}", path.display()),
        )
        .hint(shape)
    };
    let mut passwords: [Option<SecretBytes>; 3] = [const { None }; 3];
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let (name, password) = line
            .split_once(' ')
            .ok_or_else(|| wrong(number, "the name or the password is missing"))?;
        let place = MASTERS
            .iter()
            .position(|master| *master == name)
            .ok_or_else(|| wrong(number, "no such master"))?;
        if passwords[place].is_some() {
            return Err(wrong(number, &format!("{name} appears twice")));
        }
        let password = SecretBytes::new(password.as_bytes().into());
        if file::has_outer_blank(&password) {
            cx.ui.warning(&format!(
                "the password of {name} begins or ends with a blank, which is part of it"
            ));
        }
        passwords[place] = Some(password);
    }
    let lines = text.lines().count();
    let missing = |name: &str| wrong(lines, &format!("there is no line for {name}"));
    let [first, second, third] = passwords;
    Ok([
        NewMaster {
            name: MASTERS[0].to_owned(),
            password: first.ok_or_else(|| missing(MASTERS[0]))?,
        },
        NewMaster {
            name: MASTERS[1].to_owned(),
            password: second.ok_or_else(|| missing(MASTERS[1]))?,
        },
        NewMaster {
            name: MASTERS[2].to_owned(),
            password: third.ok_or_else(|| missing(MASTERS[2]))?,
        },
    ])
}

/// The three masters from the terminal. Each password is asked for twice, and again while it breaks a rule.
fn from_terminal(cx: &Context<'_>) -> Result<[NewMaster; 3], Failure> {
    cx.ui.notice(
        "each of the three masters needs a password of at least 12 characters, all different",
    );
    let ask = |name: &str| -> Result<NewMaster, Failure> {
        Ok(NewMaster {
            name: name.to_owned(),
            password: new_password(cx, name)?,
        })
    };
    Ok([ask(MASTERS[0])?, ask(MASTERS[1])?, ask(MASTERS[2])?])
}

/// A new password, typed twice.
pub(super) fn new_password(cx: &Context<'_>, name: &str) -> Result<SecretBytes, Failure> {
    loop {
        let first = cx.ui.password(&format!("New password of {name}: "))?;
        let first = SecretBytes::new(first.expose_secret().as_bytes().into());
        if let Err(unfit) = master_password::normalise(first.expose_secret()) {
            cx.ui.warning(&unfit.to_string());
            if let Some(hint) = unfit.hint() {
                cx.ui.hint(&hint);
            }
            continue;
        }
        let second = cx.ui.password(&format!("The same again, {name}: "))?;
        if first.expose_secret() == second.expose_secret().as_bytes() {
            return Ok(first);
        }
        cx.ui.warning("the two passwords differ");
        cx.ui.hint("type the password again");
    }
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    show(cx, (&args.name, &args.out), &settings::VAULT, cx.db()?)
}

const COLUMNS: &[Col<(&Setting, String)>] = &[
    Col::whole("name", |(setting, _)| setting.name.into()),
    Col::whole("value", |(_, value)| value.cell()),
    Col::whole("default", |(setting, _)| setting.default.into()),
    Col::text("meaning", |(setting, _)| setting.summary.into()),
];

/// Shows the settings of a file that the command chooses.
pub(super) fn show(
    cx: &Context<'_>,
    (name, out): (&Option<String>, &Out),
    settings: &Settings,
    connection: &store::Connection,
) -> Result<Outcome, Failure> {
    let wanted = name.as_deref().unwrap_or("*").to_lowercase();
    let chosen = |name: &str| glob(&wanted, name);
    if !settings.all.iter().any(|setting| chosen(setting.name)) {
        settings.find(&wanted)?;
    }
    let mut chosen = settings.all.iter().filter(|setting| chosen(setting.name));
    cx.list(out, "setting", COLUMNS, |push| {
        chosen.try_for_each(|setting| {
            push((setting, settings.shown(connection, setting.name)?)).map(drop)
        })
    })
}

fn set(cx: &mut Context<'_>, args: Set) -> Result<Outcome, Failure> {
    let wanted = &args.settings;
    if wanted.is_empty() {
        return Err(
            Failure::usage("nothing to set").hint("add name=value; 'system get' shows the names")
        );
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let draft = cx.audit(&codes::SETTING).object(names.join(", "));
    let mut changes = Vec::new();
    cx.write(&[&state::SETTING], |tx| {
        for (name, value) in wanted {
            let change = settings::VAULT.set(tx, name, value)?;
            admit(tx, &change)?;
            changes.push(change);
        }
        Ok(draft)
    })?;
    Ok(changed(&changes))
}

/// What is said of settings that were changed.
pub(super) fn changed(changes: &[Changed]) -> Outcome {
    let said = changes.iter().map(|change| {
        format!(
            "{} is now {} (was {})",
            change.setting.name, change.new, change.old
        )
    });
    Outcome {
        notices: said.collect(),
        ..Outcome::default()
    }
}

/// Whether the vault's data allow the change: prefixes stay while the source has aliases that begin with the old ones,
/// since a load would take those for names of users.
fn admit(tx: &store::Transaction<'_>, change: &Changed) -> Result<(), Failure> {
    if change.setting.name != "migrate.prefixes" || change.old == change.new {
        return Ok(());
    }
    let old: Vec<String> = list(&change.old).map(str::to_owned).collect();
    match workflow::carriers(tx, &old)? {
        0 => Ok(()),
        users => Err(Failure::new(
            Exit::Failed,
            code::FORBIDDEN,
            format!(
                "{} in the source still {} an alias with an old prefix ({}); nothing was changed",
                counted(users, "user"),
                agree(users, "has", "have"),
                change.old
            ),
        )
        .hint("remove those aliases in the source, load it again, then change the prefixes")),
    }
}
