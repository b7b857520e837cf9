//! `csv`, `tsv` and `value`: a line a row.
//!
//! A cell is one line in all three, whatever it holds, because [`sanitize`](super::sanitize) has escaped its line
//! ends; so TSV needs no quotes and every line of CSV is a row.

use std::io;

use super::cell::{Writing, text};
use super::doc::{Cell, Column, RowSink};
use super::sanitize::Reader;
use super::stream::Stream;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// RFC 4180; `guarded` where a spreadsheet may open it as a file.
    Csv {
        guarded: bool,
    },
    Tsv,
    /// No header; the cells of a row with a tab between them, the fields of a record a line each.
    Value,
}

/// Writes rows as lines.
pub(super) struct DelimitedSink {
    stream: Stream,
    kind: Kind,
    writing: Writing<'static>,
}

impl DelimitedSink {
    pub(super) fn new(stream: Stream, kind: Kind, reader: Reader) -> Self {
        Self {
            stream,
            kind,
            writing: Writing::Machines(reader),
        }
    }

    fn line<T: AsRef<str>>(&mut self, fields: &[T]) -> io::Result<bool> {
        if let Kind::Csv { .. } = self.kind {
            let mut writer = csv::WriterBuilder::new()
                .buffer_capacity(256)
                .from_writer(self.stream.buffer());
            writer.write_record(fields.iter().map(|field| field.as_ref().as_bytes()))?;
            writer.flush()?;
        } else {
            let buffer = self.stream.buffer();
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    buffer.push(b'\t');
                }
                buffer.extend_from_slice(field.as_ref().as_bytes());
            }
            buffer.push(b'\n');
        }
        self.stream.pass()
    }

    fn field(&self, cell: &Cell) -> String {
        let text = text(cell, self.writing);
        let guarded = self.kind == Kind::Csv { guarded: true };
        if guarded && !matches!(cell, Cell::Number(_) | Cell::Id(_)) && is_formula(&text) {
            format!("'{text}")
        } else {
            text
        }
    }
}

impl RowSink for DelimitedSink {
    fn begin(&mut self, _: &'static str, columns: &[Column]) -> io::Result<()> {
        if self.kind != Kind::Value {
            let names: Vec<_> = columns.iter().map(|column| column.name).collect();
            self.line(&names)?;
        }
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        let fields: Vec<_> = cells.iter().map(|cell| self.field(cell)).collect();
        self.line(&fields)
    }

    fn end(&mut self) -> io::Result<()> {
        self.stream.flush()?;
        Ok(())
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        let values: Vec<_> = fields.iter().map(|(_, cell)| self.field(cell)).collect();
        if self.kind == Kind::Value {
            for value in &values {
                self.line(&[value])?;
            }
        } else {
            let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
            self.line(&names)?;
            self.line(&values)?;
        }
        self.end()
    }
}

/// Whether a spreadsheet would compute the text (OWASP, "CSV Injection"). A sign before nothing but digits and
/// blanks, such as a telephone number's, computes nothing.
fn is_formula(text: &str) -> bool {
    let mut chars = text.chars();
    match chars.next() {
        Some('=' | '@' | '＝' | '＠') => true,
        Some('+' | '-' | '＋' | '－') => !chars.all(|c| c.is_ascii_digit() || c == ' '),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_formula;

    #[test]
    fn formulas_are_told_from_text() {
        for text in [
            "=1+1",
            "@SUM(A1)",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "＝1",
            "＋x",
        ] {
            assert!(is_formula(text), "{text}");
        }
        for text in ["anna", "+49 89 1234", "-", "", "a=b", "'=1"] {
            assert!(!is_formula(text), "{text}");
        }
    }
}
