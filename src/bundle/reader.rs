//! Opens a bundle and gives out its records, after everything has been checked once.
//!
//! Two passes over one open file, both authenticating: what the first has accepted is what the second applies, and a
//! damaged bundle is refused before its first record has had an effect (igsh-bundle(5), READING).

use super::ahead::{Ahead, open_ahead};
use super::block::{Block, BlockDecoder, MAX_FRAME, total};
use super::json::Parser;
use super::{BLOCK, Error, Header, MANIFEST, Manifest, Place, decode};
use crate::ambient::{CancelToken, Progress, Unit};
use crate::crypto::c256::Opener;
use crate::crypto::{BundlePassword, Key, sha256};
use crate::model::bundle::{Counts, Record};
use std::io::{Read, Seek, SeekFrom};
use zeroize::Zeroizing;

/// A bundle whose password is right.
pub struct Reader<R> {
    input: R,
    size: u64,
    header: Header,
    file_key: Key,
}

/// A bundle that has been read through once without a fault.
pub struct Checked<R> {
    reader: Reader<R>,
    manifest: Manifest,
}

impl<R: Read + Seek + Send> Reader<R> {
    /// Reads the header, then the password as it was typed, then derives the key, which takes a moment. The errors come
    /// in the order of the format's description.
    pub fn open(mut input: R, typed: &str) -> Result<Self, Error> {
        input.rewind()?;
        let header = Header::read(&mut input)?;
        let password = BundlePassword::parse(typed)?;
        let derived = header.derive(&password)?;
        Self::unlock(input, header, &derived)
    }

    pub(super) fn unlock(mut input: R, header: Header, derived: &Key) -> Result<Self, Error> {
        Ok(Self {
            file_key: header.unwrap(derived)?,
            size: input.seek(SeekFrom::End(0))?,
            input,
            header,
        })
    }

    /// A reader of a bundle whose file key is known: deriving it would take all the time of a fuzzer.
    #[cfg(fuzzing)]
    pub fn with_file_key(mut input: R, file_key: Key) -> Result<Self, Error> {
        Ok(Self {
            size: input.seek(SeekFrom::End(0))?,
            header: {
                input.rewind()?;
                Header::read(&mut input)?
            },
            input,
            file_key,
        })
    }

    /// The header, now authenticated.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The identity of this bundle, independent of the id that its writer chose: SHA-256 of the payload's first 56
    /// bytes, which are random and authenticated.
    pub fn digest(&mut self) -> Result<[u8; 32], Error> {
        let mut head = [0; 56];
        self.input.seek(SeekFrom::Start(self.header.len() as u64))?;
        self.input.read_exact(&mut head)?;
        Ok(sha256(&head))
    }

    /// The first pass without parsing records: authentication, frames, compression, counts.
    pub fn verify(
        &mut self,
        progress: &dyn Progress,
        cancel: &CancelToken,
    ) -> Result<Manifest, Error> {
        let mut records = 0;
        let manifest = self.pass("verify", progress, cancel, |block| {
            records += u64::from(block.records);
            Ok::<_, Error>(())
        })?;
        if records != total(&manifest.records) {
            return Err(counts_differ());
        }
        Ok(manifest)
    }

    /// The first pass in full: every record is parsed and dropped.
    pub fn check(self, progress: &dyn Progress, cancel: &CancelToken) -> Result<Checked<R>, Error> {
        self.check_each(progress, cancel, |_| {})
    }

    /// The same; `look` sees every record, of which none may have had an effect until all were seen.
    pub fn check_each(
        mut self,
        progress: &dyn Progress,
        cancel: &CancelToken,
        mut look: impl FnMut(&Record),
    ) -> Result<Checked<R>, Error> {
        let mut found = Counts::default();
        let manifest = self.pass("check", progress, cancel, |block| {
            each_record(block, |record| {
                look(&record);
                *match record {
                    Record::Group(_) => &mut found.group,
                    Record::User(_) => &mut found.user,
                    Record::Token(_) => &mut found.token,
                    Record::Card(_) => &mut found.card,
                } += 1;
                Ok::<_, Error>(())
            })
        })?;
        if found != manifest.records {
            return Err(counts_differ());
        }
        Ok(Checked {
            reader: self,
            manifest,
        })
    }

    /// Reads the whole payload and hands over each block.
    fn pass<E: From<Error>>(
        &mut self,
        stage: &str,
        progress: &dyn Progress,
        cancel: &CancelToken,
        mut each: impl FnMut(Block<'_>) -> Result<(), E>,
    ) -> Result<Manifest, E> {
        let start = self.header.len() as u64;
        self.input
            .seek(SeekFrom::Start(start))
            .map_err(Error::from)?;
        let context = self.header.two_lines();
        let opener = Opener::new(&self.file_key, context.as_bytes(), &mut self.input)
            .map_err(Error::from)?;
        progress.begin(stage, Unit::Bytes, Some(self.size));
        let manifest = open_ahead(opener, |plaintext| {
            let mut decoder = BlockDecoder::new().map_err(Error::from)?;
            let mut body = Zeroizing::new(Vec::new());
            for frame in 0.. {
                cancel.check().map_err(Error::from)?;
                match next_frame(plaintext, frame, &mut body)? {
                    BLOCK => each(decoder.decode(&body)?)?,
                    _ => {
                        let manifest = Manifest::decode(&body)?;
                        if !plaintext.at_end()? {
                            return Err(Error::content(
                                Place::Manifest,
                                "there is something after it",
                            )
                            .into());
                        }
                        if manifest.blocks != decoder.count() {
                            return Err(counts_differ().into());
                        }
                        return Ok(manifest);
                    }
                }
                progress.at(start + plaintext.position());
            }
            Err(Error::content(Place::Manifest, "it is missing").into())
        });
        progress.end();
        manifest
    }
}

impl<R: Read + Seek + Send> Checked<R> {
    pub fn header(&self) -> &Header {
        &self.reader.header
    }

    /// Its counts were compared with the bundle's content.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The second pass: every record, in order.
    pub fn records<E: From<Error>>(
        &mut self,
        progress: &dyn Progress,
        cancel: &CancelToken,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        self.reader
            .pass("read", progress, cancel, |block| {
                each_record(block, &mut each)
            })
            .map(drop)
    }
}

impl<R: Read + Seek + Send> Checked<R> {
    /// The second pass by block, from block `from` on: its number and its records, in order.
    pub fn blocks<E: From<Error>>(
        &mut self,
        from: u32,
        progress: &dyn Progress,
        cancel: &CancelToken,
        mut each: impl FnMut(u32, Vec<Record>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.reader
            .pass("read", progress, cancel, |block| {
                let number = block.number;
                if number < from {
                    return Ok(());
                }
                let mut records = Vec::with_capacity(block.records as usize);
                each_record(block, |record| {
                    records.push(record);
                    Ok::<_, Error>(())
                })?;
                each(number, records)
            })
            .map(drop)
    }
}

fn counts_differ() -> Error {
    Error::content(
        Place::Manifest,
        "it does not count as many blocks and records as there are",
    )
}

/// Reads the next frame's body into `body` and gives its type.
fn next_frame(
    plaintext: &mut Ahead,
    frame: u64,
    body: &mut Zeroizing<Vec<u8>>,
) -> Result<u8, Error> {
    let cut = || Error::content(Place::Frame(frame), "the content ends before its manifest");
    let fault = |what: &str| Error::content(Place::Frame(frame), what);
    let mut head = [0; 5];
    if !plaintext.fill(&mut head)? {
        return Err(cut());
    }
    let [kind, a, b, c, d] = head;
    let len = u32::from_be_bytes([a, b, c, d]) as usize;
    if kind != BLOCK && kind != MANIFEST {
        return Err(fault("it is neither a block nor the manifest"));
    }
    if len > MAX_FRAME {
        return Err(fault("it is above 16 MiB"));
    }
    if body.capacity() < len {
        // A fresh buffer, because growing the old one would leave a copy of its secrets in freed memory.
        *body = Zeroizing::new(Vec::with_capacity(len.next_power_of_two()));
    }
    body.resize(len, 0);
    if !plaintext.fill(body)? {
        return Err(cut());
    }
    Ok(kind)
}

fn each_record<E: From<Error>>(
    mut block: Block<'_>,
    mut each: impl FnMut(Record) -> Result<(), E>,
) -> Result<(), E> {
    let number = block.number;
    let fault = |what: &str| Error::content(Place::Block(number), what);
    let text = std::str::from_utf8(block.json).map_err(|_| fault("its JSON is not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    for (line, text) in (1..).zip(text.split('\n')) {
        let mut parser = Parser::new(text, &mut block.secrets);
        let record = decode::record(&mut parser).map_err(|fault| {
            let place = Place::Line {
                block: number,
                line,
                column: fault.at + 1,
            };
            Error::content(place, fault.what)
        })?;
        each(record)?;
    }
    if block.secrets.is_empty() {
        Ok(())
    } else {
        Err(fault("it has secrets that no record names").into())
    }
}
