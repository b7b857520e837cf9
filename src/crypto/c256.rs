//! C256: the C2SP *chunked-encryption* construction with AES-256-GCM and SHA-512, "Cobblestone-256" (igsh-bundle(5),
//! LAYOUT).
//!
//! `salt(24) ‖ commitment(32) ‖ chunk…`; each chunk seals 16,384 bytes and the last one fewer, possibly none, so that a
//! file that was cut at a chunk's end is seen to be cut. The commitment binds the ciphertext to one key and one
//! context: nothing opens under two passwords, and a wrong one is found before anything is decrypted.

use super::{Key, audit_mac::hmac_sha512, on_wiped_stack};
use crate::ambient::{NoRandomness, Randomness};
use aes_gcm::{AeadInOut as _, Aes256Gcm, KeyInit as _};
use std::io::{self, Read, Write};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Plaintext bytes in every chunk but the last.
pub const CHUNK: usize = 16 * 1024;
/// Length of the salt in bytes.
pub const SALT: usize = 24;
/// Length of the salt and the commitment in bytes.
pub const HEADER: usize = SALT + 32;
/// Bytes that each chunk grows by.
pub const TAG: usize = 16;

const INFO: &[u8] = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0";

/// Length of the sealed form of `plaintext` bytes.
pub const fn sealed_len(plaintext: usize) -> usize {
    HEADER + plaintext + (plaintext / CHUNK + 1) * TAG
}

/// Why a sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The commitment does not fit: another key or context, or the first 56 bytes were changed.
    #[error("the key does not fit")]
    Key,
    /// A chunk was changed, moved, or is missing.
    #[error("damaged or cut at chunk {chunk}")]
    Damaged {
        /// Its number, from 0.
        chunk: u64,
    },
}

/// Why a stream does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The sealed text is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The input cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Seals a text that is in memory.
pub fn seal(
    key: &Key,
    context: &[u8],
    plaintext: &[u8],
    rng: &dyn Randomness,
) -> Result<Vec<u8>, NoRandomness> {
    let mut salt = [0; SALT];
    rng.fill(&mut salt)?;
    let (mut chunks, commitment) = Chunks::derive(key, &salt, context);
    let mut sealed = Vec::with_capacity(sealed_len(plaintext.len()));
    sealed.extend_from_slice(&salt);
    sealed.extend_from_slice(&commitment);
    let mut rest = plaintext;
    loop {
        let (chunk, next) = rest.split_at(rest.len().min(CHUNK));
        let start = sealed.len();
        sealed.extend_from_slice(chunk);
        let tag = chunks.seal(&mut sealed[start..]);
        sealed.extend_from_slice(&tag);
        if chunk.len() < CHUNK {
            return Ok(sealed);
        }
        rest = next;
    }
}

/// Opens a sealed text that is in memory.
pub fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let (header, mut rest) = sealed.split_at_checked(HEADER).ok_or(Refused::Key)?;
    let mut chunks = Chunks::check(key, context, header)?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(rest.len()));
    loop {
        let (chunk, next) = rest.split_at(rest.len().min(CHUNK + TAG));
        let start = plaintext.len();
        plaintext.extend_from_slice(chunk);
        let len = chunks.open(&mut plaintext[start..])?;
        plaintext.truncate(start + len);
        if len < CHUNK {
            return Ok(plaintext);
        }
        rest = next;
    }
}

/// The expanded key of one sealed text and the number of the next chunk.
struct Chunks {
    cipher: Aes256Gcm,
    nonce: Zeroizing<[u8; 12]>,
    next: u64,
}

impl Chunks {
    /// `key(32) ‖ base_nonce(12) ‖ commitment(32)` by HKDF-Expand (RFC 5869 §2.3), boxed so that the key never moves.
    fn derive(key: &Key, salt: &[u8; SALT], context: &[u8]) -> (Box<Self>, [u8; 32]) {
        on_wiped_stack(|| {
            let first = hmac_sha512(key, &[INFO, salt, context, &[1]]);
            let second = hmac_sha512(key, &[&first[..], INFO, salt, context, &[2]]);
            let mut nonce = Zeroizing::new([0; 12]);
            nonce.copy_from_slice(&first[32..44]);
            let mut commitment = [0; 32];
            commitment[..20].copy_from_slice(&first[44..]);
            commitment[20..].copy_from_slice(&second[..12]);
            let mut expanded = Zeroizing::new([0u8; 32]);
            expanded.copy_from_slice(&first[..32]);
            let chunks = Box::new(Self {
                cipher: Aes256Gcm::new((&*expanded).into()),
                nonce,
                next: 0,
            });
            (chunks, commitment)
        })
    }

    fn check(key: &Key, context: &[u8], header: &[u8]) -> Result<Box<Self>, Refused> {
        let (salt, commitment) = header.split_first_chunk().ok_or(Refused::Key)?;
        let (chunks, expected) = Self::derive(key, salt, context);
        if bool::from(expected.ct_eq(commitment)) {
            Ok(chunks)
        } else {
            Err(Refused::Key)
        }
    }

    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = *self.nonce;
        for (byte, index) in nonce[4..].iter_mut().zip(self.next.to_be_bytes()) {
            *byte ^= index;
        }
        self.next += 1;
        nonce
    }

    fn seal(&mut self, chunk: &mut [u8]) -> [u8; TAG] {
        debug_assert!(chunk.len() <= CHUNK);
        let nonce = self.nonce();
        match self
            .cipher
            .encrypt_inout_detached((&nonce).into(), &[], chunk.into())
        {
            Ok(tag) => tag.into(),
            // The only error of the cipher is a message above 64 GiB.
            Err(_) => unreachable!("a chunk is at most 16 KiB"),
        }
    }

    /// Opens one chunk in place and returns the length of its plaintext; on failure the buffer holds no plaintext.
    fn open(&mut self, sealed: &mut [u8]) -> Result<usize, Refused> {
        let damaged = Refused::Damaged { chunk: self.next };
        let (chunk, tag) = sealed.split_last_chunk_mut::<TAG>().ok_or(damaged)?;
        let nonce = self.nonce();
        let len = chunk.len();
        self.cipher
            .decrypt_inout_detached((&nonce).into(), &[], chunk.into(), (&*tag).into())
            .map_err(|_| damaged)?;
        Ok(len)
    }
}

/// Seals what is written to it. Without [`Sealer::finish`] the result reads as cut.
pub struct Sealer<W: Write> {
    out: W,
    chunks: Box<Chunks>,
    header: Option<[u8; HEADER]>,
    buffer: Zeroizing<Vec<u8>>,
}

impl<W: Write> Sealer<W> {
    /// Begins a sealed text; nothing is written before the first chunk is full.
    pub fn new(
        key: &Key,
        context: &[u8],
        out: W,
        rng: &dyn Randomness,
    ) -> Result<Self, NoRandomness> {
        let mut header = [0; HEADER];
        let mut salt = [0; SALT];
        rng.fill(&mut salt)?;
        let (chunks, commitment) = Chunks::derive(key, &salt, context);
        header[..SALT].copy_from_slice(&salt);
        header[SALT..].copy_from_slice(&commitment);
        Ok(Self {
            out,
            chunks,
            header: Some(header),
            buffer: Zeroizing::new(Vec::with_capacity(CHUNK + TAG)),
        })
    }

    /// Seals the last chunk and gives the output back, not flushed.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal_buffer()?;
        Ok(self.out)
    }

    fn seal_buffer(&mut self) -> io::Result<()> {
        if let Some(header) = self.header.take() {
            self.out.write_all(&header)?;
        }
        let tag = self.chunks.seal(&mut self.buffer);
        self.buffer.extend_from_slice(&tag);
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let taken = data.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&data[..taken]);
        if self.buffer.len() == CHUNK {
            self.seal_buffer()?;
        }
        Ok(taken)
    }

    /// Flushes the output; bytes of the unfinished chunk stay here, for only [`Sealer::finish`] may write a short one.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens a sealed text as it is read; gives out authenticated bytes only.
pub struct Opener<R: Read> {
    input: R,
    chunks: Box<Chunks>,
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    last: bool,
    failed: Option<Refused>,
}

impl<R: Read> Opener<R> {
    /// Reads salt and commitment and compares the latter.
    pub fn new(key: &Key, context: &[u8], mut input: R) -> Result<Self, OpenError> {
        let mut header = [0; HEADER];
        if read_full(&mut input, &mut header)? < HEADER {
            return Err(Refused::Damaged { chunk: 0 }.into());
        }
        Ok(Self {
            input,
            chunks: Chunks::check(key, context, &header)?,
            buffer: Zeroizing::new(vec![0; CHUNK + TAG]),
            start: 0,
            end: 0,
            last: false,
            failed: None,
        })
    }

    /// How many chunks have been opened.
    pub fn chunks(&self) -> u64 {
        self.chunks.next
    }

    /// The bytes at hand, after opening the next chunk if there are none; empty only at the end.
    pub fn fill(&mut self) -> Result<&[u8], OpenError> {
        if let Some(refused) = self.failed {
            return Err(refused.into());
        }
        if self.start == self.end && !self.last {
            self.start = 0;
            self.end = 0;
            let len = read_full(&mut self.input, &mut self.buffer)?;
            self.end = self
                .chunks
                .open(&mut self.buffer[..len])
                .inspect_err(|refused| self.failed = Some(*refused))?;
            self.last = self.end < CHUNK;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Takes so many of the bytes at hand.
    pub fn consume(&mut self, amount: usize) {
        self.start = (self.start + amount).min(self.end);
    }
}

/// Reads until `buffer` is full or the input ends.
fn read_full(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    loop {
        // Into a full buffer nothing is read.
        match input.read(&mut buffer[filled..]) {
            Ok(0) => return Ok(filled),
            Ok(len) => filled += len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;

    /// Takes what `opener` gives out, a piece at a time, into `out`.
    pub(in crate::crypto) fn read(
        opener: &mut Opener<impl Read>,
        out: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        loop {
            let piece = opener.fill()?;
            let len = piece.len().min(1000);
            if len == 0 {
                return Ok(());
            }
            out.extend_from_slice(&piece[..len]);
            opener.consume(len);
        }
    }

    fn stream(key: &Key, plaintext: &[u8], step: usize) -> Vec<u8> {
        let mut sealer = Sealer::new(key, b"c", Vec::new(), &SystemRandomness).unwrap();
        for piece in plaintext.chunks(step.max(1)) {
            sealer.write_all(piece).unwrap();
        }
        sealer.finish().unwrap()
    }

    #[test]
    fn streams_and_slices_agree_around_the_chunk_length() {
        let key = Key::random(&SystemRandomness).unwrap();
        for len in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
            let plaintext: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            for sealed in [
                seal(&key, b"c", &plaintext, &SystemRandomness).unwrap(),
                stream(&key, &plaintext, 1000),
                stream(&key, &plaintext, 5 * CHUNK),
            ] {
                assert_eq!(sealed.len(), sealed_len(len));
                assert_eq!(*open(&key, b"c", &sealed).unwrap(), plaintext);
                let mut opened = Vec::new();
                let mut opener = Opener::new(&key, b"c", &sealed[..]).unwrap();
                read(&mut opener, &mut opened).unwrap();
                assert_eq!(opened, plaintext);
                assert_eq!(opener.chunks(), (len / CHUNK + 1) as u64);
            }
        }
    }

    #[test]
    fn a_failed_chunk_is_named_and_stays_failed() {
        let key = Key::random(&SystemRandomness).unwrap();
        let mut sealed = seal(&key, b"c", &vec![7; 2 * CHUNK + 1], &SystemRandomness).unwrap();
        sealed[HEADER + CHUNK + TAG + 3] ^= 1;
        assert_eq!(
            open(&key, b"c", &sealed).err(),
            Some(Refused::Damaged { chunk: 1 })
        );
        let mut opened = Vec::new();
        let mut opener = Opener::new(&key, b"c", &sealed[..]).unwrap();
        for _ in 0..2 {
            let error = read(&mut opener, &mut opened).unwrap_err();
            assert!(
                matches!(error, OpenError::Refused(Refused::Damaged { chunk: 1 })),
                "{error}"
            );
        }
        assert_eq!(opened, vec![7; CHUNK]);
    }

    #[test]
    fn an_interrupted_read_goes_on_and_any_other_error_ends() {
        struct Ends<'a>(&'a [u8], Option<io::ErrorKind>);
        impl Read for Ends<'_> {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                match self.1.take() {
                    Some(kind) => Err(kind.into()),
                    None => self.0.read(out),
                }
            }
        }
        let key = Key::random(&SystemRandomness).unwrap();
        let sealed = seal(&key, b"c", b"text", &SystemRandomness).unwrap();
        let first = |kind| Opener::new(&key, b"c", Ends(&sealed, Some(kind)));
        let mut opened = Vec::new();
        let mut opener = first(io::ErrorKind::Interrupted).unwrap();
        read(&mut opener, &mut opened).unwrap();
        assert_eq!(opened, b"text");
        let Err(OpenError::Io(error)) = first(io::ErrorKind::TimedOut) else {
            panic!("no error");
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn no_more_is_taken_than_is_at_hand() {
        let key = Key::random(&SystemRandomness).unwrap();
        let sealed = seal(&key, b"c", &[7; CHUNK + 1], &SystemRandomness).unwrap();
        let mut opener = Opener::new(&key, b"c", &sealed[..]).unwrap();
        assert_eq!(opener.fill().unwrap().len(), CHUNK);
        opener.consume(CHUNK + 5);
        assert_eq!(opener.fill().unwrap(), [7]);
    }

    #[test]
    fn flushing_reaches_the_output_and_ends_no_chunk() {
        struct Flushed(Vec<u8>, u32);
        impl Write for Flushed {
            fn write(&mut self, data: &[u8]) -> io::Result<usize> {
                self.0.write(data)
            }
            fn flush(&mut self) -> io::Result<()> {
                self.1 += 1;
                Ok(())
            }
        }
        let key = Key::random(&SystemRandomness).unwrap();
        let out = Flushed(Vec::new(), 0);
        let mut sealer = Sealer::new(&key, b"c", out, &SystemRandomness).unwrap();
        for half in [b"te", b"xt"] {
            sealer.write_all(half).unwrap();
            sealer.flush().unwrap();
        }
        let Flushed(sealed, flushes) = sealer.finish().unwrap();
        assert_eq!(flushes, 2);
        assert_eq!(**open(&key, b"c", &sealed).unwrap(), *b"text");
    }

    #[test]
    fn another_key_or_context_is_found_before_decrypting() {
        let key = Key::random(&SystemRandomness).unwrap();
        let other = Key::random(&SystemRandomness).unwrap();
        let sealed = seal(&key, b"c", b"text", &SystemRandomness).unwrap();
        assert_eq!(open(&other, b"c", &sealed).err(), Some(Refused::Key));
        assert_eq!(open(&key, b"d", &sealed).err(), Some(Refused::Key));
        assert_eq!(open(&key, b"c", &sealed[..55]).err(), Some(Refused::Key));
        assert!(matches!(
            Opener::new(&other, b"c", &sealed[..]),
            Err(OpenError::Refused(Refused::Key))
        ));
    }

    #[test]
    fn an_unfinished_stream_reads_as_cut() {
        let key = Key::random(&SystemRandomness).unwrap();
        let mut out = Vec::new();
        let mut sealer = Sealer::new(&key, b"", &mut out, &SystemRandomness).unwrap();
        sealer.write_all(&vec![1; CHUNK + 1]).unwrap();
        drop(sealer);
        assert_eq!(
            open(&key, b"", &out).err(),
            Some(Refused::Damaged { chunk: 1 })
        );
    }
}
