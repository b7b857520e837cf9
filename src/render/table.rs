//! `table` and `expanded`: what a person reads.
//!
//! A table holds its rows until the widths of its columns are computed, therefore at most [`CAP`] of them; more rows are
//! counted, up to [`COUNTED`], so that the last line can say what is missing. Widths are worked out here, because a
//! table must never break an id in two: only columns of free text are cut, with `…`, and a table that is still too
//! wide is shown expanded instead. Drawing is left to comfy-table, which gets nothing but sanitised text.

use std::io;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::cell::{Writing, counted, grouped, text};
use super::doc::{Cell, Column, Fit, RowSink};
use super::stream::Stream;

/// Rows that a table or an expanded list shows.
pub const CAP: u64 = 1_000;

/// The rows that a table leaves out are not counted beyond this.
const COUNTED: u64 = 100_000;

/// Blanks between two columns of a table: comfy-table's own one and a padding.
const GAP: u16 = 2;

/// A column of free text is not cut below this.
const LEGIBLE: usize = 8;

const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Where it is said that not all rows are shown.
pub(super) type Notice = Box<dyn Fn(&str)>;

/// Shows a list to a person.
pub(super) struct TableSink {
    stream: Stream,
    notice: Notice,
    layout: Layout,
    noun: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Shown>>,
    seen: u64,
}

/// How the rows are laid out.
pub(super) struct Layout {
    /// A block a row, whatever the width.
    pub(super) expanded: bool,
    /// Columns of the terminal; `None` where nothing limits a line.
    pub(super) width: Option<usize>,
    /// Whether headers are bold.
    pub(super) colour: bool,
    /// For times.
    pub(super) zone: TimeZone,
    /// Whether all rows are shown, however many.
    pub(super) whole: bool,
}

/// A cell as it is shown.
struct Shown {
    text: String,
    number: bool,
}

impl TableSink {
    pub(super) fn new(stream: Stream, notice: Notice, layout: Layout) -> Self {
        Self {
            stream,
            notice,
            layout,
            noun: "",
            columns: Vec::new(),
            rows: Vec::new(),
            seen: 0,
        }
    }

    fn bold(&self, text: &str) -> String {
        if self.layout.colour {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// The width of each column, or `None` when the table cannot fit.
    fn widths(&self) -> Option<Vec<usize>> {
        let mut widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|shown| shown.text.width()).max();
                widest.unwrap_or(0).max(self.columns[at].name.width())
            })
            .collect();
        let Some(room) = self.layout.width else {
            return Some(widths);
        };
        let gaps = usize::from(GAP) * widths.len().saturating_sub(1);
        let mut excess = (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
        while excess > 0 {
            // The widest column of free text gives way first.
            let (at, _) = self
                .columns
                .iter()
                .enumerate()
                .filter(|(at, column)| {
                    column.fit == Fit::Cut && widths[*at] > LEGIBLE.max(column.name.width())
                })
                .max_by_key(|(at, _)| widths[*at])?;
            widths[at] -= 1;
            excess -= 1;
        }
        Some(widths)
    }

    fn table(&self, widths: &[usize]) -> String {
        let mut table = Table::new();
        table.load_style(STYLE).force_no_tty();
        table.set_header(self.columns.iter().enumerate().map(|(at, column)| {
            let number = self
                .rows
                .iter()
                .any(|row| row.get(at).is_some_and(|shown| shown.number));
            aligned(column.name.to_owned(), number)
        }));
        for row in &self.rows {
            table.add_row(
                row.iter()
                    .zip(widths)
                    .map(|(shown, width)| aligned(cut(&shown.text, *width), shown.number)),
            );
        }
        let last = self.columns.len().saturating_sub(1);
        for column in table.column_iter_mut() {
            let padding = if column.index == last { 0 } else { GAP - 1 };
            column.set_padding((0, padding));
        }
        let mut out = String::new();
        for (at, line) in table.lines().enumerate() {
            let line = line.trim_end();
            match at {
                0 => out.push_str(&self.bold(line)),
                _ => out.push_str(line),
            }
            out.push('\n');
        }
        out
    }

    /// One row as a block.
    fn block(&self, number: u64, row: &[Shown]) -> String {
        let title = format!("─ {} {} ─", self.noun, grouped(number));
        let mut out = self.bold(&title);
        out.push('\n');
        let names = self.columns.iter().map(|column| column.name);
        let indent = self.columns.iter().map(|c| c.name.width()).max();
        for (name, shown) in names.zip(row) {
            let line = format!("{name:<0$}  {1}", indent.unwrap_or(0), shown.text);
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn show(&self, cell: &Cell) -> Shown {
        Shown {
            text: text(cell, Writing::People(&self.layout.zone)),
            number: matches!(cell, Cell::Number(_) | Cell::Id(_)),
        }
    }
}

impl RowSink for TableSink {
    fn begin(&mut self, noun: &'static str, columns: &[Column]) -> io::Result<()> {
        self.noun = noun;
        self.columns = columns.to_vec();
        self.rows.clear();
        self.seen = 0;
        Ok(())
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        self.seen += 1;
        if self.seen > CAP && !self.layout.whole {
            return Ok(self.seen <= COUNTED);
        }
        let row: Vec<_> = cells.iter().map(|cell| self.show(cell)).collect();
        if self.layout.expanded {
            let block = self.block(self.seen, &row);
            return self.stream.push(&block);
        }
        self.rows.push(row);
        Ok(true)
    }

    fn end(&mut self) -> io::Result<()> {
        if !self.rows.is_empty() {
            match self.widths() {
                Some(widths) => {
                    let table = self.table(&widths);
                    self.stream.push(&table)?;
                }
                None => {
                    for (at, row) in self.rows.iter().enumerate() {
                        let block = self.block(at as u64 + 1, row);
                        if !self.stream.push(&block)? {
                            break;
                        }
                    }
                }
            }
        }
        let count = if self.seen <= CAP || self.layout.whole {
            counted(self.seen, self.noun)
        } else if self.seen <= COUNTED {
            format!("{} of {}", grouped(CAP), counted(self.seen, self.noun))
        } else {
            let many = counted(COUNTED, self.noun);
            format!("{} of more than {many}", grouped(CAP))
        };
        self.stream.push(&format!("{count}\n"))?;
        if self.stream.flush()? && self.seen > CAP && !self.layout.whole {
            let shown = counted(CAP, self.noun);
            (self.notice)(&if self.seen <= COUNTED {
                format!(
                    "the first {shown} are shown; 'last' shows all of them, 'last format=csv' as CSV"
                )
            } else {
                format!(
                    "the first {shown} are shown; format=csv or format=ndjson writes them all, a selection or limit=N narrows the list"
                )
            });
        }
        self.rows = Vec::new();
        Ok(())
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        let mut out = String::new();
        self.fields(&fields, 0, &mut out);
        self.stream.push(&out)?;
        self.stream.flush()?;
        Ok(())
    }
}

impl TableSink {
    /// The fields of a record, `name: value` a line; what is nested stands below its name, indented.
    /// What a record does not have is left out.
    fn fields(&self, fields: &[(&'static str, Cell)], indent: usize, out: &mut String) {
        let present = || fields.iter().filter(|(_, cell)| !is_empty(cell));
        let widest = present()
            .filter(|(_, cell)| !is_nested(cell))
            .map(|(name, _)| name.width())
            .max()
            .unwrap_or(0);
        for (name, cell) in present() {
            // The first field of an item follows its dash.
            if out.is_empty() || out.ends_with('\n') {
                out.push_str(&" ".repeat(indent));
            }
            match cell {
                Cell::Record(nested) if !nested.is_empty() => {
                    out.push_str(&self.bold(&format!("{name}:")));
                    out.push('\n');
                    self.fields(nested, indent + 2, out);
                }
                Cell::Items(items) if !items.is_empty() => {
                    out.push_str(&self.bold(&format!("{name}:")));
                    out.push('\n');
                    for item in items {
                        out.push_str(&" ".repeat(indent + 2));
                        out.push_str("- ");
                        match item {
                            Cell::Record(nested) if !nested.is_empty() => {
                                self.fields(nested, indent + 4, out);
                            }
                            cell => self.value(cell, out),
                        }
                    }
                }
                cell => {
                    out.push_str(&self.bold(&format!("{name}:")));
                    out.push_str(&" ".repeat(widest - name.width() + 1));
                    self.value(cell, out);
                }
            }
        }
    }

    fn value(&self, cell: &Cell, out: &mut String) {
        out.push_str(&self.show(cell).text);
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
}

/// A cell for comfy-table; numbers stand right.
fn aligned(text: String, number: bool) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new_owned(text);
    if number {
        cell.set_alignment(CellAlignment::Right)
    } else {
        cell
    }
}

/// Whether there is nothing to show.
fn is_empty(cell: &Cell) -> bool {
    match cell {
        Cell::Absent => true,
        Cell::List(texts) => texts.is_empty(),
        Cell::Items(items) => items.is_empty(),
        Cell::Record(fields) => fields.is_empty(),
        _ => false,
    }
}

fn is_nested(cell: &Cell) -> bool {
    match cell {
        Cell::Record(fields) => !fields.is_empty(),
        Cell::Items(items) => !items.is_empty(),
        _ => false,
    }
}

/// `text` in at most `width` columns, with `…` where it was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let end = text
        .char_indices()
        .map(|(at, c)| at + c.len_utf8())
        .take_while(|end| text[..*end].width() < width)
        .last()
        .unwrap_or(0);
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn what_is_cut_is_marked_and_fits() {
        for (text, width, shown) in [
            ("anna", 4, "anna"),
            ("anna", 3, "an…"),
            ("anna", 1, "…"),
            ("山田太郎", 8, "山田太郎"),
            ("山田太郎", 7, "山田太…"),
            ("山田太郎", 6, "山田…"),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, width), shown);
        }
    }
}
