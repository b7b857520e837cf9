//! What the names in a command stand for: arguments, attributes, or the command's own choosing.
//!
//! Binder, completion, highlighter and redaction ask here, so that they cannot disagree.

use super::selection::{ATTRIBUTES, Attribute, Entity};
use super::spec::{Arg, Command, Kind, Selects, fold_name, is_called};

/// The argument beside the attributes that every selecting command takes.
pub(super) const LIMIT: &str = "limit";

/// `aliasPrefix=X`, the original shell's spelling of `alias=X*`.
const PREFIX: &str = "aliasprefix";

/// Where to read of the many attributes, in a list of what is expected.
pub(super) const AN_ATTRIBUTE: &str = "an attribute ('help selection')";

/// The entities whose attributes may stand in parentheses of their own, as `token(…)`.
pub(super) const ENTITIES: [(&str, Entity); 3] = [
    ("token", Entity::Token),
    ("card", Entity::Card),
    ("location", Entity::Location),
];

/// What a name stands for in a command.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// An argument.
    Arg(&'static Arg),
    /// An attribute; `prefix` for `aliasPrefix`.
    Attribute {
        attribute: &'static Attribute,
        prefix: bool,
    },
    /// `limit`
    Limit,
    /// A name of the command's own choosing.
    Pair,
    /// Nothing.
    Unknown,
}

/// The names that a command takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names {
    pub(super) spec: &'static Command,
    pub(super) attributes: &'static [Attribute],
}

impl Names {
    pub(super) fn of(spec: &'static Command) -> Self {
        Self {
            spec,
            attributes: ATTRIBUTES,
        }
    }

    pub(super) fn selects(self) -> bool {
        self.spec.selects != Selects::Nothing
    }

    /// What `name` stands for as the name of an argument.
    pub(super) fn target(self, name: &str) -> Target {
        let folded = fold_name(name);
        let mut args = self.spec.args.iter();
        if let Some(arg) = args.find(|arg| !takes_pairs(arg) && is_called(arg.name, &folded)) {
            return Target::Arg(arg);
        }
        if self.selects() {
            if folded == LIMIT {
                return Target::Limit;
            }
            if let Some((attribute, prefix)) = self.attribute(&folded) {
                return Target::Attribute { attribute, prefix };
            }
        }
        if self.spec.args.iter().any(takes_pairs) {
            return Target::Pair;
        }
        Target::Unknown
    }

    /// The attribute that a folded name stands for, and whether it is `aliasPrefix`.
    pub(super) fn attribute(self, folded: &str) -> Option<(&'static Attribute, bool)> {
        let rows = match self.spec.selects {
            Selects::Tokens => Some(Entity::Token),
            Selects::Cards => Some(Entity::Card),
            Selects::Users | Selects::Nothing => None,
        };
        let (name, prefix) = if folded == PREFIX {
            ("alias", true)
        } else {
            (folded, false)
        };
        let bare = || rows.and_then(|rows| self.attribute_of(rows, name));
        let full = || self.attributes.iter().find(|a| is_called(a.name, name));
        bare().or_else(full).map(|attribute| (attribute, prefix))
    }

    /// An attribute of tokens, cards or places by its bare name, `vendor` for `token.vendor`.
    pub(super) fn attribute_of(self, entity: Entity, folded: &str) -> Option<&'static Attribute> {
        let mut own = self.attributes.iter().filter(|a| a.entity == entity);
        own.find(|attribute| {
            is_called(bare_name(attribute), folded) || is_called(attribute.name, folded)
        })
    }

    /// All names, in the order of help.
    pub(super) fn all(self) -> Vec<&'static str> {
        let args = self.spec.args.iter().filter(|arg| !takes_pairs(arg));
        let mut names: Vec<&'static str> = args.map(|arg| arg.name).collect();
        if self.selects() {
            names.extend(self.attributes.iter().map(|attribute| attribute.name));
            names.extend([LIMIT, "where"]);
        }
        names
    }

    /// The names of the arguments, and where to read of the many attributes.
    pub(super) fn short(self) -> Vec<&'static str> {
        let args = self.spec.args.iter().filter(|arg| !takes_pairs(arg));
        let mut names: Vec<&'static str> = args.map(|arg| arg.name).collect();
        if self.selects() {
            names.push(AN_ATTRIBUTE);
        }
        names
    }
}

/// `vendor` of `token.vendor`.
pub(super) fn bare_name(attribute: &Attribute) -> &'static str {
    let dotted = attribute.name.split_once('.');
    dotted.map_or(attribute.name, |(_, bare)| bare)
}

/// Whether an argument takes pairs of the command's own choosing, and so has no name of its own.
pub(super) fn takes_pairs(arg: &Arg) -> bool {
    matches!(arg.kind, Kind::Settings | Kind::Variables)
}
