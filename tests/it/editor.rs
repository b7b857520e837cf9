//! The line editor on a real terminal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use igsh::ambient::{CancelToken, SystemClock};
use igsh::lang::keys::{self, Key};
use igsh::lang::spec::{Catalogue, Command};
use igsh::render::{Setup, Terminal, Ui};
use igsh::shell::editor::{Editor, History, Line};
use secrecy::SecretString;

use crate::common::pty::Pty;

static PIN: Key<Option<SecretString>> = keys::secret("pin", "The PIN");
static FILE: Key<PathBuf> = keys::out_file("file", "Bundle to write").required();
static TEXT: Key<Vec<String>> = keys::texts("text", "What to say").positional();

static CARD: Command = Command {
    args: &[PIN.arg],
    ..Command::new("card", "Set the PIN of a card")
};
static ECHO: Command = Command {
    args: &[TEXT.arg],
    ..Command::new("echo", "Say something")
};
static EXPORT: Command = Command {
    args: &[FILE.arg],
    ..Command::new("export", "Write users into a bundle")
};
static USER_COUNT: Command = Command::new("user count", "Count users");
static USER_LIST: Command = Command::new("user list", "Show users");

static CATALOGUE: Catalogue = Catalogue {
    commands: &[&CARD, &ECHO, &EXPORT, &USER_COUNT, &USER_LIST],
};

/// Not a test of its own: the program that [`shell`] runs.
#[test]
#[ignore = "runs on a terminal that other tests make"]
fn shell_child() {
    let Some(path) = std::env::var_os("EDITOR_HISTORY") else {
        return;
    };
    let ask = Box::new(Terminal::new(CancelToken::default()));
    let ui = Ui::new(Setup::of_process(ask));
    let history = History::open(Path::new(&path), CATALOGUE, Arc::new(SystemClock)).unwrap();
    let mut editor = Editor::new(ui.clone(), CATALOGUE, Box::new(()), history).unwrap();
    loop {
        let line = editor.read_line("igsh> ").unwrap();
        ui.print(&shown(&line)).unwrap();
        if line == Line::End {
            break;
        }
    }
}

/// A line as a child shows what it has read.
pub fn shown(line: &Line) -> String {
    match line {
        Line::Text(text, _) | Line::Question(text, _) => format!("Text({text:?})"),
        other => format!("{other:?}"),
    }
}

/// Runs [`shell_child`] on a terminal and waits for its prompt.
fn shell(history: &Path, environment: &[(&str, &str)]) -> Pty {
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", "editor::shell_child", "--ignored", "--nocapture"];
    let history = history.to_str().unwrap();
    let mut all = vec![("EDITOR_HISTORY", history)];
    all.extend(environment);
    let mut pty = Pty::start(&program, &args, &all, &std::env::temp_dir());
    pty.wait_for_line("igsh>");
    pty
}

/// The lines of a history file, as they stand in it.
fn remembered(history: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(history).unwrap();
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.splitn(4, '\t').nth(3).unwrap().to_owned())
        .collect()
}

fn leave(mut pty: Pty) {
    // What is typed before the editor reads again goes to the terminal's own line discipline.
    pty.wait_for_line("igsh>");
    pty.send("\u{4}");
    pty.wait_for("End");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn a_line_is_read_and_recalled_in_another_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let mut pty = shell(&path, &[]);
    pty.send("card pin=1234\r");
    pty.wait_for("Text(\"card pin=1234\")");
    pty.wait_for_line("igsh>");
    pty.send(" hidden\r");
    pty.wait_for("Text(\" hidden\")");
    leave(pty);
    let mut pty = shell(&path, &[]);
    pty.send("\u{1b}[A");
    pty.wait_for("igsh> card pin=");
    pty.send("99\r");
    pty.wait_for("Text(\"card pin=99\")");
    leave(pty);
    assert_eq!(remembered(&path), ["card pin=", "card pin="]);
}

#[test]
fn a_key_interrupts_the_line_and_another_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("user li");
    pty.wait_for_line("igsh> user li");
    pty.send("\u{3}");
    pty.wait_for("Interrupted");
    leave(pty);
}

#[test]
fn a_command_goes_on_below_a_prompt_that_says_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history");
    let mut pty = shell(&path, &[]);
    pty.send("echo 'a\r");
    pty.wait_for_line("   '>");
    pty.send("b red'");
    pty.wait_for_line("   '> b red'");
    pty.send("\r");
    pty.wait_for("Text(\"echo 'a\\nb red'\")");
    pty.wait_for_line("igsh>");
    pty.send("'\r");
    pty.wait_for_line("   '>");
    pty.send("\u{3}");
    pty.wait_for("Interrupted");
    leave(pty);
    assert_eq!(remembered(&path), ["echo 'a\\nb red'"]);
}

#[test]
fn tab_completes_and_shows_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("ex\t");
    pty.wait_for_line("igsh> export file=FILE");
    pty.send("\u{15}us\t");
    pty.wait_for_line("igsh> user count|list");
    pty.send("\t");
    pty.wait_for("count  Count users");
    pty.wait_for("list   Show users");
    pty.wait_for_line("igsh> user count|list");
    pty.send("\u{15}");
    leave(pty);
}

#[test]
fn pasted_lines_wait_for_enter_and_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.wait("bracketed paste", |screen| screen.bracketed_paste());
    pty.send("\u{1b}[200~first\rsec\u{9b}31mond\u{1b}[201~");
    pty.wait_for("igsh> first\nsec");
    assert!(!pty.text().contains("Text("), "{}", pty.text());
    pty.send("\r");
    pty.wait_for("Text(\"first\\nsec\\u{9b}31mond\")");
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    assert!(!shown.contains('\u{9b}'), "{shown:?}");
    leave(pty);
}

#[test]
fn what_is_typed_ahead_is_read_in_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("echo a\recho b\recho c\r");
    pty.wait_for("Text(\"echo a\")");
    pty.wait_for("Text(\"echo b\")");
    pty.wait_for("Text(\"echo c\")");
    leave(pty);
}

#[test]
fn colours_stay_away_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    for (no_colour, coloured) in [("", true), ("1", false)] {
        let mut pty = shell(&folder.path().join("history"), &[("NO_COLOR", no_colour)]);
        pty.send("red\r");
        pty.wait_for("Text(\"red\")");
        let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
        assert_eq!(shown.contains("\u{1b}[31mred"), coloured, "{shown:?}");
        leave(pty);
    }
}

#[test]
fn a_terminal_that_can_only_append_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[("TERM", "dumb")]);
    pty.send("user 'x\r");
    pty.wait_for_line("   '>");
    pty.send("y'\r");
    pty.wait_for("Text(\"user 'x\\ny'\")");
    pty.wait_for_line("igsh>");
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    leave(pty);
}
