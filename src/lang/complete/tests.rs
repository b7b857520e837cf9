use super::*;
use crate::lang::testing::CATALOGUE;
use proptest::prelude::*;

fn found(line: &str) -> Candidates {
    let cursor = line.find('|').unwrap_or(line.len());
    at(&line.replace('|', ""), cursor, &CATALOGUE)
}

fn texts(line: &str) -> Vec<String> {
    found(line)
        .items
        .into_iter()
        .map(|item| item.text)
        .collect()
}

#[test]
fn words_of_commands() {
    assert_eq!(texts("ex"), ["export"]);
    assert_eq!(texts("EX| group=a"), ["export"]);
    assert_eq!(texts("for"), ["foreach"]);
    assert_eq!(texts("user for"), [""; 0]);
    assert_eq!(texts("foreach g "), ["in"]);
    assert_eq!(texts("foreach g in "), [""; 0]);
    assert_eq!(
        hint("foreach", &CATALOGUE).unwrap(),
        " NAME in (COMMAND) { … }"
    );
    assert_eq!(texts("bundle "), ["get", "password"]);
    assert_eq!(texts("bundle p"), ["password"]);
    assert_eq!(texts("tenant "), ["user"]);
    assert_eq!(texts("user list; bund"), ["bundle"]);
    assert_eq!(texts("foreach g in (us"), ["user"]);
    assert_eq!(texts("foreach g in (user list) { ex"), ["export"]);
    assert!(texts("xyz ").is_empty());
    assert_eq!(found("bundle g").replace, 7..8);
    let export = &found("export").items;
    assert_eq!(export[0].summary, "Write users to a bundle");
    assert_eq!(found("tenan").items[0].summary, "user");
}

#[test]
fn names_of_arguments_and_attributes() {
    assert_eq!(texts("user list gr"), ["group="]);
    assert_eq!(texts("export fi"), ["file="]);
    assert_eq!(texts("export file=a fi"), [""; 0]);
    assert_eq!(texts("export -ov"), ["-overwrite"]);
    assert_eq!(texts("export -gr"), ["-group"]);
    assert_eq!(texts("export over"), ["-overwrite"]);
    assert_eq!(texts("bundle get 3 "), ["format="]);
    assert!(texts("user list ").contains(&"where=".to_owned()));
    assert!(
        texts("export ").contains(&"password".to_owned()),
        "export password"
    );
    assert_eq!(texts("user list where=(gro"), ["group="]);
    assert_eq!(texts("user list where=(group=a) an"), ["and"]);
}

#[test]
fn values() {
    assert_eq!(texts("user list format="), ["table", "json", "csv"]);
    assert_eq!(texts("user list format=js"), ["json"]);
    assert_eq!(texts("user list -format js"), ["json"]);
    assert_eq!(texts("user list state=active,sus"), ["suspended"]);
    assert_eq!(found("user list state=active,sus").replace, 23..26);
    assert_eq!(
        found("user list group=sa").more,
        More::Live(Complete::Groups)
    );
    assert_eq!(found("user list group=sa").typed, "sa");
    assert_eq!(found("user list group=\"two w").typed, "two w");
    assert_eq!(found("user list group=\"two w").quote, Some(Quote::Double));
    assert_eq!(found("export file=").more, More::Files(""));
    assert_eq!(found("run ni").more, More::Files(""));
    assert_eq!(found("user list userid=@na").more, More::Files(""));
    assert_eq!(found("user list userid=@na").replace, 18..20);
    assert_eq!(found("login ").more, More::Live(Complete::Masters));
    assert_eq!(found("user list # gr"), Candidates::nothing(14));
}

#[test]
fn values_are_put_in_quoted_where_they_must_be() {
    let plain = found("user list group=s");
    assert_eq!(plain.insertion("sales"), "sales");
    assert_eq!(plain.insertion("two words"), "\"two words\"");
    assert_eq!(plain.insertion("a*"), "\"a*\"");
    let single = found("user list group='s");
    assert_eq!(single.insertion("sales"), "'sales'");
    assert_eq!(single.insertion("it's"), "\"it's\"");
}

#[test]
fn a_value_that_a_terminal_would_obey_is_put_in_as_escapes() {
    for quote in ["", "'", "\""] {
        let found = found(&format!("user list group={quote}"));
        assert_eq!(
            found.insertion("a\u{1b}\u{202e}b\n"),
            r#""a\u{1b}\u{202e}b\n""#,
            "{quote}"
        );
    }
}

#[test]
fn what_is_typed_is_known_without_its_quotes_and_escapes() {
    assert_eq!(found(r#"user list group="a\u{41}b"#).typed, "aAb");
    assert_eq!(found("user list group='a b',\"c").typed, "c");
    assert_eq!(found("user list group='a b',\"c").replace, 22..24);
    assert_eq!(found("user list group=a'b c'").typed, "ab c");
    assert_eq!(found("login 'Mas").typed, "Mas");
    let open = found("user list group=\"$x ");
    assert_eq!((open.more, open.items.len()), (More::Nothing, 0));
}

#[test]
fn what_stands_behind_the_cursor_counts() {
    assert_eq!(texts("export fi| -overwrite"), ["file="]);
    assert_eq!(texts("export fi| file=a"), [""; 0]);
    assert_eq!(texts("export fi|; export file=a"), ["file="]);
    assert_eq!(texts("us| list"), ["user"]);
}

#[test]
fn conditions() {
    assert_eq!(texts("user list where=tok"), token_names("token."));
    assert_eq!(texts("user list where=not(phas"), ["phase="]);
    assert_eq!(texts("user list where=token(vend"), ["vendor="]);
    assert_eq!(texts("user list where=token("), token_names(""));
    assert_eq!(
        texts("user list where=(token(vendor=a) "),
        ["and", "or", ")"]
    );
    assert_eq!(texts("user list where=(phase=ex"), ["export", "exported"]);
    assert_eq!(
        found("user list where=token(vendor=H").more,
        More::Live(Complete::Vendors)
    );
    assert!(texts("user list where=(phase=none) ").contains(&"format=".to_owned()));
    assert!(!texts("user list where=(phase=none ").contains(&"format=".to_owned()));
}

/// The names of the attributes of tokens behind `prefix`, and what else begins as `token` does.
fn token_names(prefix: &str) -> Vec<String> {
    let own = crate::lang::selection::ATTRIBUTES.iter();
    let own = own.filter_map(|one| one.name.strip_prefix("token."));
    let mut names: Vec<String> = own.map(|name| format!("{prefix}{name}=")).collect();
    names.push(if prefix.is_empty() { "not" } else { "token(" }.to_owned());
    names
}

#[test]
fn variables() {
    assert_eq!(texts("foreach g in (user list) { export group=$"), ["$g"]);
    assert_eq!(
        texts("let day=1; let week=2; user list group=${d"),
        ["${day}"]
    );
    assert_eq!(
        texts("foreach a-b in (user list) { export group=$a"),
        ["${a-b}"]
    );
    assert_eq!(
        texts("foreach a-b in (user list) { export group=${a"),
        ["${a-b}"]
    );
    assert_eq!(found("user list group=\"x $na").more, More::Variables);
    assert_eq!(found("user list group=\"x $na").replace, 19..22);
    assert_eq!(
        found("user list group='x $na").more,
        More::Live(Complete::Groups)
    );
    assert_eq!(found("user list # $na").more, More::Nothing);
}

#[test]
fn topics_of_help() {
    assert_eq!(texts("help sel"), ["selection"]);
    assert_eq!(texts("help bundle g"), ["get"]);
    assert_eq!(texts("help E010"), texts("help e010"));
    assert!(texts("help E0101").contains(&"E0101".to_owned()));
    assert!(!texts("help ").iter().any(|text| text.starts_with("E0")));
}

#[test]
fn a_question_is_the_last_word_alone() {
    let asked = |line: &str| crate::lang::help::asked(line, &CATALOGUE);
    for line in [
        "",
        "user list userid=?",
        "user list userid=a?",
        "echo '?",
        "echo ' ?",
        "user list # ?",
        "? user",
        "export file=?",
    ] {
        assert_eq!(asked(line), None, "{line}");
    }
    let answer = |line: &str| asked(line).unwrap().unwrap();
    assert_eq!(answer("?"), crate::lang::help::overview(&CATALOGUE));
    assert_eq!(answer("user list; ?"), answer(" ? "));
    insta::assert_snapshot!(
        "questions",
        [
            "bundle ?",
            "export ?",
            "export file=a -overwrite ?",
            "user list -format ?",
            "user list state= ?",
            "user list where=(phase=none ?",
            "bundle get ?",
            "login -pin ?",
        ]
        .map(|line| format!("> {line}\n{}", answer(line)))
        .join("\n")
    );
    let missing = asked("bundel ?").unwrap().unwrap_err();
    assert_eq!(missing.to_string(), "there is no help on 'bundel'");
}

#[test]
fn hints_show_what_is_still_possible() {
    let hint = |line: &str| hint(line, &CATALOGUE);
    assert_eq!(
        hint("export ").unwrap(),
        "file=FILE [selection] [-overwrite] [-yes[=N]] [format=table|json|csv]"
    );
    assert_eq!(
        hint("export file=a ").unwrap(),
        "[selection] [-overwrite] [-yes[=N]] [format=table|json|csv]"
    );
    assert_eq!(hint("bundle").unwrap(), " get|password");
    assert_eq!(
        hint("bundle get ").unwrap(),
        "<bundle> [format=table|json|csv]"
    );
    assert_eq!(hint("bundle get 3 ").unwrap(), "[format=table|json|csv]");
    assert_eq!(hint("bundle get 3 format=").unwrap(), "table|json|csv");
    assert_eq!(hint("export -file ").unwrap(), "FILE");
    assert_eq!(
        hint("user list state=").unwrap().split('|').next(),
        Some("active")
    );
    assert_eq!(hint("export fi"), None);
    assert_eq!(hint(""), None);
    assert_eq!(hint("xyz "), None);
    assert_eq!(hint("tenant user list "), None);
    assert_eq!(hint("user list where=(group=a "), None);
}

proptest! {
    #[test]
    fn any_line_has_candidates_within_it(line in "[ ;#'\"$\\\\{}()=!<>,a-c]*|((foreach|in|where=|and|or|not|user|list|export|group=a|-pin|-file|[(){};, ]) ?)*", cursor in 0_usize..40) {
        let found = at(&line, cursor, &CATALOGUE);
        prop_assert!(line.get(found.replace.clone()).is_some());
        prop_assert!(found.replace.end <= line.len());
        let _ = hint(&line, &CATALOGUE);
    }
}
