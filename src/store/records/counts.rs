//! How often each cell of a card was asked: a JSON array of counts. A general parser takes five times as long over the
//! fifty numbers of a card.

/// The counts as their column holds them.
pub(super) fn counts_text(counts: &[u64]) -> String {
    let mut text = String::with_capacity(2 + 3 * counts.len());
    let mut number = itoa::Buffer::new();
    text.push('[');
    for (place, count) in counts.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(number.format(*count));
    }
    text.push(']');
    text
}

/// The counts again; nothing when the text is no list of counts.
pub(super) fn counts(text: &str) -> Option<Vec<u64>> {
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    let mut counts = Vec::with_capacity(inside.len() / 2 + 1);
    let mut digits = inside.bytes();
    let mut count = 0u64;
    loop {
        match digits.next() {
            Some(digit @ b'0'..=b'9') => {
                count = count
                    .checked_mul(10)?
                    .checked_add(u64::from(digit - b'0'))?;
            }
            Some(b',') => counts.push(std::mem::take(&mut count)),
            Some(_) => return None,
            None => {
                counts.push(count);
                return Some(counts);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_as_they_are_written() {
        for list in [vec![], vec![0], vec![1, 20, 300], vec![u64::MAX]] {
            let text = counts_text(&list);
            assert_eq!(text, serde_json::to_string(&list).unwrap());
            assert_eq!(counts(&text), Some(list));
        }
        for text in ["", "[", "[1;2]", "[-1]", "[18446744073709551616]"] {
            assert_eq!(counts(text), None, "{text}");
        }
    }
}
