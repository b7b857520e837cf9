//! The grey hint behind the cursor: the words, arguments or value that may still follow.

use super::ends_in_comment;
use super::place::{Place, pending};
use crate::lang::binder::path;
use crate::lang::help::placeholder;
use crate::lang::lexer::lex;
use crate::lang::names::{Names, Target, bare_name, takes_pairs};
use crate::lang::outline::{Role, outline};
use crate::lang::selection::AttributeKind;
use crate::lang::spec::{Catalogue, Command};

/// What may still follow at the end of `line`, to be shown in grey behind the cursor.
pub fn hint(line: &str, catalogue: &Catalogue) -> Option<String> {
    let tokens = lex(line);
    let outlines = outline(line, &tokens, catalogue);
    let outline = outlines.last().filter(|_| !ends_in_comment(&tokens))?;
    let place = Place {
        line,
        outline,
        catalogue,
        after: Vec::new(),
    };
    place.hint()
}

impl Place<'_, '_> {
    fn hint(&self) -> Option<String> {
        let (before, word) = self.split();
        let blank = if word.is_some() { " " } else { "" };
        let Some((command, length)) = self.outline.command else {
            if let [only] = self.outline.words.as_slice()
                && matches!(only.role, Role::Keyword)
            {
                return Some(format!("{blank}NAME in (COMMAND) {{ … }}"));
            }
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
    pub(super) fn still_possible(&self, command: &'static Command) -> Vec<String> {
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

/// What a value looks like, for the hint behind its `=`.
pub(super) fn wanted(target: Option<Target>) -> Option<String> {
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
