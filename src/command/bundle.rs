//! `bundle list|get|password|skipped|inspect|verify`: what was exported.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::failure::code;
use super::file::{read_private, text, write_new};
use super::shared_args::{FORMAT, INTO, OVERWRITE, REASON, list_args};
use super::{Context, Entry, Exit, Failure, Outcome};
use crate::bundle::{Header, Reader};
use crate::files;
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::model::Reason;
use crate::render::doc::{Cell, Column};
use crate::render::{self, Cleared};
use crate::store;
use crate::store::audit::{self, Shown, codes};
use crate::store::state::{self, SETTING};
use crate::vault::decisions;
use crate::vault::ledger::{self, Bundle};

const NUMBER: Key<i64> = Key::number(
    "number",
    1,
    i64::MAX,
    "Number of the bundle, as in bundle list",
)
.positional()
.required()
.complete(Complete::Bundles);
const FILE: Key<std::path::PathBuf> = Key::in_file("file", "The bundle file")
    .positional()
    .required();
pub(super) const PASSWORD_FILE: Key<std::path::PathBuf> = Key::in_file(
    "password-file",
    "File of mode 0600 with the bundle's password; without it the shell asks",
);
const SECONDS: Key<i64> = Key::number(
    "seconds",
    5,
    3600,
    "How long the password stays on the screen",
)
.default("120");
const PASSWORD_INTO: Key<std::path::PathBuf> = Key::out_file(
    "into",
    "Write the password to this new file (mode 0600) instead",
);

/// `bundle list`
pub(super) static LIST: Entry = Entry {
    spec: Command {
        details: "Lists the bundles of this vault: when and by whom they were written, what was selected, how many \
            users are inside, and what state they are in.",
        args: list_args![],
        examples: &[Example {
            line: "bundle list",
            what: "All bundles",
        }],
        ..Command::new("bundle list", "List the bundles that were exported")
    },
    audit: None,
    run: list,
};

/// `bundle get`
pub(super) static GET: Entry = Entry {
    spec: Command {
        details: "Shows one bundle with its file, digest, counts, and what was left out by reason.",
        args: &[NUMBER.arg, FORMAT.arg, INTO.arg, OVERWRITE.arg],
        examples: &[Example {
            line: "bundle get 1",
            what: "The first bundle",
        }],
        ..Command::new("bundle get", "Show one bundle")
    },
    audit: None,
    run: get,
};

/// `bundle password`
pub(super) static PASSWORD: Entry = Entry {
    spec: Command {
        synonyms: &["export password"],
        details: "Shows the password of a bundle on a screen of its own, which is cleared after some seconds; any \
            key gives it the full time again, q clears it at once. With into=FILE the password goes to a new file \
            that only you can read. It never goes to a pipe. Who saw it, when and where is in the audit \
            ('audit passwords'), before it is shown.",
        args: &[NUMBER.arg, PASSWORD_INTO.arg, SECONDS.arg, REASON.arg],
        effect: Effect::Reveal,
        examples: &[
            Example {
                line: "bundle password 1",
                what: "Show it on the screen",
            },
            Example {
                line: "bundle password 1 into=bundle-1.password",
                what: "Write it to a new file",
            },
        ],
        ..Command::new(
            "bundle password",
            "Show the password of a bundle to a master",
        )
    },
    audit: Some(&codes::PASSWORD_SHOWN),
    run: password,
};

/// `bundle skipped`
pub(super) static SKIPPED: Entry = Entry {
    spec: Command {
        details: "Lists what the selected users of a bundle had and did not take along, item by item with the \
            reason.",
        args: list_args![NUMBER.arg],
        examples: &[Example {
            line: "bundle skipped 1 format=csv",
            what: "What the first bundle left out",
        }],
        ..Command::new("bundle skipped", "List what a bundle left out, and why")
    },
    audit: None,
    run: skipped,
};

/// `bundle inspect`
pub(super) static INSPECT: Entry = Entry {
    spec: Command {
        details: "Shows the plain header of a bundle file; with its password also the counts inside. Needs no vault.",
        args: &[
            FILE.arg,
            PASSWORD_FILE.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        session: false,
        examples: &[Example {
            line: "bundle inspect file=first.igb",
            what: "The header of a bundle file",
        }],
        ..Command::new("bundle inspect", "Show what a bundle file says of itself")
    },
    audit: None,
    run: inspect,
};

/// `bundle verify`
pub(super) static VERIFY: Entry = Entry {
    spec: Command {
        details: "Reads a bundle file from end to end and checks every byte of it. Says whether the file is no \
            bundle, damaged or cut, or the password mistyped or wrong. Needs no vault.",
        args: &[
            FILE.arg,
            PASSWORD_FILE.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        session: false,
        examples: &[Example {
            line: "bundle verify file=first.igb password-file=first.password",
            what: "Check a bundle file",
        }],
        ..Command::new("bundle verify", "Check a bundle file from end to end")
    },
    audit: None,
    run: verify,
};

fn number(bound: &Bound) -> u64 {
    bound.args.get(&NUMBER).unwrap_or_default().cast_unsigned()
}

/// The bundle that a command names, or the advice to look at the list.
fn find(cx: &Context<'_>, bound: &Bound) -> Result<Bundle, Failure> {
    let number = number(bound);
    ledger::get(cx.desk.reading()?.file().connection(), number)?.ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            code::UNKNOWN,
            format!("there is no bundle {number}"),
        )
        .hint("'bundle list' shows those there are")
    })
}

fn list(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("number"),
        Column::whole("state"),
        Column::text("file"),
        Column::whole("exportedAt"),
        Column::whole("master"),
        Column::text("selection"),
        Column::whole("users"),
        Column::whole("tokens"),
        Column::whole("cards"),
        Column::whole("size"),
    ];
    let vault = cx.desk.reading()?;
    cx.rows(bound, |rows| {
        rows.begin("bundle", COLUMNS)?;
        ledger::list::<Failure>(vault.file().connection(), |bundle| {
            Ok(rows.row(vec![
                Cell::Id(bundle.number),
                bundle.state.as_str().into(),
                bundle.path.into(),
                bundle.opened.into(),
                bundle.master.into(),
                bundle.selection.into(),
                bundle.counts.user.into(),
                bundle.counts.token.into(),
                bundle.counts.card.into(),
                bundle.size.into(),
            ])?)
        })?;
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

fn get(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let bundle = find(cx, bound)?;
    let connection = cx.desk.reading()?.file().connection();
    let not_taken = ledger::not_taken(connection, bundle.number)?;
    let shown = audit::showings(connection, Some(bundle.number))?;
    let present = Path::new(&bundle.path).exists();
    cx.rows(bound, |rows| {
        Ok(rows.record(vec![
            ("number", Cell::Id(bundle.number)),
            ("id", bundle.id.into()),
            ("state", bundle.state.as_str().into()),
            ("file", bundle.path.into()),
            ("filePresent", present.into()),
            ("sha256", bundle.sha256.into()),
            ("size", bundle.size.into()),
            ("master", bundle.master.into()),
            ("exportedAt", bundle.opened.into()),
            ("finishedAt", bundle.finished.into()),
            ("sourceLoadedAt", bundle.loaded.into()),
            ("selection", bundle.selection.into()),
            ("groups", bundle.counts.group.into()),
            ("users", bundle.counts.user.into()),
            ("unassignedTokens", bundle.counts.token.into()),
            ("unassignedCards", bundle.counts.card.into()),
            (
                "notTaken",
                Cell::List(
                    not_taken
                        .iter()
                        .map(|(reason, count)| format!("{reason}: {count}"))
                        .collect(),
                ),
            ),
            ("passwordShown", shown.len().into()),
            ("note", bundle.note.into()),
        ])?)
    })?;
    Ok(Outcome::quiet())
}

fn skipped(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    const COLUMNS: &[Column] = &[
        Column::whole("group"),
        Column::whole("userid"),
        Column::whole("reason"),
        Column::text("item"),
        Column::text("detail"),
        Column::whole("count"),
    ];
    let bundle = find(cx, bound)?;
    let vault = cx.desk.reading()?;
    cx.rows(bound, |rows| {
        rows.begin("item", COLUMNS)?;
        ledger::skipped::<Failure>(vault.file().connection(), bundle.number, |item| {
            let (group, userid) = item.user.unzip();
            Ok(rows.row(vec![
                group.into(),
                userid.into(),
                item.reason.map(Reason::as_str).into(),
                item.item.into(),
                item.detail.into(),
                item.count.into(),
            ])?)
        })?;
        Ok(rows.end()?)
    })?;
    Ok(Outcome::quiet())
}

/// Shows a bundle's password. An entry of the audit says so before, another says afterwards what came of it; without
/// the first there is no password (security.md §4).
fn password(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let bundle = find(cx, bound)?;
    let into = bound.args.get(&PASSWORD_INTO);
    if into.is_none() && !cx.ui.has_screen() {
        return Err(render::Error::NoScreen.into());
    }
    if let Some(path) = into {
        refuse_existing(path)?;
    }
    let shown = into.map_or(Shown::Screen, |path| {
        Shown::File(path.display().to_string())
    });
    let mut intent = cx
        .draft(bound, &codes::PASSWORD_SHOWN)
        .object(bundle.path.as_str());
    intent.bundle = Some(bundle.number);
    intent.bundle_id = Some(bundle.id.clone());
    intent.shown = Some(shown.clone());
    let mut answer = intent.clone();
    intent.outcome = audit::Outcome::Intent;

    let keys = cx.desk.opened()?.keys;
    // The password is the one that was proven in the transaction that says it will be shown.
    let mut kept = None;
    let intent = cx.write(bound, &[], |tx| {
        state::prove(tx, &keys, &[&SETTING, &decisions::BUNDLES])?;
        if ledger::get(tx, bundle.number)?.as_ref() != Some(&bundle) {
            return Err(no_password(&bundle));
        }
        kept = ledger::password(tx, bundle.number)?;
        match kept.as_ref().is_some_and(|kept| kept.sealed.is_some()) {
            true => Ok(intent),
            false => Err(no_password(&bundle)),
        }
    })?;
    answer.intent = Some(intent.seq);
    let Some((kept, sealed)) =
        kept.and_then(|mut kept| kept.sealed.take().map(|sealed| (kept, sealed)))
    else {
        return Err(no_password(&bundle));
    };
    let owner = [kept.id.as_str(), &kept.generation.to_string()];

    cx.desk.reading()?.file().still_there()?;
    let delivered = deliver(cx, bound, &bundle, into, &|| {
        let plain = keys.open(store::Column::BundlePassword, &owner, &sealed)?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| store::Error::Internal("a kept password is not text"))?;
        Ok(SecretString::from(text))
    });
    if let Err(failure) = &delivered {
        answer = answer.failed(failure.message.as_str());
    }
    cx.append_audit(bound, answer)?;
    delivered.map_err(Failure::audited)
}

fn no_password(bundle: &Bundle) -> Failure {
    Failure::new(
        Exit::Failed,
        code::BUNDLE,
        format!(
            "bundle {} has no password: it is {}",
            bundle.number,
            bundle.state.as_str()
        ),
    )
    .hint("export again to get a new bundle")
}

/// Brings a password to the screen or into a file.
fn deliver(
    cx: &Context<'_>,
    bound: &Bound,
    bundle: &Bundle,
    into: Option<&Path>,
    password: &dyn Fn() -> Result<SecretString, Failure>,
) -> Result<Outcome, Failure> {
    let Some(path) = into else {
        let seconds = bound.args.get(&SECONDS).map_or(120, i64::cast_unsigned);
        let lines = [
            format!("Password of bundle {}", bundle.number),
            bundle.path.clone(),
        ];
        return Ok(
            match cx.ui.reveal(&password()?, seconds, &lines, cx.cancel)? {
                Cleared::Interrupted => Outcome {
                    exit: Some(Exit::Interrupted),
                    ..Outcome::quiet()
                },
                Cleared::ByKey | Cleared::ByTime => Outcome::quiet(),
            },
        );
    };
    write_new(path, false, |file| {
        let text = password()?;
        let failed = |error: std::io::Error| Failure::file("write", path, &error);
        file.write_all(text.expose_secret().as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(failed)
    })?;
    Ok(Outcome::said(format!(
        "wrote the password of bundle {} to {}",
        bundle.number,
        path.display()
    )))
}

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    if files::is_taken(path) {
        return Err(Failure::new(
            Exit::Failed,
            code::FILE,
            format!("cannot write {}: it exists", path.display()),
        )
        .hint("name a new file; a password never replaces one"));
    }
    Ok(())
}

pub(super) fn open_file(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::file("read", path, &error))
}

/// The plain header of a bundle file.
pub(super) fn header(path: &Path) -> Result<Header, Failure> {
    Header::read(open_file(path)?).map_err(|error| Failure::from(error).in_file(path))
}

/// The password of a bundle file: from a private file, or typed.
pub(super) fn typed_password(cx: &Context<'_>, bound: &Bound) -> Result<SecretString, Failure> {
    let Some(path) = bound.args.get(&PASSWORD_FILE) else {
        return Ok(cx.ui.password("Password of the bundle: ")?);
    };
    let secret = read_private(path)?;
    Ok(SecretString::from(text(&secret, path)?.trim()))
}

fn fields_of(header: &Header) -> Vec<(&'static str, Cell)> {
    vec![
        ("id", header.meta.id.to_string().into()),
        ("created", header.meta.created.into()),
        ("tool", header.tool.as_str().into()),
        ("auditAnchor", anchor(header).to_string().into()),
        ("kdfMemoryKiB", header.meta.cost.memory_kib.into()),
        ("kdfPasses", header.meta.cost.passes.into()),
        ("kdfLanes", header.meta.cost.lanes.into()),
    ]
}

/// The audit entry of the export that a header names.
pub(super) fn anchor(header: &Header) -> audit::Anchor {
    audit::Anchor {
        seq: header.meta.audit.seq,
        hash: header.meta.audit.hash,
    }
}

fn inspect(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    if bound.args.get(&PASSWORD_FILE).is_some() {
        return verify(cx, bound);
    }
    let header = header(path)?;
    let size = std::fs::metadata(path).map(|meta| meta.len()).ok();
    cx.rows(bound, |rows| {
        let mut fields = vec![
            ("file", path.display().to_string().into()),
            ("size", size.into()),
        ];
        fields.extend(fields_of(&header));
        Ok(rows.record(fields)?)
    })?;
    Ok(Outcome::said(
        "only the header was read, and nothing proves it; 'bundle verify' checks the whole file",
    ))
}

fn verify(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let Some(path) = bound.args.get(&FILE) else {
        return Ok(Outcome::quiet());
    };
    let file = open_file(path)?;
    header(path)?;
    let password = typed_password(cx, bound)?;
    let located = |error: crate::bundle::Error| Failure::from(error).in_file(path);
    let mut reader = Reader::open(file, password.expose_secret()).map_err(located)?;
    drop(password);
    let manifest = reader
        .verify(&cx.ui.progress(), cx.cancel)
        .map_err(located)?;
    cx.rows(bound, |rows| {
        let mut fields = vec![("file", path.display().to_string().into())];
        fields.extend(fields_of(reader.header()));
        let not_taken = manifest
            .not_taken
            .iter()
            .map(|(reason, count)| format!("{}: {count}", reason.as_str()));
        fields.extend([
            ("by", manifest.by.as_str().into()),
            ("selection", manifest.selection.as_str().into()),
            ("blocks", manifest.blocks.into()),
            ("groups", manifest.records.group.into()),
            ("users", manifest.records.user.into()),
            ("unassignedTokens", manifest.records.token.into()),
            ("unassignedCards", manifest.records.card.into()),
            ("notTaken", Cell::List(not_taken.collect())),
        ]);
        Ok(rows.record(fields)?)
    })?;
    Ok(Outcome::said(format!(
        "{} is whole: every byte was checked",
        path.display()
    )))
}
