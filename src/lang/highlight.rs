//! What each stretch of a line is, while it is typed. Red is what cannot become right by typing on.

use std::collections::BTreeMap;

use super::Span;
use super::binder::path;
use super::lexer::{Token, TokenKind, lex};
use super::names::{ENTITIES, Target};
use super::outline::{Outline, Role, Word, outline};
use super::redact::of_outlines;
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
    /// A value with wildcards that count.
    Pattern,
    /// A secret value.
    Secret,
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
    let outlines = outline(line, &tokens, catalogue);
    for outline in &outlines {
        let mut painter = Painter {
            line,
            outline,
            catalogue,
            has_condition: outline
                .words
                .iter()
                .any(|word| matches!(&word.role, Role::Named { target: None, .. } | Role::Keyword)),
            given: Vec::new(),
            positionals: 0,
        };
        for (at, word) in outline.words.iter().enumerate() {
            for (place, class) in painter.word(at, word) {
                classes.insert(place, class);
            }
        }
    }
    for secret in of_outlines(line, &outlines, catalogue) {
        for (_, class) in classes.range_mut(secret.start..secret.end) {
            *class = Class::Secret;
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

/// No path of the catalogue has more words.
const LONGEST_PATH: usize = 8;

struct Painter<'a, 't> {
    line: &'a str,
    outline: &'a Outline<'t>,
    catalogue: &'a Catalogue,
    /// Whether some of its words belong to a condition.
    has_condition: bool,
    /// Arguments that the words so far name.
    given: Vec<&'static str>,
    /// Values without a name so far.
    positionals: usize,
}

impl Painter<'_, '_> {
    /// The tokens of a word that are not what they look like, by their start.
    fn word(&mut self, at: usize, word: &Word<'_>) -> Vec<(usize, Class)> {
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
            Role::Value => self.positional(word),
            Role::Parenthesis => Vec::new(),
        }
    }

    /// A value without a name: it belongs to the next positional argument, or is one too many.
    fn positional(&mut self, word: &Word<'_>) -> Vec<(usize, Class)> {
        let Some((command, _)) = self.outline.command else {
            return Vec::new();
        };
        let nth = self.positionals;
        self.positionals += 1;
        if self.has_condition {
            return Vec::new();
        }
        let mut free = command.args.iter().filter(|arg| arg.positional);
        let arg = free.clone().nth(nth).or_else(|| free.find(|arg| arg.many));
        match arg {
            Some(arg) => self.values(Some(Target::Arg(arg)), &word.span, word.tokens),
            // It may become the name of an argument.
            None if self.unfinished(word.span.end) => {
                vec![(word.span.start, self.begun(self.text(&word.span)))]
            }
            None => vec![(word.span.start, Class::Wrong)],
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
        if at >= LONGEST_PATH {
            return Class::Wrong;
        }
        let words = self.outline.words.get(..at).unwrap_or_default();
        let before: Vec<&str> = words.iter().map(|word| self.text(&word.span)).collect();
        let next = path::next_words(&before, self.catalogue);
        let written = fold_name(self.text(&word.span));
        let loops = (at == 0).then_some("foreach");
        if next.iter().any(|name| fold_name(name) == written) {
            Class::Command
        } else if self.unfinished(word.span.end)
            && next
                .iter()
                .copied()
                .chain(loops)
                .any(|name| fold_name(name).starts_with(&written))
        {
            Class::Plain
        } else {
            Class::Wrong
        }
    }

    fn name(&mut self, target: Option<Target>, name: &Span) -> Class {
        if let Some(Target::Arg(arg)) = target {
            if self.given.contains(&arg.name) {
                return Class::Wrong;
            }
            self.given.push(arg.name);
        }
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

    /// Words that cannot be a value of the target, and patterns where they count.
    fn values(
        &self,
        target: Option<Target>,
        value: &Span,
        tokens: &[Token],
    ) -> Vec<(usize, Class)> {
        let Some(target) = target else {
            return Vec::new();
        };
        let takes = Takes::of(target);
        let words = tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Word && value.start <= token.span.start);
        words
            .filter_map(|token| {
                let class = self.value(takes, token)?;
                Some((token.span.start, class))
            })
            .collect()
    }

    fn value(&self, takes: Takes, token: &Token) -> Option<Class> {
        let written = self.text(&token.span);
        let may_go_on = self.unfinished(token.span.end);
        let is_one_of = |set: &[&str]| {
            let written = fold_name(written);
            set.iter().any(|name| {
                let name = fold_name(name);
                name == written || may_go_on && name.starts_with(&written)
            })
        };
        let is_number = |may_be_negative: bool| {
            let digits = written.strip_prefix('-').filter(|_| may_be_negative);
            let digits = digits.unwrap_or(written);
            digits.bytes().all(|b| b.is_ascii_digit()) && (may_go_on || !digits.is_empty())
        };
        let is_right = match takes {
            Takes::Anything => return None,
            Takes::Text => {
                return written.contains(['*', '?']).then_some(Class::Pattern);
            }
            Takes::Name(set) => is_one_of(set),
            Takes::Number(may_be_negative) => is_number(may_be_negative),
            Takes::NameOrNumber(set) => is_one_of(set) || is_number(false),
            Takes::Attribute(set, is_numeric) => {
                if written == "*" {
                    return Some(Class::Pattern);
                }
                is_one_of(set) || is_numeric && is_number(true)
            }
        };
        (!is_right).then_some(Class::Wrong)
    }
}

/// Whether a word can be a value, judged by itself.
#[derive(Clone, Copy)]
enum Takes {
    Anything,
    /// Text in which wildcards count.
    Text,
    Name(&'static [&'static str]),
    /// Also negative.
    Number(bool),
    NameOrNumber(&'static [&'static str]),
    /// Names, perhaps a number, and `*` for being there.
    Attribute(&'static [&'static str], bool),
}

impl Takes {
    fn of(target: Target) -> Self {
        match target {
            Target::Arg(arg) => match arg.kind {
                Kind::Choice(set) => Self::Name(set),
                Kind::Number(min, _) => Self::Number(min < 0),
                Kind::Pattern => Self::Text,
                Kind::Flag => Self::Name(&["yes", "no"]),
                Kind::FlagOrNumber => Self::NameOrNumber(&["yes", "no"]),
                _ => Self::Anything,
            },
            Target::Attribute { attribute, .. } => match attribute.kind {
                AttributeKind::Names(set) => Self::Attribute(set, false),
                AttributeKind::NumberOr(set) => Self::Attribute(set, true),
                AttributeKind::Number => Self::Attribute(&[], true),
                AttributeKind::Text | AttributeKind::UserId => Self::Text,
                AttributeKind::When => Self::Anything,
            },
            Target::Limit => Self::Number(false),
            Target::Pair | Target::Unknown => Self::Anything,
        }
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
        assert_eq!(class("fore", "fore"), Plain);
        assert_eq!(class("user fore", "fore"), Wrong);
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

    #[test]
    fn patterns_and_secrets_have_classes_of_their_own() {
        let painted = |line| painted(line);
        let class = |line: &'static str, text: &str| {
            painted(line)
                .iter()
                .find(|(found, _)| *found == text)
                .unwrap()
                .1
        };
        assert_eq!(class("user list userid=a*", "a*"), Pattern);
        assert_eq!(class("user list userid=\"a*\"", "a*"), Quoted);
        assert_eq!(class("user list phase=*", "*"), Pattern);
        assert_eq!(class("login pin=12 M", "12"), Secret);
        assert_eq!(class("login -pin '1 2", "1 2"), Secret);
        assert_eq!(class("logni pni=12", "12"), Secret);
        assert_eq!(class("login M", "M"), Value);
    }

    #[test]
    fn what_a_command_does_not_take_is_wrong() {
        let class = |line: &'static str, text: &str| {
            painted(line)
                .iter()
                .rfind(|(found, _)| *found == text)
                .unwrap()
                .1
        };
        assert_eq!(class("bundle get 3", "3"), Value);
        assert_eq!(class("bundle get x", "x"), Wrong);
        assert_eq!(class("bundle get 3 4 ", "4"), Wrong);
        assert_eq!(class("bundle get 3 form", "form"), Name);
        assert_eq!(class("export file=a file=b", "file"), Wrong);
        assert_eq!(class("user list group=a group=b", "group"), Name);
        assert_eq!(class("user list limit=ten", "ten"), Wrong);
        assert_eq!(class("user list exported=12", "12"), Value);
        assert_eq!(class("user list exported=maybe ", "maybe"), Wrong);
        assert_eq!(
            class("user list where=(group=a or token.kind=soft)", "soft"),
            Value
        );
        assert_eq!(class("help user list", "list"), Value);
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
