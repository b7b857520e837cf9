//! Ctrl-C, Ctrl-D, resizing, SIGTERM and SIGHUP: nothing half done, nothing left behind.

use rustix::process::{Pid, Signal, kill_process};

use crate::common::pty::Pty;
use crate::common::{House, Ran};

const PROMPT: &str = "igsh (Master1)>";

/// A shell with Master1 logged in.
fn master(house: &House) -> Pty {
    let mut shell = house.terminal(
        (100, 30),
        &["--login", "Master1", "--password-file", "m1.txt"],
        &[],
    );
    shell.wait_for_line(PROMPT);
    shell
}

/// Enters a line and waits until the editor has let go of the terminal, so that Ctrl-C is a signal.
fn enter(shell: &mut Pty, line: &str) {
    shell.send(line);
    shell.send("\r");
    shell.wait("the command to begin", |screen| !screen.bracketed_paste());
}

fn signal(shell: &Pty, signal: Signal) {
    let pid = Pid::from_raw(shell.pid().try_into().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn leave(mut shell: Pty) {
    shell.send("\x04");
    assert_eq!(shell.exit_code(), 0);
}

/// Ctrl-C in the middle of `line` brings the prompt back, and the shell goes on.
fn is_cancelled(house: &House, line: &str) -> Pty {
    let mut shell = master(house);
    enter(&mut shell, line);
    shell.send("\x03");
    shell.wait_for("interrupted");
    shell.wait_for_line(PROMPT);
    shell.send("whoami format=csv\r");
    shell.wait_for("master,holder");
    shell.wait_for_line(PROMPT);
    shell
}

#[test]
fn ctrl_c_ends_a_count_and_the_loop_around_it() {
    let house = House::with_people(3_000);
    leave(is_cancelled(
        &house,
        "foreach u in (user list) { user count userid=*${u}*; user count where=(fullName=*e*a*) }",
    ));
}

#[test]
fn ctrl_c_ends_a_list_into_a_file_and_leaves_no_file() {
    let house = House::with_people(20_000);
    leave(is_cancelled(&house, "user list format=csv into=all.csv"));
    assert!(!house.at("all.csv").exists());
    let left = std::fs::read_dir(house.path()).unwrap();
    let names: Vec<String> = left
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!names.iter().any(|name| name.contains("csv")), "{names:?}");
}

#[test]
fn ctrl_c_ends_a_load_and_takes_it_back() {
    let house = House::with_people(3);
    leave(is_cancelled(
        &house,
        "source generate users=300000 seed=2 -load",
    ));
    assert_eq!(house.ask("value", "user count").trim(), "3");
}

#[test]
fn ctrl_c_ends_an_export_and_takes_it_back() {
    let house = House::with_people(20_000);
    leave(is_cancelled(&house, "export group=* file=a.igb -yes"));
    assert!(!house.at("a.igb").exists());
    assert_eq!(house.ask("value", "user count phase=exported").trim(), "0");
}

#[test]
fn ctrl_c_clears_the_line_without_its_hint() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    shell.send("user list ");
    shell.wait("the hint", |screen| {
        screen.contents().contains("[selection]")
    });
    shell.send("\x03");
    shell.wait_for_line(PROMPT);
    shell.wait("the hint to be gone", |screen| {
        !screen.contents().contains("[selection]")
    });
    // An empty line, and many of them, do not leave.
    for _ in 0..5 {
        shell.send("\x03");
    }
    shell.send("whoami format=csv\r");
    shell.wait_for("master,holder");
    shell.wait_for_line(PROMPT);
    leave(shell);
}

#[test]
fn ctrl_c_and_ctrl_d_at_a_question_are_a_no() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    for key in ["\x03", "\x04"] {
        shell.send("export group=* file=a.igb\r");
        shell.wait("the question", |screen| {
            let (row, _) = screen.cursor_position();
            screen
                .rows(0, screen.size().1.get())
                .nth(row.into())
                .is_some_and(|line| line.trim_end().ends_with("[y/N]"))
        });
        shell.send(key);
        shell.wait_for_line(PROMPT);
        shell.send("\x0c");
    }
    leave(shell);
    assert!(!house.at("a.igb").exists());
}

#[test]
fn ctrl_c_at_a_password_gives_up_the_login() {
    let house = House::with_people(3);
    let mut shell = house.terminal((100, 30), &[], &[]);
    shell.wait_for_line("igsh>");
    shell.send("login Master1\r");
    shell.wait_for_line("Password of Master1:");
    shell.send("half a pass\x03");
    shell.wait_for("interrupted");
    shell.wait_for_line("igsh>");
    shell.send("login Master1\r");
    shell.wait_for_line("Password of Master1:");
    shell.send("first-master-word\r");
    shell.wait_for_line(PROMPT);
    leave(shell);
}

#[test]
fn ctrl_d_deletes_within_a_line_and_leaves_on_an_empty_one() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    shell.send("whoamix\x02\x04");
    shell.wait("the letter to go", |screen| {
        screen.contents().contains("> whoami") && !screen.contents().contains("whoamix")
    });
    shell.send("\x03");
    shell.wait_for_line(PROMPT);
    leave(shell);
}

/// What the end of a session has to leave: a logout on record, no lock, the line in the history.
fn left_in_order(house: &House, line: &str) {
    let audit = house.ask("ndjson", "audit list");
    let codes: Vec<&str> = audit
        .lines()
        .filter(|entry| entry.contains("\"AUD101\"") || entry.contains("\"AUD102\""))
        .collect();
    // The login of this very look is the newest.
    assert!(codes[codes.len() - 2].contains("\"AUD102\""), "{audit}");
    assert_eq!(house.read("vault.db.lock"), "");
    house.master(&["system set idle-timeout=5m"]).ok();
    let history = house.igsh(&["--format", "csv", "-c", "history list"]).ok();
    assert!(history.out.contains(line), "{}", history.out);
}

#[test]
fn sigterm_and_sighup_at_the_prompt_log_out_and_end() {
    for (kind, name) in [(Signal::TERM, "Terminated"), (Signal::HUP, "Hangup")] {
        let house = House::with_people(3);
        let mut shell = master(&house);
        shell.send("user count\r");
        shell.wait_for("3");
        shell.wait_for_line(PROMPT);
        shell.send("user li");
        shell.wait("what is typed", |screen| {
            screen.contents().contains("user li")
        });
        signal(&shell, kind);
        assert_eq!(shell.death().as_deref(), Some(name));
        left_in_order(&house, "user count");
    }
}

#[test]
fn sigterm_during_a_command_takes_it_back() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    enter(&mut shell, "source generate users=300000 seed=2 -load");
    signal(&shell, Signal::TERM);
    assert_eq!(shell.death().as_deref(), Some("Terminated"));
    left_in_order(&house, "source generate users=300000");
    assert_eq!(house.ask("value", "user count").trim(), "3");
    let history = house.igsh(&["--format", "csv", "-c", "history list columns=status,line"]);
    assert!(
        history.out.contains("130,source generate"),
        "{}",
        history.out
    );
}

#[test]
fn sigterm_at_questions_ends_too() {
    let house = House::with_people(3);
    for (line, question) in [
        ("export group=* file=a.igb", "[y/N]"),
        ("login Master2", "Password of Master2:"),
    ] {
        let mut shell = master(&house);
        shell.send(line);
        shell.send("\r");
        shell.wait_for(question);
        signal(&shell, Signal::TERM);
        assert_eq!(shell.death().as_deref(), Some("Terminated"));
    }
    assert!(!house.at("a.igb").exists());
    house.master(&["user count"]).ok();
}

#[test]
fn sigterm_takes_a_password_off_the_screen() {
    let house = House::with_people(3);
    house.master(&["export group=* file=a.igb"]).ok();
    let mut shell = master(&house);
    shell.send("bundle password 1\r");
    shell.wait("the password's screen", |screen| {
        screen.alternate_screen() && screen.contents().contains("Cleared in")
    });
    signal(&shell, Signal::TERM);
    assert_eq!(shell.death().as_deref(), Some("Terminated"));
    assert!(!shell.text().contains("Cleared in"));
    assert!(shell.text().contains("bundle password 1"));
}

#[test]
fn sigterm_ends_a_shell_that_reads_a_pipe() {
    let house = House::with_vault();
    let mut child = house
        .command()
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Waiting for a child closes its input, unless it is held elsewhere.
    let input = child.stdin.take();
    // The handler is there once the process answers to /proc as having one.
    let status = format!("/proc/{}/status", child.id());
    while !std::fs::read_to_string(&status)
        .unwrap()
        .lines()
        .any(|line| {
            line.strip_prefix("SigCgt:")
                .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
                .is_some_and(|mask| mask >> 14 & 1 == 1)
        })
    {
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    use std::os::unix::process::ExitStatusExt as _;
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    drop(input);
}

#[test]
fn a_terminal_that_goes_away_ends_the_session_in_order() {
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read as _;
    let house = House::with_people(3);
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_igsh"));
    command.args(["--login", "Master1", "--password-file", "m1.txt"]);
    command.cwd(house.path());
    command.env_clear();
    command.env("TERM", "xterm");
    for (name, value) in house.environment() {
        command.env(name, value);
    }
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut seen, mut buffer) = (Vec::new(), [0; 1024]);
    while !String::from_utf8_lossy(&seen).contains(PROMPT) {
        let length = reader.read(&mut buffer).unwrap();
        seen.extend_from_slice(&buffer[..length]);
    }
    drop((reader, pair.master));
    assert_eq!(child.wait().unwrap().signal(), Some("Hangup"));
    let audit = house.ask("ndjson", "audit list");
    assert_eq!(
        audit.matches("AUD102").count() + 1,
        audit.matches("AUD101").count(),
        "{audit}"
    );
    assert_eq!(house.read("vault.db.lock"), "");
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let house = House::with_people(3);
    let mut nohup = std::process::Command::new("sh");
    nohup.args([
        "-c",
        "trap '' HUP; \"$0\" -c 'whoami' & kill -HUP $!; wait $!",
    ]);
    nohup.arg(env!("CARGO_BIN_EXE_igsh"));
    nohup.current_dir(house.path()).env_clear();
    for (name, value) in house.environment() {
        nohup.env(name, value);
    }
    // 'whoami' needs a session: what counts is that it came so far.
    Ran::of(&mut nohup).fails(3, &["E0601"]);
}

#[test]
fn another_size_while_typing_keeps_the_line() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    let line = "user list columns=userid,group,state,phase,email limit=2 format=expanded";
    shell.send(line);
    shell.wait("the line", |screen| {
        screen.contents().contains("format=expanded")
    });
    shell.resize(30, 40);
    shell.send(" ");
    shell.wait("the line in 40 columns", |screen| {
        let text = screen.contents().replace('\n', "");
        text.contains(line)
    });
    shell.resize(30, 120);
    shell.send("\x7f");
    shell.wait("the line in 120 columns", |screen| {
        let (row, _) = screen.cursor_position();
        let shown = screen.rows(0, 120).nth(row.into()).unwrap();
        shown.trim_end().ends_with(line)
    });
    shell.send("\r");
    shell.wait_for("2 users");
    shell.wait_for_line(PROMPT);
    leave(shell);
}

#[test]
fn a_table_is_as_wide_as_the_terminal_is_now() {
    let house = House::with_people(3);
    let mut shell = master(&house);
    shell.send("group list limit=3 format=table\r");
    shell.wait_for("unassignedCards");
    shell.wait_for_line(PROMPT);
    shell.resize(30, 40);
    shell.send("\x0cgroup list limit=3 format=table\r");
    shell.wait_for("group");
    shell.wait_for_line(PROMPT);
    let (_, columns) = (30, 40);
    assert!(
        shell
            .text()
            .lines()
            .all(|line| line.chars().count() <= columns),
        "{}",
        shell.text()
    );
    leave(shell);
}
