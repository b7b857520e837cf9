//! Selection arguments and `where=` as one typed condition (igsh-commands(7), SELECTIONS).

use super::Binder;
use super::typed;
use super::{Note, warn};
use crate::lang::Span;
use crate::lang::ast::{self, Condition};
use crate::lang::code;
use crate::lang::diagnostic::{Diagnostic, quoted};
use crate::lang::lexer::Operator;
use crate::lang::lookalike::{self, is_separator};
use crate::lang::names::{AN_ATTRIBUTE, ENTITIES, LIMIT, bare_name};
use crate::lang::selection::{
    Attribute, AttributeKind, Entity, Expr, Op, Operand, Pattern, Piece, Test,
};
use crate::lang::spec::{Complete, fold_name};
use crate::lang::suggest::{did_you_mean, similar};
use crate::lang::value::Word;
use crate::model::{Sight, sight};

impl Binder<'_> {
    /// `where=…`
    pub(super) fn where_item(&mut self, item: &ast::Where) {
        if !self.names.selects() {
            let title = format!("'{}' takes no selection", self.spec.path);
            return self.report(Diagnostic::new(
                code::SELECTION,
                title,
                item.span.clone(),
                "",
            ));
        }
        self.selecting.push(item.span.clone());
        if let Some(expr) = self.condition(&item.condition, None) {
            self.conditions.push(expr);
        }
    }

    /// A condition; `within` the parentheses of an entity. `None` if some of it is wrong or not known yet.
    fn condition(&mut self, condition: &Condition, within: Option<Entity>) -> Option<Expr> {
        let mut all = |parts: &[Condition]| -> Option<Vec<Expr>> {
            let bound: Vec<_> = parts
                .iter()
                .map(|part| self.condition(part, within))
                .collect();
            bound.into_iter().collect()
        };
        match condition {
            Condition::Any(parts) => all(parts).map(Expr::Any),
            Condition::All(parts) => {
                let parts = all(parts)?;
                let warning = warn::never(&parts);
                self.warnings.extend(warning);
                Some(Expr::All(parts))
            }
            Condition::Not(inner) => {
                let inner = self.condition(inner, within)?;
                Some(Expr::Not(Box::new(inner)))
            }
            Condition::Same(name, inner) => {
                let entity = self.entity(name, within)?;
                let inner = self.condition(inner, Some(entity))?;
                Some(Expr::Same(entity, Box::new(inner)))
            }
            Condition::Test(named) => {
                let (attribute, prefix) = self.tested(&named.name, within)?;
                let words = self.resolve(&named.value)?;
                self.test(attribute, prefix, named.operator, &words, named)
            }
        }
    }

    /// `token(…)`, `card(…)`, `location(…)`
    fn entity(&mut self, name: &ast::Name, within: Option<Entity>) -> Option<Entity> {
        let folded = fold_name(&name.text);
        let found = ENTITIES.iter().find(|(known, _)| *known == folded);
        let names = ENTITIES.map(|(name, _)| name);
        let diagnostic = match (found, within) {
            (Some((_, entity)), None) => return Some(*entity),
            (Some(_), Some(_)) => Diagnostic::new(
                code::SAME_THING,
                format!("'{folded}(…)' within another"),
                name.span.clone(),
                "already inside one and the same item",
            ),
            (None, _) => Diagnostic::new(
                code::SAME_THING,
                format!("unknown {}(…)", quoted(&name.text)),
                name.span.clone(),
                "",
            )
            .expected(names.map(|name| format!("{name}(…)")))
            .helps(did_you_mean(&similar(&name.text, names))),
        };
        self.report(diagnostic);
        None
    }

    /// The attribute that a test within `where=` names.
    fn tested(
        &mut self,
        name: &ast::Name,
        within: Option<Entity>,
    ) -> Option<(&'static Attribute, bool)> {
        let folded = fold_name(&name.text);
        let found = match within {
            Some(entity) => self
                .names
                .attribute_of(entity, &folded)
                .map(|found| (found, false)),
            None => self.names.attribute(&folded),
        };
        if found.is_some() {
            return found;
        }
        if folded == LIMIT {
            let title = "'limit' is not a condition";
            let diagnostic = Diagnostic::new(code::LIMIT, title, name.span.clone(), "")
                .help("write it outside: where=(…) limit=…");
            self.report(diagnostic);
            return None;
        }
        let other = within.is_some() && self.names.attribute(&folded).is_some();
        let own = self.names.attributes.iter();
        let own = own.filter(|attribute| within.is_none_or(|entity| attribute.entity == entity));
        let names: Vec<&str> = match within {
            Some(_) => own.map(bare_name).collect(),
            None => own.map(|attribute| attribute.name).collect(),
        };
        let expected = match within {
            Some(_) => names.clone(),
            None => vec![AN_ATTRIBUTE],
        };
        let diagnostic = if other {
            Diagnostic::new(
                code::SAME_THING,
                format!("{} is an attribute of something else", quoted(&name.text)),
                name.span.clone(),
                "cannot stand in these parentheses",
            )
        } else {
            let near = similar(&name.text, names.iter().copied());
            Diagnostic::new(
                code::UNKNOWN_NAME,
                format!("unknown attribute {}", quoted(&name.text)),
                name.span.clone(),
                "not known",
            )
            .helps(did_you_mean(&near))
        };
        self.report(diagnostic.expected(expected));
        None
    }

    /// `attribute op words`
    pub(super) fn test(
        &mut self,
        attribute: &'static Attribute,
        prefix: bool,
        operator: Operator,
        words: &[Word],
        named: &ast::Named,
    ) -> Option<Expr> {
        let (op, not) = match operator {
            Operator::Equal => (Op::Equal, false),
            Operator::NotEqual => (Op::Equal, true),
            Operator::Less => (Op::Less, false),
            Operator::LessOrEqual => (Op::LessOrEqual, false),
            Operator::Greater => (Op::Greater, false),
            Operator::GreaterOrEqual => (Op::GreaterOrEqual, false),
        };
        if op != Op::Equal {
            self.accept(ordering(attribute, words, named))?;
        }
        let warning = (op == Op::Equal).then(|| warn::quoted_wildcard(attribute, named));
        self.warnings.extend(warning.flatten());
        let mut values = Vec::with_capacity(words.len());
        for word in words {
            values.push(self.operand(attribute, op, word));
        }
        let mut values: Vec<Operand> = values.into_iter().collect::<Option<_>>()?;
        if prefix {
            values.iter_mut().for_each(open_end);
        }
        let test = Expr::Test(Test {
            attribute,
            op,
            values,
            span: named.span.clone(),
        });
        Some(if not { Expr::Not(Box::new(test)) } else { test })
    }

    /// Where `c` stands in the word; the word, where a variable holds it.
    fn place_of(&self, c: char, word: &Word) -> Span {
        let written = self.text.get(word.span.clone()).unwrap_or_default();
        written.find(c).map_or_else(
            || word.span.clone(),
            |at| {
                let start = word.span.start + at;
                start..start + c.len_utf8()
            },
        )
    }

    fn operand(&mut self, attribute: &'static Attribute, op: Op, word: &Word) -> Option<Operand> {
        if word.is_star() && op == Op::Equal {
            return Some(Operand::Present);
        }
        let text = matches!(attribute.kind, AttributeKind::Text | AttributeKind::UserId);
        if !text && word.pattern().literal().is_none() {
            let title = format!("'{}' takes no wildcards", attribute.name);
            let diagnostic = Diagnostic::new(code::WILDCARD, title, word.span.clone(), "a pattern")
                .help(format!("{}=* means that it is present", attribute.name));
            self.report(diagnostic);
            return None;
        }
        let file = listed(attribute, word);
        // One name, where a list is meant, or with quotes that are none.
        let separator = word.find_bare(|c| file.is_none() && is_separator(c));
        if let Some(c) = separator.or_else(|| quote_at_an_end(word)) {
            self.report(lookalike::error(c, self.place_of(c, word)));
            return None;
        }
        // Another name than it looks like, which no user has, most likely.
        if let Some(c) = word.find_bare(|c| sight(c) == Sight::Harmful) {
            self.report(lookalike::unseen(c, self.place_of(c, word)));
            return None;
        }
        let operand = match attribute.kind {
            _ if let Some(file) = file => file,
            AttributeKind::Text => Ok(Operand::Text(word.pattern())),
            AttributeKind::UserId => user_id(word),
            AttributeKind::Names(set) => typed::choice(word, set).map(Operand::Name),
            AttributeKind::Number => typed::number(word, i64::MIN, i64::MAX).map(Operand::Number),
            AttributeKind::NumberOr(set) => number_or(word, set),
            AttributeKind::When => typed::when(word, self.around.now).map(Operand::When),
        };
        let operand = self.accept(operand)?;
        match &operand {
            Operand::Qualified(..) => {
                let group = word.split_once('/').map(|(group, _)| group);
                self.exists(Complete::Groups, "group", group.as_ref()?)?;
            }
            Operand::File(_) => {}
            // A place in an order need not exist.
            _ if op != Op::Equal => {}
            // An unknown user id selects no user; it need not be looked up.
            _ if attribute.complete == Complete::Users => {}
            Operand::Text(_) | Operand::Number(_) => {
                self.exists(attribute.complete, attribute.name, word)?;
            }
            _ => {}
        }
        Some(operand)
    }

    /// An unquoted literal that names something must name something that exists.
    fn exists(&mut self, kind: Complete, what: &str, word: &Word) -> Option<()> {
        let pattern = word.pattern();
        let Some(name) = pattern.literal().filter(|_| word.is_bare()) else {
            return Some(());
        };
        if kind == Complete::Kind {
            return Some(());
        }
        let known = self.around.live.exists(kind, name);
        let others = || {
            let lower = name.to_lowercase();
            let names = self.around.live.names(kind);
            let same = move |other: &String| other != name && other.to_lowercase() == lower;
            names.into_iter().filter(same).collect::<Vec<_>>()
        };
        match known {
            None => Some(()),
            Some(true) => {
                let others = others();
                if !others.is_empty() {
                    let count = others.len();
                    let text = format!(
                        "ignoring letter case, {count} more would match: {}",
                        others
                            .iter()
                            .take(3)
                            .map(|name| quoted(name))
                            .collect::<Vec<_>>()
                            .join(", ")
                    );
                    let span = word.span.clone();
                    self.notes.push(Note { span, text });
                }
                Some(())
            }
            Some(false) => {
                let mut near = others();
                if near.is_empty() {
                    let names = self.around.live.names(kind);
                    let found = similar(name, names.iter().map(String::as_str));
                    near = found.into_iter().map(str::to_owned).collect();
                }
                let title = format!("no {what} is called {}", quoted(name));
                let diagnostic =
                    Diagnostic::new(code::NOWHERE, title, word.span.clone(), "exists nowhere")
                        .helps(did_you_mean(&near))
                        .help(format!("to mean it all the same, quote it: \"{name}\""));
                self.report(diagnostic);
                None
            }
        }
    }
}

/// Whether an ordering is possible: a kind that has an order, and a single value that is no wildcard.
fn ordering(attribute: &Attribute, words: &[Word], named: &ast::Named) -> Result<(), Diagnostic> {
    let sign = named.operator.as_str();
    let [word] = words else {
        return Err(Diagnostic::new(
            code::ORDERED_LIST,
            format!("a list after '{sign}'"),
            named.value.span.clone(),
            "one value can stand here",
        )
        .help("a list means any of its items, and is for = and !="));
    };
    let compound = attribute.takes_lists() && word.after('@').is_some()
        || attribute.kind == AttributeKind::UserId && word.split_once('/').is_some();
    let is_name = |set| typed::choice(word, set).is_ok();
    if compound
        || matches!(attribute.kind, AttributeKind::Names(_))
        || matches!(attribute.kind, AttributeKind::NumberOr(set) if is_name(set))
    {
        return Err(Diagnostic::new(
            code::NO_ORDER,
            format!("'{}' has no such order", attribute.name),
            named.operator_span.clone(),
            format!("'{sign}' is for numbers, dates and plain text"),
        )
        .expected(["=", "!="]));
    }
    if word.pattern().literal().is_none() {
        return Err(Diagnostic::new(
            code::WILDCARD,
            format!("no wildcard after '{sign}'"),
            word.span.clone(),
            "not a single value",
        )
        .help(format!("{}=* means that it is present", attribute.name)));
    }
    Ok(())
}

fn number_or(word: &Word, set: &'static [&'static str]) -> Result<Operand, Diagnostic> {
    if let Ok(name) = typed::choice(word, set) {
        return Ok(Operand::Name(name));
    }
    typed::number(word, 0, i64::MAX)
        .map(Operand::Number)
        .map_err(|mut diagnostic| {
            diagnostic.expected = set.iter().map(|&name| name.to_owned()).collect();
            diagnostic.expected.push("a number".to_owned());
            diagnostic
        })
}

/// A quote of typography at an end of a bare name, beside wildcards and what parts a name.
fn quote_at_an_end(word: &Word) -> Option<char> {
    let text = word.is_bare().then(|| word.text())?;
    let mut names = text
        .split('/')
        .map(|name| name.trim_matches(['*', '?', '@']));
    names.find_map(|name| {
        let mut ends = name
            .chars()
            .next()
            .into_iter()
            .chain(name.chars().next_back());
        ends.find(|c| lookalike::is_quote(*c))
    })
}

/// `@FILE`, where the attribute takes one.
fn listed(attribute: &Attribute, word: &Word) -> Option<Result<Operand, Diagnostic>> {
    let file = word.after('@').filter(|_| attribute.takes_lists())?;
    Some(match file.as_str() {
        "" => {
            let what = "'@' without a file";
            let help = format!("{}=@FILE, one name a line", attribute.name);
            Err(Diagnostic::new(code::USER_ID, what, word.span.clone(), "").help(help))
        }
        _ => Ok(Operand::File(file)),
    })
}

/// `name` or `group/name`
fn user_id(word: &Word) -> Result<Operand, Diagnostic> {
    match word.split_once('/') {
        None => Ok(Operand::Text(word.pattern())),
        Some((group, name)) if group.text().is_empty() || name.text().is_empty() => {
            let what = "'/' separates a group from a user id";
            Err(Diagnostic::new(code::USER_ID, what, word.span.clone(), "")
                .help("write group/name, or quote a user id that holds '/'"))
        }
        Some((group, name)) => Ok(Operand::Qualified(group.pattern(), name.pattern())),
    }
}

/// `X` as `X*`
fn open_end(operand: &mut Operand) {
    if let Operand::Text(Pattern(pieces)) = operand
        && pieces.last() != Some(&Piece::Any)
    {
        pieces.push(Piece::Any);
    }
}
