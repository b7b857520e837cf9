//! What TAB offers: what the language knows, and what it leaves to the vault and the disk.

use std::path::Path;

use rustyline::completion::Candidate;
use unicode_width::UnicodeWidthStr;

use crate::lang::complete::{Candidates, More};
use crate::lang::lexer::is_bare;
use crate::lang::spec::Complete;
use crate::render::sanitize::{Reader, sanitize};
use crate::render::{cut, grouped};

/// Live names, from the vault.
pub trait Live {
    /// Up to `limit` names of this kind that begin with `prefix`.
    fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> Found;

    /// What a setting can be, each value with what there is to say of it.
    fn values(&self, source: Complete, setting: &str) -> Vec<(String, String)>;

    /// The variables of the session.
    fn variables(&self) -> Vec<String>;
}

/// Live names that were found.
#[derive(Debug, Default)]
pub struct Found {
    /// In their order.
    pub names: Vec<Name>,
    /// Those that come after them.
    pub beyond: Option<Beyond>,
}

/// A live name.
#[derive(Debug)]
pub struct Name {
    /// The name itself.
    pub name: String,
    /// What there is to say of it.
    pub about: String,
    /// Whether it is what several names begin with.
    pub is_beginning: bool,
}

impl Name {
    /// A whole name with what there is to say of it.
    pub fn of((name, about): (String, String)) -> Self {
        Self {
            name,
            about,
            is_beginning: false,
        }
    }
}

/// Names that were not asked for.
#[derive(Debug)]
pub struct Beyond {
    /// How many they are; `None` where counting them would have taken long.
    pub count: Option<u64>,
    /// The last of them in their order.
    pub last: String,
}

/// There is no vault to ask.
impl Live for () {
    fn candidates(&self, _: Complete, _: &str, _: usize) -> Found {
        Found::default()
    }

    fn values(&self, _: Complete, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn variables(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Names that are listed at most; who has more types another letter.
const MOST: usize = 200;

/// A terminal that is narrower has no room for summaries.
const NARROW: usize = 40;

/// A candidate with its summary beside it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// What is put in.
    text: String,
    /// What is listed.
    display: String,
}

impl Candidate for Offer {
    fn display(&self) -> &str {
        &self.display
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

/// A candidate on its way.
struct Choice {
    /// As it is listed.
    name: String,
    /// What it has in common with others is told by this: the name without quotes, a path whole.
    plain: String,
    /// What is put in when there is no other.
    text: String,
    about: String,
    /// Whether more must follow, so that no blank does.
    is_open: bool,
}

/// What can be put in the place of `written`, where `behind` follows, listed in lines of `width` columns.
pub(super) fn offers(
    found: &Candidates,
    written: &str,
    behind: &str,
    live: &dyn Live,
    width: usize,
) -> Vec<Offer> {
    let (mut all, beyond) = choices(found, live);
    if let ([only], None) = (all.as_mut_slice(), &beyond) {
        let mut text = std::mem::take(&mut only.text);
        let swallowed = overlap(written, &text, behind);
        if !only.is_open && behind.len() == swallowed {
            // Nothing else is possible: go on to the next word.
            text.push(' ');
        }
        let display = String::new();
        return vec![Offer { text, display }];
    }
    // The editor puts in what all texts begin with. That is decided here, for quotes would hide what names share.
    let last = beyond.as_ref().map(|beyond| beyond.last.as_str());
    let names = all.iter().map(|one| one.plain.as_str());
    let shared = shared(names.chain(last));
    let typed = match found.more {
        More::Variables => written,
        _ => &found.typed,
    };
    let text = if shared.len() <= typed.len() {
        written.to_owned()
    } else if all.iter().any(|one| one.text.starts_with(shared)) {
        shared.to_owned()
    } else {
        found.beginning(shared)
    };
    let mut offers = listed(&all, &text, width);
    offers.extend(beyond.map(|beyond| Offer {
        text,
        display: cut(&beyond.to_string(), width.saturating_sub(1)),
    }));
    offers
}

/// All that can be put in, and what is left out.
fn choices(found: &Candidates, live: &dyn Live) -> (Vec<Choice>, Option<Beyond>) {
    let mut beyond = None;
    let value = |name: String, about, is_open| Choice {
        text: if is_open {
            found.beginning(&name)
        } else {
            found.insertion(&name)
        },
        plain: name.clone(),
        name,
        about,
        is_open,
    };
    let mut all: Vec<Choice> = match &found.more {
        More::Nothing => Vec::new(),
        More::Files(ending) => {
            let mut files = files(&found.typed, ending);
            let more = files.len().checked_sub(MOST).filter(|more| *more > 0);
            beyond = more.zip(files.last()).map(|(more, (last, _))| Beyond {
                count: u64::try_from(more).ok(),
                last: last.clone(),
            });
            files.truncate(MOST);
            let files = files.into_iter().map(|(path, name)| Choice {
                text: of_path(&path, found),
                is_open: path.ends_with('/'),
                plain: path,
                name,
                about: String::new(),
            });
            files.collect()
        }
        More::Live(source) => {
            let live = live.candidates(*source, &found.typed, MOST);
            beyond = live.beyond;
            let names = live.names.into_iter();
            names
                .map(|one| value(one.name, one.about, one.is_beginning))
                .collect()
        }
        More::Names(source) => {
            let live = live.candidates(*source, &found.typed, MOST);
            let names = live.names.into_iter();
            names
                .map(|one| Choice::with(format!("{}=", one.name), one.about))
                .collect()
        }
        More::Values(source, setting) => live
            .values(*source, setting)
            .into_iter()
            .filter(|(name, _)| name.starts_with(&found.typed))
            .map(|(name, about)| value(name, about, false))
            .collect(),
        More::Variables => {
            let names = live.variables().into_iter();
            let typed = found.typed.trim_start_matches('{');
            names
                .filter(|name| name.starts_with(typed))
                .map(|name| Choice::with(found.variable(&name), "set in this session".to_owned()))
                .collect()
        }
    };
    for item in &found.items {
        let known = all.iter().any(|one| one.text == item.text);
        if !known {
            all.push(Choice::with(item.text.clone(), item.summary.clone()));
        }
    }
    (all, beyond)
}

impl Choice {
    /// Something of the language, which needs no quotes.
    fn with(text: String, about: String) -> Self {
        Self {
            name: text.clone(),
            plain: text.clone(),
            is_open: text.ends_with(['=', '(']) || text.starts_with('$'),
            text,
            about,
        }
    }
}

impl std::fmt::Display for Beyond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.count {
            Some(count) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                write!(f, "… {} more", grouped(count))
            }
            None => f.write_str("… and many more"),
        }
    }
}

/// How many bytes behind the cursor are the end of `text`, when it takes the place of `written`: they need not be put in
/// again.
pub(super) fn overlap(written: &str, text: &str, behind: &str) -> usize {
    let text = text.trim_end_matches(' ');
    let ends = text.char_indices().map(|(at, _)| at);
    ends.filter(|at| *at >= written.len())
        .map(|at| text.get(at..).unwrap_or_default())
        .find(|end| behind.starts_with(end))
        .map_or(0, str::len)
}

/// What all names begin with.
fn shared<'a>(names: impl Iterator<Item = &'a str>) -> &'a str {
    let common = |a: &'a str, b: &'a str| {
        let mut end = 0;
        for (x, y) in a.chars().zip(b.chars()) {
            if x != y {
                break;
            }
            end += x.len_utf8();
        }
        a.get(..end).unwrap_or_default()
    };
    names.reduce(common).unwrap_or_default()
}

/// The lines of the list.
fn listed(all: &[Choice], text: &str, width: usize) -> Vec<Offer> {
    let line = width.saturating_sub(1);
    // A name of ten thousand letters is measured no further than it can be seen.
    let shown = |name: &str| {
        let mut chars = name.char_indices();
        let end = chars.nth(line + 1).map_or(name.len(), |(at, _)| at);
        let begun = name.get(..end).unwrap_or(name);
        cut(&sanitize(begun, Reader::Terminal), line)
    };
    let names: Vec<String> = all.iter().map(|one| shown(&one.name)).collect();
    let widest = names.iter().map(|name| name.width()).max();
    let column = widest.unwrap_or(0).min(width / 2);
    all.iter()
        .zip(names)
        .map(|(one, mut display)| {
            if !one.about.is_empty() && width >= NARROW {
                let gap = column.saturating_sub(display.width()) + 2;
                display.push_str(&" ".repeat(gap));
                display.push_str(&shown(&one.about));
            }
            Offer {
                text: text.to_owned(),
                display: cut(&display, line),
            }
        })
        .collect()
}

/// How a path is put in: bare where it can be, also with the `/` that counts in other values; the quote of a folder
/// stays open, for its path goes on.
fn of_path(path: &str, found: &Candidates) -> String {
    let bare = |c| is_bare(c) && !matches!(c, '*' | '?');
    if found.quote.is_none() && path.chars().all(bare) && !path.starts_with(['#', '-', '@']) {
        return path.to_owned();
    }
    let mut text = found.insertion(path);
    if path.ends_with('/') {
        text.pop();
    }
    text
}

/// The files whose path begins with `typed`: each path, and the last part of it; of folders with a `/`. Where some end
/// with `ending`, others are left out.
fn files(typed: &str, ending: &str) -> Vec<(String, String)> {
    let (folder, start) = match typed.rfind('/') {
        Some(at) => typed.split_at(at + 1),
        None => ("", typed),
    };
    let path = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(Path::new(path)) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            // What is no UTF-8 cannot be typed.
            let mut name = entry.file_name().into_string().ok()?;
            let wanted =
                name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.'));
            if wanted && entry.path().is_dir() {
                name.push('/');
            }
            wanted.then_some(name)
        })
        .collect();
    if names.iter().any(|name| name.ends_with(ending)) {
        names.retain(|name| name.ends_with(ending) || name.ends_with('/'));
    }
    names.sort();
    names
        .into_iter()
        .map(|name| (format!("{folder}{name}"), name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::complete;
    use crate::shell::editor::testing::CATALOGUE;

    struct Vault;

    impl Live for Vault {
        fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> Found {
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
            Found {
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
            fn candidates(&self, _: Complete, _: &str, _: usize) -> Found {
                let long = "x".repeat(10_000);
                let names = [("a\u{1b}[2J", "\u{202e}"), ("a\u{1b}\u{202e}\n", &long)];
                let names = names.map(|(name, about)| Name::of((name.into(), about.into())));
                Found {
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
}
