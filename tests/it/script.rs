//! Scripts that loop, assert and run each other, and what lists can be asked for beside their selection.

use crate::common::{House, Ran};

fn run(house: &House, options: &[&str], script: &str) -> Ran {
    let session = ["--login", "Master1", "--password-file", "m1.txt"];
    let mut command = house.command();
    command.args(session).args(options).args(["run", script]);
    Ran::of(&mut command)
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
    run(&house, &[], "loop.igsh").fails(1, &["loop.igsh:1:36", "0 of 3 users done"]);
    run(&house, &["--keep-going"], "loop.igsh").fails(5, &["0 of 3 users done, 3 failed"]);
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
fn a_variable_that_nobody_gives_is_found_before_anything_runs() {
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
    let ran = |options: &[&str]| {
        let mut command = house.command();
        command.args(options).args(["run", "c.igsh"]);
        Ran::of(&mut command)
    };
    assert_eq!(ran(&["--yes=412"]).ok().out, "on\n");
    ran(&[]).fails(3, &["c.igsh:1:1", "-yes"]);
}

#[test]
fn an_error_names_every_script_on_the_way() {
    let house = House::with_people(3);
    std::fs::create_dir(house.at("sub")).expect("a folder");
    house.file("outer.igsh", "echo out\nrun sub/inner.igsh\n");
    house.file("sub/inner.igsh", "\n  user get nobody\n");
    run(&house, &[], "outer.igsh").fails(1, &["sub/inner.igsh:2:3", "run from outer.igsh:2:1"]);
    house.file("sub/inner.igsh", "run ../outer.igsh\n");
    run(&house, &[], "outer.igsh").fails(1, &["runs itself"]);
}

#[test]
fn a_script_that_is_not_text_says_where() {
    let house = House::empty();
    house.file("bad.igsh", b"echo one\necho \xff\n");
    house
        .igsh(&["check", "bad.igsh"])
        .fails(2, &["bad.igsh:2:6", "ff"]);
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
    house
        .master(&["user list columns=nam"])
        .fails(2, &["'nam'", "fullName"]);
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
    house.igsh(&["-c", "last"]).fails(1, &["no list"]);
}
