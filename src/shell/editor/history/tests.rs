//! The rules of what is remembered, and where.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use super::file::SLACK;
use super::*;
use crate::ambient::FixedClock;
use crate::shell::editor::testing::CATALOGUE;

/// 2026-11-26T18:04:05.987650Z.
fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock(
        Timestamp::from_microsecond(1_795_716_245_987_650).unwrap(),
    ))
}

/// How a line of the file begins before it has run.
const RUNS: &str = "2026-11-26T18:04:05.987650Z\t  -\t         -\t";

fn open(path: &Path) -> History {
    History::open(path, CATALOGUE, clock()).unwrap()
}

fn lines(history: &History) -> Vec<String> {
    history
        .entries()
        .into_iter()
        .map(|entry| entry.line)
        .collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/vault.history");
    (folder, path)
}

#[test]
fn lines_outlive_the_session_without_their_secrets() {
    let (_folder, path) = folder();
    let history = open(&path);
    for line in [
        "user list",
        " login Master1",
        "",
        "card pin=1234 x",
        "card pin='1234",
        "echo 'a\nb \\n'",
        "user list",
    ] {
        history.remember(line).unwrap();
    }
    let session = [
        "card pin= x",
        "card pin='1234",
        "echo 'a\nb \\n'",
        "user list",
    ];
    assert_eq!(lines(&history), session);
    assert_eq!(
        lines(&open(&path)),
        ["card pin= x", "echo 'a\nb \\n'", "user list"]
    );
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("1234"), "{text}");
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let state = path.parent().unwrap();
    assert_eq!(std::fs::metadata(state).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_private_session_leaves_nothing() {
    let (folder, _) = folder();
    let history = History::private(CATALOGUE, clock());
    history.remember("user list").unwrap();
    assert_eq!(lines(&history), ["user list"]);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn a_repeated_line_is_remembered_once_and_last() {
    let (_folder, path) = folder();
    let history = open(&path);
    for line in ["a", "a", "b", "a"] {
        history.remember(line).unwrap();
    }
    assert_eq!(lines(&history), ["b", "a"]);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        format!("igsh history 2\n{RUNS}a\n{RUNS}a\n{RUNS}b\n{RUNS}a\n")
    );
    assert_eq!(lines(&open(&path)), ["b", "a"]);
}

#[test]
fn how_a_line_has_ended_is_filled_in() {
    let (_folder, path) = folder();
    let history = open(&path);
    history.remember("a").unwrap();
    history.remember("b").unwrap();
    history.finished(4);
    history.finished(0);
    let entry = history.entries().pop().unwrap();
    assert_eq!((entry.exit, entry.took), (Some(4), Some(0)));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        format!("igsh history 2\n{RUNS}a\n2026-11-26T18:04:05.987650Z\t  4\t         0\tb\n")
    );
    let read = open(&path).entries().pop().unwrap();
    assert_eq!(read, Entry { number: 2, ..entry });
}

#[test]
fn what_was_written_anew_meanwhile_is_left_alone() {
    let (_folder, path) = folder();
    let (one, other) = (open(&path), open(&path));
    one.remember("a").unwrap();
    other.delete_all().unwrap();
    one.finished(0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "igsh history 2\n");
}

#[test]
fn a_deleted_line_is_gone_from_the_file_and_others_stay() {
    let (_folder, path) = folder();
    let (one, other) = (open(&path), open(&path));
    for line in ["a", "secret", "a", "c"] {
        one.remember(line).unwrap();
    }
    other.remember("secret").unwrap();
    other.remember("d").unwrap();
    let number = |line: &str| {
        let mut entries = one.entries().into_iter();
        entries.find(|entry| entry.line == line).unwrap().number
    };
    assert!(one.delete(number("secret")).unwrap());
    assert!(!one.delete(99).unwrap());
    assert_eq!(lines(&one), ["a", "c"]);
    assert_eq!(lines(&open(&path)), ["a", "c", "d"]);
    assert_eq!(one.delete_all().unwrap(), 2);
    assert_eq!(lines(&open(&path)), [] as [&str; 0]);
}

#[test]
fn nothing_is_remembered_while_it_is_off() {
    let (_folder, path) = folder();
    let history = open(&path);
    history.pause(true);
    history.remember("a").unwrap();
    history.finished(0);
    history.pause(false);
    history.remember("b").unwrap();
    assert_eq!(lines(&history), ["b"]);
    assert_eq!(lines(&open(&path)), ["b"]);
}

#[test]
fn sessions_at_the_same_time_lose_nothing() {
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for session in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let history = open(path);
                for n in 0..50 {
                    history.remember(&format!("line {session} {n}")).unwrap();
                    history.finished(0);
                }
            });
        }
    });
    let entries = open(&path).entries();
    assert_eq!(entries.len(), 200);
    assert!(entries.iter().all(|entry| entry.exit == Some(0)));
}

#[test]
fn damaged_lines_are_left_out_and_reported_once() {
    let (_folder, path) = folder();
    drop(open(&path));
    let damaged: [&[u8]; 6] = [
        b"rubbish",
        b"2026-11-26T18:04:05.987650Z\t  0\t         5",
        b"yesterday\t  0\t         5\tline",
        b"-\t-\t-\tb\xff",
        b"-\t-\t-\tb\\x",
        b"\0\0\0\0",
    ];
    let mut text = b"igsh history 2\n-\t-\t-\tgood\n".to_vec();
    for line in damaged {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{RUNS}cut").as_bytes());
    std::fs::write(&path, text).unwrap();
    let history = open(&path);
    assert_eq!(
        (history.damaged(), lines(&history)),
        (6, vec!["good".to_owned(), "cut".to_owned()])
    );
    history.remember("next").unwrap();
    let again = open(&path);
    assert_eq!(again.damaged(), 0);
    assert_eq!(lines(&again), ["good", "cut", "next"]);
}

#[test]
fn c4_a_good_line_behind_what_a_power_failure_left_stays() {
    let (_folder, path) = folder();
    drop(open(&path));
    let mut text = format!("igsh history 2\n{RUNS}before\n").into_bytes();
    text.extend_from_slice(&[0; 300]);
    text.extend_from_slice(format!("{RUNS}behind\n").as_bytes());
    std::fs::write(&path, text).unwrap();
    let history = open(&path);
    assert_eq!(lines(&history), ["before", "behind"]);
    assert_eq!(history.damaged(), 0);
}

#[test]
fn a_line_that_was_cut_off_does_not_swallow_the_next() {
    let (_folder, path) = folder();
    let history = open(&path);
    std::fs::write(&path, format!("igsh history 2\n{RUNS}cut")).unwrap();
    history.remember("next").unwrap();
    assert_eq!(lines(&open(&path)), ["cut", "next"]);
}

#[test]
fn the_file_of_a_newer_igsh_is_left_alone() {
    let (_folder, path) = folder();
    drop(open(&path));
    std::fs::write(&path, "igsh history 3\nsomething\n").unwrap();
    let refused = History::open(&path, CATALOGUE, clock()).err().unwrap();
    assert!(matches!(refused, HistoryError::Newer { .. }));
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .contains("something")
    );
}

#[test]
fn control_characters_are_written_as_escapes() {
    let (_folder, path) = folder();
    let history = open(&path);
    let line = "echo 'a\u{1b}[2J\u{9b}\r\0 \\u{41} \\n \t\nb'";
    history.remember(line).unwrap();
    assert_eq!(lines(&open(&path)), [line]);
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text.chars()
            .filter(|c| c.is_control() && !"\t\n".contains(*c))
            .count(),
        0
    );
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn the_lines_of_this_session_come_first() {
    let (_folder, path) = folder();
    let (one, other) = (open(&path), open(&path));
    one.remember("a").unwrap();
    other.remember("b").unwrap();
    one.remember("c").unwrap();
    assert_eq!(lines(&one), ["a", "c"]);
    assert_eq!(lines(&open(&path)), ["a", "b", "c"]);
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_remedy() {
    let (_folder, path) = folder();
    open(&path).remember("a").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let Err(refused) = History::open(&path, CATALOGUE, clock()) else {
        panic!("opened");
    };
    assert!(matches!(
        refused,
        HistoryError::OpenToOthers { mode: 0o640, .. }
    ));
    assert!(refused.to_string().contains("mode 0640"), "{refused}");
    assert_eq!(
        refused.hint().as_deref(),
        Some(&*format!("type: chmod 600 {}", path.display()))
    );
}

#[test]
fn a_link_and_a_folder_are_refused() {
    let (folder, path) = folder();
    drop(open(&path));
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for wrong in [link.as_path(), folder.path()] {
        let refused = History::open(wrong, CATALOGUE, clock()).err().unwrap();
        assert!(
            matches!(refused, HistoryError::NotAFile { .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_file_that_fails_later_leaves_the_session_its_memory() {
    let (_folder, path) = folder();
    let history = open(&path);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert!(history.remember("a").is_err());
    assert!(history.remember("b").is_ok());
    assert_eq!(lines(&history), ["a", "b"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "igsh history 2\n");
}

#[test]
fn only_the_newest_lines_are_kept_and_the_file_shrinks() {
    let (_folder, path) = folder();
    drop(open(&path));
    let many: String = (0..=SLACK * KEPT)
        .map(|n| format!("-\t-\t-\tline {n}\n"))
        .collect();
    std::fs::write(&path, format!("igsh history 2\n{many}")).unwrap();
    let history = open(&path);
    assert_eq!(lines(&history).len(), KEPT);
    assert_eq!(lines(&history)[0], "line 10001");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), KEPT + 1);
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    history.remember("another").unwrap();
    assert_eq!(lines(&history).len(), KEPT);
    assert_eq!(lines(&history)[0], "line 10002");
    assert_eq!(lines(&open(&path)).last().unwrap(), "another");
}

#[test]
fn a_line_too_long_is_remembered_for_the_session() {
    let (_folder, path) = folder();
    let history = open(&path);
    history.remember(&"x".repeat(LONGEST + 1)).unwrap();
    assert_eq!(lines(&history).len(), 1);
    assert_eq!(lines(&open(&path)), [] as [&str; 0]);
}

#[test]
fn a_file_of_the_first_format_is_read_and_carried_over() {
    let (_folder, path) = folder();
    drop(open(&path));
    std::fs::write(&path, b"a\n\n  \necho 'x\\ny \\\\n'\na\nlast").unwrap();
    let expected = ["echo 'x\ny \\n'", "a", "last"];
    assert_eq!(lines(&open(&path)), expected);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("igsh history 2\n"), "{text}");
    assert_eq!(lines(&open(&path)), expected);
}

/// Presses Up or Down as the line editor does: it moves its index first.
struct Keys<'h> {
    history: &'h History,
    index: usize,
    line: (String, usize),
}

impl<'h> Keys<'h> {
    fn on(history: &'h History, line: &str, cursor: usize) -> Self {
        Self {
            history,
            index: Recallable::len(history),
            line: (line.into(), cursor),
        }
    }

    fn press(&mut self, dir: SearchDirection) -> (&str, usize) {
        self.history.recall().press(&self.line.0, self.line.1);
        let stuck = match dir {
            SearchDirection::Reverse => self.index == 0,
            SearchDirection::Forward => self.index == Recallable::len(self.history),
        };
        if !stuck {
            match dir {
                SearchDirection::Reverse => self.index -= 1,
                SearchDirection::Forward => self.index += 1,
            }
            let found = self.history.starts_with("", self.index, dir).unwrap();
            if let Some(found) = found {
                self.index = found.idx;
                self.line = (found.entry.into_owned(), found.pos);
            }
        }
        (&self.line.0, self.line.1)
    }

    fn up(&mut self) -> (&str, usize) {
        self.press(SearchDirection::Reverse)
    }

    fn down(&mut self) -> (&str, usize) {
        self.press(SearchDirection::Forward)
    }
}

fn remembering(lines: &[&str]) -> History {
    let history = History::private(CATALOGUE, clock());
    for line in lines {
        history.remember(line).unwrap();
    }
    history
}

#[test]
fn up_and_down_walk_through_all_lines_and_back() {
    let history = remembering(&["a", "b", "c"]);
    let mut keys = Keys::on(&history, "", 0);
    assert_eq!(keys.up(), ("c", 1));
    assert_eq!(keys.up(), ("b", 1));
    assert_eq!(keys.up(), ("a", 1));
    assert_eq!(keys.up(), ("a", 1));
    assert_eq!(keys.down(), ("b", 1));
    assert_eq!(keys.down(), ("c", 1));
    assert_eq!(keys.down(), ("", 0));
    assert_eq!(keys.down(), ("", 0));
    assert_eq!(keys.up(), ("c", 1));
}

#[test]
fn up_finds_what_begins_as_typed_and_down_restores_it() {
    let history = remembering(&["user list", "export x", "user count", "status"]);
    let mut keys = Keys::on(&history, "user xy", 5);
    assert_eq!(keys.up(), ("user count", 10));
    assert_eq!(keys.up(), ("user list", 9));
    assert_eq!(keys.up(), ("user list", 9));
    assert_eq!(keys.down(), ("user count", 10));
    assert_eq!(keys.down(), ("user xy", 5));
    let mut keys = Keys::on(&history, "nothing", 7);
    assert_eq!(keys.up(), ("nothing", 7));
    assert_eq!(keys.down(), ("nothing", 7));
}

#[test]
fn editing_a_recalled_line_begins_another_search() {
    let history = remembering(&["user list", "export x", "user count"]);
    let mut keys = Keys::on(&history, "", 0);
    keys.up();
    keys.line = ("e".into(), 1);
    assert_eq!(keys.up(), ("export x", 8));
}

#[test]
fn a_recalled_line_has_the_cursor_in_its_blank() {
    let history = remembering(&["card pin=1234 x"]);
    assert_eq!(Keys::on(&history, "", 0).up(), ("card pin= x", 9));
    let got = history.get(0, SearchDirection::Reverse).unwrap().unwrap();
    assert_eq!((got.entry.as_ref(), got.pos), ("card pin= x", 9));
}

#[test]
fn ctrl_r_finds_the_middle_of_a_line() {
    let history = remembering(&["user list group=sales", "status"]);
    let found = |term: &str, start, dir| {
        history
            .search(term, start, dir)
            .unwrap()
            .map(|found| (found.idx, found.pos))
    };
    assert_eq!(found("sales", 1, SearchDirection::Reverse), Some((0, 16)));
    assert_eq!(found("sales", 1, SearchDirection::Forward), None);
    assert_eq!(found("", 1, SearchDirection::Reverse), None);
    assert_eq!(found("s", 9, SearchDirection::Reverse), Some((1, 0)));
}
