//! The findings of the pre-flight: their names, how grave they are, and what to do. One table, read by the report, the
//! help and the tests.

use crate::migrate::explain::advice;
use crate::model::{NotMigrated, Reason};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An export would be refused.
    Blocks,
    /// An export is possible, but its outcome may be unwelcome.
    Warning,
    /// For information.
    Note,
}

impl Severity {
    /// In lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! findings {
    ($($finding:ident = $id:literal, $severity:ident, $meaning:literal, $advice:literal;)+) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Finding {
            $(#[doc = $meaning] $finding,)+
            /// Something stays behind, by the mapping's own reason.
            Stays(Reason),
        }

        const OWN: &[Finding] = &[$(Finding::$finding),+];

        impl Finding {
            pub const fn about(self) -> About {
                let (id, severity, meaning, advice) = match self {
                    $(Self::$finding => ($id, Severity::$severity, $meaning, $advice),)+
                    Self::Stays(reason) => {
                        (reason.as_str(), severity(reason), meaning(reason), advice(reason))
                    }
                };
                About { id, severity, meaning, advice }
            }
        }
    };
}

findings! {
    Collision = "name.collision", Blocks, "a name that several users would share on the target",
        "Give one of them another target id with 'migrate map file=F', or take one out with 'migrate exclude'.";
    Twin = "name.twin", Warning, "a name that looks like another one",
        "Correct the name in the source, or give another target id with 'migrate map file=F': the target keeps \
        the two apart, people may not.";
    Unseen = "name.invisible", Warning, "a name with stray blanks or invisible characters",
        "Correct the name in the source, or give the user another target id with 'migrate map file=F'.";
    TargetMissing = "target.missing", Warning, "not among the target's users",
        "Synchronise the target's directory before the import; without one, the import creates the users.";
    TargetCase = "target.case", Warning, "on the target in another letter case",
        "Give the user the target's spelling with 'migrate map file=F'.";
    TargetSuffix = "target.suffix", Warning, "on the target with another ending after the @",
        "Give the user the target's id with 'migrate map file=F'.";
    GoneExported = "user.gone-exported", Warning, "left the source after an export",
        "Disable them on the target.";
    Renamed = "user.renamed", Warning, "renamed since the export",
        "Rename them on the target, or back in the source.";
    Moved = "user.moved", Warning, "moved to another group since the export",
        "Move them on the target, or back in the source.";
    CounterAdvanced = "token.counter-advanced", Warning, "counters that advanced in the source since the export",
        "Let the user enter two codes in a row on the target, which resynchronises it.";
    TokenAlike = "token.look-alike", Warning, "tokens like another one of the vault",
        "Find out whether it is one token; correct vendor, serial number or key id in the source, and load it.";
    EventToken = "token.event", Warning, "event-based tokens",
        "Let users change over at once: a counter goes out of step when its token is used on both sides.";
    Drift = "token.drift", Warning, "clocks more than 10 steps off",
        "Resynchronise the token in the source before the export: the target searches 10 steps either way.";
    NamedPassword = "password.named", Warning, "named passwords",
        "Configure passwords of these names on the target, else only the default one is taken.";
    LongHistory = "location.history", Note, "longer location histories than the target's default",
        "Raise the maximum on the target: they are exported whole.";
    LongExpected = "location.expected", Note, "more expected locations than the target's default",
        "Raise the maximum on the target: they are exported whole.";
    UnassignedCards = "card.unassigned", Warning, "more unassigned cards than the target takes",
        "Export fewer groups, or leave them out with unassigned=no.";
    NoAuthenticator = "user.no-authenticator", Warning, "users without an authenticator that migrates",
        "Give them an authenticator that migrates, or enrol them on the target.";
    NoEmail = "contact.no-email", Warning, "no contact looks like an e-mail address",
        "Add one in the source if the target requires it.";
    Exported = "user.exported", Note, "in a bundle already",
        "The target adds authenticators that are new and changes nothing else; exported=no leaves them out.";
}

use Severity::{Blocks, Note, Warning};

#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its stable name.
    pub id: &'static str,
    pub severity: Severity,
    /// What it means, in a few words.
    pub meaning: &'static str,
    pub advice: &'static str,
}

impl Finding {
    /// All of them, in the order of the report.
    pub fn all() -> impl Iterator<Item = Self> {
        let reasons = Reason::all().filter(|reason| *reason != Reason::UserConflict);
        OWN.iter().copied().chain(reasons.map(Self::Stays))
    }
}

const fn severity(reason: Reason) -> Severity {
    match reason {
        Reason::UserConflict => Blocks,
        Reason::TokenActivation
        | Reason::TokenModel
        | Reason::TokenFunction
        | Reason::TokenLimit
        | Reason::QaLimit
        | Reason::NotMigrated(NotMigrated::Roles | NotMigrated::UserAccessGroups) => Warning,
        _ => Note,
    }
}

const fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::TokenState => "tokens that stay because of their state",
        Reason::TokenActivation => "soft tokens that are not activated",
        Reason::TokenModel => "tokens of models that the target does not take",
        Reason::TokenFunction => "functions of tokens that the target does not have",
        Reason::TokenLimit => "tokens beyond the ten that the target takes of a user",
        Reason::CardState => "cards that stay because of their state",
        Reason::CardExpired => "cards past their expiry date",
        Reason::QaTruncated => "answers that are cut",
        Reason::QaLimit => "questions beyond the limit",
        Reason::AliasWorkflow => "aliases that only drive the migration",
        Reason::UserGone => "left the source before an export",
        Reason::UserExcluded => "taken out by a master",
        Reason::UserConflict => "in a collision of names",
        Reason::NotMigrated(NotMigrated::Roles) => "holders of roles",
        Reason::NotMigrated(NotMigrated::UserAccessGroups) => "members of user access groups",
        Reason::NotMigrated(_) => "data that is never migrated",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_a_name_of_its_own_and_says_what_to_do() {
        let all: Vec<About> = Finding::all().map(Finding::about).collect();
        for (at, about) in all.iter().enumerate() {
            assert!(
                all[at + 1..].iter().all(|other| other.id != about.id),
                "{}",
                about.id
            );
            assert!(about.advice.ends_with('.'), "{}", about.id);
            assert!(!about.meaning.ends_with('.'), "{}", about.id);
        }
    }

    #[test]
    fn only_what_an_export_refuses_blocks() {
        let blocking: Vec<&str> = Finding::all()
            .map(Finding::about)
            .filter(|about| about.severity == Blocks)
            .map(|about| about.id)
            .collect();
        assert_eq!(blocking, ["name.collision"]);
    }
}
