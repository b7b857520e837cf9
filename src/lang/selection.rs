//! Selections: which users (or token and card rows) a command is about (igsh-commands(7), SELECTIONS).
//!
//! The attributes are rows of one table, [`ATTRIBUTES`]; the compiler to SQL in the vault has one row for each of
//! them too, so that a new attribute is two rows and no code.

use std::sync::Arc;

use super::Span;
use super::args::When;
use super::spec::Complete;
use crate::model;
pub use crate::model::{Pattern, Piece};

/// A selection as a command gets it.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The condition; `None` selects all users.
    pub expr: Option<Expr>,
    /// `limit=N`, in order of user id.
    pub limit: Option<u64>,
    /// The arguments as typed, joined by one blank; for ledger, audit and manifest.
    pub text: String,
}

impl Selection {
    /// The users of this very name, of all groups or of one.
    pub fn of_user(group: Option<&str>, userid: &str) -> Self {
        let userid = Pattern::of_text(userid);
        Self::equal(
            "userid",
            match group {
                Some(group) => Operand::Qualified(Pattern::of_text(group), userid),
                None => Operand::Text(userid),
            },
        )
    }

    /// The users of a group.
    pub fn of_group(group: &str) -> Self {
        Self::equal("group", Operand::Text(Pattern::of_text(group)))
    }

    fn equal(attribute: &str, value: Operand) -> Self {
        let attribute = ATTRIBUTES.iter().find(|row| row.name == attribute);
        let test = attribute.map(|attribute| {
            Expr::Test(Test {
                attribute,
                op: Op::Equal,
                values: vec![value],
                span: Span::default(),
            })
        });
        Self {
            // Without the attribute no user is chosen, rather than all.
            expr: Some(test.unwrap_or(Expr::Any(Vec::new()))),
            ..Self::default()
        }
    }
}

/// A condition.
#[derive(Debug, Clone)]
pub enum Expr {
    /// Every one holds.
    All(Vec<Expr>),
    /// At least one holds.
    Any(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// An attribute compared.
    Test(Test),
    /// `token(…)`, `card(…)`, `location(…)`: one and the same item meets the condition inside.
    Same(Entity, Box<Expr>),
}

/// `attribute op values`: true when the attribute stands in that relation to any of the values.
/// `!=` never appears here: the binder makes it `Not` of `=`.
#[derive(Debug, Clone)]
pub struct Test {
    /// The attribute.
    pub attribute: &'static Attribute,
    pub op: Op,
    /// One or more values; exactly one after an ordering.
    pub values: Vec<Operand>,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value of a test, typed by its attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `*`: present at all.
    Present,
    /// Text, with wildcards or without.
    Text(Pattern),
    /// `group/name`, each a text.
    Qualified(Pattern, Pattern),
    /// `@FILE`, not read yet; running the command replaces it by `Set`.
    File(String),
    /// Any of these texts.
    Set(Arc<[String]>),
    Number(i64),
    When(When),
    /// A name of the attribute's set, in the set's spelling.
    Name(&'static str),
}

/// An attribute that a selection may name.
#[derive(Debug)]
pub struct Attribute {
    pub name: &'static str,
    /// What its values are.
    pub kind: AttributeKind,
    /// Whose attribute it is.
    pub entity: Entity,
    /// One line for help.
    pub summary: &'static str,
    /// Where live candidates come from; an unquoted literal that is none of them is an error.
    pub complete: Complete,
}

impl Attribute {
    /// Whether `@FILE` is a list of its values.
    pub fn takes_lists(&self) -> bool {
        self.kind == AttributeKind::UserId || self.complete == Complete::Groups
    }
}

/// What the values of an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttributeKind {
    /// Text; wildcards count.
    Text,
    /// A user id: text, `group/name`, or `@FILE`.
    UserId,
    /// One of a set.
    Names(&'static [&'static str]),
    /// A number, where some names are accepted as well (`exported=no`).
    NumberOr(&'static [&'static str]),
    Number,
    When,
}

/// What an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    User,
    /// Some token of the user.
    Token,
    /// Some card of the user.
    Card,
    /// Some place in the user's location history.
    Location,
}

/// A row of the table.
const fn row(
    name: &'static str,
    kind: AttributeKind,
    entity: Entity,
    complete: Complete,
    summary: &'static str,
) -> Attribute {
    Attribute {
        name,
        kind,
        entity,
        summary,
        complete,
    }
}

use AttributeKind::{Names, Number, NumberOr, Text, UserId, When as Date};
use Complete::{
    Aliases, Bundles, Countries, Groups, Kind, Locales, Models, PasswordNames, Serials, Users,
    Vendors, Waves,
};
use Entity::{Card, Location, Token, User};

const YES_NO: &[&str] = &["yes", "no"];
/// [`model::Changes`] by name, and whether there are any.
const CHANGED: &[&str] = &[
    "no",
    "yes",
    "new-authenticator",
    "counter",
    "qa",
    "card",
    "state",
    "other",
];

/// The attributes, in the order of help. `limit` is an argument beside them, not one of them.
#[rustfmt::skip]
pub static ATTRIBUTES: &[Attribute] = &[
    row("userid", UserId, User, Users, "User name; also group/name, or @FILE with one a line"),
    row("group", Text, User, Groups, "Name of the user's group; also @FILE with one a line"),
    row("fullname", Text, User, Kind, "Full name"),
    row("alias", Text, User, Aliases, "Some alias of the user"),
    row("contact", Text, User, Kind, "Some contact of the user: mail address or telephone number"),
    row("state", Names(model::UserState::NAMES), User, Kind, "State of the user in the source"),
    row("locale", Text, User, Locales, "Locale of the user"),
    row("lastauth", Date, User, Kind, "When the user last authenticated"),
    row("qa.count", Number, User, Kind, "How many questions and answers the user has"),
    row("password.name", Text, User, PasswordNames, "Name of some password of the user"),
    row("location.count", Number, User, Kind, "How many places the user's location history has"),
    row("rba.override", Names(YES_NO), User, Kind, "Whether the user has risk settings of their own"),
    row("phase", Names(model::Phase::NAMES), User, Kind, "Where the user stands in the migration"),
    row("exported", NumberOr(&["no", "yes"]), User, Bundles, "Whether the user is in a bundle, or in which"),
    row("changed", Names(CHANGED), User, Kind, "How an exported user differs from what the last bundle held"),
    row("wave", Text, User, Waves, "Label that 'migrate stage' gave the user"),
    row("import", Names(&["ok", "error", "none"]), User, Kind, "What the target said of the last bundle"),
    row("excluded", Names(YES_NO), User, Kind, "Whether a master took the user out of the migration"),
    row("gone", Names(YES_NO), User, Kind, "Whether the last full load no longer had the user"),
    row("token.assigned", Names(YES_NO), Token, Kind, "Whether the token belongs to a user; for rows of 'token list'"),
    row("token.vendor", Text, Token, Vendors, "Vendor of some token"),
    row("token.serial", Text, Token, Serials, "Serial number of some token"),
    row("token.state", Names(model::TokenState::NAMES), Token, Kind, "State of some token"),
    row("token.activation", Names(model::Activation::NAMES), Token, Kind, "How far the activation of some soft token has come"),
    row("token.model", Text, Token, Models, "Model of some token"),
    row("token.kind", Names(model::TokenKind::NAMES), Token, Kind, "What some token is made of"),
    row("token.algorithm", Names(model::Algorithm::NAMES), Token, Kind, "How some token computes its codes"),
    row("token.lastused", Date, Token, Kind, "When some token was last used"),
    row("token.expires", Date, Token, Kind, "When some token expires"),
    row("token.drift", Number, Token, Kind, "Clock drift of some token, in time steps"),
    row("card.assigned", Names(YES_NO), Card, Kind, "Whether the card belongs to a user; for rows of 'card list'"),
    row("card.state", Names(model::CardState::NAMES), Card, Kind, "State of some card"),
    row("card.serial", Number, Card, Kind, "Serial number of some card"),
    row("card.usage", Names(model::Usage::NAMES), Card, Kind, "How worn some card is"),
    row("card.expires", Date, Card, Kind, "When some card expires"),
    row("card.created", Date, Card, Kind, "When some card was made"),
    row("location.country", Text, Location, Countries, "Country of some place the user was at"),
    row("location.region", Text, Location, Kind, "Region of some place the user was at"),
    row("location.city", Text, Location, Kind, "City of some place the user was at"),
];
