//! A text that is run: where it comes from, its variables, and how its errors are located.

use std::path::{Path, PathBuf};

use crate::command::failure::code;
use crate::command::{Exit, Failure};
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
    pub text: String,
    /// Where the running command stands, in bytes.
    pub at: usize,
}

impl Text {
    /// A typed line.
    pub fn line(text: impl Into<String>) -> Self {
        Self {
            name: None,
            text: text.into(),
            at: 0,
        }
    }

    /// A script.
    pub fn script(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Self {
            name: Some(name.into()),
            text,
            at: 0,
        }
    }

    /// A diagnostic as a person sees it: with the source line and carets, secrets masked.
    pub fn rendered(&self, diagnostic: &Diagnostic, ui: &Ui) -> String {
        let secrets = redact::secrets(&self.text, &catalogue());
        let source = Source {
            name: self.name.as_deref(),
            text: &self.text,
            secrets: &secrets,
        };
        diagnostic::render(diagnostic, &source, ui.err_has_colours())
    }

    /// Where in a script the running command stands: `file.igsh:12:8`.
    pub fn place(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        let (line, column) = diagnostic::position(&self.text, self.at);
        Some(format!("{name}:{line}:{column}"))
    }

    /// The line of the running command, from 1.
    pub fn line_number(&self) -> usize {
        diagnostic::position(&self.text, self.at).0
    }
}

/// Reads a script. With a master logged in, one that others can write is refused: they would run as the master.
pub fn read(path: &Path, session: bool) -> Result<Text, Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let failed = |error: &std::io::Error| Failure::file("read", path, error);
    let meta = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if session && meta.mode() & 0o022 != 0 {
        return Err(Failure::new(
            Exit::Denied,
            code::FORBIDDEN,
            format!(
                "{} can be written by others, so a master does not run it",
                path.display()
            ),
        )
        .hint(format!("read it, then type: chmod go-w {}", path.display())));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(
            Exit::Usage,
            code::FILE,
            format!("{} is not UTF-8 text, from byte {at} on", path.display()),
        )
        .hint("save it as UTF-8")
    })?;
    Ok(Text::script(path.display().to_string(), &text))
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
