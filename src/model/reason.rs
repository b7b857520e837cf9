//! Why something is not taken along (igsh-migration(7), WHAT STAYS).

use super::NotMigrated;

/// Why an item of a source record is not, or not whole, in a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The token's state does not migrate.
    TokenState,
    /// The soft token is not activated.
    TokenActivation,
    /// The target does not take this model.
    TokenModel,
    /// The token goes, its signing and challenge/response functions do not.
    TokenFunction,
    /// The user has more tokens than the target takes.
    TokenLimit,
    /// The card's state does not migrate.
    CardState,
    /// The card is past its expiry date.
    CardExpired,
    /// The pair goes, with its answer cut.
    QaTruncated,
    /// The user has more pairs than are taken.
    QaLimit,
    /// The alias only drives the migration in the source.
    AliasWorkflow,
    /// The user has left the source.
    UserGone,
    /// A master took the user out.
    UserExcluded,
    /// The user's name or alias is not unique.
    UserConflict,
    /// A kind of data that is never migrated.
    NotMigrated(NotMigrated),
}

impl Reason {
    /// All reasons, in the order of igsh-migration(7), WHAT STAYS.
    pub fn all() -> impl Iterator<Item = Self> {
        use Reason::*;
        [
            TokenState,
            TokenActivation,
            TokenModel,
            TokenFunction,
            TokenLimit,
            CardState,
            CardExpired,
            QaTruncated,
            QaLimit,
            AliasWorkflow,
            UserGone,
            UserExcluded,
            UserConflict,
        ]
        .into_iter()
        .chain(super::NotMigrated::ALL.iter().copied().map(NotMigrated))
    }

    /// The name in reports, manifests and the vault.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenState => "token.state",
            Self::TokenActivation => "token.activation",
            Self::TokenModel => "token.model",
            Self::TokenFunction => "token.function",
            Self::TokenLimit => "token.limit",
            Self::CardState => "card.state",
            Self::CardExpired => "card.expired",
            Self::QaTruncated => "qa.truncated",
            Self::QaLimit => "qa.limit",
            Self::AliasWorkflow => "alias.workflow",
            Self::UserGone => "user.gone",
            Self::UserExcluded => "user.excluded",
            Self::UserConflict => "user.conflict",
            Self::NotMigrated(kind) => kind.as_str(),
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|reason| reason.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found_again() {
        for reason in Reason::all() {
            assert_eq!(Reason::from_name(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::from_name("token"), None);
    }
}
