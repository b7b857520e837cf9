//! `tenant challenge`: cells of a grid card.

use super::verify::{ANSWER_FILE, USER, answer, attempt};
use super::{LOGIN, PASSWORD, TENANT, with, write};
use crate::command::context::OpenTenant;
use crate::command::shared_args::{FORMAT, INTO, OVERWRITE};
use crate::command::{Context, Entry, Failure, Outcome};
use crate::lang::args::Key;
use crate::lang::binder::Bound;
use crate::lang::spec::{Command, Effect, Example};
use crate::store::audit::{self, codes};
use crate::tenant::verify::{self, Asked, Proof};
use secrecy::ExposeSecret as _;

const CARD: Key<i64> = Key::number("card", 0, i64::MAX, "Serial number of the card")
    .default("the newest active one, else the newest pending one");

/// `tenant challenge`
pub(in crate::command) static CHALLENGE: Entry = Entry {
    spec: Command {
        details: "Asks a user of the tenant for cells of a grid card, such as B3, H1, and verifies what the user \
            gives: typed unseen, or read from a file that only you can read. Blanks and commas between the cells do \
            not count, and letter case only on a card that has both.\n\nThe cells that were asked least are asked \
            first. A challenge stands until it has been answered rightly, so the same cells are asked again; without \
            a terminal and without answer-file= the command only asks. challenge.cells says how many cells it is; \
            wrong responses count for the lockout of 'tenant verify'. A pending card is active once it was answered \
            from.",
        args: &[
            USER.arg,
            CARD.arg,
            ANSWER_FILE.arg,
            TENANT.arg,
            LOGIN.arg,
            PASSWORD.arg,
            FORMAT.arg,
            INTO.arg,
            OVERWRITE.arg,
        ],
        effect: Effect::Write,
        session: false,
        examples: &[Example {
            line: "tenant challenge user=asmith tenant=rehearsal.tenant",
            what: "Ask for cells, and verify them",
        }],
        ..Command::new("tenant challenge", "Ask a user for cells of a grid card")
    },
    audit: None,
    run: challenge,
};

fn challenge(cx: &mut Context<'_>, bound: &Bound) -> Result<Outcome, Failure> {
    let user = bound.args.get(&USER).unwrap_or_default();
    let from_file = bound.args.get(&ANSWER_FILE).is_some();
    let asked = with(cx, bound, Some(&codes::CHALLENGED), |cx, open| {
        ask(cx, bound, open, user)
    })?;
    if !from_file && !cx.ui.is_interactive() {
        return show(cx, bound, &asked);
    }
    with(cx, bound, Some(&codes::RESPONSE_VERIFIED), |cx, open| {
        let response = answer(cx, bound, || {
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
        attempt(cx, bound, open, &codes::RESPONSE_VERIFIED, user, proof)
    })
}

fn ask(
    cx: &Context<'_>,
    bound: &Bound,
    open: &mut OpenTenant,
    user: &str,
) -> Result<Asked, Failure> {
    let keys = open.session.keys()?;
    let now = cx.ambient.clock.now();
    let serial = bound.args.get(&CARD).map(i64::cast_unsigned);
    let draft = cx.draft(bound, &codes::CHALLENGED);
    let mut done = None;
    write(cx, bound, open, &[], |tx| {
        let asked = verify::challenge(tx, &keys, user, serial, cx.ambient.rng.as_ref(), now)?;
        let draft = audit::Draft {
            detail: Some(format!("card {}: {}", asked.serial, asked.cells)),
            ..draft.object(asked.userid.as_str())
        };
        done = Some(asked);
        Ok(draft)
    })?;
    done.ok_or_else(|| crate::store::Error::Internal("nothing was asked").into())
}

fn show(cx: &Context<'_>, bound: &Bound, asked: &Asked) -> Result<Outcome, Failure> {
    cx.rows(bound, |rows| {
        Ok(rows.record(vec![
            ("user", asked.userid.as_str().into()),
            ("card", asked.serial.into()),
            ("challenge", asked.cells.to_string().into()),
            ("askedBefore", asked.again.into()),
        ])?)
    })?;
    Ok(Outcome::said(
        "answer with the same command on a terminal, or with answer-file=FILE",
    ))
}
