//! `tenant verify`: proof that what migrated works.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::{At, on, write};
use crate::command::context::OpenTenant;
use crate::command::file::{read_password, text};
use crate::command::shared::{Out, RECORD};
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::keys::{self, Key, args};
use crate::lang::spec::{Command, Complete, Effect, Example};
use crate::otp::{Matched, Otp};
use crate::render::doc::Cell;
use crate::render::{agree, counted};
use crate::store::audit::{self, codes};
use crate::tenant::verify::{self, Attempt, Proof, Verdict};

pub(super) const USER: Key<String> = keys::text("user", "User id or alias on the tenant")
    .positional()
    .required()
    .complete(Complete::Users);
pub(super) const ANSWER_FILE: Key<Option<PathBuf>> = keys::in_file(
    "answer-file",
    "File of mode 0600 with what would be asked for; one line end at its end does not count",
);

args! {
    struct Verify {
        user: String = USER,
        code: Option<SecretString> = secret("code", "The code that a token of the user shows"),
        next_code: Option<SecretString> = secret(
            "next-code",
            "The code after it: the two together bring a token back that is out of step",
        ),
        token: Option<String> = text("token", "Serial number of the token").absent("any of the user's"),
        qa: Option<u64> = number("qa", 1, i64::MAX, "Number of the question, from 1; its answer is asked for"),
        // A name; but a password typed here by mistake must not reach history and audit.
        password: Option<SecretString> = secret(
            "password",
            "Name of the password, or default; the password itself is asked for",
        ),
        answer_file: Option<PathBuf> = ANSWER_FILE,
        unlock: bool = flag("unlock", "Lift the lockout of the user"),
        ..at: At,
        ..out: Out = RECORD,
    }
}

/// `tenant verify`
pub(in crate::command) static VERIFY: Entry = entry!(
    Verify,
    verify,
    Command {
        details: "Verifies on the tenant a code of a migrated user's token, the answer to a \
            question, or a password. Answers and passwords are asked for, unseen, or read from a file that only you \
            can read; they never stand in the line.\n\nA time-based code is right up to 10 steps on both sides of the \
            token's drift, an event-based one up to 10 beyond the counter; a right one moves drift or counter, and is \
            not taken twice. A token that is further out comes back with two codes in a row, code= and next-code=, \
            within 120 steps. Codes of cr and ocra tokens cannot be verified: the algorithm of the former is not \
            published, the suite of the latter is in no record.\n\nAnswers are cut as stored ones are \
            (qa.answer-length) and compared as they stand. After so many wrong answers of any kind in a row \
            (lockout.failures) the user is locked out until -unlock. Every attempt is in the tenant's audit.",
        effect: Effect::Write,
        session: false,
        examples: &[
            Example::new(
                "tenant verify user=asmith code=123456 tenant=rehearsal.tenant",
                "Whether a token of the user shows this code"
            ),
            Example::new(
                "tenant verify user=asmith code=123456 next-code=654321 tenant=rehearsal.tenant",
                "Bring a token back that is out of step"
            ),
            Example::new(
                "tenant verify user=asmith qa=1 tenant=rehearsal.tenant",
                "Ask the first question, and verify the answer"
            ),
            Example::new(
                "tenant verify user=asmith password=default answer-file=asmith.txt tenant=rehearsal.tenant",
                "Verify the password in a file"
            ),
        ],
        ..Command::new(
            "tenant verify",
            "Verify a code, an answer or a password of a user",
        )
    }
);

/// What is to be done.
enum Wanted<'a> {
    Code(&'a SecretString),
    Answer(usize),
    Password(&'a SecretString),
    Unlock,
}

impl<'a> Wanted<'a> {
    fn of(args: &'a Verify) -> Result<Self, Failure> {
        let number = args.qa;
        let number = number.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let all = [
            args.code.as_ref().map(Self::Code),
            number.map(Self::Answer),
            args.password.as_ref().map(Self::Password),
            args.unlock.then_some(Self::Unlock),
        ];
        let usage = |message| {
            Failure::usage(message).hint("give one of code=…, qa=N, password=NAME and -unlock")
        };
        let mut given = all.into_iter().flatten();
        let wanted = given.next().ok_or_else(|| usage("nothing to verify"))?;
        if given.next().is_some() {
            return Err(usage("more than one thing to verify"));
        }
        let of_codes = args.next_code.is_some() || args.token.is_some();
        let of_answers = args.answer_file.is_some();
        match &wanted {
            Self::Code(_) if of_answers => Err(usage(
                "answer-file= goes with qa= and password=, not with code=",
            )),
            Self::Answer(_) | Self::Password(_) | Self::Unlock if of_codes => {
                Err(usage("next-code= and token= go with code="))
            }
            _ => Ok(wanted),
        }
    }

    fn code(&self) -> &'static audit::EventCode {
        match self {
            Self::Code(_) => &codes::CODE_VERIFIED,
            Self::Answer(_) => &codes::ANSWER_VERIFIED,
            Self::Password(_) => &codes::PASSWORD_VERIFIED,
            Self::Unlock => &codes::USER_UNLOCKED,
        }
    }
}

fn verify(cx: &mut Context<'_>, args: Verify) -> Result<Outcome, Failure> {
    let (user, out) = (args.user.as_str(), &args.out);
    let file = args.answer_file.as_deref();
    let wanted = Wanted::of(&args)?;
    let audited = wanted.code();
    on(cx, &args.at, Some(audited), |cx, open| match wanted {
        Wanted::Code(typed) => {
            let code = read_code(typed)?;
            let next = args.next_code.as_ref().map(read_code).transpose()?;
            let proof = Proof::Code {
                code: &code,
                next: next.as_ref(),
                serial: args.token.as_deref(),
            };
            attempt(cx, out, open, audited, user, proof)
        }
        Wanted::Answer(number) => {
            let answer = answer(cx, file, || {
                let keys = open.session.keys()?;
                let db = open.tenant.file().connection();
                let asked = verify::question(db, &keys, user, number)?;
                Ok(format!("{} ({}): ", asked.text, asked.userid))
            })?;
            let proof = Proof::Answer(number, answer.expose_secret());
            attempt(cx, out, open, audited, user, proof)
        }
        Wanted::Password(name) => {
            let password = answer(cx, file, || Ok(format!("Password of {user}: ")))?;
            let proof = Proof::Password(name.expose_secret(), password.expose_secret());
            attempt(cx, out, open, audited, user, proof)
        }
        Wanted::Unlock => unlock(cx, open, user),
    })
}

fn read_code(typed: &SecretString) -> Result<Otp, Failure> {
    Otp::parse(typed.expose_secret())
        .map_err(|error| Failure::new(Exit::Usage, code::ANSWER, error).advised(error.hint()))
}

/// What would be asked for: from the file that the command names, or typed unseen.
pub(super) fn answer(
    cx: &Context<'_>,
    file: Option<&Path>,
    prompt: impl FnOnce() -> Result<String, Failure>,
) -> Result<SecretString, Failure> {
    let Some(path) = file else {
        return Ok(cx.ui.password(&prompt()?)?);
    };
    let secret = read_password(path)?;
    Ok(SecretString::from(text(&secret, path)?))
}

/// Tries an answer on the tenant, and shows what came of it.
pub(super) fn attempt(
    cx: &Context<'_>,
    out: &Out,
    open: &mut OpenTenant,
    audited: &'static audit::EventCode,
    user: &str,
    proof: Proof<'_>,
) -> Result<Outcome, Failure> {
    let keys = open.session.keys()?;
    let now = cx.ambient.clock.now();
    let draft = cx.audit(audited);
    let mut done = None;
    write(cx, open, &[], |tx| {
        let attempt = verify::verify(tx, &keys, user, proof, now)?;
        let draft = draft.object(attempt.userid.as_str());
        let draft = match &attempt.verdict {
            Verdict::Right { .. } => audit::Draft {
                detail: Some(attempt.with.clone()),
                ..draft
            },
            Verdict::Wrong(why) => draft.failed(format!("{}: {why}", attempt.with)),
        };
        done = Some(attempt);
        Ok(draft)
    })?;
    match done {
        Some(attempt) => show(cx, out, &attempt),
        None => Ok(Outcome::quiet()),
    }
}

fn show(cx: &Context<'_>, out: &Out, attempt: &Attempt) -> Result<Outcome, Failure> {
    let (matched, remark) = match &attempt.verdict {
        Verdict::Right { matched, remark } => (matched, remark),
        Verdict::Wrong(why) => {
            let failure = Failure::new(
                Exit::Failed,
                code::ANSWER,
                format!("wrong for {}, {}: {why}", attempt.userid, attempt.with),
            );
            let hint = match attempt.left {
                0 => format!(
                    "{0} is locked out now; 'tenant verify user={0} -unlock' ends the lockout",
                    attempt.userid
                ),
                left => format!(
                    "{} {} the user out",
                    counted(left, "more failure"),
                    agree(left, "locks", "lock")
                ),
            };
            return Err(failure.hint(hint).audited());
        }
    };
    let mut fields = vec![
        ("user", Cell::from(attempt.userid.as_str())),
        ("with", attempt.with.as_str().into()),
        ("result", "right".into()),
    ];
    if let Some(matched) = matched {
        fields.extend(standing(matched));
    }
    if let Some(remark) = remark {
        fields.push(("remark", remark.as_str().into()));
    }
    cx.record(out, fields)
}

/// Where token and tenant stand after a right code.
fn standing(matched: &Matched) -> [(&'static str, Cell); 3] {
    let moved = if matched.by_clock {
        ("drift", matched.standing.drift.into())
    } else {
        ("counter", matched.standing.counter.into())
    };
    [
        ("step", matched.at.into()),
        ("stepsAway", matched.offset.into()),
        moved,
    ]
}

fn unlock(cx: &Context<'_>, open: &mut OpenTenant, user: &str) -> Result<Outcome, Failure> {
    let draft = cx.audit(&codes::USER_UNLOCKED);
    let mut said = String::new();
    write(cx, open, &[], |tx| {
        let (userid, failures) = verify::unlock(tx, user)?;
        said = format!(
            "{userid} may answer again after {} in a row",
            counted(failures, "failure")
        );
        Ok(draft.object(userid).count("failures", failures))
    })?;
    Ok(Outcome::said(said))
}
