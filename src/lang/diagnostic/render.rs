//! Diagnostics as text: header, source line, caret, what was expected, what to do.
//!
//! The line that is shown is not the line that was typed: secret values are `***` in it.

use annotate_snippets::renderer::{AnsiColor, Effects, Style};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Label};
use crate::lang::Span;
use crate::lang::mask::MASK;
use crate::lang::redact::secrets;
use crate::lang::spec::Catalogue;

/// How much of a long line is shown around the caret, in bytes to either side.
const WINDOW: usize = 300;

/// The text that diagnostics point into.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The script's name; `None` for a line that was typed.
    pub name: Option<&'a str>,
    pub text: &'a str,
    /// Where secrets stand in it, in order (see [`crate::lang::redact::secrets`]).
    pub secrets: &'a [Span],
}

/// Line and column, both from 1, columns in characters, of an offset in `text`.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(start..).unwrap_or_default();
    let column = column.trim_start_matches('\u{feff}');
    (line, column.chars().count() + 1)
}

/// The diagnostic as a person reads it, without a final newline.
///
/// A script's error begins with its place (`file.igsh:12:8: error[E0101]: …`), a typed line's with `error[E0101]:`.
pub fn render(diagnostic: &Diagnostic, source: &Source<'_>, colour: bool) -> String {
    let diagnostic = &diagnostic.masked(source.text, source.secrets);
    let mut out = header(diagnostic, source, colour);
    let shown = Shown::new(diagnostic, source);
    let mut snippet = Snippet::source(shown.text.as_str())
        .line_start(shown.first_line)
        .line_numbering(source.name.is_some());
    for (at, label) in shown.labels.iter().enumerate() {
        let kind = if at == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let text = (!label.text.is_empty()).then_some(label.text.as_str());
        snippet = snippet.annotation(kind.span(label.span.clone()).label(text));
    }
    let level = if diagnostic.is_warning() {
        Level::WARNING
    } else {
        Level::ERROR
    };
    let mut group = Group::with_level(level).element(snippet);
    if let Some(expected) = list(&diagnostic.expected) {
        group = group.element(Level::NOTE.with_name("expected").message(expected));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    out.push('\n');
    out.push_str(&renderer.render(&[group]));
    out
}

/// All errors of a text, a blank line between them, with the values of `catalogue`'s secret arguments masked.
pub fn report(
    diagnostics: &[Diagnostic],
    name: Option<&str>,
    text: &str,
    catalogue: &Catalogue,
    colour: bool,
) -> String {
    let secrets = secrets(text, catalogue);
    let source = Source {
        name,
        text,
        secrets: &secrets,
    };
    let rendered = diagnostics.iter();
    let rendered: Vec<_> = rendered
        .map(|diagnostic| render(diagnostic, &source, colour))
        .collect();
    rendered.join("\n\n")
}

/// `file.igsh:12:8: error[E0101]: title`
fn header(diagnostic: &Diagnostic, source: &Source<'_>, colour: bool) -> String {
    let paint = |style: Style, text: &str| {
        if colour {
            format!("{}{text}{}", style.render(), style.render_reset())
        } else {
            text.to_owned()
        }
    };
    let bold = Style::new().effects(Effects::BOLD);
    let place = source.name.map(|name| {
        let (line, column) = position(source.text, diagnostic.span().start);
        paint(bold, &format!("{name}:{line}:{column}: "))
    });
    let (level, colour_of) = if diagnostic.is_warning() {
        ("warning", AnsiColor::BrightYellow)
    } else {
        ("error", AnsiColor::BrightRed)
    };
    let level = format!("{level}[{}]", diagnostic.code);
    let coloured = bold.fg_color(Some(colour_of.into()));
    format!(
        "{}{}{}",
        place.unwrap_or_default(),
        paint(coloured, &level),
        paint(bold, &format!(": {}", diagnostic.title))
    )
}

/// `a, b or c`
fn list(items: &[String]) -> Option<String> {
    let (last, others) = items.split_last()?;
    Some(if others.is_empty() {
        last.clone()
    } else {
        format!("{} or {last}", others.join(", "))
    })
}

/// The lines that the labels stand in, cut where they are very long, with secrets masked.
struct Shown {
    text: String,
    first_line: usize,
    labels: Vec<Label>,
}

impl Shown {
    fn new(diagnostic: &Diagnostic, source: &Source<'_>) -> Self {
        let text = source.text;
        let start = diagnostic.labels.iter().map(|label| label.span.start).min();
        let end = diagnostic.labels.iter().map(|label| label.span.end).max();
        let start = start.unwrap_or(0).min(text.len());
        let end = end.unwrap_or(0).clamp(start, text.len());
        let line_start = text.get(..start).unwrap_or_default().rfind('\n');
        let line_start = line_start.map_or(0, |newline| newline + 1);
        let line_end = text.get(end..).unwrap_or_default().find('\n');
        let line_end = line_end.map_or(text.len(), |newline| end + newline);
        let from = boundary(text, start.saturating_sub(WINDOW).max(line_start));
        let to = boundary(text, (end + WINDOW).min(line_end));
        let (first_line, _) = position(text, from);
        let (shown, masks) = masked(text, from..to, source.secrets);
        let move_to = |offset: usize| moved(offset, from, &masks).min(shown.len());
        let labels = diagnostic.labels.iter().map(|label| Label {
            span: move_to(label.span.start)..move_to(label.span.end),
            text: label.text.clone(),
        });
        let labels = labels.collect();
        Self {
            text: shown,
            first_line,
            labels,
        }
    }
}

/// The next place at or after `at` where a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// `text[span]` with the secrets masked, and where they stood.
fn masked(text: &str, span: Span, secrets: &[Span]) -> (String, Vec<Span>) {
    let mut out = String::new();
    let mut masks = Vec::new();
    let mut at = span.start;
    for secret in secrets {
        let start = secret.start.max(at);
        let end = secret.end.min(span.end);
        if start >= end {
            continue;
        }
        out.push_str(text.get(at..start).unwrap_or_default());
        out.push_str(MASK);
        masks.push(start..end);
        at = end;
    }
    out.push_str(text.get(at..span.end).unwrap_or_default());
    (out, masks)
}

/// Where `offset` is after masking. Within a secret it is the mask's start or, past the secret's start, its end.
fn moved(offset: usize, from: usize, masks: &[Span]) -> usize {
    let mut shift: usize = from;
    let mut gained = 0;
    for mask in masks {
        if offset >= mask.end {
            shift += mask.len();
            gained += MASK.len();
        } else if offset > mask.start {
            return (mask.start + gained + MASK.len()).saturating_sub(shift);
        }
    }
    (offset + gained).saturating_sub(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::testing::{CATALOGUE, try_bind};

    fn shown(diagnostic: &Diagnostic, name: Option<&str>, text: &str, secrets: &[Span]) -> String {
        render(
            diagnostic,
            &Source {
                name,
                text,
                secrets,
            },
            false,
        )
    }

    #[test]
    fn a_typed_line_has_a_caret_and_no_number() {
        let diagnostic = Diagnostic::new("E0101", "unknown attribute 'grup'", 7..11, "not known")
            .expected(["a", "b", "c"])
            .help("did you mean 'group'?");
        insta::assert_snapshot!(shown(&diagnostic, None, "export grup=sales", &[]));
    }

    #[test]
    fn a_scripts_error_begins_with_its_place() {
        let text = "# first\r\nuser list\nexport grup=sälés x\n";
        let at = text.find("grup").unwrap();
        let diagnostic = Diagnostic::new("E0101", "unknown attribute 'grup'", at..at + 4, "");
        let shown = shown(&diagnostic, Some("night.igsh"), text, &[]);
        assert!(shown.starts_with("night.igsh:3:8: error[E0101]: unknown attribute 'grup'\n"));
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn secrets_are_masked_and_carets_move_with_the_text() {
        let text = "x pin=123456 grup=a pin=9";
        let diagnostic =
            Diagnostic::new("E0101", "unknown attribute 'grup'", 13..17, "").also(24..25, "twice");
        let shown = shown(&diagnostic, None, text, &[6..12, 24..25]);
        assert!(!shown.contains("123456") && !shown.contains('9'));
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn the_end_of_the_text_and_very_long_lines_have_a_place() {
        let text = format!("{} grup=a {}", "é".repeat(100_000), "x".repeat(1_000_000));
        let at = text.find("grup").unwrap();
        let diagnostic = Diagnostic::new("E0101", "t", at..at + 4, "here");
        let long = shown(&diagnostic, Some("f"), &text, &[]);
        assert!(long.len() < 4_000 && long.contains("grup=a"), "{long}");
        let end = Diagnostic::new("E0110", "t", 2..2, "here");
        assert!(shown(&end, None, "a=", &[]).contains("^ here"));
        assert!(shown(&end, None, "", &[]).contains("here"));
    }

    #[test]
    fn control_and_bidi_characters_do_not_reach_the_terminal() {
        let text = "a \u{1b}[31m \u{202e}x";
        let shown = shown(
            &Diagnostic::new("E0104", "t", 2..3, "here"),
            None,
            text,
            &[],
        );
        assert!(
            !shown.contains('\u{1b}') && !shown.contains('\u{202e}'),
            "{shown:?}"
        );
    }

    #[test]
    fn colours_only_on_demand() {
        let diagnostic = Diagnostic::new("E0101", "t", 0..1, "here");
        let source = Source {
            name: None,
            text: "abc",
            secrets: &[],
        };
        assert!(render(&diagnostic, &source, true).contains("\u{1b}["));
        assert!(!render(&diagnostic, &source, false).contains('\u{1b}'));
    }

    #[test]
    fn a_report_masks_what_the_catalogue_calls_secret() {
        for text in [
            "login Master1 pin= 1234",
            "login Master1 pin=12(34",
            "login Master1 pin='12 34",
            "login Master1 pin = \"12 34\"",
            "login Master1 pin=12, 34",
            "login Master1 pin=1234 -pin 1234",
            "login Master1 pim=1234",
            "login a b pin=1234",
            "logni pin=1234",
        ] {
            let errors = try_bind(text).map(drop).expect_err(text);
            let shown = report(&errors, None, text, &CATALOGUE, false);
            assert!(!shown.contains("12") && !shown.contains("34"), "{shown}");
        }
    }
}
