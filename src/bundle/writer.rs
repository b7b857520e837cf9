//! Seals blocks into a bundle and hashes the file on the way.
//!
//! It writes to anything; temporary names, fsync and rename belong to the caller, who owns the file (igsh-bundle(5),
//! WRITING).

use super::block::{EncodedBlock, FIELDS, total};
use super::{BLOCK, Error, Header, MANIFEST, Manifest, Meta};
use crate::ambient::Randomness;
use crate::crypto::c256::Sealer;
use crate::crypto::{BundlePassword, Key, Sha256};
use crate::model::Reason;
use crate::model::bundle::Counts;
use std::io::{self, Write};

/// Writes a bundle: header, blocks in order, and the manifest with [`Writer::finish`].
pub struct Writer<W: Write> {
    sealer: Sealer<Hashing<W>>,
    blocks: u32,
    counts: Counts,
}

/// What the manifest holds besides the counts.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// What was not taken, by reason, counts above zero.
    pub not_taken: &'a [(Reason, u64)],
    /// The selection as it was typed, secrets masked.
    pub selection: &'a str,
    /// The master who exports.
    pub by: &'a str,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// Its length in bytes.
    pub size: u64,
    pub blocks: u32,
    pub records: Counts,
}

impl<W: Write> Writer<W> {
    /// Derives the key, which takes a moment, and writes the header.
    pub fn new(
        out: W,
        meta: &Meta,
        password: &BundlePassword,
        rng: &dyn Randomness,
    ) -> Result<Self, Error> {
        let (header, file_key) = Header::create(meta, password, rng)?;
        Self::begin(out, &header, &file_key, rng)
    }

    fn begin(out: W, header: &Header, file_key: &Key, rng: &dyn Randomness) -> Result<Self, Error> {
        let mut out = Hashing {
            out,
            hash: Sha256::default(),
            size: 0,
        };
        out.write_all(header.text().as_bytes())?;
        let sealer = Sealer::new(file_key, header.two_lines().as_bytes(), out, rng)?;
        Ok(Self {
            sealer,
            blocks: 0,
            counts: Counts::default(),
        })
    }

    /// Writes the next block.
    pub fn write(&mut self, block: &EncodedBlock) -> Result<(), Error> {
        let fields = block.fields(self.blocks);
        let secrets = &block.secrets.bytes;
        self.frame_head(BLOCK, FIELDS + block.zstd.len() + secrets.len())?;
        self.sealer.write_all(&fields)?;
        self.sealer.write_all(&block.zstd)?;
        self.sealer.write_all(secrets)?;
        self.blocks += 1;
        self.counts.group += block.counts.group;
        self.counts.user += block.counts.user;
        self.counts.token += block.counts.token;
        self.counts.card += block.counts.card;
        Ok(())
    }

    /// How many records have been written.
    pub fn records(&self) -> u64 {
        total(&self.counts)
    }

    /// Writes the manifest and the end of the payload; gives the output back, not flushed.
    pub fn finish(mut self, account: Account<'_>) -> Result<(W, Summary), Error> {
        let manifest = Manifest {
            blocks: self.blocks,
            records: self.counts,
            not_taken: account.not_taken.to_vec(),
            selection: account.selection.to_owned(),
            by: account.by.to_owned(),
        };
        let body = manifest.encode()?;
        self.frame_head(MANIFEST, body.len())?;
        self.sealer.write_all(&body)?;
        let Hashing { out, hash, size } = self.sealer.finish()?;
        let summary = Summary {
            sha256: hash.finish(),
            size,
            blocks: self.blocks,
            records: self.counts,
        };
        Ok((out, summary))
    }

    fn frame_head(&mut self, kind: u8, len: usize) -> io::Result<()> {
        // Blocks and manifests are bounded far below 4 GiB where they are made.
        let [a, b, c, d] = (len as u32).to_be_bytes();
        self.sealer.write_all(&[kind, a, b, c, d])
    }
}

/// Hashes and counts what passes.
struct Hashing<W> {
    out: W,
    hash: Sha256,
    size: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.out.write(data)?;
        self.hash.update(&data[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
