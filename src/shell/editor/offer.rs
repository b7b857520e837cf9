//! What TAB offers: candidates of the language, of the vault and of the disk.

use std::path::Path;

use rustyline::completion::Candidate;
use unicode_width::UnicodeWidthStr;

use crate::lang::complete::{Candidates, More};
use crate::lang::lexer::is_bare;
use crate::lang::lookalike::meant;
use crate::lang::spec::Complete;
use crate::render::sanitize::{Reader, sanitize};
use crate::render::{cut, grouped};

/// Live names, from the vault.
pub trait Live {
    /// Up to `limit` names of this kind that begin with `prefix`.
    fn candidates(&self, source: Complete, prefix: &str, limit: usize) -> FoundNames;

    /// What a setting can be, each value with what there is to say of it.
    fn values(&self, source: Complete, setting: &str) -> Vec<(String, String)>;

    /// The variables of the session.
    fn variables(&self) -> Vec<String>;
}

#[derive(Debug, Default)]
pub struct FoundNames {
    /// In their order.
    pub names: Vec<Name>,
    /// Those that come after them.
    pub beyond: Option<Beyond>,
}

#[derive(Debug)]
pub struct Name {
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
    fn candidates(&self, _: Complete, _: &str, _: usize) -> FoundNames {
        FoundNames::default()
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
    /// Compared with others for a common beginning: the name without quotes, a path whole.
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
            Some(count) => write!(f, "… {} more", grouped(count)),
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
    let bare = |c| is_bare(c) && !matches!(c, '*' | '?') && meant(c).is_none();
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
mod tests;
