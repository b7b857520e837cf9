//! What igsh says of itself: manual pages, completions of shells, the environment, and the settings a person keeps.

use std::path::{Path, PathBuf};

use igsh::store::audit::codes;

use crate::common::{House, Ran, peer};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn kept(page: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/man/{page}")).expect("the page")
}

#[test]
fn no_manual_page_is_stale() {
    let house = House::empty();
    for (name, page) in [("igsh-commands", "igsh-commands.7"), ("igsh", "igsh.1")] {
        let made = house.igsh(&["man", name]).ok().out;
        assert!(
            made == kept(page),
            "run: cargo run -- man {name} > man/{page}"
        );
    }
}

#[test]
fn every_manual_page_is_printed() {
    let house = House::empty();
    for entry in std::fs::read_dir(format!("{ROOT}/man")).expect("the folder") {
        let page = entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("a name");
        let name = page.rsplit_once('.').expect("a section").0.to_owned();
        assert_eq!(house.igsh(&["man", &name]).ok().out, kept(&page), "{page}");
    }
    insta::assert_snapshot!(house.igsh(&["man", "igsh-nothing"]).screen(), @r#"
    exit 2
    -- err
    error: invalid value 'igsh-nothing' for '[PAGE]'
      [possible values: igsh, igsh-commands, igsh-script, igsh-bundle, igsh-source, igsh-vault, igsh-migration]

      tip: a similar value exists: 'igsh-migration'

    For more information, try '--help'.
    "#);
}

#[test]
fn groff_has_no_warning_about_a_manual_page() {
    if !peer("groff") {
        return;
    }
    for page in std::fs::read_dir(format!("{ROOT}/man")).expect("the folder") {
        let page = page.expect("an entry").path();
        let mut groff = std::process::Command::new("groff");
        groff.args(["-mdoc", "-Tutf8", "-ww", "-z"]);
        let warnings = Ran::of(groff.arg(&page)).ok().err;
        assert_eq!(warnings, "", "{}", page.display());
    }
}

/// The files below a folder in which people write.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_written = |extension: &std::ffi::OsStr| {
            ["rs", "sql", "py", "igsh", "abnf"]
                .iter()
                .any(|known| extension == *known)
        };
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(is_written) {
            into.push(path);
        }
    }
}

/// The headings of a page.
fn headings(page: &str) -> Vec<String> {
    let text = kept(page);
    let headings = text.lines().filter_map(|line| {
        let heading = line
            .strip_prefix(".Sh ")
            .or_else(|| line.strip_prefix(".Ss "))?;
        Some(heading.replace('"', ""))
    });
    headings.collect()
}

/// The text of a file without its line ends, and without what makes its lines comments.
fn flowing(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim_start();
        let comment = ["//! ", "/// ", "// ", "-- ", "# ", "; "]
            .iter()
            .find_map(|mark| line.strip_prefix(mark));
        comment.unwrap_or(line)
    });
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_citation_of_the_manual_leads_to_a_heading() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "scripts", "grammar"] {
        sources(Path::new(ROOT).join(folder).as_path(), &mut files);
    }
    let mut cited = 0;
    for path in files {
        // A text that is not UTF-8 cites nothing.
        let text = std::fs::read(&path).map(String::from_utf8).expect("a file");
        let text = flowing(&text.unwrap_or_default());
        for (at, _) in text.match_indices("igsh") {
            let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_lowercase() || c == '-');
            let name = &text[at..text.len() - rest.len()];
            let Some((section, heading)) = rest
                .strip_prefix('(')
                .and_then(|rest| rest.split_once("), "))
                .filter(|(section, _)| matches!(*section, "1" | "5" | "7"))
            else {
                continue;
            };
            let found = headings(&format!("{name}.{section}"))
                .into_iter()
                .any(|known| {
                    heading.strip_prefix(known.as_str()).is_some_and(|behind| {
                        !behind.starts_with(|c: char| c.is_alphanumeric() || c == '-')
                    })
                });
            let heading: String = heading.chars().take(40).collect();
            // A page can also be named in passing: 'igsh-source(5), which …'.
            let is_heading = heading.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(
                found || !is_heading,
                "{}: {name}({section}) has no heading '{heading}'",
                path.display()
            );
            cited += u32::from(found);
        }
    }
    assert!(cited > 80, "only {cited} citations were found");
}

#[test]
fn no_comment_cites_a_document_that_is_not_here() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "scripts", "grammar"] {
        sources(Path::new(ROOT).join(folder).as_path(), &mut files);
    }
    for path in files {
        let text = std::fs::read(&path).map(String::from_utf8).expect("a file");
        for word in text.unwrap_or_default().split(|c: char| {
            c.is_whitespace() || matches!(c, '(' | ')' | '`' | '\'' | '"' | ',' | ';' | '*')
        }) {
            let is_named = word.ends_with(".md") && word.len() > ".md".len();
            let word = word.trim_start_matches("{ROOT}/");
            let near = path.parent().expect("a folder").join(word);
            assert!(
                !is_named || Path::new(ROOT).join(word).exists() || near.exists(),
                "{}: there is no {word}",
                path.display()
            );
        }
    }
}

#[test]
fn every_code_of_the_audit_is_in_the_manual() {
    let page = kept("igsh-vault.5");
    let (_, table) = page.split_once(".Ss Codes").expect("the table");
    let (table, _) = table.split_once(".El").expect("its end");
    let rows = table.lines().filter_map(|line| line.strip_prefix(".It "));
    let mut listed: Vec<&str> = rows.flat_map(|row| row.split(" , ")).collect();
    let mut known: Vec<&str> = codes::ALL.iter().map(|code| code.code).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn the_map_for_contributors_names_what_is_there() {
    let guide = std::fs::read_to_string(format!("{ROOT}/CONTRIBUTING.md")).expect("the guide");
    let mut rooms = 0;
    for row in guide.lines().filter(|line| line.starts_with("| `src/")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, room, _, begin, ..] = cells[..] else {
            panic!("{row}");
        };
        let room = Path::new(ROOT).join(room.trim_matches('`'));
        assert!(room.exists(), "{row}");
        for file in begin.split(", ") {
            let file = room.join(file.trim_matches('`'));
            assert!(room.is_file() || file.exists(), "{row}");
        }
        rooms += 1;
    }
    let are_there = std::fs::read_dir(format!("{ROOT}/src")).expect("the folder");
    let folders = are_there.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()));
    // `src/cli.rs` stands for its folder.
    assert_eq!(rooms, folders.count(), "every room has a row");
}

#[test]
fn the_walk_for_contributors_goes_through_modules_that_exist() {
    let guide = std::fs::read_to_string(format!("{ROOT}/CONTRIBUTING.md")).expect("the guide");
    let paths: Vec<&str> = guide
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.contains("::") && !code.contains(' '))
        .collect();
    for path in &paths {
        // What follows a type is no module.
        let modules: Vec<&str> = path
            .split("::")
            .take_while(|part| part.starts_with(|c: char| c.is_ascii_lowercase()))
            .collect();
        let module = Path::new(ROOT).join("src").join(modules.join("/"));
        assert!(
            module.is_dir() || module.with_extension("rs").is_file(),
            "{path}"
        );
    }
    assert!(paths.len() >= 10, "{paths:?}");
}

#[test]
fn every_variable_of_the_environment_is_in_the_one_table() {
    let known: Vec<_> = igsh::ambient::environment::VARIABLES
        .iter()
        .map(|(name, _)| *name)
        .collect();
    let mut files = Vec::new();
    sources(&Path::new(ROOT).join("src"), &mut files);
    let mut seen = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source");
        // Tests that run themselves as a child take what to do from variables.
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["env::var(\"", "env::var_os(\"", "env = \"", "set(\""] {
            for part in text.split(call).skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                    assert!(known.contains(&name), "{}: {name}", file.display());
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 4, "{seen}");
    let told = House::empty().igsh(&["-c", "help environment"]).ok().out;
    for name in known {
        assert!(told.contains(name), "{name}");
        assert!(
            kept("igsh.1").contains(&format!(".It \"{name}\"")),
            "{name}"
        );
    }
}

/// What Bash offers behind these words, the last of them begun.
fn offered(house: &House, words: &[&str]) -> Vec<String> {
    let script = house.igsh(&["completions", "bash"]).ok().out;
    house.file("completion.bash", script);
    let (last, before) = (words[words.len() - 1], words[words.len() - 2]);
    let line = format!(
        "source completion.bash; COMP_WORDS=({}); COMP_CWORD={}; _igsh igsh '{last}' '{before}'; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "-c", &line]).current_dir(house.path());
    let out = Ran::of(&mut bash).ok().out;
    out.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_options_values_and_commands() {
    if !peer("bash") {
        return;
    }
    let house = House::empty();
    assert_eq!(offered(&house, &["igsh", "--dry"]), ["--dry-run"]);
    assert_eq!(offered(&house, &["igsh", "--format", "nd"]), ["ndjson"]);
    assert_eq!(offered(&house, &["igsh", "-c", "expo"]), ["export"]);
    assert_eq!(
        offered(&house, &["igsh", "man", "igsh-s"]),
        ["igsh-script", "igsh-source"]
    );
}

#[test]
fn completions_of_every_shell_have_options_and_commands() {
    let house = House::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = house.igsh(&["completions", shell]).ok().out;
        for option in igsh_options() {
            assert!(script.contains(&option), "{shell}: {option}");
        }
        assert!(script.contains("export"), "{shell}");
        if peer(shell) {
            let path = house.file(&format!("completion.{shell}"), script);
            let mut parse = std::process::Command::new(shell);
            Ran::of(parse.arg("-n").arg(path)).ok();
        }
    }
    insta::assert_snapshot!(house.igsh(&["completions", "tcsh"]).screen(), @r#"
    exit 2
    -- err
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, zsh, fish]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    "#);
}

/// The long options, as `--help` lists them.
fn igsh_options() -> Vec<String> {
    let help = House::empty().igsh(&["--help"]).ok().out;
    let lines = help.lines().map(str::trim_start);
    let long = lines.filter_map(|line| line.split("--").nth(1).filter(|_| line.starts_with('-')));
    let names = long.filter_map(|rest| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '-')
            .next()
    });
    let names: Vec<_> = names.map(str::to_owned).collect();
    assert!(names.len() > 15, "{names:?}");
    names
}

#[test]
fn settings_are_kept_when_asked_to() {
    let house = House::empty();
    house
        .igsh(&["-c", "set format=expanded timing=on columns=100 -save"])
        .ok();
    let text = house.read("home/config/igsh/settings.igsh");
    for line in [
        "set format=expanded\n",
        "set timing=on\n",
        "set columns=100\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    house.igsh(&["-c", "set columns=auto -save"]).ok();
    let text = house.read("home/config/igsh/settings.igsh");
    let mut lines: Vec<_> = text.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["set columns=auto", "set format=expanded", "set timing=on"]
    );
    insta::assert_snapshot!(house.igsh(&["-c", "set columns=3 -save"]).screen(), @r#"
    exit 2
    -- err
    error[E0703]: columns is a number from 10 or 'auto', not '3'
    "#);
    assert_eq!(house.read("home/config/igsh/settings.igsh"), text);
}

#[test]
fn settings_that_cannot_be_kept_change_nothing() {
    let house = House::empty();
    house.file("home", "not a folder");
    insta::assert_snapshot!(house.igsh(&["-c", "set format=json -save"]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write HOUSE/home/config/igsh: Not a directory (os error 20)
    "#);
}

#[test]
fn every_fuzz_target_is_built_and_described() {
    let read = |path: &str| std::fs::read_to_string(format!("{ROOT}/tests/{path}")).expect(path);
    let mut targets: Vec<String> = std::fs::read_dir(format!("{ROOT}/tests/fuzz/targets"))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| path.file_stem().expect("a name").display().to_string())
        .collect();
    targets.sort();
    let in_lines = |text: &str, before: &str, after: &str| {
        let mut names: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix(before)?.split_once(after))
            .map(|(name, _)| name.to_owned())
            .collect();
        names.sort();
        names
    };
    let manifest = read("fuzz/Cargo.toml");
    assert_eq!(in_lines(&manifest, "path = \"targets/", ".rs\""), targets);
    let readme = read("README.md");
    let (_, fuzzing) = readme.split_once("\n## Fuzzing\n").expect("the section");
    assert_eq!(in_lines(fuzzing, "| `", "` |"), targets);
    let seeds = read("fuzz/seed.py");
    for target in &targets {
        assert!(seeds.contains(&format!("\"{target}\"")), "{target}");
    }
}
