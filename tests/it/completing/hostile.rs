//! Names and lines that are made to harm the user who completes them.

use igsh::ambient::CancelToken;
use igsh::lang::keys::{self, Key};
use igsh::lang::spec::{Catalogue, Command, Complete};
use igsh::render::{Setup, Terminal, Ui};
use igsh::shell::editor::{Beyond, Editor, FoundNames, History, Line, Live, Name};

use super::{begins, clear, cursor_line, house, leave, shell, wait_for_begin};
use crate::common::pty::Pty;

#[test]
fn files_with_hostile_names_do_no_harm() {
    let house = house();
    let hostile = "evil\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gro\nx";
    house.file(hostile, "");
    house.file("evil two", "");
    let mut pty = shell(&house);
    clear(&mut pty);
    pty.send("bundle inspect file=ev\t");
    pty.wait_for("evil\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}gro\\u{a}x");
    wait_for_begin(&mut pty, "bundle inspect file=evil");
    begins(
        &mut pty,
        "bundle inspect file=\"evil\\u{1b}\t",
        "bundle inspect file=\"evil\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}gro\\nx\"",
    );
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    for harm in ["\u{1b}]0;", "\u{7}\u{1b}[2J", "\u{202e}"] {
        assert!(!shown.contains(harm), "{shown:?}");
    }
    leave(pty);
}

#[test]
fn a_line_of_a_million_letters_is_taken_and_cleared() {
    let house = house();
    let mut pty = shell(&house);
    pty.send(&format!(
        "\u{1b}[200~echo {}END\u{1b}[201~",
        "x ".repeat(500_000)
    ));
    pty.wait("the end of the line", |screen| {
        cursor_line(screen).contains("END")
    });
    pty.send("\t!");
    pty.wait("a key", |screen| cursor_line(screen).contains("END!"));
    pty.send("\u{3}");
    pty.wait_for_line("igsh (Master1)>");
    leave(pty);
}

/// Groups with names that are made to harm the user who lists them.
struct Hostile;

impl Live for Hostile {
    fn candidates(&self, _: Complete, prefix: &str, _: usize) -> FoundNames {
        let names = [
            "\u{1b}[31mred".to_owned(),
            "\u{202e}desrever".to_owned(),
            "two\nlines".to_owned(),
            "w".repeat(10_000),
        ];
        let names = names.into_iter().filter(|name| name.starts_with(prefix));
        FoundNames {
            names: names
                .map(|name| Name::of((name, "\u{9b}2J".to_owned())))
                .collect(),
            beyond: prefix.is_empty().then(|| Beyond {
                count: Some(4311),
                last: "z".to_owned(),
            }),
        }
    }

    fn values(&self, _: Complete, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn variables(&self) -> Vec<String> {
        Vec::new()
    }
}

static GROUP: Key<Option<String>> = keys::text("group", "Its name").complete(Complete::Groups);
static GROUP_GET: Command = Command {
    args: &[GROUP.arg],
    ..Command::new("group get", "Show a group")
};
static CATALOGUE: Catalogue = Catalogue {
    commands: &[&GROUP_GET],
};

/// Not a test of its own: the program that the next one runs.
#[test]
#[ignore = "runs on a terminal that another test makes"]
fn hostile_child() {
    if std::env::var_os("HOSTILE_CHILD").is_none() {
        return;
    }
    let ask = Box::new(Terminal::new(CancelToken::default()));
    let ui = Ui::new(Setup::of_process(ask));
    let history = History::private(CATALOGUE, std::sync::Arc::new(igsh::ambient::SystemClock));
    history.remember("group get group=\"\u{1b}[2J\"").unwrap();
    let mut editor = Editor::new(ui.clone(), CATALOGUE, Box::new(Hostile), history).unwrap();
    loop {
        let line = editor.read_line("igsh> ").unwrap();
        ui.print(&crate::editor::shown(&line)).unwrap();
        if line == Line::End {
            break;
        }
    }
}

#[test]
fn hostile_names_in_candidates_and_hints_do_no_harm() {
    let program = std::env::current_exe().unwrap();
    let args = [
        "--exact",
        "completing::hostile::hostile_child",
        "--ignored",
        "--nocapture",
    ];
    let mut pty = Pty::start_sized(
        (60, 24),
        &program,
        &args,
        &[("HOSTILE_CHILD", "1")],
        &std::env::temp_dir(),
    );
    pty.wait_for_line("igsh>");
    pty.send("group get group=\t");
    pty.wait_for("\\u{1b}[31mred");
    pty.wait_for("\\u{202e}desrever");
    pty.wait_for("two\\u{a}lines");
    pty.wait_for("wwww…");
    pty.wait_for("… 4,311 more");
    pty.wait("the line as it was", |screen| {
        cursor_line(screen).starts_with("igsh> group get group=")
    });
    pty.send("two\t\r");
    pty.wait_for("Text(\"group get group=\\\"two\\\\nlines\\\" \")");
    pty.wait_for_line("igsh>");
    pty.send("group get group=\"\\u{1b}\t\r");
    pty.wait_for("Text(\"group get group=\\\"\\\\u{1b}[31mred\\\" \")");
    pty.wait_for_line("igsh>");
    // The newest line that could be recalled holds an escape sequence.
    pty.send("group get group=\"\r");
    pty.wait_for("\">");
    pty.send("\u{3}");
    pty.wait_for_line("igsh>");
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    for harm in ["\u{1b}[31mred", "\u{202e}", "\u{9b}", "\u{1b}[2J"] {
        assert!(!shown.contains(harm), "{harm:?} in {shown:?}");
    }
    pty.send("\u{4}");
    assert_eq!(pty.exit_code(), 0);
}
