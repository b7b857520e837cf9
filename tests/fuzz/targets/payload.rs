//! Any content of a bundle that was sealed with its key is read whole or refused, and is never more than it says.
//!
//! An input that begins with an even byte is the content as it stands. One that begins with an odd byte is the lines of
//! one block, a NUL, and the block's secrets: compression and lengths, which no fuzzer finds out, are made to fit.
#![no_main]

use std::io::Cursor;
use std::sync::LazyLock;

use igsh::ambient::{CancelToken, NoRandomness, Randomness, Silent};
use igsh::bundle::{Account, Anchor, Header, Meta, Reader, Writer};
use igsh::crypto::kdf::Cost;
use igsh::crypto::{BundlePassword, Key, c256};

/// With it the file key is known, and every bundle of these tests has the same header.
struct Sevens;

impl Randomness for Sevens {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        out.fill(7);
        Ok(())
    }
}

static HEADER: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let meta = Meta {
        id: "00010203-0405-4607-8809-0a0b0c0d0e0f".parse().expect("an id"),
        created: "2026-01-02T03:04:05Z".parse().expect("a time"),
        audit: Anchor {
            seq: 7,
            hash: [0xab; 32],
        },
        cost: Cost::FLOOR,
    };
    let password = BundlePassword::generate(&Sevens).expect("a password");
    let writer = Writer::new(Vec::new(), &meta, &password, &Sevens).expect("a writer");
    let account = Account {
        not_taken: &[],
        selection: "export",
        by: "Master1",
    };
    let (mut bundle, _) = writer.finish(account).expect("memory takes all");
    let len = Header::read(&bundle[..]).expect("a header").len();
    bundle.truncate(len);
    bundle
});

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &(body.len() as u32).to_be_bytes(), body].concat()
}

/// A block and its manifest, whose numbers are right.
fn content(json: &[u8], secrets: &[u8]) -> Vec<u8> {
    let (mut count, mut rest) = (0u32, secrets);
    while let Some((len, behind)) = rest.split_first_chunk::<4>() {
        count += 1;
        rest = behind.get(u32::from_be_bytes(*len) as usize..).unwrap_or_default();
    }
    let zstd = zstd::bulk::compress(json, 1).expect("memory takes all");
    let lines = json.iter().filter(|byte| **byte == b'\n').count();
    let mut block = Vec::new();
    for number in [0, lines as u32, json.len() as u32, zstd.len() as u32, count] {
        block.extend_from_slice(&number.to_be_bytes());
    }
    block.extend_from_slice(&zstd);
    block.extend_from_slice(secrets);
    let of = |kind: &str| {
        let head = format!("{{\"type\":\"{kind}\"");
        let lines = json.split(|byte| *byte == b'\n');
        lines.filter(|line| line.starts_with(head.as_bytes())).count()
    };
    let manifest = format!(
        r#"{{"blocks":1,"records":{{"group":{},"user":{},"token":{},"card":{}}},"notTaken":{{}},"selection":"export","by":"Master1"}}"#,
        of("group"),
        of("user"),
        of("token"),
        of("card"),
    );
    [frame(1, &block), frame(2, manifest.as_bytes())].concat()
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let plaintext = match bytes.split_first() {
        Some((first, rest)) if first % 2 == 1 => {
            let end = rest.iter().position(|byte| *byte == 0);
            let (json, secrets) = rest.split_at(end.unwrap_or(rest.len()));
            content(json, secrets.get(1..).unwrap_or_default())
        }
        Some((_, rest)) => rest.to_vec(),
        None => return,
    };
    let key = || Key::from_bytes(&[7; Key::LEN]);
    let two_lines: Vec<u8> = HEADER.split_inclusive(|byte| *byte == b'\n').take(2).flatten().copied().collect();
    let payload = c256::seal(&key(), &two_lines, &plaintext, &Sevens).expect("memory takes all");
    let bundle = [&HEADER[..], &payload].concat();
    let open = || Reader::with_file_key(Cursor::new(&bundle), key()).expect("the header is right");
    let cancel = CancelToken::default();
    let verified = open().verify(&Silent, &cancel);
    let Ok(mut checked) = open().check(&Silent, &cancel) else {
        return;
    };
    let manifest = verified.expect("what is read whole can be verified");
    assert_eq!(&manifest, checked.manifest());
    let mut records = 0;
    checked
        .records(&Silent, &cancel, |_| {
            records += 1;
            Ok::<_, igsh::bundle::Error>(())
        })
        .expect("what was checked can be read");
    let counts = manifest.records;
    assert_eq!(records, counts.group + counts.user + counts.token + counts.card);
});
