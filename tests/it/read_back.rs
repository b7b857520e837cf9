//! Lists and sheets: those that igsh wrote are read back as they were, those of other programs as they come.

use std::collections::BTreeSet;

use crate::names::{PEOPLE, house};

/// Names that mean something to a spreadsheet, a terminal, or a reader of lists.
const HOSTILE: &[&str] = &[
    "CORP\\anna",
    "CORP/anna",
    "anna@corp.example",
    "cn=anna,ou=x",
    "o'neil",
    "q\"uote",
    "\"quoted\"",
    "\"",
    "a b",
    "#hash",
    "# hash",
    "#",
    "-dash",
    "-5",
    "@list",
    "*",
    "?",
    "$var",
    "a;b",
    "a|b",
    "a,b",
    "{x}",
    "user(1)",
    "\u{202e}evil",
    "an\u{200b}na",
    "\u{feff}bom",
    "=cmd()",
    "'=cmd()",
    "''=cmd()",
    "=lit",
    "'=lit",
    "'anna",
    "'",
    "--",
    "ünï",
    "..",
    "a/b/c",
    "anna!",
    " eve",
    "eve ",
    "eve",
    "\u{a0}nb",
    "nb\u{a0}",
    "\\u{41}",
    "\\u{",
    "\\",
    "A",
    "+49 89 1",
    "+x",
    "＝x",
    " =1",
    ";=1",
    "sep=;",
    "userid",
    "x\u{ad}",
];

#[test]
fn c3_lists_that_igsh_wrote_are_read_back_whole() {
    let people: Vec<(&str, &str)> = HOSTILE
        .iter()
        .map(|name| ("'=g, \"x\"; $y ", *name))
        .collect();
    let house = house(&people);
    let all: BTreeSet<String> = HOSTILE.iter().map(|name| (*name).to_owned()).collect();
    let staged = || -> BTreeSet<String> {
        let out = house
            .master(&["user list phase=export format=ndjson columns=userid"])
            .ok()
            .out;
        out.lines()
            .map(|line| {
                serde_json::from_str::<serde_json::Value>(line).unwrap()["userid"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect()
    };
    let back = || house.master(&["migrate retreat to=none phase=export"]).ok();
    for format in ["csv", "tsv"] {
        for columns in ["userid,group", "group,userid", "userid"] {
            let list = format!("user list format={format} columns={columns}");
            house
                .master(&[&format!("{list} into=f.{format} -overwrite")])
                .ok();
            house.file("pipe.txt", house.ask("table", &list));
            for file in [&format!("f.{format}"), "pipe.txt"] {
                house.master(&[&format!("migrate stage bulk={file}")]).ok();
                assert_eq!(staged(), all, "{list} {file}");
                back();
            }
        }
    }
    house
        .master(&["user list format=value columns=userid into=f.txt"])
        .ok();
    house.file("pipe.txt", house.ask("value", "user list columns=userid"));
    for file in ["f.txt", "pipe.txt"] {
        let ran = house
            .master(&[&format!("migrate stage userid=@{file}")])
            .ok();
        assert!(!ran.err.contains("no user"), "{}", ran.err);
        assert_eq!(staged(), all, "{file}");
        back();
    }
    let groups = house.ask("value", "group list columns=name");
    house.file("g.txt", groups);
    assert_eq!(
        house.ask("value", "user count group=@g.txt"),
        format!("{}\n", HOSTILE.len())
    );
    let ran = house.master(&["migrate check target-users=f.txt"]);
    assert!(!ran.err.contains("no user of the vault"), "{}", ran.err);
    assert!(!ran.out.contains("target."), "{}", ran.out);
}

#[test]
fn c3_a_line_that_a_person_wrote_is_taken_as_it_is_where_nothing_else_is_meant() {
    let house = house(&[("g", "'=lit"), ("g", "'anna"), ("g", "\\u{41}")]);
    house.file("l.txt", "'=lit\n'anna\n#'anna\n\\u{41}\n");
    let ran = house
        .master(&["user count userid=@l.txt format=value"])
        .ok();
    assert_eq!(
        (&*ran.out, ran.err.contains("no user")),
        ("3\n", false),
        "{}",
        ran.err
    );
    house.file("l.csv", "userid\n'=lit\n'anna\n\\u{41}\n");
    let ran = house.master(&["migrate stage bulk=l.csv"]).ok();
    assert!(
        ran.err.contains("3 users are now in phase export"),
        "{}",
        ran.err
    );
}

#[test]
fn c3_answers_of_odd_users_find_them() {
    let names = ["=cmd()", "'=cmd()", "eve ", "eve", "#hash", "an\u{200b}na"];
    let people: Vec<(&str, &str)> = names.iter().map(|name| ("g", *name)).collect();
    let house = house(&people);
    house.master(&["export file=a.igb"]).ok();
    house.file(
        "a.csv",
        "sep=,\nuser,record,outcome,message,Notes\n'=cmd(),user,added,,x\n''=cmd(),user,error,'-no,\neve\\u{20},user,added,,\n",
    );
    let ran = house.master(&["migrate results file=a.csv"]).ok();
    assert!(
        ran.err.contains("the column 'Notes' is not used"),
        "{}",
        ran.err
    );
    let imported = "user list phase=imported format=ndjson columns=userid";
    let out = house.master(&[imported]).ok().out;
    assert_eq!(out, "{\"userid\":\"=cmd()\"}\n{\"userid\":\"eve \"}\n");
    house.file(
        "b.ndjson",
        "{\"user\":\"#hash\",\"record\":\"user\",\"outcome\":\"added\"}\n{\"user\":\"eve \",\"record\":\"user\",\"outcome\":\"exists\"}\n{\"user\":\" EVE\",\"record\":\"user\",\"outcome\":\"added\"}\n",
    );
    house.master(&["migrate results file=b.ndjson"]).ok();
    assert_eq!(house.ask("value", "user count phase=imported"), "4\n");
    let short = "user;record;outcome;message\n'#hash;user;added;\n'=cmd();user;error\n";
    house.file("s.csv", short.replace("'#", "#"));
    house.master(&["migrate results file=s.csv"]).ok();
    house.file("s.csv", "user;record;outcome;message\neve;user\n");
    let ran = house.master(&["migrate results file=s.csv"]);
    assert!(
        ran.err.contains("2 values where the header has 4 columns"),
        "{}",
        ran.err
    );
    house.file(
        "c.json",
        "[{\"user\":\"anna\",\"record\":\"user\",\"outcome\":\"added\"}]",
    );
    let ran = house.master(&["migrate results file=c.json"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("JSON array") && ran.err.contains("jq -c"),
        "{}",
        ran.err
    );
}

#[test]
fn c3_what_the_tenant_says_of_odd_users_is_read_back() {
    let names = [
        "=a",
        "'=a",
        "''=a",
        "eve ",
        " eve2",
        "#hash",
        "an\u{200b}na",
        "\\u{41}",
        "A",
        "a;b",
        "a,\"b",
        "\u{a0}",
        "+x",
        "'\\u{27}",
    ];
    let people: Vec<(&str, &str)> = names.iter().map(|name| ("=g", *name)).collect();
    let house = house(&people);
    house
        .master(&[
            "export file=a.igb",
            "bundle password 1 into=a.password",
            "tenant init file=t.db passwords=masters.txt kdf=19456,2,1",
            "tenant import file=a.igb password-file=a.password tenant=t.db",
            "tenant job results 1 file=r.csv tenant=t.db",
            "tenant job results 1 file=r.ndjson tenant=t.db",
            "tenant audit list tenant=t.db format=csv into=audit.csv",
            "tenant audit list tenant=t.db format=tsv into=audit.tsv",
            "system set migrate.audit-columns=\"user=user,record=record,outcome=event,message=message\"",
        ])
        .ok();
    let text = house.read("r.csv");
    let guarded = |line: &str| !line.trim_start_matches('"').starts_with(['=', '+', '@']);
    assert!(text.lines().all(guarded), "{text}");
    for file in [
        "r.csv",
        "r.ndjson",
        "audit.csv profile=audit",
        "audit.tsv profile=audit",
    ] {
        let ran = house
            .master(&[&format!("migrate results file={file}")])
            .ok();
        assert!(
            ran.err.contains("took in 14 answers about 14 users"),
            "{file}: {}",
            ran.err
        );
        house
            .master(&["migrate retreat to=exported phase=imported"])
            .ok();
    }
}

#[test]
fn c3_sheets_that_went_through_a_spreadsheet_are_read() {
    let house = house(PEOPLE);
    for (sheet, note) in [
        ("sep=;\r\nuserid;group\r\nanna;sales\r\n", None),
        ("\u{feff}\"sep=|\"\nuserid|group\nanna|sales\n", None),
        (
            "UserID,Group,Notes\nanna,sales,\"line 1\nline 2\"\n",
            Some("the column 'Notes' is not used"),
        ),
        (
            "Nr;USER-ID;group;;\n1;anna;sales;;\n;;;;\n;;;;\n",
            Some("the column 'Nr' is not used"),
        ),
        (
            "\"userid\"\t\"group\"\tA\tB\nanna\tsales\t1\t2\n",
            Some("the columns 'A', 'B' are not used"),
        ),
        ("userid,group\nanna,sales,,,\n", None),
        ("user id , group\n\u{a0}anna\u{a0},\"sales\"\n", None),
        // A spreadsheet leaves out the empty values at the end of some rows.
        (
            "userid;group;Notes;More\nanna;sales\n;;;\n",
            Some("the columns 'Notes', 'More' are not used"),
        ),
    ] {
        house.file("s.csv", sheet);
        let ran = house.master(&["migrate stage bulk=s.csv"]).ok();
        assert!(
            ran.err.contains("1 user is now in phase export"),
            "{sheet}: {}",
            ran.err
        );
        assert_eq!(
            ran.err.contains("not used"),
            note.is_some(),
            "{sheet}: {}",
            ran.err
        );
        assert!(
            ran.err.contains(note.unwrap_or_default()),
            "{sheet}: {}",
            ran.err
        );
        house.master(&["migrate retreat to=none phase=export"]).ok();
    }
    for (sheet, told) in [
        (
            "userid,grup\nanna,sales\n",
            "line 1, column 2: unknown column 'grup'",
        ),
        ("userid,group name\nanna,sales\n", "did you mean 'group'?"),
        (
            "sep=x\nuserid\nanna\n",
            "'sep=x' names none of the delimiters",
        ),
        ("[{\"userid\":\"anna\"}]\n", "this is JSON, not a sheet"),
        (
            "userid,group\nanna,sales\nanna,sales\n",
            "the user 'anna' is already in line 2",
        ),
        (
            "userid,group\nanna,sales,x\n",
            "3 values where the header has 2 columns",
        ),
        (
            "userid,group,Notes\nanna\n",
            "1 value where the header has 3 columns",
        ),
        (
            "userid,Notes\nanna;x\n",
            "the row has a semicolon where the header has a comma",
        ),
    ] {
        house.file("s.csv", sheet);
        let ran = house.master(&["migrate stage bulk=s.csv"]);
        assert_eq!(ran.code, 1, "{sheet}");
        assert!(ran.err.contains(told), "{sheet}: {}", ran.err);
    }
}
