//! A text that is run: where it comes from, its variables, and how its errors are located.

use std::borrow::Cow;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::command::{Exit, Failure};
use crate::exchange::encoding::Encoding;
use crate::files::{self, Distrust, Openness};
use crate::lang::Span;
use crate::lang::code;
use crate::lang::diagnostic::{self, Diagnostic, Source};
use crate::lang::redact;
use crate::lang::value::{Variable, Variables};
use crate::render::Ui;

use super::catalogue;
use super::editor::LONGEST;

/// The longest script, in bytes. All of it is read and bound before its first command runs.
const LONGEST_SCRIPT: usize = 16 << 20;

/// Every so many bytes of a text it is known which line it is.
const STEP: usize = 1 << 14;

/// Text that is run, with what its errors are called after.
#[derive(Debug, Clone)]
pub struct Text {
    /// The name of the file; `None` for a typed line.
    pub name: Option<String>,
    /// The text, without a byte order mark; the lines of one that was not typed end in LF.
    pub text: Arc<str>,
    /// Where the running command stands, in bytes.
    pub at: usize,
    /// How many lines end before every [`STEP`]th byte, so that they are not counted anew for every command.
    lines: Arc<[usize]>,
    /// Where secrets stand in it, once an error had to be shown.
    secrets: Arc<OnceLock<Vec<Span>>>,
}

impl Text {
    pub fn line(text: impl Into<String>) -> Self {
        Self::of(None, &text.into())
    }

    /// The text of `-c`.
    pub fn argument(text: &str) -> Self {
        Self::of(None, &plain_ends(text))
    }

    fn of(name: Option<String>, text: &str) -> Self {
        let mut ended = 0;
        let steps = text.as_bytes().chunks(STEP).map(|step| {
            let before = ended;
            ended += line_ends(step);
            before
        });
        let lines = steps.collect();
        Self {
            name,
            text: text.into(),
            at: 0,
            lines,
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

    pub fn script(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self::of(Some(name.into()), &plain_ends(text))
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
        let before = self.text.as_bytes().get(..at)?;
        let begin = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let (_, column) = diagnostic::position(self.text.get(begin..)?, at - begin);
        Some(format!("{name}:{line}:{column}"))
    }

    /// The line of the running command, from 1.
    pub fn line_number(&self) -> usize {
        self.line_of(self.at)
    }

    fn line_of(&self, at: usize) -> usize {
        let step = at.min(self.text.len().saturating_sub(1)) / STEP;
        let counted = self.lines.get(step).copied().unwrap_or(0);
        let rest = self.text.as_bytes().get(step * STEP..at);
        counted + rest.map_or(0, line_ends) + 1
    }
}

/// The text with each CR LF as LF: how a file ends its lines is no part of what it quotes.
fn plain_ends(text: &str) -> Cow<'_, str> {
    match text.contains("\r\n") {
        true => Cow::Owned(text.replace("\r\n", "\n")),
        false => Cow::Borrowed(text),
    }
}

fn line_ends(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
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
    from(&mut file, path, |error| failed(&error))
}

/// Reads the text of a script, and no more of it than a script may have.
pub fn from(
    input: &mut dyn Read,
    path: &Path,
    failed: impl Fn(std::io::Error) -> Failure,
) -> Result<Text, Failure> {
    let mut bytes = Vec::new();
    let (mut line, mut begin) = (1, 0);
    loop {
        let seen = bytes.len();
        let mut part = input.take(1 << 16);
        if part.read_to_end(&mut bytes).map_err(&failed)? == 0 {
            return decoded(path, bytes);
        }
        // Only the new part is looked through, so that a long line costs no more than a short one.
        for end in memchr::memchr_iter(b'\n', bytes.get(seen..).unwrap_or_default()) {
            bounded(path, line, (seen + end).saturating_sub(begin), LONGEST)?;
            (line, begin) = (line + 1, seen + end + 1);
        }
        bounded(path, line, bytes.len() - begin, LONGEST)?;
        bounded(path, line, bytes.len(), LONGEST_SCRIPT)?;
    }
}

/// Refuses a line, or a script, that is longer than it may be.
fn bounded(path: &Path, line: usize, length: usize, most: usize) -> Result<(), Failure> {
    if length <= most {
        return Ok(());
    }
    let what = if most == LONGEST { "line" } else { "script" };
    let (name, most) = (path.display(), most >> 20);
    Err(Failure::new(
        Exit::Usage,
        code::FILE,
        format!("{name}:{line}: the {what} is longer than {most} MiB; nothing of it runs"),
    )
    .hint("put a list of users into a file of its own: userid=@FILE, or bulk=FILE"))
}

/// The text of a script. Where it is not UTF-8, the error says at which line and column.
fn decoded(path: &Path, bytes: Vec<u8>) -> Result<Text, Failure> {
    let name = path.display().to_string();
    if let Some(encoding) = Encoding::of_head(&bytes) {
        let what = format!("{name}: {}", encoding.what());
        return Err(Failure::new(Exit::Usage, code::FILE, what).hint(encoding.hint()));
    }
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
        .hint(format!("save it as UTF-8, or {}", Encoding::Ansi.hint()))
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
                Failure::usage(format!("'{pair}' is not name=value"))
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
