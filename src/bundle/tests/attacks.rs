//! Everything in a payload that must be refused, and with which message (igsh-bundle(5), PLAINTEXT).

use super::*;

pub(super) fn good() -> Vec<u8> {
    seal(&[good_block().frame(), manifest(1, 1)].concat())
}

pub(super) fn header_len() -> usize {
    sample().header.len()
}

/// Where the content itself is refused; panics if the bundle is accepted or refused for another reason.
fn content(bundle: &[u8]) -> (Place, String) {
    match read(bundle) {
        Err(Error::Content { place, what }) => (place, what),
        Err(other) => panic!("another message: {other}"),
        Ok(_) => panic!("accepted"),
    }
}

/// Both passes refuse the plaintext, at this place and for this reason.
fn refuse(plaintext: &[&[u8]], place: Place, reason: &str) {
    let bundle = seal(&plaintext.concat());
    let (found, what) = content(&bundle);
    assert!(found == place && what.contains(reason), "{found}: {what}");
    match verify(&bundle) {
        Err(Error::Content { place: found, what }) => {
            assert!(found == place && what.contains(reason), "{found}: {what}");
        }
        _ => panic!("the pass without records accepts it"),
    }
}

#[test]
fn the_sample_is_accepted() {
    assert_eq!(read(&good()).unwrap(), [TOKEN]);
    assert_eq!(verify(&good()).unwrap().blocks, 1);
}

#[test]
fn every_changed_bit_is_refused() {
    let good = good();
    for bit in 0..good.len() * 8 {
        let mut bundle = good.clone();
        bundle[bit / 8] ^= 1 << (bit % 8);
        match (bit / 8, read(&bundle)) {
            (0..14, Err(Error::NotABundle | Error::Newer { .. })) => {}
            (byte, Err(Error::HeaderDamaged)) if (14..header_len()).contains(&byte) => {}
            (byte, Err(Error::Damaged { chunk: 0 })) if byte >= header_len() => {}
            (_, result) => panic!("bit {bit}: {result:?}"),
        }
    }
}

#[test]
fn every_cut_is_refused() {
    let good = good();
    for len in 0..good.len() {
        match read(&good[..len]) {
            Err(Error::NotABundle) if len < 14 => {}
            Err(Error::HeaderDamaged) if (14..header_len()).contains(&len) => {}
            Err(Error::Damaged { chunk: 0 }) if len >= header_len() => {}
            result => panic!("length {len}: {result:?}"),
        }
    }
    let longer = [&good[..], b"\0"].concat();
    assert!(matches!(read(&longer), Err(Error::Damaged { chunk: 0 })));
}

#[test]
fn chunks_that_are_dropped_doubled_or_swapped_are_named() {
    let long = [7; 3 * c256::CHUNK];
    let plaintext = [RawBlock::new(TOKEN, &[&long]).frame(), manifest(1, 1)].concat();
    let bundle = seal(&plaintext);
    assert_eq!(read(&bundle).unwrap().len(), 1);
    let (head, payload) = bundle.split_at(header_len() + c256::HEADER);
    let chunks: Vec<&[u8]> = payload.chunks(c256::CHUNK + c256::TAG).collect();
    assert_eq!(chunks.len(), 4);
    for (order, bad) in [
        (&[1, 2, 3][..], 0),
        (&[0, 2, 3], 1),
        (&[0, 1, 3], 2),
        (&[0, 1, 2], 3),
        (&[0, 1], 2),
        (&[], 0),
        (&[0, 0, 1, 2, 3], 1),
        (&[0, 1, 2, 2, 3], 3),
        (&[0, 1, 2, 3, 3], 3),
        (&[1, 0, 2, 3], 0),
        (&[0, 2, 1, 3], 1),
        (&[3], 0),
    ] {
        let mut changed = head.to_vec();
        order
            .iter()
            .for_each(|index: &usize| changed.extend_from_slice(chunks[*index]));
        for result in [read(&changed).map(drop), verify(&changed).map(drop)] {
            match result {
                Err(Error::Damaged { chunk }) if chunk == bad => {}
                result => panic!("{order:?}: {result:?}"),
            }
        }
    }
}

#[test]
fn a_header_opens_its_own_payload_only() {
    let rng = crate::ambient::SystemRandomness;
    let Sample { password, .. } = sample();
    let (other, other_key) = Header::create(&meta(), password, &rng).unwrap();
    let plaintext = [good_block().frame(), manifest(1, 1)].concat();
    let payload = c256::seal(&other_key, other.two_lines().as_bytes(), &plaintext, &rng).unwrap();
    let mixed = [sample().header.text().as_bytes(), &payload].concat();
    assert!(matches!(read(&mixed), Err(Error::Damaged { chunk: 0 })));
    // The same file key, but another first two lines.
    let Sample { file_key, .. } = sample();
    let payload = c256::seal(file_key, b"igsh-bundle/1\nmeta\n", &plaintext, &rng).unwrap();
    let mixed = [sample().header.text().as_bytes(), &payload].concat();
    assert!(matches!(read(&mixed), Err(Error::Damaged { chunk: 0 })));
}

#[test]
fn frames_that_do_not_follow_the_format_are_refused() {
    let block = good_block().frame();
    let end = manifest(1, 1);
    let manifest_of = |json: &str| frame(MANIFEST, json.as_bytes());
    refuse(&[], Place::Frame(0), "before its manifest");
    refuse(&[&block], Place::Frame(1), "before its manifest");
    refuse(&[&block, &end[..4]], Place::Frame(1), "before its manifest");
    refuse(
        &[&block, &end[..end.len() - 1]],
        Place::Frame(1),
        "before its manifest",
    );
    refuse(&[&block, &end, b"\0"], Place::Manifest, "something after");
    refuse(&[&block, &end, &end], Place::Manifest, "something after");
    refuse(&[&end, &block], Place::Manifest, "something after");
    refuse(&[&frame(0, b""), &end], Place::Frame(0), "neither");
    refuse(&[&frame(3, b""), &end], Place::Frame(0), "neither");
    refuse(&[&[BLOCK, 1, 0, 0, 1]], Place::Frame(0), "16 MiB");
    refuse(
        &[&[MANIFEST, 0xff, 0xff, 0xff, 0xff]],
        Place::Frame(0),
        "16 MiB",
    );
    refuse(&[&block, &manifest(0, 1)], Place::Manifest, "count");
    refuse(&[&block, &manifest(2, 1)], Place::Manifest, "count");
    refuse(&[&block, &manifest(1, 0)], Place::Manifest, "count");
    refuse(&[&block, &manifest(1, 2)], Place::Manifest, "count");
    refuse(&[&manifest(0, 1)], Place::Manifest, "count");
    refuse(
        &[&block, &manifest_of("")],
        Place::Manifest,
        "'{' is expected",
    );
    refuse(&[&block, &manifest_of("{}")], Place::Manifest, "is missing");
    refuse(
        &[&block, &frame(MANIFEST, b"\xff")],
        Place::Manifest,
        "UTF-8",
    );
    refuse(
        &[&block, &frame(MANIFEST, &vec![b' '; (1 << 20) + 1])],
        Place::Manifest,
        "1 MiB",
    );
    let text = String::from_utf8(end[5..].to_vec()).unwrap();
    for (from, to, reason) in [
        (r#""blocks":1"#, r#""blocks":1,"blocks":1"#, "twice"),
        (r#""token":1"#, r#""token":1,"token":1"#, "twice"),
        (
            r#""notTaken":{}"#,
            r#""notTaken":{"qa.limit":1,"qa.limit":1}"#,
            "twice",
        ),
        (
            r#""notTaken":{}"#,
            r#""notTaken":{"no.reason":1}"#,
            "no reason",
        ),
        (
            r#""notTaken":{}"#,
            r#""notTaken":{"qa.limit":1.0}"#,
            "integer",
        ),
        (r#""by""#, r#""more":1,"by""#, "no 'more'"),
        (r#""token":1"#, r#""tokens":1"#, "no kind"),
        (r#""by":"Master1""#, r#""by":null"#, "expected"),
        (r#"}"#, r#"}}"#, "something after"),
    ] {
        refuse(
            &[&block, &manifest_of(&text.replacen(from, to, 1))],
            Place::Manifest,
            reason,
        );
    }
    refuse(
        &[&block, &manifest_of(&format!("{text}x"))],
        Place::Manifest,
        "something after",
    );
    // Of another kind than the manifest says: only parsing shows it.
    let users = text.replacen(r#""user":0,"token":1"#, r#""user":1,"token":0"#, 1);
    let bundle = seal(&[&block[..], &manifest_of(&users)].concat());
    assert_eq!(content(&bundle).0, Place::Manifest);
    assert!(verify(&bundle).is_ok());
}

#[test]
fn a_manifest_may_leave_out_a_count_of_nothing() {
    let text = String::from_utf8(manifest(1, 1)[5..].to_vec()).unwrap();
    let short = text.replacen(r#""group":0,"user":0,"#, "", 1);
    let bundle = seal(&[good_block().frame(), frame(MANIFEST, short.as_bytes())].concat());
    assert_eq!(read(&bundle).unwrap(), [TOKEN]);
}

#[test]
fn blocks_that_do_not_follow_the_format_are_refused() {
    let end = manifest(1, 1);
    let good = good_block();
    let changed = |change: &dyn Fn(&mut RawBlock), reason: &str| {
        let mut block = good.clone();
        change(&mut block);
        refuse(&[&block.frame(), &end], Place::Block(0), reason);
    };
    changed(&|block| block.number = 1, "another number");
    changed(&|block| block.records = 0, "no records");
    changed(&|block| block.records = 2, "lines");
    changed(&|block| block.json_len += 1, "content size");
    changed(&|block| block.json_len = (8 << 20) + 1, "8 MiB");
    changed(&|block| block.secret_count = 0, "secrets");
    changed(&|block| block.secret_count = 2, "secrets");
    changed(&|block| block.secrets.push(0), "secrets");
    changed(&|block| block.secrets.truncate(23), "secrets");
    changed(&|block| block.secrets[0] = 0xff, "secrets");
    changed(
        &|block| block.zstd = [&block.zstd[..], &block.zstd].concat(),
        "more than one",
    );
    changed(
        &|block| block.zstd = [&[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0], &block.zstd[..]].concat(),
        "not one zstd frame",
    );
    changed(
        &|block| {
            block
                .zstd
                .extend_from_slice(&[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])
        },
        "more than one",
    );
    changed(&|block| block.zstd.truncate(20), "cut");
    refuse(&[&frame(BLOCK, &[0; 19]), &end], Place::Block(0), "cut");
    let mut beyond = good.frame();
    beyond[5 + 12] = 0xff;
    refuse(&[&beyond, &end], Place::Block(0), "cut");
    refuse(
        &[&good.frame(), &good.frame(), &manifest(2, 2)],
        Place::Block(1),
        "another number",
    );
    // One line without its line feed: the count is right only if the end is not looked at.
    let unended = format!("\n{}", TOKEN.trim_end());
    refuse(
        &[&RawBlock::new(&unended, &[b"s"]).frame(), &end],
        Place::Block(0),
        "lines",
    );
}

/// A zstd frame of one run-length block: `len` is what it expands to, `stated` what it says.
fn run_length(stated: u64, len: u32) -> Vec<u8> {
    let block = (1 | 1 << 1 | len << 3).to_le_bytes();
    [
        &[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..],
        &stated.to_le_bytes(),
        &block[..3],
        b"\n",
    ]
    .concat()
}

#[test]
fn a_frame_that_would_expand_is_refused_before_it_does() {
    let end = manifest(1, 1);
    let mut bomb = good_block();
    for (stated, json_len, reason) in [
        (10 << 30, bomb.json_len, "8 MiB"),
        (10 << 30, 0, "8 MiB"),
        (u64::MAX, 1 << 20, "8 MiB"),
        (u64::from(bomb.json_len), 7, "content size"),
        // It says 7 and would give 100,000.
        (7, 7, "does not decompress"),
        // It says a million and gives 100,000.
        (1_000_000, 1_000_000, "does not decompress"),
    ] {
        bomb.zstd = run_length(stated, 100_000);
        bomb.json_len = json_len;
        refuse(&[&bomb.frame(), &end], Place::Block(0), reason);
    }
}

/// The records of one block are refused, with this reason; a block's frames and counts are right.
fn refuse_json(json: &str, secrets: &[&[u8]], reason: &str) {
    let tokens = json.matches('\n').count() as u64;
    let bundle = seal(&[RawBlock::new(json, secrets).frame(), manifest(1, tokens)].concat());
    assert!(verify(&bundle).is_ok());
    let (place, what) = content(&bundle);
    assert!(what.contains(reason), "{place}: {what}");
}

#[test]
fn records_that_do_not_follow_the_format_are_refused() {
    let one: &[&[u8]] = &[b"seed"];
    for (from, to, reason) in [
        (
            "\"vendor\":\"HID\"",
            "\"vendor\":\"HID\",\"vendor\":\"HID\"",
            "twice",
        ),
        ("\"vendor\"", "\"v\\u0065ndor\":\"A\",\"vendor\"", "twice"),
        ("\"group\":\"sales\",", "", "'group' is missing"),
        ("\"vendor\":\"HID\",", "", "'vendor' is missing"),
        ("\"vendor\"", "\"more\":1,\"vendor\"", "no 'more'"),
        ("\"HID\"", "null", "expected"),
        ("\"HID\"", "\"H\\ud800ID\"", "escape"),
        ("\"HID\"", "\"H\tID\"", "control"),
        ("totp", "motp", "'motp' is not a token algorithm"),
        ("\"vendor\"", "\"digits\":6.0,\"vendor\"", "integer"),
        ("\"vendor\"", "\"digits\":-6,\"vendor\"", "range"),
        (
            "\"vendor\"",
            "\"counter\":9007199254740992,\"vendor\"",
            "integer",
        ),
        ("\"vendor\"", "\"expires\":\"tomorrow\",\"vendor\"", ""),
        (
            "{\"type\":\"token\",",
            "{\"group\":\"a\",",
            "begins with its \"type\"",
        ),
        (
            "\"type\":\"token\"",
            "\"type\":\"tokens\"",
            "group, user, token or card",
        ),
        ("\n", "x\n", "after the record"),
        ("\n", "{}\n", "after the record"),
        ("\n", "\n\n", "expected"),
        ("{\"$secret\":0}", "{\"$secret\":1}", "in order"),
        ("{\"$secret\":0}", "{\"$secret\":0,\"$secret\":0}", "twice"),
        ("{\"$secret\":0}", "\"c2VlZA==\"", "expected"),
        (
            "{\"$secret\":0}",
            "{\"$secret\":0},\"unlock\":{\"$secret\":0}",
            "in order",
        ),
        (
            "{\"$secret\":0}",
            "{\"$secret\":0},\"unlock\":{\"$secret\":1}",
            "in order",
        ),
    ] {
        let json = TOKEN.replacen(from, to, 1);
        assert_ne!(json, TOKEN);
        refuse_json(&json, one, reason);
    }
    refuse_json(TOKEN, &[b"seed", b"more"], "no record names");
    refuse_json(TOKEN, &[], "in order");
    let unused = TOKEN
        .replace("\"token\"", "\"group\"")
        .replace(",\"seed\":{\"$secret\":0}", "");
    refuse_json(&unused, &[], "no 'group' here");
    let twice = [TOKEN, TOKEN].concat();
    refuse_json(&twice, &[b"a", b"b"], "in order");
}

#[test]
fn secrets_keep_to_their_kind() {
    let user = |parts: &str| {
        format!(
            "{{\"type\":\"user\",\"userId\":\"a\",\"group\":\"b\",\"state\":\"ACTIVE\",{parts}}}\n"
        )
    };
    refuse_json(
        &user(r#""passwords":[{"value":{"$secret":0}}]"#),
        &[b"\xff"],
        "UTF-8",
    );
    refuse_json(
        &user(r#""qa":[{"question":"q","answer":{"$secret":0}}]"#),
        &[b"a\xc3"],
        "UTF-8",
    );
    let card = |secret: &[u8], rows: u32| {
        let json = user(&format!(
            r#""cards":[{{"serial":1,"state":"ACTIVE","rows":{rows},"columns":2,"cells":{{"$secret":0}}}}]"#
        ));
        refuse_json(&json, &[secret], "cells");
    };
    card(b"", 1);
    card(b"\0", 1);
    card(b"\x01A", 1);
    card(b"\x01ABC", 1);
    card(b"\x02ABC", 1);
    card(b"\x01AB", u32::MAX);
    for part in [
        r#""tokens":[{"vendor":"v","serial":"1","kind":"soft","algorithm":"totp","seed":{"$secret":0}}]"#,
        r#""cards":[{"serial":1,"rows":1,"columns":1,"cells":{"$secret":0}}]"#,
    ] {
        refuse_json(&user(part), &[b"\x01A"], "'state' is missing");
    }
}

#[test]
fn json_that_is_not_utf_8_is_refused() {
    let mut block = good_block();
    let json = [&TOKEN.as_bytes()[..60], b"\xff", &TOKEN.as_bytes()[60..]].concat();
    block.json_len = json.len() as u32;
    block.zstd = zstd::bulk::compress(&json, 1).unwrap();
    let bundle = seal(&[block.frame(), manifest(1, 1)].concat());
    assert!(content(&bundle).1.contains("UTF-8"));
}

#[test]
fn nothing_is_given_out_before_the_whole_bundle_was_checked() {
    let bad = RawBlock {
        number: 1,
        ..RawBlock::new("{}\n", &[])
    };
    let bundle = seal(&[good_block().frame(), bad.frame(), manifest(2, 2)].concat());
    // `check` fails, and only what it returns has `records`.
    assert_eq!(
        content(&bundle).0,
        Place::Line {
            block: 1,
            line: 1,
            column: 2
        }
    );
}

#[test]
fn a_fault_at_the_head_of_a_long_payload_ends_the_reading() {
    // Longer than what may wait between the two threads.
    refuse(&[&vec![9; 8 << 20]], Place::Frame(0), "neither");
}

#[test]
fn reading_can_be_interrupted() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let good = good();
    let result = open(&good).unwrap().verify(&Silent, &cancel);
    assert!(matches!(result, Err(Error::Cancelled(_))));
}
