//! What is typed: several lines, pastes, history, and input that no keyboard should send.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::common::pty::Pty;
use crate::common::{House, LOGIN};

const PROMPT: &str = "igsh (Master1)>";

fn master(house: &House) -> Pty {
    let mut shell = house.terminal((100, 30), &LOGIN, &[]);
    shell.wait_for_line(PROMPT);
    shell
}

/// A shell without a login.
fn anybody(house: &House) -> Pty {
    let mut shell = house.terminal((100, 30), &[], &[]);
    shell.wait_for_line("igsh>");
    shell
}

fn leave(mut shell: Pty) {
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
}

/// Types a line and waits for the prompt after it.
fn line(shell: &mut Pty, text: &str, shows: &str, prompt: &str) {
    shell.send(text);
    shell.send("\r");
    shell.wait_for(shows);
    shell.wait_for_line(prompt);
}

/// Where the history of the house's vault lies; the folder is made.
fn history_path(house: &House) -> PathBuf {
    let mut shell = anybody(house);
    line(&mut shell, "echo first", "first", "igsh>");
    leave(shell);
    let folder = house.at("home/state/igsh");
    let mut entries = std::fs::read_dir(folder).unwrap();
    entries
        .find_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name()?.to_string_lossy().into_owned();
            name.starts_with("history-").then_some(path)
        })
        .unwrap()
}

#[test]
fn each_thing_that_is_open_has_its_sign() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    for (first, sign, rest, shows) in [
        ("echo one\\", "\\", "two", "two"),
        ("echo 'three", "'", "four'", "four"),
        ("echo \"five", "\"", "six\"", "six"),
        ("user count where=(group=*", "(", "and userid=*)", "3"),
        ("foreach g in (group list) {", "{", "echo done }", "done"),
    ] {
        shell.send(first);
        shell.send("\r");
        shell.wait_for_line(&format!("{sign:>14}>"));
        line(&mut shell, rest, shows, PROMPT);
    }
    leave(shell);
}

#[test]
fn ctrl_c_in_the_second_line_drops_the_first_too() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    shell.send("echo 'never\r");
    shell.wait_for_line(&format!("{:>14}>", '\''));
    shell.send("seen'\x03");
    shell.wait_for_line(PROMPT);
    line(&mut shell, "whoami format=csv", "master,holder", PROMPT);
    line(
        &mut shell,
        "history list columns=line format=csv",
        "\nline\n",
        PROMPT,
    );
    assert!(!shell.text().contains("\"echo"), "{}", shell.text());
    leave(shell);
}

#[test]
fn a_paste_with_newlines_is_shown_and_waits_for_enter() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    shell.send("\u{1b}[200~echo one\recho two\r\u{1b}[201~");
    shell.wait_for("igsh> echo one\necho two");
    assert!(!shell.text().lines().any(|line| line.trim() == "one"));
    shell.send("\r");
    shell.wait("both results", |screen| {
        let text = screen.contents();
        ["one", "two"]
            .iter()
            .all(|word| text.lines().any(|line| line.trim() == *word))
    });
    shell.wait_for_line("igsh>");
    leave(shell);
}

#[test]
fn a_recalled_text_of_several_lines_can_be_edited() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    shell.send("echo 'one\r");
    shell.wait_for_line("   '>");
    line(&mut shell, "two'", "\none\ntwo", "igsh>");
    shell.send("\u{1b}[A");
    shell.wait_for("igsh> echo 'one\ntwo'");
    // Up is within the text now; to the end of its first line, and another letter there.
    shell.send("\u{1b}[A\u{5}s\r");
    shell.wait_for("\nones\ntwo");
    shell.wait_for_line("igsh>");
    leave(shell);
}

#[test]
fn history_shows_time_status_and_duration_and_forgets_on_command() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    line(&mut shell, "user count", "3", PROMPT);
    line(&mut shell, "bundle get 99", "E0703", PROMPT);
    line(&mut shell, " echo unseen", "unseen", PROMPT);
    line(&mut shell, "history off", "not remembered", PROMPT);
    line(&mut shell, "echo hidden", "hidden", PROMPT);
    line(
        &mut shell,
        "history on",
        "note: lines are remembered",
        PROMPT,
    );
    leave(shell);

    let list = || {
        let ran = house.igsh(&["--format", "csv", "-c", "history list columns=status,line"]);
        ran.ok().out
    };
    assert_eq!(
        list(),
        "status,line\n0,history off\n1,bundle get 99\n0,user count\n"
    );
    let whole = house
        .igsh(&["--format", "ndjson", "-c", "history list limit=1"])
        .ok()
        .out;
    for part in [
        "\"time\":\"20",
        "\"status\":0",
        "\"tookMs\":",
        "\"number\":3",
    ] {
        assert!(whole.contains(part), "{whole}");
    }

    let mut shell = master(&house);
    // Numbers begin with the oldest line of the file.
    line(&mut shell, "history delete 2", "1 line forgotten", PROMPT);
    line(&mut shell, "history delete 2", "E0703", PROMPT);
    leave(shell);
    assert!(!list().contains("bundle get"), "{}", list());
    house.igsh(&["-c", "history delete -all"]).ok();
    assert_eq!(list(), "status,line\n");
    house
        .igsh(&["-c", "history delete"])
        .fails(2, &["history delete 12"]);
}

#[test]
fn a_private_shell_remembers_for_itself_only() {
    let house = House::with_people(3);
    let mut shell = house.terminal((100, 30), &["--private"], &[]);
    shell.wait_for_line("igsh>");
    line(&mut shell, "echo quiet", "quiet", "igsh>");
    line(&mut shell, "history list", "echo quiet", "igsh>");
    leave(shell);
    assert!(
        !house
            .igsh(&["-c", "history list"])
            .ok()
            .out
            .contains("quiet")
    );
}

#[test]
fn ctrl_r_and_up_find_lines_of_an_earlier_session_after_ones_of_this() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    line(&mut shell, "echo earlier", "\nearlier", "igsh>");
    leave(shell);
    let mut shell = anybody(&house);
    line(&mut shell, "echo now", "\nnow", "igsh>");
    shell.send("\u{1b}[A");
    shell.wait_for_line("igsh> echo now");
    shell.send("\u{1b}[A");
    shell.wait_for_line("igsh> echo earlier");
    shell.send("\x03");
    shell.wait_for_line("igsh>");
    shell.send("\x12earl");
    shell.wait_for("echo earlier");
    line(&mut shell, "", "\nearlier", "igsh>");
    leave(shell);
}

#[test]
fn two_sessions_keep_each_others_lines() {
    let house = House::with_people(3);
    let (mut one, mut other) = (anybody(&house), anybody(&house));
    for n in 0..3 {
        line(
            &mut one,
            &format!("echo one{n}"),
            &format!("\none{n}"),
            "igsh>",
        );
        line(
            &mut other,
            &format!("echo two{n}"),
            &format!("\ntwo{n}"),
            "igsh>",
        );
    }
    leave(one);
    leave(other);
    let list = house
        .igsh(&["--format", "value", "-c", "history list columns=line"])
        .ok()
        .out;
    let lines: Vec<&str> = list.lines().collect();
    let expected = [
        "echo two2",
        "echo one2",
        "echo two1",
        "echo one1",
        "echo two0",
        "echo one0",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_history_that_cannot_be_used_is_reported_and_the_shell_goes_on() {
    let house = House::with_people(3);
    let path = history_path(&house);
    let refused = |words: &str| {
        let mut shell = house.terminal((160, 30), &[], &[]);
        shell.wait_for(words);
        shell.wait_for_line("igsh>");
        line(&mut shell, "echo still", "\nstill", "igsh>");
        shell.send("\u{1b}[A");
        shell.wait_for_line("igsh> echo still");
        shell.send("\x03");
        shell.wait_for_line("igsh>");
        leave(shell);
    };
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused("is open to others (mode 0644)");
    assert!(!std::fs::read_to_string(&path).unwrap().contains("still"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused("is not a regular file");
    std::fs::remove_dir(&path).unwrap();
    // Not even root can make a folder below a file.
    let folder = house.at("home/state/igsh");
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    refused("cannot be used");
}

#[test]
fn damaged_lines_of_the_history_are_reported_once() {
    let house = House::with_people(3);
    let path = history_path(&house);
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"rub\xffbish\n\0\0\0\n");
    std::fs::write(&path, text).unwrap();
    let mut shell = house.terminal((160, 30), &[], &[]);
    shell.wait_for("2 damaged lines of the history");
    shell.wait_for_line("igsh>");
    line(&mut shell, "history list", "echo first", "igsh>");
    leave(shell);
    let mut shell = anybody(&house);
    assert!(!shell.text().contains("damaged"), "{}", shell.text());
    line(&mut shell, "history list", "echo first", "igsh>");
    leave(shell);
}

#[test]
fn twenty_columns_are_enough() {
    let house = House::with_people(3);
    let mut shell = house.terminal((20, 30), &LOGIN, &[]);
    shell.wait_for_line(PROMPT);
    shell.send("user count userid=a*");
    shell.wait("the whole line", |screen| {
        screen
            .contents()
            .replace('\n', "")
            .contains("user count userid=a*")
    });
    shell.send("\x15");
    line(&mut shell, "group list", "groups", PROMPT);
    line(&mut shell, "nonsense", "E0", PROMPT);
    // On a clean screen, so that what is waited for was not there before.
    shell.send("\x0c");
    shell.wait("a clean screen", |screen| {
        screen.contents().trim_end() == PROMPT
    });
    shell.send("us\t\t");
    // The list, and below it the line again with its hint.
    shell.wait("candidates", |screen| {
        let shown = screen.contents();
        shown.contains("list   count") && shown.matches("user list|get|count").count() == 2
    });
    shell.send("\x03");
    shell.wait_for_line(PROMPT);
    leave(shell);
}

#[test]
fn a_dumb_terminal_gets_no_escape_and_ctrl_c_a_new_prompt() {
    let house = House::with_people(3);
    let mut shell = house.terminal((100, 30), &LOGIN, &[("TERM", "dumb")]);
    shell.wait_for_line(PROMPT);
    shell.send("user li");
    shell.wait_for("user li");
    shell.send("\x03");
    shell.wait("another prompt", |screen| {
        screen.contents().matches(PROMPT).count() == 2
    });
    line(&mut shell, "user count", "3", PROMPT);
    let shown = String::from_utf8_lossy(shell.transcript()).into_owned();
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    leave(shell);
}

#[test]
fn a_line_that_is_not_utf_8_is_refused_whole() {
    let house = House::with_people(3);
    // Where lines are edited, what was sent with it is a paste and goes too; elsewhere it is another line.
    for (term, sent) in [
        ("xterm-256color", b"echo gr\xfc\xdfe\recho two\r".as_slice()),
        ("dumb", b"echo gr\xfc\xdfe\r"),
    ] {
        let mut shell = house.terminal((100, 30), &[], &[("TERM", term)]);
        shell.wait_for_line("igsh>");
        shell.send_bytes(sent);
        shell.wait_for("not UTF-8");
        shell.wait_for_line("igsh>");
        line(&mut shell, "echo after", "\nafter", "igsh>");
        assert!(!shell.text().contains("\ntwo"), "{}", shell.text());
        leave(shell);
    }
}

#[test]
fn control_characters_do_no_harm() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    // NUL, and one that is quoted by Ctrl-V.
    shell.send_bytes(b"echo a\0b\x16\x07c\r");
    shell.wait_for_line("igsh>");
    line(&mut shell, "echo after", "\nafter", "igsh>");
    let shown = shell.transcript();
    assert!(!shown.contains(&7), "{}", shell.text());
    leave(shell);
}

#[test]
fn a_megabyte_that_is_typed_is_refused_and_nothing_of_it_runs() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    let mut text = "echo ".to_owned();
    text.push_str(&"x".repeat(1 << 20));
    shell.send(&text);
    shell.send("\r");
    shell.wait_for("too long");
    shell.wait_for_line("igsh>");
    line(&mut shell, "echo after", "\nafter", "igsh>");
    leave(shell);
}

#[test]
fn a_paste_of_more_than_a_megabyte_is_refused_and_a_smaller_one_runs() {
    let house = House::with_people(3);
    let mut shell = anybody(&house);
    let paste = |text: &str| format!("\u{1b}[200~{text}\u{1b}[201~\r");
    shell.send(&paste(&format!("echo {}", "x".repeat(1 << 20))));
    shell.wait_for("too long");
    shell.wait_for_line("igsh>");
    let many: String = (0..500).map(|n| format!("echo line{n}\n")).collect();
    shell.send(&paste(&many));
    shell.wait("the last line's result", |screen| {
        screen.contents().contains("\nline499")
    });
    shell.wait_for_line("igsh>");
    leave(shell);
}

#[test]
fn a_megabyte_from_standard_input_is_one_line_like_any_other() {
    use std::io::Write as _;
    let house = House::with_vault();
    let mut child = house
        .command()
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let long = "x".repeat((1 << 20) - 5);
    let mut input = child.stdin.take().unwrap();
    let text = format!("echo {long}\n");
    let feed = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feed.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout.len(), long.len() + 1);
}

#[test]
fn closed_streams_end_quietly() {
    let house = House::with_people(3);
    let igsh = env!("CARGO_BIN_EXE_igsh");
    for (script, code) in [
        ("\"$0\" -c version <&-", 0),
        ("\"$0\" <&-", 0),
        ("\"$0\" -c 'help export' | head -c 1 >/dev/null", 0),
    ] {
        let mut shell = std::process::Command::new("bash");
        shell.args(["-o", "pipefail", "-c", script, igsh]);
        shell.current_dir(house.path()).env_clear();
        for (name, value) in house.environment() {
            shell.env(name, value);
        }
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{script}: {said}");
        assert!(!said.contains("E0999"), "{script}: {said}");
    }
}

#[test]
fn the_idle_clock_counts_from_the_last_key() {
    let house = House::with_people(3);
    house.master(&["system set idle-timeout=2s"]).ok();
    let mut shell = master(&house);
    // Keys for longer than the timeout, and never so long without one.
    let began = std::time::Instant::now();
    let mut typed = String::new();
    while began.elapsed() < std::time::Duration::from_millis(3500) {
        shell.send("x");
        typed.push('x');
        shell.wait_for(&format!("> {typed}"));
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    shell.send("\x15");
    line(&mut shell, "user count", "users: 3", PROMPT);
    assert!(!shell.text().contains("Password of"), "{}", shell.text());
    leave(shell);
}

#[test]
fn a_terminal_without_utf_8_gets_ascii_only() {
    let house = House::with_people(3);
    let mut shell = house.terminal((100, 30), &LOGIN, &[("LC_ALL", "C")]);
    shell.wait_for_line(PROMPT);
    line(&mut shell, "user list limit=2", "2 users", PROMPT);
    line(&mut shell, "help export", "export", PROMPT);
    shell.send("foreach g in (group list) ");
    shell.wait_for("foreach g");
    shell.send("\x03");
    shell.wait_for_line(PROMPT);
    let shown = String::from_utf8_lossy(shell.transcript()).into_owned();
    assert!(shown.is_ascii(), "{shown}");
    leave(shell);
}
