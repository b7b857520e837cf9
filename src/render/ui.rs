//! The terminal, or whatever stands in its place: where data, messages and questions go.
//!
//! A [`Ui`] is cheap to clone, so that a row sink, a progress bar and the running command can each hold one. Data goes
//! to standard output, everything else to standard error. What a process finds around it (streams, width, colours,
//! zone) comes in through [`Setup`], which a test fills with buffers.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;
use jiff::tz::TimeZone;

use super::ascii;
use super::ask::Ask;
use super::cell::json_object;
use super::collect::{Collected, List, REMEMBERED};
use super::delimited::{DelimitedSink, Kind};
use super::doc::{Cell, RowSink};
use super::format::Format;
use super::json::JsonSink;
use super::sanitize::{Reader, message};
use super::setup::{Colour, Setup, Width};
use super::stream::{Shared, Stream};
use super::table::{Layout, TableSink};

/// Data, messages and questions of a process.
#[derive(Clone)]
pub struct Ui {
    inner: Arc<Inner>,
}

struct Inner {
    out: Shared,
    err: Shared,
    ask: Box<dyn Ask>,
    in_terminal: bool,
    out_terminal: bool,
    err_terminal: bool,
    width: Width,
    /// The width of `set columns=N`.
    columns: Mutex<Option<u16>>,
    colour: Colour,
    dumb: bool,
    ascii: bool,
    quiet: bool,
    zone: TimeZone,
    format: Mutex<Format>,
    bar: Mutex<Option<ProgressBar>>,
    /// Where rows go instead of standard output, while they are collected.
    collector: Mutex<Option<Collected>>,
    /// The last list that was shown.
    last: Collected,
    last_list: Mutex<Option<Arc<List>>>,
}

impl std::fmt::Debug for Ui {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ui")
            .field("format", &self.format())
            .finish_non_exhaustive()
    }
}

/// An error as it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Its stable code, such as `E0101`.
    pub code: &'a str,
    /// What and where.
    pub message: &'a str,
    /// What to do about it.
    pub hint: Option<&'a str>,
    /// The whole of it as a person sees it, where there is more to show than message and hint: a source line with
    /// carets. May hold colour sequences.
    pub rendered: Option<&'a str>,
}

impl Ui {
    /// A `Ui` in these surroundings.
    pub fn new(setup: Setup) -> Self {
        Self {
            inner: Arc::new(Inner {
                out: Shared::new(setup.out),
                err: Shared::new(setup.err),
                ask: setup.ask,
                in_terminal: setup.in_terminal,
                out_terminal: setup.out_terminal,
                err_terminal: setup.err_terminal,
                width: setup.width,
                columns: Mutex::new(None),
                colour: setup.colour,
                dumb: setup.dumb,
                ascii: setup.ascii,
                quiet: setup.quiet,
                zone: setup.zone,
                format: Mutex::new(setup.format),
                bar: Mutex::new(None),
                collector: Mutex::new(None),
                last: Collected::default(),
                last_list: Mutex::new(None),
            }),
        }
    }

    /// The format of lists.
    pub fn format(&self) -> Format {
        *locked(&self.inner.format)
    }

    /// Sets the format of lists for the commands that follow.
    pub fn set_format(&self, format: Format) {
        *locked(&self.inner.format) = format;
    }

    /// The zone in which people read times.
    pub fn zone(&self) -> &TimeZone {
        &self.inner.zone
    }

    /// A moment as people read it: local time with its zone.
    pub fn local_time(&self, at: impl Into<crate::model::Moment>) -> String {
        super::cell::local_time(at.into(), &self.inner.zone)
    }

    /// Whether questions can be asked: standard input and standard error are terminals.
    pub fn is_interactive(&self) -> bool {
        self.inner.in_terminal && self.inner.err_terminal
    }

    /// Whether standard output is a terminal.
    pub fn out_is_terminal(&self) -> bool {
        self.inner.out_terminal
    }

    /// Whether standard input is a terminal.
    pub fn in_is_terminal(&self) -> bool {
        self.inner.in_terminal
    }

    /// Whether messages on standard error have colours, for a rendered diagnostic.
    pub fn err_has_colours(&self) -> bool {
        self.inner.colour.reaches(self.inner.err_terminal)
    }

    /// Whether what goes to standard output has colours.
    pub fn out_has_colours(&self) -> bool {
        self.inner.colour.reaches(self.inner.out_terminal)
    }

    /// The width that is set for lines on standard output.
    pub fn columns(&self) -> Option<u16> {
        *locked(&self.inner.columns)
    }

    /// Sets how wide lines on standard output may be; `None` goes back to what the terminal says.
    pub fn set_columns(&self, columns: Option<u16>) {
        *locked(&self.inner.columns) = columns;
    }

    /// Columns of a line on standard output; `None` where nothing limits it.
    pub fn width(&self) -> Option<usize> {
        if let Some(columns) = self.columns() {
            return Some(columns.into());
        }
        match self.inner.width {
            Width::Unlimited => None,
            Width::Columns(columns) => Some(columns.into()),
            Width::Terminal => crossterm::terminal::size()
                .ok()
                .and_then(|(columns, _)| (columns > 0).then_some(columns.into())),
        }
    }

    /// Takes rows for standard output, in this format, and remembers them for [`Ui::last`]. While they are
    /// collected ([`Ui::collect`]), they go there instead.
    pub fn rows(&self, format: Format) -> Box<dyn RowSink> {
        if let Some(collector) = locked(&self.inner.collector).as_ref() {
            return collector.sink();
        }
        let sink = self.shown(format, false);
        self.forget();
        // A program that reads the rows of a pipe has them all.
        if format.is_for_people() || self.inner.out_terminal {
            self.inner.last.beside(sink)
        } else {
            sink
        }
    }

    /// The same for rows that are shown again: all of them, also in a table, and nothing is remembered.
    pub fn rows_again(&self, format: Format) -> Box<dyn RowSink> {
        match locked(&self.inner.collector).as_ref() {
            Some(collector) => collector.sink(),
            None => self.shown(format, true),
        }
    }

    /// So many rows of a list are looked at in this format: a table counts no further. `None` where all of them are,
    /// as by [`Ui::collect`].
    pub fn most_rows(&self, format: Format) -> Option<u64> {
        let is_collected = locked(&self.inner.collector).is_some();
        (format.is_for_people() && !is_collected).then_some(REMEMBERED as u64 + 1)
    }

    /// Collects the rows that `work` shows.
    pub fn collect<T>(&self, work: impl FnOnce() -> T) -> (T, List) {
        let collected = Collected::default();
        let outer = locked(&self.inner.collector).replace(collected.clone());
        let done = work();
        *locked(&self.inner.collector) = outer;
        (done, collected.take())
    }

    /// The last list or record that was shown; `None` when there was none yet.
    pub fn last(&self) -> Option<Arc<List>> {
        let fresh = self.inner.last.take();
        let mut kept = locked(&self.inner.last_list);
        if fresh != List::default() {
            *kept = Some(Arc::new(fresh));
        }
        kept.clone()
    }

    /// Forgets the last list.
    pub fn forget(&self) {
        self.inner.last.take();
        *locked(&self.inner.last_list) = None;
    }

    fn shown(&self, format: Format, whole: bool) -> Box<dyn RowSink> {
        let inner = &self.inner;
        let reader = if inner.out_terminal {
            Reader::Terminal
        } else {
            Reader::Program
        };
        let layout = Layout {
            expanded: format == Format::Expanded,
            width: self.width(),
            colour: self.out_has_colours(),
            zone: inner.zone.clone(),
            whole,
        };
        let stream = Stream::new(inner.out.clone(), inner.out_terminal);
        self.sink(stream, format, layout, reader, false)
    }

    /// Takes rows for a file (`into=`), in this format. Opening, syncing and naming it is the caller's business.
    pub fn rows_into(&self, file: Box<dyn Write + Send>, format: Format) -> Box<dyn RowSink> {
        let layout = Layout {
            expanded: format == Format::Expanded,
            width: None,
            colour: false,
            zone: self.inner.zone.clone(),
            whole: false,
        };
        let stream = Stream::new(Shared::new(file), false);
        self.sink(stream, format, layout, Reader::Program, true)
    }

    fn sink(
        &self,
        stream: Stream,
        format: Format,
        layout: Layout,
        reader: Reader,
        guarded: bool,
    ) -> Box<dyn RowSink> {
        let kind = match format {
            Format::Table | Format::Expanded => {
                let ui = self.clone();
                let notice = Box::new(move |text: &str| ui.notice(text));
                return Box::new(TableSink::new(stream, notice, layout));
            }
            Format::Json | Format::Ndjson => {
                return Box::new(JsonSink::new(stream, format == Format::Json));
            }
            Format::Csv => Kind::Csv { guarded },
            Format::Tsv => Kind::Tsv { guarded },
            Format::Value => Kind::Value,
        };
        Box::new(DelimitedSink::new(stream, kind, reader))
    }

    /// Text for standard output that is no list: help, `echo`, a manual page. A line end is added where it lacks one.
    /// `Ok(false)` once the reader has gone.
    pub fn print(&self, text: &str) -> io::Result<bool> {
        let mut stream = Stream::new(self.inner.out.clone(), true);
        let mut text = message(text, self.out_has_colours());
        if !text.ends_with('\n') {
            text.push('\n');
        }
        stream.push(&text)
    }

    /// Lines that greet at the beginning of a live session.
    pub fn banner(&self, lines: &[String]) {
        if !self.inner.quiet {
            let text: Vec<_> = lines
                .iter()
                .map(|line| message(line, self.err_has_colours()))
                .collect();
            self.say(&format!("{}\n", text.join("\n")));
        }
    }

    /// Something worth knowing, such as what a command has done.
    pub fn notice(&self, text: &str) {
        if !self.inner.quiet {
            self.labelled("note", "1;36", text);
        }
    }

    /// Something that may be wrong.
    pub fn warning(&self, text: &str) {
        self.labelled("warning", "1;33", text);
    }

    /// What to do next.
    pub fn hint(&self, text: &str) {
        if !self.inner.quiet {
            self.labelled("hint", "1;32", text);
        }
    }

    /// An error; in the JSON formats one object, `{"error":{"code":…,"message":…,"hint":…}}`.
    pub fn error(&self, failure: &Failure<'_>) {
        self.coded("error", "1;31", failure);
    }

    /// A warning with a code, likewise; `rendered` begins with `warning`.
    pub fn coded_warning(&self, warning: &Failure<'_>) {
        self.coded("warning", "1;33", warning);
    }

    fn coded(&self, label: &str, colour: &str, failure: &Failure<'_>) {
        if self.format().is_json() {
            let text = |text: &str| Cell::Text(message(text, false));
            let mut fields = vec![
                ("code", Cell::from(failure.code)),
                ("message", text(failure.message)),
            ];
            fields.extend(failure.hint.map(|hint| ("hint", text(hint))));
            return self.object(label, Cell::Record(fields));
        }
        match failure.rendered {
            Some(rendered) => {
                let text = message(rendered, self.err_has_colours());
                self.say(&format!("{}\n", text.trim_end_matches('\n')));
            }
            None => {
                self.labelled(
                    &format!("{label}[{}]", failure.code),
                    colour,
                    failure.message,
                );
                if let Some(hint) = failure.hint {
                    self.labelled("hint", "1;32", hint);
                }
            }
        }
    }

    fn labelled(&self, label: &str, colour: &str, text: &str) {
        if self.format().is_json() {
            // A label is of our own choosing: `note`, `warning`, `hint`.
            return self.object(label, Cell::Text(message(text, false)));
        }
        let colours = self.err_has_colours();
        let text = message(text, colours);
        let text = text.trim_end_matches('\n');
        self.say(&if colours {
            format!("\u{1b}[{colour}m{label}\u{1b}[0m: {text}\n")
        } else {
            format!("{label}: {text}\n")
        });
    }

    fn object(&self, name: &str, cell: Cell) {
        let mut line = String::new();
        json_object([(name, &cell)], &mut line);
        line.push('\n');
        self.say(&line);
    }

    /// Writes to standard error, clear of the progress bar. A failure to write is ignored: there is no
    /// other place to report it.
    pub(super) fn say(&self, text: &str) {
        let write = || {
            let _ = self.inner.err.write(text.as_bytes());
        };
        let bar = locked(&self.inner.bar).clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(super) fn set_bar(&self, bar: Option<ProgressBar>) -> Option<ProgressBar> {
        std::mem::replace(&mut *locked(&self.inner.bar), bar)
    }

    pub(super) fn with_bar(&self, f: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = locked(&self.inner.bar).as_ref() {
            f(bar);
        }
    }

    pub(super) fn ask(&self) -> &dyn Ask {
        self.inner.ask.as_ref()
    }

    /// Whether the terminal can only append, so that no line can be edited on it.
    pub fn is_dumb(&self) -> bool {
        self.inner.dumb
    }

    /// Whether terminals show ASCII only.
    pub fn is_ascii(&self) -> bool {
        self.inner.ascii
    }

    /// `text` as a terminal can show it that this `Ui` does not write to itself.
    pub fn showable<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if self.inner.ascii && !text.is_ascii() {
            Cow::Owned(ascii::ascii(&text))
        } else {
            text
        }
    }

    /// Whether there is a terminal to show a screen on and to take keys from.
    pub fn has_screen(&self) -> bool {
        self.inner.in_terminal && self.inner.out_terminal && !self.inner.dumb
    }

    /// Whether a progress bar would be seen, and is wanted.
    pub(super) fn shows_progress(&self) -> bool {
        let inner = &self.inner;
        inner.err_terminal && !inner.dumb && !inner.quiet && !self.format().is_json()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
