//! What `help` says, and the manual of the commands: all of it from the catalogue and the tables of the language.
//!
//! Pure functions from descriptions to text of 80 columns; who shows it decides about pager and colours.

mod layout;
pub mod man;
mod topics;

pub use man::commands_7;
pub use topics::{language, phases, selection};

use self::layout::{paragraph_text, table, wrap};
use super::binder::path;
use super::code::{self, ErrorCode};
use super::complete::{Question, question};
use super::spec::{Arg, Catalogue, Command, Effect, Kind, Selects, fold_name};
use super::suggest::{did_you_mean, similar};

/// The topics beside commands and error codes.
pub(super) const TOPICS: [(&str, &str); 4] = [
    (
        "selection",
        "How users are chosen: attributes, lists, wildcards, where=",
    ),
    (
        "language",
        "How a line is written: words, quotes, variables, loops",
    ),
    (
        "phases",
        "A migration step by step: who stands where, and what moves them",
    ),
    (
        "environment",
        "The variables of the environment and the files that igsh reads",
    ),
];

/// No command, topic or code has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no help on '{asked}'")]
pub struct NoHelp {
    /// What was asked, as one line.
    pub asked: String,
    /// `did you mean 'a' or 'b'?`
    pub near: Option<String>,
}

impl NoHelp {
    /// The near names, before the general advice.
    pub fn hint(&self, or: &str) -> String {
        match &self.near {
            Some(near) => format!("{near} {or}"),
            None => or.to_owned(),
        }
    }
}

/// The answer to `help` with these words: the overview, a command, the commands of a noun, a topic or an error code.
///
/// # Errors
/// [`NoHelp`] with what is near, when nothing is called so.
pub fn answer(words: &[impl AsRef<str>], catalogue: &Catalogue) -> Result<String, NoHelp> {
    let words: Vec<&str> = words
        .iter()
        .flat_map(|word| word.as_ref().split(' '))
        .collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let Some(first) = words.first() else {
        return Ok(overview(catalogue));
    };
    if let Some((spec, length)) = path::find(&words, catalogue)
        && length == words.len()
    {
        return Ok(command(spec));
    }
    if let [word] = words.as_slice() {
        if let Some(code) = code::find(word) {
            return Ok(error_code(code));
        }
        match fold_name(word).as_str() {
            "command" | "commands" => return Ok(listing(catalogue.commands)),
            "selection" | "selections" => return Ok(selection()),
            "language" => return Ok(language()),
            "phase" | "phases" => return Ok(phases()),
            "environment" | "files" => return Ok(topics::environment()),
            _ => {}
        }
    }
    let below = commands_below(&words, catalogue);
    if !below.is_empty() {
        return Ok(listing(&below));
    }
    let paths = catalogue
        .commands
        .iter()
        .flat_map(|command| path::paths(command));
    let nouns = path::next_words(&[], catalogue).into_iter();
    let codes = code::ALL.iter().map(|code| code.code);
    let topics = TOPICS.iter().map(|(name, _)| *name).chain(["commands"]);
    let all: Vec<&str> = paths.chain(nouns).chain(topics).chain(codes).collect();
    let asked = words.join(" ");
    let mut near = similar(&asked, all.iter().copied());
    if near.is_empty() {
        near = similar(first, all);
    }
    Err(NoHelp {
        asked,
        near: did_you_mean(&near),
    })
}

/// The answer to a line that ends with a `?` of its own: what could stand there. `None` for every other line.
pub fn asked(line: &str, catalogue: &Catalogue) -> Option<Result<String, NoHelp>> {
    Some(match question(line, catalogue)? {
        Question::Commands => Ok(overview(catalogue)),
        Question::Unknown(words) => answer(&[words], catalogue),
        Question::Here { title, rows, more } => {
            let mut out = wrap(&title, 0, 0);
            if !rows.is_empty() {
                for line in table(&rows).lines() {
                    out.push_str(line.trim_end());
                    out.push('\n');
                }
            }
            out.extend(more.map(|more| wrap(&more, 0, 0)));
            Ok(out)
        }
    })
}

/// What fits one screen: the commands of one word with their summaries, those of a noun in one line, and what else can
/// be asked.
pub fn overview(catalogue: &Catalogue) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    for command in catalogue.commands {
        let Some((noun, verb)) = command.path.split_once(' ') else {
            rows.push((command.path.to_owned(), command.summary.to_owned()));
            continue;
        };
        // Of `tenant job list` and its like the second word is enough.
        let verb = match verb.split_once(' ') {
            Some((word, _)) => format!("{word} …"),
            None => verb.to_owned(),
        };
        match rows.iter_mut().find(|row| row.0 == noun) {
            Some((_, verbs)) if verbs.split(", ").any(|known| known == verb) => {}
            Some((_, verbs)) => verbs.push_str(&format!(", {verb}")),
            None => rows.push((noun.to_owned(), verb)),
        }
    }
    let mut out = table(&rows);
    out.push('\n');
    let topics = TOPICS.map(|(name, summary)| (format!("help {name}"), summary.to_owned()));
    let mut rows = vec![
        (
            "help <command>".to_owned(),
            "What a command does, its arguments and examples".to_owned(),
        ),
        (
            "help user".to_owned(),
            "The commands of a noun, a line each; 'help commands' all of them".to_owned(),
        ),
        (
            "<begun line> ?".to_owned(),
            "At the prompt: what could stand there; TAB completes it".to_owned(),
        ),
    ];
    rows.extend(topics);
    rows.push((
        "help E0101".to_owned(),
        "What an error means and how to mend it".to_owned(),
    ));
    out.push_str(&table(&rows));
    out
}

/// Paths and summaries; a blank line where the first word changes to or from one that several commands share.
fn listing(commands: &[&'static Command]) -> String {
    let noun = |command: &Command| {
        command
            .path
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let shared = |name: &str| commands.iter().filter(|other| noun(other) == name).count() > 1;
    let rows: Vec<_> = commands
        .iter()
        .map(|command| (command.path.to_owned(), command.summary.to_owned()))
        .collect();
    let table = table(&rows);
    let mut out = String::new();
    let mut before: Option<String> = None;
    let mut lines = table.lines().peekable();
    for command in commands {
        let name = noun(command);
        if let Some(before) = before.filter(|before| *before != name)
            && (shared(&before) || shared(&name))
        {
            out.push('\n');
        }
        // The command's own line, and the lines that its summary runs over to.
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            if lines.peek().is_none_or(|next| !next.starts_with("   ")) {
                break;
            }
        }
        before = Some(name);
    }
    out
}

/// The commands whose path begins with these words.
fn commands_below(words: &[&str], catalogue: &Catalogue) -> Vec<&'static Command> {
    let begins = |path: &str| {
        let mut names = path.split(' ');
        words.iter().all(|word| {
            names
                .next()
                .is_some_and(|name| fold_name(name) == fold_name(word))
        })
    };
    let commands = catalogue.commands.iter().copied();
    commands
        .filter(|command| path::paths(command).any(begins))
        .collect()
}

/// One command: usage, what it does and needs, arguments, examples.
pub fn command(spec: &Command) -> String {
    let mut out = format!("{} - {}\n\n", spec.path, spec.summary);
    out.push_str(&wrap(&format!("Usage: {}", usage(spec)), 0, 7));
    for synonym in spec.synonyms {
        out.push_str(&format!("Also:  {synonym}\n"));
    }
    out.push_str(&format!("\n{}\n", needs(spec)));
    for paragraph in spec
        .details
        .split("\n\n")
        .filter(|text| !text.trim().is_empty())
    {
        out.push('\n');
        out.push_str(&paragraph_text(paragraph));
    }
    if !spec.args.is_empty() {
        out.push_str("\nArguments:\n");
        let rows: Vec<_> = spec
            .args
            .iter()
            .map(|arg| (written(arg), described(arg)))
            .collect();
        out.push_str(&table(&rows));
    }
    if let Some(text) = selects(spec.selects) {
        out.push_str(&format!("\nSelection:\n{}", wrap(text, 2, 2)));
    }
    if !spec.examples.is_empty() {
        out.push_str("\nExamples:\n");
        for example in spec.examples {
            out.push_str(&format!("  {}\n", example.line));
            out.push_str(&wrap(example.what, 6, 6));
        }
    }
    out
}

/// The command's path and everything that it takes, on one line.
pub fn usage(spec: &Command) -> String {
    let mut parts = vec![spec.path.to_owned()];
    let mut optional = Vec::new();
    for arg in spec.args {
        match (arg.required, written(arg)) {
            (true, written) => parts.push(written),
            (false, written) => optional.push(format!("[{written}]")),
        }
    }
    if spec.selects != Selects::Nothing {
        parts.push("[selection]".to_owned());
    }
    parts.append(&mut optional);
    parts.join(" ")
}

/// An argument as the usage line has it: positional ones without their name.
pub(super) fn written(arg: &Arg) -> String {
    match (arg.positional, arg.kind) {
        (true, Kind::Settings | Kind::Variables) | (false, _) => placeholder(arg),
        (true, Kind::Choice(set)) => set.join("|"),
        (true, _) if arg.many => format!("<{}> …", arg.name),
        (true, _) => format!("<{}>", arg.name),
    }
}

/// How an argument is written with its name: `file=FILE`, `-overwrite`, `-yes[=N]`.
pub fn placeholder(arg: &Arg) -> String {
    let name = arg.name;
    match arg.kind {
        Kind::Flag => format!("-{name}"),
        Kind::FlagOrNumber => format!("-{name}[=N]"),
        Kind::Text if arg.many => format!("{name}=TEXT,…"),
        Kind::Text | Kind::Pattern => format!("{name}=TEXT"),
        Kind::Number(..) => format!("{name}=N"),
        Kind::Choice(set) => format!("{name}={}", set.join("|")),
        Kind::InFile | Kind::OutFile => format!("{name}=FILE"),
        Kind::When => format!("{name}=DATE"),
        Kind::Settings | Kind::Variables => "name=value …".to_owned(),
        Kind::Comparison => format!("{name}>N"),
    }
}

/// The summary of an argument with its bounds, default and whether it is needed or secret.
pub(super) fn described(arg: &Arg) -> String {
    let mut remarks = Vec::new();
    if arg.required {
        remarks.push("required".to_owned());
    }
    if let Some(other) = arg.unless {
        remarks.push(format!("or {other}="));
    }
    match arg.kind {
        Kind::Number(min, max) if max < i64::MAX => remarks.push(format!("{min} to {max}")),
        Kind::Number(min, _) if min > i64::MIN => remarks.push(format!("from {min}")),
        _ => {}
    }
    if arg.positional && !matches!(arg.kind, Kind::Settings | Kind::Variables) {
        remarks.push(format!("also {}", placeholder(arg)));
    }
    if let Some(default) = arg.default {
        remarks.push(format!("default: {default}"));
    }
    if arg.secret {
        remarks.push("secret, never kept".to_owned());
    }
    if remarks.is_empty() {
        arg.summary.to_owned()
    } else {
        format!("{} ({})", arg.summary, remarks.join(", "))
    }
}

/// What the command needs and does, as sentences.
fn needs(spec: &Command) -> String {
    let session = if spec.session {
        "Needs a master session."
    } else {
        "Works without a login."
    };
    let effect = match spec.effect {
        Effect::Read => "Changes nothing.",
        Effect::Write => "Changes the vault or a file.",
        Effect::Reveal => "Lets a secret leave the vault in clear.",
        Effect::Destroy => "Removes what cannot be brought back.",
    };
    format!("{session} {effect}")
}

fn selects(selects: Selects) -> Option<&'static str> {
    match selects {
        Selects::Nothing => None,
        Selects::Users => Some(
            "Users, by their attributes: group=sales userid=a* … limit=N. Without any, all of them. See 'help \
             selection'.",
        ),
        Selects::Tokens => Some(
            "Tokens, by their own attributes (vendor=HID state=current) and those of their users (group=sales). See \
             'help selection'.",
        ),
        Selects::Cards => Some(
            "Cards, by their own attributes (state=current) and those of their users (group=sales). See 'help \
             selection'.",
        ),
    }
}

/// An error code: what it means and, where there are any, a wrong line and the right one.
pub fn error_code(code: &ErrorCode) -> String {
    let mut out = format!(
        "{}: {}\n\n{}",
        code.code,
        code.title,
        paragraph_text(code.explanation)
    );
    if !code.wrong.is_empty() {
        let wrong: String = code.wrong.chars().map(visible).collect();
        out.push_str(&format!("\nWrong:  {wrong}\nRight:  {}\n", code.right));
    }
    out
}

/// A control character as its picture.
fn visible(c: char) -> char {
    if c.is_ascii_control() {
        char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::layout::WIDTH;
    use super::*;
    use crate::lang::testing::CATALOGUE;

    fn help(words: &[&str]) -> String {
        answer(words, &CATALOGUE).unwrap()
    }

    #[test]
    fn pages() {
        insta::assert_snapshot!("overview", help(&[]));
        insta::assert_snapshot!("command", help(&["authexport"]));
        insta::assert_snapshot!("noun", help(&["bundle"]));
        insta::assert_snapshot!("code", help(&["e0101"]));
        insta::assert_snapshot!("selection", help(&["selection"]));
        insta::assert_snapshot!("language", help(&["language"]));
        insta::assert_snapshot!("phases", help(&["phases"]));
        insta::assert_snapshot!("run", help(&["run"]));
    }

    #[test]
    fn every_page_fits_its_width() {
        let mut pages = vec![overview(&CATALOGUE), selection(), language()];
        pages.extend(CATALOGUE.commands.iter().map(|spec| command(spec)));
        pages.extend(code::ALL.iter().map(error_code));
        for page in pages {
            for line in page.lines() {
                let example = line.starts_with("Wrong:") || line.starts_with("Right:");
                assert!(example || line.chars().count() <= WIDTH, "{line}");
                assert!(
                    !line.ends_with(' ') && !line.chars().any(char::is_control),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn words_of_a_path_may_come_together_or_apart() {
        assert_eq!(help(&["bundle", "get"]), help(&["bundle get"]));
        assert_eq!(help(&["Export"]), help(&["export"]));
    }

    #[test]
    fn what_nothing_answers_says_what_is_near() {
        let asked = |words: &[&str]| {
            let missing = answer(words, &CATALOGUE).unwrap_err();
            format!("{missing}: {}", missing.hint("or not"))
        };
        assert_eq!(
            asked(&["exprot"]),
            "there is no help on 'exprot': did you mean 'export'? or not"
        );
        assert_eq!(
            asked(&["bundle", "gte"]),
            "there is no help on 'bundle gte': did you mean 'bundle get'? or not"
        );
        assert_eq!(asked(&["quux"]), "there is no help on 'quux': or not");
    }
}
