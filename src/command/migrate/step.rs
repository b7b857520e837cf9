//! `migrate stage|advance|retreat`: users from one phase to another, chosen by a selection or named by a file.

use super::bulk::{Members, UserChoice};
use crate::command::context::Proposal;
use crate::command::shared::REASON;
use crate::command::{Context, Entry, Exit, Failure, Outcome, entry};
use crate::lang::code;
use crate::lang::diagnostic::quoted;
use crate::lang::keys::args;
use crate::lang::selection::{Expr, Op, Operand, Selection};
use crate::lang::spec::{Command, Effect, Example, Selects};
use crate::migrate::phases::{self, Plan, Step};
use crate::model::{Phase, Sight, sight};
use crate::render::{are, counted};
use crate::store::audit::{Draft, codes};
use crate::vault::phases::{Move, advance, relabel, standings};

args! {
    struct Stage {
        wave: Option<String> = text("wave", "Label of the users' wave, such as W07").complete(Complete::Waves),
        ..members: Members,
        _ = REASON,
    }

    struct Walk {
        to: Option<Phase> = choice("to", "Phase to move them to")
            .absent("the one beside the phase=… of the selection"),
        ..members: Members,
        _ = REASON,
    }
}

/// `migrate stage`
pub(in crate::command) static STAGE: Entry = entry!(
    Stage,
    stage,
    codes::PHASE_MOVED,
    Command {
        details: "Puts users into phase 'export', so that 'export phase=export' takes them, and gives them the label \
            of a wave if one is named. Users who are staged already only get the label. Users who were exported are \
            refused; gone and excluded ones are passed over.\n\n\
            Phases stand in the vault alone. 'migrate aliases' writes what the administrators of the source need to \
            mirror them in workflow aliases there.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate stage phase=none userid=c* wave=W07",
            "Stage some users as a wave"
        )],
        ..Command::new("migrate stage", "Choose users for the next export")
    }
);

/// `migrate advance`
pub(in crate::command) static ADVANCE: Entry = entry!(
    Walk,
    forward,
    codes::PHASE_MOVED,
    Command {
        details: "Moves users on to a later phase: to 'imported' when the target has them, to 'migrated' when they no \
            longer use the source. Nothing but an export makes a user 'exported'; 'migrate results' moves users to \
            'imported' by what the target said. Without to=, the selection names one phase=…, and its users go one \
            phase on. Users who are there already stay; a user who was never exported is refused.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[
            Example::new(
                "migrate advance to=imported phase=exported userid=b*",
                "The target has them"
            ),
            Example::new(
                "migrate advance phase=imported",
                "They have moved: from imported to migrated"
            ),
        ],
        ..Command::new("migrate advance", "Move users to a later phase")
    }
);

/// `migrate retreat`
pub(in crate::command) static RETREAT: Entry = entry!(
    Walk,
    back,
    codes::PHASE_MOVED,
    Command {
        details: "Moves users back to an earlier phase, when the target lost them or a phase was given too early. The \
            bundles they were in stay in the ledger, and the confirmation of their next export says so. Without to=, \
            the selection names one phase=…, and its users go one phase back.",
        selects: Selects::Users,
        effect: Effect::Write,
        examples: &[Example::new(
            "migrate retreat to=none phase=export wave=W07",
            "Take the staging of a wave back"
        )],
        ..Command::new("migrate retreat", "Move users back to an earlier phase")
    }
);

fn stage(cx: &mut Context<'_>, args: Stage) -> Result<Outcome, Failure> {
    let wave = args.wave.map(label).transpose()?;
    run(cx, &args.members, &Step::Stage { wave })
}

/// A wave's label: short, and without what would make it hard to type.
fn label(wave: String) -> Result<String, Failure> {
    const LONGEST: usize = 32;
    let fits =
        |c: char| c.is_alphanumeric() && sight(c) == Sight::Visible || matches!(c, '-' | '_' | '.');
    if wave.is_empty() || wave.chars().count() > LONGEST || !wave.chars().all(fits) {
        return Err(
            Failure::usage(format!("{} is no label of a wave", quoted(&wave))).hint(
                "a label has 1 to 32 letters, digits, dashes, dots and underscores, such as W07",
            ),
        );
    }
    Ok(wave)
}

fn forward(cx: &mut Context<'_>, args: Walk) -> Result<Outcome, Failure> {
    let to = args
        .to
        .map_or_else(|| beside(&cx.line.selection, true), Ok)?;
    run(cx, &args.members, &Step::Advance(to))
}

fn back(cx: &mut Context<'_>, args: Walk) -> Result<Outcome, Failure> {
    let to = args
        .to
        .map_or_else(|| beside(&cx.line.selection, false), Ok)?;
    run(cx, &args.members, &Step::Retreat(to))
}

/// The phase beside the only one that the selection names.
fn beside(selection: &Selection, forward: bool) -> Result<Phase, Failure> {
    let missing = || {
        Failure::usage("the new phase is missing")
            .hint("add to=PHASE, or choose users of one phase=…")
    };
    let phase = selection
        .expr
        .as_ref()
        .and_then(only_phase)
        .ok_or_else(missing)?;
    Step::next(phase, forward).ok_or_else(|| {
        Failure::unknown(format!(
            "there is no phase {} {phase}",
            if forward { "after" } else { "before" }
        ))
        .hint("the phases are none, export, exported, imported, migrated")
    })
}

/// `phase=X`, where a selection demands just that.
fn only_phase(expr: &Expr) -> Option<Phase> {
    match expr {
        Expr::Test(test) if test.attribute.name == "phase" && test.op == Op::Equal => {
            match test.values.as_slice() {
                [Operand::Name(name)] => name.parse().ok(),
                _ => None,
            }
        }
        Expr::All(parts) => {
            let mut named = parts.iter().filter_map(only_phase);
            let first = named.next()?;
            named.next().is_none().then_some(first)
        }
        _ => None,
    }
}

fn run(cx: &mut Context<'_>, members: &Members, step: &Step) -> Result<Outcome, Failure> {
    let chosen = UserChoice::new(cx, members.bulk.as_deref())?;
    let (at, master) = (cx.ambient.clock.now(), cx.master()?);
    let done = chosen.change(
        cx,
        &codes::PHASE_MOVED,
        &[],
        |db, users| {
            let stand = standings(db, users, step.wave())?;
            let plan = phases::plan(step.clone(), &stand).map_err(|refused| {
                Failure::new(Exit::Failed, code::PHASE, &refused).advised(refused.hint())
            })?;
            Ok((plan, Some(stand.all())))
        },
        |tx, users, plan| {
            let step = Move {
                from: &plan.from,
                to: plan.to,
                wave: plan.step.wave(),
                at,
                master: &master,
            };
            // The users who are staged already come first: after `advance` all of them are.
            if let Some(wave) = step.wave {
                relabel(tx, users, wave)?;
            }
            advance(tx, users, &step)?;
            Ok(())
        },
    )?;
    let Some(plan) = done else {
        return Ok(Outcome::quiet());
    };
    let mut outcome = Outcome::said(format!(
        "{} now {}",
        are(plan.moved + plan.relabelled, "user"),
        match plan.step.wave() {
            Some(wave) => format!("in phase {} and wave {wave}", plan.to),
            None => format!("in phase {}", plan.to),
        }
    ));
    outcome.notices.extend(plan.remarks());
    Ok(outcome)
}

impl Plan {
    /// What a question and an outcome add about users who do not move.
    fn remarks(&self) -> Vec<String> {
        let (gone, excluded) = self.aside;
        let there = match self.step {
            Step::Retreat(_) => format!("in phase {} or before it", self.to),
            _ => format!("in phase {} already", self.to),
        };
        [
            (self.there, there.as_str()),
            (gone, "gone from the source and passed over"),
            (excluded, "excluded and passed over"),
            (self.in_bundles, "in a bundle all the same"),
        ]
        .into_iter()
        .filter(|(users, _)| *users > 0)
        .map(|(users, what)| format!("{} {what}", are(users, "user")))
        .collect()
    }
}

impl Proposal for Plan {
    fn count(&self) -> u64 {
        self.moved + self.relabelled
    }

    fn question(&self) -> String {
        let mut text: String = self
            .remarks()
            .iter()
            .map(|line| format!("{line}.\n"))
            .collect();
        text += &match (self.step.wave(), self.moved) {
            (Some(wave), 0) => {
                format!("Put {} into wave {wave}?", counted(self.relabelled, "user"))
            }
            (Some(wave), _) => format!(
                "Move {} to phase {} and into wave {wave}?",
                counted(self.count(), "user"),
                self.to
            ),
            (None, _) => format!("Move {} to phase {}?", counted(self.moved, "user"), self.to),
        };
        text
    }

    fn nothing(&self) -> String {
        let mut lines = vec!["0 users to move".to_owned()];
        lines.extend(self.remarks());
        lines.join("; ")
    }

    fn note(&self, draft: Draft) -> Draft {
        let draft = draft
            .object(self.step.to_string())
            .count("users", self.moved);
        if self.relabelled > 0 {
            draft.count("relabelled", self.relabelled)
        } else {
            draft
        }
    }
}
