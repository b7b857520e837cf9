//! The language against its normative grammar and its corpora.

mod derive;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use igsh::lang::diagnostic::{Source, render};
use igsh::lang::grammar;

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

/// Every script of `reject/` gives the diagnostics in the file beside it. `UPDATE_CORPUS=1` writes those files.
#[test]
fn rejected_scripts_say_why() {
    let corpus = scripts("reject");
    assert!(corpus.len() >= 20);
    for (name, (path, text)) in corpus {
        let failed = grammar::parse(&text).expect_err(&name);
        let source = Source {
            name: Some(&name),
            text: &text,
            secrets: &[],
        };
        let rendered: Vec<_> = failed
            .diagnostics
            .iter()
            .map(|diagnostic| render(diagnostic, &source, false))
            .collect();
        let rendered = rendered.join("\n\n") + "\n";
        let expected = path.with_extension("txt");
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::write(&expected, &rendered).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(rendered, expected, "{name}");
    }
}
