//! `assert` and `confirm`: where a script stops, whatever else it passes over.

use crate::common::{House, Ran};

/// A script of Master1 under `--keep-going`.
fn run(house: &House, options: &[&str], text: &str) -> Ran {
    house.file("work.igsh", text);
    house.logged_in(&[&["--keep-going"], options, &["run", "work.igsh"]].concat())
}

#[test]
fn a2_a_failed_assert_ends_a_script_that_goes_on_after_other_errors() {
    let house = House::with_people(3);
    for (text, code, words, out) in [
        (
            "user get nobody\necho on\nassert count=4\necho end\n",
            1,
            "E0707",
            "on\n",
        ),
        // Also within a loop, whose later rows are not worked on.
        (
            "foreach u in (user list) {\n  echo in\n  assert count=0 userid=$u\n  echo not\n}\necho end\n",
            1,
            "foreach u: stopped at",
            "in\n",
        ),
        // One that cannot be evaluated is not passed: its selection names what is not there, or holds a variable that
        // turns out to be no number.
        (
            "echo on\nassert count>0 group=nowhere\necho end\n",
            2,
            "E0304",
            "on\n",
        ),
        (
            "let n=many\necho on\nassert count=$n\necho end\n",
            2,
            "work.igsh:3:",
            "on\n",
        ),
        (
            "assert count=3 userid=@missing.txt\necho end\n",
            1,
            "missing.txt",
            "",
        ),
        // So it is where the list of the loop around it is not there.
        (
            "foreach u in (user list group=nowhere) {\n  assert count=1 userid=$u\n}\necho end\n",
            2,
            "E0304",
            "",
        ),
    ] {
        let ran = run(&house, &[], text).fails(code, &[words]);
        assert_eq!(ran.out, out, "{text}");
    }
    let ran = run(&house, &[], "assert count=3\nuser get nobody\necho end\n").fails(5, &[]);
    assert_eq!(ran.out, "end\n");
}

#[test]
fn a2_a_confirm_that_is_not_answered_ends_it_too() {
    let house = House::with_people(3);
    let text = "user get nobody\nconfirm \"Go on?\"\necho end\n";
    let ran = run(&house, &[], text).fails(3, &["work.igsh:2:1", "-yes"]);
    assert_eq!(ran.out, "");
    let ran = run(&house, &["--yes"], text).fails(5, &[]);
    assert_eq!(ran.out, "end\n");
}

#[test]
fn a2_every_script_around_it_ends_and_every_command_after_it() {
    let house = House::with_people(3);
    house.file("inner.igsh", "assert count=4\necho inner\n");
    house.file("middle.igsh", "run inner.igsh\necho middle\n");
    let ran = run(&house, &[], "run middle.igsh\necho outer\n");
    let ran = ran.fails(
        1,
        &[
            "inner.igsh:1:1",
            "run from middle.igsh:1:1",
            "run from work.igsh:1:1",
        ],
    );
    assert_eq!(ran.out, "");
    // One that is not even read to its end cannot have been passed.
    house.file("inner.igsh", "assert count=4\nuesr list\n");
    let ran = run(&house, &[], "run middle.igsh\necho outer\n").fails(2, &["inner.igsh:2:1"]);
    assert_eq!(ran.out, "");
    house.file("inner.igsh", "uesr list\n");
    let ran = run(&house, &[], "run middle.igsh\necho outer\n").fails(5, &["inner.igsh:1:1"]);
    assert_eq!(ran.out, "middle\nouter\n");

    for (line, code) in [
        ("assert count=4", 1),
        ("assert count=4; echo on", 1),
        ("assert count>0 grup=x", 2),
        ("assert count>0 'unclosed", 2),
        ("user get nobody; assert count=4", 1),
    ] {
        let ran = house.logged_in(&["--keep-going", "-c", line, "-c", "echo next"]);
        assert_eq!(ran.fails(code, &[]).out, "", "{line}");
    }
    let ran = house.logged_in(&["--keep-going", "-c", "user get nobody", "-c", "echo next"]);
    assert_eq!(ran.fails(5, &[]).out, "next\n");
}

#[test]
fn a2_a_script_on_standard_input_ends_there_and_a_live_shell_does_not() {
    let house = House::with_people(3);
    house.file("in.igsh", "assert count=4\necho on\n");
    let mut command = house.session();
    command.arg("--keep-going");
    command.stdin(std::fs::File::open(house.at("in.igsh")).expect("the script"));
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());

    let mut shell = house.shell(&[
        "--keep-going",
        "--login",
        "Master1",
        "--password-file",
        "m1.txt",
    ]);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("assert count=4\r");
    shell.wait_for("E0707");
    shell.wait_for_line("igsh (Master1)>");
    shell.send("let w=went; user get nobody; echo ${w}-on\r");
    shell.wait_for("went-on");
}
