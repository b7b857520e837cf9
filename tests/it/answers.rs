//! After the export: the target's answers, where everybody stands, and the identity provider's address.

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
fn answers_come_back_and_everybody_is_imported_has_errors_or_is_named() {
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
    assert!(ran.err.contains("nothing was changed"), "{}", ran.err);

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
    // The rest, as lines of JSON, into a file for machines; and then everybody is imported.
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
    house
        .master(&["migrate results file=audit.tsv"])
        .fails(1, &["lacks 'user'", "audit.tsv"]);
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
    house
        .master(&["migrate results file=other.tsv profile=audit"])
        .fails(1, &["lacks 'Resource Name'"]);
    house
        .master(&[
            "system set migrate.audit-columns='user=Who,outcome=Event,message=Message'",
            "migrate results file=other.tsv profile=audit",
        ])
        .ok();
    house
        .master(&["system set migrate.audit-columns='user=Who'"])
        .fails(1, &["outcome=COLUMN"]);
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
    house
        .master(&["migrate results file=bad.csv -yes=7"])
        .fails(1, &["'nobody1'"]);
    house
        .master(&["migrate results file=bad.csv -skip-unknown -yes=7"])
        .fails(1, &["1 would be affected, not 7"]);
    house.file("left.csv", "");
    house
        .master(&["migrate results file=bad.csv -skip-unknown into=left.csv"])
        .fails(1, &["it exists"]);
    house
        .master(&["migrate results file=nothing.csv"])
        .fails(1, &["no such file"]);
    house
        .master(&["migrate results file=bad.csv profile=audit format=ndjson"])
        .fails(2, &["sheet"]);
    assert_eq!(count(&house, "phase=exported"), users.len());
    let ran = house
        .master(&["migrate results file=bad.csv -skip-unknown"])
        .ok();
    assert!(ran.err.contains("1 user is passed over"), "{}", ran.err);
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
    assert!(
        ran.err.contains(&format!("{old} -> {new}: ")),
        "{}",
        ran.err
    );
    assert_eq!(house.ask("csv", "idpurl get"), before);

    let ran = house.master(&[&format!("idpurl set url={new}/")]).ok();
    assert!(
        ran.err.contains("changed") && ran.err.contains("in existing bundles"),
        "{}",
        ran.err
    );
    let after = house.ask("csv", "idpurl get");
    assert!(after.contains(&format!("{old},{new},")), "{after}");
    // The source still has the old one; a load does not bring it back.
    house
        .master(&["source generate users=200 seed=1 -load"])
        .ok();
    assert_eq!(house.ask("csv", "idpurl get"), after);
    let again = house.master(&[&format!("idpurl set url={new}")]).ok();
    assert!(again.err.contains("0 users to change"), "{}", again.err);
    let audit = house.ask("ndjson", "audit list code=9031");
    assert_eq!(audit.lines().count(), 1, "{audit}");

    house.master(&["idpurl set -previous"]).ok();
    assert_eq!(
        house.ask("csv", "idpurl get").lines().next(),
        before.lines().next()
    );
    assert!(!house.ask("csv", "idpurl get").contains(new));
    house
        .master(&["idpurl set"])
        .fails(2, &["no address to set", "idp.url"]);
    house
        .master(&[&format!("system set idp.url={new}"), "idpurl set userid=b*"])
        .ok();
    assert!(house.ask("csv", "idpurl get userid=b*").contains(new));
    assert!(!house.ask("csv", "idpurl get userid=a*").contains(new));
}

#[test]
fn addresses_that_will_not_do_are_refused_and_not_kept() {
    let house = House::with_people(20);
    for (url, words) in [
        ("tenant.example.com/igst", "no scheme"),
        ("http://tenant.example.com", "not https"),
        ("https://anna:hidden-word@tenant.example.com", "credentials"),
        ("https:///igst", "host"),
        ("'https://tenant.example.com/?a=b'", "query"),
        ("'https://tenant.example.com/#x'", "fragment"),
    ] {
        let ran = house
            .master(&[&format!("idpurl set url={url}")])
            .fails(2, &[words]);
        assert!(
            !ran.err.contains("hidden-word") || !url.contains("hidden"),
            "{}",
            ran.err
        );
    }
    let audit = house.ask("ndjson", "audit list");
    assert!(!audit.contains("hidden-word"), "{audit}");
    house
        .master(&["idpurl set -previous url=https://tenant.example.com"])
        .fails(2, &["exclude each other"]);
    house
        .master(&["system set idp.url=http://tenant.example.com"])
        .fails(1, &["not https"]);
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
    house
        .master(&["idpurl export file=filter.csv"])
        .fails(1, &["it exists"]);
}
