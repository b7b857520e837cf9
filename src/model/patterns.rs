//! Lists of names with wildcards, as settings hold them.

/// The parts of a list setting: comma-separated, blanks around a part and empty parts do not count.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Patterns of which any may match, as in `HID,Entrust*`: `*` is any run of characters, `?` exactly one; letter case
/// matters, as everywhere in values (language.md §3).
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

/// Matches with one point of return, the last `*`: linear for real patterns, quadratic at worst.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = here.clone();
                retry = Some((pattern.clone(), here));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((after_star, from)) = &mut retry else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                pattern = after_star.clone();
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
        }
    }

    #[test]
    fn any_pattern_of_a_list_may_match_and_an_empty_list_matches_nothing() {
        let patterns = Patterns::parse("HID, Entrust*,");
        assert!(patterns.matches("HID") && patterns.matches("Entrust"));
        assert!(!patterns.matches("Vasco"));
        assert!(!Patterns::parse("").matches(""));
    }
}
