//! What TAB offers: what the language knows, and what it leaves to the vault and the disk.

use std::path::Path;

use rustyline::completion::Candidate;
use unicode_width::UnicodeWidthStr;

use crate::lang::complete::{Candidates, More};
use crate::lang::lexer::is_bare;
use crate::lang::spec::Complete;
use crate::render::cut;
use crate::render::sanitize::{Reader, sanitize};

/// Live names, from the vault.
pub trait Live {
    /// Up to `limit` names of this kind that begin with `prefix`, each with what there is to say of it.
    fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> Vec<(String, String)>;
}

/// There is no vault to ask.
impl Live for () {
    fn candidates(&self, _: Complete, _: &str, _: usize) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Names that are asked for at most; who has more types another letter.
const MOST: usize = 201;

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

/// What can be put at the cursor, listed in lines of `width` columns.
pub(super) fn offers(found: Candidates, live: &dyn Live, width: usize) -> Vec<Offer> {
    // The name to be listed, what is put in, the summary.
    let mut all: Vec<(String, String, String)> = match found.more {
        More::Nothing => Vec::new(),
        More::Files => files(&found.typed)
            .into_iter()
            .map(|(path, name)| (name, of_path(&path, &found), String::new()))
            .collect(),
        More::Live(source) => live
            .candidates(source, &found.typed, MOST)
            .into_iter()
            .map(|(name, summary)| {
                let text = found.insertion(&name);
                (name, text, summary)
            })
            .collect(),
    };
    let items = found.items.into_iter();
    all.extend(items.map(|item| (item.text.clone(), item.text, item.summary)));
    if let [(_, text, _)] = all.as_mut_slice()
        && !text.ends_with(['=', '/'])
    {
        // Nothing else is possible: go on to the next word.
        text.push(' ');
    }
    let shown = |name: &str| sanitize(name, Reader::Terminal).into_owned();
    let widest = all.iter().map(|(name, ..)| shown(name).width()).max();
    let column = widest.unwrap_or(0).min(width / 2);
    all.into_iter()
        .map(|(name, text, summary)| {
            let mut display = shown(&name);
            if !summary.is_empty() {
                let gap = column.saturating_sub(display.width()) + 2;
                display.push_str(&" ".repeat(gap));
                display.push_str(&shown(&summary));
            }
            let display = cut(&display, width.saturating_sub(1));
            Offer { text, display }
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

/// The files whose path begins with `typed`: each path, and the last part of it; of folders with a `/`.
fn files(typed: &str) -> Vec<(String, String)> {
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
    names.sort();
    names.truncate(MOST);
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
        fn candidates(
            &self,
            source: Complete,
            prefix: &str,
            limit: usize,
        ) -> Vec<(String, String)> {
            assert_eq!(limit, MOST);
            let all = match source {
                Complete::Groups => vec![("sales", "412 users"), ("sales east", "3 users")],
                _ => Vec::new(),
            };
            all.into_iter()
                .filter(|(name, _)| name.starts_with(prefix))
                .map(|(name, summary)| (name.to_owned(), summary.to_owned()))
                .collect()
        }
    }

    fn at(line: &str, width: usize) -> (usize, Vec<Offer>) {
        let found = complete::at(line, line.len(), &CATALOGUE);
        (found.replace.start, offers(found, &Vault, width))
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
        assert_eq!(texts("user list group=sa"), ["sales", "\"sales east\""]);
        assert_eq!(texts("user list group='sales "), ["'sales east' "]);
        let (start, offers) = at("user list group=sa", 80);
        assert_eq!(start, 16);
        assert_eq!(offers[1].display, "sales east  3 users");
    }

    #[test]
    fn lines_are_cut_to_the_terminal() {
        let (_, offers) = at("user list group=sa", 16);
        assert_eq!(offers[0].display, "sales     412 …");
        assert!(offers.iter().all(|offer| offer.display.width() < 16));
    }

    #[test]
    fn hostile_names_are_harmless_in_the_list() {
        struct Hostile;
        impl Live for Hostile {
            fn candidates(&self, _: Complete, _: &str, _: usize) -> Vec<(String, String)> {
                vec![("a\u{1b}[2J".into(), "\u{202e}".into())]
            }
        }
        let found = complete::at("user list group=", 16, &CATALOGUE);
        let offers = offers(found, &Hostile, 80);
        assert_eq!(offers[0].display, "a\\u{1b}[2J  \\u{202e}");
        assert!(!offers[0].text.contains('\u{1b}'), "{:?}", offers[0].text);
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
        let texts: Vec<_> = offers.iter().map(|o| o.text.clone()).collect();
        let folder = format!("\"{root}/of words/");
        let wanted = [
            folder.clone(),
            format!("{root}/one.igb"),
            format!("{root}/out/"),
        ];
        assert_eq!(texts, wanted);
        assert_eq!(offers[1].display, "one.igb");
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
}
