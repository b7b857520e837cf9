//! What a process finds around it: streams, width, colours, zone. Tests put buffers in its place.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::TimeZone;

use super::ascii::{self, Ascii};
use super::ask::Ask;
use super::format::Format;

/// Whether the process was started without standard output.
static OUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Before `main` Rust opens the null device in place of a stream that is closed, so that no file takes its number. From
/// then on data for a standard output that is not there would vanish as if it had been written; this looks before.
#[ctor::ctor(unsafe)]
fn look_for_output() {
    let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
    OUT_CLOSED.store(closed, Ordering::Relaxed);
}

/// Standard output that is not there.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::other("standard output is closed"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What surrounds a [`Ui`].
pub struct Setup {
    /// Standard output.
    pub out: Box<dyn Write + Send>,
    /// Standard error.
    pub err: Box<dyn Write + Send>,
    /// Answers questions.
    pub ask: Box<dyn Ask>,
    /// Whether standard input is a terminal.
    pub in_terminal: bool,
    /// Whether standard output is a terminal.
    pub out_terminal: bool,
    /// Whether standard error is a terminal.
    pub err_terminal: bool,
    /// How wide a line may be.
    pub width: Width,
    /// Who gets colours.
    pub colour: Colour,
    /// Whether the terminal can only append (`TERM=dumb`).
    pub dumb: bool,
    /// Whether terminals show ASCII only; `out` and `err` see to it themselves.
    pub ascii: bool,
    /// Whether notes and hints stay away.
    pub quiet: bool,
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// The format of lists, until `set format=…`.
    pub format: Format,
}

/// Who gets colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Terminals.
    Auto,
    /// Also a pipe, such as one to a pager.
    Always,
    Never,
}

impl Colour {
    pub(super) fn reaches(self, is_terminal: bool) -> bool {
        self == Self::Always || self == Self::Auto && is_terminal
    }
}

/// How wide a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As wide as it likes.
    Unlimited,
    /// This many columns.
    Columns(u16),
    /// As wide as the terminal is when asked.
    Terminal,
}

impl Setup {
    /// The streams, terminal and environment (`COLUMNS`, `NO_COLOR`, `TERM`, the locale) of this process.
    pub fn of_process(ask: Box<dyn Ask>) -> Self {
        let out_terminal = io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let err_terminal = io::stderr().is_terminal();
        let ascii = ascii::wanted();
        Self {
            out: if OUT_CLOSED.load(Ordering::Relaxed) {
                Box::new(Closed)
            } else if ascii && out_terminal {
                Box::new(Ascii(io::stdout()))
            } else {
                Box::new(io::stdout())
            },
            err: if ascii && err_terminal {
                Box::new(Ascii(io::stderr()))
            } else {
                Box::new(io::stderr())
            },
            ask,
            in_terminal: io::stdin().is_terminal(),
            out_terminal,
            err_terminal,
            ascii,
            width: match columns {
                Some(columns @ 1..) => Width::Columns(columns),
                _ if out_terminal => Width::Terminal,
                _ => Width::Unlimited,
            },
            colour: if set("NO_COLOR") || dumb {
                Colour::Never
            } else {
                Colour::Auto
            },
            dumb,
            quiet: false,
            zone: TimeZone::system(),
            format: Format::default(),
        }
    }
}
