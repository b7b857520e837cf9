//! `bundle list|get|password|skipped|inspect|verify`: what was exported.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::file::{read_password, text, write_new};
use super::shared::{Out, REASON, RECORD};
use super::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::bundle::{Header, Reader};
use crate::files;
use crate::lang::args::Missing;
use crate::lang::code;
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::model::Reason;
use crate::render::doc::{Cell, Col, ToCell as _};
use crate::render::{self, Cleared};
use crate::store;
use crate::store::audit::{self, Shown, codes};
use crate::store::state::{self, SETTING};
use crate::vault::decisions;
use crate::vault::ledger::{self, Bundle, Skipped as LeftOut};

const NUMBER: Key<Option<u64>> = keys::number(
    "number",
    1,
    i64::MAX,
    "Number of the bundle, as in bundle list",
)
.positional()
.complete(Complete::Bundles);
pub(super) const PASSWORD_FILE: Key<Option<PathBuf>> = keys::in_file(
    "password-file",
    "File of mode 0600 with the bundle's password; without it the shell asks",
);

args! {
    /// Which bundle of the vault.
    struct Which {
        number: Option<u64> = NUMBER.unless("file"),
        file: Option<PathBuf> = in_file("file", "The bundle's file, in place of its number"),
    }

    struct Get {
        number: u64 = NUMBER.required(),
        ..out: Out = RECORD,
    }

    struct Password {
        ..which: Which,
        into: Option<PathBuf> = out_file("into", "Write the password to this new file (mode 0600) instead"),
        seconds: u64 = number("seconds", 5, 3600, "How long the password stays on the screen").default("120"),
        _ = REASON,
    }

    struct Skipped {
        ..which: Which,
        ..out: Out,
    }

    struct OfFile {
        file: PathBuf = in_file("file", "The bundle file").positional().required(),
        password: Option<PathBuf> = PASSWORD_FILE,
        ..out: Out = RECORD,
    }
}

/// `bundle list`
pub(super) static LIST: Entry = entry!(
    Out,
    list,
    Command {
        details: "Lists the bundles of this vault: when and by whom they were written, what was selected, how many \
            users are inside, and what state they are in.",
        examples: &[Example::new("bundle list", "All bundles")],
        ..Command::new("bundle list", "List the bundles that were exported")
    }
);

/// `bundle get`
pub(super) static GET: Entry = entry!(
    Get,
    get,
    Command {
        details: "Shows one bundle with its file, digest, counts, and what was left out by reason.",
        examples: &[Example::new("bundle get 1", "The first bundle")],
        ..Command::new("bundle get", "Show one bundle")
    }
);

/// `bundle password`
pub(super) static PASSWORD: Entry = entry!(
    Password,
    password,
    codes::PASSWORD_SHOWN,
    Command {
        synonyms: &["export password"],
        details: "Shows the password of a bundle on a screen of its own, which is cleared after some seconds; any \
            key gives it the full time again, q clears it at once. With into=FILE the password goes to a new file \
            that only you can read. It never goes to a pipe. The bundle is named by its number, or by its file: the id \
            in its header identifies the bundle, wherever the file is now. Before the password is shown, the audit \
            records who sees it, when and where ('audit passwords').",
        effect: Effect::Reveal,
        examples: &[
            Example::new("bundle password 1", "Show it on the screen"),
            Example::new(
                "bundle password 1 into=bundle-1.password",
                "Write it to a new file"
            ),
            Example::new(
                "bundle password file=first.igb into=first-again.password",
                "The same for the bundle in a file"
            ),
        ],
        ..Command::new(
            "bundle password",
            "Show the password of a bundle to a master",
        )
    }
);

/// `bundle skipped`
pub(super) static SKIPPED: Entry = entry!(
    Skipped,
    skipped,
    Command {
        details: "Lists what the selected users of a bundle had and did not take along, item by item with the \
            reason. The bundle is named by its number or its file.",
        examples: &[Example::new(
            "bundle skipped 1 format=csv",
            "What the first bundle left out"
        )],
        ..Command::new("bundle skipped", "List what a bundle left out, and why")
    }
);

/// `bundle inspect`
pub(super) static INSPECT: Entry = entry!(
    OfFile,
    inspect,
    Command {
        details: "Shows the plain header of a bundle file; with its password also the counts inside. Needs no vault.",
        session: false,
        examples: &[Example::new(
            "bundle inspect file=first.igb",
            "The header of a bundle file"
        )],
        ..Command::new("bundle inspect", "Show what a bundle file says of itself")
    }
);

/// `bundle verify`
pub(super) static VERIFY: Entry = entry!(
    OfFile,
    verify,
    Command {
        details: "Reads a bundle file from end to end and checks every byte of it. Says whether the file is no \
            bundle, damaged or cut, or the password mistyped or wrong. Needs no vault.",
        session: false,
        examples: &[Example::new(
            "bundle verify file=first.igb password-file=first.password",
            "Check a bundle file"
        )],
        ..Command::new("bundle verify", "Check a bundle file from end to end")
    }
);

/// What a command names, or the advice to look at the list.
fn known(found: Option<Bundle>, missing: impl FnOnce() -> String) -> Result<Bundle, Failure> {
    found.ok_or_else(|| Failure::unknown(missing()).hint("'bundle list' lists the bundles"))
}

/// The bundle of this number.
fn numbered(cx: &Context<'_>, number: u64) -> Result<Bundle, Failure> {
    let found = ledger::get(cx.db()?, number)?;
    known(found, || format!("there is no bundle {number}"))
}

/// The bundle that a command names; a file is matched by the id in its header.
fn find(cx: &Context<'_>, which: &Which) -> Result<Bundle, Failure> {
    match (which.number, &which.file) {
        (Some(number), None) => numbered(cx, number),
        (None, Some(path)) => {
            let id = header(path)?.meta.id.to_string();
            let path = path.display();
            known(ledger::of_id(cx.db()?, &id)?, || {
                format!("the bundle {path} was not made from this vault")
            })
        }
        (Some(_), Some(_)) => {
            let what = "a bundle is named by its number or by file=, not by both";
            Err(Failure::usage(what).hint("leave one of them out"))
        }
        (None, None) => Err(Missing("number").into()),
    }
}

const COLUMNS: &[Col<Bundle>] = &[
    Col::whole("number", |bundle| Cell::Id(bundle.number)),
    Col::whole("state", |bundle| bundle.state.as_str().into()),
    Col::text("file", |bundle| bundle.path.cell()),
    Col::whole("exportedAt", |bundle| bundle.opened.cell()),
    Col::whole("master", |bundle| bundle.master.cell()),
    Col::text("selection", |bundle| bundle.selection.cell()),
    Col::whole("users", |bundle| bundle.counts.user.cell()),
    Col::whole("tokens", |bundle| bundle.counts.token.cell()),
    Col::whole("cards", |bundle| bundle.counts.card.cell()),
    Col::whole("size", |bundle| bundle.size.cell()),
];

fn list(cx: &mut Context<'_>, out: Out) -> Result<Outcome, Failure> {
    cx.list(&out, "bundle", COLUMNS, |push| ledger::list(cx.db()?, push))
}

fn get(cx: &mut Context<'_>, args: Get) -> Result<Outcome, Failure> {
    let bundle = numbered(cx, args.number)?;
    let connection = cx.db()?;
    let not_taken = ledger::not_taken(connection, bundle.number)?;
    let shown = audit::showings(connection, Some(bundle.number))?;
    let present = Path::new(&bundle.path).exists();
    cx.record(
        &args.out,
        vec![
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
        ],
    )
}

const LEFT_OUT: &[Col<LeftOut>] = &[
    Col::whole("group", |item| {
        item.user.as_mut().map(|(group, _)| group.cell()).into()
    }),
    Col::whole("userid", |item| {
        item.user.as_mut().map(|(_, userid)| userid.cell()).into()
    }),
    Col::whole("reason", |item| item.reason.map(Reason::as_str).into()),
    Col::text("item", |item| item.item.cell()),
    Col::text("detail", |item| item.detail.cell()),
    Col::whole("count", |item| item.count.cell()),
];

fn skipped(cx: &mut Context<'_>, args: Skipped) -> Result<Outcome, Failure> {
    let bundle = find(cx, &args.which)?;
    cx.list(&args.out, "item", LEFT_OUT, |push| {
        ledger::skipped(cx.db()?, bundle.number, push)
    })
}

/// Shows a bundle's password. An entry of the audit says so before, another says afterwards what came of it; without
/// the first there is no password (igsh-vault(5), AUDIT).
fn password(cx: &mut Context<'_>, args: Password) -> Result<Outcome, Failure> {
    let bundle = find(cx, &args.which)?;
    let into = args.into.as_deref();
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
        .audit(&codes::PASSWORD_SHOWN)
        .object(bundle.path.as_str());
    intent.bundle = Some(bundle.number);
    intent.bundle_id = Some(bundle.id.clone());
    intent.shown = Some(shown.clone());
    let mut answer = intent.clone();
    intent.outcome = audit::Outcome::Intent;

    let keys = cx.desk.opened()?.keys;
    // The password is the one that was proven in the transaction that says it will be shown.
    let mut kept = None;
    let intent = cx.write(&[], |tx| {
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
    let delivered = deliver(cx, &args, &bundle, &|| {
        let plain = keys.open(store::Column::BundlePassword, &owner, &sealed)?;
        let text = std::str::from_utf8(&plain)
            .map_err(|_| store::Error::Internal("a kept password is not text"))?;
        Ok(SecretString::from(text))
    });
    if let Err(failure) = &delivered {
        answer = answer.failed(failure.message.as_str());
    }
    cx.append_audit(answer)?;
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
    .hint("export the users again")
}

/// Brings a password to the screen or into a file.
fn deliver(
    cx: &Context<'_>,
    args: &Password,
    bundle: &Bundle,
    password: &dyn Fn() -> Result<SecretString, Failure>,
) -> Result<Outcome, Failure> {
    let Some(path) = &args.into else {
        let lines = [
            format!("Password of bundle {}", bundle.number),
            bundle.path.clone(),
        ];
        return Ok(
            match cx
                .ui
                .reveal(&password()?, args.seconds, &lines, cx.cancel)?
            {
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
    files::open_file(path).map_err(|error| Failure::file("read", path, &error))
}

/// The plain header of a bundle file.
pub(super) fn header(path: &Path) -> Result<Header, Failure> {
    Header::read(open_file(path)?).map_err(|error| Failure::from(error).in_file(path))
}

/// The password of a bundle file: from a private file, or typed.
pub(super) fn typed_password(
    cx: &Context<'_>,
    file: Option<&Path>,
) -> Result<SecretString, Failure> {
    let Some(path) = file else {
        return Ok(cx.ui.password("Password of the bundle: ")?);
    };
    let secret = read_password(path)?;
    Ok(SecretString::from(text(&secret, path)?))
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

fn inspect(cx: &mut Context<'_>, args: OfFile) -> Result<Outcome, Failure> {
    if args.password.is_some() {
        return verify(cx, args);
    }
    let path = args.file.as_path();
    let header = header(path)?;
    let size = std::fs::metadata(path).map(|meta| meta.len()).ok();
    let mut fields = vec![
        ("file", path.display().to_string().into()),
        ("size", size.into()),
    ];
    fields.extend(fields_of(&header));
    cx.record(&args.out, fields)?;
    Ok(Outcome::said(
        "only the header was read, and nothing proves it; 'bundle verify' checks the whole file",
    ))
}

fn verify(cx: &mut Context<'_>, args: OfFile) -> Result<Outcome, Failure> {
    let path = args.file.as_path();
    let file = open_file(path)?;
    header(path)?;
    let password = typed_password(cx, args.password.as_deref())?;
    let located = |error: crate::bundle::Error| Failure::from(error).in_file(path);
    let mut reader = Reader::open(file, password.expose_secret()).map_err(located)?;
    drop(password);
    let manifest = reader
        .verify(&cx.ui.progress(), cx.cancel)
        .map_err(located)?;
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
    cx.record(&args.out, fields)?;
    Ok(Outcome::said(format!(
        "{} is whole: every byte was checked",
        path.display()
    )))
}
