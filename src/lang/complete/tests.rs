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
    assert_eq!(found("export file=").more, More::Files);
    assert_eq!(found("run ni").more, More::Files);
    assert_eq!(found("user list userid=@na").more, More::Files);
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
