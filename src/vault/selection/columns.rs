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
            user: "u.id",
            group: None,
        },
        Entity::Token => Table {
            from: "tokens t",
            user: "t.id >> 16",
            group: Some("t.group_id"),
        },
        Entity::Card => Table {
            from: "cards c",
            user: "c.id >> 16",
            group: Some("c.group_id"),
        },
        Entity::Location => Table {
            from: "locations l",
            user: "l.id >> 16",
            group: None,
        },
    }
}

use Column::{Always, Exported, Group, Maybe, Of, Phase};

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
        Of {
            table: "qa",
            user: "user",
            column: "pairs",
        },
    ),
    ("phase", Phase),
    ("exported", Exported),
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
    fn every_attribute_of_the_language_has_a_column() {
        for attribute in crate::lang::selection::ATTRIBUTES {
            assert!(column(attribute.name).is_some(), "{}", attribute.name);
        }
    }
}
