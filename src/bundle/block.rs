//! Blocks: about 1 MiB of records, compressed, with their secrets behind them (igsh-bundle(5), PLAINTEXT).
//!
//! Encoding and compressing needs no key and no file, so it runs on a thread of its own; what comes out,
//! [`EncodedBlock`], is sealed and written by the `Writer`.

use super::encode::{self, Arena};
use super::json::Secrets;
use super::{Error, Place, zstd_frame};
use crate::model::bundle::{Counts, Record};
use std::io;

/// A block is closed when its JSON, or its secrets, reach this many bytes.
const CLOSE: usize = 1 << 20;
/// Greatest JSON of a block.
pub(super) const MAX_JSON: usize = 8 << 20;
/// Greatest frame body.
pub(super) const MAX_FRAME: usize = 1 << 24;
/// Greatest JSON of a record: with it, a block that was not closed yet stays within its bounds.
const MAX_RECORD_JSON: usize = MAX_JSON - CLOSE;
/// Greatest secrets of a record, likewise within the frame beside 8 MiB of JSON that did not compress.
const MAX_RECORD_SECRETS: usize = 6 << 20;
/// zstd's fastest ordinary level.
const LEVEL: i32 = 1;
/// The five numbers before the zstd frame.
pub(super) const FIELDS: usize = 20;

/// A block that only lacks its number.
pub struct EncodedBlock {
    pub(super) json_len: u32,
    pub(super) zstd: Vec<u8>,
    pub(super) secrets: Arena,
    pub(super) counts: Counts,
}

/// Turns records into blocks.
pub struct BlockEncoder {
    json: Vec<u8>,
    secrets: Arena,
    counts: Counts,
    compressor: zstd::bulk::Compressor<'static>,
}

impl BlockEncoder {
    /// An encoder with an empty block.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            json: Vec::with_capacity(CLOSE + CLOSE / 8),
            secrets: Arena::default(),
            counts: Counts::default(),
            compressor: zstd::bulk::Compressor::new(LEVEL)?,
        })
    }

    /// Adds a record; gives the block if it is full. After an error the block is as it was before the record.
    pub fn push(&mut self, record: &Record) -> Result<Option<EncodedBlock>, Error> {
        let (json, secrets, count) = (
            self.json.len(),
            self.secrets.bytes.len(),
            self.secrets.count,
        );
        let result = encode::record(record, &mut self.json, &mut self.secrets).and_then(|()| {
            let fits = self.json.len() - json <= MAX_RECORD_JSON
                && self.secrets.bytes.len() - secrets <= MAX_RECORD_SECRETS;
            fits.then_some(()).ok_or(encode::Unfit("it is too large"))
        });
        if let Err(encode::Unfit(what)) = result {
            self.json.truncate(json);
            self.secrets.truncate(secrets, count);
            return Err(Error::Record {
                record: describe(record),
                what,
            });
        }
        *match record {
            Record::Group(_) => &mut self.counts.group,
            Record::User(_) => &mut self.counts.user,
            Record::Token(_) => &mut self.counts.token,
            Record::Card(_) => &mut self.counts.card,
        } += 1;
        if self.json.len() >= CLOSE || self.secrets.bytes.len() >= CLOSE {
            self.finish()
        } else {
            Ok(None)
        }
    }

    /// The block of the records since the last one, if there are any.
    pub fn finish(&mut self) -> Result<Option<EncodedBlock>, Error> {
        if self.json.is_empty() {
            return Ok(None);
        }
        let zstd = self.compressor.compress(&self.json)?;
        let block = EncodedBlock {
            // At most 8 MiB.
            json_len: self.json.len() as u32,
            zstd,
            secrets: std::mem::take(&mut self.secrets),
            counts: std::mem::take(&mut self.counts),
        };
        self.json.clear();
        Ok(Some(block))
    }
}

/// A record as a message names it.
fn describe(record: &Record) -> String {
    match record {
        Record::Group(group) => format!("group '{}'", group.name),
        Record::User(user) => format!("user '{}/{}'", user.group, user.user_id),
        Record::Token(token) => format!(
            "token '{} {}'",
            token.token.facts.vendor, token.token.facts.serial
        ),
        Record::Card(card) => format!("card {}", card.card.facts.serial),
    }
}

impl EncodedBlock {
    /// What is in it.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The fields of the body before the zstd frame.
    pub(super) fn fields(&self, number: u32) -> [u8; FIELDS] {
        let mut fields = [0; FIELDS];
        for (place, value) in fields.chunks_exact_mut(4).zip([
            number,
            total(&self.counts) as u32,
            self.json_len,
            self.zstd.len() as u32,
            self.secrets.count,
        ]) {
            place.copy_from_slice(&value.to_be_bytes());
        }
        fields
    }
}

/// All records of any kind.
pub(super) fn total(counts: &Counts) -> u64 {
    counts.group + counts.user + counts.token + counts.card
}

/// Opens the bodies of blocks, one after the other.
pub(super) struct BlockDecoder {
    decompressor: zstd::bulk::Decompressor<'static>,
    json: Vec<u8>,
    next: u32,
}

/// A block whose frame, counts and secrets are as they must be; its JSON has not been parsed.
pub(super) struct Block<'a> {
    pub(super) number: u32,
    pub(super) records: u32,
    pub(super) json: &'a [u8],
    pub(super) secrets: Secrets<'a>,
}

impl BlockDecoder {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            decompressor: zstd::bulk::Decompressor::new()?,
            json: Vec::new(),
            next: 0,
        })
    }

    /// How many blocks there were.
    pub(super) fn count(&self) -> u32 {
        self.next
    }

    /// Checks and decompresses the next block.
    pub(super) fn decode<'a>(&'a mut self, body: &'a [u8]) -> Result<Block<'a>, Error> {
        let wanted = self.next;
        let fault = |what: &str| Error::content(Place::Block(wanted), what);
        let (fields, rest) = body
            .split_first_chunk::<FIELDS>()
            .ok_or_else(|| fault("it is cut"))?;
        let (fields, _) = fields.as_chunks();
        let mut fields = fields.iter().map(|field| u32::from_be_bytes(*field));
        let mut field = || fields.next().unwrap_or_default();
        let (number, records, json_len) = (field(), field(), field() as usize);
        let (zstd_len, secret_count) = (field() as usize, field());
        if number != wanted {
            return Err(fault("it has another number"));
        }
        if records == 0 {
            return Err(fault("it has no records"));
        }
        if json_len > MAX_JSON {
            return Err(fault("its JSON is above 8 MiB"));
        }
        let (frame, arena) = rest
            .split_at_checked(zstd_len)
            .ok_or_else(|| fault("it is cut"))?;
        zstd_frame::check(frame, json_len as u64).map_err(fault)?;
        let mut secrets = Secrets::new(arena);
        let found = std::iter::from_fn(|| secrets.next()).count();
        if !secrets.is_empty() || found as u64 != u64::from(secret_count) {
            return Err(fault(
                "its secrets are not as many, or not as long, as it says",
            ));
        }
        self.json.resize(json_len, 0);
        let decompressed = self
            .decompressor
            .decompress_to_buffer(frame, &mut self.json[..]);
        if decompressed.ok() != Some(json_len) {
            return Err(fault("its zstd frame does not decompress"));
        }
        if lines(&self.json) != u64::from(records) || self.json.last() != Some(&b'\n') {
            return Err(fault("it has not as many lines as it says"));
        }
        self.next += 1;
        Ok(Block {
            number,
            records,
            json: &self.json,
            secrets: Secrets::new(arena),
        })
    }
}

/// How many line feeds; in runs that fit a byte, which the compiler turns into vector instructions.
fn lines(json: &[u8]) -> u64 {
    json.chunks(255)
        .map(|run| {
            let found = run.iter().fold(0u8, |found, byte| {
                found.wrapping_add((*byte == b'\n').into())
            });
            u64::from(found)
        })
        .sum()
}

impl Arena {
    fn truncate(&mut self, len: usize, count: u32) {
        self.bytes.truncate(len);
        self.count = count;
    }
}
