//! Rows kept instead of shown: those of a loop, and the last list, to be shown again.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::doc::{Cell, Column, RowSink};

/// Rows that are remembered of a list, as many as a table counts.
pub const REMEMBERED: usize = 100_000;

/// A list, or one record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct List {
    /// The singular of what a row is.
    pub noun: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// The fields, where it was a record.
    pub record: Option<Vec<(&'static str, Cell)>>,
    /// Whether rows are missing at its end.
    pub cut: bool,
}

impl List {
    /// Shows it on `sink`.
    pub fn show(&self, sink: &mut dyn RowSink) -> io::Result<()> {
        if let Some(fields) = &self.record {
            return sink.record(fields.clone());
        }
        sink.begin(self.noun, &self.columns)?;
        for row in &self.rows {
            if !sink.row(row.clone())? {
                break;
            }
        }
        sink.end()
    }
}

/// Where a list is collected.
#[derive(Debug, Clone, Default)]
pub struct Collected(Arc<Mutex<List>>);

impl Collected {
    /// A sink that puts all rows here and shows nothing.
    pub fn sink(&self) -> Box<dyn RowSink> {
        Box::new(Collecting {
            into: self.clone(),
            list: List::default(),
            also: None,
        })
    }

    /// A sink that shows the rows on `sink` and keeps the first [`REMEMBERED`] of them here.
    pub(super) fn beside(&self, sink: Box<dyn RowSink>) -> Box<dyn RowSink> {
        Box::new(Collecting {
            into: self.clone(),
            list: List::default(),
            also: Some(sink),
        })
    }

    /// What has been collected.
    pub fn take(&self) -> List {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, list: List) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = list;
    }
}

struct Collecting {
    into: Collected,
    list: List,
    also: Option<Box<dyn RowSink>>,
}

impl RowSink for Collecting {
    fn begin(&mut self, noun: &'static str, columns: &[Column]) -> io::Result<()> {
        self.list = List {
            noun,
            columns: columns.to_vec(),
            ..List::default()
        };
        match &mut self.also {
            Some(sink) => sink.begin(noun, columns),
            None => Ok(()),
        }
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        let Some(sink) = &mut self.also else {
            self.list.rows.push(cells);
            return Ok(true);
        };
        if self.list.rows.len() < REMEMBERED {
            self.list.rows.push(cells.clone());
        } else {
            self.list.cut = true;
        }
        sink.row(cells)
    }

    fn end(&mut self) -> io::Result<()> {
        self.into.set(std::mem::take(&mut self.list));
        match &mut self.also {
            Some(sink) => sink.end(),
            None => Ok(()),
        }
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        self.into.set(List {
            record: Some(fields.clone()),
            ..List::default()
        });
        match &mut self.also {
            Some(sink) => sink.record(fields),
            None => Ok(()),
        }
    }
}
