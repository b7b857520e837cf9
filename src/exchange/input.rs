//! Opens a foreign file, decompressing it when its first bytes say that it is compressed.
//!
//! The content decides, not the name: exports get renamed, and a wrong suffix should be no error.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::encoding::Encoding;
use crate::files;

/// The file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{}: there is no such file", .0.display())]
    Missing(PathBuf),
    #[error("{}: permission denied", .0.display())]
    Forbidden(PathBuf),
    #[error("{}: it is a folder", .0.display())]
    Directory(PathBuf),
    /// Its text is in another encoding than UTF-8.
    #[error("{}: {}", .0.display(), .1.what())]
    Encoding(PathBuf, Encoding),
    #[error("{}: cannot be read: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl OpenError {
    /// What to do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Missing(_) => "check the path; a relative one starts at the current folder",
            Self::Forbidden(_) => "check the owner and the mode with ls -l",
            Self::Directory(_) => "name a file in it",
            Self::Encoding(_, encoding) => encoding.hint(),
            Self::Io { .. } => "check the file and the disk",
        };
        Some(hint.into())
    }
}

/// A foreign file, read as plain bytes.
pub struct Input {
    reader: Box<dyn Read + Send>,
    size: Option<u64>,
    consumed: Arc<AtomicU64>,
}

impl Input {
    /// Size of the file on disk, in bytes; `None` for what is not a plain file.
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes of the file on disk have been read, for progress; shared, so that another thread can read the file
    /// meanwhile.
    pub fn consumed(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.consumed)
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reader.read(out)
    }
}

/// Opens `path`; zstd and gzip are recognised by their first bytes, and so are encodings that are not read.
///
/// # Errors
/// [`OpenError`] when the file is missing, may not be read, is a directory, or begins in another encoding than UTF-8.
pub fn open(path: &Path) -> Result<Input, OpenError> {
    let explain = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => OpenError::Missing(path.to_owned()),
        io::ErrorKind::PermissionDenied => OpenError::Forbidden(path.to_owned()),
        io::ErrorKind::IsADirectory => OpenError::Directory(path.to_owned()),
        _ => OpenError::Io {
            path: path.to_owned(),
            source,
        },
    };
    let file = files::open_file(path).map_err(explain)?;
    let metadata = file.metadata().map_err(explain)?;
    let consumed = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        file,
        consumed: Arc::clone(&consumed),
    };
    let mut plain = decompressed(counted).map_err(explain)?;
    let head = head_of(&mut plain).map_err(explain)?;
    if let Some(encoding) = Encoding::of_head(&head) {
        return Err(OpenError::Encoding(path.to_owned(), encoding));
    }
    Ok(Input {
        reader: Box::new(io::Cursor::new(head).chain(plain)),
        size: metadata.is_file().then_some(metadata.len()),
        consumed,
    })
}

/// The plain bytes of `input`, whether it is compressed or not.
///
/// # Errors
/// What reading the first bytes or setting up the decompressor gives.
pub fn decompressed(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let head = head_of(&mut input)?;
    let kind = Compression::of(&head);
    let whole = io::Cursor::new(head).chain(input);
    Ok(match kind {
        Compression::None => Box::new(whole),
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(whole)?),
    })
}

/// The first four bytes, or all that there are.
fn head_of(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut head)?;
    Ok(head)
}

enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    const fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, ..] => Self::Gzip,
            // A frame, or a skippable frame before it (RFC 8878).
            [0x28, 0xB5, 0x2F, 0xFD] | [0x50..=0x5F, 0x2A, 0x4D, 0x18] => Self::Zstd,
            _ => Self::None,
        }
    }
}

struct Counted {
    file: File,
    consumed: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        self.consumed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn read_back(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decompressed(io::Cursor::new(bytes.to_vec()))?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn the_content_decides_how_a_file_is_read() {
        let plain = b"{\"type\":\"schema\",\"version\":1}\n".repeat(100);
        assert_eq!(read_back(&plain).unwrap(), plain);
        assert_eq!(read_back(b"ab").unwrap(), b"ab");
        assert_eq!(read_back(b"").unwrap(), b"");

        let zstd = zstd::encode_all(&plain[..], 1).unwrap();
        assert_eq!(read_back(&zstd).unwrap(), plain);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(read_back(&gzip).unwrap(), plain);
        // Two members one after the other are one file.
        assert_eq!(
            read_back(&[gzip.clone(), gzip].concat()).unwrap(),
            plain.repeat(2)
        );
    }

    #[test]
    fn a_cut_file_is_an_error() {
        let zstd = zstd::encode_all(&b"x".repeat(10_000)[..], 1).unwrap();
        assert!(read_back(&zstd[..zstd.len() - 1]).is_err());
    }

    #[test]
    fn what_cannot_be_opened_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.ndjson");
        let text = open(&missing).err().unwrap().to_string();
        assert!(
            text.contains("none.ndjson") && text.contains("no such file"),
            "{text}"
        );
        assert!(matches!(open(folder.path()), Err(OpenError::Directory(_))));
    }

    #[test]
    fn a_message_names_the_file_and_a_hint_says_what_to_do() {
        let path = PathBuf::from("a.ndjson");
        let errors = [
            OpenError::Missing(path.clone()),
            OpenError::Forbidden(path.clone()),
            OpenError::Directory(path.clone()),
            OpenError::Encoding(path.clone(), Encoding::Utf16Le),
            OpenError::Io {
                path,
                source: io::ErrorKind::NotSeekable.into(),
            },
        ];
        let said: Vec<String> = errors
            .iter()
            .map(|error| format!("{error}\n    {}", error.hint().unwrap_or_default()))
            .collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        a.ndjson: there is no such file
            check the path; a relative one starts at the current folder
        a.ndjson: permission denied
            check the owner and the mode with ls -l
        a.ndjson: it is a folder
            name a file in it
        a.ndjson: the text is UTF-16LE, not UTF-8
            convert it: iconv -f UTF-16LE -t UTF-8 OLD > NEW
        a.ndjson: cannot be read: seek on unseekable file
            check the file and the disk
        ");
    }

    #[test]
    fn another_encoding_is_named_compressed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("source.ndjson");
        let wide: Vec<u8> = "{\"type\""
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for bytes in [wide.clone(), zstd::encode_all(&wide[..], 1).unwrap()] {
            std::fs::write(&path, bytes).unwrap();
            let error = open(&path).err().unwrap();
            assert!(
                matches!(error, OpenError::Encoding(_, Encoding::Utf16Le)),
                "{error}"
            );
        }
        std::fs::write(&path, "é").unwrap();
        let mut text = String::new();
        open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "é");
    }

    #[test]
    fn progress_counts_the_bytes_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("source.zst");
        let packed = zstd::encode_all(&b"x".repeat(10_000)[..], 1).unwrap();
        std::fs::write(&path, &packed).unwrap();
        let mut input = open(&path).unwrap();
        let consumed = input.consumed();
        assert_eq!(input.size(), Some(packed.len() as u64));
        input.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(consumed.load(Ordering::Relaxed), packed.len() as u64);
    }
}
