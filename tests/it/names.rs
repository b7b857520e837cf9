//! Names that are no user's, are not what they look like, or stand between the wrong quotes.

use std::collections::BTreeSet;

use crate::common::House;

/// A source of these users, each with its group.
fn source(people: &[(&str, &str)]) -> String {
    let mut text = r#"{"type":"schema","version":1}"#.to_owned() + "\n";
    let groups: BTreeSet<&str> = people.iter().map(|(group, _)| *group).collect();
    for name in groups {
        text += &(serde_json::json!({"type": "group", "name": name}).to_string() + "\n");
    }
    for (group, userid) in people {
        let record = serde_json::json!({"type": "user", "group": group, "userid": userid});
        text += &(record.to_string() + "\n");
    }
    text
}

pub(crate) fn house(people: &[(&str, &str)]) -> House {
    let house = House::with_vault();
    house.file("people.ndjson", source(people));
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    house
}

pub(crate) const PEOPLE: &[(&str, &str)] = &[
    ("sales", "anna"),
    ("sales", "bo"),
    ("café", "zoë"),
    ("café", "o'neil, j"),
];

#[test]
fn b2_lines_of_a_list_that_match_no_user_are_counted_and_named() {
    let house = house(PEOPLE);
    house.file(
        "l.txt",
        "# people\nanna\n\nnobody1\ncafé/zoë\nsales/zoë\nAnna\nb*\n",
    );
    for line in [
        "user list userid=@l.txt",
        "user count userid!=@l.txt",
        "user list where=(group=sales and not userid=@l.txt)",
        "assert count>=0 userid=@l.txt",
        "migrate stage userid=@l.txt phase=none wave=W1",
        "migrate check userid=@l.txt",
        "migrate status userid=@l.txt",
        "export userid=@l.txt -plan",
        "export userid=@l.txt file=a.igb",
        "token list userid=@l.txt",
        "alias list userid=@l.txt",
    ] {
        let ran = house.master(&[line]);
        let warning = "warning: 4 of 6 lines of l.txt match no user: 'nobody1' (line 4), 'sales/zoë' (line 6), \
             'Anna' (line 7), 'b*' (line 8)";
        assert_eq!(ran.err.matches(warning).count(), 1, "{line}\n{}", ran.err);
    }
    // Who is in the vault is no stranger, also where another condition leaves them out.
    house.file("all.txt", "anna\nsales/bo\n");
    let ran = house.master(&["user list userid=@all.txt group=café"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    0 users
    "#);
    house.file("none.txt", "# nobody\n");
    let ran = house.master(&["user count userid!=@none.txt"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    users: 4
    -- err
    warning: none.txt names no user
    "#);
    house.file("one.txt", "anna\nx\n");
    let ran = house.master(&["user count userid=@one.txt"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    users: 1
    -- err
    warning: 1 of 2 lines of one.txt matches no user: 'x' (line 2)
    "#);
}

#[test]
fn b2_of_many_lines_the_first_are_named_and_the_others_counted() {
    let house = house(PEOPLE);
    let many: String = (1..=20_000).map(|n| format!("x{n}\n")).collect();
    house.file("many.txt", format!("anna\n{many}"));
    let ran = house
        .master(&["user list userid=@many.txt columns=userid format=value"])
        .ok();
    assert_eq!(ran.out, "anna\n");
    assert!(
        ran.err
            .contains("20,000 of 20,001 lines of many.txt match no user: 'x1' (line 2), "),
        "{}",
        ran.err
    );
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    anna
    -- err
    warning: 20,000 of 20,001 lines of many.txt match no user: 'x1' (line 2), 'x2' (line 3), 'x3' (line 4), 'x4' (line 5), 'x5' (line 6), 'x6' (line 7), 'x7' (line 8), 'x8' (line 9), 'x9' (line 10), 'x10' (line 11) and 19,990 more
    "#);
}

#[test]
fn b2_a_list_of_groups_is_held_against_the_vault_too() {
    let house = house(PEOPLE);
    house.file("g.txt", "sales\nslaes\n");
    let ran = house
        .master(&["user list group=@g.txt columns=userid format=value"])
        .ok();
    assert_eq!(ran.out, "anna\nbo\n");
    assert!(
        ran.err
            .contains("1 of 2 lines of g.txt matches no group: 'slaes' (line 2)"),
        "{}",
        ran.err
    );
    let ran = house
        .master(&["user list group!=@g.txt columns=userid format=value"])
        .ok();
    assert_eq!(ran.out, "o'neil, j\nzoë\n");
}

#[test]
fn b2_users_of_the_target_that_the_vault_does_not_have_are_counted_and_named() {
    let house = house(PEOPLE);
    // In another case or with another ending a name matches, also one that is not chosen.
    house.file("t.txt", "anna\nBO\nzoë@corp.example\nadmin\n\nbr@x\n");
    let ran = house.master(&["migrate check target-users=t.txt group=sales"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    severity  finding                count  meaning                                       by kind  examples
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    warning   target.case                1  on the target in another letter case                   sales/bo (there 'BO')
    warning   user.no-authenticator      2  users without an authenticator that migrates           sales/anna; sales/bo
    warning   contact.no-email           2  no contact looks like an e-mail address                sales/anna (0 contacts); sales/bo (0 contacts)
    3 findings
    -- err
    hint: target.case: Give the user the target's spelling with 'migrate map file=F'.
    hint: user.no-authenticator: Give them an authenticator that migrates, or enrol them on the target.
    hint: contact.no-email: Add one in the source if the target requires it.
    note: compared with 5 users of the target
    note: 2 of 5 lines of t.txt match no user of the vault: 'admin' (line 4), 'br@x' (line 6)
    note: checked 2 users: nothing blocks an export
    "#);
    let note =
        "2 of 5 lines of t.txt match no user of the vault: 'admin' (line 4), 'br@x' (line 6)";
    assert!(ran.err.contains(note), "{}", ran.err);
    house.file("t.csv", "sep=;\nNo;UserID\n1;anna\n2;guest\n");
    let ran = house.master(&["migrate check target-users=t.csv"]);
    let note = "1 of 2 lines of t.csv matches no user of the vault: 'guest' (line 4)";
    assert!(ran.err.contains(note), "{}", ran.err);
    house.file("t.json", "[{\"userid\":\"anna\"}]\n");
    let ran = house.master(&["migrate check target-users=t.json"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 1
    -- err
    error[E0402]: t.json: line 1: this is JSON, not a sheet
    hint: write CSV whose first row names the columns
    "#);
}

#[test]
fn b2_signs_of_typography_are_pointed_at() {
    let house = house(PEOPLE);
    for (line, told) in [
        (
            "migrate stage userid!=“anna” wave=W2",
            "U+201C looks like a quote but is none",
        ),
        ("user list userid=‘anna’", "U+2018 looks like a quote"),
        ("user list group=«café»", "U+00AB looks like a quote"),
        ("user list userid=anna”", "U+201D looks like a quote"),
        ("user list userid!=❮anna❯", "U+276E looks like a quote"),
        ("user list userid!=《anna》", "U+300A looks like a quote"),
        ("user list userid!=\"anna”", "U+201D looks like a quote"),
        ("user list userid!='anna’", "U+2019 looks like a quote"),
        ("user list userid=bo,„anna“", "U+201E looks like a quote"),
        (
            "user list where=(not userid=＂anna＂)",
            "U+FF02 looks like a quote",
        ),
        ("echo “a b”", "U+201C looks like a quote"),
        ("user list userid!=sales/“an*", "U+201C looks like a quote"),
        ("user list userid!=*‘na’*", "U+2018 looks like a quote"),
        ("user list userid=@“l.txt", "U+201C looks like a quote"),
        ("user list lastauth<−90d", "U+2212 looks like '-'"),
        ("user list limit=−5", "U+2212 looks like '-'"),
        ("user list –userid anna", "U+2013 looks like '-'"),
        ("user list ––userid anna", "U+2013 looks like '-'"),
        (
            "export userid=anna file=a.igb —overwrite",
            "U+2014 looks like '-'",
        ),
        ("user list −userid anna", "U+2212 looks like '-'"),
        ("user list userid≠anna", "U+2260 looks like '!='"),
        ("user list userid＝anna", "U+FF1D looks like '='"),
        ("user list where=(userid≠anna)", "U+2260 looks like '!='"),
        ("user list lastauth≤2026-01-01", "U+2264 looks like '<='"),
        ("user list userid!=anna，bo", "U+FF0C looks like a comma"),
        (
            "user list userid!=anna；bo",
            "U+FF1B looks like a semicolon",
        ),
        ("user list where=（userid=anna）", "U+FF08 looks like '('"),
        ("user list userid！=anna", "U+FF01 looks like '!'"),
    ] {
        let ran = house.master(&[line]);
        assert_eq!(ran.code, 2, "{line}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(told), "{line}: {}", ran.err);
        let script = house.file("s.igsh", format!("{line}\n"));
        let checked = house.igsh(&["check", &script.display().to_string()]);
        assert_eq!(checked.code, 2, "{line}");
        assert!(
            checked.err.contains("s.igsh:1:") && checked.err.contains(told),
            "{}",
            checked.err
        );
    }
    assert_eq!(house.ask("value", "user count phase=export"), "0\n");
    // As data they are quoted, or stand within a word.
    for line in [
        "user list userid='“anna”',\"x，y\",o’neil,Anna–Maria fullname=–x",
        "echo – –5 a’b '–userid'",
    ] {
        house.master(&[line]).ok();
    }
    let explained = house.igsh(&["-c", "help E0116"]).ok();
    insta::assert_snapshot!(explained.screen(), @r#"
    exit 0
    -- out
    E0116: a character that only looks like the one that is meant

    Word processors, chats and some keyboards replace quotes, dashes and commas by
    others that look alike and have no meaning here: userid!=“anna” would choose all
    users, because no user id has quotes in it. A typographic quote at an end of a
    word or name is an error, and so is such a dash before the name of an argument,
    a comma or semicolon in the value of a selection, and a relation behind a name.
    Within a word the quotes and dashes are ordinary characters, as in o’neil. To
    mean the character itself, quote the value.

    Wrong:  user list userid!=“anna”
    Right:  user list userid!="anna"
    "#);
}

#[test]
fn b2_a_sign_is_pointed_at_and_not_the_whole_value() {
    let house = house(PEOPLE);
    for line in [
        "user list userid!=anna，bo",
        "user list userid!=an\u{200b}na",
    ] {
        let script = house.file("s.igsh", format!("{line}\n"));
        let checked = house.igsh(&["check", &script.display().to_string()]);
        let column = 1 + line
            .chars()
            .take_while(|c| !matches!(c, '，' | '\u{200b}'))
            .count();
        let place = format!("s.igsh:1:{column}: error[E01");
        assert!(checked.err.contains(&place), "{place}\n{}", checked.err);
    }
}

#[test]
fn b2_what_is_not_seen_of_a_typed_value_is_named() {
    let people = [
        ("g", "an\u{200b}na"),
        ("g", "anna"),
        ("g", "👨\u{200d}👩"),
        ("g", "نر\u{200c}گس"),
    ];
    let house = house(&people);
    for (value, told) in [
        ("an\u{200b}na", "U+200B is invisible"),
        ("anna\u{200b}", "U+200B is invisible"),
        ("\u{feff}anna", "U+FEFF is invisible"),
        ("an\u{ad}na", "U+00AD is invisible"),
        ("\u{200e}anna", "U+200E is invisible"),
        ("g/\u{202a}anna", "U+202A is invisible"),
        ("bo,\u{2060}anna", "U+2060 is invisible"),
        ("*\u{200b}", "U+200B is invisible"),
    ] {
        for line in [
            format!("migrate stage userid!={value} wave=W1"),
            format!("user count where=(not userid={value})"),
            format!("let x={value}; user count userid!=$x"),
        ] {
            let ran = house.master(&[&line]);
            assert_eq!(ran.code, 2, "{line:?}: {}{}", ran.out, ran.err);
            assert!(
                ran.err.contains("E0104") && ran.err.contains(told),
                "{line:?}: {}",
                ran.err
            );
        }
    }
    assert_eq!(house.ask("value", "user count phase=export"), "0\n");
    // As an escape it is meant, and what spells a name is a part of it.
    for value in [r#""an\u{200b}na""#, "👨\u{200d}👩", "نر\u{200c}گس"] {
        let count = house.ask("value", &format!("user count userid={value}"));
        assert_eq!(count, "1\n", "{value}");
    }
}

#[test]
fn b3_loads_and_the_check_report_names_that_look_like_others() {
    let people = [
        ("g", "an\u{200b}na"),
        ("h", "anna"),
        ("g", "eve "),
        ("h", "Eve"),
        ("g", "bob\u{a0}"),
        ("h", "bob"),
        ("g", "c\u{2009}d"),
        ("g", "fine name"),
        ("h", "so\u{ad}ft"),
        ("h", "so\u{2060}ft"),
        ("k\u{200d}", "kim"),
        ("k", "kai"),
    ];
    let house = House::with_vault();
    house.file("people.ndjson", source(&people));
    let loaded = house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    let note = "7 names have stray blanks or invisible characters";
    assert!(loaded.err.contains(note), "{}", loaded.err);
    let found = |selection: &str| -> Vec<String> {
        let lines = house
            .master(&[&format!("migrate check {selection} format=ndjson")])
            .out;
        let mut found: Vec<String> = lines
            .lines()
            .filter_map(|line| {
                let row: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                (row["part"] == "instance" && text("finding").starts_with("name.")).then(|| {
                    format!(
                        "{} {}/{}: {} {}",
                        text("finding"),
                        text("group"),
                        text("userid"),
                        text("item"),
                        text("detail")
                    )
                })
            })
            .collect();
        found.sort();
        found
    };
    let all = found("");
    for expected in [
        "name.invisible g/an\u{200b}na: user id an\u{200b}na has U+200B, which is not seen, at character 3",
        "name.invisible g/eve : user id eve  ends with a blank, U+0020",
        "name.invisible g/bob\u{a0}: user id bob\u{a0} ends with a blank, U+00A0",
        "name.invisible g/c\u{2009}d: user id c\u{2009}d has U+2009 for a blank, at character 2",
        "name.invisible k\u{200d}/: group k\u{200d} has U+200D, which is not seen, at character 2",
        "name.twin g/an\u{200b}na: user id an\u{200b}na h/anna (user id)",
        "name.twin h/anna: user id anna g/an\u{200b}na (user id that has U+200B, which is not seen, at character 3)",
        "name.twin g/eve : user id eve  h/Eve (user id)",
        "name.twin h/bob: user id bob g/bob\u{a0} (user id that ends with a blank, U+00A0)",
        "name.twin h/so\u{ad}ft: user id so\u{ad}ft h/so\u{2060}ft (user id that has U+2060, which is not seen, at character 3)",
        "name.twin k/: group k k\u{200d}",
        "name.twin k\u{200d}/: group k\u{200d} k",
    ] {
        assert!(
            all.iter().any(|line| line == expected),
            "{expected:?}\n{all:#?}"
        );
    }
    assert_eq!(
        all.iter()
            .filter(|line| line.starts_with("name.invisible"))
            .count(),
        7
    );
    assert!(
        !all.iter()
            .any(|line| line.contains("fine") || line.contains("kim")),
        "{all:#?}"
    );
    // The chosen user is named, beside the others that could be meant.
    assert_eq!(
        found("userid=anna"),
        [
            "name.twin h/anna: user id anna g/an\u{200b}na (user id that has U+200B, which is not seen, at character 3)"
        ]
    );
    // They do not keep an export back; people see the characters.
    let ran = house.master(&["migrate check", "export file=a.igb"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    severity  finding                count  meaning                                           by kind  examples
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    warning   name.twin                 10  a name that looks like another one                         g/an\u{200b}na user id an\u{200b}na (h/anna (user id)); h/an…
    warning   name.invisible             7  a name with stray blanks or invisible characters           k\u{200d} group k\u{200d} (has U+200D, which is not seen, at…
    warning   user.no-authenticator     12  users without an authenticator that migrates               g/an\u{200b}na; h/anna; g/eve\u{20}
    warning   contact.no-email          12  no contact looks like an e-mail address                    g/an\u{200b}na (0 contacts); h/anna (0 contacts); g/eve  (0 …
    4 findings
    bundle:           1
    file:             HOUSE/a.igb
    size: SIZE
    sha256:           HASH
    groups:           4
    users:            12
    tokens:           0
    cards:            0
    questions:        0
    passwords:        0
    unassignedTokens: 0
    unassignedCards:  0
    -- err
    hint: name.twin: Correct the name in the source, or give another target id with 'migrate map file=F': the target keeps the two apart, people may not.
    hint: name.invisible: Correct the name in the source, or give the user another target id with 'migrate map file=F'.
    hint: user.no-authenticator: Give them an authenticator that migrates, or enrol them on the target.
    hint: contact.no-email: Add one in the source if the target requires it.
    note: checked 12 users: nothing blocks an export
    warning: without a selection all users are chosen: 12 users
    note: wrote bundle 1
    hint: 'bundle password 1' shows its password
    "#);
    let ran = house.master(&["user list userid=e* columns=userid"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    userid
    ─────────
    eve\u{20}
    1 user
    -- err
    note: letter case matters in values: 1 user would match in another case
    "#);
}

#[test]
fn b3_aliases_and_target_ids_are_names_too() {
    let house = House::with_vault();
    let people = source(&[
        ("g", "anna"),
        ("g", "bo\u{ad}"),
        ("g", "carl"),
        ("g", "dora "),
        ("g", "emil "),
    ]);
    let people = people.replace(
        r#""userid":"carl""#,
        "\"userid\":\"carl\",\"aliases\":[\"An\u{2060}na\",\"MIGRATED_x \",\"carl\u{200b}\"]",
    );
    house.file("people.ndjson", people);
    house.file(
        "map.csv",
        "userid,targetUserId\n\"dora\\u{20}\",dora\n\"bo\u{ad}\",emil\n",
    );
    house
        .master(&[
            "system set migrate.prefixes=MIGRATED_",
            "source load file=people.ndjson format=ndjson",
            "migrate map file=map.csv",
            "migrate exclude userid='emil ' reason=test",
        ])
        .ok();
    let out = house.master(&["migrate check format=csv"]).out;
    let found: Vec<&str> = out
        .lines()
        .filter(|line| line.contains(",name.") && line.starts_with("instance"))
        .collect();
    // A user id under which no user goes does not count, and an alias of one's own is no twin.
    assert_eq!(
        found,
        [
            "instance,warning,name.invisible,g,carl,alias An\\u{2060}na,\"has U+2060, which is not seen, at character 3\",1",
            "instance,warning,name.invisible,g,carl,alias carl\\u{200b},\"has U+200B, which is not seen, at character 5\",1",
            "instance,warning,name.twin,g,anna,user id anna,\"g/carl (alias that has U+2060, which is not seen, at character 3)\",1",
            "instance,warning,name.twin,g,carl,alias An\\u{2060}na,g/anna (user id),1",
        ]
    );
}

#[test]
fn b3_a_target_id_that_is_not_what_it_looks_like_is_refused() {
    let house = house(PEOPLE);
    for (target, told) in [
        (
            "an\u{200b}na2",
            "line 3: the target id 'an\\u{200b}na2' has U+200B, which is not seen, at character 3",
        ),
        ("a\u{a0}b", "has U+00A0 for a blank, at character 2"),
        ("a  b", "has two blanks in a row, at character 3"),
        ("a\u{202e}b", "has U+202E, which is not seen"),
        ("a\u{ad}", "has U+00AD, which is not seen"),
        ("a\u{7}", "has U+0007, which is not seen"),
        ("\\u{20}a", "begins with a blank, U+0020"),
        ("a\\u{200d}", "has U+200D, which is not seen"),
    ] {
        house.file(
            "map.csv",
            format!("userid,targetUserId\nbo,bo2\nanna,{target}\n"),
        );
        let ran = house.master(&["migrate map file=map.csv"]);
        assert_eq!(ran.code, 1, "{target:?}: {}", ran.err);
        assert!(
            ran.err.contains(told) && ran.err.contains("nothing was changed"),
            "{}",
            ran.err
        );
    }
    house.file("map.csv", "userid,targetUserId\nbo,\" bo 2 \"\nanna,'=x\n");
    house.master(&["migrate map file=map.csv"]).ok();
    let mapped = house
        .master(&["user get bo format=ndjson", "user get anna format=ndjson"])
        .ok();
    insta::assert_snapshot!(mapped.screen(), @r#"
    exit 0
    -- out
    {"userid":"bo","group":"sales","targetUserId":"bo 2","id":null,"fullName":null,"state":"active","locale":null,"phase":"none","bundle":null,"gone":null,"excluded":null,"lastAuth":null,"lockoutCount":null,"aliases":[],"contacts":[],"questions":null,"passwords":[],"tokens":[],"cards":[],"locationHistory":[],"expectedLocations":[],"maxHistory":null,"checkIp":null,"checkVelocity":null,"maxExpected":null,"notMigrated":{}}
    {"userid":"anna","group":"sales","targetUserId":"=x","id":null,"fullName":null,"state":"active","locale":null,"phase":"none","bundle":null,"gone":null,"excluded":null,"lastAuth":null,"lockoutCount":null,"aliases":[],"contacts":[],"questions":null,"passwords":[],"tokens":[],"cards":[],"locationHistory":[],"expectedLocations":[],"maxHistory":null,"checkIp":null,"checkVelocity":null,"maxExpected":null,"notMigrated":{}}
    "#);
    let ran = house.master(&["migrate stage userid=bo wave=W\u{3164}"]);
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 2
    -- err
    error[E0703]: 'W\u{3164}' is no label of a wave
    hint: a label has 1 to 32 letters, digits, dashes, dots and underscores, such as W07
    "#);
}
