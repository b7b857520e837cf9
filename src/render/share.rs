//! A bar that shows how a whole is shared out: one character for each kind of part, so that it reads without colour and
//! in ASCII.

/// A bar of `width` characters. Every part that is not empty has at least one, as long as there is room, and the others
/// get what is left by their size; an empty whole is blank.
pub fn share(parts: &[(char, u64)], width: usize) -> String {
    let total: u64 = parts.iter().map(|(_, count)| count).sum();
    if total == 0 {
        return " ".repeat(width);
    }
    let exact = |count: u64| u128::from(count) * width as u128;
    let mut lengths: Vec<usize> = parts
        .iter()
        .map(|(_, count)| {
            let floor = usize::try_from(exact(*count) / u128::from(total)).unwrap_or(width);
            floor.max(usize::from(*count > 0))
        })
        .collect();
    // What was rounded away goes to the largest remainders; what was given to small parts comes from the largest.
    loop {
        let sum: usize = lengths.iter().sum();
        let indices = 0..parts.len();
        let at = match sum.cmp(&width) {
            std::cmp::Ordering::Equal => break,
            std::cmp::Ordering::Less => indices.max_by_key(|at| {
                let due = exact(parts[*at].1) as i128;
                due - (lengths[*at] as i128) * i128::from(total)
            }),
            std::cmp::Ordering::Greater => indices.max_by_key(|at| lengths[*at]),
        };
        match at {
            Some(at) if sum < width => lengths[at] += 1,
            Some(at) => lengths[at] -= 1,
            None => break,
        }
    }
    parts
        .iter()
        .zip(lengths)
        .flat_map(|((sign, _), length)| std::iter::repeat_n(*sign, length))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(counts: [u64; 3], width: usize) -> String {
        share(
            &[('#', counts[0]), ('=', counts[1]), ('.', counts[2])],
            width,
        )
    }

    #[test]
    fn parts_are_as_long_as_their_share_and_never_vanish() {
        assert_eq!(bar([5, 3, 2], 10), "#####===..");
        assert_eq!(bar([1, 0, 999_999], 10), "#.........");
        assert_eq!(bar([1, 1, 999_999], 10), "#=........");
        assert_eq!(bar([1, 1, 1], 10).len(), 10);
        assert_eq!(bar([0, 0, 0], 4), "    ");
        assert_eq!(bar([u64::MAX / 4, u64::MAX / 4, 0], 6), "###===");
        assert_eq!(bar([1, 1, 1], 2).len(), 2);
        assert_eq!(bar([7, 7, 7], 0), "");
    }
}
