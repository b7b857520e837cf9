//! Content that was changed at random under the right password: it is refused or read, and never more than that.

use super::samples::every_field;
use super::*;
use proptest::prelude::*;

/// The JSON and the secrets of a block with every field.
fn block() -> (String, Vec<u8>, u32) {
    let (mut json, mut arena) = (Vec::new(), encode::Arena::default());
    for record in every_field() {
        encode::record(&record, &mut json, &mut arena).unwrap();
    }
    let secrets = arena.bytes.to_vec();
    (String::from_utf8(json).unwrap(), secrets, arena.count)
}

fn raw(json: &[u8], secrets: Vec<u8>, secret_count: u32) -> RawBlock {
    RawBlock {
        number: 0,
        records: json.iter().filter(|byte| **byte == b'\n').count() as u32,
        json_len: json.len() as u32,
        secret_count,
        zstd: zstd::bulk::compress(json, 1).unwrap(),
        secrets,
    }
}

fn counts(manifest: &str) -> Vec<u8> {
    frame(MANIFEST, manifest.as_bytes())
}

const ONE_OF_EACH: &str = r#"{"blocks":1,"records":{"group":1,"user":1,"token":1,"card":1},"notTaken":{"roles":1},"selection":"","by":"Master1"}"#;

/// What a change does at a place: cut, put in, put over, double.
fn change(bytes: &mut Vec<u8>, at: prop::sample::Index, kind: u8, with: &[u8]) {
    let at = at.index(bytes.len());
    let end = (at + with.len()).min(bytes.len());
    match kind {
        0 => drop(bytes.drain(at..end)),
        1 => drop(bytes.splice(at..at, with.iter().copied())),
        2 => drop(bytes.splice(at..end, with.iter().copied())),
        _ => {
            let copy = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, copy));
        }
    }
}

/// Bytes that mean something in JSON, in frames and in lengths.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let meaning = prop::sample::select(&b"{}[]\",:\\0123456789-.eEu \n\0\x01\x02\x20\x80\xff"[..]);
    let words =
        prop::sample::select(&["null", "true", "{\"$secret\":0}", "\"type\":", "\\ud800"][..]);
    prop_oneof![
        prop::collection::vec(meaning, 1..4),
        prop::collection::vec(any::<u8>(), 1..9),
        words.prop_map(|word| word.as_bytes().to_vec()),
    ]
}

type Change = (prop::sample::Index, u8, Vec<u8>);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, bytes()), 1..4)
}

/// Refused as content, or read whole: then it is what it says, and reads the same again.
fn refused_or_sound(plaintext: &[u8]) -> Result<(), TestCaseError> {
    let bundle = seal(plaintext);
    match read(&bundle) {
        Err(Error::Content { .. }) => {}
        Err(other) => return Err(TestCaseError::fail(format!("another message: {other}"))),
        Ok(lines) => {
            let manifest = verify(&bundle).unwrap();
            prop_assert_eq!(lines.len() as u64, block::total(&manifest.records));
        }
    }
    Ok(())
}

#[test]
fn the_unchanged_content_is_read() {
    let (json, secrets, count) = block();
    let block = raw(json.as_bytes(), secrets, count).frame();
    assert_eq!(
        read(&seal(&[block, counts(ONE_OF_EACH)].concat()))
            .unwrap()
            .len(),
        4
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn changed_json_is_refused_or_sound(changes in changes()) {
        let (json, secrets, count) = block();
        let mut json = json.into_bytes();
        for (at, kind, with) in changes {
            change(&mut json, at, kind, &with);
        }
        let block = raw(&json, secrets, count).frame();
        refused_or_sound(&[block, counts(ONE_OF_EACH)].concat())?;
    }

    #[test]
    fn changed_frames_are_refused_or_sound(changes in changes()) {
        let (json, secrets, count) = block();
        let block = raw(json.as_bytes(), secrets, count).frame();
        let mut plaintext = [block, counts(ONE_OF_EACH)].concat();
        for (at, kind, with) in changes {
            change(&mut plaintext, at, kind, &with);
        }
        refused_or_sound(&plaintext)?;
    }

    #[test]
    fn any_header_is_refused_or_written_the_same(changes in changes()) {
        let mut four = headers::four_lines().into_bytes();
        for (at, kind, with) in changes {
            change(&mut four, at, kind, &with);
        }
        let text = headers::with_sum(&four, b"");
        if let Ok(header) = Header::read(&text[..]) {
            prop_assert!(text.starts_with(header.text().as_bytes()));
        }
    }
}
