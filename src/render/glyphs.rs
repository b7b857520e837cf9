//! Large letters, for a password that is read out or copied by hand.
//!
//! Only the 32 characters of a bundle password, five points high and wide; two points share a cell of the terminal,
//! so that a letter is three lines high. Similar letters are drawn differently: a dotted zero, a flat-topped one.

use std::io::{self, Write};

/// Columns of a letter, the gap after it included.
pub(super) const WIDTH: usize = 6;

/// Lines of a letter.
pub(super) const HEIGHT: usize = 3;

const GLYPHS: &[(char, [&str; 5])] = &[
    ('0', [".###.", "#...#", "#.#.#", "#...#", ".###."]),
    ('1', ["..#..", ".##..", "..#..", "..#..", ".###."]),
    ('2', ["####.", "....#", ".###.", "#....", "#####"]),
    ('3', ["####.", "....#", "..##.", "....#", "####."]),
    ('4', ["#..#.", "#..#.", "#####", "...#.", "...#."]),
    ('5', ["#####", "#....", "####.", "....#", "####."]),
    ('6', [".###.", "#....", "####.", "#...#", ".###."]),
    ('7', ["#####", "....#", "...#.", "..#..", "..#.."]),
    ('8', [".###.", "#...#", ".###.", "#...#", ".###."]),
    ('9', [".###.", "#...#", ".####", "....#", ".###."]),
    ('A', [".###.", "#...#", "#####", "#...#", "#...#"]),
    ('B', ["####.", "#...#", "####.", "#...#", "####."]),
    ('C', [".####", "#....", "#....", "#....", ".####"]),
    ('D', ["###..", "#..#.", "#...#", "#..#.", "###.."]),
    ('E', ["#####", "#....", "####.", "#....", "#####"]),
    ('F', ["#####", "#....", "####.", "#....", "#...."]),
    ('G', [".####", "#....", "#..##", "#...#", ".###."]),
    ('H', ["#...#", "#...#", "#####", "#...#", "#...#"]),
    ('J', ["..###", "...#.", "...#.", "#..#.", ".##.."]),
    ('K', ["#..#.", "#.#..", "##...", "#.#..", "#..#."]),
    ('M', ["#...#", "##.##", "#.#.#", "#...#", "#...#"]),
    ('N', ["#...#", "##..#", "#.#.#", "#..##", "#...#"]),
    ('P', ["####.", "#...#", "####.", "#....", "#...."]),
    ('Q', [".###.", "#...#", "#...#", "#..#.", ".##.#"]),
    ('R', ["####.", "#...#", "####.", "#..#.", "#...#"]),
    ('S', [".####", "#....", ".###.", "....#", "####."]),
    ('T', ["#####", "..#..", "..#..", "..#..", "..#.."]),
    ('V', ["#...#", "#...#", ".#.#.", ".#.#.", "..#.."]),
    ('W', ["#...#", "#...#", "#.#.#", "##.##", "#...#"]),
    ('X', ["#...#", ".#.#.", "..#..", ".#.#.", "#...#"]),
    ('Y', ["#...#", ".#.#.", "..#..", "..#..", "..#.."]),
    ('Z', ["#####", "...#.", "..#..", ".#...", "#####"]),
];

/// Whether every character of `text` has a large form.
pub(super) fn can_draw(text: &str) -> bool {
    text.chars().all(|c| glyph(c).is_some())
}

/// Writes one line (of [`HEIGHT`]) of a large text; characters without a large form are left out.
pub(super) fn draw_line(text: &str, line: usize, out: &mut impl Write) -> io::Result<()> {
    for rows in text.chars().filter_map(glyph) {
        let lit = |row: usize, column: usize| {
            rows.get(row)
                .is_some_and(|points| points.as_bytes()[column] == b'#')
        };
        for column in 0..WIDTH - 1 {
            let cell = match (lit(line * 2, column), lit(line * 2 + 1, column)) {
                (true, true) => "█",
                (true, false) => "▀",
                (false, true) => "▄",
                (false, false) => " ",
            };
            out.write_all(cell.as_bytes())?;
        }
        out.write_all(b" ")?;
    }
    Ok(())
}

fn glyph(c: char) -> Option<&'static [&'static str; 5]> {
    let (_, rows) = GLYPHS.iter().find(|(name, _)| *name == c)?;
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_a_bundle_password_has_its_own_form() {
        assert!(can_draw("0123456789ABCDEFGHJKMNPQRSTVWXYZ"));
        assert!(!can_draw("l"));
        for (at, (c, rows)) in GLYPHS.iter().enumerate() {
            assert!(rows.iter().all(|row| row.len() == WIDTH - 1), "{c}");
            for (other, others) in &GLYPHS[at + 1..] {
                assert_ne!(rows, others, "{c} {other}");
            }
        }
    }

    #[test]
    fn two_points_share_a_cell() {
        let mut out = Vec::new();
        for line in 0..HEIGHT {
            draw_line("T0", line, &mut out).unwrap();
            out.push(b'\n');
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "▀▀█▀▀ ▄▀▀▀▄ \n  █   █ ▀ █ \n  ▀    ▀▀▀  \n"
        );
    }
}
