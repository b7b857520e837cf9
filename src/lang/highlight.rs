//! What each stretch of a line is, while it is typed. Red is what cannot become right by typing on.

use std::collections::BTreeMap;

use super::Span;
use super::binder::path;
use super::lexer::{Token, TokenKind, lex};
use super::names::{ENTITIES, Target};
use super::outline::{Outline, Role, Word, outline};
use super::selection::AttributeKind;
use super::spec::{Catalogue, Kind, fold_name};

/// What a stretch of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Blanks, and words of which nothing is known yet.
    Plain,
    /// A word of a command's path.
    Command,
    /// The name of an argument or attribute.
    Name,
    /// A relation, a comma, a parenthesis, a brace, a semicolon.
    Sign,
    /// A value.
    Value,
    /// A text between quotes.
    Quoted,
    /// A variable.
    Variable,
    /// `where`, `and`, `or`, `not`, `foreach`, `in`.
    Keyword,
    /// A comment.
    Comment,
    /// What cannot be right.
    Wrong,
}

/// The classes of all tokens of `line`; their spans concatenate to it.
pub fn classes(line: &str, catalogue: &Catalogue) -> Vec<(Span, Class)> {
    let tokens = lex(line);
    let mut classes: BTreeMap<usize, Class> = tokens
        .iter()
        .map(|token| (token.span.start, plain_class(token.kind)))
        .collect();
    for outline in outline(line, &tokens, catalogue) {
        let painter = Painter {
            line,
            outline: &outline,
            catalogue,
        };
        for (at, word) in outline.words.iter().enumerate() {
            for (place, class) in painter.word(at, word) {
                classes.insert(place, class);
            }
        }
    }
    let spans = tokens.into_iter().map(|token| token.span);
    spans
        .map(|span| {
            let class = classes.get(&span.start).copied();
            (span, class.unwrap_or(Class::Plain))
        })
        .collect()
}

fn plain_class(kind: TokenKind) -> Class {
    use TokenKind as T;
    match kind {
        T::Blank | T::Newline => Class::Plain,
        T::Comment => Class::Comment,
        T::Word => Class::Value,
        T::Quote(_) | T::Text | T::Escape(_) | T::EndQuote(_) => Class::Quoted,
        T::Variable => Class::Variable,
        T::Operator(_) | T::Comma | T::Semicolon => Class::Sign,
        T::Open | T::Close | T::OpenBrace | T::CloseBrace => Class::Sign,
        // An open quote is being typed.
        T::Bad(super::lexer::Bad::OpenQuote(_)) => Class::Quoted,
        T::Bad(_) => Class::Wrong,
    }
}

struct Painter<'a, 't> {
    line: &'a str,
    outline: &'a Outline<'t>,
    catalogue: &'a Catalogue,
}

impl Painter<'_, '_> {
    /// The tokens of a word that are not what they look like, by their start.
    fn word(&self, at: usize, word: &Word<'_>) -> Vec<(usize, Class)> {
        match &word.role {
            Role::Leading => vec![(word.span.start, self.leading(at, word))],
            Role::Keyword => vec![(word.span.start, Class::Keyword)],
            Role::Entity => {
                let written = fold_name(self.text(&word.span));
                let known = ENTITIES.iter().any(|(name, _)| *name == written);
                let class = if known { Class::Name } else { Class::Wrong };
                vec![(word.span.start, class)]
            }
            Role::Named {
                target,
                name,
                value,
                ..
            } => {
                let mut painted = vec![(word.span.start, self.name(*target, name))];
                if let Some(value) = value {
                    painted.extend(self.values(*target, value, word.tokens));
                }
                painted
            }
            Role::ValueOf(target, value) => self.values(*target, value, word.tokens),
            Role::Value | Role::Parenthesis => Vec::new(),
        }
    }

    fn text(&self, span: &Span) -> &str {
        self.line.get(span.clone()).unwrap_or_default()
    }

    /// Whether a word touches the end of the line, so that more of it may come.
    fn unfinished(&self, end: usize) -> bool {
        end == self.line.len()
    }

    fn leading(&self, at: usize, word: &Word<'_>) -> Class {
        if let Some((_, length)) = self.outline.command {
            return if at < length {
                Class::Command
            } else {
                Class::Value
            };
        }
        let words = self.outline.words.get(..at).unwrap_or_default();
        let before: Vec<&str> = words.iter().map(|word| self.text(&word.span)).collect();
        let next = path::next_words(&before, self.catalogue);
        let written = fold_name(self.text(&word.span));
        if next.iter().any(|name| fold_name(name) == written) {
            Class::Command
        } else if self.unfinished(word.span.end)
            && next
                .iter()
                .any(|name| fold_name(name).starts_with(&written))
        {
            Class::Plain
        } else {
            Class::Wrong
        }
    }

    fn name(&self, target: Option<Target>, name: &Span) -> Class {
        let written = self.text(name);
        match target {
            None if written.eq_ignore_ascii_case("where") => Class::Keyword,
            Some(Target::Unknown) if self.unfinished(name.end) => self.begun(written),
            Some(Target::Unknown) => Class::Wrong,
            _ => Class::Name,
        }
    }

    /// The class of a name that may go on.
    fn begun(&self, written: &str) -> Class {
        let Some((command, _)) = self.outline.command else {
            return Class::Name;
        };
        let folded = fold_name(written);
        let names = super::names::Names::of(command).all();
        let possible = names
            .iter()
            .any(|name| fold_name(name).starts_with(&folded));
        if possible { Class::Name } else { Class::Wrong }
    }

    /// Words that are none of the names a value can have.
    fn values(
        &self,
        target: Option<Target>,
        value: &Span,
        tokens: &[Token],
    ) -> Vec<(usize, Class)> {
        let Some(set) = target.and_then(names_of) else {
            return Vec::new();
        };
        let words = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Word && value.start <= token.span.start);
        let wrong = words.filter(|token| {
            let written = fold_name(self.text(&token.span));
            let fits = |name: &&str| {
                let name = fold_name(name);
                name == written || self.unfinished(token.span.end) && name.starts_with(&written)
            };
            written != "*" && !set.iter().any(fits)
        });
        wrong
            .map(|token| (token.span.start, Class::Wrong))
            .collect()
    }
}

/// The names that a value can have, if there is a closed set of them.
fn names_of(target: Target) -> Option<&'static [&'static str]> {
    match target {
        Target::Arg(arg) => match arg.kind {
            Kind::Choice(set) => Some(set),
            _ => None,
        },
        Target::Attribute { attribute, .. } => match attribute.kind {
            AttributeKind::Names(set) => Some(set),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Class::*;
    use super::*;
    use crate::lang::testing::CATALOGUE;
    use proptest::prelude::*;

    fn painted(line: &str) -> Vec<(&str, Class)> {
        let classes = classes(line, &CATALOGUE);
        let classes = classes
            .into_iter()
            .map(|(span, class)| (&line[span], class));
        classes
            .filter(|(text, _)| !text.trim().is_empty())
            .collect()
    }

    #[test]
    fn a_line_is_painted_by_what_its_words_are() {
        assert_eq!(
            painted("user list group=a,'b' -format json where=not(phase=none) # x"),
            [
                ("user", Command),
                ("list", Command),
                ("group", Name),
                ("=", Sign),
                ("a", Value),
                (",", Sign),
                ("'", Quoted),
                ("b", Quoted),
                ("'", Quoted),
                ("-format", Name),
                ("json", Value),
                ("where", Keyword),
                ("=", Sign),
                ("not", Keyword),
                ("(", Sign),
                ("phase", Name),
                ("=", Sign),
                ("none", Value),
                (")", Sign),
                ("# x", Comment),
            ]
        );
    }

    #[test]
    fn wrong_is_what_typing_on_cannot_mend() {
        let class = |line: &str, text: &str| {
            let painted = painted(line);
            painted.iter().find(|(found, _)| *found == text).unwrap().1
        };
        assert_eq!(class("exp", "exp"), Plain);
        assert_eq!(class("exp ", "exp"), Wrong);
        assert_eq!(class("xyz", "xyz"), Wrong);
        assert_eq!(class("user li", "li"), Plain);
        assert_eq!(class("user lx", "lx"), Wrong);
        assert_eq!(class("user list grup=a", "grup"), Wrong);
        assert_eq!(class("user list -gro", "-gro"), Name);
        assert_eq!(class("user list -gru", "-gru"), Wrong);
        assert_eq!(class("user list format=js", "js"), Value);
        assert_eq!(class("user list format=js ", "js"), Wrong);
        assert_eq!(class("user list state=activ,suspended", "activ"), Wrong);
        assert_eq!(class("user list group=\"sal", "sal"), Quoted);
        assert_eq!(class("user list a!b", "!"), Wrong);
        assert_eq!(
            class("foreach g in (user list) { xport }", "foreach"),
            Keyword
        );
        assert_eq!(class("foreach g in (user list) { xport }", "user"), Command);
        assert_eq!(class("foreach g in (user list) { xport }", "xport"), Wrong);
    }

    proptest! {
        #[test]
        fn every_line_is_painted_whole(line in "(?s)[ \n;#'\"$\\\\{}()=!<>,a-c]*|((foreach|in|where=|and|or|not|user|list|group=a|-pin|[(){};\n, ]) ?)*") {
            let mut at = 0;
            for (span, _) in classes(&line, &CATALOGUE) {
                prop_assert_eq!(span.start, at);
                at = span.end;
            }
            prop_assert_eq!(at, line.len());
        }
    }
}
