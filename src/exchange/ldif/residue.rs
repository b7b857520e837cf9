//! The entries of a file that were not taken, whole, so that the file of them can be corrected and loaded.

use std::io::{self, BufRead, Write};

use zeroize::Zeroizing;

use super::entry::trimmed;
use crate::exchange::NoResidue;

/// Writes the entries in which a bad line stands, as they are, each below its reasons; `bad` is in the order of lines.
///
/// # Errors
/// [`NoResidue`] says which of the two files failed.
pub fn write_residue(
    mut input: impl BufRead,
    bad: &[(u64, String)],
    mut out: impl Write,
) -> Result<(), NoResidue> {
    let mut bad = bad.iter().peekable();
    let mut block = Zeroizing::new(Vec::new());
    let mut number = 0;
    while bad.peek().is_some() {
        let began = number;
        block.clear();
        let more = loop {
            let start = block.len();
            if input
                .read_until(b'\n', &mut block)
                .map_err(NoResidue::Read)?
                == 0
            {
                break false;
            }
            number += 1;
            if number == 1 {
                begin(&mut block, &mut out)?;
            }
            let line = &block[start.min(block.len())..];
            if trimmed(line.strip_suffix(b"\n").unwrap_or(line)).is_empty() && number > 1 {
                block.truncate(start);
                break true;
            }
        };
        let mut found = false;
        while let Some((_, reason)) = bad.next_if(|(line, _)| !more || *line <= number) {
            found = true;
            // Nothing in a reason may end the comment.
            writeln!(out, "# {}", reason.replace(char::is_control, " "))?;
        }
        if found {
            // What continues nothing must not continue the comment.
            if block.starts_with(b" ") {
                out.write_all(b"\n")?;
            }
            out.write_all(&block)?;
            if !block.is_empty() && !block.ends_with(b"\n") {
                out.write_all(b"\n")?;
            }
            out.write_all(b"\n")?;
        }
        if number == began && !more {
            break;
        }
    }
    Ok(out.flush()?)
}

/// The first line: without the mark of its encoding, and the version for itself, which the entry behind it may not
/// take along.
fn begin(block: &mut Zeroizing<Vec<u8>>, out: &mut impl Write) -> io::Result<()> {
    if block.starts_with(b"\xEF\xBB\xBF") {
        block.drain(..3);
    }
    let is_version = block
        .get(..8)
        .is_some_and(|head| head.eq_ignore_ascii_case(b"version:"));
    if is_version {
        out.write_all(b"version: 1\n\n")?;
        block.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residue(file: &str, bad: &[(u64, &str)]) -> String {
        let bad: Vec<_> = bad
            .iter()
            .map(|(line, why)| (*line, (*why).to_owned()))
            .collect();
        let mut out = Vec::new();
        write_residue(file.as_bytes(), &bad, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_bad_line_takes_its_whole_entry_along() {
        let file = "\u{feff}version: 1\n# first\ndn: a\nuid: a\n b\n\n\n# second\ndn: b\nuid: b\n\r\ndn: c\nuid: c";
        assert_eq!(
            residue(
                file,
                &[
                    (4, "line 4: x"),
                    (12, "line 12: y\nuid: z"),
                    (13, "line 13: y")
                ]
            ),
            "version: 1\n\n# line 4: x\n# first\ndn: a\nuid: a\n b\n\n\
             # line 12: y uid: z\n# line 13: y\ndn: c\nuid: c\n\n"
        );
        assert_eq!(
            residue(file, &[(9, "line 9: x")]),
            "version: 1\n\n# line 9: x\n# second\ndn: b\nuid: b\n\n"
        );
    }

    #[test]
    fn what_begins_or_ends_oddly_is_kept() {
        assert_eq!(
            residue("\n\n uid: a\nuid: b\n\ndn: c\n", &[(3, "line 3: x")]),
            "# line 3: x\n\n uid: a\nuid: b\n\n"
        );
        assert_eq!(
            residue("dn: a\r\nuid: a\r\n\r\ndn: b\r\n", &[(1, "line 1: x")]),
            "# line 1: x\ndn: a\r\nuid: a\r\n\n"
        );
        assert_eq!(
            residue("dn: a\n", &[(7, "line 7: the file ends")]),
            "# line 7: the file ends\ndn: a\n\n"
        );
        assert_eq!(residue("", &[(1, "line 1: x")]), "# line 1: x\n\n");
    }
}
