//! The line editor on a real terminal.

use std::path::Path;

use igsh::ambient::CancelToken;
use igsh::render::{Setup, Terminal, Ui};
use igsh::shell::editor::{Editor, History, Keep, Language, Line, Offer, Open, Paint, Waiting};

use crate::common::pty::Pty;

/// A language of few words.
struct Words;

const WORDS: &[(&str, &str)] = &[
    ("export", "Write users into a bundle"),
    ("user count", "Count users"),
    ("user list", "Show users"),
];

impl Language for Words {
    fn open(&self, text: &str) -> Option<Open> {
        (text.matches('\'').count() % 2 == 1).then_some(Open("'"))
    }

    fn complete(&self, text: &str, cursor: usize) -> (usize, Vec<Offer>) {
        let typed = &text[..cursor];
        let offers = WORDS
            .iter()
            .filter(|(word, _)| word.starts_with(typed))
            .map(|(text, summary)| Offer {
                text: (*text).into(),
                summary: (*summary).into(),
            });
        (0, offers.collect())
    }

    fn hint(&self, text: &str) -> Option<String> {
        (text == "export").then(|| " file=FILE".into())
    }

    fn paint(&self, text: &str) -> Vec<Paint> {
        text.find("red")
            .map(|at| (at..at + 3, "31"))
            .into_iter()
            .collect()
    }
}

/// Counts in the open.
struct Heard(Ui);

impl Waiting for Heard {
    fn began(&self) {}
    fn typed(&self) {}
    fn ended(&self) {
        self.0.notice("heard");
    }
}

fn redact(line: &str) -> Keep {
    match line.find("pin=") {
        Some(at) => Keep::Text {
            text: line[..at + 4].into(),
            cursor: at + 4,
        },
        None => Keep::Text {
            text: line.into(),
            cursor: line.len(),
        },
    }
}

/// Not a test of its own: the program that [`shell`] runs.
#[test]
#[ignore = "runs on a terminal that other tests make"]
fn shell_child() {
    let Some(path) = std::env::var_os("EDITOR_HISTORY") else {
        return;
    };
    let ask = Box::new(Terminal::new(CancelToken::default()));
    let ui = Ui::new(Setup::of_process(ask));
    let history = History::open(Path::new(&path), Box::new(redact)).unwrap();
    let heard = Box::new(Heard(ui.clone()));
    let mut editor = Editor::new(ui.clone(), Box::new(Words), heard, history).unwrap();
    let mut announcer = editor.announcer();
    loop {
        let line = editor.read_line("igsh> ").unwrap();
        ui.print(&format!("{line:?}")).unwrap();
        match line {
            Line::End => break,
            Line::Text(text) if text == "later" => {
                let mut announcer = announcer.take().unwrap();
                let ui = ui.clone();
                // What the watchdog does while nobody types.
                std::thread::spawn(move || {
                    announcer.say("locked\u{1b}[2J");
                    drop(ui);
                });
            }
            _ => {}
        }
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

fn leave(mut pty: Pty) {
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
    pty.wait_for("note: heard");
    pty.wait_for_line("igsh>");
    pty.send(" hidden\r");
    pty.wait_for("Text(\" hidden\")");
    pty.wait_for_line("igsh>");
    leave(pty);
    let mut pty = shell(&path, &[]);
    pty.send("\u{1b}[A");
    pty.wait_for_line("igsh> card pin=");
    pty.send("99\r");
    pty.wait_for("Text(\"card pin=99\")");
    leave(pty);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "card pin=\n");
}

#[test]
fn a_key_interrupts_the_line_and_another_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("user li");
    pty.wait_for_line("igsh> user li");
    pty.send("\u{3}");
    pty.wait_for("Interrupted");
    pty.wait_for_line("igsh>");
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
    pty.wait_for_line("igsh>");
    leave(pty);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "echo 'a\\nb red'\n"
    );
}

#[test]
fn tab_completes_and_shows_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("e\t");
    pty.wait_for_line("igsh> export file=FILE");
    pty.send("\u{15}us\t");
    pty.wait_for("user count  Count users");
    pty.wait_for("user list   Show users");
    pty.wait_for_line("igsh> user");
    pty.send("\u{15}");
    pty.wait_for_line("igsh>");
    leave(pty);
}

#[test]
fn pasted_lines_wait_for_enter_and_harm_nobody() {
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
fn an_announcement_leaves_the_line_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = shell(&folder.path().join("history"), &[]);
    pty.send("later\r");
    pty.wait_for("note: locked\\u{1b}[2J");
    pty.wait_for_line("igsh>");
    pty.send("user\r");
    pty.wait_for("Text(\"user\")");
    pty.wait_for_line("igsh>");
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
        pty.wait_for_line("igsh>");
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
