//! `system init|get|set|check|accept-state`: the vault itself and its settings.

mod accept;
mod check;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::failure::code;
use super::file::{self, read_private};
use super::shared_args::{FORMAT, INTO, OVERWRITE};
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::crypto::kdf::{self, Cost};
use crate::crypto::master_password;
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::migrate::settings;
use crate::model::SecretBytes;
use crate::model::list;
use crate::render::counted;
use crate::render::doc::Column;
use crate::store::audit::codes;
use crate::store::settings::{Changed, Settings};
use crate::store::{self, MASTERS, NewMaster, SealedFile, state};
use crate::vault::{KIND, workflow};

pub(super) use accept::ACCEPT;
pub(super) use check::CHECK;

pub(super) const PASSWORDS: Key<std::path::PathBuf> = Key::in_file(
    "passwords",
    "File of mode 0600 with three lines 'Master1 <password>'; without it the shell asks",
);
pub(super) const KDF: Key<Vec<String>> = Key::texts(
    "kdf",
    "Cost of a password guess: memory in KiB, passes, lanes",
)
.default("262144,3,4");
pub(super) const NAME: Key<String> =
    Key::text("name", "Name of a setting, or the beginning of one with *")
        .positional()
        .complete(Complete::Settings);
pub(super) const SETTINGS: Key<Vec<(String, String)>> =
    Key::settings("setting", "Settings to change, as name=value").complete(Complete::Settings);

/// `system init`
pub(super) static INIT: Entry = Entry {
    spec: Command {
        details: "Makes a new vault for the three master users Master1, Master2 and Master3. Each gets a password of \
            at least 12 characters; the three must differ. Nobody can bring a lost password back, but one master is \
            enough to work.\n\nThe vault is the file named by --vault; it must not exist. With passwords=FILE \
            the passwords are read from a file that only you can read, one line 'Master1 <password>' each.",
        args: &[PASSWORDS.arg, KDF.arg],
        effect: Effect::Write,
        session: false,
        examples: &[
            Example {
                line: "system init",
                what: "Make a vault; the shell asks for the three passwords",
            },
            Example {
                line: "system init passwords=masters.txt",
                what: "The same from a file",
            },
        ],
        ..Command::new(
            "system init",
            "Make a new vault with its three master users",
        )
    },
    audit: None,
    run: init,
};

/// `system get`
pub(super) static GET: Entry = Entry {
    spec: Command {
        details: "Shows the settings of the vault with their values and what they mean.",
        args: &[NAME.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[
            Example {
                line: "system get",
                what: "All settings",
            },
            Example {
                line: "system get migrate.*",
                what: "Those of the migration",
            },
        ],
        ..Command::new("system get", "Show settings of the vault")
    },
    audit: None,
    run: get,
};

/// `system set`
pub(super) static SET: Entry = Entry {
    spec: Command {
        details: "Changes settings. All of them, or none if one is wrong. Every change is in the audit.",
        args: &[SETTINGS.arg],
        effect: Effect::Write,
        examples: &[Example {
            line: "system set idle-timeout=5m migrate.qa-limit=20",
            what: "Lock idle sessions sooner and take fewer questions along",
        }],
        ..Command::new("system set", "Change settings of the vault")
    },
    audit: Some(&codes::SETTING),
    run: set,
};

fn init(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let path = cx.desk.path.clone();
    make(cx, bound, &path, &KIND)?;
    let mut outcome = Outcome::said(format!(
        "made the vault {}; log in with 'login Master1'",
        path.display()
    ));
    outcome.notices.extend(plain_passwords(bound));
    Ok(outcome)
}

/// That the file of passwords still lies there, if they came from one.
pub(super) fn plain_passwords(bound: &Bound) -> Option<String> {
    bound.args.get(&PASSWORDS).map(|file| {
        format!(
            "{} still holds the passwords in plain; delete it",
            file.display()
        )
    })
}

/// Makes a sealed file with three masters, whose passwords are in the file that the command names or are typed.
pub(super) fn make(
    cx: &Context<'_>,
    bound: &Bound,
    path: &Path,
    kind: &'static store::Kind,
) -> Result<(), Failure> {
    let cost = match bound.args.get(&KDF) {
        Some(parts) => cost(parts)?,
        None => DEFAULT_COST,
    };
    if path.symlink_metadata().is_ok() {
        return Err(store::Error::Exists {
            kind: kind.name,
            path: path.to_owned(),
        }
        .into());
    }
    let masters = match bound.args.get(&PASSWORDS) {
        Some(file) => from_file(file)?,
        None => from_terminal(cx)?,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| Failure::file("make the folder", folder, &error))?;
    }
    SealedFile::create(
        path,
        kind,
        &masters,
        cost,
        &bound.masked,
        &cx.desk.who,
        cx.ambient,
    )?;
    Ok(())
}

/// What guessing a password costs where nobody says otherwise (security.md §2).
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
fn from_file(path: &Path) -> Result<[NewMaster; 3], Failure> {
    let secret = read_private(path)?;
    let text = file::text(&secret, path)?;
    let wrong = |line: usize, what: &str| {
        Failure::new(
            Exit::Failed,
            code::PASSWORD,
            format!("{}, line {line}: {what}", path.display()),
        )
        .hint("write one line 'Master1 <password>' for each of Master1, Master2 and Master3")
    };
    let mut passwords: [Option<SecretBytes>; 3] = [const { None }; 3];
    for (line, number) in text.lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let (name, password) = line
            .split_once(' ')
            .ok_or_else(|| wrong(number, "a name and a password are needed"))?;
        let place = MASTERS
            .iter()
            .position(|master| *master == name)
            .ok_or_else(|| wrong(number, "no such master"))?;
        if passwords[place].is_some() {
            return Err(wrong(number, &format!("{name} appears twice")));
        }
        passwords[place] = Some(SecretBytes::new(password.as_bytes().into()));
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

/// The three masters from the terminal. Each password is asked for twice, and again as long as it does not fit.
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
            continue;
        }
        let second = cx.ui.password(&format!("The same again, {name}: "))?;
        if first.expose_secret() == second.expose_secret().as_bytes() {
            return Ok(first);
        }
        cx.ui.warning("the two differ; type the password again");
    }
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let connection = cx.desk.reading()?.file().connection();
    show(cx, bound, &settings::VAULT, connection)
}

/// Shows the settings of a file that the command chooses.
pub(super) fn show(
    cx: &Context<'_>,
    bound: &Bound,
    settings: &Settings,
    connection: &store::Connection,
) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("name"),
        Column::whole("value"),
        Column::whole("default"),
        Column::text("meaning"),
    ];
    let wanted = bound.args.get(&NAME).unwrap_or("*").to_lowercase();
    let chosen = |name: &str| match wanted.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == wanted,
    };
    if !settings.all.iter().any(|setting| chosen(setting.name)) {
        settings.find(&wanted)?;
    }
    let values = settings
        .all
        .iter()
        .filter(|setting| chosen(setting.name))
        .map(|setting| Ok((setting, settings.shown(connection, setting.name)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    cx.rows(bound, |rows| {
        rows.begin("setting", COLUMNS)?;
        for (setting, value) in values {
            rows.row(vec![
                setting.name.into(),
                value.into(),
                setting.default.into(),
                setting.summary.into(),
            ])?;
        }
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

fn set(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let wanted = bound.args.get(&SETTINGS).unwrap_or_default();
    if wanted.is_empty() {
        return Err(Failure::new(Exit::Usage, code::UNKNOWN, "nothing to set")
            .hint("say name=value; 'system get' shows the names"));
    }
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let draft = cx.draft(bound, &codes::SETTING).object(names.join(", "));
    let mut changes = Vec::new();
    cx.write(bound, &[&state::SETTING], |tx| {
        for (name, value) in wanted {
            let change = settings::VAULT.set(tx, name, value)?;
            admit(tx, &change)?;
            changes.push(change);
        }
        Ok(draft)
    })?;
    let said = changes.iter().map(|change| {
        format!(
            "{} is now {} (was {})",
            change.setting.name, change.new, change.old
        )
    });
    Ok(Outcome {
        notices: said.collect(),
        exit: None,
    })
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
                if users == 1 { "has" } else { "have" },
                change.old
            ),
        )
        .hint(
            "have those aliases removed in the source and load it again, then change the prefixes",
        )),
    }
}
