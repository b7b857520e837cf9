//! Scripts that loop, assert and run each other, and what lists can be asked for beside their selection.

use crate::common::{House, LOGIN, Ran};

fn run(house: &House, options: &[&str], script: &str) -> Ran {
    house.logged_in(&[options, &["run", script]].concat())
}

#[test]
fn a_loop_runs_its_commands_for_every_row() {
    let house = House::with_people(200);
    house.file(
        "loop.igsh",
        "foreach g in (group list sort=name limit=2) {\n\
         \x20 export group=$g file=out-${g}.igb\n\
         \x20 echo ${g} ${g.users}\n\
         }\n",
    );
    let ran = run(&house, &["--yes"], "loop.igsh").ok();
    let groups = house.ask("csv", "group list sort=name limit=2 columns=name,users");
    for line in groups.lines().skip(1) {
        let (name, users) = line.split_once(',').expect("two columns");
        assert!(house.at(&format!("out-{name}.igb")).exists(), "{name}");
        assert!(ran.out.contains(&format!("{name} {users}")), "{}", ran.out);
    }
    assert!(
        ran.err.contains("foreach g: 2 of 2 groups done"),
        "{}",
        ran.err
    );
}

#[test]
fn a_loop_ends_at_the_first_failure_and_says_how_far_it_came() {
    let house = House::with_people(20);
    house.file(
        "loop.igsh",
        "foreach u in (user list limit=3) { user get nobody }\n",
    );
    insta::assert_snapshot!(run(&house, &[], "loop.igsh").screen(), @r#"
    exit 1
    -- err
    loop.igsh:1:36: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows the users
    note: foreach u: stopped at 'aconceicao3'; 0 of 3 users done
    "#);
    insta::assert_snapshot!(run(&house, &["--keep-going"], "loop.igsh").screen(), @r#"
    exit 5
    -- err
    loop.igsh:1:36: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows the users
    loop.igsh:1:36: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows the users
    loop.igsh:1:36: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows the users
    note: foreach u: 0 of 3 users done, 3 failed
    "#);
}

#[test]
fn a_loop_over_what_is_no_list_is_refused_before_anything_runs() {
    let house = House::with_people(3);
    house.file(
        "loop.igsh",
        "echo first\nforeach x in (user count) { echo $x }\n",
    );
    let ran = run(&house, &[], "loop.igsh").fails(2, &["loop.igsh:2:15", "E0706"]);
    assert_eq!(ran.out, "");
}

#[test]
fn a_variable_without_a_value_is_found_before_anything_runs() {
    let house = House::with_people(3);
    house.file("late.igsh", "echo first\nlet one=1\necho $one $two\n");
    let ran = run(&house, &[], "late.igsh").fails(2, &["late.igsh:3:11", "E0213"]);
    assert_eq!(ran.out, "");
    house.igsh(&["check", "late.igsh"]).ok();
}

#[test]
fn an_assertion_ends_a_script() {
    let house = House::with_people(30);
    house.file(
        "a.igsh",
        "assert count=30\nassert count>30 group=*\necho on\n",
    );
    let ran = run(&house, &[], "a.igsh").fails(1, &["a.igsh:2:1", "E0707", "30 users"]);
    assert_eq!(ran.out, "");
}

#[test]
fn a_question_is_answered_beforehand_or_ends_the_script() {
    let house = House::empty();
    house.file("c.igsh", "confirm \"Go on?\"\necho on\n");
    let ran = |options: &[&str]| run_alone(&house, options, "c.igsh");
    assert_eq!(ran(&["--yes=412"]).ok().out, "on\n");
    insta::assert_snapshot!(ran(&[]).screen(), @r#"
    exit 3
    -- err
    c.igsh:1:1: error[E0604]: the question cannot be asked: standard input and standard error are not a terminal
    hint: answer beforehand with -yes or -yes=COUNT
    "#);
}

#[test]
fn an_error_names_every_script_on_the_way() {
    let house = House::with_people(3);
    std::fs::create_dir(house.at("sub")).expect("a folder");
    house.file("outer.igsh", "echo out\nrun sub/inner.igsh\n");
    house.file("sub/inner.igsh", "\n  user get nobody\n");
    insta::assert_snapshot!(run(&house, &[], "outer.igsh").screen(), @r#"
    exit 1
    -- out
    out
    -- err
    sub/inner.igsh:2:3: error[E0703]: there is no user 'nobody'
    hint: letter case matters; 'user list' shows the users
    hint: run from outer.igsh:2:1
    "#);
    // Also where it is found before the first command of the inner one runs.
    house.file("sub/inner.igsh", "echo in\n  user cuont\n");
    let ran = run(&house, &[], "outer.igsh").fails(
        2,
        &[
            "sub/inner.igsh:2:8: error[E0202]",
            "run from outer.igsh:2:1",
        ],
    );
    assert_eq!(ran.out, "out\n");
    house.file("sub/inner.igsh", "run ../outer.igsh\n");
    insta::assert_snapshot!(run(&house, &[], "outer.igsh").screen(), @r#"
    exit 1
    -- out
    out
    -- err
    sub/inner.igsh:1:1: error[E0603]: sub/../outer.igsh runs itself, directly or through other scripts
    hint: scripts may run each other 16 deep, and none that is still running
    hint: run from outer.igsh:2:1
    "#);
}

#[test]
fn a_script_that_is_not_text_says_where() {
    let house = House::empty();
    house.file("bad.igsh", b"echo one\necho \xff\n");
    insta::assert_snapshot!(house.igsh(&["check", "bad.igsh"]).screen(), @r#"
    exit 2
    -- err
    error[E0401]: bad.igsh:2:6: the byte ff is not UTF-8 text
    hint: save it as UTF-8, or convert it: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW
    "#);
}

#[test]
fn any_list_takes_columns_order_and_a_number_of_rows() {
    let house = House::with_people(60);
    let csv = |line: &str| house.ask("csv", line);
    let most = csv("group list sort=-users columns=users,name limit=2");
    assert!(most.starts_with("users,name\n"), "{most}");
    let counts: Vec<u32> = most
        .lines()
        .skip(1)
        .map(|line| {
            line.split(',')
                .next()
                .expect("a cell")
                .parse()
                .expect("a count")
        })
        .collect();
    assert!(
        counts.len() == 2 && counts.is_sorted_by(|a, b| a >= b),
        "{most}"
    );
    // The limit of a selection counts in the order that was asked for.
    let all = csv("user list columns=userid sort=-userid");
    let last = csv("user list columns=userid sort=-userid limit=1");
    assert_eq!(last.lines().nth(1), all.lines().nth(1));
    insta::assert_snapshot!(house.master(&["user list columns=nam"]).screen(), @r#"
    exit 2
    -- err
    error[E0703]: there is no column 'nam'
    hint: there are: userid, group, fullName, state, phase, bundle, tokens, cards, email, lastAuth, gone
    "#);
}

#[test]
fn every_list_of_the_catalogue_takes_columns_order_and_limit() {
    use igsh::lang::spec::Selects;
    for command in igsh::shell::catalogue().commands {
        if !command.path.ends_with(" list") {
            continue;
        }
        let has = |name: &str| command.args.iter().any(|arg| arg.name == name);
        assert!(has("columns") && has("sort"), "{}", command.path);
        assert!(
            command.selects != Selects::Nothing || has("limit"),
            "{}",
            command.path
        );
    }
}

#[test]
fn the_last_list_can_be_seen_whole_and_otherwise() {
    let house = House::with_people(1200);
    let ran = house
        .master(&["user list columns=userid", "last format=csv"])
        .ok();
    assert!(ran.out.contains("1,000 of 1,200 users"));
    assert!(ran.err.contains("'last' shows all"), "{}", ran.err);
    let csv = ran
        .out
        .split("users\n")
        .nth(1)
        .expect("what follows the table");
    assert_eq!(csv.lines().count(), 1201);
    insta::assert_snapshot!(house.igsh(&["-c", "last"]).screen(), @r#"
    exit 1
    -- err
    error[E0703]: no list was shown yet that could be shown again
    hint: 'user list' shows one; it is forgotten at logout and when an idle session is locked
    "#);
}

/// A script without a session.
fn run_alone(house: &House, options: &[&str], script: &str) -> Ran {
    house.igsh(&[options, &["run", script]].concat())
}

#[test]
fn let_gives_values_to_what_follows_in_its_script_only() {
    let house = House::empty();
    house.file(
        "outer.igsh",
        "let a=1 b=\"two words\"\nlet c=\"$a/${b}\"\necho $c\nrun inner.igsh a=$b\necho $a\n",
    );
    house.file("inner.igsh", "echo inner $a\nlet a=9\n");
    let ran = run_alone(&house, &[], "outer.igsh").ok();
    assert_eq!(ran.out, "1/two words\ninner two words\n1\n");
    house.file("inner.igsh", "echo $c\n");
    insta::assert_snapshot!(run_alone(&house, &[], "outer.igsh").screen(), @r#"
    exit 2
    -- out
    1/two words
    -- err
    inner.igsh:1:6: error[E0213]: unknown variable 'c'
      |
    1 | echo $c
      |      ^^ has no value
      |
      = help: to mean the character '$', put it in single quotes
    hint: run from outer.igsh:4:1
    "#);
}

#[test]
fn arguments_become_variables_and_are_never_read_as_language() {
    let house = House::empty();
    house.file("a.igsh", "echo $x\necho \"<${x}>\"\n");
    assert_eq!(
        house
            .igsh(&["run", "a.igsh", "x=one; echo two $HOME"])
            .ok()
            .out,
        "one; echo two $HOME\n<one; echo two $HOME>\n"
    );
    insta::assert_snapshot!(house.igsh(&["run", "a.igsh", "novalue"]).screen(), @r#"
    exit 2
    -- err
    error[E0703]: 'novalue' is not name=value
    hint: give variables as name=value after the script's name
    "#);
}

#[test]
fn scripts_are_found_beside_the_one_that_runs_them_and_never_run_in_a_circle() {
    let house = House::empty();
    std::fs::create_dir_all(house.at("a/b")).expect("folders");
    house.file("a/one.igsh", "run b/two.igsh\n");
    house.file("a/b/two.igsh", "echo two\nrun ../three.igsh\n");
    house.file("a/three.igsh", "echo three\n");
    assert_eq!(
        run_alone(&house, &[], "a/one.igsh").ok().out,
        "two\nthree\n"
    );
    // By another name it is the same file.
    std::os::unix::fs::symlink("one.igsh", house.at("a/again.igsh")).expect("a link");
    house.file("a/three.igsh", "run again.igsh\n");
    insta::assert_snapshot!(run_alone(&house, &[], "a/one.igsh").screen(), @r#"
    exit 1
    -- out
    two
    -- err
    a/b/../three.igsh:1:1: error[E0603]: a/b/../again.igsh runs itself, directly or through other scripts
    hint: scripts may run each other 16 deep, and none that is still running
    hint: run from a/b/two.igsh:2:1
    hint: run from a/one.igsh:1:1
    "#);
    house.file("a/three.igsh", "run missing.igsh\n");
    insta::assert_snapshot!(run_alone(&house, &[], "a/one.igsh").screen(), @r#"
    exit 1
    -- out
    two
    -- err
    a/b/../three.igsh:1:1: error[E0401]: cannot read a/b/../missing.igsh: no such file or folder
    hint: check the path; a relative one starts in the current folder
    hint: run from a/b/two.igsh:2:1
    hint: run from a/one.igsh:1:1
    "#);
}

#[test]
fn echo_shows_commands_with_their_secrets_masked_also_within_loops() {
    let house = House::with_people(3);
    house.private("t.txt", "x\n");
    house.file(
        "e.igsh",
        "let name=nobody\n\
         foreach u in (user list limit=2 sort=userid) {\n\
         \x20 tenant verify user=$name code=\"493817\" tenant=none.tenant\n\
         }\n",
    );
    let ran = run(&house, &["--echo", "--keep-going"], "e.igsh");
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 5
    -- err
    note: + let name=nobody
    note: + foreach u in (user list limit=2 sort=userid)
    note: + tenant verify user=$name code=*** tenant=none.tenant
    e.igsh:3:3: error[E0501]: there is no tenant at none.tenant
    hint: make one with 'tenant init', or name another file
    note: + tenant verify user=$name code=*** tenant=none.tenant
    e.igsh:3:3: error[E0501]: there is no tenant at none.tenant
    hint: make one with 'tenant init', or name another file
    note: foreach u: 0 of 2 users done, 2 failed
    "#);
    let line = "+ tenant verify user=$name code=*** tenant=none.tenant";
    assert_eq!(ran.err.matches(line).count(), 2, "{}", ran.err);
}

#[test]
fn a_script_goes_on_after_failures_with_keep_going_and_says_that_there_were_some() {
    let house = House::with_people(3);
    house.file(
        "k.igsh",
        "user get nobody\necho on\nuser get none\necho end\n",
    );
    let ran = run(&house, &["--keep-going"], "k.igsh").fails(5, &["k.igsh:1:1", "k.igsh:3:1"]);
    assert_eq!(ran.out, "on\nend\n");
    let ran = run(&house, &[], "k.igsh").fails(1, &["k.igsh:1:1"]);
    assert_eq!(ran.out, "");
}

#[test]
fn a_script_that_others_can_write_is_not_run_by_a_master_nor_what_it_includes() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = House::with_people(3);
    let mode = |name: &str, mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(house.at(name), mode).expect("its mode");
    };
    house.file("outer.igsh", "echo out\nrun inner.igsh\n");
    house.file("inner.igsh", "echo in\n");
    for loose in [0o664, 0o646] {
        mode("outer.igsh", loose);
        let ran = run(&house, &[], "outer.igsh").fails(3, &["outer.igsh", "chmod go-w"]);
        assert_eq!(ran.out, "");
        // Nobody is logged in, so that there is nothing to gain.
        run_alone(&house, &[], "outer.igsh").ok();
        mode("outer.igsh", 0o644);
        mode("inner.igsh", loose);
        let ran =
            run(&house, &[], "outer.igsh").fails(3, &["outer.igsh:2:1", "inner.igsh", "E0603"]);
        assert_eq!(ran.out, "out\n");
        mode("inner.igsh", 0o644);
    }
    run(&house, &[], "outer.igsh").ok();
    // Only root can give a file away.
    if std::os::unix::fs::chown(house.at("inner.igsh"), Some(65_534), None).is_ok() {
        run(&house, &[], "outer.igsh").fails(3, &["outer.igsh:2:1", "another user"]);
    }
}

#[test]
fn lines_may_end_in_cr_lf() {
    let house = House::empty();
    house.file(
        "crlf.igsh",
        "echo one\r\n# a comment\r\necho 'two' \\\r\n  three\r\necho four",
    );
    assert_eq!(
        run_alone(&house, &[], "crlf.igsh").ok().out,
        "one\ntwo three\nfour\n"
    );
    house.file(
        "crlf.igsh",
        "echo one\r\necho \"\r\n  uesr list\r\n\"; uesr list\r\n",
    );
    insta::assert_snapshot!(house.igsh(&["check", "crlf.igsh"]).screen(), @r#"
    exit 2
    -- err
    crlf.igsh:4:4: error[E0201]: unknown command 'uesr'
      |
    4 | "; uesr list
      |    ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    "#);
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let house = House::empty();
    house.file("bom.igsh", "\u{feff}echo one\nuesr list\n");
    insta::assert_snapshot!(house.igsh(&["check", "bom.igsh"]).screen(), @r#"
    exit 2
    -- err
    bom.igsh:2:1: error[E0201]: unknown command 'uesr'
      |
    2 | uesr list
      | ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    "#);
    house.file("bom.igsh", "\u{feff}uesr list\n");
    insta::assert_snapshot!(house.igsh(&["check", "bom.igsh"]).screen(), @r#"
    exit 2
    -- err
    bom.igsh:1:1: error[E0201]: unknown command 'uesr'
      |
    1 | uesr list
      | ^^^^ not a command
      |
      = help: did you mean 'user list' or 'user'?
      = help: 'help' lists the commands
    "#);
    house.file("bom.igsh", "\u{feff}echo one\n");
    assert_eq!(run_alone(&house, &[], "bom.igsh").ok().out, "one\n");
}

#[test]
fn a_nul_in_a_script_has_a_place() {
    let house = House::empty();
    house.file("nul.igsh", b"echo one\necho a\0b\n");
    insta::assert_snapshot!(house.igsh(&["check", "nul.igsh"]).screen(), @r#"
    exit 2
    -- err
    nul.igsh:2:7: error[E0104]: control character U+0000
      |
    2 | echo a␀b
      |       ^ cannot stand in a command
      |
      = help: remove the character, or write it as "\u{0}"
    "#);
}

#[test]
fn a_line_of_a_megabyte_is_read_and_its_error_is_shown_short() {
    let house = House::empty();
    let words = "word ".repeat(100_000);
    house.file("long.igsh", format!("echo {words}\n"));
    assert_eq!(run_alone(&house, &[], "long.igsh").ok().out.len(), 500_000);
    house.file("long.igsh", format!("echo {words} grup=x {words}\n"));
    let ran = house
        .igsh(&["check", "long.igsh"])
        .fails(2, &["long.igsh:1:500007", "E0101"]);
    assert!(ran.err.len() < 4_000, "{}", ran.err.len());
    let pairs: String = (0..50_000).map(|n| format!(" v{n}=x")).collect();
    house.file("long.igsh", format!("let{pairs}\necho $v49999\n"));
    assert_eq!(run_alone(&house, &[], "long.igsh").ok().out, "x\n");
}

#[test]
fn ten_thousand_lines_are_checked_and_their_errors_counted() {
    let house = House::empty();
    let lines: String = (0..10_000)
        .map(|n| format!("user list userid=u{n}*\n"))
        .collect();
    house.file("many.igsh", &lines);
    house.igsh(&["check", "many.igsh"]).ok();
    house.file(
        "many.igsh",
        lines.replace("9* ", "9*").replace("5*\n", "5* x=y\n"),
    );
    let ran = house.igsh(&["check", "many.igsh"]);
    let ran = ran.fails(
        2,
        &[
            "many.igsh:6:",
            "the first 20 are shown, and 980 more errors",
        ],
    );
    assert_eq!(ran.err.matches("error[E0101]").count(), 20);
}

#[test]
fn errors_of_words_and_of_names_are_counted_together() {
    let house = House::empty();
    // Half of the lines cannot be parsed, half name no command.
    house.file("both.igsh", "echo 'a' b=\nuesr list\n".repeat(15));
    let ran = house
        .igsh(&["check", "both.igsh"])
        .fails(2, &["and 10 more errors"]);
    let places: Vec<_> = ran
        .err
        .lines()
        .filter(|line| line.starts_with("both.igsh:"))
        .collect();
    assert_eq!(places.len(), 20, "{}", ran.err);
    assert!(places[19].starts_with("both.igsh:20:"), "{}", places[19]);
}

#[test]
fn an_empty_script_and_a_last_line_without_its_end_are_scripts() {
    let house = House::empty();
    for text in ["", "\n", "# nothing", "\u{feff}", "  \t\n\n"] {
        house.file("empty.igsh", text);
        house.igsh(&["check", "empty.igsh"]).ok();
        assert_eq!(
            run_alone(&house, &[], "empty.igsh").ok().out,
            "",
            "{text:?}"
        );
    }
    house.file("last.igsh", "echo one\necho two # end");
    assert_eq!(run_alone(&house, &[], "last.igsh").ok().out, "one\ntwo\n");
}

#[test]
fn check_warns_and_a_run_warns_once() {
    let house = House::with_people(30);
    house.file(
        "w.igsh",
        "user count userid=\"a*\"\n\
         foreach u in (user list limit=3) {\n\
         \x20 user count group='x?' state=active state=suspended\n\
         }\n",
    );
    let told = [
        "w.igsh:1:19: warning[W0301]",
        "w.igsh:3:20: warning[W0301]",
        "w.igsh:3:38: warning[W0302]",
    ];
    let ran = house.igsh(&["check", "w.igsh"]).ok();
    for told in told {
        assert_eq!(ran.err.matches(told).count(), 1, "{told}: {}", ran.err);
    }
    let ran = run(&house, &[], "w.igsh").ok();
    assert_eq!(ran.err.matches("warning[").count(), 3, "{}", ran.err);
    // Warnings do not hide errors, nor errors warnings.
    house.file("w.igsh", "user count userid=\"a*\"\nuesr count\n");
    insta::assert_snapshot!(house.igsh(&["check", "w.igsh"]).screen(), @r#"
    exit 2
    -- err
    w.igsh:1:19: warning[W0301]: '*' in quotes is an ordinary character
      |
    1 | user count userid="a*"
      |                   ^^^^ no pattern
      |
      = help: as a wildcard '*' stands outside the quotes
    w.igsh:2:1: error[E0201]: unknown command 'uesr'
      |
    2 | uesr count
      | ^^^^ not a command
      |
      = help: did you mean 'user count' or 'user'?
      = help: 'help' lists the commands
    "#);
    let ran = house
        .igsh(&["--format", "json", "check", "w.igsh"])
        .fails(2, &[]);
    let objects: Vec<serde_json::Value> = ran
        .err
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(objects[0]["warning"]["code"], "W0301");
    assert!(
        objects[1]["error"]["message"]
            .as_str()
            .expect("text")
            .starts_with("w.igsh:2:1: unknown command")
    );
    house.igsh(&["-c", "help W0301"]).ok();
}

#[test]
fn a_change_or_an_export_of_all_users_is_warned_about() {
    let house = House::with_people(30);
    for (line, warned) in [
        ("export file=a.igb -plan", true),
        ("export group=* file=a.igb -plan", true),
        ("export limit=29 file=a.igb -plan", false),
        ("export userid=a* file=a.igb -plan", false),
        ("migrate stage wave=W1", true),
        ("migrate stage wave=W2 userid=a*", false),
        ("user list", false),
    ] {
        let ran = house.master(&[line]).ok();
        assert_eq!(ran.err.contains("warning: "), warned, "{line}: {}", ran.err);
        assert!(!warned || ran.err.contains("all users"), "{}", ran.err);
    }
}

/// A loop on a terminal, interrupted once the screen shows `seen`: what is shown of it, and the exit status.
fn interrupted(house: &House, options: &[&str], script: &str, seen: &str) -> (String, u32) {
    house.file("loop.igsh", script);
    let args = [&LOGIN, options, &["run", "loop.igsh"]].concat();
    let mut pty = house.shell(&args);
    pty.wait_for(seen);
    pty.send("\x03");
    let code = pty.exit_code();
    (String::from_utf8_lossy(pty.transcript()).into_owned(), code)
}

#[test]
fn ctrl_c_within_a_row_ends_its_command_and_the_loop() {
    let house = House::with_people(3);
    let (told, code) = interrupted(
        &house,
        &["--keep-going"],
        "foreach g in (group list limit=3 sort=name) {\n\
         \x20 echo begun with $g\n\
         \x20 source generate users=4000000 seed=1 file=${g}.ndjson\n\
         \x20 echo after\n\
         }\n\
         echo end\n",
        "begun with",
    );
    assert_eq!(code, 130, "{told}");
    assert!(told.contains("loop.igsh:3:3: error[E0130]"), "{told}");
    assert!(told.contains("; 0 of 3 groups done"), "{told}");
    assert!(told.contains("foreach g: interrupted at '"), "{told}");
    assert!(!told.contains("after") && !told.contains("end"), "{told}");
    let files = std::fs::read_dir(house.path()).expect("the folder");
    let made = files.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().contains("ndjson")
    });
    assert_eq!(made.count(), 0);
}

#[test]
fn ctrl_c_between_rows_ends_the_loop_and_says_how_far_it_came() {
    let house = House::with_people(1500);
    let (told, code) = interrupted(
        &house,
        &[],
        "foreach u in (user list sort=userid) {\n  echo at $u\n  user count userid=$u format=value\n}\necho end\n",
        "at ",
    );
    assert_eq!(code, 130, "{told}");
    let done = told.matches("at ").count();
    assert!(done < 1500, "{done}");
    let said = told
        .lines()
        .find(|line| line.contains("foreach u: interrupted at '"));
    let said = said.unwrap_or_else(|| panic!("{told}"));
    assert!(said.contains("of 1,500 users done"), "{said}");
    assert!(!told.contains("end\r\n"), "{told}");
}

#[test]
fn a_loop_that_goes_on_says_how_many_failed() {
    let house = House::with_people(4);
    let name = house.ask("value", "user list sort=userid limit=1 columns=userid");
    house.file(
        "loop.igsh",
        format!(
            "foreach u in (user list sort=userid) {{\n  user list userid=$u userid!='{}' -require-match\n}}\n",
            name.trim()
        ),
    );
    let ran = run(&house, &["--keep-going"], "loop.igsh");
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 5
    -- out
    0 users
    userid  group    fullName     state   phase  bundle  tokens  cards  email                    lastAuth  gone
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────
    csmith  default  Chloe Smith  active  none                1      1  chloe.smith@example.com
    1 user
    userid       group      fullName         state   phase  bundle  tokens  cards  email                        lastAuth                 gone
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    sconceicao1  wholesale  Sofia Conceição  active  none                1      1  sofia.conceicao@example.com  2025-02-21 01:57:52 UTC
    1 user
    userid  group     fullName    state   phase  bundle  tokens  cards  email                     lastAuth                 gone
    ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    wchen   research  William 陳  active  none                1      0  william.chen@example.com  2025-10-29 01:33:14 UTC
    1 user
    -- err
    loop.igsh:2:3: error[E0701]: nothing matches the selection
    note: foreach u: 3 of 4 users done, 1 failed
    "#);
}

/// A script is refused before more of it is in memory than one may have.
#[test]
fn a7_an_endless_line_or_script_is_refused_with_its_name_and_line() {
    let house = House::empty();
    let line = "x".repeat((1 << 20) + 1);
    house.file("line.igsh", format!("echo a\n\n{line}"));
    for args in [["check", "line.igsh"], ["run", "line.igsh"]] {
        house
            .igsh(&args)
            .fails(2, &["line.igsh:3: the line is longer than 1 MiB", "hint"]);
    }
    house.file("whole.igsh", format!("echo {}\n", &line[6..]));
    house.igsh(&["check", "whole.igsh"]).ok();
    // 5 GiB without a block on the disk.
    let endless = std::fs::File::create(house.at("zeros")).expect("a file");
    endless.set_len(5 << 30).expect("its length");
    insta::assert_snapshot!(house.igsh(&["check", "zeros"]).screen(), @r#"
    exit 2
    -- err
    error[E0401]: zeros:1: the line is longer than 1 MiB; nothing of it runs
    hint: put a list of users into a file of its own: userid=@FILE, or bulk=FILE
    "#);

    let empty = format!("#{}\n", "x".repeat(1022)).repeat((16 << 10) - 1) + &"\n".repeat(1024 - 8);
    house.file("empty.igsh", format!("{empty}echo b\n"));
    let ran = run_alone(&house, &[], "empty.igsh").ok();
    assert_eq!(ran.out, "b\n");
    house.file("empty.igsh", format!("{empty}uesr b\n"));
    insta::assert_snapshot!(house.igsh(&["check", "empty.igsh"]).screen(), @r#"
    exit 2
    -- err
    empty.igsh:17400:1: error[E0201]: unknown command 'uesr'
          |
    17400 | uesr b
          | ^^^^ not a command
          |
          = help: did you mean 'user'?
          = help: 'help' lists the commands
    "#);
    house.file("empty.igsh", format!("{empty}echo bb\n\n"));
    insta::assert_snapshot!(house.igsh(&["check", "empty.igsh"]).screen(), @r#"
    exit 2
    -- err
    error[E0401]: empty.igsh:17402: the script is longer than 16 MiB; nothing of it runs
    hint: put a list of users into a file of its own: userid=@FILE, or bulk=FILE
    "#);

    // Standard input is no other matter.
    let mut igsh = house.command();
    igsh.stdin(std::fs::File::open(house.at("line.igsh")).expect("the script"));
    let output = igsh.output().expect("the process starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("standard input:3: the line is longer than 1 MiB"),
        "{said}"
    );
}
