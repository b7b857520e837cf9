//! Which command a line names: the longest path of the catalogue that its words begin with.

use crate::lang::ast::{Command as Line, Item};
use crate::lang::code;
use crate::lang::diagnostic::{Diagnostic, quoted};
use crate::lang::spec::{Catalogue, Command, fold_name, is_called};
use crate::lang::suggest::{did_you_mean, similar};

/// The command, and how many of `words` name it.
pub(crate) fn find(words: &[&str], catalogue: &Catalogue) -> Option<(&'static Command, usize)> {
    let folded: Vec<String> = words.iter().map(|word| fold_name(word)).collect();
    let mut found: Option<(&'static Command, usize)> = None;
    for command in catalogue.commands {
        for path in paths(command) {
            if let Some(length) = begins(path, &folded)
                && found.is_none_or(|(_, longest)| length > longest)
            {
                found = Some((command, length));
            }
        }
    }
    found
}

/// How many words `path` has, if the words are those and maybe more.
fn begins(path: &str, folded: &[String]) -> Option<usize> {
    let (first, others) = folded.split_first()?;
    // Nearly every path fails at its first letter, and is not taken apart.
    if path.as_bytes().first() != first.as_bytes().first() {
        return None;
    }
    let mut names = path.split(' ');
    let mut length = 0;
    for word in std::iter::once(first).chain(others) {
        match names.next() {
            Some(name) if is_called(name, word) => length += 1,
            Some(_) => return None,
            None => break,
        }
    }
    names.next().is_none().then_some(length)
}

/// The path of a command and its synonyms.
pub(crate) fn paths(command: &'static Command) -> impl Iterator<Item = &'static str> {
    std::iter::once(command.path).chain(command.synonyms.iter().copied())
}

/// The words that may follow `words` on the way to a command, in the order of the catalogue.
pub(crate) fn next_words(words: &[&str], catalogue: &Catalogue) -> Vec<&'static str> {
    let folded: Vec<String> = words.iter().map(|word| fold_name(word)).collect();
    let mut next = Vec::new();
    for path in catalogue.commands.iter().flat_map(|command| paths(command)) {
        let mut names = path.split(' ');
        let begins = folded
            .iter()
            .all(|word| names.next().is_some_and(|name| is_called(name, word)));
        if let (true, Some(name)) = (begins, names.next())
            && !next.contains(&name)
        {
            next.push(name);
        }
    }
    next
}

/// The words at the start of a line that may name a command.
pub(super) fn leading_words(line: &Line) -> Vec<&str> {
    let items = line.items.iter();
    items
        .map_while(|item| match item {
            Item::Value(value) => value.bare(),
            _ => None,
        })
        .collect()
}

/// Why `line` names no command.
pub(super) fn unknown(line: &Line, words: &[&str], catalogue: &Catalogue) -> Diagnostic {
    let span_of = |count: usize| {
        let items = line.items.get(..count.max(1)).unwrap_or(&line.items);
        let end = items.last().map_or(line.span.end, |item| item.span().end);
        line.span.start..end
    };
    let Some(first) = words.first() else {
        return Diagnostic::new(
            code::UNKNOWN_COMMAND,
            "a line begins with a command",
            span_of(1),
            "",
        )
        .help("'help' lists the commands");
    };
    let known = (1..=words.len())
        .take_while(|count| {
            let begun = words.get(..*count).unwrap_or_default();
            !next_words(begun, catalogue).is_empty()
        })
        .last();
    let Some(known) = known else {
        let commands = catalogue.commands.iter();
        let mut all: Vec<&str> = commands.flat_map(|command| paths(command)).collect();
        all.extend(next_words(&[], catalogue));
        let mut near: Vec<&str> = Vec::new();
        // `user-lsit` and `user lsit` are meant before anything that one word resembles.
        let two = words.get(..2).map(|two| two.join(" "));
        for wanted in two.as_deref().into_iter().chain([*first]) {
            for name in similar(wanted, all.iter().copied()) {
                if near.len() < 3 && !near.contains(&name) {
                    near.push(name);
                }
            }
        }
        return Diagnostic::new(
            code::UNKNOWN_COMMAND,
            format!("unknown command {}", quoted(first)),
            span_of(1),
            "not a command",
        )
        .helps(did_you_mean(&near))
        .help("'help' lists the commands");
    };
    let begun = words.get(..known).unwrap_or_default();
    let verbs = next_words(begun, catalogue);
    let noun = begun.join(" ");
    let Some(verb) = words.get(known) else {
        let end = span_of(known).end;
        return Diagnostic::new(
            code::INCOMPLETE,
            format!("'{noun}' needs another word"),
            end..end,
            "here",
        )
        .expected(verbs);
    };
    let near = similar(verb, verbs.iter().copied());
    let place = line
        .items
        .get(known)
        .map_or(span_of(known), |item| item.span().clone());
    Diagnostic::new(
        code::INCOMPLETE,
        format!("there is no command {}", quoted(&format!("{noun} {verb}"))),
        place,
        "",
    )
    .expected(verbs)
    .helps(did_you_mean(&near))
}
