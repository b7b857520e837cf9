//! The values that the mapping goes by: the `migrate.*` settings and one *now* for a whole export.

use crate::store::Connection;

use crate::migrate::settings;
use crate::model::{Patterns, Timestamp, list};
use crate::store;

/// The most tokens that the target takes for one user, hardware and soft together (igsh-migration(7), LIMITS).
pub const TOKENS_PER_USER: usize = 10;

/// What the mapping goes by (igsh-migration(7), WHAT GOES). The defaults are those of the settings.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `migrate.qa-limit`: at most so many pairs of a user, the first ones.
    pub qa_limit: usize,
    /// `migrate.answer-limit`: answers are cut to so many Unicode scalar values.
    pub answer_limit: usize,
    /// `migrate.cr-vendors`: whose challenge/response tokens go.
    pub cr_vendors: Patterns,
    /// `migrate.at-vendors`: whose event-based AT tokens go.
    pub at_vendors: Patterns,
    /// `migrate.hotp-vendors`: whose RFC 4226 tokens go.
    pub hotp_vendors: Patterns,
    /// `migrate.prefixes`: an alias that begins with one of these only drives the migration in the source.
    pub workflow_prefixes: Vec<String>,
    /// `idp.url`: the target's address for soft tokens that use push or transactions.
    pub idp_url: String,
    /// The moment against which cards are past their expiry date; one for a whole export.
    pub now: Timestamp,
}

impl Rules {
    /// The rules with every setting at its default.
    pub fn new(now: Timestamp) -> Self {
        Self {
            qa_limit: 50,
            answer_limit: 255,
            cr_vendors: Patterns::parse("Entrust*"),
            at_vendors: Patterns::parse("HID,Entrust*"),
            hotp_vendors: Patterns::parse("HID,Entrust*"),
            workflow_prefixes: list("EXPORT_,EXPORTED_,IMPORTED_,MIGRATED_")
                .map(str::to_owned)
                .collect(),
            idp_url: String::new(),
            now,
        }
    }

    /// The rules as a master has set them.
    ///
    /// # Errors
    /// A stored setting that cannot be, which only SQL can have put there.
    pub fn from_settings(db: &Connection, now: Timestamp) -> store::Result<Self> {
        let number = |name| {
            let number = settings::VAULT.number(db, name)?;
            Ok::<_, store::Error>(usize::try_from(number).unwrap_or(usize::MAX))
        };
        let patterns =
            |name| Ok::<_, store::Error>(Patterns::parse(&settings::VAULT.get(db, name)?));
        Ok(Self {
            qa_limit: number("migrate.qa-limit")?,
            answer_limit: number("migrate.answer-limit")?,
            cr_vendors: patterns("migrate.cr-vendors")?,
            at_vendors: patterns("migrate.at-vendors")?,
            hotp_vendors: patterns("migrate.hotp-vendors")?,
            workflow_prefixes: settings::VAULT.names(db, "migrate.prefixes")?,
            idp_url: settings::VAULT.get(db, "idp.url")?,
            now,
        })
    }

    /// Whether the alias only drives the migration in the source.
    pub fn is_workflow_alias(&self, alias: &str) -> bool {
        self.workflow_prefixes
            .iter()
            .any(|prefix| alias.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::testing::House;

    #[test]
    fn default_settings_give_the_documented_rules() {
        let house = House::new([]);
        let db = house.vault.file().connection();
        let now = Timestamp::UNIX_EPOCH;
        let (set, documented) = (Rules::from_settings(db, now).unwrap(), Rules::new(now));
        assert_eq!(format!("{set:?}"), format!("{documented:?}"));
        settings::VAULT.set(db, "migrate.qa-limit", "3").unwrap();
        settings::VAULT
            .set(db, "migrate.cr-vendors", "Entrust,Vasco*")
            .unwrap();
        settings::VAULT.set(db, "migrate.prefixes", "GO_").unwrap();
        let set = Rules::from_settings(db, now).unwrap();
        assert_eq!(set.qa_limit, 3);
        assert!(set.cr_vendors.matches("Vasco 2"));
        assert_eq!(set.workflow_prefixes, ["GO_"]);
    }
}
