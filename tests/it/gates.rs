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
    let mut screens = String::new();
    for text in [
        "user get nobody\necho on\nassert count=4\necho end\n",
        // Also within a loop, whose later rows are not worked on.
        "foreach u in (user list) {\n  echo in\n  assert count=0 userid=$u\n  echo not\n}\necho end\n",
        // One that cannot be evaluated is not passed: its selection names what is not there, or holds a variable that
        // turns out to be no number.
        "echo on\nassert count>0 group=nowhere\necho end\n",
        "let n=many\necho on\nassert count=$n\necho end\n",
        "assert count=3 userid=@missing.txt\necho end\n",
        // So it is where the list of the loop around it is not there.
        "foreach u in (user list group=nowhere) {\n  assert count=1 userid=$u\n}\necho end\n",
    ] {
        screens += &format!("{text}{}\n", run(&house, &[], text).screen());
    }
    insta::assert_snapshot!(screens, @r#"
    user get nobody
    echo on
    assert count=4
    echo end
    exit 1
    -- out
    on
    -- err
    work.igsh:1:1: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows who there is
    work.igsh:3:1: error[E0707]: count=4 does not hold: there are 3 users
    hint: 'user list' with the same selection shows who they are

    foreach u in (user list) {
      echo in
      assert count=0 userid=$u
      echo not
    }
    echo end
    exit 1
    -- out
    in
    -- err
    work.igsh:3:3: error[E0707]: count=0 does not hold: 'userid=bsmith' chooses 1 user
    hint: 'user list' with the same selection shows who they are
    note: foreach u: stopped at 'bsmith'; 0 of 3 users done

    echo on
    assert count>0 group=nowhere
    echo end
    exit 2
    -- out
    on
    -- err
    work.igsh:2:22: error[E0304]: no group is called 'nowhere'
      |
    2 | assert count>0 group=nowhere
      |                      ^^^^^^^ exists nowhere
      |
      = help: to mean it all the same, quote it: "nowhere"

    let n=many
    echo on
    assert count=$n
    echo end
    exit 2
    -- out
    on
    -- err
    work.igsh:3:14: error[E0210]: 'many' is not a whole number
      |
    3 | assert count=$n
      |              ^^
      |
      = expected: a whole number

    assert count=3 userid=@missing.txt
    echo end
    exit 1
    -- err
    work.igsh:1:1: error[E0401]: missing.txt: there is no such file
    hint: check the path; a relative one starts at the current folder

    foreach u in (user list group=nowhere) {
      assert count=1 userid=$u
    }
    echo end
    exit 2
    -- err
    work.igsh:1:31: error[E0304]: no group is called 'nowhere'
      |
    1 | foreach u in (user list group=nowhere) {
      |                               ^^^^^^^ exists nowhere
      |
      = help: to mean it all the same, quote it: "nowhere"
    "#);
    let ran = run(&house, &[], "assert count=3\nuser get nobody\necho end\n").fails(5, &[]);
    assert_eq!(ran.out, "end\n");
}

#[test]
fn a2_a_confirm_that_is_not_answered_ends_it_too() {
    let house = House::with_people(3);
    let text = "user get nobody\nconfirm \"Go on?\"\necho end\n";
    insta::assert_snapshot!(run(&house, &[], text).screen(), @r#"
    exit 3
    -- err
    work.igsh:1:1: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows who there is
    work.igsh:2:1: error[E0604]: the question cannot be asked: standard input and standard error are not a terminal
    hint: answer beforehand with -yes or -yes=COUNT
    "#);
    insta::assert_snapshot!(run(&house, &["--yes"], text).screen(), @r#"
    exit 5
    -- out
    end
    -- err
    work.igsh:1:1: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows who there is
    "#);
}

#[test]
fn a2_every_script_around_it_ends_and_every_command_after_it() {
    let house = House::with_people(3);
    house.file("inner.igsh", "assert count=4\necho inner\n");
    house.file("middle.igsh", "run inner.igsh\necho middle\n");
    let outer = || run(&house, &[], "run middle.igsh\necho outer\n").screen();
    insta::assert_snapshot!(outer(), @r#"
    exit 1
    -- err
    inner.igsh:1:1: error[E0707]: count=4 does not hold: there are 3 users
    hint: 'user list' with the same selection shows who they are
    hint: run from middle.igsh:1:1
    hint: run from work.igsh:1:1
    "#);
    // One that is not even read to its end cannot have been passed.
    house.file("inner.igsh", "assert count=4\nuesr list\n");
    insta::assert_snapshot!(outer(), @r#"
    exit 2
    -- err
    inner.igsh:2:1: error[E0201]: unknown command 'uesr'
      |
    2 | uesr list
      | ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    hint: run from middle.igsh:1:1
    hint: run from work.igsh:1:1
    "#);
    house.file("inner.igsh", "uesr list\n");
    insta::assert_snapshot!(outer(), @r#"
    exit 5
    -- out
    middle
    outer
    -- err
    inner.igsh:1:1: error[E0201]: unknown command 'uesr'
      |
    1 | uesr list
      | ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    hint: run from middle.igsh:1:1
    hint: run from work.igsh:1:1
    "#);

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
