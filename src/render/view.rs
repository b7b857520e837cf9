//! Which columns of a list are shown, in which order, and how many rows: `columns=`, `sort=`, `limit=`.
//!
//! Done once, in front of whatever sink writes the rows, so that no command has to think of it. Without `sort=` rows
//! pass through one by one; with it they are held, the best of them only where something bounds how many are shown.

use std::cmp::Ordering;
use std::io;

use super::doc::{Cell, Column, RowSink};

/// What was asked of a list beyond its selection.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The columns to be shown, in this order; all of them when empty.
    pub columns: Vec<String>,
    /// The columns to sort by, the most important first; `-name` descends.
    pub sort: Vec<String>,
    /// So many rows at most.
    pub limit: Option<u64>,
}

/// A list was asked for a column that it does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no column '{asked}'")]
pub struct NoColumn {
    /// What was asked.
    pub asked: String,
    /// What there is.
    pub known: Vec<&'static str>,
}

impl View {
    /// A sink that shows this view of what it gets on `sink`, which never needs more than `most` rows.
    pub fn over(self, sink: Box<dyn RowSink>, most: Option<u64>) -> Box<dyn RowSink> {
        if self.columns.is_empty() && self.sort.is_empty() && self.limit.is_none() {
            return sink;
        }
        let bound = match (self.limit, most) {
            (Some(limit), Some(most)) => Some(limit.min(most)),
            (limit, most) => limit.or(most),
        };
        Box::new(Viewed {
            sink,
            bound: bound.map(|bound| usize::try_from(bound).unwrap_or(usize::MAX)),
            view: self,
            shown: Vec::new(),
            order: Vec::new(),
            held: Vec::new(),
            passed: 0,
        })
    }
}

/// A column's name as it is compared: without letter case, `-`, `_` and `.`.
fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '-' | '_' | '.'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn place(asked: &str, known: &[&'static str]) -> io::Result<usize> {
    let wanted = plain(asked);
    known
        .iter()
        .position(|name| plain(name) == wanted)
        .ok_or_else(|| {
            io::Error::other(NoColumn {
                asked: asked.to_owned(),
                known: known.to_vec(),
            })
        })
}

struct Viewed {
    sink: Box<dyn RowSink>,
    view: View,
    /// So many rows have to be held to show the first ones in order.
    bound: Option<usize>,
    /// The places of the columns that are shown.
    shown: Vec<usize>,
    /// The places of the columns that order, and whether descending.
    order: Vec<(usize, bool)>,
    held: Vec<Vec<Cell>>,
    passed: u64,
}

impl Viewed {
    fn pass(&mut self, mut cells: Vec<Cell>) -> io::Result<bool> {
        let cells = if self.view.columns.is_empty() {
            cells
        } else {
            let pick = |at: &usize| {
                cells
                    .get_mut(*at)
                    .map_or(Cell::Absent, |cell| std::mem::replace(cell, Cell::Absent))
            };
            self.shown.iter().map(pick).collect()
        };
        self.passed += 1;
        let wanted = self.sink.row(cells)?;
        Ok(wanted && self.view.limit.is_none_or(|limit| self.passed < limit))
    }

    fn arrange(&mut self) {
        let order = &self.order;
        self.held.sort_by(|a, b| {
            order
                .iter()
                .map(|(at, descending)| match (a.get(*at), b.get(*at)) {
                    (Some(a), Some(b)) => compared(a, b, *descending),
                    _ => Ordering::Equal,
                })
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        if let Some(bound) = self.bound {
            self.held.truncate(bound);
        }
    }
}

impl RowSink for Viewed {
    fn begin(&mut self, noun: &'static str, columns: &[Column]) -> io::Result<()> {
        let known: Vec<_> = columns.iter().map(|column| column.name).collect();
        let view = &self.view;
        let shown = view.columns.iter().map(|name| place(name, &known));
        self.shown = shown.collect::<io::Result<_>>()?;
        // A column that is named twice would make an object with the same key twice.
        let mut seen = std::collections::HashSet::new();
        self.shown.retain(|at| seen.insert(*at));
        let order = view.sort.iter().map(|name| {
            let (bare, descending) = match name.strip_prefix('-') {
                Some(bare) => (bare, true),
                None => (name.as_str(), false),
            };
            Ok((place(bare, &known)?, descending))
        });
        self.order = order.collect::<io::Result<_>>()?;
        if self.shown.is_empty() {
            return self.sink.begin(noun, columns);
        }
        let columns: Vec<_> = self
            .shown
            .iter()
            .filter_map(|at| columns.get(*at).cloned())
            .collect();
        self.sink.begin(noun, &columns)
    }

    fn row(&mut self, cells: Vec<Cell>) -> io::Result<bool> {
        if self.order.is_empty() {
            return self.pass(cells);
        }
        self.held.push(cells);
        // Sorting at twice the bound costs a row no more than a logarithm.
        if let Some(bound) = self.bound
            && self.held.len() >= bound.saturating_mul(2).max(1_000)
        {
            self.arrange();
        }
        Ok(true)
    }

    fn end(&mut self) -> io::Result<()> {
        self.arrange();
        for cells in std::mem::take(&mut self.held) {
            if !self.pass(cells)? {
                break;
            }
        }
        self.sink.end()
    }

    fn record(&mut self, fields: Vec<(&'static str, Cell)>) -> io::Result<()> {
        if self.view.columns.is_empty() {
            return self.sink.record(fields);
        }
        let known: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let mut fields: Vec<_> = fields.into_iter().map(Some).collect();
        let mut shown = Vec::new();
        for name in &self.view.columns {
            let at = place(name, &known)?;
            shown.extend(fields.get_mut(at).and_then(Option::take));
        }
        self.sink.record(shown)
    }
}

/// The order of two cells of a column. What is absent comes last, whichever way the others go.
fn compared(a: &Cell, b: &Cell, descending: bool) -> Ordering {
    let ordering = match (a, b) {
        (Cell::Absent, Cell::Absent) => return Ordering::Equal,
        (Cell::Absent, _) => return Ordering::Greater,
        (_, Cell::Absent) => return Ordering::Less,
        (Cell::Number(a), Cell::Number(b)) => a.cmp(b),
        (Cell::Id(a), Cell::Id(b)) => a.cmp(b),
        (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
        (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
        (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
        (Cell::List(a), Cell::List(b)) => a.cmp(b),
        // Records and mixed columns have no order of their own.
        _ => Ordering::Equal,
    };
    if descending {
        ordering.reverse()
    } else {
        ordering
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::collect::Collected;

    const COLUMNS: &[Column] = &[
        Column::whole("userid"),
        Column::whole("lastAuth"),
        Column::whole("tokens"),
    ];

    fn rows() -> Vec<Vec<Cell>> {
        let row = |name: &str, at: Option<&str>, tokens: i64| {
            let at: Option<jiff::Timestamp> = at.map(|at| at.parse().unwrap());
            vec![name.into(), at.into(), tokens.into()]
        };
        vec![
            row("b", Some("2026-01-02T00:00:00Z"), 2),
            row("a", None, 10),
            row("c", Some("2026-01-01T00:00:00Z"), 2),
        ]
    }

    fn shown(columns: &[&str], sort: &[&str], limit: Option<u64>) -> io::Result<Vec<String>> {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let view = View {
            columns: texts(columns),
            sort: texts(sort),
            limit,
        };
        let collected = Collected::default();
        let mut sink = view.over(collected.sink(), None);
        sink.begin("user", COLUMNS)?;
        for row in rows() {
            if !sink.row(row)? {
                break;
            }
        }
        sink.end()?;
        drop(sink);
        let text = |cell: &Cell| crate::render::cell::raw(cell);
        let list = collected.take();
        Ok(list
            .rows
            .iter()
            .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" "))
            .collect())
    }

    #[test]
    fn columns_come_as_asked_and_once() {
        assert_eq!(
            shown(&["tokens", "USER-ID", "tokens"], &[], None).unwrap(),
            ["2 b", "10 a", "2 c"]
        );
    }

    #[test]
    fn rows_are_ordered_by_value_and_what_is_absent_comes_last() {
        let one = |sort: &[&str]| shown(&["userid"], sort, None).unwrap().concat();
        assert_eq!(one(&["userid"]), "abc");
        assert_eq!(one(&["tokens"]), "bca");
        assert_eq!(one(&["-tokens"]), "abc");
        assert_eq!(one(&["tokens", "-userid"]), "cba");
        assert_eq!(one(&["lastauth"]), "cba");
        assert_eq!(one(&["-lastauth"]), "bca");
    }

    #[test]
    fn a_limit_counts_in_the_order_that_was_asked_for() {
        let one = |sort: &[&str], limit| shown(&["userid"], sort, Some(limit)).unwrap().concat();
        assert_eq!(one(&[], 2), "ba");
        assert_eq!(one(&["-userid"], 2), "cb");
        assert_eq!(one(&["-userid"], 9), "cba");
    }

    #[test]
    fn an_unknown_column_says_what_there_is() {
        for (columns, sort) in [(&["nam"][..], &[][..]), (&[], &["-nam"])] {
            let error = shown(columns, sort, None).unwrap_err();
            let missing = error.get_ref().unwrap().downcast_ref::<NoColumn>().unwrap();
            assert_eq!(missing.asked, "nam");
            assert_eq!(missing.known, ["userid", "lastAuth", "tokens"]);
        }
    }

    #[test]
    fn many_rows_are_held_only_as_far_as_they_are_shown() {
        let view = View {
            sort: vec!["-n".to_owned()],
            limit: Some(3),
            ..View::default()
        };
        let collected = Collected::default();
        let mut sink = view.over(collected.sink(), None);
        sink.begin("row", &[Column::whole("n")]).unwrap();
        for n in 0..5_000_i64 {
            assert!(sink.row(vec![(n * 7 % 5_000).into()]).unwrap());
        }
        sink.end().unwrap();
        let shown = [4_999_i64, 4_998, 4_997].map(|n| vec![Cell::from(n)]);
        assert_eq!(collected.take().rows, shown);
    }
}
