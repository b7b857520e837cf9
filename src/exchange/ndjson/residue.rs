//! The bad lines of a source file, in a file that can be corrected and loaded.

use std::io::{self, Read, Write};

use super::{convert, kind_of, wire, writer};
use crate::exchange::NoResidue;
use crate::exchange::lines::{LineError, Lines};
use crate::json::Json;
use crate::model::{Schema, Wiped};

/// Writes the lines `bad` of a source file, in their order, each below its reasons. What comes out is a delta, because it
/// holds a few records of many, with the groups that those may belong to. It may hold secrets.
///
/// # Errors
/// [`NoResidue`] says which of the two files failed.
pub fn write_residue(
    input: impl Read,
    bad: &[(u64, String)],
    mut out: impl Write,
) -> Result<(), NoResidue> {
    let mut lines = Lines::new(input);
    let mut bad = bad.iter().peekable();
    while let Some((wanted, _)) = bad.peek() {
        let copied = match lines.next() {
            Ok(None) => return Err(NoResidue::Read(io::ErrorKind::UnexpectedEof.into())),
            Ok(Some(_)) => true,
            Err(LineError::TooLong) => false,
            Err(LineError::Io(error)) => return Err(NoResidue::Read(error)),
            Err(LineError::ReturnsOnly) => {
                return Err(NoResidue::Read(io::ErrorKind::InvalidData.into()));
            }
        };
        let number = lines.number();
        if number < *wanted {
            keep(lines.current(), &mut out)?;
            continue;
        }
        while let Some((_, reason)) = bad.next_if(|(line, _)| *line == number) {
            // A reason may quote what was in the line.
            writeln!(out, "# {}", reason.replace(char::is_control, " "))?;
        }
        if copied {
            out.write_all(lines.current())?;
            out.write_all(b"\n")?;
        } else {
            writeln!(out, "# The line is too long to stand here.")?;
        }
    }
    Ok(out.flush()?)
}

/// Writes what the bad lines need of a good one.
fn keep(line: &[u8], out: &mut impl Write) -> io::Result<()> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Ok(());
    };
    match kind_of(text).as_deref() {
        Some("group") => {
            out.write_all(line)?;
            out.write_all(b"\n")
        }
        Some("schema") => {
            let read = serde_json::from_str::<wire::Schema<'_>>(text).ok();
            let Some(Ok(read)) = read.map(convert::schema) else {
                return Ok(());
            };
            let delta = Schema {
                full: false,
                ..read
            };
            let mut json = Json::new(Wiped::with_capacity(line.len()));
            json.open_object();
            writer::schema(&mut json, &delta);
            json.close_object();
            json.end_line();
            out.write_all(json.out())
        }
        _ => Ok(()),
    }
}
