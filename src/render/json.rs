//! `json` and `ndjson`: exact values, an object a row, streamed.

use std::io;

use super::cell::json_object;
use super::doc::{Cell, Column, RowSink};
use super::stream::Stream;

/// Writes a list as one array with an object a line, or as bare objects a line.
pub(super) struct JsonSink {
    stream: Stream,
    array: bool,
    columns: Vec<Column>,
    rows: u64,
    /// The line that is written, kept for its room.
    line: String,
}

impl JsonSink {
    pub(super) fn new(stream: Stream, array: bool) -> Self {
        Self {
            stream,
            array,
            columns: Vec::new(),
            rows: 0,
            line: String::new(),
        }
    }
}

impl RowSink for JsonSink {
    fn begin(&mut self, _: &'static str, columns: &[Column]) -> io::Result<()> {
        self.columns = columns.to_vec();
        self.rows = 0;
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        self.line.clear();
        self.line.push_str(match (self.array, self.rows) {
            (false, _) => "",
            (true, 0) => "[\n",
            (true, _) => ",\n",
        });
        self.rows += 1;
        let names = self.columns.iter().map(|column| column.name);
        json_object(names.zip(&cells), &mut self.line);
        if !self.array {
            self.line.push('\n');
        }
        self.stream.push(&self.line)
    }

    fn end(&mut self) -> io::Result<()> {
        if self.array {
            self.stream
                .push(if self.rows == 0 { "[]\n" } else { "\n]\n" })?;
        }
        self.stream.flush()?;
        Ok(())
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        let mut line = String::new();
        json_object(fields.iter().map(|(name, cell)| (*name, cell)), &mut line);
        line.push('\n');
        self.stream.push(&line)?;
        self.stream.flush()?;
        Ok(())
    }
}
