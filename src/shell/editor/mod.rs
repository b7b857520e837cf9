//! The line editor of the live shell: rustyline, taught the command language.
//!
//! rustyline edits one line at a time here, also where a command runs over several: each further line has a prompt that
//! shows what is open, which rustyline's own way, a newline in the buffer, cannot. A pasted text goes into the buffer
//! as a whole, newlines included, and waits for Enter. On a terminal that cannot move its cursor, and where standard
//! input is no terminal, lines are read as they come.

mod assist;
pub mod history;
mod keys;
mod offer;
mod paint;
#[cfg(test)]
mod testing;
mod waiting;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush};
use rustyline::error::ReadlineError;
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, EditMode, Event, EventHandler,
    KeyCode, KeyEvent, Modifiers,
};

use self::assist::Assist;
pub use self::history::{Entry, History, HistoryError};
use self::keys::{Accept, Arrow, Bound, Interrupt, Page, Signals};
pub use self::offer::{Beyond, FoundNames, Live, Name};
pub use self::waiting::{LOCKED, Waiting};
use crate::lang::ast::Script;
use crate::lang::grammar::{self, Failed, Open};
use crate::lang::help::{self, NoHelp};
use crate::lang::spec::Catalogue;
use crate::render::sanitize::message;
use crate::render::{Error, Ui};

/// The longest text that is taken from the editor, in bytes: what is longer belongs into a script.
pub const LONGEST: usize = 1 << 20;

/// What came of asking for a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A line, or several when they belong together, as they were read; may be wrong.
    Text(String, Result<Script, Failed>),
    /// A line that ends with `?`, and its answer.
    Question(String, Result<String, NoHelp>),
    /// Ctrl-C: what was typed is gone.
    Interrupted,
    /// Ctrl-D, or the input has ended.
    End,
    /// The terminal is gone.
    HungUp,
}

/// The terminal cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the terminal cannot be read: {0}")]
pub struct EditorError(#[from] ReadlineError);

pub struct Editor {
    inner: rustyline::Editor<Assist, History>,
    ui: Ui,
    catalogue: Catalogue,
    signals: Arc<Signals>,
    waiting: Waiting,
}

impl Editor {
    /// An editor that recalls the lines of `history`.
    pub fn new(
        ui: Ui,
        catalogue: Catalogue,
        live: Box<dyn Live>,
        history: History,
    ) -> Result<Self, EditorError> {
        let config = Config::builder()
            .auto_add_history(false)
            .bracketed_paste(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            // The list is short enough, and comes page by page, to be shown without a question.
            .completion_prompt_limit(usize::MAX)
            // Also under NO_COLOR the highlighter has to run: it keeps secrets and pasted control characters from the
            // terminal. It decides itself about colours.
            .color_mode(ColorMode::Forced)
            .edit_mode(EditMode::Emacs)
            .build();
        let recall = history.shared_recall();
        let signals = Arc::new(Signals::default());
        let mut inner = rustyline::Editor::with_history(config, history)?;
        let assist = Assist::new(ui.clone(), catalogue, live, Arc::clone(&signals));
        inner.set_helper(Some(assist));
        let mut bind = |event, key: Box<dyn ConditionalEventHandler>| {
            let signals = Arc::clone(&signals);
            let bound = Box::new(Bound { signals, key });
            inner.bind_sequence(event, EventHandler::Conditional(bound));
        };
        let plain = |key| KeyEvent(key, Modifiers::NONE);
        for (key, cmd) in [
            (KeyCode::Up, Cmd::HistorySearchBackward),
            (KeyCode::Down, Cmd::HistorySearchForward),
        ] {
            let recall = Arc::clone(&recall);
            bind(plain(key), Box::new(Arrow { recall, cmd }));
        }
        for key in [
            plain(KeyCode::Right),
            plain(KeyCode::End),
            KeyEvent::ctrl('E'),
            KeyEvent::ctrl('F'),
        ] {
            bind(key, Box::new(Accept));
        }
        bind(
            KeyEvent::ctrl('C'),
            Box::new(Interrupt(Arc::clone(&signals))),
        );
        let page = Box::new(Page(Arc::clone(&signals)));
        inner.bind_sequence(Event::Any, EventHandler::Conditional(page));
        // Where none can be had, the prompt is old until the next line.
        let waiting = Waiting::new(inner.create_external_printer().ok());
        Ok(Self {
            inner,
            ui,
            catalogue,
            signals,
            waiting,
        })
    }

    /// The handle that shows, from any thread, the lock of the session while the editor waits.
    pub fn waiting(&self) -> Waiting {
        self.waiting.clone()
    }

    /// Calls `at_key` with every key from now on.
    pub fn at_each_key(&self, at_key: impl Fn() + Send + 'static) {
        self.signals.set_at_key(Box::new(at_key));
    }

    /// Asks for a line after `prompt`, and for more while it is incomplete. The line is remembered.
    pub fn read_line(&mut self, prompt: &str) -> Result<Line, EditorError> {
        let mut text = String::new();
        let first = message(prompt, false);
        let mut prompt = first.clone();
        loop {
            match self.read_one(&prompt, &text) {
                Ok(line) => text.push_str(&line),
                Err(ReadlineError::Interrupted) => return Ok(Line::Interrupted),
                Err(ReadlineError::Eof) if text.is_empty() => return Ok(Line::End),
                // The diagnostic will say what was left open.
                Err(ReadlineError::Eof) => {
                    self.remember(&text);
                    let parsed = grammar::parse(&text);
                    return Ok(Line::Text(text, parsed));
                }
                Err(ReadlineError::Signal(_)) => continue,
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                    self.refuse("what was typed is not UTF-8");
                    (text, prompt) = (String::new(), first.clone());
                    continue;
                }
                Err(error) if is_hung_up(&error) => return Ok(Line::HungUp),
                Err(other) => return Err(other.into()),
            }
            if self.signals.take_overflow() || text.len() > LONGEST {
                self.refuse("what was typed is too long");
                (text, prompt) = (String::new(), first.clone());
                continue;
            }
            // A question is no part of a command that goes on.
            if let Some(answer) = help::asked(&text, &self.catalogue) {
                self.remember(&text);
                return Ok(Line::Question(text, answer));
            }
            let parsed = grammar::parse(&text);
            let Some(open) = parsed.as_ref().err().and_then(|failed| failed.open) else {
                self.remember(&text);
                return Ok(Line::Text(text, parsed));
            };
            let sign = sign(open);
            prompt = format!(
                "{sign:>0$}> ",
                first.trim_end().chars().count().saturating_sub(1)
            );
            text.push('\n');
        }
    }

    fn remember(&mut self, text: &str) {
        if let Err(e) = self.inner.history().remember(text) {
            self.ui.warning(&e.to_string());
            if let Some(hint) = e.hint() {
                self.ui.hint(&hint);
            }
        }
    }

    fn read_one(&mut self, prompt: &str, before: &str) -> rustyline::Result<String> {
        if self.ui.is_dumb() {
            return self.read_plain(prompt);
        }
        let bold = self.ui.out_has_colours();
        let recent = self.history().entries().into_iter();
        let recent = recent.map(|entry| entry.line).collect();
        if let Some(assist) = self.inner.helper_mut() {
            assist.begin(prompt, before, recent);
        }
        // What was left out of a line that was thrown away is no concern of this one.
        self.signals.take_overflow();
        let prompt = self.waiting.prompt(prompt, bold);
        let line = self.inner.readline(&prompt);
        if self.signals.take_interrupt() {
            return Err(ReadlineError::Interrupted);
        }
        line
    }

    /// A line from a terminal on which none can be edited.
    fn read_plain(&self, prompt: &str) -> rustyline::Result<String> {
        let line = match self.ui.plain_line(prompt) {
            Ok(line) => line.ok_or(ReadlineError::Eof)?,
            Err(Error::Interrupted) => return Err(ReadlineError::Interrupted),
            Err(Error::Terminal(error)) => return Err(error.into()),
            Err(other) => return Err(io::Error::other(other).into()),
        };
        if line.contains(char::REPLACEMENT_CHARACTER) {
            return Err(io::Error::from(io::ErrorKind::InvalidData).into());
        }
        Ok(line)
    }

    /// Refuses a whole line, and discards what still comes of it: that was never shown, and it must not run.
    fn refuse(&self, why: &str) {
        let silence = Timespec::try_from(Duration::from_millis(100)).unwrap_or_default();
        let terminal = rustix::stdio::stdin();
        while !self.ui.is_dumb() && tcflush(terminal, QueueSelector::IFlush).is_ok() {
            let ready = poll(&mut [PollFd::new(&terminal, PollFlags::IN)], Some(&silence));
            if !matches!(ready, Ok(1..)) {
                break;
            }
        }
        self.ui.warning(&format!("{why}; nothing of it runs"));
        self.ui
            .hint("the terminal has to send UTF-8, and long texts are run from a file: 'run FILE'");
    }

    /// What is remembered.
    pub fn history(&self) -> &History {
        self.inner.history()
    }
}

/// Whether there is no terminal any more.
fn is_hung_up(error: &ReadlineError) -> bool {
    const GONE: [rustix::io::Errno; 2] = [rustix::io::Errno::IO, rustix::io::Errno::NXIO];
    let number = match error {
        ReadlineError::Io(error) => error.raw_os_error(),
        ReadlineError::Errno(errno) => Some(*errno as i32),
        _ => None,
    };
    GONE.iter().any(|gone| Some(gone.raw_os_error()) == number)
}

/// What a continuation prompt shows.
fn sign(open: Open) -> char {
    match open {
        Open::Quote(quote) => quote.as_char(),
        Open::Parenthesis => '(',
        Open::Brace => '{',
        Open::Line => '\\',
    }
}
