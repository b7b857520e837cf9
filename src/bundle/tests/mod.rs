//! What the parts of the room do together: the round trip of any record, the vector, and everything that must be
//! refused.

mod arbitrary;
mod attacks;
mod blocks;
mod headers;
mod mutations;
mod parser;
mod round_trip;
mod samples;
mod schema;
mod vector;

use super::*;
use crate::ambient::{CancelToken, NoRandomness, Randomness, Silent};
use crate::crypto::kdf::Cost;
use crate::crypto::{BundlePassword, Key, c256};
use std::io::Cursor;
use std::sync::Mutex;

/// Randomness that gives these bytes, in this order.
struct Fixed(Mutex<Vec<u8>>);

impl Fixed {
    fn new(bytes: impl IntoIterator<Item = u8>) -> Self {
        Self(Mutex::new(bytes.into_iter().collect()))
    }
}

impl Randomness for Fixed {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        let mut bytes = self.0.lock().unwrap();
        if bytes.len() < out.len() {
            return Err(NoRandomness);
        }
        out.copy_from_slice(&bytes[..out.len()]);
        bytes.drain(..out.len());
        Ok(())
    }
}

/// A password, the key that it gives at the floor cost, and a header that fits: derived once for all tests.
struct Sample {
    password: BundlePassword,
    derived: Key,
    header: Header,
    file_key: Key,
}

fn sample() -> &'static Sample {
    static SAMPLE: std::sync::OnceLock<Sample> = std::sync::OnceLock::new();
    SAMPLE.get_or_init(|| {
        let rng = crate::ambient::SystemRandomness;
        let password = BundlePassword::generate(&rng).unwrap();
        let (header, file_key) = Header::create(&meta(), &password, &rng).unwrap();
        let derived = header.derive(&password).unwrap();
        Sample {
            password,
            derived,
            header,
            file_key,
        }
    })
}

fn meta() -> Meta {
    Meta {
        id: uuid::Uuid::from_u128(0x0001_0203_0405_4607_8809_0a0b_0c0d_0e0f),
        created: "2026-01-02T03:04:05Z".parse().unwrap(),
        audit: Anchor {
            seq: 7,
            hash: [0xab; 32],
        },
        cost: Cost::FLOOR,
    }
}

/// A bundle with this plaintext, sealed right.
fn seal(plaintext: &[u8]) -> Vec<u8> {
    let Sample {
        header, file_key, ..
    } = sample();
    let context = header.two_lines();
    let rng = crate::ambient::SystemRandomness;
    let payload = c256::seal(file_key, context.as_bytes(), plaintext, &rng).unwrap();
    [header.text().into_bytes(), payload].concat()
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32).to_be_bytes(), body].concat()
}

fn manifest(blocks: u32, tokens: u64) -> Vec<u8> {
    let json = format!(
        r#"{{"blocks":{blocks},"records":{{"group":0,"user":0,"token":{tokens},"card":0}},"notTaken":{{}},"selection":"export","by":"Master1"}}"#
    );
    frame(MANIFEST, json.as_bytes())
}

/// The body of a block; every field can be set apart from what it should be.
#[derive(Clone)]
struct RawBlock {
    number: u32,
    records: u32,
    json_len: u32,
    secret_count: u32,
    zstd: Vec<u8>,
    secrets: Vec<u8>,
}

impl RawBlock {
    fn new(json: &str, secrets: &[&[u8]]) -> Self {
        let arena = secrets
            .iter()
            .flat_map(|secret| [&(secret.len() as u32).to_be_bytes()[..], secret].concat())
            .collect();
        Self {
            number: 0,
            records: json.matches('\n').count() as u32,
            json_len: json.len() as u32,
            secret_count: secrets.len() as u32,
            zstd: zstd::bulk::compress(json.as_bytes(), 1).unwrap(),
            secrets: arena,
        }
    }

    fn frame(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for field in [
            self.number,
            self.records,
            self.json_len,
            self.zstd.len() as u32,
            self.secret_count,
        ] {
            body.extend_from_slice(&field.to_be_bytes());
        }
        body.extend_from_slice(&self.zstd);
        body.extend_from_slice(&self.secrets);
        frame(BLOCK, &body)
    }
}

const TOKEN: &str = "{\"type\":\"token\",\"group\":\"sales\",\"vendor\":\"HID\",\"serial\":\"1\",\"kind\":\"hardware\",\"algorithm\":\"totp\",\"seed\":{\"$secret\":0}}\n";

fn good_block() -> RawBlock {
    RawBlock::new(TOKEN, &[b"12345678901234567890"])
}

fn open(bundle: &[u8]) -> Result<Reader<Cursor<&[u8]>>, Error> {
    let header = Header::read(bundle)?;
    Reader::unlock(Cursor::new(bundle), header, &sample().derived)
}

/// The records' lines as they would be written again, after a full first pass.
fn read(bundle: &[u8]) -> Result<Vec<String>, Error> {
    let mut checked = open(bundle)?.check(&Silent, &CancelToken::default())?;
    let mut lines = Vec::new();
    checked.records(&Silent, &CancelToken::default(), |record| {
        let mut json = Vec::new();
        encode::record(&record, &mut json, &mut encode::Arena::default()).unwrap();
        lines.push(String::from_utf8(json).unwrap());
        Ok::<_, Error>(())
    })?;
    Ok(lines)
}

fn verify(bundle: &[u8]) -> Result<Manifest, Error> {
    open(bundle)?.verify(&Silent, &CancelToken::default())
}

/// Bundles whose header and seals are right and whose content lies, with their password: for the tests of programs that
/// read bundles. None may have any effect.
pub(crate) fn hostile() -> (String, Vec<(&'static str, Vec<u8>)>) {
    let shown = sample().password.display();
    let password = secrecy::ExposeSecret::expose_secret(&shown).to_owned();
    let mut huge = good_block();
    // A frame that says it expands to 10 GiB: magic number, a descriptor with an 8-byte content size, that size.
    huge.zstd = [
        &[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..],
        &(10u64 << 30).to_le_bytes(),
    ]
    .concat();
    let bundles = [
        ("a frame of 10 GiB", [huge.frame(), manifest(1, 1)].concat()),
        (
            "a manifest with another count of records",
            [good_block().frame(), manifest(1, 2)].concat(),
        ),
        (
            "a manifest with another count of blocks",
            [good_block().frame(), manifest(2, 1)].concat(),
        ),
        ("no manifest", good_block().frame()),
        (
            "something after the manifest",
            [good_block().frame(), manifest(1, 1), vec![0]].concat(),
        ),
    ];
    let sealed = bundles.map(|(what, plaintext)| (what, seal(&plaintext)));
    (password, sealed.into())
}
