//! `csv`, `tsv` and `value`: a line a row.
//!
//! A cell is one line in all three, whatever it holds, because [`sanitize`](super::sanitize) has escaped its line
//! ends; so TSV needs no quotes and every line of CSV is a row.

use std::io;

use super::cell::{Writing, push_text};
use super::doc::{Cell, Column, RowSink};
use super::guard::{self, Place};
use super::sanitize::Reader;
use super::stream::Stream;

/// Which of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// RFC 4180; `guarded` where a spreadsheet may open it as a file.
    Csv { guarded: bool },
    /// Without quotes; guarded as CSV is.
    Tsv { guarded: bool },
    /// No header; the cells of a row with a tab between them, the fields of a record a line each.
    Value,
}

/// Writes rows as lines.
pub(super) struct DelimitedSink {
    stream: Stream,
    kind: Kind,
    writing: Writing<'static>,
    /// The field that is written, kept for its room.
    field: String,
}

impl DelimitedSink {
    pub(super) fn new(stream: Stream, kind: Kind, reader: Reader) -> Self {
        Self {
            stream,
            kind,
            writing: Writing::Machines(reader),
            field: String::new(),
        }
    }

    fn names<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> io::Result<bool> {
        for (at, name) in names.enumerate() {
            self.field.clear();
            self.field.push_str(name);
            self.append(at);
        }
        self.end_line()
    }

    fn cells(&mut self, cells: &[Cell]) -> io::Result<bool> {
        for (at, cell) in cells.iter().enumerate() {
            self.field.clear();
            push_text(cell, self.writing, &mut self.field);
            if !matches!(cell, Cell::Number(_) | Cell::Id(_)) {
                guard::write(&mut self.field, place(self.kind, at));
            }
            self.append(at);
        }
        // Readers skip an empty line, so that it would be no row.
        if let (Kind::Csv { .. }, [_], "") = (self.kind, cells, self.field.as_str()) {
            self.stream.buffer().extend_from_slice(b"\"\"");
        }
        self.end_line()
    }

    /// Appends the field, the `at`th of its line.
    fn append(&mut self, at: usize) {
        let is_csv = matches!(self.kind, Kind::Csv { .. });
        // What is sanitised holds no line ends. A semicolon ends a cell in the spreadsheets of some countries.
        let is_spreadsheets = self.kind == Kind::Csv { guarded: true };
        let buffer = self.stream.buffer();
        if at > 0 {
            buffer.push(if is_csv { b',' } else { b'\t' });
        }
        let field = self.field.as_bytes();
        let splits = memchr::memchr2(b',', b'"', field).is_some()
            || is_spreadsheets && field.contains(&b';');
        if is_csv && splits {
            buffer.push(b'"');
            for part in field.split_inclusive(|b| *b == b'"') {
                buffer.extend_from_slice(part);
                if part.ends_with(b"\"") {
                    buffer.push(b'"');
                }
            }
            buffer.push(b'"');
        } else {
            buffer.extend_from_slice(field);
        }
    }

    fn end_line(&mut self) -> io::Result<bool> {
        self.stream.buffer().push(b'\n');
        self.stream.pass()
    }
}

/// What is to be known of the place of the `at`th cell of a line.
fn place(kind: Kind, at: usize) -> Place {
    match kind {
        Kind::Csv { guarded } => Place {
            guarded,
            ..Place::default()
        },
        Kind::Tsv { guarded } => Place {
            guarded,
            unquoted: true,
            ..Place::default()
        },
        Kind::Value => Place {
            listed: at == 0,
            ..Place::default()
        },
    }
}

impl RowSink for DelimitedSink {
    fn begin(&mut self, _: &'static str, columns: &[Column]) -> io::Result<()> {
        if self.kind != Kind::Value {
            self.names(columns.iter().map(|column| column.name))?;
        }
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        self.cells(&cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.stream.flush()?;
        Ok(())
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        if self.kind == Kind::Value {
            for (_, cell) in &fields {
                self.cells(std::slice::from_ref(cell))?;
            }
        } else {
            self.names(fields.iter().map(|(name, _)| *name))?;
            let cells: Vec<Cell> = fields.into_iter().map(|(_, cell)| cell).collect();
            self.cells(&cells)?;
        }
        self.end()
    }
}
