//! The lock of the session while the editor waits for keys: the prompt on the screen must no longer name a master.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::{ExternalPrinter, Prompt};

/// What is said above the prompt.
const SAID: &str = "note: the idle session is locked; the next command asks for the password";

/// The prompt of a locked session, which does not say whose it is.
pub const LOCKED: &str = "igsh (locked)> ";

/// What stands in the place of another prompt in a locked session; the shorter one where there is no room.
const IN_PLACE: [&str; 2] = [LOCKED, "igsh> "];

type Printer = Box<dyn FnMut(String) + Send>;

/// The way to an editor that waits. Cheap to clone.
#[derive(Clone)]
pub struct Waiting {
    is_locked: Arc<AtomicBool>,
    printer: Arc<Mutex<Option<Printer>>>,
}

impl Waiting {
    pub(super) fn new(printer: Option<impl ExternalPrinter + Send + 'static>) -> Self {
        let printer = printer.map(|mut printer| -> Printer {
            // A terminal that is gone needs no prompt.
            Box::new(move |text| drop(printer.print(text)))
        });
        Self {
            is_locked: Arc::default(),
            printer: Arc::new(Mutex::new(printer)),
        }
    }

    /// The session was locked: the prompt is drawn anew without the master, once a line.
    pub fn lock(&self) {
        if self.is_locked.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut printer = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(print) = &mut *printer {
            print(format!("{SAID}\n"));
        }
    }

    /// The prompt of the next line.
    pub(super) fn prompt(&self, usual: &str, is_bold: bool) -> Changing {
        self.is_locked.store(false, Ordering::Relaxed);
        Changing {
            usual: styles(usual.to_owned(), is_bold),
            locked: styles(in_the_place_of(usual), is_bold),
            is_locked: Arc::clone(&self.is_locked),
        }
    }
}

/// A prompt, plain and styled, that another of the same width takes the place of.
pub(super) struct Changing {
    usual: [String; 2],
    locked: [String; 2],
    is_locked: Arc<AtomicBool>,
}

impl Changing {
    fn now(&self) -> &[String; 2] {
        if self.is_locked.load(Ordering::Relaxed) {
            &self.locked
        } else {
            &self.usual
        }
    }
}

impl Prompt for Changing {
    fn raw(&self) -> &str {
        &self.now()[0]
    }

    fn styled(&self) -> &str {
        &self.now()[1]
    }
}

fn styles(prompt: String, is_bold: bool) -> [String; 2] {
    let styled = if is_bold {
        format!("\u{1b}[1m{prompt}\u{1b}[0m")
    } else {
        prompt.clone()
    };
    [prompt, styled]
}

/// What is shown instead of a prompt once the session is locked. rustyline has measured the prompt by then.
fn in_the_place_of(prompt: &str) -> String {
    let width = prompt.chars().count();
    if !prompt.starts_with("igsh (") {
        // It says nothing of the session.
        return prompt.to_owned();
    }
    let short = IN_PLACE.iter().find(|short| short.len() <= width);
    format!("{:<width$}", short.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_prompt_names_no_master_and_is_as_wide() {
        for (usual, locked) in [
            ("igsh (Master1)> ", "igsh (locked)>  "),
            ("igsh (Master1)*> ", "igsh (locked)>   "),
            ("igsh (Ann)> ", "igsh>       "),
            ("igsh> ", "igsh> "),
            ("          (> ", "          (> "),
        ] {
            assert_eq!(in_the_place_of(usual), locked);
        }
    }
}
