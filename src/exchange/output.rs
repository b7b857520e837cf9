//! Files that are written: compressed where their name says so.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;

/// A file that is written, compressed as its name says.
pub enum Output {
    /// As it is.
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::Encoder<'static, BufWriter<File>>),
}

/// Writes into `file`, which will be called `name`.
pub fn create(file: File, name: &Path) -> io::Result<Output> {
    let out = BufWriter::with_capacity(1 << 16, file);
    Ok(
        match name.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Output::Gzip(GzEncoder::new(out, flate2::Compression::fast())),
            Some("zst") => Output::Zstd(zstd::Encoder::new(out, 1)?),
            _ => Output::Plain(out),
        },
    )
}

impl Output {
    /// Ends the compression and writes everything out.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out.finish()?,
            Self::Zstd(out) => out.finish()?,
        }
        .flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
            Self::Zstd(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
            Self::Zstd(out) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn what_is_written_is_read_back_whatever_the_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["plain.ndjson", "people.ndjson.gz", "people.ndjson.zst"] {
            let path = folder.path().join(name);
            let mut out = create(File::create(&path).unwrap(), &path).unwrap();
            out.write_all(b"one\ntwo\n").unwrap();
            out.finish().unwrap();
            let mut text = String::new();
            crate::exchange::input::open(&path)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "one\ntwo\n", "{name}");
        }
        let plain = std::fs::read(folder.path().join("people.ndjson.zst")).unwrap();
        assert_ne!(plain, b"one\ntwo\n");
    }
}
