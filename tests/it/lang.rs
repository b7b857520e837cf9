//! The language against its normative grammar and its corpora.

mod derive;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use igsh::lang::diagnostic::{Diagnostic, Source, render, report};
use igsh::lang::spec::{Command, Kind, Selects, fold_name};
use igsh::lang::value::Variables;
use igsh::lang::{grammar, selection};
use igsh::shell::{Text, catalogue, check};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("grammar")
        .join(name)
}

/// The scripts of a corpus, by name.
fn scripts(corpus: &str) -> BTreeMap<String, (PathBuf, String)> {
    let entries = fs::read_dir(folder(corpus))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "igsh")
        })
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, (path, text))
        })
        .collect()
}

#[test]
fn sentences_of_the_grammar_parse() {
    let text = fs::read_to_string(folder("igsh.abnf")).unwrap();
    let grammar = derive::Grammar::read(&text);
    assert_eq!(grammar.unused("script"), Vec::<String>::new());
    let mut lengths = 0;
    for seed in 0..2_000 {
        for start in ["script", "command", "or-expr"] {
            let sentence = grammar.sentence(start, seed);
            let script = match start {
                "or-expr" => format!("x where={sentence}"),
                _ => sentence,
            };
            lengths += script.len();
            if let Err(failed) = grammar::parse(&script) {
                let source = Source {
                    name: Some(start),
                    text: &script,
                    secrets: &[],
                };
                let told: Vec<_> = failed
                    .diagnostics
                    .iter()
                    .map(|d| render(d, &source, false))
                    .collect();
                panic!("{start} {seed}: {script:?}\n{}", told.join("\n"));
            }
        }
    }
    assert!(lengths > 500_000, "the sentences are too short: {lengths}");
}

#[test]
fn accepted_scripts_parse() {
    let corpus = scripts("accept");
    assert!(corpus.len() >= 5);
    for (name, (_, text)) in corpus {
        if let Err(failed) = grammar::parse(&text) {
            panic!("{name}: {:#?}", failed.diagnostics);
        }
    }
}

/// Everything that is wrong with a script, as `igsh check` finds it.
fn wrong(text: &str) -> Vec<Diagnostic> {
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    check(&Text::line(text), Some(&Variables::new()), now)
        .errors
        .first
}

/// Every script of `reject/` gives the diagnostics in the file beside it. `UPDATE_CORPUS=1` writes those files.
#[test]
fn rejected_scripts_say_why() {
    let corpus = scripts("reject");
    assert!(corpus.len() >= 20);
    for (name, (path, text)) in corpus {
        let rendered = report(&wrong(&text), Some(&name), &text, &catalogue(), false) + "\n";
        assert!(rendered.len() > 1, "{name} is right");
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&expected, &rendered).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(
            rendered, expected,
            "{name}; UPDATE_CORPUS=1 writes what is told now"
        );
    }
}

/// What a person writes into a spec by hand and nothing else would notice.
#[test]
fn the_catalogue_is_well_formed() {
    let catalogue = catalogue();
    let mut paths = BTreeMap::new();
    for command in catalogue.commands {
        for path in std::iter::once(&command.path).chain(command.synonyms) {
            let folded: Vec<_> = path.split(' ').map(fold_name).collect();
            let before = paths.insert(folded, command.path);
            assert_eq!(before, None, "{path} is the path of two commands");
        }
        well_formed(command);
    }
}

fn well_formed(command: &Command) {
    let path = command.path;
    let sentence = |text: &str, of: &str| {
        assert!(
            !text.is_empty() && !text.ends_with('.'),
            "{path}: summary of {of}: {text:?}"
        );
        assert!(!text.contains('\n'), "{path}: summary of {of} is one line");
    };
    sentence(command.summary, "the command");
    let mut names = BTreeMap::new();
    if command.selects != Selects::Nothing {
        names.insert("limit".to_owned(), "limit");
        names.insert("where".to_owned(), "where");
    }
    let mut many = None;
    for arg in command.args {
        sentence(arg.summary, arg.name);
        assert_eq!(
            names.insert(fold_name(arg.name), arg.name),
            None,
            "{path}: {}",
            arg.name
        );
        let named = igsh::lang::lexer::is_name(arg.name);
        assert!(named, "{path}: '{}' cannot be written", arg.name);
        if arg.positional && !matches!(arg.kind, Kind::Settings | Kind::Variables) {
            assert_eq!(many, None, "{path}: nothing comes after all the values");
            assert!(
                !matches!(arg.kind, Kind::Flag | Kind::FlagOrNumber),
                "{path}: {}",
                arg.name
            );
            many = arg.many.then_some(arg.name);
        }
        assert!(
            !arg.secret || arg.kind == Kind::Text,
            "{path}: {} is secret",
            arg.name
        );
        if let Kind::Choice(set) = arg.kind {
            assert!(!set.is_empty(), "{path}: {}", arg.name);
        }
    }
    for example in command.examples {
        sentence(example.what, example.line);
        let wrong = wrong(example.line);
        let told = report(&wrong, None, example.line, &catalogue(), false);
        assert!(wrong.is_empty(), "{told}");
        assert!(
            std::iter::once(&command.path)
                .chain(command.synonyms)
                .any(|path| example.line.split("; ").any(|part| part.starts_with(path))),
            "{path}: {} is an example of another command",
            example.line
        );
    }
}

#[test]
fn attributes_have_names_of_their_own() {
    let mut names = BTreeMap::new();
    for attribute in selection::ATTRIBUTES {
        let before = names.insert(fold_name(attribute.name), attribute.name);
        assert_eq!(before, None, "{}", attribute.name);
        assert!(!attribute.summary.ends_with('.'), "{}", attribute.name);
    }
}
