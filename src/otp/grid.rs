//! Grid cards: coordinates, challenges, and whether a response is right.
//!
//! A person reads `B3, H1`, finds the cells on the card and types what stands there. What they type is taken as people
//! read: blanks and commas between cells do not count, and letter case only where the card itself has both.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::ambient::{NoRandomness, Randomness};

/// A place on a card, counted from 0. Written as its column in letters and its row in digits: `A1`, `B12`, `AA1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    /// The column. `A` is 0, `Z` 25, `AA` 26.
    pub column: u32,
    /// The row. `1` is 0.
    pub row: u32,
}

/// A text that is no coordinate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a cell of a card")]
pub struct NotACoordinate(pub String);

impl NotACoordinate {
    /// What to write instead.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some("write a column and a row, such as B3".into())
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Letters count from A to Z and then from AA: there is no letter for nothing, so each place is one less.
        let mut letters = [0; 7];
        let mut start = letters.len();
        let mut rest = u64::from(self.column) + 1;
        while rest > 0 {
            rest -= 1;
            start -= 1;
            letters[start] = b'A' + (rest % 26) as u8;
            rest /= 26;
        }
        for letter in &letters[start..] {
            write!(f, "{}", char::from(*letter))?;
        }
        write!(f, "{}", u64::from(self.row) + 1)
    }
}

impl FromStr for Coordinate {
    type Err = NotACoordinate;

    fn from_str(text: &str) -> Result<Self, NotACoordinate> {
        let wrong = || NotACoordinate(text.to_owned());
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (letters, digits) = text.split_at(letters);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if letters.is_empty() || !plain {
            return Err(wrong());
        }
        let column = letters.bytes().try_fold(0_u32, |sum, letter| {
            let place = u32::from(letter.to_ascii_uppercase() - b'A') + 1;
            sum.checked_mul(26)?.checked_add(place)
        });
        let row: Option<u32> = digits.parse().ok();
        match (column, row) {
            (Some(column), Some(row)) => Ok(Self {
                column: column - 1,
                row: row - 1,
            }),
            _ => Err(wrong()),
        }
    }
}

/// The cells of a card, borrowed from the secret that holds them.
pub struct Grid<'a> {
    rows: u32,
    columns: u32,
    cell: usize,
    cells: &'a [u8],
}

/// Cells that do not fit the size of their card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cells of the card do not fit its size of {columns} columns and {rows} rows")]
pub struct Malformed {
    /// Columns of the card.
    pub columns: u32,
    /// Rows of the card.
    pub rows: u32,
}

impl<'a> Grid<'a> {
    /// A card's cells as they are kept: one byte cell length, then the cells in row order (igsh-bundle(5), PLAINTEXT).
    pub fn new(rows: u32, columns: u32, cells: &'a [u8]) -> Result<Self, Malformed> {
        let malformed = Malformed { columns, rows };
        let (cell, cells) = cells.split_first().ok_or(malformed)?;
        let cell = usize::from(*cell);
        let count = rows.checked_mul(columns).ok_or(malformed)?;
        let length = (count as usize).checked_mul(cell);
        if length != Some(cells.len()) || cells.is_empty() {
            return Err(malformed);
        }
        Ok(Self {
            rows,
            columns,
            cell,
            cells,
        })
    }

    /// What stands in a cell; `None` beyond the card.
    pub fn cell(&self, at: Coordinate) -> Option<&'a [u8]> {
        if at.row >= self.rows || at.column >= self.columns {
            return None;
        }
        let index = at.row as usize * self.columns as usize + at.column as usize;
        self.cells.get(index * self.cell..(index + 1) * self.cell)
    }

    /// Whether this is the right response to a challenge, compared in constant time. A challenge with a cell that
    /// the card does not have has no right response.
    pub fn is_response(&self, challenge: &Challenge, typed: &str) -> bool {
        let both_cases = self.cells.iter().any(u8::is_ascii_lowercase)
            && self.cells.iter().any(u8::is_ascii_uppercase);
        let as_compared = |byte: u8| {
            if both_cases {
                byte
            } else {
                byte.to_ascii_uppercase()
            }
        };
        let counts = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b',';
        // The exact size from the start: a growing buffer would leave copies behind.
        let size = challenge.0.len() * self.cell;
        let mut expected = Zeroizing::new(Vec::with_capacity(size));
        for at in &challenge.0 {
            let Some(cell) = self.cell(*at) else {
                return false;
            };
            expected.extend(cell.iter().copied().filter(counts).map(as_compared));
        }
        let mut given = Zeroizing::new(Vec::with_capacity(typed.len()));
        given.extend(typed.bytes().filter(counts).map(as_compared));
        given.as_slice().ct_eq(&expected).into()
    }
}

/// Some cells of a card, each once, in the order in which they are asked. Written `B3, H1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge(Vec<Coordinate>);

/// A challenge that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoChallenge {
    /// More cells than the card has, or none.
    #[error("a challenge of {wanted} cells cannot be made: the card has {cells}")]
    Size { wanted: usize, cells: u32 },
    /// A cell that is no cell.
    #[error(transparent)]
    Coordinate(#[from] NotACoordinate),
    /// The same cell twice.
    #[error("the challenge names {0} twice")]
    Twice(Coordinate),
    /// Nothing random to draw from.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl NoChallenge {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Size { cells, .. } => Some(format!("ask for 1 to {cells} cells").into()),
            Self::Coordinate(error) => error.hint(),
            Self::Twice(_) => Some("name each cell once".into()),
            Self::NoRandomness(_) => None,
        }
    }
}

impl Challenge {
    /// Cells drawn at random, in reading order. With the counts of how often each cell was asked, in row order, the
    /// least used ones come first, and the draw decides among equals: so a card wears evenly, and an observer of
    /// some logins has seen the fewest of the cells that are asked next.
    pub fn draw(
        size: usize,
        grid: &Grid<'_>,
        usage: Option<&[u64]>,
        rng: &dyn Randomness,
    ) -> Result<Self, NoChallenge> {
        // As many as there are cells in memory, so a number of 32 bits holds them.
        let cells = grid.rows * grid.columns;
        if size == 0 || size > cells as usize {
            let wanted = size;
            return Err(NoChallenge::Size { wanted, cells });
        }
        let mut order: Vec<u32> = (0..cells).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, below(place as u32 + 1, rng)? as usize);
        }
        if let Some(usage) = usage {
            // Stable: among equals the shuffled order stays.
            order.sort_by_key(|cell| usage.get(*cell as usize).copied().unwrap_or(0));
        }
        let mut drawn: Vec<_> = order[..size]
            .iter()
            .map(|cell| Coordinate {
                column: cell % grid.columns,
                row: cell / grid.columns,
            })
            .collect();
        drawn.sort();
        Ok(Self(drawn))
    }

    /// The cells, in the order in which they are asked.
    pub fn cells(&self) -> &[Coordinate] {
        &self.0
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, cell) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{cell}")?;
        }
        Ok(())
    }
}

impl FromStr for Challenge {
    type Err = NoChallenge;

    fn from_str(text: &str) -> Result<Self, NoChallenge> {
        let mut cells: Vec<Coordinate> = Vec::new();
        for part in text.split(',') {
            let cell = part.trim().parse()?;
            if cells.contains(&cell) {
                return Err(NoChallenge::Twice(cell));
            }
            cells.push(cell);
        }
        Ok(Self(cells))
    }
}

/// A number below `limit`, each as likely as any other: what would favour the lower ones is drawn again.
fn below(limit: u32, rng: &dyn Randomness) -> Result<u32, NoRandomness> {
    let fair = u32::MAX - u32::MAX % limit;
    loop {
        let mut bytes = [0; 4];
        rng.fill(&mut bytes)?;
        let drawn = u32::from_le_bytes(bytes);
        if drawn < fair {
            return Ok(drawn % limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;
    use proptest::prelude::*;

    /// Two rows of three cells, each of which holds its own coordinate.
    const CELLS: &[u8] = b"\x02A1B1C1A2B2C2";

    fn grid() -> Grid<'static> {
        Grid::new(2, 3, CELLS).unwrap()
    }

    /// Five rows of ten cells.
    fn fifty() -> Grid<'static> {
        static CELLS: [u8; 51] = [1; 51];
        Grid::new(5, 10, &CELLS).unwrap()
    }

    fn is_response(grid: &Grid<'_>, challenge: &str, typed: &str) -> bool {
        grid.is_response(&challenge.parse().unwrap(), typed)
    }

    #[test]
    fn a_challenge_that_cannot_be_made_comes_with_a_hint() {
        let size = NoChallenge::Size {
            wanted: 7,
            cells: 6,
        };
        let typed = ["B3, 3B", "B3, B3"].map(|typed| typed.parse::<Challenge>().err().unwrap());
        let said: Vec<String> = std::iter::once(size)
            .chain(typed)
            .map(|error| format!("{error}\n    {}", error.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        a challenge of 7 cells cannot be made: the card has 6
            ask for 1 to 6 cells
        '3B' is not a cell of a card
            write a column and a row, such as B3
        the challenge names B3 twice
            name each cell once
        ");
    }

    #[test]
    fn columns_are_letters_and_rows_digits() {
        for (column, row, text) in [
            (0, 0, "A1"),
            (1, 2, "B3"),
            (25, 9, "Z10"),
            (26, 0, "AA1"),
            (51, 0, "AZ1"),
            (52, 0, "BA1"),
            (701, 0, "ZZ1"),
            (702, 0, "AAA1"),
        ] {
            let at = Coordinate { column, row };
            assert_eq!(at.to_string(), text);
            assert_eq!(text.parse(), Ok(at));
            assert_eq!(text.to_lowercase().parse(), Ok(at));
        }
        for wrong in [
            "",
            "A",
            "1",
            "1A",
            "A0",
            "A01",
            "A-1",
            "A+1",
            "Ä1",
            "A1B",
            "A 1",
            "A4294967297",
            "AAAAAAAA1",
        ] {
            assert_eq!(
                wrong.parse::<Coordinate>(),
                Err(NotACoordinate(wrong.to_owned()))
            );
        }
    }

    #[test]
    fn cells_stand_where_their_coordinate_says() {
        for at in ["A1", "B1", "C1", "A2", "B2", "C2"] {
            assert_eq!(grid().cell(at.parse().unwrap()), Some(at.as_bytes()));
        }
        for beyond in ["D1", "A3", "ZZ99"] {
            assert_eq!(grid().cell(beyond.parse().unwrap()), None);
        }
    }

    #[test]
    fn cells_that_do_not_fit_the_card_are_refused() {
        for (rows, columns, cells) in [
            (2, 3, &b""[..]),
            (2, 3, b"\x02A1B1C1A2B2C"),
            (2, 3, b"\x02A1B1C1A2B2C2D2"),
            (2, 3, b"\x00"),
            (0, 3, b"\x02"),
            (u32::MAX, u32::MAX, b"\x02A1"),
        ] {
            assert_eq!(
                Grid::new(rows, columns, cells).err(),
                Some(Malformed { columns, rows })
            );
        }
    }

    #[test]
    fn a_response_is_right_as_people_type_it() {
        for typed in ["B1C2", "b1c2", " B1 C2 ", "B1, C2", "b 1\tc2\n"] {
            assert!(is_response(&grid(), "B1, C2", typed), "{typed}");
        }
        for typed in ["", "B1", "C2B1", "B1C1", "B1C2A1", "B1-C2", "Ｂ1C2"] {
            assert!(!is_response(&grid(), "B1, C2", typed), "{typed}");
        }
        assert!(
            is_response(&grid(), "C2,B1", "c2b1"),
            "in the order that was asked"
        );
        assert!(!is_response(&grid(), "A1,D1", "A1"), "no such cell");
    }

    #[test]
    fn case_counts_where_the_card_has_both() {
        let both = Grid::new(1, 2, b"\x02aBcD").unwrap();
        assert!(is_response(&both, "A1,B1", "aB cD"));
        assert!(!is_response(&both, "A1,B1", "ab cd"));
        let lower = Grid::new(1, 2, b"\x02abcd").unwrap();
        assert!(is_response(&lower, "A1,B1", "AB CD"));
    }

    #[test]
    fn a_challenge_is_written_and_read() {
        let challenge: Challenge = " b3,H1 , aa12".parse().unwrap();
        assert_eq!(challenge.to_string(), "B3, H1, AA12");
        assert_eq!(challenge.to_string().parse(), Ok(challenge));
        let twice = Coordinate { column: 1, row: 2 };
        assert_eq!(
            "B3,H1,b3".parse::<Challenge>(),
            Err(NoChallenge::Twice(twice))
        );
        for (wrong, part) in [
            ("", ""),
            ("B3,", ""),
            ("B3;H1", "B3;H1"),
            ("B3 H1", "B3 H1"),
        ] {
            let error = wrong.parse::<Challenge>().unwrap_err();
            assert_eq!(error, NotACoordinate(part.to_owned()).into());
        }
    }

    #[test]
    fn the_least_used_cells_are_asked_first() {
        let mut usage = [5_u64; 50];
        for cell in [3, 17, 31, 49] {
            usage[cell] = 1;
        }
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..300 {
            let drawn = Challenge::draw(3, &fifty(), Some(&usage), &SystemRandomness).unwrap();
            for at in drawn.cells() {
                let cell = at.row * 10 + at.column;
                assert!([3, 17, 31, 49].contains(&cell), "{at}");
                seen.insert(cell);
            }
        }
        assert_eq!(seen.len(), 4, "and the draw decides among them");
    }

    #[test]
    fn every_cell_is_drawn_and_none_twice() {
        let mut seen = [0; 6];
        for _ in 0..600 {
            let drawn = Challenge::draw(2, &grid(), None, &SystemRandomness).unwrap();
            let cells = drawn.cells();
            assert!(cells.len() == 2 && cells[0] != cells[1]);
            for at in cells {
                seen[(at.row * 3 + at.column) as usize] += 1;
            }
        }
        // 200 are expected of each; ten standard deviations are not a matter of luck.
        assert!(
            seen.iter().all(|count| (80..320).contains(count)),
            "{seen:?}"
        );
        let all = Challenge::draw(6, &grid(), Some(&[9]), &SystemRandomness).unwrap();
        assert_eq!(all.cells().len(), 6, "short counts are no reason to fail");
    }

    #[test]
    fn a_challenge_fits_the_card() {
        for wanted in [0, 7, usize::MAX] {
            let error = Challenge::draw(wanted, &grid(), None, &SystemRandomness).unwrap_err();
            assert_eq!(error, NoChallenge::Size { wanted, cells: 6 });
        }
    }

    #[test]
    fn no_randomness_is_no_challenge() {
        struct Empty;
        impl Randomness for Empty {
            fn fill(&self, _: &mut [u8]) -> Result<(), NoRandomness> {
                Err(NoRandomness)
            }
        }
        let error = Challenge::draw(2, &fifty(), None, &Empty).unwrap_err();
        assert_eq!(error, NoRandomness.into());
    }

    proptest! {
        #[test]
        fn any_coordinate_is_read_back(column in 0..=u32::MAX - 1, row in 0..=u32::MAX - 1) {
            let at = Coordinate { column, row };
            prop_assert_eq!(at.to_string().parse(), Ok(at));
        }

        #[test]
        fn any_text_is_a_coordinate_or_an_error(text: String) {
            if let Ok(at) = text.parse::<Coordinate>() {
                prop_assert_eq!(at.to_string(), text.to_ascii_uppercase());
            }
        }

        #[test]
        fn what_stands_in_the_cells_is_the_response(
            cells in proptest::collection::vec(b'!'..=b'~', 100),
            size in 1_usize..=50,
        ) {
            prop_assume!(!cells.contains(&b','));
            let secret: Vec<u8> = std::iter::once(2).chain(cells).collect();
            let grid = Grid::new(5, 10, &secret).unwrap();
            let challenge = Challenge::draw(size, &grid, None, &SystemRandomness).unwrap();
            let typed: Vec<u8> = challenge.cells().iter().flat_map(|at| grid.cell(*at).unwrap()).copied().collect();
            prop_assert!(grid.is_response(&challenge, std::str::from_utf8(&typed).unwrap()));
        }
    }
}
