//! Advice for each reason why something stays behind.

use crate::model::{NotMigrated, Reason};

pub(in crate::migrate) const fn advice(reason: Reason) -> &'static str {
    match reason {
        Reason::TokenState => {
            "Finish or undo the change in the source (pending, current and hold migrate), load again, export again."
        }
        Reason::TokenActivation => {
            "Let the user complete the activation, then load and export again; or activate a new soft token on the target."
        }
        Reason::TokenModel => {
            "The target does not take this model: give the user another token; if it should take it, see the settings \
             migrate.cr-vendors, migrate.at-vendors and migrate.hotp-vendors."
        }
        Reason::TokenFunction => {
            "One-time passwords and PIN unblock migrate; use push or another token for transaction signing and \
             challenge/response."
        }
        Reason::TokenLimit => {
            "The target takes ten tokens of a user: remove those that are not needed in the source, load again, export again."
        }
        Reason::CardState => "Give the user a new card in the source or on the target.",
        Reason::CardExpired => {
            "Extend the card in the source and load again, or give the user a new one."
        }
        Reason::QaTruncated => {
            "Nothing to do: the target cuts what the user types in the same way."
        }
        Reason::QaLimit => "The first pairs migrate; raise migrate.qa-limit for more of them.",
        Reason::AliasWorkflow => "Nothing to do: it only drives the migration in the source.",
        Reason::UserGone => {
            "The user has left the source: disable them on the target if they are there."
        }
        Reason::UserExcluded => "'migrate include' takes the user in again.",
        Reason::UserConflict => {
            "Give one of them another target id with 'migrate map file=F', or take one out with 'migrate exclude'."
        }
        Reason::NotMigrated(NotMigrated::Roles | NotMigrated::UserAccessGroups) => {
            "Set it up on the target by hand."
        }
        Reason::NotMigrated(_) => {
            "Never migrated: the user sets it up again on the target, where it exists."
        }
    }
}
