//! After the export: the target's answers, where all users stand, and the identity provider's address.

use crate::common::House;

/// A vault of 60 people, of whom those with a, b or c are in bundle 1.
fn exported() -> (House, Vec<String>) {
    let house = House::with_people(60);
    house
        .master(&["export userid=a*,b*,c* file=first.igb"])
        .ok();
    let users: Vec<String> = house
        .ask("value", "user list phase=exported limit=1000")
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect();
    assert!(users.len() > 4, "{users:?}");
    (house, users)
}

fn count(house: &House, selection: &str) -> usize {
    let said = house.ask("value", &format!("user count {selection}"));
    said.trim().parse().expect("a number")
}

fn sheet(rows: &[(&str, &str, &str, &str)]) -> String {
    let mut text = "user,record,outcome,message\n".to_owned();
    for (user, record, outcome, message) in rows {
        text += &format!("{user},{record},{outcome},{message}\n");
    }
    text
}

#[test]
fn answers_come_back_and_every_user_is_imported_has_errors_or_is_named() {
    let (house, users) = exported();
    let all = users.len();
    let (bad, silent) = (&users[0], &users[1]);
    let mut rows = vec![(bad.as_str(), "card 7", "skipped", "another's")];
    for user in users.iter().filter(|user| *user != silent) {
        rows.push((user, "token 1", "added", ""));
        rows.push((user, "qa", "exists", ""));
    }
    house.file("answers.csv", sheet(&rows));
    let ran = house.master(&["migrate results file=answers.csv"]).ok();
    assert!(
        ran.out.contains("another's") && ran.out.contains(silent.as_str()),
        "{}",
        ran.out
    );
    assert_eq!(count(&house, "phase=imported"), all - 2);
    assert_eq!(count(&house, "phase=exported"), 2);

    let explained = house.ask("table", &format!("migrate explain {bad}"));
    for words in [
        "the target's answer",
        "card 7",
        "skipped, another's",
        "answers.csv",
    ] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
    let ran = house.master(&["migrate results file=answers.csv"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    note: 15 answers about 7 users are known already; nothing was changed
    "#);

    let status = house.ask("json", "migrate status");
    for words in [
        format!("\"imported\":{}", all - 2),
        format!(
            "\"importOk\":{},\"importErrors\":1,\"importNone\":1",
            all - 2
        ),
        "\"fileState\":\"present\"".to_owned(),
        "\"passwordShown\":0".to_owned(),
    ] {
        assert!(squeezed(&status).contains(&words), "{words}: {status}");
    }
    // The rest, as lines of JSON, into a file for machines; and then all users are imported.
    house.file(
        "late.ndjson",
        format!(
            "{{\"user\":\"{bad}\",\"record\":\"card 7\",\"outcome\":\"added\"}}\n\
             {{\"user\":\"{silent}\",\"record\":\"user\",\"outcome\":\"merged\",\"message\":\"\"}}\n"
        ),
    );
    house
        .master(&["migrate results file=late.ndjson into=left.csv -yes=2"])
        .ok();
    assert_eq!(house.read("left.csv").lines().count(), 1);
    assert_eq!(count(&house, "phase=imported"), all);
    let audit = house.ask("ndjson", "audit list code=9030");
    assert_eq!(audit.lines().count(), 2, "{audit}");
}

/// Without the blanks of JSON for people.
fn squeezed(json: &str) -> String {
    json.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn an_event_audit_is_read_by_its_own_columns() {
    let (house, users) = exported();
    let mut text = "Time\tEvent\tResource Name\tMessage\n".to_owned();
    for user in &users {
        text += &format!("1\tbulkidentityguard.edit.user\t{user}\t\n");
        text += &format!("2\tbulkidentityguard.add.rbasetting\t{user}\t\n");
    }
    for event in ["assignedgrid", "qa", "password"] {
        let user = &users[0];
        text += &format!("3\tbulkidentityguard.add.error.{event}\t{user}\tno \"{event}\"\n");
    }
    house.file("audit.tsv", &text);
    insta::assert_snapshot!(house.master(&["migrate results file=audit.tsv"]).screen(), @r#"
    exit 1
    -- err
    error[E0402]: audit.tsv: line 1: the header lacks 'user', 'record', 'outcome'; it names 'Time', 'Event', 'Resource Name', 'Message'; nothing was changed
    hint: name the columns in the first row, separated by commas
    "#);
    house
        .master(&["migrate results file=audit.tsv profile=audit"])
        .ok();
    assert_eq!(count(&house, "phase=imported"), users.len() - 1);
    let explained = house.ask("table", &format!("migrate explain {}", users[0]));
    assert!(
        explained.contains("bulkidentityguard.add.error.qa, no \"qa\""),
        "{explained}"
    );

    house.file("other.tsv", text.replace("Resource Name", "Who"));
    let screen = house
        .master(&["migrate results file=other.tsv profile=audit"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0402]: other.tsv: line 1: the header lacks 'Resource Name'; it names 'Time', 'Event', 'Who', 'Message'; nothing was changed
    hint: name the columns in the first row, separated by commas
    "#);
    house
        .master(&[
            "system set migrate.audit-columns='user=Who,outcome=Event,message=Message'",
            "migrate results file=other.tsv profile=audit",
        ])
        .ok();
    let screen = house
        .master(&["system set migrate.audit-columns='user=Who'"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 1
    -- err
    error[E0501]: 'user=Who' is no value for migrate.audit-columns
    hint: give user=COLUMN,outcome=COLUMN and perhaps record=COLUMN, message=COLUMN, or default
    "#);
}

#[test]
fn a_file_that_will_not_do_changes_nothing() {
    let (house, users) = exported();
    let waiting = house.ask("value", "user list phase=none limit=1");
    let waiting = waiting.split('\t').next().expect("a user").to_owned();
    let (one, two) = (users[0].as_str(), users[1].as_str());
    let good = (one, "qa", "added", "");
    for (text, words) in [
        (
            sheet(&[good, ("nobody1", "qa", "added", "")]),
            "'nobody1' (line 3)",
        ),
        (
            sheet(&[good, (&waiting, "qa", "added", "")]),
            "not exported",
        ),
        (
            sheet(&[good, (two, "qa", "added", ""), good]),
            "line 4: the record 'qa'",
        ),
        (
            sheet(&[good, (two, "qa", "mislaid", "")]),
            "line 3: unknown outcome 'mislaid'",
        ),
        (sheet(&[good]).replace("outcome", "result"), "'outcome'"),
        (
            sheet(&[good]).replace("user,record,outcome,message", "user;record;outcome;message"),
            "line 2",
        ),
        (
            sheet(&[good]) + "x;y;z;\n",
            "semicolon where the header has a comma",
        ),
        (String::new(), "empty"),
        (sheet(&[]), "no answer"),
        ("{\"user\":\"a\"}\n".to_owned(), "missing field 'record'"),
    ] {
        house.file("bad.csv", &text);
        house
            .master(&["migrate results file=bad.csv"])
            .fails(1, &[words, "bad.csv", "nothing was changed"]);
        assert_eq!(count(&house, "phase=exported"), users.len(), "{text}");
    }
    house.file("bad.csv", sheet(&[good, ("nobody1", "qa", "added", "")]));
    let answers = house.dialogue(&[
        "migrate results file=bad.csv -yes=7",
        "migrate results file=bad.csv -skip-unknown -yes=7",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ migrate results file=bad.csv -yes=7
    exit 1
    -- err
    error[E0402]: bad.csv: 1 user is not in the vault: 'nobody1' (line 3); nothing was changed
    hint: correct the names, or take in the rest with -skip-unknown

    $ migrate results file=bad.csv -skip-unknown -yes=7
    exit 1
    -- err
    error[E0604]: 1 would be affected, not 7; nothing was changed
    hint: check the selection, then give the number you expect
    "#);
    house.file("left.csv", "");
    let answers = house.dialogue(&[
        "migrate results file=bad.csv -skip-unknown into=left.csv",
        "migrate results file=nothing.csv",
        "migrate results file=bad.csv profile=audit format=ndjson",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ migrate results file=bad.csv -skip-unknown into=left.csv
    exit 1
    -- err
    error[E0401]: cannot write left.csv: it exists
    hint: name another file, or add -overwrite

    $ migrate results file=nothing.csv
    exit 1
    -- err
    error[E0401]: nothing.csv: there is no such file
    hint: check the path; a relative one starts at the current folder

    $ migrate results file=bad.csv profile=audit format=ndjson
    exit 2
    -- err
    error[E0703]: an event audit is a sheet, not lines of JSON
    hint: leave out profile=audit or format=ndjson
    "#);
    assert_eq!(count(&house, "phase=exported"), users.len());
    let ran = house
        .master(&["migrate results file=bad.csv -skip-unknown"])
        .ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    group      userid       bundle  import  record  outcome  message
    ────────────────────────────────────────────────────────────────
    Siège      bsmith            1  none
    default    csmith            1  none
    finance    aconceicao3       1  none
    legal      bchen1            1  none
    marketing  cchen1            1  none
    finance    asmith1           1  none
    hr         aconceicao4       1  none
    7 answers
    -- err
    note: 1 user is passed over, not in the vault: 'nobody1' (line 3)
    note: took in 1 answer about 1 user: 1 user is now imported
    note: no answer about 7 users of the same bundles
    "#);
    assert_eq!(count(&house, "phase=imported"), 1);
}

#[test]
fn status_is_read_without_colour_and_says_what_is_left() {
    let (house, users) = exported();
    let status = house.ask("table", "migrate status");
    for words in [
        "# migrated  + imported  = exported  - export  . none",
        &format!("exported {}", users.len()),
        "file there, password never shown",
        "bundle password 1",
        "migrate results file=FILE",
        "migrate stage",
    ] {
        assert!(status.contains(words), "{words}: {status}");
    }
    let bars = status.lines().filter_map(|line| line.split_once('['));
    assert!(
        bars.clone().count() > 5 && bars.map(|(_, bar)| bar).all(str::is_ascii),
        "{status}"
    );
    std::fs::remove_file(house.at("first.igb")).expect("the bundle");
    house.master(&["bundle password 1 into=p.txt"]).ok();
    let status = house.ask("table", "migrate status userid=a*");
    assert!(
        status.contains("file not there, password shown once"),
        "{status}"
    );
    let none = house.ask("json", "migrate status userid=nobody*");
    assert!(squeezed(&none).contains("\"users\":0"), "{none}");
}

#[test]
fn addresses_change_with_counts_and_come_back() {
    let house = House::with_people(200);
    let old = "https://ig.example.com:8445/igst";
    let new = "https://tenant.example.com/igst";
    house.master(&["export userid=a* file=a.igb"]).ok();
    let before = house.ask("csv", "idpurl get");
    assert!(before.contains(&format!("{old},{old},")), "{before}");
    assert!(!before.contains(new), "{before}");
    let ran = house
        .igsh(&[
            "--dry-run",
            "--login",
            "Master1",
            "--password-file",
            "m1.txt",
            "-c",
            &format!("idpurl set url={new}"),
        ])
        .ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    warning: without a selection all users are chosen: 200 users
    note: https://ig.example.com:8445/igst -> https://tenant.example.com/igst: 38 tokens
    4 users are in existing bundles, which do not change.
    Change 38 tokens of 37 users?
    this was a dry run; nothing was changed
    "#);
    assert_eq!(house.ask("csv", "idpurl get"), before);

    let ran = house.master(&[&format!("idpurl set url={new}/")]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- err
    warning: without a selection all users are chosen: 200 users
    note: 38 tokens of 37 users changed
    note: 4 users are in existing bundles, which do not change
    hint: 'idpurl export' lists the devices that need the new address
    "#);
    let after = house.ask("csv", "idpurl get");
    assert!(after.contains(&format!("{old},{new},")), "{after}");
    // The source still has the old one; a load does not bring it back.
    house
        .master(&["source generate users=200 seed=1 -load"])
        .ok();
    assert_eq!(house.ask("csv", "idpurl get"), after);
    let again = house.master(&[&format!("idpurl set url={new}")]).ok();
    insta::assert_snapshot!(again.screen(), @r#"
    exit 0
    -- err
    warning: without a selection all users are chosen: 200 users
    note: 0 users to change; 38 tokens already with this address
    "#);
    let audit = house.ask("ndjson", "audit list code=9031");
    assert_eq!(audit.lines().count(), 1, "{audit}");

    house.master(&["idpurl set -previous"]).ok();
    assert_eq!(
        house.ask("csv", "idpurl get").lines().next(),
        before.lines().next()
    );
    assert!(!house.ask("csv", "idpurl get").contains(new));
    insta::assert_snapshot!(house.master(&["idpurl set"]).screen(), @r#"
    exit 2
    -- err
    error[E0703]: there is no address to set
    hint: add url=https://…, or type: system set idp.url=https://…
    "#);
    house
        .master(&[&format!("system set idp.url={new}"), "idpurl set userid=b*"])
        .ok();
    assert!(house.ask("csv", "idpurl get userid=b*").contains(new));
    assert!(!house.ask("csv", "idpurl get userid=a*").contains(new));
}

#[test]
fn addresses_that_will_not_do_are_refused_and_not_kept() {
    let house = House::with_people(20);
    let answers = house.dialogue(&[
        "idpurl set url=tenant.example.com/igst",
        "idpurl set url=http://tenant.example.com",
        "idpurl set url=https://anna:hidden-word@tenant.example.com",
        "idpurl set url=https:///igst",
        "idpurl set url='https://tenant.example.com/?a=b'",
        "idpurl set url='https://tenant.example.com/#x'",
    ]);
    // In the line that was typed, and nowhere in what igsh says to it.
    assert_eq!(answers.matches("hidden-word").count(), 1, "{answers}");
    insta::assert_snapshot!(answers, @r#"
    $ idpurl set url=tenant.example.com/igst
    exit 2
    -- err
    error[E0703]: the address has no scheme; nothing was changed
    hint: write it in full, such as https://tenant.example.com/igst

    $ idpurl set url=http://tenant.example.com
    exit 2
    -- err
    error[E0703]: the address is not https; nothing was changed
    hint: write an address with https: tokens send their answers there

    $ idpurl set url=https://anna:hidden-word@tenant.example.com
    exit 2
    -- err
    error[E0703]: the address holds credentials, which every token would carry; nothing was changed
    hint: leave out what stands before the @

    $ idpurl set url=https:///igst
    exit 2
    -- err
    error[E0703]: the address has no proper host; nothing was changed
    hint: write it in full, such as https://tenant.example.com/igst

    $ idpurl set url='https://tenant.example.com/?a=b'
    exit 2
    -- err
    error[E0703]: the address has a query or a fragment; nothing was changed
    hint: leave out everything from the ? or # on

    $ idpurl set url='https://tenant.example.com/#x'
    exit 2
    -- err
    error[E0703]: the address has a query or a fragment; nothing was changed
    hint: leave out everything from the ? or # on
    "#);
    let audit = house.ask("ndjson", "audit list");
    assert!(!audit.contains("hidden-word"), "{audit}");
    let answers = house.dialogue(&[
        "idpurl set -previous url=https://tenant.example.com",
        "system set idp.url=http://tenant.example.com",
    ]);
    insta::assert_snapshot!(answers, @r#"
    $ idpurl set -previous url=https://tenant.example.com
    exit 2
    -- err
    error[E0703]: url= and -previous exclude each other
    hint: leave one of them out

    $ system set idp.url=http://tenant.example.com
    exit 1
    -- err
    error[E0501]: no value for idp.url: the address is not https
    hint: give an https address without credentials, query or fragment, or an empty text, or default
    "#);
}

#[test]
fn the_list_for_the_filter_has_the_imported_users_only() {
    let (house, users) = exported();
    house.master(&["idpurl export file=empty.csv"]).ok();
    assert_eq!(house.read("empty.csv"), "userid,group,vendor,serial,url\n");
    let rows: Vec<_> = users
        .iter()
        .map(|user| (user.as_str(), "all", "added", ""))
        .collect();
    house.file("answers.csv", sheet(&rows));
    house
        .master(&[
            "migrate results file=answers.csv",
            "idpurl set url=https://tenant.example.com/igst",
            "idpurl export file=filter.csv",
        ])
        .ok();
    let list = house.read("filter.csv");
    let tokens: usize = house
        .ask("csv", "idpurl get phase=imported")
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(2)?.parse::<usize>().ok())
        .sum();
    assert!(tokens > 0, "nobody of {users:?} has such a token");
    assert_eq!(list.lines().count(), tokens + 1, "{list}");
    for line in list.lines().skip(1) {
        assert!(line.ends_with(",https://tenant.example.com/igst"), "{line}");
        let user = line.split(',').next().expect("a user");
        assert!(users.iter().any(|known| known == user), "{line}");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let mode = house
        .at("filter.csv")
        .metadata()
        .expect("the list")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    insta::assert_snapshot!(house.master(&["idpurl export file=filter.csv"]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write filter.csv: it exists
    hint: name another file, or add -overwrite
    "#);
}
