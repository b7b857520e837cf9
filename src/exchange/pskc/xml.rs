//! XML as far as PSKC needs it, and no further: no document type, no entities, limited depth and length.
//!
//! Names are compared without prefix and case, because exporters disagree on both.

use std::borrow::Cow;
use std::io::Read;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use zeroize::Zeroizing;

use super::source::{MAX_PIECE, Source};
use crate::exchange::encoding::Encoding;
use crate::exchange::error::clipped;
use crate::model::Wiped;

/// Deeper than any PSKC file, encrypted and signed ones included.
const MAX_DEPTH: usize = 32;
/// Longer than any value in one.
const MAX_TEXT: usize = 64 << 10;

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: u64,
    pub(super) byte: u64,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) mark: Mark,
    pub(super) what: String,
    pub(super) hint: Cow<'static, str>,
    /// Whether nothing more can be read.
    pub(super) fatal: bool,
}

/// The opening of an element.
#[derive(Debug)]
pub(super) struct Tag {
    pub(super) mark: Mark,
    /// The name in lower case, without prefix.
    pub(super) name: String,
    /// Names as those of elements, and values.
    pub(super) attributes: Vec<(String, String)>,
}

impl Tag {
    /// The first attribute that has one of these names.
    pub(super) fn attribute(&self, names: &[&str]) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, value)| value.trim())
    }
}

pub(super) enum Step {
    Start(Tag),
    End,
    Eof,
}

pub(super) struct Xml<R: Read> {
    reader: quick_xml::Reader<Source<R>>,
    /// The piece under way. It has room for the longest one, so that it never moves and leaves a secret behind.
    piece: Zeroizing<Vec<u8>>,
    /// The text since the last tag was opened.
    text: Wiped,
    depth: usize,
    mark: Mark,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(input: R) -> Self {
        let mut reader = quick_xml::Reader::from_reader(Source::new(input));
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            piece: Zeroizing::new(Vec::with_capacity(2 * MAX_PIECE)),
            text: Wiped::with_capacity(MAX_TEXT),
            depth: 0,
            mark: Mark { line: 1, byte: 0 },
        }
    }

    /// How many elements are open.
    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Where the last piece began.
    pub(super) const fn mark(&self) -> Mark {
        self.mark
    }

    /// Goes to the next tag; text on the way is kept.
    pub(super) fn step(&mut self) -> Result<Step, Fault> {
        loop {
            self.reader.get_mut().begin_piece();
            self.mark = Mark {
                line: self.reader.get_ref().line(),
                byte: self.reader.buffer_position(),
            };
            self.piece.clear();
            let event = match self.reader.read_event_into(&mut self.piece) {
                Ok(event) => event,
                Err(error) => return Err(self.broken(&error)),
            };
            match event {
                Event::Start(start) => {
                    let tag = tag(&start, self.mark)?;
                    self.text.clear();
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(self.fatal("elements are nested too deeply", NOT_XML));
                    }
                    return Ok(Step::Start(tag));
                }
                Event::End(_) => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.text.clear();
                    }
                    return Ok(Step::End);
                }
                Event::Text(text) => self.text.push(text.as_bytes()),
                Event::CData(text) => self.text.push(text.as_bytes()),
                Event::GeneralRef(reference) => {
                    let char = referred(&reference, self.mark)?;
                    self.text.push(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Event::Decl(declaration) => check_encoding(&declaration, self.mark)?,
                Event::DocType(_) => {
                    return Err(self.fatal(
                        "the file has a document type (DOCTYPE)",
                        "ask where the file comes from: PSKC needs none, and it can make a reader fetch files",
                    ));
                }
                Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
                Event::Eof if self.depth > 0 => {
                    return Err(self.fatal(
                        "the file ends inside an element",
                        "copy it again: it was cut",
                    ));
                }
                Event::Eof => return Ok(Step::Eof),
            }
            self.check_text()?;
        }
    }

    /// Whether the text so far is not too long, and inside an element.
    fn check_text(&self) -> Result<(), Fault> {
        if self.text.len() > MAX_TEXT {
            return Err(self.fatal(
                "a value is too long",
                "get the file again: no value of PSKC has more than 64 KiB",
            ));
        }
        if self.depth == 0 && !self.text.trim_ascii().is_empty() {
            return Err(self.fatal("this is not XML", NOT_XML));
        }
        Ok(())
    }

    /// Hands each element inside the current one to `each`, which reads to its end.
    pub(super) fn children(
        &mut self,
        mut each: impl FnMut(&mut Self, Tag) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        while let Step::Start(tag) = self.step()? {
            each(self, tag)?;
        }
        Ok(())
    }

    /// The text of the current element, to its end, without blanks around it. It may not hold other elements.
    pub(super) fn text(&mut self) -> Result<&str, Fault> {
        if let Step::Start(tag) = self.step()? {
            return Err(Fault {
                fatal: false,
                ..fatal(
                    tag.mark,
                    format!("an element '{}' inside a value", tag.name),
                    "correct the file",
                )
            });
        }
        // The parser hands out nothing but UTF-8.
        Ok(std::str::from_utf8(&self.text).unwrap_or_default().trim())
    }

    /// Goes to the end of the current element.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        self.close_to(self.depth - 1)
    }

    /// Goes on until no more than `depth` elements are open.
    pub(super) fn close_to(&mut self, depth: usize) -> Result<(), Fault> {
        while self.depth > depth {
            self.step()?;
        }
        Ok(())
    }

    pub(super) fn fatal(&self, what: impl Into<String>, hint: &'static str) -> Fault {
        fatal(self.mark, what, hint)
    }

    fn broken(&self, error: &quick_xml::Error) -> Fault {
        use quick_xml::Error;
        let long = self.reader.get_ref().is_too_long();
        match error {
            Error::Io(_) if long => self.fatal(
                "a tag, text or comment is too long",
                "get the file again: none of PSKC has more than 256 KiB",
            ),
            Error::Io(error) => self.fatal(
                format!("the file cannot be read further: {error}"),
                "if it is compressed it may be cut or damaged; copy it again",
            ),
            Error::Encoding(_) => self.fatal(Encoding::Ansi.what(), Encoding::Ansi.hint()),
            // The messages of the parser may quote the file, but never more than names.
            Error::IllFormed(error) => self.fatal(format!("this is not XML: {error}"), NOT_XML),
            Error::Syntax(error) => self.fatal(format!("this is not XML: {error}"), NOT_XML),
            _ => self.fatal("this is not XML", NOT_XML),
        }
    }
}

const NOT_XML: &str = "get the file again: it may be cut, damaged, or not PSKC";

fn fatal(mark: Mark, what: impl Into<String>, hint: &'static str) -> Fault {
    Fault {
        mark,
        what: what.into(),
        hint: hint.into(),
        fatal: true,
    }
}

/// Refuses a file that declares another encoding than UTF-8.
fn check_encoding(declaration: &BytesDecl<'_>, mark: Mark) -> Result<(), Fault> {
    let encoding = declaration.encoding().and_then(Result::ok);
    let read = ["utf-8", "utf8", "us-ascii", "ascii"];
    match encoding.map(|name| name.to_lowercase()) {
        Some(name) if !read.contains(&name.as_str()) => Err(fatal(
            mark,
            clipped(format!(
                "the file declares its encoding as {name}, not UTF-8"
            )),
            "convert it with iconv, and name UTF-8 in its first line",
        )),
        _ => Ok(()),
    }
}

fn tag(start: &BytesStart<'_>, mark: Mark) -> Result<Tag, Fault> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute
            .map_err(|_| fatal(mark, "this is not XML: an attribute is malformed", NOT_XML))?;
        let name = attribute.key.as_ref();
        if name == "xmlns" || name.starts_with("xmlns:") {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|_| no_entities(mark))?;
        attributes.push((
            attribute.key.local_name().as_ref().to_lowercase(),
            value.into_owned(),
        ));
    }
    Ok(Tag {
        mark,
        name: start.local_name().as_ref().to_lowercase(),
        attributes,
    })
}

fn referred(reference: &BytesRef<'_>, mark: Mark) -> Result<char, Fault> {
    let name: &str = reference;
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => reference
            .resolve_char_ref()
            .ok()
            .flatten()
            .ok_or_else(|| no_entities(mark)),
    }
}

fn no_entities(mark: Mark) -> Fault {
    fatal(
        mark,
        "the file uses an entity",
        "write the text itself: entities are not read",
    )
}
