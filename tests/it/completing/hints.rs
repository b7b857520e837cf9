//! The grey hint, what is painted over, and the answer to `?`.

use super::{
    begins, clear, cursor_line, house, leave, log_in, shell, start, types, wait_for_begin,
};

#[test]
fn the_hint_shows_what_is_still_possible() {
    let house = house();
    let mut pty = shell(&house);
    types(&mut pty, "token", "token load|list");
    begins(&mut pty, "bundle get ", "bundle get <number> [");
    types(
        &mut pty,
        "export phase=",
        "export phase=none|export|exported|imported|migrated",
    );
    types(&mut pty, "export file=", "export file=FILE");
    leave(pty);
}

#[test]
fn the_hint_recalls_the_newest_line_that_begins_so() {
    let house = house();
    let mut pty = shell(&house);
    for line in ["user count group=sales", "user count group=hr"] {
        clear(&mut pty);
        pty.send(&format!("{line}\r"));
        pty.wait_for("user");
        pty.wait_for_line("igsh (Master1)>");
    }
    for key in ["\u{1b}[C", "\u{1b}[F", "\u{5}", "\u{6}"] {
        types(&mut pty, "user count g", "user count group=hr");
        pty.wait("the cursor before the hint", |screen| {
            usize::from(screen.cursor_position().1) == "igsh (Master1)> user count g".len()
        });
        pty.send(key);
        pty.wait("the cursor behind what was taken", |screen| {
            usize::from(screen.cursor_position().1) == "igsh (Master1)> user count group=hr".len()
        });
    }
    types(&mut pty, "user count group=s", "user count group=sales");
    types(&mut pty, "user count g\u{1}", "user count g");
    leave(pty);
}

#[test]
fn no_hint_is_left_behind_an_interrupted_or_entered_line() {
    let house = house();
    let mut pty = shell(&house);
    for end in ["\u{3}", "\r"] {
        clear(&mut pty);
        pty.send("\u{c}bundle ");
        pty.wait_for("bundle list|get");
        pty.send(end);
        pty.wait("the line alone and a new prompt below", |screen| {
            cursor_line(screen).trim_end() == "igsh (Master1)>"
                && !screen.contents().contains("bundle list|get")
                && screen
                    .contents()
                    .lines()
                    .any(|line| line.trim_end() == "igsh (Master1)> bundle")
        });
    }
    leave(pty);
}

#[test]
fn secrets_are_dots_and_in_no_hint() {
    let house = house();
    for colourless in ["", "1"] {
        let mut pty = start(&house, (100, 30), &[("NO_COLOR", colourless)]);
        log_in(&mut pty);
        let line = "tenant verify tenant=x code=48151623 userid=y";
        begins(
            &mut pty,
            line,
            "tenant verify tenant=x code=•••••••• userid=y",
        );
        // The end of this secret is not certain, so the line is kept for this session only.
        clear(&mut pty);
        pty.send("tenant verify code='9042\r");
        pty.wait_for("'>");
        pty.send("\r");
        pty.wait_for("'>");
        pty.send("\u{3}");
        pty.wait_for_line("igsh (Master1)>");
        clear(&mut pty);
        pty.send("tenant verify code=5318 (\r");
        pty.wait("an error or a further line", |screen| {
            let line = cursor_line(screen);
            line.trim_end() == "igsh (Master1)>" || line.contains("(>")
        });
        pty.send("\u{3}");
        pty.wait_for_line("igsh (Master1)>");
        begins(&mut pty, "tenant verify cod", "tenant verify cod");
        pty.send("\u{5}X");
        wait_for_begin(&mut pty, "tenant verify cod");
        let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
        for secret in ["48151623", "9042", "5318"] {
            assert!(!shown.contains(secret), "{secret} in {shown:?}");
        }
        leave(pty);
    }
}

#[test]
fn a_question_mark_shows_what_could_stand_there_and_runs_nothing() {
    let house = house();
    let mut pty = shell(&house);
    for (line, shown) in [
        ("token ?", "load  Take tokens"),
        ("export file=never.igb ?", "-skip-conflicts"),
        ("user list -format ?", "ndjson"),
        ("?", "help selection"),
        ("bundle get ?", "<number>"),
    ] {
        clear(&mut pty);
        pty.send("\u{c}");
        pty.wait_for_line("igsh (Master1)>");
        pty.send(&format!("{line}\r"));
        if line != "token ?" {
            pty.wait_for(shown);
        }
        pty.wait_for_line("igsh (Master1)>");
    }
    assert!(!house.at("never.igb").exists());
    clear(&mut pty);
    pty.send("bundel ?\r");
    pty.wait_for("did you mean 'bundle'?");
    pty.wait_for_line("igsh (Master1)>");
    pty.send("echo 'a\r");
    pty.wait_for("'>");
    pty.send("?'\r");
    pty.wait_for("a\n?");
    pty.wait_for_line("igsh (Master1)>");
    leave(pty);
}
