//! Keys that mean more here than rustyline gives them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, Movement,
    RepeatCount,
};

use super::history;

/// So many letters of a line can be typed. Each paints the line anew, so that a megabyte would take hours; a bracketed
/// paste comes as a whole and may be longer.
const TYPED: usize = 16 * 1024;

/// The state that the keys, the painter and the editor share.
#[derive(Default)]
pub(super) struct Signals {
    /// A list of candidates is being shown, page by page.
    pub(super) is_listing: AtomicBool,
    is_interrupted: AtomicBool,
    /// Letters that were typed in this line.
    typed: AtomicUsize,
    /// Called with every key.
    at_key: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Signals {
    fn is_listing(&self) -> bool {
        self.is_listing.load(Ordering::Relaxed)
    }

    /// Whether Ctrl-C was pressed since this was asked last.
    pub(super) fn take_interrupt(&self) -> bool {
        self.is_interrupted.swap(false, Ordering::Relaxed)
    }

    /// Whether letters of the line were left out because there were too many of them; another line begins.
    pub(super) fn take_overflow(&self) -> bool {
        self.typed.swap(0, Ordering::Relaxed) > TYPED
    }

    /// Calls `at_key` with every key.
    pub(super) fn set_at_key(&self, at_key: Box<dyn Fn() + Send>) {
        *self.at_key.lock().unwrap_or_else(PoisonError::into_inner) = Some(at_key);
    }

    fn pressed(&self) {
        if let Some(at_key) = &*self.at_key.lock().unwrap_or_else(PoisonError::into_inner) {
            at_key();
        }
    }
}

/// Up or Down: within a text of several lines a move, elsewhere a search of the history.
pub(super) struct Arrow {
    pub(super) recall: history::Shared,
    pub(super) cmd: Cmd,
}

impl ConditionalEventHandler for Arrow {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        let (before, after) = context.line().split_at_checked(context.pos())?;
        let crossed = match self.cmd {
            Cmd::HistorySearchBackward => before,
            _ => after,
        };
        if crossed.contains('\n') {
            return None;
        }
        self.recall
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .press(context.line(), context.pos());
        Some(self.cmd.clone())
    }
}

/// Ctrl-C. rustyline would leave the hint on the screen; entering the line wipes it, and the flag makes the editor
/// drop the line.
pub(super) struct Interrupt(pub(super) Arc<Signals>);

impl ConditionalEventHandler for Interrupt {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.is_interrupted.store(true, Ordering::Relaxed);
        Some(Cmd::AcceptLine)
    }
}

/// Right or End at the end of the line: takes a hint that can be taken.
pub(super) struct Accept;

impl ConditionalEventHandler for Accept {
    fn handle(
        &self,
        _: &Event,
        _: RepeatCount,
        _: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        if context.pos() < context.line().len() || !context.has_hint() {
            return None;
        }
        // What is only to be read must not be taken, nor be a reason to beep.
        Some(match context.hint_text() {
            Some(_) => Cmd::CompleteHint,
            None => Cmd::Noop,
        })
    }
}

/// What rustyline takes for the end of a list. A letter would do, but it becomes the text that was inserted last.
const END_OF_LIST: Cmd = Cmd::Kill(Movement::BackwardChar(1));

/// A key with a meaning of its own, which while a list waits is to end it.
pub(super) struct Bound {
    pub(super) signals: Arc<Signals>,
    pub(super) key: Box<dyn ConditionalEventHandler>,
}

impl ConditionalEventHandler for Bound {
    fn handle(
        &self,
        event: &Event,
        count: RepeatCount,
        positive: bool,
        context: &EventContext<'_>,
    ) -> Option<Cmd> {
        self.signals.pressed();
        if self.signals.is_listing() {
            return Some(END_OF_LIST);
        }
        self.key.handle(event, count, positive, context)
    }
}

/// Any other key. While a list of candidates waits at the end of its page, TAB shows another line, and a key that means
/// nothing to the list ends it, so that the user is not caught there. A line in which too much was typed takes no more.
pub(super) struct Page(pub(super) Arc<Signals>);

impl ConditionalEventHandler for Page {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        self.0.pressed();
        let KeyEvent(key, with) = *event.get(0)?;
        if !self.0.is_listing() {
            let adds = matches!(key, KeyCode::Char(_))
                && matches!(with, Modifiers::NONE | Modifiers::SHIFT);
            let before = self.0.typed.fetch_add(adds.into(), Ordering::Relaxed);
            return (adds && before >= TYPED).then_some(Cmd::Noop);
        }
        match key {
            // The next line, the next page.
            KeyCode::Enter | KeyCode::Char(' ' | 'y' | 'Y') => None,
            KeyCode::Tab | KeyCode::PageDown => Some(Cmd::AcceptLine),
            _ => Some(END_OF_LIST),
        }
    }
}
