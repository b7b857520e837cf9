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
        /// The table.
        table: &'static str,
        /// The user of a row of it.
        user: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A number in a table with one row a user, 0 where there is no row.
    CountOf {
        /// The table; its users are in the column `user`.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// How many rows a table has of a user.
    Rows(&'static str),
    /// A condition for each name, and what `*` stands for.
    Cases {
        /// `attribute=*`.
        present: &'static str,
        /// `attribute=name`.
        named: &'static [(&'static str, &'static str)],
    },
    /// The phase, of which `none` is the absence of a row.
    Phase,
    /// The bundles a user is in.
    Exported,
}

/// A table whose rows a selection can be about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    /// What `FROM` names.
    pub(super) from: &'static str,
    /// Its id; negative for what belongs to no user.
    pub(super) id: &'static str,
    /// The id of the user a row belongs to.
    pub(super) user: &'static str,
    /// The group of a row that belongs to no user.
    pub(super) group: Option<&'static str>,
}

/// The table of an entity. The alias is one letter, so that a condition reads well in a query plan.
pub(super) const fn table(entity: Entity) -> Table {
    match entity {
        Entity::User => Table {
            from: "users u",
            id: "u.id",
            user: "u.id",
            group: None,
        },
        Entity::Token => Table {
            from: "tokens t",
            id: "t.id",
            user: "t.id >> 16",
            group: Some("t.group_id"),
        },
        Entity::Card => Table {
            from: "cards c",
            id: "c.id",
            user: "c.id >> 16",
            group: Some("c.group_id"),
        },
        Entity::Location => Table {
            from: "locations l",
            id: "l.id",
            user: "l.id >> 16",
            group: None,
        },
    }
}

use Column::{Always, Cases, CountOf, Exported, Group, Maybe, Of, Phase, Rows};

const OVERRIDDEN: &str = "u.id IN (SELECT user FROM overrides)";
const EXCLUDED: &str = "u.id IN (SELECT user FROM excluded)";

/// Users of whom a bit of `model::Changes` is set.
macro_rules! changed {
    ($bit:literal) => {
        concat!(
            "u.id IN (SELECT user FROM progress WHERE changed <> 0 AND changed & ",
            $bit,
            " <> 0)"
        )
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
            present: OVERRIDDEN,
            named: &[
                ("yes", OVERRIDDEN),
                (
                    "no",
                    "NOT EXISTS (SELECT 1 FROM overrides o WHERE o.user = u.id)",
                ),
            ],
        },
    ),
    ("phase", Phase),
    ("exported", Exported),
    (
        "changed",
        Cases {
            present: "u.id IN (SELECT user FROM progress WHERE bundle IS NOT NULL)",
            named: &[
                (
                    "no",
                    "u.id IN (SELECT user FROM progress WHERE bundle IS NOT NULL AND changed = 0)",
                ),
                (
                    "yes",
                    "u.id IN (SELECT user FROM progress WHERE changed <> 0)",
                ),
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
            present: "u.id IN (SELECT user FROM progress WHERE import > 0)",
            named: &[
                ("ok", "u.id IN (SELECT user FROM progress WHERE import = 1)"),
                (
                    "error",
                    "u.id IN (SELECT user FROM progress WHERE import = 2)",
                ),
                (
                    "none",
                    "NOT EXISTS (SELECT 1 FROM progress p WHERE p.user = u.id AND p.import > 0)",
                ),
            ],
        },
    ),
    (
        "excluded",
        Cases {
            present: EXCLUDED,
            named: &[
                ("yes", EXCLUDED),
                (
                    "no",
                    "NOT EXISTS (SELECT 1 FROM excluded e WHERE e.user = u.id)",
                ),
            ],
        },
    ),
    (
        "gone",
        Cases {
            present: "u.gone > 0",
            named: &[("yes", "u.gone > 0"), ("no", "u.gone = 0")],
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
        "token.assigned",
        Cases {
            present: "t.id > 0",
            named: &[("yes", "t.id > 0"), ("no", "t.id < 0")],
        },
    ),
    (
        "card.assigned",
        Cases {
            present: "c.id > 0",
            named: &[("yes", "c.id > 0"), ("no", "c.id < 0")],
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
        let mut told = 0;
        for attribute in ATTRIBUTES {
            if let (AttributeKind::Names(names), Some(Cases { named, .. })) =
                (attribute.kind, column(attribute.name))
            {
                let conditions: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
                assert_eq!(names, conditions, "{}", attribute.name);
                told += 1;
            }
        }
        assert_eq!(told, 7);
    }

    #[test]
    fn each_way_of_being_changed_asks_for_its_bit() {
        let Some(Cases { named, .. }) = column("changed") else {
            panic!("changed has no cases");
        };
        for (bit, name) in crate::model::Changes::ALL {
            let (_, sql) = named.iter().find(|(case, _)| *case == name).unwrap();
            assert!(sql.contains(&format!("changed & {} ", bit.0)), "{sql}");
        }
    }

    #[test]
    fn every_attribute_of_the_language_has_a_column() {
        for attribute in crate::lang::selection::ATTRIBUTES {
            assert!(column(attribute.name).is_some(), "{}", attribute.name);
        }
    }
}
