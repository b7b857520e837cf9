//! The bundle that another program wrote from the format's description.

use super::*;

const BUNDLE: &[u8] = include_bytes!("../../../tests/vectors/igsh-bundle-1.igb");
const PASSWORD: &str = include_str!("../../../tests/vectors/igsh-bundle-1.password");

#[test]
fn the_vector_opens_and_seals_again_to_the_same_bytes() {
    let reader = Reader::open(Cursor::new(BUNDLE), PASSWORD).unwrap();
    let mut checked = reader.check(&Silent, &CancelToken::default()).unwrap();
    assert_eq!(
        checked.header().meta,
        Meta {
            cost: Cost::BUNDLE,
            ..meta()
        }
    );
    assert_eq!(checked.header().tool, "0.1.0");
    assert_eq!(checked.manifest().by, "Master1");
    assert_eq!(checked.manifest().records.token, 1);
    let mut seeds = Vec::new();
    checked
        .records(&Silent, &CancelToken::default(), |record| {
            let crate::model::bundle::Record::Token(token) = record else {
                panic!("another record than a token");
            };
            assert_eq!(
                (&*token.group, &*token.token.facts.vendor),
                ("sales", "HID")
            );
            seeds.push(secrecy::ExposeSecret::expose_secret(&token.token.seed).to_vec());
            Ok::<_, Error>(())
        })
        .unwrap();
    assert_eq!(seeds, [b"12345678901234567890"]);

    let header = Header::read(BUNDLE).unwrap();
    let text = header.text();
    assert_eq!(text.as_bytes(), &BUNDLE[..header.len()]);
    let password = BundlePassword::parse(PASSWORD).unwrap();
    let derived = header.derive(&password).unwrap();
    let file_key = header.unwrap(&derived).unwrap();
    let three_lines: String = text.split_inclusive('\n').take(3).collect();
    let wrapped = c256::seal(
        &derived,
        three_lines.as_bytes(),
        file_key.as_bytes(),
        &Fixed::new(0x10..0x28),
    );
    use base64::Engine as _;
    let line = base64::engine::general_purpose::STANDARD.encode(wrapped.unwrap());
    assert_eq!(text.lines().nth(3), Some(&*line));
    let context = header.two_lines();
    let payload = &BUNDLE[header.len()..];
    let plaintext = c256::open(&file_key, context.as_bytes(), payload).unwrap();
    let again = c256::seal(
        &file_key,
        context.as_bytes(),
        &plaintext,
        &Fixed::new(0x60..0x78),
    );
    assert_eq!(again.unwrap(), payload);
}

#[test]
fn a_bundle_is_identified_by_the_beginning_of_its_payload() {
    let mut reader = Reader::open(Cursor::new(BUNDLE), PASSWORD).unwrap();
    let header = Header::read(BUNDLE).unwrap();
    let expected = crate::crypto::sha256(&BUNDLE[header.len()..][..56]);
    assert_eq!(reader.digest().unwrap(), expected);
}

#[test]
fn blocks_are_handed_over_whole_from_the_one_that_is_asked_for() {
    let seen = |from: u32| {
        let reader = Reader::open(Cursor::new(BUNDLE), PASSWORD).unwrap();
        let mut checked = reader.check(&Silent, &CancelToken::default()).unwrap();
        let mut seen = Vec::new();
        checked
            .blocks(from, &Silent, &CancelToken::default(), |number, records| {
                seen.push((number, records.len()));
                Ok::<_, Error>(())
            })
            .unwrap();
        seen
    };
    assert_eq!(seen(0), [(0, 1)]);
    assert_eq!(seen(1), []);
}
