//! The rules of what is remembered, and where.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::shell::editor::testing::CATALOGUE;

fn open(path: &Path) -> History {
    History::open(path, CATALOGUE).unwrap()
}

fn lines(history: &History) -> Vec<&str> {
    history.lines().collect()
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/vault.history");
    (folder, path)
}

#[test]
fn lines_outlive_the_session_without_their_secrets() {
    let (_folder, path) = folder();
    let mut history = open(&path);
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
    let mut history = History::private(CATALOGUE);
    history.remember("user list").unwrap();
    assert_eq!(lines(&history), ["user list"]);
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}

#[test]
fn repeated_lines_are_written_once() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    for line in ["a", "a", "b", "a"] {
        history.remember(line).unwrap();
    }
    assert_eq!(lines(&history), ["b", "a"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\na\n");
    assert_eq!(lines(&open(&path)), ["b", "a"]);
}

#[test]
fn the_lines_of_this_session_come_first() {
    let (_folder, path) = folder();
    let (mut one, mut other) = (open(&path), open(&path));
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
    let Err(refused) = History::open(&path, CATALOGUE) else {
        panic!("opened");
    };
    assert!(matches!(
        refused,
        HistoryError::OpenToOthers { mode: 0o640, .. }
    ));
    assert!(refused.to_string().contains("mode 0640"), "{refused}");
    assert_eq!(refused.hint(), format!("chmod 600 {}", path.display()));
}

#[test]
fn a_link_and_a_folder_are_refused() {
    let (folder, path) = folder();
    open(&path);
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for wrong in [link.as_path(), folder.path()] {
        assert!(History::open(wrong, CATALOGUE).is_err());
    }
}

#[test]
fn a_file_that_fails_later_leaves_the_session_its_memory() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert!(history.remember("a").is_err());
    assert!(history.remember("b").is_ok());
    assert_eq!(lines(&history), ["a", "b"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
}

#[test]
fn only_the_newest_lines_are_kept_and_the_file_shrinks() {
    let (_folder, path) = folder();
    drop(open(&path));
    let many: String = (0..=SLACK * KEPT).map(|n| format!("line {n}\n")).collect();
    std::fs::write(&path, many).unwrap();
    let mut history = open(&path);
    assert_eq!(history.lines().len(), KEPT);
    assert_eq!(history.lines().next(), Some("line 10001"));
    assert_eq!(
        std::fs::read_to_string(&path).unwrap().lines().count(),
        KEPT
    );
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    history.remember("another").unwrap();
    assert_eq!(history.lines().len(), KEPT);
    assert_eq!(history.lines().next(), Some("line 10002"));
    assert_eq!(lines(&open(&path)).last(), Some(&"another"));
}

#[test]
fn a_line_too_long_is_remembered_for_the_session() {
    let (_folder, path) = folder();
    let mut history = open(&path);
    history.remember(&"x".repeat(LONGEST + 1)).unwrap();
    assert_eq!(history.lines().len(), 1);
    assert_eq!(lines(&open(&path)), [] as [&str; 0]);
}

#[test]
fn a_file_that_somebody_wrote_by_hand_can_be_read() {
    let (_folder, path) = folder();
    drop(open(&path));
    std::fs::write(&path, b"a\n\n  \nb\xff\nlast\\").unwrap();
    assert_eq!(lines(&open(&path)), ["a", "b\u{fffd}", "last\\"]);
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
            index: history.len(),
            line: (line.into(), cursor),
        }
    }

    fn press(&mut self, dir: SearchDirection) -> (&str, usize) {
        self.history.recall().press(&self.line.0, self.line.1);
        let stuck = match dir {
            SearchDirection::Reverse => self.index == 0,
            SearchDirection::Forward => self.index == self.history.len(),
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
    let mut history = History::private(CATALOGUE);
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
