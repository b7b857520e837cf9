//! The manual page igsh-commands(7), in mdoc: the same descriptions as `help`, for `man`.

use super::topics::{SELECTION, attribute};
use super::{described, needs, paragraph_text, selects, usage, written};
use crate::lang::code;
use crate::lang::selection::ATTRIBUTES;
use crate::lang::spec::{Catalogue, Command};

/// The date of the page: that of its first edition, since its text follows from the program alone.
const DATE: &str = "November 22, 2026";

/// The source of igsh-commands.7.
pub fn commands_7(catalogue: &Catalogue) -> String {
    let mut page = Page::default();
    page.line(".\\\" Generated from the catalogue of commands; do not edit.");
    page.line(&format!(".Dd {DATE}"));
    page.line(".Dt IGSH-COMMANDS 7");
    page.line(".Os igsh");
    page.line(".Sh NAME");
    page.line(".Nm igsh-commands");
    page.line(".Nd commands of the igsh shell");
    page.line(".Sh DESCRIPTION");
    page.text(
        "The commands of igsh, as they are typed in the live shell, given with the option -c, or written in scripts. \
         How a line is written is described in",
    );
    page.line(".Xr igsh-script 5 .");
    page.text("The program and its options are described in");
    page.line(".Xr igsh 1 .");
    page.line(".Sh COMMANDS");
    for command in catalogue.commands {
        page.command(command);
    }
    page.line(".Sh SELECTIONS");
    for paragraph in SELECTION {
        page.line(".Pp");
        page.text(paragraph);
    }
    page.list(
        ATTRIBUTES
            .iter()
            .map(|row| (row.name.to_owned(), attribute(row))),
    );
    page.line(".Sh DIAGNOSTICS");
    page.text("Errors have codes, which the command help explains with an example.");
    page.list(
        code::ALL
            .iter()
            .map(|code| (code.code.to_owned(), format!("{}.", code.title))),
    );
    page.line(".Sh SEE ALSO");
    page.line(".Xr igsh 1 ,");
    page.line(".Xr igsh-bundle 5 ,");
    page.line(".Xr igsh-script 5 ,");
    page.line(".Xr igsh-source 5");
    page.into_source()
}

/// A page in mdoc.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// A line of source as it is: a macro.
    pub fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// The source.
    pub fn into_source(self) -> String {
        self.0
    }

    /// Running text: one line of source for every line of text.
    pub fn text(&mut self, text: &str) {
        for line in paragraph_text(text).lines() {
            self.line(&escaped(line));
        }
    }

    fn command(&mut self, spec: &Command) {
        self.line(&format!(".Ss {}", macro_word(spec.path)));
        self.text(&format!("{}.", spec.summary));
        self.line(".Bd -ragged -offset indent");
        self.line(&escaped(&usage(spec)));
        self.line(".Ed");
        if !spec.synonyms.is_empty() {
            self.line(".Pp");
            self.text(&format!("Also: {}.", spec.synonyms.join(", ")));
        }
        for paragraph in spec
            .details
            .split("\n\n")
            .filter(|text| !text.trim().is_empty())
        {
            self.line(".Pp");
            if paragraph.lines().any(|line| line.starts_with("  ")) {
                self.literal(paragraph.lines());
            } else {
                self.text(paragraph);
            }
        }
        self.line(".Pp");
        self.text(&needs(spec));
        if let Some(text) = selects(spec.selects) {
            self.line(".Pp");
            self.text(text);
        }
        if !spec.args.is_empty() {
            self.list(spec.args.iter().map(|arg| (written(arg), described(arg))));
        }
        if !spec.examples.is_empty() {
            self.line(".Pp");
            self.line("Examples:");
            self.list(
                spec.examples
                    .iter()
                    .map(|example| (example.line.to_owned(), example.what.to_owned())),
            );
        }
    }

    /// Terms with what they mean.
    pub fn list(&mut self, rows: impl Iterator<Item = (String, String)>) {
        self.line(".Bl -tag -width Ds");
        for (term, text) in rows {
            self.line(&format!(".It {}", macro_word(&term)));
            self.text(&text);
        }
        self.line(".El");
    }

    fn literal<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        self.line(".Bd -literal");
        for line in lines {
            self.line(&escaped(line));
        }
        self.line(".Ed");
    }
}

/// A line of text: nothing in it is a request, and what is typed can be copied.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    if text.starts_with(['.', '\'']) {
        out.push_str("\\&");
    }
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '…' => out.push_str("\\&..."),
            c => out.push(c),
        }
    }
    out
}

/// A text as one argument of a macro, whatever it holds: quoted, so that no word of it is taken for a macro.
fn macro_word(text: &str) -> String {
    format!("\"{}\"", escaped(text).replace('"', "\\(dq"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::testing::CATALOGUE;

    #[test]
    fn the_page_of_the_commands() {
        let page = commands_7(&CATALOGUE);
        insta::assert_snapshot!("igsh-commands.7", page);
        assert!(page.is_ascii());
    }

    #[test]
    fn text_is_no_request() {
        assert_eq!(escaped(".a \\n 'x'-y…"), "\\&.a \\en \\(aqx\\(aq\\-y\\&...");
        assert_eq!(escaped("'a"), "\\&\\(aqa");
        assert_eq!(macro_word("a \"b\""), "\"a \\(dqb\\(dq\"");
    }
}
