//! What could stand at the cursor: candidates for TAB, and the grey hint of what is still possible.
//!
//! Everything comes from the tokens and the catalogue. What only the vault knows (groups, bundle numbers) or only
//! the disk (files) is named by its source, and the shell fills it in.

use super::Span;
use super::binder::path;
use super::help::placeholder;
use super::lexer::{Bad, Quote, TokenKind, lex};
use super::names::{Names, Target, bare_name, takes_pairs};
use super::outline::{Outline, Role, Word, outline};
use super::selection::{Attribute, AttributeKind};
use super::spec::{Arg, Catalogue, Command, Complete, Kind, fold_name};
use super::value::Variable;

/// What can be put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// What the chosen candidate replaces.
    pub replace: Span,
    /// What is typed of it so far, without quotes.
    pub typed: String,
    /// The quote that is open around it.
    pub quote: Option<Quote>,
    /// Where more candidates come from, which the shell adds.
    pub more: More,
    /// Those that the catalogue knows, in its order.
    pub items: Vec<Candidate>,
}

/// Where more candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// Nowhere.
    Nothing,
    /// The files of a directory.
    Files,
    /// The vault.
    Live(Complete),
}

/// A candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What is put in. It ends with `=` where a value must follow; otherwise a blank may be added.
    pub text: String,
    /// What it is, without a full stop; may be empty.
    pub summary: String,
}

impl Candidates {
    fn nothing(at: usize) -> Self {
        Self {
            replace: at..at,
            typed: String::new(),
            quote: None,
            more: More::Nothing,
            items: Vec::new(),
        }
    }

    /// Keeps the items that begin with what is typed.
    fn matching(mut self) -> Self {
        let typed = fold_name(&self.typed);
        self.items
            .retain(|item| fold_name(&item.text).starts_with(&typed));
        self
    }

    /// How a live value or a file's name is put in: quoted where it must be.
    pub fn insertion(&self, value: &str) -> String {
        match self.quote {
            Some(Quote::Single) if !value.contains('\'') => format!("'{value}'"),
            _ => Variable::literal(value).written(),
        }
    }
}

/// What could stand at byte `cursor` of `line`.
pub fn at(line: &str, cursor: usize, catalogue: &Catalogue) -> Candidates {
    let line = line.get(..cursor).unwrap_or(line);
    let tokens = lex(line);
    let outlines = outline(line, &tokens, catalogue);
    let (Some(outline), false) = (outlines.last(), ends_in_comment(&tokens)) else {
        return Candidates::nothing(line.len());
    };
    let place = Place {
        line,
        outline,
        catalogue,
    };
    place.candidates()
}

/// What may still follow at the end of `line`, to be shown in grey behind the cursor.
pub fn hint(line: &str, catalogue: &Catalogue) -> Option<String> {
    let tokens = lex(line);
    let outlines = outline(line, &tokens, catalogue);
    let outline = outlines.last().filter(|_| !ends_in_comment(&tokens))?;
    let place = Place {
        line,
        outline,
        catalogue,
    };
    place.hint()
}

fn ends_in_comment(tokens: &[super::lexer::Token]) -> bool {
    tokens
        .last()
        .is_some_and(|last| last.kind == TokenKind::Comment)
}

struct Place<'a, 't> {
    line: &'a str,
    outline: &'a Outline<'t>,
    catalogue: &'a Catalogue,
}

impl<'t> Place<'_, 't> {
    fn text(&self, span: &Span) -> &str {
        self.line.get(span.clone()).unwrap_or_default()
    }

    /// The word that the cursor touches, and the ones before it.
    fn split(&self) -> (&[Word<'t>], Option<&Word<'t>>) {
        let words = self.outline.words.as_slice();
        match words.split_last() {
            Some((last, before))
                if last.span.end == self.line.len() && !matches!(last.role, Role::Parenthesis) =>
            {
                (before, Some(last))
            }
            _ => (words, None),
        }
    }

    fn candidates(&self) -> Candidates {
        let (before, word) = self.split();
        let end = self.line.len();
        let mut found = Candidates::nothing(end);
        match word.map(|word| (&word.role, word)) {
            Some((
                Role::Named {
                    target,
                    value: Some(value),
                    ..
                },
                word,
            )) => {
                return self.value(*target, value, word);
            }
            Some((Role::ValueOf(target, value), word)) => return self.value(*target, value, word),
            Some((Role::Named { dashed: true, .. }, word)) => {
                found.replace = word.span.clone();
                found.typed = self.text(&word.span).trim_start_matches('-').to_owned();
                found.items = self.names("-");
                let mut found = found.matching();
                found.typed = self.text(&word.span).to_owned();
                return found;
            }
            Some((Role::Keyword, _)) => return found,
            Some((_, word)) => {
                found.replace = word.span.clone();
                found.typed = self.text(&word.span).to_owned();
                found.quote = open_quote(word);
            }
            None => {
                if let Some(target) = pending(before) {
                    return self.value(
                        Some(target),
                        &(end..end),
                        &Word {
                            role: Role::Value,
                            tokens: &[],
                            span: end..end,
                        },
                    );
                }
            }
        }
        let leading = |word: &Word<'_>| matches!(word.role, Role::Leading);
        if before.iter().all(leading)
            && word.is_none_or(|word| leading(word) || self.path_may_go_on())
        {
            let words: Vec<&str> = before.iter().map(|word| self.text(&word.span)).collect();
            found.items = self.commands(&words);
        }
        if let Some((command, length)) = self.outline.command
            && before.len() >= length
        {
            found.items.extend(self.arguments(before));
            if let Some(arg) = free_positional(command, &self.given(command)) {
                let (items, more) = self.possible(arg);
                found.items.extend(items);
                found.more = more;
            }
        }
        if found.quote.is_some() || found.typed.starts_with(['\'', '"']) {
            found.items.clear();
        }
        found.matching()
    }

    /// Whether the words so far may be the beginning of a longer path.
    fn path_may_go_on(&self) -> bool {
        let words = self.outline.words.iter();
        let words: Vec<&str> = words.map(|word| self.text(&word.span)).collect();
        let before = words.split_last().map_or(&[][..], |(_, before)| before);
        !path::next_words(before, self.catalogue).is_empty()
    }

    fn commands(&self, words: &[&str]) -> Vec<Candidate> {
        let next = path::next_words(words, self.catalogue);
        next.into_iter()
            .map(|word| {
                let mut path = words.to_vec();
                path.push(word);
                let exact = path::find(&path, self.catalogue)
                    .filter(|(_, length)| *length == path.len())
                    .map(|(command, _)| command.summary.to_owned());
                let summary =
                    exact.unwrap_or_else(|| path::next_words(&path, self.catalogue).join(", "));
                Candidate {
                    text: word.to_owned(),
                    summary,
                }
            })
            .collect()
    }

    /// What may stand where an argument begins.
    fn arguments(&self, before: &[Word<'_>]) -> Vec<Candidate> {
        if self.outline.in_where {
            let word = |text: &str| Candidate {
                text: text.to_owned(),
                summary: String::new(),
            };
            let complete = before.last().is_some_and(|last| match &last.role {
                Role::Named { value, .. } => value.as_ref().is_some_and(|value| !value.is_empty()),
                Role::Parenthesis => self.text(&last.span) == ")",
                _ => false,
            });
            if !complete {
                let mut items = self.attributes();
                items.push(word("not"));
                return items;
            }
            let mut items = vec![word("and"), word("or")];
            items.extend(self.names(""));
            return items;
        }
        self.names("")
    }

    fn attributes(&self) -> Vec<Candidate> {
        let names = self.outline.command.map(|(command, _)| Names::of(command));
        let Some(names) = names.filter(|names| names.selects()) else {
            return Vec::new();
        };
        names.attributes.iter().map(named_attribute).collect()
    }

    /// The arguments that are not given yet, and the attributes.
    fn names(&self, dash: &str) -> Vec<Candidate> {
        let Some((command, _)) = self.outline.command else {
            return Vec::new();
        };
        let given = self.given(command);
        let args = command
            .args
            .iter()
            .filter(|arg| !takes_pairs(arg) && !given.contains(&arg.name));
        let mut items: Vec<Candidate> = args.map(|arg| named_arg(arg, dash)).collect();
        if Names::of(command).selects() {
            if dash.is_empty() {
                items.extend(self.attributes());
                items.push(Candidate {
                    text: "where=".to_owned(),
                    summary: "A condition with and, or, not and parentheses".to_owned(),
                });
            } else {
                let attributes = self.attributes().into_iter();
                items.extend(attributes.map(|item| Candidate {
                    text: format!("{dash}{}", item.text.trim_end_matches('=')),
                    ..item
                }));
            }
            let equal = if dash.is_empty() { "=" } else { "" };
            items.push(Candidate {
                text: format!("{dash}limit{equal}"),
                summary: "At most so many, in order of user id".to_owned(),
            });
        }
        items
    }

    /// The arguments that the words before the cursor give, by name or by position.
    fn given(&self, command: &'static Command) -> Vec<&'static str> {
        let (before, _) = self.split();
        let mut given: Vec<&'static str> = before
            .iter()
            .filter_map(|word| match &word.role {
                Role::Named {
                    target: Some(Target::Arg(arg)),
                    ..
                } => Some(arg.name),
                _ => None,
            })
            .collect();
        for _ in before
            .iter()
            .filter(|word| matches!(word.role, Role::Value))
        {
            let mut args = command.args.iter();
            let next = args.find(|arg| arg.positional && !arg.many && !given.contains(&arg.name));
            given.extend(next.map(|arg| arg.name));
        }
        given
    }

    /// The values that an argument can have.
    fn possible(&self, arg: &Arg) -> (Vec<Candidate>, More) {
        let names = |set: &[&str]| set.iter().map(|name| plain(name)).collect::<Vec<_>>();
        match (arg.complete, arg.kind) {
            (Complete::Commands, _) => (self.commands(&[]), More::Nothing),
            (Complete::Kind, Kind::Choice(set)) => (names(set), More::Nothing),
            (Complete::Kind, Kind::Flag | Kind::FlagOrNumber) => {
                (names(&["yes", "no"]), More::Nothing)
            }
            (Complete::Kind, Kind::InFile | Kind::OutFile) => (Vec::new(), More::Files),
            (Complete::Kind, _) => (Vec::new(), More::Nothing),
            (source, _) => (Vec::new(), More::Live(source)),
        }
    }

    /// Candidates for the last element of the value `span` within `word`.
    fn value(&self, target: Option<Target>, span: &Span, word: &Word<'_>) -> Candidates {
        let comma = word
            .tokens
            .iter()
            .rfind(|token| token.kind == TokenKind::Comma && token.span.start >= span.start);
        let start = comma.map_or(span.start, |comma| comma.span.end);
        let mut found = Candidates::nothing(self.line.len());
        found.replace.start = start;
        found.quote = open_quote(word);
        let written = self.text(&found.replace);
        let unquoted = written.trim_start_matches(['"', '\'']);
        found.typed = unquoted.to_owned();
        match target {
            Some(Target::Arg(arg)) => (found.items, found.more) = self.possible(arg),
            Some(Target::Attribute { attribute, .. }) => {
                if attribute.kind == AttributeKind::UserId
                    && let Some(file) = written.strip_prefix('@')
                {
                    found.replace.start += 1;
                    found.typed = file.to_owned();
                    found.more = More::Files;
                    return found;
                }
                (found.items, found.more) = possible_of(attribute);
            }
            _ => {}
        }
        found.matching()
    }

    fn hint(&self) -> Option<String> {
        let (before, word) = self.split();
        let blank = if word.is_some() { " " } else { "" };
        let Some((command, length)) = self.outline.command else {
            // Between the words of a path.
            let words: Vec<&str> = self
                .outline
                .words
                .iter()
                .map(|word| self.text(&word.span))
                .collect();
            let next = path::next_words(&words, self.catalogue);
            let known = !words.is_empty() && !next.is_empty();
            return known.then(|| format!("{blank}{}", next.join("|")));
        };
        match word.map(|word| &word.role) {
            Some(Role::Named {
                target,
                value: Some(value),
                ..
            }) if value.is_empty() => {
                return wanted(*target);
            }
            Some(Role::Leading) | None => {}
            // In the middle of a word a hint would push what is typed aside.
            Some(_) => return None,
        }
        if word.is_none()
            && let Some(target) = pending(before)
        {
            return wanted(Some(target));
        }
        if self.outline.words.len() < length || self.outline.in_where {
            return None;
        }
        let rest = self.still_possible(command);
        (!rest.is_empty()).then(|| format!("{blank}{}", rest.join(" ")))
    }

    /// The arguments that can still come: what is needed first, what is optional in brackets.
    fn still_possible(&self, command: &'static Command) -> Vec<String> {
        let given = self.given(command);
        let mut needed = Vec::new();
        let mut optional = Vec::new();
        for arg in command.args {
            if given.contains(&arg.name) {
                continue;
            }
            let written = if arg.positional && !takes_pairs(arg) {
                format!("<{}>", arg.name)
            } else {
                placeholder(arg)
            };
            if arg.required {
                needed.push(written);
            } else {
                optional.push(format!("[{written}]"));
            }
        }
        if Names::of(command).selects() {
            needed.push("[selection]".to_owned());
        }
        needed.append(&mut optional);
        needed
    }
}

/// The argument that a value without a name would go to.
fn free_positional(command: &'static Command, given: &[&str]) -> Option<&'static Arg> {
    let mut args = command.args.iter();
    args.find(|arg| arg.positional && !given.contains(&arg.name))
}

/// The name that waits for its value after a blank.
fn pending(before: &[Word<'_>]) -> Option<Target> {
    match &before.last()?.role {
        Role::Named {
            target: Some(target),
            value: None,
            dashed: true,
            ..
        } => match target {
            Target::Arg(arg) if matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber) => None,
            Target::Unknown | Target::Pair => None,
            target => Some(*target),
        },
        _ => None,
    }
}

fn open_quote(word: &Word<'_>) -> Option<Quote> {
    word.tokens.iter().find_map(|token| match token.kind {
        TokenKind::Bad(Bad::OpenQuote(quote)) => Some(quote),
        _ => None,
    })
}

fn plain(text: &str) -> Candidate {
    Candidate {
        text: text.to_owned(),
        summary: String::new(),
    }
}

fn named_arg(arg: &Arg, dash: &str) -> Candidate {
    let text = match arg.kind {
        Kind::Flag | Kind::FlagOrNumber => format!("-{}", arg.name),
        _ if !dash.is_empty() => format!("{dash}{}", arg.name),
        Kind::Comparison => arg.name.to_owned(),
        _ => format!("{}=", arg.name),
    };
    Candidate {
        text,
        summary: arg.summary.to_owned(),
    }
}

fn named_attribute(attribute: &Attribute) -> Candidate {
    Candidate {
        text: format!("{}=", attribute.name),
        summary: attribute.summary.to_owned(),
    }
}

fn possible_of(attribute: &Attribute) -> (Vec<Candidate>, More) {
    let items = match attribute.kind {
        AttributeKind::Names(set) | AttributeKind::NumberOr(set) => {
            set.iter().map(|name| plain(name)).collect()
        }
        _ => Vec::new(),
    };
    let more = match attribute.complete {
        Complete::Kind => More::Nothing,
        source => More::Live(source),
    };
    (items, more)
}

/// What a value looks like, for the hint behind its `=`.
fn wanted(target: Option<Target>) -> Option<String> {
    let text = match target? {
        Target::Arg(arg) => {
            let written = placeholder(arg);
            written.split_once('=')?.1.to_owned()
        }
        Target::Attribute { attribute, .. } => match attribute.kind {
            AttributeKind::Names(set) => set.join("|"),
            AttributeKind::NumberOr(set) => format!("{}|N", set.join("|")),
            AttributeKind::Number => "N".to_owned(),
            AttributeKind::When => "DATE".to_owned(),
            AttributeKind::UserId => "NAME|GROUP/NAME|@FILE".to_owned(),
            AttributeKind::Text => bare_name(attribute).to_uppercase(),
        },
        Target::Limit => "N".to_owned(),
        Target::Pair | Target::Unknown => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::testing::CATALOGUE;
    use proptest::prelude::*;

    fn found(line: &str) -> Candidates {
        let cursor = line.find('|').unwrap_or(line.len());
        at(&line.replace('|', ""), cursor, &CATALOGUE)
    }

    fn texts(line: &str) -> Vec<String> {
        found(line)
            .items
            .into_iter()
            .map(|item| item.text)
            .collect()
    }

    #[test]
    fn words_of_commands() {
        assert_eq!(texts("ex"), ["export"]);
        assert_eq!(texts("EX| group=a"), ["export"]);
        assert_eq!(texts("bundle "), ["get", "password"]);
        assert_eq!(texts("bundle p"), ["password"]);
        assert_eq!(texts("tenant "), ["user"]);
        assert_eq!(texts("user list; bund"), ["bundle"]);
        assert_eq!(texts("foreach g in (us"), ["user"]);
        assert_eq!(texts("foreach g in (user list) { ex"), ["export"]);
        assert!(texts("xyz ").is_empty());
        assert_eq!(found("bundle g").replace, 7..8);
        let export = &found("export").items;
        assert_eq!(export[0].summary, "Write users to a bundle");
        assert_eq!(found("tenan").items[0].summary, "user");
    }

    #[test]
    fn names_of_arguments_and_attributes() {
        assert_eq!(texts("user list gr"), ["group="]);
        assert_eq!(texts("export fi"), ["file="]);
        assert_eq!(texts("export file=a fi"), [""; 0]);
        assert_eq!(texts("export -ov"), ["-overwrite"]);
        assert_eq!(texts("export -gr"), ["-group"]);
        assert_eq!(texts("export over"), ["-overwrite"]);
        assert_eq!(texts("bundle get 3 "), ["format="]);
        assert!(texts("user list ").contains(&"where=".to_owned()));
        assert!(
            texts("export ").contains(&"password".to_owned()),
            "export password"
        );
        assert_eq!(texts("user list where=(gro"), ["group="]);
        assert_eq!(texts("user list where=(group=a) an"), ["and"]);
    }

    #[test]
    fn values() {
        assert_eq!(texts("user list format="), ["table", "json", "csv"]);
        assert_eq!(texts("user list format=js"), ["json"]);
        assert_eq!(texts("user list -format js"), ["json"]);
        assert_eq!(texts("user list state=active,sus"), ["suspended"]);
        assert_eq!(found("user list state=active,sus").replace, 23..26);
        assert_eq!(
            found("user list group=sa").more,
            More::Live(Complete::Groups)
        );
        assert_eq!(found("user list group=sa").typed, "sa");
        assert_eq!(found("user list group=\"two w").typed, "two w");
        assert_eq!(found("user list group=\"two w").quote, Some(Quote::Double));
        assert_eq!(found("export file=").more, More::Files);
        assert_eq!(found("run ni").more, More::Files);
        assert_eq!(found("user list userid=@na").more, More::Files);
        assert_eq!(found("user list userid=@na").replace, 18..20);
        assert_eq!(found("login ").more, More::Live(Complete::Masters));
        assert_eq!(found("user list # gr"), Candidates::nothing(14));
    }

    #[test]
    fn values_are_put_in_quoted_where_they_must_be() {
        let plain = found("user list group=s");
        assert_eq!(plain.insertion("sales"), "sales");
        assert_eq!(plain.insertion("two words"), "\"two words\"");
        assert_eq!(plain.insertion("a*"), "\"a*\"");
        let single = found("user list group='s");
        assert_eq!(single.insertion("sales"), "'sales'");
        assert_eq!(single.insertion("it's"), "\"it's\"");
    }

    #[test]
    fn hints_show_what_is_still_possible() {
        let hint = |line: &str| hint(line, &CATALOGUE);
        assert_eq!(
            hint("export ").unwrap(),
            "file=FILE [selection] [-overwrite] [-yes[=N]] [format=table|json|csv]"
        );
        assert_eq!(
            hint("export file=a ").unwrap(),
            "[selection] [-overwrite] [-yes[=N]] [format=table|json|csv]"
        );
        assert_eq!(hint("bundle").unwrap(), " get|password");
        assert_eq!(
            hint("bundle get ").unwrap(),
            "<bundle> [format=table|json|csv]"
        );
        assert_eq!(hint("bundle get 3 ").unwrap(), "[format=table|json|csv]");
        assert_eq!(hint("bundle get 3 format=").unwrap(), "table|json|csv");
        assert_eq!(hint("export -file ").unwrap(), "FILE");
        assert_eq!(
            hint("user list state=").unwrap().split('|').next(),
            Some("active")
        );
        assert_eq!(hint("export fi"), None);
        assert_eq!(hint(""), None);
        assert_eq!(hint("xyz "), None);
        assert_eq!(hint("tenant user list "), None);
        assert_eq!(hint("user list where=(group=a "), None);
    }

    proptest! {
        #[test]
        fn any_line_has_candidates_within_it(line in "[ ;#'\"$\\\\{}()=!<>,a-c]*|((foreach|in|where=|and|or|not|user|list|export|group=a|-pin|-file|[(){};, ]) ?)*", cursor in 0_usize..40) {
            let found = at(&line, cursor, &CATALOGUE);
            prop_assert!(line.get(found.replace.clone()).is_some());
            prop_assert!(found.replace.end <= line.len());
            let _ = hint(&line, &CATALOGUE);
        }
    }
}
