//! Errors and warnings about a line.

mod render;

use super::Span;
use super::mask::MASK;
pub use render::{Source, position, render, report};

/// One error in a text, with everything that helps to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A code of [`super::code`].
    pub code: &'static str,
    /// What is wrong, in a line without a full stop.
    pub title: String,
    /// Where; the first label is where the caret points.
    pub labels: Vec<Label>,
    /// What could stand there.
    pub expected: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place; may be empty.
    pub span: Span,
    /// May be empty.
    pub text: String,
}

impl Diagnostic {
    /// An error at a place, with what the caret says.
    pub fn new(
        code: &'static str,
        title: impl Into<String>,
        span: Span,
        label: impl Into<String>,
    ) -> Self {
        Self {
            code,
            title: title.into(),
            labels: vec![Label {
                span,
                text: label.into(),
            }],
            expected: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Another place that matters.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// What could stand there.
    #[must_use]
    pub fn expected<T: Into<String>>(mut self, expected: impl IntoIterator<Item = T>) -> Self {
        self.expected.extend(expected.into_iter().map(Into::into));
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What to do about it, where there is anything to say.
    #[must_use]
    pub fn helps(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    /// The same with the secrets that stand in `text` at these places taken out of every message: what is repeated
    /// of a line to show how it should be written must not show more than the line.
    #[must_use]
    pub fn masked(&self, text: &str, secrets: &[Span]) -> Self {
        let mut masked = self.clone();
        for secret in secrets {
            let written = text.get(secret.clone()).unwrap_or_default();
            let bare = written.trim_matches(['"', '\'', ',']);
            for hidden in [written, bare] {
                if !hidden.is_empty() {
                    masked.replace(hidden);
                }
            }
        }
        masked
    }

    fn replace(&mut self, hidden: &str) {
        let texts = [&mut self.title]
            .into_iter()
            .chain(self.labels.iter_mut().map(|label| &mut label.text))
            .chain(&mut self.expected)
            .chain(&mut self.help);
        for text in texts {
            if text.contains(hidden) {
                *text = text.replace(hidden, MASK);
            }
        }
    }

    /// Whether it is a warning, which keeps nothing from running.
    pub fn is_warning(&self) -> bool {
        self.code.starts_with('W')
    }

    /// Where the caret points.
    pub fn span(&self) -> Span {
        self.labels.first().map_or(0..0, |label| label.span.clone())
    }
}

/// Text of the user's in a message: between quotes, cut where it is long, with nothing in it that a terminal obeys.
pub fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut out = String::from("'");
    for (at, c) in text.chars().enumerate() {
        if at == MOST {
            out.push('…');
            break;
        }
        match c {
            '\'' | '"' | '\\' => out.push(c),
            c => out.extend(c.escape_debug()),
        }
    }
    out.push('\'');
    out
}
