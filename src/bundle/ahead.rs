//! Opens chunks on a second thread, ahead of decompressing and parsing: the two cost about the same.

use super::Error;
use crate::crypto::c256::{CHUNK, Opener};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::io::Read;
use zeroize::Zeroizing;

/// Bytes that are handed over at once: enough that the hand-over costs nothing.
const BATCH: usize = 256 << 10;
/// Whole chunks fill it exactly, so that it never grows: that would leave a copy of its secrets in freed memory.
const _: () = assert!(BATCH.is_multiple_of(CHUNK));
/// How many batches may wait.
const WAITING: usize = 4;

type Batch = Zeroizing<Vec<u8>>;

fn new_batch() -> Batch {
    Zeroizing::new(Vec::with_capacity(BATCH))
}

/// Authenticated plaintext, in order. A fault comes after everything before it.
pub(super) struct Ahead {
    full: Receiver<Result<Batch, Error>>,
    empty: Sender<Batch>,
    batch: Batch,
    at: usize,
    before: u64,
    ended: bool,
}

/// Runs `work` on the plaintext of `opener`.
pub(super) fn open_ahead<R: Read + Send, T>(
    opener: Opener<R>,
    work: impl FnOnce(&mut Ahead) -> T,
) -> T {
    std::thread::scope(|scope| {
        let (to_work, full) = bounded(WAITING);
        // No more buffers come back than were handed over.
        let (empty, from_work) = unbounded();
        scope.spawn(move || open(opener, &to_work, &from_work));
        // When the work ends early its channels go away, and with them the thread.
        work(&mut Ahead {
            full,
            empty,
            batch: new_batch(),
            at: 0,
            before: 0,
            ended: false,
        })
    })
}

/// Sends batches until the end, the last one empty, or a fault.
fn open<R: Read>(
    mut opener: Opener<R>,
    full: &Sender<Result<Batch, Error>>,
    empty: &Receiver<Batch>,
) {
    loop {
        let mut batch = empty.try_recv().unwrap_or_else(|_| new_batch());
        batch.clear();
        let mut fault = None;
        while batch.len() < BATCH {
            match opener.fill() {
                Ok([]) => break,
                Ok(chunk) => {
                    batch.extend_from_slice(chunk);
                    let len = chunk.len();
                    opener.consume(len);
                }
                Err(error) => {
                    fault = Some(error.into());
                    break;
                }
            }
        }
        let last = batch.is_empty() || fault.is_some();
        if (fault.is_none() || !batch.is_empty()) && full.send(Ok(batch)).is_err() {
            return;
        }
        if let Some(fault) = fault {
            // The reader may be gone; then its chunk is of no use.
            let _ = full.send(Err(fault));
        }
        if last {
            return;
        }
    }
}

impl Ahead {
    /// Fills `out` whole; `false` if the plaintext ends before.
    pub(super) fn fill(&mut self, mut out: &mut [u8]) -> Result<bool, Error> {
        while !out.is_empty() {
            if self.at_end()? {
                return Ok(false);
            }
            let len = out.len().min(self.batch.len() - self.at);
            let (now, later) = out.split_at_mut(len);
            now.copy_from_slice(&self.batch[self.at..self.at + len]);
            self.at += len;
            out = later;
        }
        Ok(true)
    }

    /// Whether everything has been read and the end was authentic.
    pub(super) fn at_end(&mut self) -> Result<bool, Error> {
        if self.at == self.batch.len() && !self.ended {
            let next = self.full.recv().unwrap_or_else(|_| {
                Err(std::io::Error::other("the thread that opens the bundle is gone").into())
            })?;
            self.before += self.batch.len() as u64;
            let done = std::mem::replace(&mut self.batch, next);
            self.at = 0;
            self.ended = self.batch.is_empty();
            // When the thread has ended, the buffer is not used again.
            let _ = self.empty.send(done);
        }
        Ok(self.ended)
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> u64 {
        self.before + self.at as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::SystemRandomness;
    use crate::crypto::{Key, c256};

    #[test]
    fn batches_never_grow_and_end_with_an_empty_one() {
        let key = Key::from_bytes(&[7; Key::LEN]);
        let plaintext = vec![1; 2 * BATCH + 1];
        let sealed = c256::seal(&key, b"", &plaintext, &SystemRandomness).unwrap();
        let opener = Opener::new(&key, b"", &sealed[..]).unwrap();
        let (to_work, full) = bounded(WAITING);
        let (_empty, from_work) = unbounded();
        std::thread::scope(|scope| {
            scope.spawn(move || open(opener, &to_work, &from_work));
            let batches = full.iter().take(5).map(Result::unwrap);
            let sizes: Vec<_> = batches
                .map(|batch| (batch.len(), batch.capacity()))
                .collect();
            drop(full);
            assert_eq!(
                sizes,
                [(BATCH, BATCH), (BATCH, BATCH), (1, BATCH), (0, BATCH)]
            );
        });
    }
}
