//! Which column answers which attribute: one row an attribute, so that a new one is no code.

use crate::lang::selection::Entity;

/// Where an attribute's value stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column {
    /// A column of the entity's own row that is never absent.
    Always(&'static str),
    /// A column of the entity's own row that may be absent.
    Maybe(&'static str),
    /// The name of the row's group.
    Group,
    /// A column of a table whose rows belong to a user.
    Of {
        table: &'static str,
        /// The user of a row of it.
        user: &'static str,
        column: &'static str,
    },
    /// A number in a table with one row a user, 0 where there is no row.
    CountOf {
        /// The table; its users are in the column `user`.
        table: &'static str,
        column: &'static str,
    },
    /// How many rows a table has of a user.
    Rows(&'static str),
    /// A condition for each name, and what `*` stands for.
    Cases {
        /// `attribute=*`.
        present: Says,
        /// `attribute=name`.
        named: &'static [(&'static str, Says)],
    },
    /// The phase, of which `none` is the absence of a row.
    Phase,
    /// The bundles a user is in.
    Exported,
}

/// What a name means for a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Says {
    /// This condition holds for it.
    Row(&'static str),
    /// Its user is among those that this selects.
    Among(&'static str),
    /// Its user is not among those.
    NotAmong(&'static str),
}

/// A table whose rows a selection can be about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// What `FROM` names.
    pub(super) from: &'static str,
    /// The alias as it stands before a column.
    pub(super) dot: &'static str,
    /// The id of the user a row belongs to.
    pub(super) user: &'static str,
    /// The group of a row that belongs to no user.
    pub(super) group: Option<&'static str>,
    /// The condition that a row belongs to a user.
    pub(super) assigned: &'static str,
}

/// The table of an entity. The alias is one letter, so that a condition reads well in a query plan.
pub(super) const fn table(entity: Entity) -> Table {
    match entity {
        Entity::User => Table {
            from: "users u",
            dot: "u.",
            user: "u.id",
            group: None,
            assigned: "u.id > 0",
        },
        Entity::Token => Table {
            from: "tokens t",
            dot: "t.",
            user: "t.id >> 16",
            group: Some("t.group_id"),
            assigned: "t.id > 0",
        },
        Entity::Card => Table {
            from: "cards c",
            dot: "c.",
            user: "c.id >> 16",
            group: Some("c.group_id"),
            assigned: "c.id > 0",
        },
        Entity::Location => Table {
            from: "locations l",
            dot: "l.",
            user: "l.id >> 16",
            group: None,
            assigned: "l.id > 0",
        },
    }
}

use Column::{Always, Cases, CountOf, Exported, Group, Maybe, Of, Phase, Rows};
use Says::{Among, NotAmong, Row};

const OVERRIDDEN: &str = "SELECT user FROM overrides";
const EXCLUDED: &str = "SELECT user FROM excluded";
const IN_A_BUNDLE: &str = "SELECT user FROM progress WHERE bundle IS NOT NULL";
/// As the partial index of changed users has it.
const CHANGED: &str = "SELECT user FROM progress WHERE changed <> 0";
const ANSWERED: &str = "SELECT user FROM progress WHERE import > 0";

/// Users of whom a bit of `model::Changes` is set.
macro_rules! changed {
    ($bit:literal) => {
        Among(concat!(
            "SELECT user FROM progress WHERE changed <> 0 AND changed & ",
            $bit,
            " <> 0"
        ))
    };
}

static COLUMNS: &[(&str, Column)] = &[
    ("userid", Always("u.userid")),
    ("group", Group),
    ("fullname", Maybe("u.full_name")),
    ("state", Always("u.state")),
    ("locale", Maybe("u.locale")),
    ("lastauth", Maybe("u.last_auth")),
    (
        "alias",
        Of {
            table: "aliases",
            user: "id >> 16",
            column: "alias",
        },
    ),
    (
        "contact",
        Of {
            table: "contacts",
            user: "id >> 16",
            column: "value",
        },
    ),
    (
        "password.name",
        Of {
            table: "passwords",
            user: "id >> 16",
            column: "name",
        },
    ),
    (
        "qa.count",
        CountOf {
            table: "qa",
            column: "pairs",
        },
    ),
    ("location.count", Rows("locations")),
    (
        "rba.override",
        Cases {
            present: Among(OVERRIDDEN),
            named: &[("yes", Among(OVERRIDDEN)), ("no", NotAmong(OVERRIDDEN))],
        },
    ),
    ("phase", Phase),
    ("exported", Exported),
    (
        "changed",
        Cases {
            present: Among(IN_A_BUNDLE),
            named: &[
                (
                    "no",
                    Among("SELECT user FROM progress WHERE bundle IS NOT NULL AND changed = 0"),
                ),
                ("yes", Among(CHANGED)),
                ("new-authenticator", changed!("1")),
                ("counter", changed!("2")),
                ("qa", changed!("4")),
                ("card", changed!("8")),
                ("state", changed!("16")),
                ("other", changed!("32")),
            ],
        },
    ),
    (
        "wave",
        Of {
            table: "progress",
            user: "user",
            column: "wave",
        },
    ),
    (
        "import",
        Cases {
            present: Among(ANSWERED),
            named: &[
                ("ok", Among("SELECT user FROM progress WHERE import = 1")),
                ("error", Among("SELECT user FROM progress WHERE import = 2")),
                ("none", NotAmong(ANSWERED)),
            ],
        },
    ),
    (
        "excluded",
        Cases {
            present: Among(EXCLUDED),
            named: &[("yes", Among(EXCLUDED)), ("no", NotAmong(EXCLUDED))],
        },
    ),
    (
        "gone",
        Cases {
            present: Row("u.gone > 0"),
            named: &[("yes", Row("u.gone > 0")), ("no", Row("u.gone = 0"))],
        },
    ),
    (
        "token.assigned",
        Cases {
            present: Row("t.id > 0"),
            named: &[("yes", Row("t.id > 0")), ("no", Row("t.id < 0"))],
        },
    ),
    ("token.vendor", Always("t.vendor")),
    ("token.serial", Always("t.serial")),
    ("token.kind", Always("t.kind")),
    ("token.algorithm", Always("t.algorithm")),
    ("token.state", Maybe("t.state")),
    ("token.activation", Maybe("t.activation")),
    ("token.model", Maybe("t.model")),
    ("token.lastused", Maybe("t.last_used")),
    ("token.expires", Maybe("t.expires")),
    ("token.drift", Maybe("t.drift")),
    (
        "card.assigned",
        Cases {
            present: Row("c.id > 0"),
            named: &[("yes", Row("c.id > 0")), ("no", Row("c.id < 0"))],
        },
    ),
    ("card.serial", Always("c.serial")),
    ("card.state", Maybe("c.state")),
    ("card.usage", Maybe("c.usage")),
    ("card.expires", Maybe("c.expires")),
    ("card.created", Maybe("c.created")),
    ("location.country", Maybe("l.country")),
    ("location.region", Maybe("l.region")),
    ("location.city", Maybe("l.city")),
];

/// The column of an attribute.
pub(super) fn column(attribute: &str) -> Option<Column> {
    COLUMNS
        .iter()
        .find(|(name, _)| *name == attribute)
        .map(|(_, column)| *column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_an_attribute_has_its_condition() {
        use crate::lang::selection::{ATTRIBUTES, AttributeKind};
        let mut count = 0;
        for attribute in ATTRIBUTES {
            if let (AttributeKind::Names(names), Some(Cases { named, .. })) =
                (attribute.kind, column(attribute.name))
            {
                let conditions: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
                assert_eq!(names, conditions, "{}", attribute.name);
                count += 1;
            }
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn each_way_of_being_changed_asks_for_its_bit() {
        let Some(Cases { named, .. }) = column("changed") else {
            panic!("changed has no cases");
        };
        for (bit, name) in crate::model::Changes::ALL {
            let (_, says) = named.iter().find(|(case, _)| *case == name).unwrap();
            assert!(
                matches!(says, Among(sql) if sql.contains(&format!("changed & {} ", bit.0))),
                "{says:?}"
            );
        }
    }

    #[test]
    fn every_attribute_of_the_language_has_a_column() {
        for attribute in crate::lang::selection::ATTRIBUTES {
            assert!(column(attribute.name).is_some(), "{}", attribute.name);
        }
    }
}
