//! The settings of a vault: those of every sealed file and those that a migration goes by.

use crate::store::settings::{DAY, IDLE_TIMEOUT, REQUIRE_REASON, Setting, Settings, Type, setting};

/// All of them, in the order of the manual.
pub static VAULT: Settings = Settings {
    all: ALL,
    command: "system set",
};

static ALL: &[Setting] = &[
    IDLE_TIMEOUT,
    REQUIRE_REASON,
    setting(
        "migrate.qa-limit",
        Type::Number(0, 1000),
        "50",
        "how many questions of a user are taken along",
    ),
    setting(
        "migrate.answer-limit",
        Type::Number(1, 65_535),
        "255",
        "to how many characters an answer is cut",
    ),
    setting(
        "migrate.cr-vendors",
        Type::Names,
        "Entrust*",
        "whose challenge/response tokens the target takes",
    ),
    setting(
        "migrate.at-vendors",
        Type::Names,
        "HID,Entrust*",
        "whose AT tokens the target takes",
    ),
    setting(
        "migrate.hotp-vendors",
        Type::Names,
        "HID,Entrust*",
        "whose event-based tokens the target takes",
    ),
    setting(
        "migrate.prefixes",
        Type::Prefixes,
        "EXPORT_,EXPORTED_,IMPORTED_,MIGRATED_",
        "prefixes of workflow aliases, one for each phase from export on",
    ),
    setting(
        "migrate.audit-columns",
        Type::Columns,
        "user=Resource Name,outcome=Event,message=Message",
        "columns of the target's event audit, for migrate results profile=audit",
    ),
    setting(
        "migrate.gone-limit",
        Type::Number(0, 100),
        "5",
        "how many percent of the users a full load may make gone unasked",
    ),
    setting(
        "migrate.max-source-age",
        Type::Age(3650 * DAY),
        "0",
        "how old the source copy may be for an export, such as 7d; 0 for any age",
    ),
    setting(
        "migrate.stale-source",
        Type::Word(&["warn", "block"], "warn or block"),
        "warn",
        "what an export does when the source copy is older than that",
    ),
    setting(
        "idp.url",
        Type::Address,
        "",
        "the identity provider's address, for idpurl set",
    ),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::audit::tests::bare;

    #[test]
    fn every_default_is_a_value_in_its_one_form() {
        for settings in [&VAULT, &crate::tenant::SETTINGS] {
            let connection = bare();
            for setting in settings.all {
                let set = settings.set(&connection, setting.name, setting.default);
                assert_eq!(set.unwrap().new, setting.default);
                assert!(!setting.summary.ends_with('.'));
            }
        }
    }

    #[test]
    fn values_are_checked_and_brought_into_one_form() {
        for (name, typed, expected) in [
            ("idle-timeout", "5", Some("5m")),
            ("IDLE-TIMEOUT", "90s", Some("90s")),
            ("idle-timeout", "120m", Some("2h")),
            ("idle-timeout", "0s", None),
            ("idle-timeout", "9h", None),
            ("idle-timeout", "-1", None),
            ("idle-timeout", "99999999999999999999h", None),
            ("policy.require-reason", "Yes", Some("on")),
            ("policy.require-reason", "maybe", None),
            ("migrate.qa-limit", "007", Some("7")),
            ("migrate.qa-limit", "1001", None),
            ("migrate.answer-limit", "0", None),
            ("migrate.gone-limit", "0", Some("0")),
            ("migrate.gone-limit", "100", Some("100")),
            ("migrate.gone-limit", "101", None),
            ("migrate.gone-limit", "5%", None),
            ("migrate.gone-limit", "-1", None),
            (
                "migrate.cr-vendors",
                " HID , ,Entrust* ",
                Some("HID,Entrust*"),
            ),
            ("migrate.cr-vendors", "", Some("")),
            ("migrate.cr-vendors", "a\nb", None),
            (
                "idp.url",
                "https://idp.example/",
                Some("https://idp.example"),
            ),
            ("idp.url", "", Some("")),
            ("migrate.max-source-age", "7d", Some("7d")),
            ("migrate.max-source-age", "48h", Some("2d")),
            ("migrate.max-source-age", "36h", Some("36h")),
            ("migrate.max-source-age", "0h", Some("0")),
            ("migrate.max-source-age", "Off", Some("0")),
            ("migrate.max-source-age", "7", None),
            ("migrate.max-source-age", "90m", None),
            ("migrate.max-source-age", "-1d", None),
            ("migrate.max-source-age", "3651d", None),
            ("migrate.max-source-age", "99999999999999999999d", None),
            ("migrate.stale-source", "Block", Some("block")),
            ("migrate.stale-source", "stop", None),
            ("migrate.prefixes", " GO_ ,GONE_", Some("GO_,GONE_")),
            ("migrate.prefixes", "", Some("")),
            ("migrate.prefixes", "GO,GONE", None),
            ("migrate.prefixes", "GO,GO", None),
            ("migrate.prefixes", "A_,B_,C_,D_,E_", None),
            ("migrate.prefixes", "A_*", None),
            ("idp.url", "http://idp.example", None),
            ("idp.url", "https:///", None),
            ("idp.url", "https://a b", None),
            ("idp.url", "https://anna:word@idp.example", None),
            (
                "migrate.audit-columns",
                "outcome=Event, user=Who",
                Some("user=Who,outcome=Event"),
            ),
            ("migrate.audit-columns", "user=Who", None),
        ] {
            let connection = bare();
            let change = VAULT.set(&connection, name, typed).map(|change| change.new);
            assert_eq!(change.as_deref().ok(), expected, "{name}={typed}");
            let held = expected.unwrap_or(VAULT.find(name).unwrap().default);
            assert_eq!(VAULT.get(&connection, name).unwrap(), held);
        }
    }

    #[test]
    fn a_change_says_what_was_before_and_a_default_comes_back() {
        let connection = bare();
        VAULT.set(&connection, "migrate.qa-limit", "3").unwrap();
        assert_eq!(VAULT.number(&connection, "migrate.qa-limit").unwrap(), 3);
        let change = VAULT
            .set(&connection, "migrate.qa-limit", "default")
            .unwrap();
        assert_eq!((change.old.as_str(), change.new.as_str()), ("3", "50"));
        assert_eq!(VAULT.number(&connection, "migrate.qa-limit").unwrap(), 50);
    }

    #[test]
    fn settings_are_read_as_their_type() {
        let connection = bare();
        assert_eq!(
            VAULT.span(&connection, "idle-timeout").unwrap(),
            Duration::from_secs(600)
        );
        assert!(!VAULT.flag(&connection, "policy.require-reason").unwrap());
        assert_eq!(
            VAULT.names(&connection, "migrate.at-vendors").unwrap(),
            ["HID", "Entrust*"]
        );
        connection
            .execute(
                "INSERT INTO setting VALUES ('migrate.qa-limit', 'many')",
                [],
            )
            .unwrap();
        let error = VAULT.number(&connection, "migrate.qa-limit").unwrap_err();
        assert_eq!(
            error.hint().as_deref(),
            Some("type: system set migrate.qa-limit=default")
        );
        let error = VAULT.get(&connection, "idle").unwrap_err();
        let hint = error.hint().unwrap_or_default();
        assert!(hint.starts_with("there are idle-timeout, "), "{hint}");
    }
}
