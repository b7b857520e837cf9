//! The cursor's place in a command, and what may stand there.

use super::value::{candidate, of_arg, of_attribute, of_help};
use super::{Candidate, Candidates, More};
use crate::lang::Span;
use crate::lang::binder::path;
use crate::lang::lexer::{Token, TokenKind};
use crate::lang::names::{ENTITIES, Names, Target, bare_name, takes_pairs};
use crate::lang::outline::{Outline, Role, Word};
use crate::lang::selection::{Attribute, Entity};
use crate::lang::spec::{Arg, Catalogue, Command, Complete, Kind, fold_name};

/// The end of a text, and the command around it.
pub(in crate::lang) struct Place<'a, 't> {
    pub(in crate::lang) line: &'a str,
    pub(in crate::lang) outline: &'a Outline<'t>,
    pub(in crate::lang) catalogue: &'a Catalogue,
    /// Arguments that stand behind the cursor.
    pub(in crate::lang) after: Vec<&'static str>,
}

/// Where in a condition the cursor is.
struct Condition {
    depth: usize,
    /// The one around it, as in `token(…)`.
    entity: Option<Entity>,
    /// Whether what stands before is a condition, so that it may be joined to another.
    complete: bool,
}

impl<'t> Place<'_, 't> {
    pub(super) fn text(&self, span: &Span) -> &str {
        self.line.get(span.clone()).unwrap_or_default()
    }

    /// The word that the cursor touches, and the ones before it.
    pub(super) fn split(&self) -> (&[Word<'t>], Option<&Word<'t>>) {
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

    pub(super) fn candidates(&self) -> Candidates {
        let (before, word) = self.split();
        let end = self.line.len();
        match word.map(|word| (&word.role, word)) {
            Some((
                Role::Named {
                    target,
                    name,
                    value: Some(value),
                    ..
                },
                word,
            )) => self.value(*target, name, value, word.tokens),
            Some((Role::ValueOf(target, value), word)) => {
                self.value(*target, &(end..end), value, word.tokens)
            }
            Some((Role::Named { dashed: true, .. }, word)) => self.dashed(word),
            Some((Role::Keyword, _)) => Candidates::nothing(end),
            None if let Some(target) = pending(before) => {
                self.value(Some(target), &(end..end), &(end..end), &[])
            }
            _ => self.begun(before, word),
        }
    }

    /// Candidates for a name after a `-`.
    fn dashed(&self, word: &Word<'_>) -> Candidates {
        let mut found = Candidates::nothing(self.line.len());
        let written = self.text(&word.span);
        found.replace = word.span.clone();
        found.typed = written.trim_start_matches('-').to_owned();
        found.items = self.names("-");
        let mut found = found.matching();
        found.typed = written.to_owned();
        found
    }

    /// Candidates where a word begins: of the command's path, a name, or a value without one.
    fn begun(&self, before: &[Word<'_>], word: Option<&Word<'_>>) -> Candidates {
        let mut found = Candidates::nothing(self.line.len());
        let mut is_quoted = false;
        if let Some(word) = word {
            found.replace = word.span.clone();
            is_quoted = self.text(&word.span).contains(['\'', '"']);
            if !found.take_typed(self.line, word.tokens) {
                return found;
            }
        }
        let leading = |word: &Word<'_>| matches!(word.role, Role::Leading);
        if before.iter().all(leading)
            && word.is_none_or(|word| leading(word) || self.path_may_go_on())
        {
            let words: Vec<&str> = before.iter().map(|word| self.text(&word.span)).collect();
            found.items = self.commands(&words);
            if words.is_empty() {
                found.items.push(candidate(
                    "foreach",
                    "Run commands for every row of a list: foreach x in (…) { … }",
                ));
            }
        }
        if let [first, _] = before
            && matches!(first.role, Role::Keyword)
        {
            found
                .items
                .push(candidate("in", "The list that the loop runs over: in (…)"));
        }
        if let Some((command, length)) = self.outline.command
            && before.len() >= length
        {
            self.arguments(command, before, &mut found);
        }
        if is_quoted {
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

    /// The words that may follow these on the way to a command.
    pub(super) fn commands(&self, words: &[&str]) -> Vec<Candidate> {
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
    fn arguments(&self, command: &'static Command, before: &[Word<'_>], found: &mut Candidates) {
        if self.outline.in_where {
            let condition = self.condition(before);
            found.items.extend(self.in_condition(&condition));
            if condition.depth > 0 || !condition.complete {
                return;
            }
        }
        found.items.extend(self.names(""));
        if let Some(pairs) = command.args.iter().find(|arg| takes_pairs(arg))
            && pairs.complete != Complete::Kind
        {
            found.more = More::Names(pairs.complete);
        }
        if let Some(arg) = free_positional(command, &self.given(command)) {
            let (items, more) = self.possible(arg, &found.typed);
            found.items.extend(items);
            if more != More::Nothing {
                found.more = more;
            }
        }
    }

    fn condition(&self, before: &[Word<'_>]) -> Condition {
        let mut open = Vec::new();
        let mut entity = None;
        for word in before {
            match &word.role {
                Role::Entity => {
                    let written = fold_name(self.text(&word.span));
                    let known = ENTITIES.iter().find(|(name, _)| *name == written);
                    entity = known.map(|(_, entity)| *entity);
                }
                Role::Parenthesis if self.text(&word.span) == "(" => open.push(entity.take()),
                Role::Parenthesis => {
                    open.pop();
                }
                _ => {}
            }
        }
        let complete = before.last().is_some_and(|last| match &last.role {
            Role::Named { value, .. } => value.as_ref().is_some_and(|value| !value.is_empty()),
            Role::ValueOf(..) => true,
            Role::Parenthesis => self.text(&last.span) == ")",
            _ => false,
        });
        Condition {
            depth: open.len(),
            entity: open.into_iter().flatten().next_back(),
            complete,
        }
    }

    /// What may stand within a condition.
    fn in_condition(&self, condition: &Condition) -> Vec<Candidate> {
        if condition.complete {
            let mut items = vec![
                candidate("and", "Both must hold"),
                candidate("or", "One must hold"),
            ];
            if condition.depth > 0 {
                items.push(candidate(")", ""));
            }
            return items;
        }
        let mut items: Vec<Candidate> = match condition.entity {
            Some(entity) => {
                let own = self.attributes().filter(|one| one.entity == entity);
                own.map(|one| named(bare_name(one), one)).collect()
            }
            None => {
                let all = self.attributes().map(|one| named(one.name, one));
                let entities = ENTITIES.iter().map(|(name, _)| Candidate {
                    text: format!("{name}("),
                    summary: format!("One and the same {name} meets all of it"),
                });
                all.chain(entities).collect()
            }
        };
        items.push(candidate("not", "It must not hold"));
        items
    }

    fn attributes(&self) -> impl Iterator<Item = &'static Attribute> + use<> {
        let names = self.outline.command.map(|(command, _)| Names::of(command));
        let names = names.filter(|names| names.selects());
        names.into_iter().flat_map(|names| names.attributes.iter())
    }

    /// The arguments that are not given yet, and the attributes.
    fn names(&self, dash: &str) -> Vec<Candidate> {
        let Some((command, _)) = self.outline.command else {
            return Vec::new();
        };
        let mut items: Vec<Candidate> =
            self.free(command).map(|arg| named_arg(arg, dash)).collect();
        if Names::of(command).selects() {
            if dash.is_empty() {
                items.extend(self.attributes().map(|one| named(one.name, one)));
                items.push(candidate(
                    "where=",
                    "A condition with and, or, not and parentheses",
                ));
            } else {
                items.extend(self.attributes().map(|one| Candidate {
                    text: format!("{dash}{}", one.name),
                    summary: one.summary.to_owned(),
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

    /// The named arguments that neither side of the cursor gives.
    pub(super) fn free(
        &self,
        command: &'static Command,
    ) -> impl Iterator<Item = &'static Arg> + use<> {
        let given = self.given(command);
        let args = command.args.iter();
        args.filter(move |arg| !takes_pairs(arg) && !given.contains(&arg.name))
    }

    /// The arguments that the words around the cursor give, by name or by position.
    pub(super) fn given(&self, command: &'static Command) -> Vec<&'static str> {
        let (before, _) = self.split();
        let mut given = self.after.clone();
        given.extend(before.iter().filter_map(|word| match &word.role {
            Role::Named {
                target: Some(Target::Arg(arg)),
                ..
            } => Some(arg.name),
            _ => None,
        }));
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
    pub(super) fn possible(&self, arg: &'static Arg, typed: &str) -> (Vec<Candidate>, More) {
        if arg.complete != Complete::Commands {
            return of_arg(arg);
        }
        let (before, _) = self.split();
        let words = before
            .iter()
            .filter(|word| matches!(word.role, Role::Value));
        let words: Vec<&str> = words.map(|word| self.text(&word.span)).collect();
        let mut items = self.commands(&words);
        if !words.is_empty() {
            return (items, More::Nothing);
        }
        items.extend(of_help(typed));
        (items, More::Live(arg.complete))
    }

    /// Candidates for the last element of the value `span`, which tokens around it hold.
    fn value(
        &self,
        target: Option<Target>,
        name: &Span,
        span: &Span,
        tokens: &[Token],
    ) -> Candidates {
        let value = tokens.partition_point(|token| token.span.start < span.start);
        let value = tokens.get(value..).unwrap_or_default();
        let comma = value
            .iter()
            .rposition(|token| token.kind == TokenKind::Comma);
        let element = value
            .get(comma.map_or(0, |at| at + 1)..)
            .unwrap_or_default();
        let mut found = Candidates::nothing(self.line.len());
        if let Some(first) = element.first() {
            found.replace.start = first.span.start;
        }
        if !found.take_typed(self.line, element) {
            return found;
        }
        match target {
            Some(Target::Arg(arg)) => (found.items, found.more) = self.possible(arg, &found.typed),
            Some(Target::Attribute { attribute, .. }) => {
                let written = self.text(&found.replace);
                if attribute.takes_lists()
                    && let Some(file) = written.strip_prefix('@')
                {
                    found.replace.start += 1;
                    found.typed = file.to_owned();
                    found.more = More::Files("");
                    return found;
                }
                (found.items, found.more) = of_attribute(attribute);
            }
            Some(Target::Pair) => {
                let mut args = self
                    .outline
                    .command
                    .into_iter()
                    .flat_map(|(command, _)| command.args.iter());
                let source = args.find(|arg| takes_pairs(arg)).map(|arg| arg.complete);
                if let Some(source) = source.filter(|source| *source != Complete::Kind) {
                    found.more = More::Values(source, self.text(name).to_owned());
                }
            }
            _ => {}
        }
        found.matching()
    }
}

/// The argument that a value without a name would go to.
pub(super) fn free_positional(command: &'static Command, given: &[&str]) -> Option<&'static Arg> {
    let mut args = command.args.iter();
    args.find(|arg| arg.positional && !takes_pairs(arg) && !given.contains(&arg.name))
}

/// The name that waits for its value after a blank.
pub(super) fn pending(before: &[Word<'_>]) -> Option<Target> {
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

fn named_arg(arg: &Arg, dash: &str) -> Candidate {
    let text = match arg.kind {
        Kind::Flag | Kind::FlagOrNumber => format!("-{}", arg.name),
        _ if !dash.is_empty() => format!("{dash}{}", arg.name),
        Kind::Comparison => arg.name.to_owned(),
        _ => format!("{}=", arg.name),
    };
    candidate(&text, arg.summary)
}

fn named(name: &str, attribute: &Attribute) -> Candidate {
    Candidate {
        text: format!("{name}="),
        summary: attribute.summary.to_owned(),
    }
}
