//! `tenant challenge`: cells of a grid card.

use std::path::PathBuf;

use super::verify::{ANSWER_FILE, USER, answer, attempt};
use super::{At, on, write};
use crate::command::context::OpenTenant;
use crate::command::shared::{Out, RECORD};
use crate::command::{Context, Entry, Failure, Outcome, entry};
use crate::lang::keys::args;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::{self, codes};
use crate::tenant::verify::{self, Asked, Proof};
use secrecy::ExposeSecret as _;

args! {
    struct Challenge {
        user: String = USER,
        card: Option<u64> = number("card", 0, i64::MAX, "Serial number of the card")
            .absent("the newest active one, else the newest pending one"),
        answer_file: Option<PathBuf> = ANSWER_FILE,
        ..at: At,
        ..out: Out = RECORD,
    }
}

/// `tenant challenge`
pub(in crate::command) static CHALLENGE: Entry = entry!(
    Challenge,
    challenge,
    Command {
        details: "Asks a user of the tenant for cells of a grid card, such as B3, H1, and verifies what the user \
            gives: typed unseen, or read from a file that only you can read. Blanks and commas between the cells do \
            not count, and letter case only on a card that has both.\n\nThe cells that were asked least are asked \
            first. A challenge stands until it has been answered rightly, so the same cells are asked again; without \
            a terminal and without answer-file= the command only asks. challenge.cells says how many cells it is; \
            wrong responses count for the lockout of 'tenant verify'. A pending card is active once it was answered \
            from.",
        effect: Effect::Write,
        session: false,
        examples: &[Example::new(
            "tenant challenge user=asmith tenant=rehearsal.tenant",
            "Ask for cells, and verify them"
        )],
        ..Command::new("tenant challenge", "Ask a user for cells of a grid card")
    }
);

fn challenge(cx: &mut Context<'_>, args: Challenge) -> Result<Outcome, Failure> {
    let asked = on(cx, &args.at, Some(&codes::CHALLENGED), |cx, open| {
        ask(cx, open, &args)
    })?;
    if args.answer_file.is_none() && !cx.ui.is_interactive() {
        return show(cx, &args.out, &asked);
    }
    on(cx, &args.at, Some(&codes::RESPONSE_VERIFIED), |cx, open| {
        let response = answer(cx, args.answer_file.as_deref(), || {
            Ok(format!(
                "{} of card {} of {}: ",
                asked.cells, asked.serial, asked.userid
            ))
        })?;
        if response.expose_secret().trim().is_empty() {
            return Ok(Outcome::said(
                "not answered; the same cells are asked next time",
            ));
        }
        let proof = Proof::Response(response.expose_secret());
        attempt(
            cx,
            &args.out,
            open,
            &codes::RESPONSE_VERIFIED,
            &args.user,
            proof,
        )
    })
}

fn ask(cx: &Context<'_>, open: &mut OpenTenant, args: &Challenge) -> Result<Asked, Failure> {
    let keys = open.session.keys()?;
    let now = cx.ambient.clock.now();
    let draft = cx.audit(&codes::CHALLENGED);
    let mut done = None;
    write(cx, open, &[], |tx| {
        let asked = verify::challenge(
            tx,
            &keys,
            &args.user,
            args.card,
            cx.ambient.rng.as_ref(),
            now,
        )?;
        let draft = audit::Draft {
            detail: Some(format!("card {}: {}", asked.serial, asked.cells)),
            ..draft.object(asked.userid.as_str())
        };
        done = Some(asked);
        Ok(draft)
    })?;
    done.ok_or_else(|| crate::store::Error::Internal("nothing was asked").into())
}

fn show(cx: &Context<'_>, out: &Out, asked: &Asked) -> Result<Outcome, Failure> {
    cx.record(
        out,
        vec![
            ("user", asked.userid.as_str().into()),
            ("card", asked.serial.into()),
            ("challenge", asked.cells.to_string().into()),
            ("askedBefore", asked.again.into()),
        ],
    )?;
    Ok(Outcome::quiet()
        .hint("answer with the same command on a terminal, or with answer-file=FILE"))
}
