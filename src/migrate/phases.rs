//! Which way users may go through the phases, and what a move comes to (igsh-migration(7), PHASES).
//!
//! Nothing but an export makes a user `exported`, so no other step leads there from below. Everything else is counted
//! first and decided here, the same way for a selection and for the users of a file.

use std::borrow::Cow;
use std::fmt;

use crate::model::Phase;
use crate::render::{agree, grouped};
use crate::vault::phases::PhaseCounts;

/// A step that a master asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `migrate stage`: from none to export, with a wave label or without.
    Stage {
        wave: Option<String>,
    },
    Advance(Phase),
    Retreat(Phase),
}

/// Why a step is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("only an export makes a user exported")]
    ByExport,
    /// No step leads there in this direction.
    #[error("no user can {} to {to}", if *.forward { "advance" } else { "retreat" })]
    NoSuchStep { forward: bool, to: Phase },
    /// Users are past the step.
    #[error(
        "{} of the chosen users {} {phase} already; nothing was changed",
        grouped(*.users),
        agree(*.users, "is", "are")
    )]
    Past {
        users: u64,
        /// The furthest of them.
        phase: Phase,
    },
    /// Users were never exported.
    #[error(
        "{} of the chosen users {} never exported; nothing was changed",
        grouped(*.users),
        agree(*.users, "was", "were")
    )]
    NotExported { users: u64 },
}

impl Refused {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::ByExport => "type: export phase=export file=…",
            Self::NoSuchStep { forward: true, .. } => {
                "use 'migrate retreat' to go back: the phases are none, export, exported, imported, migrated"
            }
            Self::NoSuchStep { forward: false, .. } => {
                "use 'migrate advance' to go on: the phases are none, export, exported, imported, migrated"
            }
            Self::Past { .. } => {
                "add phase=none to stage the others only, or take users back with 'migrate retreat'"
            }
            Self::NotExported { .. } => "add phase=exported to take the others only",
        };
        Some(hint.into())
    }
}

/// What a step comes to for the users it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub step: Step,
    /// From which phases users move.
    pub from: Vec<Phase>,
    pub to: Phase,
    pub moved: u64,
    /// How many only get another wave label.
    pub relabelled: u64,
    /// How many are there already, or before it in a retreat.
    pub there: u64,
    /// How many take no part: gone, excluded.
    pub aside: (u64, u64),
    /// How many of those who move back before `exported` stay in a bundle all the same.
    pub in_bundles: u64,
}

impl Step {
    pub const fn to(&self) -> Phase {
        match self {
            Self::Stage { .. } => Phase::Export,
            Self::Advance(to) | Self::Retreat(to) => *to,
        }
    }

    /// The next phase after, or before, this one.
    pub fn next(phase: Phase, forward: bool) -> Option<Phase> {
        let step = if forward { 1 } else { -1 };
        Phase::from_number(phase.number() + step)
    }

    /// The wave that it gives.
    pub fn wave(&self) -> Option<&str> {
        match self {
            Self::Stage { wave } => wave.as_deref(),
            _ => None,
        }
    }

    /// From which phases it takes users.
    fn from(&self) -> Result<Vec<Phase>, Refused> {
        use Phase::{Export, Exported, Imported, Migrated, None};
        let below = |to: Phase| Phase::ALL.iter().copied().filter(move |phase| *phase < to);
        Ok(match self {
            Self::Stage { .. } | Self::Advance(Export) => vec![None],
            Self::Advance(Exported) => return Err(Refused::ByExport),
            Self::Advance(to @ (Imported | Migrated)) => {
                below(*to).filter(|phase| *phase >= Exported).collect()
            }
            Self::Retreat(to @ (None | Export | Exported | Imported)) => Phase::ALL
                .iter()
                .copied()
                .filter(|phase| phase > to)
                .collect(),
            Self::Advance(to @ None) => {
                return Err(Refused::NoSuchStep {
                    forward: true,
                    to: *to,
                });
            }
            Self::Retreat(to @ Migrated) => {
                return Err(Refused::NoSuchStep {
                    forward: false,
                    to: *to,
                });
            }
        })
    }
}

/// What a step comes to for users who stand like this.
///
/// # Errors
/// A step that does not exist, and one that would do something else for some of the users: then no user is moved.
pub fn plan(step: Step, standings: &PhaseCounts) -> Result<Plan, Refused> {
    let from = step.from()?;
    let to = step.to();
    let count = |phases: &[Phase]| phases.iter().map(|phase| standings.of(*phase)).sum::<u64>();
    let above: Vec<Phase> = Phase::ALL
        .iter()
        .copied()
        .filter(|phase| *phase > to)
        .collect();
    match &step {
        Step::Stage { .. } | Step::Advance(Phase::Export) => {
            let furthest = above.iter().rev().find(|phase| standings.of(**phase) > 0);
            if let Some(phase) = furthest {
                return Err(Refused::Past {
                    users: count(&above),
                    phase: *phase,
                });
            }
        }
        Step::Advance(_) => {
            let users = count(&[Phase::None, Phase::Export]);
            if users > 0 {
                return Err(Refused::NotExported { users });
            }
        }
        Step::Retreat(_) => {}
    }
    let moved = count(&from);
    let relabelled = match step {
        Step::Stage { wave: Some(_) } => standings.other_wave,
        _ => 0,
    };
    let all = standings.phases.iter().sum::<u64>();
    Ok(Plan {
        in_bundles: if to < Phase::Exported && matches!(step, Step::Retreat(_)) {
            count(
                &above[above
                    .iter()
                    .position(|phase| *phase >= Phase::Exported)
                    .unwrap_or(0)..],
            )
        } else {
            0
        },
        there: all - moved - relabelled,
        aside: (standings.gone, standings.excluded),
        step,
        from,
        to,
        moved,
        relabelled,
    })
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage { wave: None } => f.write_str("stage"),
            Self::Stage { wave: Some(wave) } => write!(f, "stage wave={wave}"),
            Self::Advance(to) => write!(f, "advance to={to}"),
            Self::Retreat(to) => write!(f, "retreat to={to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many users in each phase.
    fn stand(phases: [u64; 5]) -> PhaseCounts {
        PhaseCounts {
            phases,
            ..PhaseCounts::default()
        }
    }

    fn stage(wave: Option<&str>) -> Step {
        Step::Stage {
            wave: wave.map(str::to_owned),
        }
    }

    #[test]
    fn staging_takes_users_of_no_phase_and_labels_those_who_are_staged() {
        let standings = PhaseCounts {
            other_wave: 2,
            gone: 1,
            excluded: 4,
            ..stand([3, 5, 0, 0, 0])
        };
        let plan = |wave| super::plan(stage(wave), &standings).unwrap();
        let bare = plan(None);
        assert_eq!((bare.moved, bare.relabelled, bare.there), (3, 0, 5));
        assert_eq!(bare.aside, (1, 4));
        let wave = plan(Some("W1"));
        assert_eq!((wave.moved, wave.relabelled, wave.there), (3, 2, 3));
        assert_eq!((wave.from, wave.to), (vec![Phase::None], Phase::Export));
    }

    #[test]
    fn no_exported_user_is_staged_again() {
        for (phases, users, phase) in [
            ([1, 0, 2, 0, 0], 2, Phase::Exported),
            ([0, 1, 2, 3, 0], 5, Phase::Imported),
            ([0, 0, 0, 0, 1], 1, Phase::Migrated),
        ] {
            for step in [stage(None), Step::Advance(Phase::Export)] {
                let refused = plan(step, &stand(phases)).unwrap_err();
                assert_eq!(refused, Refused::Past { users, phase });
            }
        }
    }

    #[test]
    fn nothing_but_an_export_makes_a_user_exported() {
        let one_each = stand([1, 1, 1, 1, 1]);
        assert_eq!(
            plan(Step::Advance(Phase::Exported), &one_each),
            Err(Refused::ByExport)
        );
        for to in [Phase::Imported, Phase::Migrated] {
            assert_eq!(
                plan(Step::Advance(to), &one_each),
                Err(Refused::NotExported { users: 2 })
            );
        }
    }

    #[test]
    fn advancing_may_leap_and_leaves_those_who_are_there() {
        let plan = |to| super::plan(Step::Advance(to), &stand([0, 0, 3, 4, 5])).unwrap();
        let imported = plan(Phase::Imported);
        assert_eq!((imported.moved, imported.there), (3, 9));
        let migrated = plan(Phase::Migrated);
        assert_eq!((migrated.moved, migrated.there), (7, 5));
    }

    #[test]
    fn a_retreat_takes_all_users_who_are_further() {
        let plan = |to| super::plan(Step::Retreat(to), &stand([1, 2, 3, 4, 5])).unwrap();
        for (to, moved, in_bundles) in [
            (Phase::None, 14, 12),
            (Phase::Export, 12, 12),
            (Phase::Exported, 9, 0),
            (Phase::Imported, 5, 0),
        ] {
            let back = plan(to);
            assert_eq!(
                (back.moved, back.there, back.in_bundles),
                (moved, 15 - moved, in_bundles),
                "{to}"
            );
        }
    }

    #[test]
    fn steps_that_do_not_exist() {
        let none = stand([0; 5]);
        for step in [Step::Advance(Phase::None), Step::Retreat(Phase::Migrated)] {
            assert!(matches!(plan(step, &none), Err(Refused::NoSuchStep { .. })));
        }
    }

    #[test]
    fn a_refusal_says_what_to_type_in_its_hint() {
        let refused = [
            plan(Step::Advance(Phase::Exported), &stand([1; 5])),
            plan(Step::Advance(Phase::None), &stand([1; 5])),
            plan(Step::Retreat(Phase::Migrated), &stand([1; 5])),
            plan(stage(None), &stand([1, 0, 1, 0, 0])),
            plan(Step::Advance(Phase::Imported), &stand([1_200, 1, 0, 0, 0])),
        ];
        let said: Vec<String> = refused
            .into_iter()
            .map(Result::unwrap_err)
            .map(|refused| format!("{refused}\n    {}", refused.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        only an export makes a user exported
            type: export phase=export file=…
        no user can advance to none
            use 'migrate retreat' to go back: the phases are none, export, exported, imported, migrated
        no user can retreat to migrated
            use 'migrate advance' to go on: the phases are none, export, exported, imported, migrated
        1 of the chosen users is exported already; nothing was changed
            add phase=none to stage the others only, or take users back with 'migrate retreat'
        1,201 of the chosen users were never exported; nothing was changed
            add phase=exported to take the others only
        ");
    }

    #[test]
    fn the_next_phase_either_way() {
        assert_eq!(Step::next(Phase::Exported, true), Some(Phase::Imported));
        assert_eq!(Step::next(Phase::Exported, false), Some(Phase::Export));
        assert_eq!(Step::next(Phase::Migrated, true), None);
        assert_eq!(Step::next(Phase::None, false), None);
    }
}
