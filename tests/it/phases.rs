//! Phases, waves, exclusion, target ids and workflow aliases, as a master moves users through a migration.

use crate::common::{House, LOGIN};

/// Everybody in each phase: none, export, exported, imported, migrated.
fn phases(house: &House) -> [u64; 5] {
    let count = |phase: &str| {
        house
            .ask("value", &format!("user count phase={phase}"))
            .trim()
            .parse()
            .expect("a number")
    };
    ["none", "export", "exported", "imported", "migrated"].map(count)
}

fn count(house: &House, selection: &str) -> u64 {
    let found = house.ask("value", &format!("user count {selection}"));
    found.trim().parse().expect("a number")
}

/// Four people in two groups, two of whom share a name; one is called like a workflow alias.
fn small() -> House {
    let house = House::with_vault();
    house.file(
        "people.ndjson",
        r#"{"type":"schema","version":1,"system":"s","scope":"full"}
{"type":"group","name":"hr","default":true}
{"type":"group","name":"it"}
{"type":"user","group":"hr","userid":"jsmith","aliases":["john"]}
{"type":"user","group":"it","userid":"jsmith"}
{"type":"user","group":"it","userid":"anna","aliases":["a.s"]}
{"type":"user","group":"it","userid":"bob"}
"#,
    );
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    house
}

#[test]
fn staging_by_waves_and_an_export_of_the_phase() {
    let house = House::with_people(200);
    let (a, b) = (count(&house, "userid=a*"), count(&house, "userid=b*"));
    house.master(&["migrate stage userid=a* wave=W1"]).ok();
    assert_eq!(phases(&house), [200 - a, a, 0, 0, 0]);
    // Who is staged gets only the new label.
    let ran = house.master(&["migrate stage userid=a*,b* wave=W2"]).ok();
    assert!(
        ran.err.contains(&format!("{} users are now", a + b)),
        "{}",
        ran.err
    );
    assert_eq!(count(&house, "wave=W2"), a + b);
    assert_eq!(count(&house, "wave=W1"), 0);
    house.master(&["export phase=export file=w.igb"]).ok();
    assert_eq!(phases(&house), [200 - a - b, 0, a + b, 0, 0]);
    assert_eq!(
        count(&house, "wave=W2 phase=exported"),
        a + b,
        "the wave stays"
    );
}

#[test]
fn users_who_were_exported_are_not_staged_again() {
    let house = House::with_people(60);
    house.master(&["export userid=a* file=a.igb"]).ok();
    let before = phases(&house);
    insta::assert_snapshot!(house.master(&["migrate stage wave=W1"]).screen(), @r#"
    exit 1
    -- err
    error[E0704]: 4 of the chosen users are exported already; nothing was changed
    hint: add phase=none to stage the others only, or take users back with 'migrate retreat'
    "#);
    assert_eq!(phases(&house), before);
    house.master(&["migrate stage phase=none wave=W1"]).ok();
    assert_eq!(phases(&house)[0], 0);
}

#[test]
fn phases_go_forward_and_back() {
    let house = House::with_people(60);
    house.master(&["export userid=a*,b* file=ab.igb"]).ok();
    let ab = count(&house, "userid=a*,b*");
    let rest = 60 - ab;
    let answers = house.dialogue(&[
        "migrate advance to=exported userid=c*",
        "migrate advance to=imported",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ migrate advance to=exported userid=c*
    exit 1
    -- err
    error[E0704]: only an export makes a user exported
    hint: type: export phase=export file=…

    $ migrate advance to=imported
    exit 1
    -- err
    error[E0704]: 54 of the chosen users were never exported; nothing was changed
    hint: add phase=exported to take the others only
    "#);
    house.master(&["migrate advance phase=exported"]).ok();
    assert_eq!(phases(&house), [rest, 0, 0, ab, 0]);
    house.master(&["migrate advance phase=imported"]).ok();
    assert_eq!(phases(&house), [rest, 0, 0, 0, ab]);
    house
        .master(&["migrate retreat to=exported phase=migrated"])
        .ok();
    assert_eq!(phases(&house), [rest, 0, ab, 0, 0]);
    let ran = house.master(&["migrate retreat to=none"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    warning: without a selection all users are chosen: 60 users
    note: 6 users are now in phase none
    note: 54 users are in phase none or before it
    note: 6 users are in a bundle all the same
    "#);
    assert_eq!(phases(&house), [60, 0, 0, 0, 0]);
    assert_eq!(
        count(&house, "exported=1"),
        ab,
        "the ledger keeps who was in it"
    );
    let answers = house.dialogue(&["migrate advance userid=a*", "migrate retreat phase=none"]);
    insta::assert_snapshot!(answers, @r#"
    $ migrate advance userid=a*
    exit 2
    -- err
    error[E0703]: the new phase is missing
    hint: add to=PHASE, or choose users of one phase=…

    $ migrate retreat phase=none
    exit 1
    -- err
    error[E0703]: there is no phase before none
    hint: the phases are none, export, exported, imported, migrated
    "#);
}

#[test]
fn a_count_can_be_asserted_and_a_dry_run_changes_nothing() {
    let house = House::with_people(40);
    insta::assert_snapshot!(house.master(&["migrate stage yes=39"]).screen(), @r#"
    exit 1
    -- err
    warning: without a selection all users are chosen: 40 users
    error[E0604]: 40 would be affected, not 39; nothing was changed
    hint: check the selection, then give the number you expect
    "#);
    assert_eq!(phases(&house), [40, 0, 0, 0, 0]);
    house.master(&["migrate stage yes=40"]).ok();
    assert_eq!(phases(&house)[1], 40);
    house
        .logged_in(&["--dry-run", "-c", "migrate retreat to=none"])
        .ok();
    assert_eq!(phases(&house)[1], 40);
    let nobody = house.master(&["migrate stage userid=nobody-there"]).ok();
    insta::assert_snapshot!(nobody.screen(), @r#"
    exit 0
    -- err
    note: 0 users to move
    "#);
    let screen = house
        .master(&["migrate stage userid=nobody-there -require-match"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 4
    -- err
    error[E0701]: nothing matches the selection
    "#);
}

#[test]
fn labels_of_waves_are_short_and_plain() {
    let house = House::with_people(2);
    for label in ["\"\"", "\"a b\"", "\"a/b\"", &"x".repeat(33)] {
        house
            .master(&[&format!("migrate stage wave={label}")])
            .fails(2, &["no label of a wave"]);
    }
    assert_eq!(phases(&house), [2, 0, 0, 0, 0]);
}

#[test]
fn users_of_a_sheet_all_or_none() {
    let house = House::with_people(300);
    let ids = house.ask("csv", "user list");
    let mut sheet = String::from("userid;group\n");
    for line in ids.lines().skip(1) {
        let mut parts = line.split(',');
        let (id, group) = (parts.next().expect("an id"), parts.next().expect("a group"));
        sheet.push_str(&format!("{id};{group}\n"));
    }
    house.file("all.csv", &sheet);
    house.master(&["migrate stage -bulk all.csv wave=B1"]).ok();
    assert_eq!(phases(&house)[1], 300);
    assert_eq!(count(&house, "wave=B1"), 300);
    // One bad row at the end, and no user moves.
    let first = sheet.lines().nth(1).expect("a row").to_owned();
    let mut answers = String::new();
    for row in ["nobody;x", "a,b", &first] {
        house.file("bad.csv", format!("{sheet}{row}\n"));
        answers += &house.dialogue(&["migrate retreat to=none -bulk bad.csv"]);
        assert_eq!(phases(&house)[1], 300);
    }
    insta::assert_snapshot!(answers, @r#"
    $ migrate retreat to=none -bulk bad.csv
    exit 1
    -- err
    error[E0402]: bad.csv: line 302: there is no user 'x/nobody'; nothing was changed
    hint: letter case matters; 'user list' shows the users there are
    $ migrate retreat to=none -bulk bad.csv
    exit 1
    -- err
    error[E0402]: bad.csv: line 302: 1 value where the header has 2 columns: the row has a comma where the header has a semicolon; nothing was changed
    hint: use one delimiter throughout
    $ migrate retreat to=none -bulk bad.csv
    exit 1
    -- err
    error[E0402]: bad.csv: line 302: the user 'aalmeida' is already in line 2; nothing was changed
    hint: name each user once
    "#);
    house.file("head.csv", "name;group\nx;y\n");
    let answers = house.dialogue(&[
        "migrate retreat to=none -bulk head.csv",
        "migrate retreat to=none -bulk all.csv userid=a*",
        "migrate retreat to=none -bulk missing.csv",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ migrate retreat to=none -bulk head.csv
    exit 1
    -- err
    error[E0402]: head.csv: line 1: the header lacks 'userid'; it names 'name', 'group'; nothing was changed
    hint: name the columns in the first row, separated by commas

    $ migrate retreat to=none -bulk all.csv userid=a*
    exit 2
    -- err
    error[E0703]: users are chosen by a selection or named by -bulk, not both
    hint: leave one of them out

    $ migrate retreat to=none -bulk missing.csv
    exit 1
    -- err
    error[E0401]: missing.csv: there is no such file
    hint: check the path; a relative one starts at the current folder
    "#);
}

#[test]
fn one_bad_row_among_a_hundred_thousand_is_named() {
    let house = House::with_people(5);
    let mut sheet = String::from("userid\n");
    for n in 0..100_000 {
        sheet.push_str(&format!("user{n}\n"));
    }
    house.file("many.csv", &sheet);
    let screen = house
        .master(&["migrate exclude -bulk many.csv reason=x"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0402]: many.csv: line 2: there is no user 'user0'; nothing was changed
    hint: letter case matters; 'user list' shows the users there are
    "#);
    let good = house.ask("csv", "user list limit=1");
    let good = good.lines().nth(1).and_then(|row| row.split(',').next());
    let good = good.expect("a user");
    house.file("twice.csv", format!("userid\n{good}\n{good}\n"));
    let screen = house
        .master(&["migrate exclude -bulk twice.csv reason=x"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0402]: twice.csv: line 3: the user 'bsmith' is already in line 2; nothing was changed
    hint: name each user once
    "#);
}

#[test]
fn names_that_several_groups_have_want_the_group() {
    let house = small();
    house.file("short.csv", "userid\njsmith\n");
    insta::assert_snapshot!(house.master(&["migrate stage -bulk short.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: short.csv: line 2: there are several users 'jsmith': hr/jsmith, it/jsmith; nothing was changed
    hint: add a column group, or write group/userid
    "#);
    house.file("full.csv", "userid\nhr/jsmith\n");
    house.master(&["migrate stage -bulk full.csv"]).ok();
    assert_eq!(count(&house, "phase=export userid=hr/jsmith"), 1);
    house.file("two.csv", "group,userid\nit,jsmith\n");
    house.master(&["migrate stage -bulk two.csv"]).ok();
    assert_eq!(count(&house, "phase=export"), 2);
}

#[test]
fn excluded_users_stay_out_of_every_export() {
    let house = House::with_people(60);
    let a = count(&house, "userid=a*");
    house
        .master(&["migrate exclude userid=a* reason=\"leave in May\""])
        .ok();
    assert_eq!(count(&house, "excluded=yes"), a);
    let again = house
        .master(&["migrate exclude userid=a* reason=again"])
        .ok();
    insta::assert_snapshot!(again.screen(), @r#"
    exit 0
    -- err
    note: 0 users to exclude; those chosen are excluded already
    "#);
    house
        .master(&["migrate stage userid=a*,b*", "export file=all.igb"])
        .ok();
    assert_eq!(
        count(&house, "userid=a* phase=none"),
        a,
        "never staged, never exported"
    );
    insta::assert_snapshot!(house.master(&["migrate exclude userid=c*"]).screen(), @r#"
    exit 2
    -- err
    error[E0204]: 'migrate exclude' needs reason=TEXT
     |
     | migrate exclude userid=c*
     | ^^^^^^^^^^^^^^^ missing here
     |
     = help: reason: Why, for the audit and 'migrate explain'
    "#);
    house.master(&["migrate include userid=a*"]).ok();
    assert_eq!(count(&house, "excluded=yes"), 0);
    let audit = house.ask("ndjson", "audit list code=9051");
    assert!(audit.contains("leave in May"), "{audit}");
}

#[test]
fn a_target_id_resolves_a_collision() {
    let house = small();
    insta::assert_snapshot!(house.master(&["export file=all.igb"]).screen(), @r#"
    exit 1
    -- out
    sharedName  group  userid  as       name    selected  bundle
    ────────────────────────────────────────────────────────────
    jsmith      hr     jsmith  user id  jsmith  yes
    jsmith      it     jsmith  user id  jsmith  yes
    2 parties
    -- err
    warning: without a selection all users are chosen: 4 users
    error[E0702]: 1 name would be shared on the target, where names are unique; nothing was exported
    hint: give other names with 'migrate map file=F', or leave the users out with 'migrate exclude' or -skip-conflicts
    "#);
    house.file(
        "ids.csv",
        "group|userid|targetUserId\nhr|jsmith|jsmith.hr\n",
    );
    house.master(&["migrate map file=ids.csv"]).ok();
    house.master(&["export file=all.igb"]).ok();
    let user = house.ask("json", "user get hr/jsmith");
    assert!(user.contains("jsmith.hr"), "{user}");
    // The user has that id on the target now.
    house.file("other.csv", "userid,targetUserId\nhr/jsmith,john.smith\n");
    insta::assert_snapshot!(house.master(&["migrate map file=other.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0702]: other.csv: line 2: user hr/jsmith is in bundle 1 as 'jsmith.hr'; nothing was changed
    hint: the target has the user under that id; rename the user there, and leave the row out
    "#);
}

#[test]
fn a_target_id_that_another_user_has_is_refused() {
    let house = small();
    let mut answers = String::new();
    for sheet in ["bob,anna\n", "bob,A.S\n", "bob,new\nanna,NEW\n"] {
        house.file("ids.csv", format!("userid,targetUserId\n{sheet}"));
        answers += &house.dialogue(&["migrate map file=ids.csv"]);
    }
    insta::assert_snapshot!(answers, @r#"
    $ migrate map file=ids.csv
    exit 1
    -- err
    error[E0702]: ids.csv: 1 name would be shared: 'anna' by it/anna (user id) and it/bob (mapped id); nothing was changed
    hint: choose ids that no user has as user id, alias or mapped id; letter case does not count
    $ migrate map file=ids.csv
    exit 1
    -- err
    error[E0702]: ids.csv: 1 name would be shared: 'a.s' by it/anna (alias) and it/bob (mapped id); nothing was changed
    hint: choose ids that no user has as user id, alias or mapped id; letter case does not count
    $ migrate map file=ids.csv
    exit 1
    -- err
    error[E0702]: ids.csv: 1 name would be shared: 'new' by it/anna (mapped id) and it/bob (mapped id); nothing was changed
    hint: choose ids that no user has as user id, alias or mapped id; letter case does not count
    "#);
    // Two may change places: no name is shared afterwards.
    house.file("swap.csv", "userid,targetUserId\nbob,anna\nanna,bob\n");
    house.master(&["migrate map file=swap.csv"]).ok();
    // Taking one of them back would bring the collision.
    house.file("back.csv", "userid,targetUserId\nbob,\n");
    insta::assert_snapshot!(house.master(&["migrate map file=back.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0702]: back.csv: 1 name would be shared: 'bob' by it/anna (mapped id) and it/bob (user id); nothing was changed
    hint: choose ids that no user has as user id, alias or mapped id; letter case does not count
    "#);
    house.file("back.csv", "userid,targetUserId\nbob,\nanna,anna\n");
    let ran = house.master(&["migrate map file=back.csv"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    note: back.csv: 0 users with a target id, 2 users with the own id again
    "#);
    let same = house.master(&["migrate map file=back.csv"]).ok();
    insta::assert_snapshot!(same.screen(), @r#"
    exit 0
    -- err
    note: 0 users to map; all users in the file have these ids already
    "#);
}

#[test]
fn workflow_aliases_follow_the_phases() {
    let house = small();
    house
        .master(&[
            "migrate stage userid=anna,bob",
            "migrate aliases file=one.csv",
        ])
        .ok();
    assert_eq!(
        house.read("one.csv"),
        "userid,group,add,remove\nanna,it,EXPORT_anna,\nbob,it,EXPORT_bob,\n"
    );
    // The source has one of them now; an export moves both on.
    house.file(
        "next.ndjson",
        r#"{"type":"schema","version":1,"system":"s"}
{"type":"group","name":"it"}
{"type":"user","group":"it","userid":"anna","aliases":["a.s","EXPORT_anna"]}
"#,
    );
    house
        .master(&[
            "source load file=next.ndjson format=ndjson",
            "export phase=export file=w.igb",
            "migrate aliases file=two.csv",
        ])
        .ok();
    assert_eq!(
        house.read("two.csv"),
        "userid,group,add,remove\nanna,it,,EXPORT_anna\nanna,it,EXPORTED_anna,\nbob,it,EXPORTED_bob,\n"
    );
    insta::assert_snapshot!(house.master(&["migrate aliases file=two.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write two.csv: it exists
    hint: name another file, or add -overwrite
    "#);
    // While the source has old ones, the prefixes stay.
    insta::assert_snapshot!(house.master(&["system set migrate.prefixes=GO_"]).screen(), @r#"
    exit 1
    -- err
    error[E0603]: 1 user in the source still has an alias with an old prefix (EXPORT_,EXPORTED_,IMPORTED_,MIGRATED_); nothing was changed
    hint: remove those aliases in the source, load it again, then change the prefixes
    "#);
    house.file(
        "clean.ndjson",
        r#"{"type":"schema","version":1,"system":"s"}
{"type":"group","name":"it"}
{"type":"user","group":"it","userid":"anna","aliases":["a.s"]}
"#,
    );
    house
        .master(&[
            "source load file=clean.ndjson format=ndjson",
            "system set migrate.prefixes=GO_",
        ])
        .ok();
    let screen = house
        .master(&["system set migrate.prefixes=GO_,GO_ON_"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0501]: 'GO_,GO_ON_' is no value for migrate.prefixes
    hint: give up to four prefixes separated by commas, none of which begins another, or default
    "#);
}

#[test]
fn a_workflow_alias_that_another_user_has_is_reported_first() {
    let house = small();
    house.file(
        "clash.ndjson",
        r#"{"type":"schema","version":1,"system":"s"}
{"type":"group","name":"it"}
{"type":"user","group":"it","userid":"EXPORT_bob"}
"#,
    );
    house
        .master(&[
            "source load file=clash.ndjson format=ndjson",
            "migrate stage userid=anna,bob",
        ])
        .ok();
    insta::assert_snapshot!(house.master(&["migrate aliases file=one.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0702]: 1 alias is taken already: 'EXPORT_bob' for it/bob belongs to EXPORT_bob; nothing was written
    hint: rename the alias in the source, or choose other prefixes with 'system set migrate.prefixes=…'
    "#);
    assert!(!house.at("one.csv").exists());
    let none = house
        .master(&["migrate aliases userid=hr/jsmith file=one.csv"])
        .ok();
    insta::assert_snapshot!(none.screen(), @r#"
    exit 0
    -- err
    note: 0 users: the workflow aliases of the source match the phases; no file was written
    "#);
}

#[test]
fn a_migration_begins_once_and_ends_once() {
    let house = House::with_people(1);
    insta::assert_snapshot!(house.master(&["migrate end"]).screen(), @r#"
    exit 1
    -- err
    error[E0704]: no migration is running
    hint: type: migrate begin
    "#);
    house.master(&["migrate begin"]).ok();
    insta::assert_snapshot!(house.master(&["migrate begin"]).screen(), @r#"
    exit 1
    -- err
    error[E0704]: a migration has been running since 2026-11-28 06:03:00 UTC, begun by Master1
    hint: 'migrate status' shows its progress; 'migrate end' ends it
    "#);
    house.master(&["migrate end", "migrate begin"]).ok();
    let audit = house.ask("csv", "audit list code=9054");
    assert_eq!(
        audit.lines().count(),
        4,
        "a head, two that went well, one that failed: {audit}"
    );
}

#[test]
fn a_load_during_a_migration_says_that_names_should_stay() {
    let house = House::with_vault();
    let people = |name: &str| {
        format!(
            r#"{{"type":"schema","version":1,"system":"s"}}
{{"type":"group","name":"hr"}}
{{"type":"user","id":"1","group":"hr","userid":"{name}"}}
"#
        )
    };
    let load = |name: &str| {
        house.file("people.ndjson", people(name));
        house
            .master(&["source load file=people.ndjson format=ndjson"])
            .ok()
            .err
    };
    load("anna");
    let before = load("anne");
    assert!(!before.contains("during the migration"), "{before}");
    house.master(&["migrate begin"]).ok();
    let during = load("ann");
    assert!(during.contains("1 user is renamed"), "{during}");
    assert!(
        during.contains("during the migration, which began"),
        "{during}"
    );
}

#[test]
fn what_changes_between_question_and_answer_stops_the_command() {
    let house = House::with_people(30);
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("migrate stage userid=a*\r");
    shell.wait_for("[y/N]");
    house.master(&["migrate stage userid=a* limit=1"]).ok();
    shell.send("y\r");
    shell.wait_for("changed after the question");
    shell.wait_for_line("igsh (Master1)>");
    assert_eq!(phases(&house)[1], 1);
    shell.send("migrate stage userid=a*\r");
    shell.wait_for_line("Move 1 user to phase export? [y/N]");
    shell.send("n\r");
    shell.wait_for("not confirmed");
    assert_eq!(phases(&house)[1], 1);
}

/// Of ten users two are exported, three imported, one migrated, all in bundle 1; one of those is gone, and the rest of
/// the vault was never exported.
fn on_their_way() -> House {
    let house = House::with_vault();
    let mut people = String::from(
        "{\"type\":\"schema\",\"version\":1}\n{\"type\":\"group\",\"name\":\"sales\"}\n",
    );
    for number in 0..10 {
        people += &format!(
            "{{\"type\":\"user\",\"group\":\"sales\",\"userid\":\"u{number}\",\"state\":\"active\"}}\n"
        );
    }
    house.file("people.ndjson", people);
    house
        .master(&[
            "source load file=people.ndjson format=ndjson",
            "export userid=u0,u1,u2,u3,u4,u5 file=first.igb",
            "migrate advance to=imported userid=u2,u3,u4,u5",
            "migrate advance to=migrated userid=u5",
        ])
        .ok();
    house
}

#[test]
fn a3_an_export_says_who_goes_back_to_exported() {
    let house = on_their_way();
    assert_eq!(phases(&house), [4, 0, 2, 3, 1]);
    let said = [
        "3 imported users go back to exported",
        "1 migrated user goes back to exported",
    ];
    for plan in [
        "export file=b.igb -plan",
        "export userid=u* file=b.igb -plan",
    ] {
        house.master(&[plan]).fails(0, &said);
        let lines = house.ask("ndjson", plan);
        for line in [
            r#"{"part":"phases","what":"imported users go back to exported","count":3}"#,
            r#"{"part":"phases","what":"migrated users go back to exported","count":1}"#,
        ] {
            assert!(lines.contains(line), "{lines}");
        }
    }
    let screen = house
        .logged_in(&["--dry-run", "-c", "export file=b.igb"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 0
    -- out
    part    what                                count
    ─────────────────────────────────────────────────
    taken   groups                                  1
    taken   users                                  10
    taken   unassigned tokens                       0
    taken   unassigned cards                        0
    phases  imported users go back to exported      3
    phases  migrated users go back to exported      1
    6 lines
    -- err
    warning: without a selection all users are chosen: 10 users
    note: 3 imported users go back to exported (-keep-phase prevents it)
    note: 1 migrated user goes back to exported (-keep-phase prevents it)
    note: this was a dry run; nothing was written
    "#);
    let mut shell = house.shell(&LOGIN);
    shell.wait_for_line("igsh (Master1)>");
    shell.send("export userid=u3,u5,u9 file=b.igb\r");
    shell.wait_for("1 imported user goes back to exported");
    shell.wait_for("1 migrated user goes back to exported");
    shell.wait_for("[y/N]");
    shell.send("n\r");
    shell.wait_for("not confirmed");
    assert_eq!(phases(&house), [4, 0, 2, 3, 1]);
    // Who stays out goes nowhere.
    let screen = house
        .master(&[
            "migrate exclude userid=u4,u5 reason=later",
            "export file=b.igb -plan",
        ])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 0
    -- out
    part       what                                count
    ────────────────────────────────────────────────────
    taken      groups                                  1
    taken      users                                   8
    taken      unassigned tokens                       0
    taken      unassigned cards                        0
    not taken  user.excluded                           2
    phases     imported users go back to exported      2
    6 lines
    -- err
    note: 2 users excluded
    note: 2 of them are in a bundle already, which does not change
    warning: without a selection all users are chosen: 10 users
    note: 2 imported users go back to exported (-keep-phase prevents it)
    note: this was a plan; nothing was written
    "#);

    let ran = house.master(&["export file=b.igb format=ndjson"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    {"bundle":2,"file":"HOUSE/b.igb","size":832,"sha256":"HASH","groups":1,"users":8,"tokens":0,"cards":0,"questions":0,"passwords":0,"unassignedTokens":0,"unassignedCards":0,"notTaken":{"user.excluded":2},"modelsNotTaken":[],"backToExported":{"imported":2},"phaseKept":{}}
    -- err
    warning: without a selection all users are chosen: 10 users
    note: 2 imported users go back to exported (-keep-phase prevents it)
    note: wrote bundle 2
    hint: 'bundle password 2' shows its password
    "#);
    assert_eq!(phases(&house), [0, 0, 8, 1, 1]);
    let entry = house.ask("ndjson", "audit list bundle=2 columns=seq,code");
    assert_eq!(entry.lines().count(), 3, "{entry}");
    let last = entry.lines().last().and_then(|line| {
        line.split(['"', ':', ','])
            .find(|part| part.parse::<u64>().is_ok())
    });
    let shown = house.ask(
        "ndjson",
        &format!("audit get {}", last.expect("its number")),
    );
    assert!(shown.contains("backToExported: 2"), "{shown}");
}

#[test]
fn a3_keep_phase_leaves_imported_and_migrated_users_where_they_are() {
    let house = on_their_way();
    let said = [
        "3 imported users stay imported",
        "1 migrated user stays migrated",
    ];
    insta::assert_snapshot!(house.master(&["export file=b.igb -keep-phase -plan"]).screen(), @r#"
    exit 0
    -- out
    part    what                          count
    ───────────────────────────────────────────
    taken   groups                            1
    taken   users                            10
    taken   unassigned tokens                 0
    taken   unassigned cards                  0
    phases  imported users stay imported      3
    phases  migrated users stay migrated      1
    6 lines
    -- err
    warning: without a selection all users are chosen: 10 users
    note: 3 imported users stay imported
    note: 1 migrated user stays migrated
    note: this was a plan; nothing was written
    "#);
    let ran = house
        .master(&["export file=b.igb -keep-phase format=ndjson"])
        .fails(0, &said);
    let record = r#""backToExported":{},"phaseKept":{"imported":3,"migrated":1}"#;
    assert!(ran.out.contains(record), "{}", ran.out);
    // Everybody else becomes exported, and all of them are members.
    assert_eq!(phases(&house), [0, 0, 6, 3, 1]);
    assert_eq!(count(&house, "exported=2"), 10);
    let why = house.ask("ndjson", "migrate explain u5");
    assert!(
        why.contains("bundle 1") && why.contains("bundle 2"),
        "{why}"
    );
    // What the target said of the first bundle is not said of the second; its answers are taken in as others are.
    assert_eq!(count(&house, "import=none"), 10);
    house.file(
        "answers.csv",
        "user,record,outcome\nu5,user,exists\nu3,user,error\nu0,user,added\n",
    );
    house.master(&["migrate results file=answers.csv"]).ok();
    assert_eq!(phases(&house), [0, 0, 5, 4, 1]);
    assert_eq!(
        (count(&house, "import=ok"), count(&house, "import=error")),
        (2, 1)
    );
    house
        .master(&["audit verify", "system check", "migrate status"])
        .ok();
    // Nothing else can take them back unasked.
    house.master(&["migrate rehearse"]).ok();
    assert_eq!(phases(&house), [0, 0, 5, 4, 1]);
}
