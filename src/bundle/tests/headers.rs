//! Headers that must be refused, and the order of the messages (igsh-bundle(5), READING).

use super::attacks::{good, header_len};
use super::*;
use crate::crypto::sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The first four lines, changed, with a fifth that fits them.
pub(super) fn with_sum(four: &[u8], payload: &[u8]) -> Vec<u8> {
    let sum = format!("--- {}\n", BASE64.encode(sha256(four)));
    [four, sum.as_bytes(), payload].concat()
}

pub(super) fn four_lines() -> String {
    let text = sample().header.text();
    text.split_inclusive('\n').take(4).collect()
}

#[test]
fn every_header_bit_changed_on_purpose_is_refused() {
    let four = four_lines();
    let good = good();
    let payload = &good[header_len()..];
    assert_eq!(with_sum(four.as_bytes(), payload), good);
    for bit in 0..four.len() * 8 {
        let mut changed = four.clone().into_bytes();
        changed[bit / 8] ^= 1 << (bit % 8);
        match read(&with_sum(&changed, payload)) {
            Err(
                Error::NotABundle
                | Error::Newer { .. }
                | Error::HeaderDamaged
                | Error::Header { .. }
                | Error::WrongPassword,
            ) => {}
            result => panic!("bit {bit}: {result:?}"),
        }
    }
}

#[test]
fn a_header_has_one_form_only() {
    let four = four_lines();
    let wrapped = four.lines().nth(3).unwrap();
    let other_bits = format!("{}/", &wrapped[..wrapped.len() - 1].replace('=', ""));
    for (from, to, line) in [
        ("meta id", "meta  id", 2),
        ("meta id", "Meta id", 2),
        ("id=0001", "id=000A", 2),
        ("0a0b0c0d0e0f", "0A0B0C0D0E0F", 2),
        ("-4607-", "-1607-", 2),
        ("-8809-", "-c809-", 2),
        ("00010203-", "00010203", 2),
        ("T03:04:05Z", "T03:04:05.5Z", 2),
        ("T03:04:05Z", "T03:04:05+00:00", 2),
        ("T03:04:05Z", "t03:04:05Z", 2),
        ("T03:04:05Z", " 03:04:05Z", 2),
        ("2026-01-02", "2026-02-30", 2),
        ("tool=igsh/", "tool=ihsg/", 2),
        ("tool=igsh/", "tool=igsh/_", 2),
        (
            "tool=igsh/",
            "tool=igsh/0123456789012345678901234567890123456789",
            2,
        ),
        ("schema=1", "schema=01", 2),
        ("schema=1", "schema=", 2),
        ("audit=7:", "audit=07:", 2),
        ("audit=7:", "audit=+7:", 2),
        ("audit=7:", "audit=:", 2),
        ("abab\n", "ab\n", 2),
        ("abab\n", "ABAB\n", 2),
        ("abab\n", "abab \n", 2),
        ("abab\n", "abab\r\n", 2),
        ("-> argon2id", "-> argon2i", 3),
        ("v=19", "v=16", 3),
        ("m=19456", "m=019456", 3),
        ("t=2", "t=+2", 3),
        ("p=1 ", "p=1  ", 3),
        ("p=1 ", "p=1 x=1 ", 3),
        ("==\n", "=\n", 3),
        ("==\n", "\n", 3),
        ("==\n", "== \n", 3),
        (wrapped, &wrapped[4..], 4),
        (wrapped, &other_bits, 4),
        (wrapped, &format!(" {wrapped}"), 4),
    ] {
        let changed = four.replacen(from, to, 1);
        assert_ne!(changed, four, "{from}");
        let bundle = with_sum(changed.as_bytes(), b"");
        match Header::read(&bundle[..]) {
            Err(Error::Header { line: found, .. }) if found == line => {}
            Err(Error::Newer { version }) if to == "schema=01" => {
                assert_eq!(version, "1, schema 01")
            }
            result => panic!("{to}: {result:?}"),
        }
    }
}

#[test]
fn a_header_may_say_anything_that_the_form_allows() {
    let four = four_lines();
    for (from, to) in [
        ("audit=7:", "audit=0:"),
        ("audit=7:", "audit=18446744073709551615:"),
        ("tool=igsh/", "tool=igsh/Za9.+-"),
        ("m=19456 t=2 p=1", "m=262144 t=8 p=8"),
    ] {
        let bundle = with_sum(four.replacen(from, to, 1).as_bytes(), b"");
        let header = Header::read(&bundle[..]).unwrap();
        assert_eq!(header.text().as_bytes(), bundle);
    }
}

#[test]
fn a_hostile_cost_is_refused_before_it_is_paid() {
    let four = four_lines();
    for cost in [
        "m=19455 t=2 p=1",
        "m=262145 t=2 p=1",
        "m=4294967295 t=8 p=8",
        "m=19456 t=1 p=1",
        "m=19456 t=9 p=1",
        "m=19456 t=2 p=0",
        "m=19456 t=2 p=9",
    ] {
        let bundle = with_sum(four.replacen("m=19456 t=2 p=1", cost, 1).as_bytes(), b"");
        match Header::read(&bundle[..]) {
            Err(Error::Header { line: 3, what }) => {
                assert!(what.contains("are accepted"), "{what}")
            }
            result => panic!("{cost}: {result:?}"),
        }
    }
    let bundle = with_sum(four.replacen("m=19456", "m=99999999999", 1).as_bytes(), b"");
    assert!(matches!(
        Header::read(&bundle[..]),
        Err(Error::Header { line: 3, .. })
    ));
}

#[test]
fn other_files_and_newer_bundles_have_messages_of_their_own() {
    for other in [
        &b""[..],
        b"\n",
        b"PK\x03\x04",
        b"igsh-bundle/",
        b"igsh-bundle/1",
        b"igsh-bundle/1\r\n",
        b"igsh-bundle/01\n",
        b"igsh-bundle/0\n",
        b"Igsh-bundle/1\n",
        // No version has ten digits.
        b"igsh-bundle/1234567890\n",
    ] {
        assert!(matches!(Header::read(other), Err(Error::NotABundle)));
    }
    for (newer, number) in [
        (&b"igsh-bundle/2\n"[..], "2"),
        (b"igsh-bundle/11\nany", "11"),
        (b"igsh-bundle/123456789\n", "123456789"),
    ] {
        match Header::read(newer) {
            Err(Error::Newer { version }) => assert_eq!(version, number),
            result => panic!("{result:?}"),
        }
    }
    let schema = with_sum(
        four_lines().replacen("schema=1", "schema=2", 1).as_bytes(),
        b"",
    );
    assert!(
        matches!(Header::read(&schema[..]), Err(Error::Newer { version }) if version == "1, schema 2")
    );
    let long = [b"igsh-bundle/1\n", &[b'a'; 2000][..], b"\n\n\n\n"].concat();
    assert!(matches!(Header::read(&long[..]), Err(Error::HeaderDamaged)));
}

#[test]
fn messages_come_in_their_order() {
    use secrecy::ExposeSecret as _;
    let Sample { password, .. } = sample();
    let right = password.display().expose_secret().to_owned();
    let wrong = "00000-00000-00000-00000-00000-000";
    let mistyped = "00000-00000-00000-00000-00000-001";
    let good = good();
    let open =
        |bundle: &[u8], typed: &str| Reader::open(Cursor::new(bundle.to_vec()), typed).map(drop);
    let mut damaged = good.clone();
    damaged[20] ^= 1;
    assert!(matches!(open(&good[1..], mistyped), Err(Error::NotABundle)));
    assert!(matches!(
        open(&damaged, mistyped),
        Err(Error::HeaderDamaged)
    ));
    assert!(matches!(open(&good, mistyped), Err(Error::Mistyped(_))));
    assert!(matches!(open(&good, wrong), Err(Error::WrongPassword)));
    assert!(open(&good, &right).is_ok());
    let text = |error: Error| error.to_string();
    assert_eq!(
        text(open(&good, wrong).unwrap_err()),
        "wrong password for this bundle, or its header was changed on purpose"
    );
}
