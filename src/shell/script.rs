//! A text that is run: where it comes from, its variables, and how its errors are located.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::command::failure::code;
use crate::command::{Exit, Failure};
use crate::files::{self, Distrust, Openness};
use crate::lang::Span;
use crate::lang::diagnostic::{self, Diagnostic, Source};
use crate::lang::redact;
use crate::lang::value::{Variable, Variables};
use crate::render::Ui;

use super::catalogue;

/// Text that is run, with what its errors are called after.
#[derive(Debug, Clone)]
pub struct Text {
    /// The name of the file; `None` for a typed line.
    pub name: Option<String>,
    /// The text, without a byte order mark.
    pub text: Arc<str>,
    /// Where the running command stands, in bytes.
    pub at: usize,
    /// Where its lines begin, so that nobody has to count them for every command.
    lines: Arc<[usize]>,
    /// Where secrets stand in it, once an error had to be shown.
    secrets: Arc<OnceLock<Vec<Span>>>,
}

impl Text {
    /// A typed line.
    pub fn line(text: impl Into<String>) -> Self {
        Self::of(None, &text.into())
    }

    fn of(name: Option<String>, text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes());
        Self {
            name,
            text: text.into(),
            at: 0,
            lines: std::iter::once(0).chain(ends.map(|end| end + 1)).collect(),
            secrets: Arc::default(),
        }
    }

    /// Whether it comes from the file of this name.
    pub fn is(&self, name: &str) -> bool {
        let whole = |name: &str| std::fs::canonicalize(name).unwrap_or_else(|_| name.into());
        self.name
            .as_deref()
            .is_some_and(|own| own == name || whole(own) == whole(name))
    }

    /// A script.
    pub fn script(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::of(Some(name.into()), text)
    }

    /// A diagnostic as a person sees it: with the source line and carets, secrets masked.
    pub fn rendered(&self, diagnostic: &Diagnostic, ui: &Ui) -> String {
        let secrets = self
            .secrets
            .get_or_init(|| redact::secrets(&self.text, &catalogue()));
        let source = Source {
            name: self.name.as_deref(),
            text: &self.text,
            secrets,
        };
        diagnostic::render(diagnostic, &source, ui.err_has_colours())
    }

    /// A place of a script, as in `file.igsh:12:8`.
    pub fn place_of(&self, at: usize) -> Option<String> {
        let name = self.name.as_ref()?;
        let line = self.line_of(at);
        let begin = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let (_, column) = diagnostic::position(self.text.get(begin..)?, at - begin);
        Some(format!("{name}:{line}:{column}"))
    }

    /// The line of the running command, from 1.
    pub fn line_number(&self) -> usize {
        self.line_of(self.at)
    }

    fn line_of(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at)
    }
}

/// Reads a script. With a master logged in, one that others can write is refused: its lines would run as the
/// master's.
pub fn read(path: &Path, session: bool) -> Result<Text, Failure> {
    let failed = |error: &std::io::Error| Failure::file("read", path, error);
    // What is looked at is what is read, whatever the name stands for a moment later.
    let mut file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    let meta = file.metadata().map_err(|error| failed(&error))?;
    if let (true, Err(why)) = (
        session,
        files::judge_owner_and_mode(&meta, Openness::Readable),
    ) {
        let refused = format!("{} {why}, so a master does not run it", path.display());
        let hint = match why {
            Distrust::Open { .. } => format!("read it, then {}", why.remedy(path)),
            _ => "read it, then run a copy of your own".to_owned(),
        };
        return Err(Failure::new(Exit::Denied, code::FORBIDDEN, refused).hint(hint));
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).map_err(|error| failed(&error))?;
    decoded(path, bytes)
}

/// The text of a script. Where it is not UTF-8, the error says at which line and column.
pub fn decoded(path: &Path, bytes: Vec<u8>) -> Result<Text, Failure> {
    let name = path.display().to_string();
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let before = String::from_utf8_lossy(bytes.get(..good).unwrap_or_default());
        let (line, column) = diagnostic::position(&before, before.len());
        let byte = bytes.get(good).copied().unwrap_or_default();
        Failure::new(
            Exit::Usage,
            code::FILE,
            format!("{name}:{line}:{column}: the byte {byte:02x} is not UTF-8 text"),
        )
        .hint("save it as UTF-8")
    })?;
    Ok(Text::script(name, &text))
}

/// The variables of a script, `name=value` each. A value is text: nothing in it has a meaning of its own, but that an
/// unquoted `*` or `?` is a wildcard and a comma separates, as in a command.
pub fn variables(pairs: &[String]) -> Result<Variables, Failure> {
    pairs
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    code::UNKNOWN,
                    format!("'{pair}' is not name=value"),
                )
                .hint("give variables as name=value after the script's name")
            })?;
            // What no command could hold unquoted is taken as it is: a path with a blank in it, for example.
            let value = Variable::parse(value).unwrap_or_else(|_| Variable::literal(value));
            Ok((name.to_owned(), Some(value)))
        })
        .collect()
}

/// A path that a script names: relative ones start at the script's own folder.
pub fn beside(script: Option<&str>, path: &Path) -> PathBuf {
    match script.and_then(|name| Path::new(name).parent()) {
        Some(folder) if path.is_relative() => folder.join(path),
        _ => path.to_owned(),
    }
}
