//! Seeds that are the text of an encoding: encoded once more than they should be, and so of no use.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::enumeration::names;

names! {
    /// What a seed is the text of.
    SeedText, "seed text" {
        /// RFC 4648 §8, also in groups.
        Hex = "hexadecimal",
        /// RFC 4648 §6, of either letter case.
        Base32 = "base32",
        /// RFC 4648 §4 and §5.
        Base64 = "base64",
    }
}

/// So many characters at least; random bytes that are so much text do not occur.
const LEAST: usize = 16;

/// Base64 without padding has at least those of sixteen bytes, the shortest seed of RFC 4226; less is a word.
const LEAST_UNPADDED: usize = 22;

impl SeedText {
    /// The encoding whose text a seed is. The test seeds of the RFCs, the digits 1 to 9 and 0 in turn, are none.
    pub fn of(seed: &[u8]) -> Option<Self> {
        let seed = BYTE_ORDER_MARKS
            .iter()
            .find_map(|mark| seed.strip_prefix(*mark))
            .unwrap_or(seed);
        // Nearly every seed is over with its first byte or two.
        if !seed.iter().all(|byte| may_stand(*byte)) {
            return None;
        }
        let mut text = Zeroizing::new(Vec::with_capacity(seed.len()));
        text.extend(seed.iter().filter(|byte| !is_around(**byte)));
        if text.len() < LEAST || is_test_seed(&text) {
            return None;
        }
        [
            (Self::Hex, is_hex as fn(&[u8]) -> bool),
            (Self::Base32, is_base32),
            (Self::Base64, is_base64),
        ]
        .into_iter()
        .find_map(|(encoding, is)| is(&text).then_some(encoding))
    }
}

const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];

/// What stands around and between the characters of a text: blanks, quotes, and the zeros of UTF-16 and at an end.
const fn is_around(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0 | b'"' | b'\'')
}

const fn may_stand(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || is_around(byte)
        || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b':')
}

fn is_test_seed(text: &[u8]) -> bool {
    let digits = b"1234567890".iter().cycle();
    text.iter().zip(digits).all(|(byte, digit)| byte == digit)
}

fn is_hex(text: &[u8]) -> bool {
    let digits = text
        .strip_prefix(b"0x")
        .or_else(|| text.strip_prefix(b"0X"))
        .unwrap_or(text);
    let mut count = 0_usize;
    let mut all = digits
        .iter()
        .filter(|byte| !matches!(byte, b':' | b'-'))
        .inspect(|_| count += 1);
    all.all(u8::is_ascii_hexdigit) && count >= LEAST && count.is_multiple_of(2)
}

fn is_base32(text: &[u8]) -> bool {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = text.get(..text.len() - padding).unwrap_or_default();
    let symbols = || body.iter().copied().filter(|byte| *byte != b'-');
    let upper = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'2'..=b'7');
    let lower = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'2'..=b'7');
    if !symbols().all(upper) && !symbols().all(lower) {
        return false;
    }
    let count = symbols().count();
    // The bits of the last symbol that belong to no byte are zero.
    let unused = match count % 8 {
        0 => 0,
        2 => 2,
        4 => 4,
        5 => 1,
        7 => 3,
        _ => return false,
    };
    let last = symbols().next_back().map_or(0, |byte| match byte {
        b'2'..=b'7' => byte - b'2' + 26,
        letter => letter.to_ascii_uppercase() - b'A',
    });
    count >= LEAST
        && last.trailing_zeros() >= unused
        && (padding == 0 || (count + padding).is_multiple_of(8))
}

fn is_base64(text: &[u8]) -> bool {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decodes = |alphabet| {
        let engine = GeneralPurpose::new(alphabet, ANY_PADDING);
        engine.decode(text).map(Zeroizing::new).is_ok()
    };
    (text.ends_with(b"=") || text.len() >= LEAST_UNPADDED)
        && (decodes(&STANDARD) || decodes(&URL_SAFE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b4_a_seed_that_is_the_text_of_an_encoding_is_known() {
        use SeedText::{Base32, Base64, Hex};
        for (seed, encoding) in [
            ("3132333435363738393031323334353637383930", Hex),
            ("00112233445566778899aabbccddeeff", Hex),
            ("00112233445566778899AABBCCDDEEFF\n", Hex),
            ("0x00112233445566778899aAbBcCdDeEfF", Hex),
            ("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", Hex),
            ("de:ad:be:ef:00:11:22:33:44:55", Hex),
            ("deadbeef00112233", Hex),
            ("JBSWY3DPEHPK3PXP", Base32),
            ("jbsw y3dp ehpk 3pxp", Base32),
            ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Base32),
            ("GEZDGNBVGY3TQOJQGEZDGNBVGY======", Base32),
            ("GEZDGNBVGY3TQOJQGEZDGNBVGY", Base32),
            ("GEZD-GNBV-GY3T-QOJQ", Base32),
            ("QUJDREVGR0hJSktMTU5PUFFSU1Q=", Base64),
            ("QUJDREVGR0hJSktMTU5PUFFSU1Q=\r\n", Base64),
            ("QUJDREVGR0hJSktMTU5PUFFSU1Q", Base64),
            ("EjRWeJCrze8SNFZ4kA==", Base64),
            ("-_-_-_-_-_-_-_-_-_-_-w", Base64),
            ("+/+/+/+/+/+/+/+/+/+/+w==", Base64),
            ("QUJDREVGR0hJ\nSktMTU5PUFFS", Base64),
        ] {
            assert_eq!(SeedText::of(seed.as_bytes()), Some(encoding), "{seed:?}");
        }
    }

    #[test]
    fn b4_what_stands_around_a_text_does_not_hide_it() {
        let hex = "00112233445566778899aabbccddeeff";
        let utf16 =
            |unit: fn(u16) -> [u8; 2]| hex.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for seed in [
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
            [b"\xFF\xFE", &utf16(u16::to_le_bytes)[..]].concat(),
            [b"\xFE\xFF", &utf16(u16::to_be_bytes)[..]].concat(),
            format!("\u{feff}{hex}").into_bytes(),
            format!("{hex}\0").into_bytes(),
            format!("\"{hex}\"\r\n").into_bytes(),
            format!("'{hex}'").into_bytes(),
        ] {
            assert_eq!(SeedText::of(&seed), Some(SeedText::Hex), "{seed:?}");
        }
        assert_eq!(SeedText::of(&[0; 20]), None);
        assert_eq!(SeedText::of(b"\xFF\xFE"), None);
    }

    #[test]
    fn b4_other_seeds_are_no_text_of_an_encoding() {
        let rfc6238 = "1234567890".repeat(7);
        for seed in [
            "",
            "12345678901234567890",
            &rfc6238[..32],
            &rfc6238[..64],
            "deadbeef001122",
            "ABCDEFGHIJKLMNOPQRST",
            "abcdefghijklmnop!",
            "correct horse battery",
            "JBSWY3DPEHPK3PX",
            "+/+/+/+/+/+/-_-_-_-_-_-_",
            "================",
            "                    ",
            "QUJDREVGR0hJSktMTU5PUFFSU1Q==",
        ] {
            assert_eq!(SeedText::of(seed.as_bytes()), None, "{seed:?}");
        }
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(SeedText::of(&bytes[..20]), None);
        assert_eq!(SeedText::of(&bytes[48..80]), None);
        assert_eq!(SeedText::of(&[b'a'; 20].map(|byte| byte | 0x80)), None);
    }
}
