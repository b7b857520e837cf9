//! No secret that is typed at any prompt is left anywhere: not on the screen, not in a file of the vault's folder or of
//! the person's own folders.

use std::path::Path;

use proptest::prelude::*;

use crate::common::House;
use crate::common::pty::Pty;

/// Passwords that no other text of a session holds by chance; some are not ASCII, some have blanks and quotes.
fn password() -> impl Strategy<Value = String> {
    "[A-Za-z0-9 '\"=*$äß€-]{14,24}".prop_map(|text| format!("q{text}Z"))
}

/// Waits for a question about a password whose line holds all of `words`, and answers it.
pub(crate) fn answer(shell: &mut Pty, words: &[&str], password: &str) {
    shell.wait(&format!("the question {words:?}"), |screen| {
        let (row, _) = screen.cursor_position();
        let (_, columns) = screen.size();
        let line = screen.rows(0, columns.get()).nth(row.into());
        line.is_some_and(|line| {
            line.trim_end().ends_with(':') && words.iter().all(|word| line.contains(word))
        })
    });
    shell.send(password);
    shell.send("\r");
}

/// Every file below `folder`.
fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path);
        }
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|window| window == secret.as_bytes())
}

fn typed_secrets_stay_out_of_every_file(words: &[String], wrong: &str) {
    let house = House::empty();
    let mut shell = house.shell(&[]);
    shell.wait_for_line("igsh>");
    shell.send("system init kdf=19456,2,1\r");
    for (number, word) in (1..).zip(words) {
        let master = format!("Master{number}");
        answer(&mut shell, &[&master], word);
        answer(&mut shell, &["again"], word);
    }
    shell.wait_for_line("igsh>");
    shell.send("login Master1\r");
    answer(&mut shell, &["Master1"], wrong);
    shell.wait_for("E0602");
    shell.wait_for_line("igsh>");
    // Whoever failed waits a second.
    shell.send("login Master2\r");
    answer(&mut shell, &["Master2"], &words[1]);
    shell.wait_for_line("igsh (Master2)>");
    shell.send("source generate users=3 seed=1 -load\r");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("export group=* file=a.igb -yes\r");
    shell.wait_for("bundle password 1");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("bundle verify file=a.igb\r");
    answer(&mut shell, &["bundle"], wrong);
    shell.wait_for("E0801");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("master password\r");
    answer(&mut shell, &["Present"], wrong);
    answer(&mut shell, &["New"], &words[2]);
    answer(&mut shell, &["again"], &words[2]);
    shell.wait_for("wrong password for Master2");
    shell.wait_for_line("igsh (Master2)>");
    // The tenant has masters of its own, and asks users for their answers.
    shell.send("tenant init file=t.db kdf=19456,2,1\r");
    for (number, word) in (1..).zip([&words[1], &words[2], &words[0]]) {
        let master = format!("Master{number}");
        answer(&mut shell, &[&master], word);
        answer(&mut shell, &["again"], word);
    }
    shell.wait_for_line("igsh (Master2)>");
    shell.send("bundle password 1 into=a.password; tenant import file=a.igb password-file=a.password tenant=t.db\r");
    answer(&mut shell, &["tenant t.db"], &words[2]);
    shell.wait_for("kinds");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("foreach u in (tenant user list limit=1) { tenant verify user=${u.userid} qa=1 }\r");
    answer(&mut shell, &["(", ")"], wrong);
    shell.wait_for("0 of 1 user");
    shell.wait_for_line("igsh (Master2)>");
    shell.send("audit list format=ndjson; history list\r");
    // The audit has gone by; of the history the newest line stands above the others.
    shell.wait("the history", |screen| {
        let shown = screen.contents();
        shown.contains("tookMs") && shown.contains("system init kdf")
    });
    shell.wait_for_line("igsh (Master2)>");
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);

    let mut paths = Vec::new();
    files(house.path(), &mut paths);
    assert!(
        paths
            .iter()
            .any(|path| path.to_string_lossy().contains("history-"))
    );
    for secret in words.iter().map(String::as_str).chain([wrong]) {
        assert!(!holds(shell.transcript(), secret), "{secret:?} was shown");
        for path in &paths {
            let bytes = std::fs::read(path).unwrap();
            assert!(
                !holds(&bytes, secret),
                "{secret:?} is in {}",
                path.display()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_typed_password_is_left_anywhere(
        words in proptest::collection::vec(password(), 3..=3),
        wrong in password(),
    ) {
        prop_assume!(words[0] != words[1] && words[1] != words[2] && words[0] != words[2]);
        typed_secrets_stay_out_of_every_file(&words, &wrong);
    }
}
