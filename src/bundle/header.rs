//! The five plain lines at the head of a bundle (igsh-bundle(5), LAYOUT).
//!
//! They are parsed by reading the values and writing the lines again: what does not come out byte for byte the same is
//! refused, so no two headers mean the same and there is no leniency to test.

use super::Error;
use crate::ambient::Randomness;
use crate::crypto::kdf::{self, Cost};
use crate::crypto::{BundlePassword, Key, c256, hex, sha256};
use crate::model::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::Read;
use uuid::Uuid;

const MAGIC: &str = "igsh-bundle/";
const MAX: usize = 1024;
const WRAPPED: usize = c256::sealed_len(Key::LEN);

/// An entry of the audit chain: a bundle kept elsewhere shows by it that a chain was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Sequence number.
    pub seq: u64,
    /// The chain's hash at it.
    pub hash: [u8; 32],
}

/// The description of a bundle, readable before it is opened. Not secret, and authenticated only once it has been
/// opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Random id of the bundle, a version-4 UUID.
    pub id: Uuid,
    /// When it was written, to the second.
    pub created: Timestamp,
    /// The audit entry of the export.
    pub audit: Anchor,
    /// What deriving the key from the password costs.
    pub cost: Cost,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub meta: Meta,
    /// Version of the igsh that wrote it.
    pub tool: String,
    salt: [u8; 16],
    wrapped: [u8; WRAPPED],
}

impl Header {
    /// A new header, and the file key that is wrapped in it.
    pub(super) fn create(
        meta: &Meta,
        password: &BundlePassword,
        rng: &dyn Randomness,
    ) -> Result<(Self, Key), Error> {
        let mut header = Self {
            meta: meta.clone(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            salt: [0; 16],
            wrapped: [0; WRAPPED],
        };
        rng.fill(&mut header.salt)?;
        let derived = header.derive(password)?;
        let file_key = Key::random(rng)?;
        let context = header.three_lines();
        let wrapped = c256::seal(&derived, context.as_bytes(), file_key.as_bytes(), rng)?;
        header.wrapped.copy_from_slice(&wrapped);
        Ok((header, file_key))
    }

    /// Reads and checks the header; takes up to 1024 bytes of `input`, of which [`Header::len`] are the header.
    pub fn read(input: impl Read) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(MAX);
        input.take(MAX as u64).read_to_end(&mut bytes)?;
        Self::parse(&bytes)
    }

    /// Length in bytes; the payload begins there.
    #[expect(clippy::len_without_is_empty, reason = "a header is never empty")]
    pub fn len(&self) -> usize {
        self.text().len()
    }

    /// The key that the password gives, whether right or wrong.
    pub(super) fn derive(&self, password: &BundlePassword) -> Result<Key, Error> {
        Ok(kdf::derive(
            password.kdf_input(),
            &self.salt,
            self.meta.cost,
        )?)
    }

    /// The file key, if `derived` came from the right password and the first three lines are unchanged.
    pub(super) fn unwrap(&self, derived: &Key) -> Result<Key, Error> {
        let context = self.three_lines();
        let key = c256::open(derived, context.as_bytes(), &self.wrapped)
            .map_err(|_| Error::WrongPassword)?;
        Key::from_slice(&key).ok_or(Error::WrongPassword)
    }

    /// The first two lines: the context of the payload.
    pub(super) fn two_lines(&self) -> String {
        let Meta {
            id, created, audit, ..
        } = &self.meta;
        format!(
            "{MAGIC}1\nmeta id={id} created={} tool=igsh/{} schema=1 audit={}:{}\n",
            created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            self.tool,
            audit.seq,
            hex(&audit.hash),
        )
    }

    /// The first three lines: the context of the wrapped file key.
    fn three_lines(&self) -> String {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.meta.cost;
        format!(
            "{}-> argon2id v=19 m={memory_kib} t={passes} p={lanes} salt={}\n",
            self.two_lines(),
            BASE64.encode(self.salt)
        )
    }

    /// All five lines.
    pub(super) fn text(&self) -> String {
        let four = format!("{}{}\n", self.three_lines(), BASE64.encode(self.wrapped));
        let sum = BASE64.encode(sha256(four.as_bytes()));
        format!("{four}--- {sum}\n")
    }

    fn parse(bytes: &[u8]) -> Result<Self, Error> {
        check_version(bytes)?;
        let mut lines = bytes.splitn(6, |byte| *byte == b'\n');
        let mut line = || lines.next().ok_or(Error::HeaderDamaged);
        let [first, meta, kdf, wrapped, sum] = [line()?, line()?, line()?, line()?, line()?];
        // With the sixth part there is a line feed after the fifth.
        line()?;
        let four = &bytes[..first.len() + meta.len() + kdf.len() + wrapped.len() + 4];
        let expected = format!("--- {}", BASE64.encode(sha256(four)));
        if sum != expected.as_bytes() {
            return Err(Error::HeaderDamaged);
        }
        let (id, created, tool, audit) =
            text(meta).and_then(parse_meta).ok_or_else(|| syntax(2))??;
        let (cost, salt) = text(kdf).and_then(parse_kdf).ok_or_else(|| syntax(3))?;
        cost.check(&kdf::BUNDLE)?;
        let header = Self {
            meta: Meta {
                id,
                created,
                audit,
                cost,
            },
            tool,
            salt,
            wrapped: base64(wrapped).ok_or_else(|| syntax(4))?,
        };
        if !bytes.starts_with(header.two_lines().as_bytes()) {
            return Err(syntax(2));
        }
        if !bytes.starts_with(header.three_lines().as_bytes()) {
            return Err(syntax(3));
        }
        if !bytes.starts_with(header.text().as_bytes()) {
            return Err(syntax(4));
        }
        Ok(header)
    }
}

fn check_version(bytes: &[u8]) -> Result<(), Error> {
    let rest = bytes
        .strip_prefix(MAGIC.as_bytes())
        .ok_or(Error::NotABundle)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit());
    match end.map(|end| rest.split_at(end)) {
        Some((b"1", [b'\n', ..])) => Ok(()),
        Some((version @ [b'1'..=b'9', ..], [b'\n', ..])) if version.len() < 10 => {
            Err(Error::Newer {
                version: String::from_utf8_lossy(version).into_owned(),
            })
        }
        _ => Err(Error::NotABundle),
    }
}

fn syntax(line: u8) -> Error {
    Error::Header {
        line,
        what: "it does not have the form of the bundle format".into(),
    }
}

fn text(line: &[u8]) -> Option<&str> {
    std::str::from_utf8(line).ok()
}

type MetaLine = (Uuid, Timestamp, String, Anchor);

/// Outer `None`: not of the form; inner error: of a later schema.
fn parse_meta(line: &str) -> Option<Result<MetaLine, Error>> {
    let mut parts = line.strip_prefix("meta ")?.split(' ');
    let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
    let id = Uuid::try_parse(part("id")?).ok()?;
    let created = part("created")?.parse().ok()?;
    let tool = part("tool")?.strip_prefix("igsh/")?;
    let schema = part("schema")?;
    let (seq, hash) = part("audit")?.split_once(':')?;
    let tool_fits = (1..=32).contains(&tool.len())
        && tool
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
    let v4 = id.get_version_num() == 4 && id.get_variant() == uuid::Variant::RFC4122;
    if !tool_fits || !v4 {
        return None;
    }
    if schema != "1" {
        schema.parse::<u32>().ok()?;
        return Some(Err(Error::Newer {
            version: format!("1, schema {schema}"),
        }));
    }
    let audit = Anchor {
        seq: seq.parse().ok()?,
        hash: unhex(hash)?,
    };
    Some(Ok((id, created, tool.to_owned(), audit)))
}

fn parse_kdf(line: &str) -> Option<(Cost, [u8; 16])> {
    let mut parts = line.strip_prefix("-> argon2id v=19 ")?.split(' ');
    let mut part = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
    let cost = Cost {
        memory_kib: part("m")?.parse().ok()?,
        passes: part("t")?.parse().ok()?,
        lanes: part("p")?.parse().ok()?,
    };
    Some((cost, base64(part("salt")?.as_bytes())?))
}

fn base64<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
