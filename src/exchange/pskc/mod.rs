//! Seed files of hardware tokens: PSKC (RFC 6030) and the drafts before it, unencrypted.
//!
//! The file is read as a stream, in constant memory; what waits for something further down, a key for its PIN, is
//! limited. A key without a secret is not a token with an empty one, a PIN is not a token, and a policy that is not
//! understood forbids the key: such things are counted or refused, never guessed.

mod key;
mod report;
mod source;
mod token;
mod value;
mod xml;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::Path;

use secrecy::ExposeSecret as _;

pub use report::{Error, Notice, Position, Report};

use key::{Device, Key, bad};
use token::Made;
use xml::{Fault, Mark, Step, Tag, Xml};

use super::error::clipped;
use super::input::{self, Input, OpenError};
use crate::model::{SecretBytes, Token};

const MAX_NOTICES: usize = 1000;
/// How many keys may wait for a PIN, or PINs for their key.
const MAX_WAITING: usize = 100_000;
/// How many keys one package may hold.
const MAX_KEYS: usize = 256;

/// Reads the tokens of a PSKC file. They are hardware tokens without a state and a group.
///
/// An [`Error`] concerns one key and reading goes on behind it, unless it is `fatal`; then the iterator ends.
pub struct Reader<R: Read> {
    xml: Xml<R>,
    place: Place,
    /// Whether the container, of a draft, says that its values are encrypted.
    encrypted: bool,
    packages: u64,
    ready: VecDeque<Result<(Position, Token), Error>>,
    /// Tokens that wait for a PIN, by the PIN's key id.
    waiting: BTreeMap<String, Vec<(Position, Token)>>,
    waiting_count: usize,
    /// PINs, by their key id, and whether they have found their token.
    pins: BTreeMap<String, (Position, SecretBytes, bool)>,
    report: Report,
}

#[derive(PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
    Over,
}

/// Opens a PSKC file, compressed or not.
///
/// # Errors
/// [`OpenError`] when the file cannot be opened.
pub fn open(path: &Path) -> Result<Reader<Input>, OpenError> {
    Ok(Reader::new(input::open(path)?))
}

impl<R: Read> Reader<R> {
    /// A reader of plain bytes.
    pub fn new(input: R) -> Self {
        Self {
            xml: Xml::new(input),
            place: Place::Before,
            encrypted: false,
            packages: 0,
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            waiting_count: 0,
            pins: BTreeMap::new(),
            report: Report::default(),
        }
    }

    /// What was in the file so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Reads on until something is ready or the file is over.
    fn advance(&mut self) -> Result<(), Fault> {
        match (self.xml.step()?, &self.place) {
            (Step::Start(tag), Place::Before) => {
                if !["keycontainer", "secretcontainer"].contains(&tag.name.as_str()) {
                    return Err(self.xml.fatal(
                        format!("this is not PSKC: it begins with '{}'", tag.name),
                        "name a PSKC file; it begins with KeyContainer",
                    ));
                }
                self.place = Place::Inside;
            }
            (Step::Eof, Place::Before) => {
                return Err(self.xml.fatal(
                    "this is not PSKC: the file is empty",
                    "name a PSKC file; it begins with KeyContainer",
                ));
            }
            (Step::Start(tag), Place::Inside) => self.part(&tag)?,
            (Step::End, Place::Inside) => self.place = Place::After,
            (Step::Eof, _) => {
                self.place = Place::Over;
                self.release();
            }
            _ => {
                return Err(self.xml.fatal(
                    "something stands behind the end of the container",
                    "load each KeyContainer from a file of its own",
                ));
            }
        }
        Ok(())
    }

    /// One element of the container.
    fn part(&mut self, tag: &Tag) -> Result<(), Fault> {
        match tag.name.as_str() {
            "keypackage" | "device" => self.package(),
            "encryptionmethod" => {
                let method = tag.attribute(&["algorithm"]).unwrap_or_default();
                self.encrypted = !method.eq_ignore_ascii_case("none");
                self.xml.skip()
            }
            "signature" => {
                let position = self.place_of(tag.mark);
                self.note(
                    position,
                    None,
                    None,
                    "the file is signed; the signature is not checked".to_owned(),
                );
                self.xml.skip()
            }
            _ => self.xml.skip(),
        }
    }

    fn package(&mut self) -> Result<(), Fault> {
        self.packages += 1;
        let mut device = Device::default();
        // The device may stand behind its keys, so they are looked at when the package is over.
        let mut keys: Vec<(Mark, Option<String>, Result<Key, Fault>)> = Vec::new();
        let outside = self.xml.depth() - 1;
        let encrypted = self.encrypted;
        let read = self.xml.children(|xml, tag| {
            match tag.name.as_str() {
                "deviceinfo" | "deviceid" => device = key::device(xml)?,
                "key" | "secret" => {
                    let inside = xml.depth() - 1;
                    let key = match key::key(xml, &tag, encrypted) {
                        Err(fault) if fault.fatal => return Err(fault),
                        key => key,
                    };
                    xml.close_to(inside)?;
                    if keys.len() == MAX_KEYS {
                        return Err(
                            xml.fatal("a package has more than 256 keys", "split the package")
                        );
                    }
                    let id = tag
                        .attribute(&["id", "keyid", "secretid"])
                        .map(str::to_owned);
                    keys.push((tag.mark, id, key));
                }
                _ => xml.skip()?,
            }
            Ok(())
        });
        if let Err(fault) = read {
            if fault.fatal {
                return Err(fault);
            }
            self.xml.close_to(outside)?;
            let error = self.error(fault, None, device.serial);
            self.ready.push_back(Err(error));
            return Ok(());
        }
        for (mark, id, key) in keys {
            let position = self.place_of(mark);
            match key.and_then(|key| token::make(&device, key)) {
                Ok((made, notices)) => {
                    for what in notices {
                        self.note(position, id.as_deref(), device.serial.as_deref(), what);
                    }
                    self.made(made, position, id, &device)?;
                }
                Err(fault) => {
                    let error = self.error(fault, id, device.serial.clone());
                    self.ready.push_back(Err(error));
                }
            }
        }
        Ok(())
    }

    fn made(
        &mut self,
        made: Made,
        position: Position,
        id: Option<String>,
        device: &Device,
    ) -> Result<(), Fault> {
        let serial = device.serial.as_deref();
        match made {
            Made::Token(token, None) => self.hand_out(position, *token),
            Made::Token(mut token, Some(pin)) => {
                if let Some((_, secret, found)) = self.pins.get_mut(&pin) {
                    *found = true;
                    token.unlock = Some(copy(secret));
                    self.report.pins += 1;
                    self.hand_out(position, *token);
                } else {
                    self.waiting
                        .entry(pin)
                        .or_default()
                        .push((position, *token));
                    self.waiting_count += 1;
                }
            }
            Made::Pin(secret) => match id {
                Some(id) => self.pin(secret, position, id),
                None => {
                    let fault = bad(
                        self.xml.mark(),
                        "the PIN has no key id, so it protects no key",
                        "give the PIN's key an Id",
                    );
                    let error = Error {
                        position,
                        ..self.error(fault, None, device.serial.clone())
                    };
                    self.ready.push_back(Err(error));
                    return Ok(());
                }
            },
            Made::Reference => {
                self.report.references += 1;
                self.note(
                    position,
                    id.as_deref(),
                    serial,
                    "it names a key that is kept elsewhere; no token".to_owned(),
                );
            }
            Made::Unsupported(algorithm) => {
                self.report.unsupported += 1;
                let what = format!("the algorithm '{algorithm}' is not supported; no token");
                self.note(position, id.as_deref(), serial, what);
            }
        }
        if self.waiting_count + self.pins.len() > MAX_WAITING {
            return Err(self.xml.fatal(
                "too many keys wait for the PIN of another package",
                "put each PIN into the package of its key",
            ));
        }
        Ok(())
    }

    /// Hands out the tokens that wait for this PIN, and keeps it for later ones.
    fn pin(&mut self, secret: SecretBytes, position: Position, id: String) {
        let waiting = self.waiting.remove(&id).unwrap_or_default();
        let found = !waiting.is_empty();
        for (position, mut token) in waiting {
            token.unlock = Some(copy(&secret));
            self.waiting_count -= 1;
            self.report.pins += 1;
            self.hand_out(position, token);
        }
        // A PIN that has found its token is kept for others only while there are few.
        if !found || self.pins.len() < MAX_WAITING / 10 {
            self.pins.insert(id, (position, secret, found));
        }
    }

    /// Hands out, at the end, the tokens whose PIN did not come.
    fn release(&mut self) {
        for (pin, tokens) in std::mem::take(&mut self.waiting) {
            for (position, token) in tokens {
                let what = format!("its PIN, key '{pin}', is not in the file");
                self.note(
                    position,
                    token.facts.key_id.as_deref(),
                    Some(&token.facts.serial),
                    what,
                );
                self.hand_out(position, token);
            }
        }
        for (id, (position, _, found)) in std::mem::take(&mut self.pins) {
            if !found {
                self.note(
                    position,
                    Some(&id),
                    None,
                    "a PIN whose key is not in the file; left out".to_owned(),
                );
            }
        }
    }

    fn hand_out(&mut self, position: Position, token: Token) {
        self.report.tokens += 1;
        self.ready.push_back(Ok((position, token)));
    }

    fn note(
        &mut self,
        position: Position,
        key_id: Option<&str>,
        serial: Option<&str>,
        what: String,
    ) {
        if self.report.notices.len() == MAX_NOTICES {
            self.report.more_notices += 1;
            return;
        }
        self.report.notices.push(Notice {
            position,
            key_id: key_id.map(str::to_owned).map(clipped),
            serial: serial.map(str::to_owned).map(clipped),
            what: clipped(what),
        });
    }

    fn place_of(&self, mark: Mark) -> Position {
        let package = if self.place == Place::Inside {
            self.packages
        } else {
            0
        };
        Position {
            line: mark.line,
            byte: mark.byte,
            package,
        }
    }

    fn error(&self, fault: Fault, key_id: Option<String>, serial: Option<String>) -> Error {
        Error {
            position: self.place_of(fault.mark),
            key_id: key_id.map(clipped),
            serial: serial.map(clipped),
            what: clipped(fault.what),
            hint: fault.hint.into_owned(),
            fatal: fault.fatal,
        }
    }
}

fn copy(secret: &SecretBytes) -> SecretBytes {
    SecretBytes::new(secret.expose_secret().into())
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(Position, Token), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Some(item);
            }
            if self.place == Place::Over {
                return None;
            }
            if let Err(fault) = self.advance() {
                let error = self.error(fault, None, None);
                self.place = Place::Over;
                self.ready.push_back(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests;
