//! "Did you mean": the names that are nearest to a mistyped one.

use super::spec::fold_name;

/// How many names are suggested.
const MOST: usize = 3;

/// The candidates that `name` may stand for, the nearest first.
///
/// A slip every three letters is forgiven; so is a missing end.
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = fold_name(name);
    let length = folded.chars().count();
    if length == 0 || length > 64 {
        return Vec::new();
    }
    let slips = (length / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = fold_name(candidate);
            let distance = strsim::damerau_levenshtein(&folded, &other);
            let begins = length >= 2 && other.starts_with(&folded);
            (distance <= slips && distance < length || begins).then_some((
                if begins {
                    distance.min(slips)
                } else {
                    distance
                },
                candidate,
            ))
        })
        .collect();
    found.sort_by_key(|(distance, candidate)| (*distance, candidate.len()));
    found.dedup_by_key(|(_, candidate)| *candidate);
    found.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// `did you mean 'a', 'b' or 'c'?`
pub fn did_you_mean(names: &[impl AsRef<str>]) -> Option<String> {
    let quoted: Vec<_> = names
        .iter()
        .map(|name| format!("'{}'", name.as_ref()))
        .collect();
    let (last, others) = quoted.split_last()?;
    Some(if others.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", others.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let names = ["group", "userid", "token.state", "card.state", "format"];
        assert_eq!(similar("grup", names), ["group"]);
        assert_eq!(similar("usr-id", names), ["userid"]);
        assert_eq!(similar("tokenstat", names), ["token.state"]);
        assert_eq!(similar("form", names), ["format"]);
        assert!(similar("x", names).is_empty());
        assert!(similar("overwrite", names).is_empty());
        assert!(similar("", names).is_empty());
        assert!(similar(&"g".repeat(100_000), names).is_empty());
    }

    #[test]
    fn suggestions_read_as_a_question() {
        assert_eq!(did_you_mean(&[] as &[&str]), None);
        assert_eq!(did_you_mean(&["a"]).unwrap(), "did you mean 'a'?");
        assert_eq!(
            did_you_mean(&["a", "b", "c"]).unwrap(),
            "did you mean 'a', 'b' or 'c'?"
        );
    }
}
