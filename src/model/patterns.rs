//! Texts with wildcards, and lists of them as settings hold them.

/// The parts of a list setting: comma-separated, blanks around a part and empty parts do not count.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Patterns of which any may match, as in `HID,Entrust*`: `*` is any run of characters, `?` exactly one; letter case
/// matters, as everywhere in values (igsh-script(5), Commands).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Reads a list setting; an empty one matches nothing.
    pub fn parse(text: &str) -> Self {
        Self(list(text).map(str::to_owned).collect())
    }

    /// Whether any pattern matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| glob(pattern, text))
    }
}

/// Whether the whole of `text` matches `pattern`, in which every `*` and `?` counts.
pub fn glob(pattern: &str, text: &str) -> bool {
    matches(signs(pattern), text)
}

/// Text with wildcards, which may also stand in it as characters like others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(pub Vec<Piece>);

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// These characters.
    Literal(String),
    /// `*`: any run of characters, also none.
    Any,
    /// `?`: exactly one character.
    One,
}

impl Pattern {
    /// Just this text.
    pub fn of_text(text: &str) -> Self {
        Self(vec![Piece::Literal(text.to_owned())])
    }

    /// The pattern in which every `*` and `?` counts.
    pub fn parse(text: &str) -> Self {
        signs(text).collect()
    }

    /// The text, where there is no wildcard in it.
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether `text` is such a text, letter case included.
    pub fn matches(&self, text: &str) -> bool {
        let signs = self.0.iter().flat_map(|piece| {
            let (sign, literal) = match piece {
                Piece::Any => (Some(Sign::Any), ""),
                Piece::One => (Some(Sign::One), ""),
                Piece::Literal(text) => (None, text.as_str()),
            };
            sign.into_iter().chain(literal.chars().map(Sign::Char))
        });
        matches(signs, text)
    }
}

impl FromIterator<Sign> for Pattern {
    fn from_iter<I: IntoIterator<Item = Sign>>(signs: I) -> Self {
        let mut pieces: Vec<Piece> = Vec::new();
        for sign in signs {
            match (sign, pieces.last_mut()) {
                (Sign::Any, Some(Piece::Any)) => {}
                (Sign::Any, _) => pieces.push(Piece::Any),
                (Sign::One, _) => pieces.push(Piece::One),
                (Sign::Char(c), Some(Piece::Literal(text))) => text.push(c),
                (Sign::Char(c), _) => pieces.push(Piece::Literal(c.into())),
            }
        }
        Self(pieces)
    }
}

/// A wildcard or a character of a pattern.
#[derive(Debug, Clone, Copy)]
pub enum Sign {
    /// `*`
    Any,
    /// `?`
    One,
    /// A character that stands for itself.
    Char(char),
}

impl Sign {
    /// What `c` is where wildcards count.
    pub const fn of(c: char) -> Self {
        match c {
            '*' => Self::Any,
            '?' => Self::One,
            c => Self::Char(c),
        }
    }
}

fn signs(text: &str) -> impl Iterator<Item = Sign> + Clone {
    text.chars().map(Sign::of)
}

/// Matches with one point of return, the last `*`: linear for real patterns, quadratic at worst.
fn matches(mut signs: impl Iterator<Item = Sign> + Clone, text: &str) -> bool {
    let mut text = text.chars();
    let mut retry = None;
    loop {
        let here = text.clone();
        match (signs.next(), text.next()) {
            (None, None) => return true,
            (Some(Sign::Any), _) => {
                text = here.clone();
                retry = Some((signs.clone(), here));
            }
            (Some(Sign::One), Some(_)) => {}
            (Some(Sign::Char(wanted)), Some(found)) if wanted == found => {}
            _ => {
                let Some((after_star, from)) = &mut retry else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                signs = after_star.clone();
                text = from.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("Entrust*", "Entrust", true),
            ("Entrust*", "Entrust Datacard", true),
            ("Entrust*", "entrust", false),
            ("Entrust*", "My Entrust", false),
            ("HID", "HID", true),
            ("HID", "HID2", false),
            ("HID", "", false),
            ("*", "", true),
            ("*", "x", true),
            ("?", "é", true),
            ("?", "", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-d", false),
            ("*ab", "aab", true),
            ("a*?", "a", false),
            ("a**", "a", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
            let parsed = Pattern::parse(pattern);
            assert_eq!(parsed.matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_quoted_wildcard_stands_for_itself() {
        let pattern = Pattern::from_iter([Sign::Char('a'), Sign::Char('*'), Sign::Any]);
        assert!(pattern.matches("a*") && pattern.matches("a*b") && !pattern.matches("ab"));
    }

    #[test]
    fn any_pattern_of_a_list_may_match_and_an_empty_list_matches_nothing() {
        let patterns = Patterns::parse("HID, Entrust*,");
        assert!(patterns.matches("HID") && patterns.matches("Entrust"));
        assert!(!patterns.matches("Vasco"));
        assert!(!Patterns::parse("").matches(""));
    }
}
