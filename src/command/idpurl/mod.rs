//! `idpurl …`: where soft tokens with push or transactions send their answers. One file a verb.

mod export;
mod get;
mod set;

pub(super) use export::EXPORT;
pub(super) use get::GET;
pub(super) use set::SET;

/// What is said of every command of this noun.
macro_rules! concerns {
    () => {
        "Only soft tokens with push or transactions have to do with an identity provider's address; hardware tokens \
         and others are not concerned."
    };
}
use concerns;
