//! What a zstd frame promises (RFC 8878 §3.1.1), read from its bytes before anything is decompressed.
//!
//! A bundle may come from an attacker who has its password: a frame that expands to terabytes, asks for
//! a huge window or a dictionary, or is followed by a second one must not reach the decompressor.

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Greatest window that is accepted, in bytes.
const MAX_WINDOW: u64 = 8 << 20;
/// Greatest block, in bytes.
const MAX_BLOCK: usize = 128 << 10;

/// Checks that `frame` is exactly one frame without dictionary, with a window of at most 8 MiB and a content of
/// `content` bytes as it says itself.
pub(super) fn check(frame: &[u8], content: u64) -> Result<(), &'static str> {
    let mut rest = Bytes(frame);
    if rest.take(4)? != MAGIC {
        return Err("not one zstd frame");
    }
    let descriptor = rest.byte()?;
    let single_segment = descriptor & 0x20 != 0;
    if descriptor & 0x08 != 0 {
        return Err("a zstd frame of an unknown kind");
    }
    if descriptor & 0x03 != 0 {
        return Err("a zstd frame that needs a dictionary");
    }
    let window = if single_segment {
        0
    } else {
        let byte = rest.byte()?;
        let base = 1u64 << (10 + (byte >> 3));
        base + base / 8 * u64::from(byte & 7)
    };
    let stated = match (descriptor >> 6, single_segment) {
        (0, false) => return Err("a zstd frame without content size"),
        (0, true) => rest.number(1)?,
        (1, _) => rest.number(2)? + 256,
        (2, _) => rest.number(4)?,
        _ => rest.number(8)?,
    };
    if window.max(if single_segment { stated } else { 0 }) > MAX_WINDOW {
        return Err("a zstd frame with a window above 8 MiB");
    }
    if stated != content {
        return Err("a zstd frame whose content size is not the block's");
    }
    loop {
        let header = rest.number(3)?;
        let size = (header >> 3) as usize;
        let stored = match header >> 1 & 3 {
            0 | 2 => size,
            1 => 1,
            _ => return Err("a zstd frame with a block of an unknown kind"),
        };
        if size > MAX_BLOCK {
            return Err("a zstd frame with a block above 128 KiB");
        }
        rest.take(stored)?;
        if header & 1 == 1 {
            break;
        }
    }
    if descriptor & 0x04 != 0 {
        rest.take(4)?;
    }
    if rest.0.is_empty() {
        Ok(())
    } else {
        Err("more than one zstd frame")
    }
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or("a zstd frame that is cut")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        Ok(self.take(1)?[0])
    }

    /// A little-endian number of `len` bytes, at most 8.
    fn number(&mut self, len: usize) -> Result<u64, &'static str> {
        let mut bytes = [0; 8];
        bytes[..len].copy_from_slice(self.take(len)?);
        Ok(u64::from_le_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of one raw block with these header fields.
    fn frame(descriptor: u8, fields: &[u8], last: u32, kind: u32, body: &[u8]) -> Vec<u8> {
        let header = (last | kind << 1 | (body.len() as u32) << 3).to_le_bytes();
        [&MAGIC[..], &[descriptor], fields, &header[..3], body].concat()
    }

    #[test]
    fn what_the_library_writes_is_accepted() {
        for len in [1, 200, 256, 300, 65_535, 65_791, 65_792, 1 << 20, 5 << 20] {
            let text: Vec<u8> = (0..len).map(|i: usize| ((i * i) >> 5) as u8).collect();
            let frame = zstd::bulk::compress(&text, 1).unwrap();
            assert_eq!(check(&frame, len as u64), Ok(()), "{len}");
            assert_eq!(
                check(&frame, len as u64 + 1),
                Err("a zstd frame whose content size is not the block's")
            );
            for cut in [0, 3, 4, 5, 8, frame.len() / 2, frame.len() - 1] {
                assert!(check(&frame[..cut], len as u64).is_err());
            }
        }
    }

    #[test]
    fn what_no_bundle_holds_is_refused() {
        let good = frame(0x20, &[5], 1, 0, b"hello");
        assert_eq!(check(&good, 5), Ok(()));
        let twice = [&good[..], &good].concat();
        assert_eq!(check(&twice, 5), Err("more than one zstd frame"));
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], &good[..]].concat();
        assert_eq!(check(&skippable, 5), Err("not one zstd frame"));
        for (bad, why) in [
            (
                frame(0x21, &[0, 5], 1, 0, b"hello"),
                "a zstd frame that needs a dictionary",
            ),
            (
                frame(0x28, &[5], 1, 0, b"hello"),
                "a zstd frame of an unknown kind",
            ),
            (
                frame(0x00, &[0], 1, 0, b"hello"),
                "a zstd frame without content size",
            ),
            (
                frame(0x20, &[5], 1, 3, b"hello"),
                "a zstd frame with a block of an unknown kind",
            ),
            (
                frame(0x20, &[5], 0, 0, b"hello"),
                "a zstd frame that is cut",
            ),
            (
                frame(0x24, &[5], 1, 0, b"hello"),
                "a zstd frame that is cut",
            ),
            // Exponent 13, mantissa 1: 9 MiB.
            (
                frame(0x80, &[13 << 3 | 1, 5, 0, 0, 0], 1, 0, b"hello"),
                "a zstd frame with a window above 8 MiB",
            ),
        ] {
            assert_eq!(check(&bad, 5), Err(why));
        }
        // Exponent 13, mantissa 0: 8 MiB.
        assert_eq!(
            check(&frame(0x80, &[13 << 3, 5, 0, 0, 0], 1, 0, b"hello"), 5),
            Ok(())
        );
        let ten_gib = 10u64 << 30;
        let bomb = frame(0xe0, &ten_gib.to_le_bytes(), 1, 1, b"a");
        assert_eq!(
            check(&bomb, ten_gib),
            Err("a zstd frame with a window above 8 MiB")
        );
    }
    #[test]
    fn the_greatest_block_and_the_greatest_content_are_accepted_and_no_greater_one() {
        let block = |len: usize| frame(0x20, &[5], 1, 0, &vec![0; len]);
        assert_eq!(check(&block(128 << 10), 5), Ok(()));
        assert_eq!(
            check(&block((128 << 10) + 1), 5),
            Err("a zstd frame with a block above 128 KiB")
        );
        let content = |len: u32| check(&frame(0xa0, &len.to_le_bytes(), 1, 0, b"a"), len.into());
        assert_eq!(content(8 << 20), Ok(()));
        assert_eq!(
            content((8 << 20) + 1),
            Err("a zstd frame with a window above 8 MiB")
        );
    }
}
