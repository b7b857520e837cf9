//! Tests of what TAB offers.

use super::*;
use crate::lang::complete;
use crate::shell::editor::testing::CATALOGUE;

struct Vault;

impl Live for Vault {
    fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> FoundNames {
        assert_eq!(limit, MOST);
        let all: &[(&str, &str)] = match source {
            Complete::Groups => &[
                ("sales", "412 users"),
                ("sales east", "3 users"),
                ("two words", ""),
                ("two worlds", ""),
            ],
            _ => &[],
        };
        let all = all.iter().filter(|(name, _)| name.starts_with(prefix));
        let all = all.map(|(name, about)| Name::of(((*name).to_owned(), (*about).to_owned())));
        FoundNames {
            names: all.collect(),
            beyond: (source == Complete::Users).then(|| Beyond {
                count: Some(4311),
                last: "az".to_owned(),
            }),
        }
    }

    fn values(&self, _: Complete, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn variables(&self) -> Vec<String> {
        vec!["wave".to_owned(), "wave-2".to_owned()]
    }
}

fn at(line: &str, width: usize) -> (usize, Vec<Offer>) {
    within(line, "", width)
}

fn within(line: &str, behind: &str, width: usize) -> (usize, Vec<Offer>) {
    let found = complete::at(&format!("{line}{behind}"), line.len(), &CATALOGUE);
    let start = found.replace.start;
    (start, offers(&found, &line[start..], behind, &Vault, width))
}

fn texts(line: &str) -> Vec<String> {
    at(line, 80).1.into_iter().map(|offer| offer.text).collect()
}

#[test]
fn words_and_names_come_from_the_catalogue_with_their_summaries() {
    let (start, offers) = at("user ", 80);
    let shown: Vec<_> = offers.iter().map(|o| o.display.as_str()).collect();
    assert_eq!(start, 5);
    assert_eq!(shown, ["count  Count users", "list   Show users"]);
    assert_eq!(texts("user l"), ["list "]);
    assert!(texts("user list gr").contains(&"group=".to_owned()));
}

#[test]
fn live_names_are_quoted_where_they_must_be() {
    assert_eq!(texts("user list group=sa"), ["sales", "sales"]);
    assert_eq!(texts("user list group=tw"), ["\"two wor", "\"two wor"]);
    assert_eq!(
        texts("user list group=\"two wor"),
        ["\"two wor", "\"two wor"]
    );
    assert_eq!(texts("user list group=\"two worl"), ["\"two worlds\" "]);
    assert_eq!(texts("user list group='two worl"), ["'two worlds' "]);
    assert_eq!(texts("user list group='sales "), ["'sales east' "]);
    let (start, offers) = at("user list group=sa", 80);
    assert_eq!(start, 16);
    assert_eq!(offers[1].display, "sales east  3 users");
}

#[test]
fn lines_are_cut_to_the_terminal() {
    let shown = |width| -> Vec<String> {
        let offers = at("user list group=sa", width).1.into_iter();
        offers.map(|offer| offer.display).collect()
    };
    assert_eq!(shown(80), ["sales       412 users", "sales east  3 users"]);
    assert_eq!(shown(20), ["sales", "sales east"], "no room for summaries");
    assert_eq!(shown(8), ["sales", "sales …"]);
    assert_eq!(shown(1), ["…", "…"]);
}

#[test]
fn hostile_names_are_harmless_in_the_list() {
    struct Hostile;
    impl Live for Hostile {
        fn candidates(&self, _: Complete, _: &str, _: usize) -> FoundNames {
            let long = "x".repeat(10_000);
            let names = [("a\u{1b}[2J", "\u{202e}"), ("a\u{1b}\u{202e}\n", &long)];
            let names = names.map(|(name, about)| Name::of((name.into(), about.into())));
            FoundNames {
                names: names.into(),
                beyond: None,
            }
        }
        fn values(&self, _: Complete, _: &str) -> Vec<(String, String)> {
            Vec::new()
        }
        fn variables(&self) -> Vec<String> {
            Vec::new()
        }
    }
    let found = complete::at("user list group=", 16, &CATALOGUE);
    let offers = offers(&found, "", "", &Hostile, 80);
    assert_eq!(offers[0].display, "a\\u{1b}[2J            \\u{202e}");
    assert!(
        offers[1]
            .display
            .starts_with("a\\u{1b}\\u{202e}\\u{a}  xxx")
    );
    assert!(offers[1].display.width() < 80);
    assert_eq!(offers[0].text, "\"a\\u{1b}");
}

#[test]
fn files_are_found_in_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for name in ["one.igb", "two words.igb", ".hidden"] {
        std::fs::write(root.join(name), "").unwrap();
    }
    std::fs::create_dir(root.join("out")).unwrap();
    std::fs::create_dir(root.join("of words")).unwrap();
    std::fs::write(root.join("of words/x"), "").unwrap();
    let root = root.to_str().unwrap();
    let (start, offers) = at(&format!("export file={root}/o"), 80);
    assert_eq!(start, 12);
    let shown: Vec<_> = offers.iter().map(|o| o.display.as_str()).collect();
    assert_eq!(shown, ["of words/", "one.igb", "out/"]);
    assert_eq!(offers[0].text, format!("{root}/o"));
    let folder = format!("\"{root}/of words/");
    assert_eq!(at(&format!("export file={root}/of"), 80).1[0].text, folder);
    assert_eq!(
        at(&format!("export file={folder}"), 80).1[0].text,
        format!("{folder}x\" ")
    );
    assert_eq!(
        at(&format!("export file={root}/t"), 80).1[0].text,
        format!("\"{root}/two words.igb\" ")
    );
    assert_eq!(
        at(&format!("export file={root}/ou"), 80).1[0].text,
        format!("{root}/out/")
    );
    assert_eq!(at(&format!("export file={root}/.h"), 80).1.len(), 1);
    assert_eq!(at(&format!("export file={root}/none/x"), 80).1, []);
}
#[test]
fn what_stands_behind_the_cursor_is_not_put_in_again() {
    let single = |line: &str, behind: &str| {
        let (start, offers) = within(line, behind, 80);
        assert_eq!(offers.len(), 1, "{line}|{behind}");
        let text = offers[0].text.clone();
        let swallowed = overlap(&line[start..], &text, behind);
        format!("{}{text}|{}", &line[..start], &behind[swallowed..])
    };
    assert_eq!(single("us", " list"), "user| list");
    assert_eq!(single("us", "er list"), "user| list");
    assert_eq!(single("user li", "st"), "user list |");
    assert_eq!(single("user list gr", "oup=x"), "user list group=|x");
    assert_eq!(single("user list gr", "=x"), "user list group=|x");
    assert_eq!(
        single("user list where=(group=\"two worl", ")"),
        "user list where=(group=\"two worlds\"|)"
    );
}

#[test]
fn what_is_left_out_is_counted_and_cannot_be_put_in() {
    let (_, offers) = at("user list userid=a", 80);
    assert_eq!(offers.len(), 1);
    assert_eq!(offers[0].display, "… 4,311 more");
    assert_eq!(offers[0].text, "az", "what the last one begins with");
    let many = Beyond {
        count: None,
        last: String::new(),
    };
    assert_eq!(many.to_string(), "… and many more");
    assert_eq!(shared(["abc", "abd", "b"].into_iter()), "");
    assert_eq!(shared(["größe", "grün"].into_iter()), "gr");
}

#[test]
fn variables_of_the_session_come_behind_a_dollar() {
    assert_eq!(texts("user list group=$wave-"), ["${wave-2}"]);
    assert_eq!(texts("user list group=${wave-"), ["${wave-2}"]);
    let (start, offers) = at("user list group=$w", 80);
    assert_eq!(start, 16);
    let shown: Vec<_> = offers.iter().map(|o| o.display.as_str()).collect();
    assert_eq!(
        shown,
        [
            "$wave      set in this session",
            "${wave-2}  set in this session"
        ]
    );
    assert_eq!(offers[0].text, "$w");
}
