//! The target's answers about the records it was given: a sheet, lines of JSON, or a foreign event audit.
//!
//! What an outcome means is decided in `migrate`; here a row becomes an [`Answer`] or an error that names its line. A
//! file that was written for igsh is read strictly; an audit is another program's and may have more columns.

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Read};

use serde::Deserialize;

use super::Error;
use super::error::{broken_off, clipped, not_utf8};
use super::lines::Lines;
use super::sheet::{Field, Others, Sheet};
use crate::model::{Answer, AnswerColumns};

/// How answers are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// The first character decides: `{` begins JSON.
    Guess,
    /// A sheet with the columns user, record, outcome, message.
    Sheet,
    /// A line of JSON each, with the same keys.
    Json,
    /// An event audit: a sheet with other columns.
    Audit(AnswerColumns),
}

/// Answers that are being read.
pub struct Answers<R>(Source<R>);

enum Source<R> {
    Sheet(Box<Sheet<BufReader<R>>>),
    Json(Lines<BufReader<R>>),
}

const USER: usize = 0;
const RECORD: usize = 1;
const OUTCOME: usize = 2;
const MESSAGE: usize = 3;

impl<R: Read> Answers<R> {
    /// Begins to read; of a sheet, its header.
    ///
    /// # Errors
    /// A header that lacks a column, see [`Sheet::new`]; a JSON array; a file that cannot be read.
    pub fn new(input: R, layout: &Layout) -> Result<Self, Error> {
        let mut input = BufReader::with_capacity(64 << 10, input);
        let first = first_byte(&mut input)?;
        let json = match layout {
            Layout::Guess => first == Some(b'{'),
            other => *other == Layout::Json,
        };
        if first == Some(b'[') && !matches!(layout, Layout::Audit(_)) {
            return Err(array());
        }
        Ok(Self(if json {
            Source::Json(Lines::new(input))
        } else if let Layout::Audit(columns) = layout {
            let optional = |column: &Option<String>| match column {
                Some(column) => Field::present(&[column]),
                None => Field::optional(&[]),
            };
            let fields = vec![
                Field::present(&[&columns.user]),
                optional(&columns.record),
                Field::required(&[&columns.outcome]),
                Field {
                    last: true,
                    ..optional(&columns.message)
                },
            ];
            Source::Sheet(Box::new(Sheet::new(input, fields, Others::Ignored)?))
        } else {
            let fields = vec![
                Field::present(&["user", "userid"]),
                Field::required(&["record"]),
                Field::required(&["outcome"]),
                Field::last(&["message"]),
            ];
            Source::Sheet(Box::new(Sheet::new(input, fields, Others::Named)?))
        }))
    }

    /// The names of columns that are passed over, of a sheet that was written for us.
    pub fn unused(&self) -> &[String] {
        match &self.0 {
            Source::Sheet(sheet) => sheet.unused(),
            Source::Json(_) => &[],
        }
    }

    /// The next answer; `None` at the end.
    ///
    /// # Errors
    /// A row or line that is not what it should be.
    pub fn next_answer(&mut self) -> Result<Option<Answer>, Error> {
        match &mut self.0 {
            Source::Sheet(sheet) => {
                let Some(row) = sheet.next_row()? else {
                    return Ok(None);
                };
                let text = |field: usize| row.get(field).into_owned();
                if row.get(USER).is_empty() && !has_no_owner(&row.get(RECORD)) {
                    return Err(no_user(row.line));
                }
                Ok(Some(Answer {
                    line: row.line,
                    user: text(USER),
                    record: Some(text(RECORD)).filter(|record| !record.is_empty()),
                    outcome: text(OUTCOME),
                    message: text(MESSAGE),
                }))
            }
            Source::Json(lines) => {
                loop {
                    match lines.next() {
                        Ok(None) => return Ok(None),
                        Ok(Some(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                        Ok(Some(_)) => break,
                        Err(error) => return Err(error.into_error(lines.number())),
                    }
                }
                from_json(lines.number(), lines.current()).map(Some)
            }
        }
    }
}

/// Whether a record can be without a user: a group, or a token or card that is not assigned.
fn has_no_owner(record: &str) -> bool {
    ["group", "token", "card"].contains(&record.split(' ').next().unwrap_or_default())
}

fn no_user(line: u64) -> Error {
    Error {
        line,
        column: None,
        field: String::new(),
        what: "no value for 'user'".to_owned(),
        hint: "fill it in or remove the line; only groups, tokens and cards can be without a user"
            .to_owned(),
        fatal: false,
    }
}

/// The first byte that is no blank, of what can be read at once.
fn first_byte<R: Read>(input: &mut BufReader<R>) -> Result<Option<u8>, Error> {
    let head = input.fill_buf().map_err(|error| broken_off(1, &error))?;
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    Ok(head.trim_ascii_start().first().copied())
}

fn array() -> Error {
    Error {
        line: 1,
        column: None,
        field: String::new(),
        what: "this is a JSON array, where a line is an object".to_owned(),
        hint: "write each object into a line of its own; \"jq -c '.[]'\" does".to_owned(),
        fatal: true,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    record: Cow<'a, str>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
}

fn from_json(number: u64, line: &[u8]) -> Result<Answer, Error> {
    let wrong = |column: Option<usize>, what: String, hint: &str| Error {
        line: number,
        column,
        field: String::new(),
        what: clipped(what),
        hint: hint.to_owned(),
        fatal: false,
    };
    let shape = "write an object with the texts user, record, outcome and perhaps message";
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong(None, "not a JSON object".to_owned(), shape));
    }
    let text =
        std::str::from_utf8(line).map_err(|_| not_utf8(number, None, String::new(), line))?;
    let wire: Wire<'_> = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let said = said
            .rsplit_once(" at line ")
            .map_or(&*said, |(text, _)| text);
        wrong(Some(error.column()), said.replace('`', "'"), shape)
    })?;
    let filled = |name: &str, text: Cow<'_, str>| {
        let text = text.trim();
        if text.is_empty() {
            let what = format!("no value for '{name}'");
            return Err(wrong(None, what, "fill it in or remove the line"));
        }
        Ok(text.to_owned())
    };
    let record = filled("record", wire.record)?;
    let is_blank = wire.user.trim_ascii().is_empty();
    if is_blank && !has_no_owner(&record) {
        return Err(no_user(number));
    }
    Ok(Answer {
        line: number,
        // A user id may have blanks at its ends.
        user: if is_blank {
            String::new()
        } else {
            wire.user.into_owned()
        },
        record: Some(record),
        outcome: filled("outcome", wire.outcome)?,
        message: wire.message.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, layout: &Layout) -> Result<Vec<String>, String> {
        let show = |error: Error| error.to_string();
        let mut answers = Answers::new(text.as_bytes(), layout).map_err(show)?;
        let mut all = Vec::new();
        while let Some(answer) = answers.next_answer().map_err(show)? {
            let record = answer.record.unwrap_or("-".to_owned());
            let Answer {
                line,
                user,
                outcome,
                message,
                ..
            } = answer;
            all.push(format!("{line} {user} {record} {outcome} {message}"));
        }
        Ok(all)
    }

    #[test]
    fn a_sheet_and_lines_of_json_say_the_same() {
        let expected = ["2 a card 7 added ", "3 b qa error why, then"];
        let csv = "user,record,outcome,message\na,card 7,added,\nb,qa,error,\"why, then\"\n";
        let tsv = "outcome\tuser\trecord\tmessage\nadded\ta\tcard 7\t\nerror\tb\tqa\twhy, then\n";
        let json = "\n{\"user\":\"a\",\"record\":\"card 7\",\"outcome\":\"added\"}\n\
                    {\"outcome\":\"error\",\"message\":\"why, then\",\"user\":\"b\",\"record\":\"qa\"}\n";
        for text in [csv, tsv, json] {
            assert_eq!(read(text, &Layout::Guess).unwrap(), expected);
        }
        assert_eq!(read(json, &Layout::Json).unwrap(), expected);
        assert_eq!(read(csv, &Layout::Sheet).unwrap(), expected);
    }

    #[test]
    fn what_has_no_owner_has_no_user() {
        let csv = "user,record,outcome\n,group sales,added\n,token HID 7,added\n,card 9,skipped\n";
        assert_eq!(read(csv, &Layout::Guess).unwrap().len(), 3);
        let json = "{\"user\":\"\",\"record\":\"card 9\",\"outcome\":\"added\"}\n";
        assert_eq!(read(json, &Layout::Guess).unwrap().len(), 1);
        for record in ["user", "qa", "password ATM", "cards"] {
            let csv = format!("user,record,outcome\n,{record},added\n");
            let error = read(&csv, &Layout::Guess).unwrap_err();
            assert!(
                error.contains("line 2") && error.contains("no value for 'user'"),
                "{error}"
            );
        }
    }

    #[test]
    fn an_event_audit_has_its_own_columns() {
        let columns =
            AnswerColumns::parse("user=Resource Name,outcome=Event,message=Text").unwrap();
        let text = "Time\tEvent\tResource Name\tText\n1\tx.add\ta\t\n2\tx.error\tb\twhy\n";
        assert_eq!(
            read(text, &Layout::Audit(columns)).unwrap(),
            ["2 a - x.add ", "3 b - x.error why"]
        );
        let columns = AnswerColumns::parse("user=Who,outcome=Event,record=Item").unwrap();
        let error = read(text, &Layout::Audit(columns)).unwrap_err();
        assert!(error.contains("lacks 'Who', 'Item'"), "{error}");
    }

    #[test]
    fn lines_that_cannot_be_read_are_named() {
        let good = "{\"user\":\"a\",\"record\":\"b\",\"outcome\":\"c\"}";
        for (bad, words) in [
            (
                "{\"user\":\"a\",\"record\":\"b\"}",
                "missing field 'outcome'",
            ),
            (
                "{\"user\":\"a\",\"record\":\"b\",\"outcome\":\"c\",\"x\":1}",
                "unknown field 'x'",
            ),
            (
                "{\"user\":\"a\",\"user\":\"a\",\"record\":\"b\",\"outcome\":\"c\"}",
                "duplicate field 'user'",
            ),
            (
                "{\"user\":1,\"record\":\"b\",\"outcome\":\"c\"}",
                "invalid type",
            ),
            (
                "{\"user\":\" \",\"record\":\"b\",\"outcome\":\"c\"}",
                "no value for 'user'",
            ),
            (
                "{\"user\":\"a\",\"record\":\"\",\"outcome\":\"c\"}",
                "no value for 'record'",
            ),
            ("[\"a\",\"b\",\"c\",\"\"]", "not a JSON object"),
            ("{\"user\":\"a\"", "EOF"),
            ("user,record,outcome", "not a JSON object"),
        ] {
            let error = read(&format!("{good}\n{bad}\n"), &Layout::Guess).unwrap_err();
            assert!(
                error.starts_with("line 2") && error.contains(words),
                "{bad}: {error}"
            );
        }
        for (text, words) in [
            ("", "the file is empty"),
            ("user,record,message\n", "lacks 'outcome'"),
            ("user,record,outcome,mesage\n", "unknown column 'mesage'"),
            ("[{\"user\":\"a\"}]", "a JSON array"),
            ("user,record,outcome\na;b;c\n", "line 2"),
        ] {
            let error = read(text, &Layout::Guess).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
