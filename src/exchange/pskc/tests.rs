use std::io::{self, Read};

use proptest::prelude::*;

use super::*;
use crate::model::{Algorithm, Hash};

const SECRET: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=";

fn container(packages: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<KeyContainer Version=\"1.0\" xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\">\n{packages}\n</KeyContainer>\n"
    )
}

/// A package with one key: its algorithm's last word, and what stands in the key.
fn package(serial: &str, id: &str, algorithm: &str, key: &str) -> String {
    format!(
        "<KeyPackage><DeviceInfo><Manufacturer>Acme</Manufacturer><SerialNo>{serial}</SerialNo></DeviceInfo>\
         <Key Id=\"{id}\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:{algorithm}\">{key}</Key></KeyPackage>\n"
    )
}

fn data(secret: &str, more: &str) -> String {
    format!("<Data><Secret><PlainValue>{secret}</PlainValue></Secret>{more}</Data>")
}

struct Outcome {
    tokens: Vec<Token>,
    errors: Vec<Error>,
    report: Report,
}

fn read(file: &[u8]) -> Outcome {
    let mut reader = Reader::new(file);
    let (mut tokens, mut errors) = (Vec::new(), Vec::new());
    for item in reader.by_ref() {
        match item {
            Ok((_, token)) => tokens.push(token),
            Err(error) => {
                assert!(!error.hint.is_empty());
                errors.push(error);
            }
        }
    }
    Outcome {
        tokens,
        errors,
        report: reader.report().clone(),
    }
}

fn read_packages(packages: &str) -> Outcome {
    read(container(packages).as_bytes())
}

fn only_token(packages: &str) -> (Token, Vec<Notice>) {
    let mut outcome = read_packages(packages);
    assert_eq!(outcome.errors, []);
    assert_eq!((outcome.tokens.len(), outcome.report.tokens), (1, 1));
    (outcome.tokens.remove(0), outcome.report.notices)
}

fn only_error(packages: &str) -> Error {
    let mut outcome = read_packages(packages);
    assert_eq!(outcome.tokens.len(), 0);
    assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
    outcome.errors.remove(0)
}

#[test]
fn a_package_gives_a_token_with_all_that_it_says() {
    let (token, notices) = only_token(&format!(
        "<KeyPackage><DeviceInfo><Manufacturer>A &amp; B &#233;</Manufacturer><SerialNo>98-76 </SerialNo><Model>OT</Model>\
         <IssueNo>2</IssueNo><ExpiryDate>2030-01-01T00:00:00Z</ExpiryDate><UserId>CN=x</UserId></DeviceInfo>\
         <CryptoModuleInfo><Id>CM</Id></CryptoModuleInfo>\
         <Key Id=\"k1\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\"><Issuer>I</Issuer>\
         <AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length=\"8\" Encoding=\"DECIMAL\" CheckDigits=\"false\"/></AlgorithmParameters>\
         <FriendlyName>Anna's</FriendlyName><Data><Secret><PlainValue>\n {} \n</PlainValue></Secret>\
         <Counter><PlainValue>7</PlainValue></Counter><Time><PlainValue>0</PlainValue></Time>\
         <TimeInterval><PlainValue>60</PlainValue></TimeInterval><TimeDrift><PlainValue>-3</PlainValue></TimeDrift></Data>\
         <Policy><StartDate>2020-01-01T00:00:00Z</StartDate><ExpiryDate>2029-01-01T00:00:00Z</ExpiryDate><KeyUsage>OTP</KeyUsage></Policy>\
         <Extensions><x:y xmlns:x=\"urn:x\">z</x:y></Extensions></Key></KeyPackage>",
        &SECRET.replace("Nzg5", "Nzg5\r\n  ")
    ));
    assert_eq!(
        (token.facts.vendor.as_str(), token.facts.serial.as_str()),
        ("A & B é", "9876")
    );
    assert_eq!(
        (token.facts.kind, token.facts.algorithm, token.facts.hash),
        (
            crate::model::TokenKind::Hardware,
            Algorithm::Totp,
            Some(Hash::Sha256)
        )
    );
    assert_eq!(
        (
            token.facts.digits,
            token.facts.step,
            token.facts.counter,
            token.facts.drift
        ),
        (Some(8), Some(60), Some(7), Some(-3))
    );
    assert_eq!(token.seed.expose_secret(), b"12345678901234567890");
    assert_eq!(
        token.facts.expires,
        Some("2029-01-01T00:00:00Z".parse().unwrap())
    );
    assert_eq!(
        (
            token.facts.model.as_deref(),
            token.facts.issue_no.as_deref(),
            token.facts.key_id.as_deref()
        ),
        (Some("OT"), Some("2"), Some("k1"))
    );
    assert_eq!(token.facts.comment.as_deref(), Some("Anna's"));
    assert_eq!((token.state, token.unlock.is_none()), (None, true));
    assert_eq!(notices, []);
}

#[test]
fn dialects_are_read() {
    let whole = container(&package(
        "1",
        "k",
        "hotp",
        &data(SECRET, "<Counter><PlainValue>5</PlainValue></Counter>"),
    ));
    let prefixed = whole
        .replace("</", "\u{1}")
        .replace('<', "<p:")
        .replace('\u{1}', "</p:")
        .replace("<p:?", "<?");
    let several = container(&format!(
        "<Device><Key KeyId=\"a\" KeyAlgorithm=\"urn:x#hotp\">{0}</Key><DeviceInfo><SerialNo>1</SerialNo><Manufacturer>Acme</Manufacturer></DeviceInfo>\
         <Key KeyId=\"b\" KeyAlgorithm=\"HOTP\">{0}</Key></Device>",
        data(SECRET, "")
    ));
    let named = container(&format!(
        "<EncryptionMethod algorithm=\"NONE\"/><Device><DeviceId><Manufacturer>Acme</Manufacturer><SerialNo>1</SerialNo><Expiry>01/01/2008</Expiry></DeviceId>\
         <Secret SecretAlgorithm=\"HOTP\" SecretId=\"k\"><Usage><ResponseFormat format=\"DECIMAL\" length=\"6\"/></Usage>\
         <Data Name=\"SECRET\"><Value>{SECRET}</Value><ValueDigest>AAAA</ValueDigest></Data>\
         <Data Name=\"COUNTER\"><Value>AAAAAAAAAAU=</Value></Data><Data Name=\"TIME_INTERVAL\"><Value>30</Value></Data></Secret></Device>"
    )).replace("KeyContainer", "SecretContainer");
    let cdata = whole.replace(SECRET, &format!("<![CDATA[{SECRET}]]><!-- x -->"));
    for (name, file, count) in [
        ("as the RFC has it", whole.clone(), 1),
        ("byte order mark", format!("\u{feff}{whole}"), 1),
        (
            "no declaration",
            whole.split_once("?>").unwrap().1.to_owned(),
            1,
        ),
        ("prefix", prefixed, 1),
        ("CDATA and comments", cdata, 1),
        ("several keys, device between them", several, 2),
        ("names of a draft", named, 1),
    ] {
        let outcome = read(file.as_bytes());
        assert_eq!(outcome.errors, [], "{name}");
        assert_eq!(outcome.tokens.len(), count, "{name}");
        for token in outcome.tokens {
            assert_eq!(
                (token.facts.vendor.as_str(), token.facts.serial.as_str()),
                ("Acme", "1"),
                "{name}"
            );
            assert_eq!(
                token.seed.expose_secret(),
                b"12345678901234567890",
                "{name}"
            );
            assert!(
                token.facts.counter.is_none() || token.facts.counter == Some(5),
                "{name}"
            );
        }
    }
    // An exporter that lower-cases every name.
    let mut lower = String::new();
    for part in whole.split_inclusive(['<', '>']) {
        let is_tag = part.ends_with('>');
        lower.push_str(&if is_tag {
            part.replace(SECRET, "").to_lowercase()
        } else {
            part.to_owned()
        });
    }
    assert!(lower.contains("<plainvalue>") && lower.contains(SECRET));
    let outcome = read(lower.as_bytes());
    assert_eq!((outcome.tokens.len(), outcome.errors.len()), (1, 0));
}

#[test]
fn without_a_device_the_key_and_its_issuer_name_the_token() {
    let (token, _) = only_token(&format!(
        "<KeyPackage><Key Id=\"12345678\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:hotp\"><Issuer>Issuer-A</Issuer>{}</Key></KeyPackage>",
        data("MTIzNA==", "")
    ));
    assert_eq!(
        (token.facts.vendor.as_str(), token.facts.serial.as_str()),
        ("Issuer-A", "12345678")
    );
}

#[test]
fn the_hash_is_the_suites_and_else_sha_1() {
    let bytes = |count: usize| "MTIz".repeat(count / 3) + ["", "MQ==", "MTI="][count % 3];
    for (algorithm, suite, length, hash, noticed) in [
        ("hotp", None, 20, Some(Hash::Sha1), false),
        ("hotp", None, 32, Some(Hash::Sha1), true),
        ("totp", None, 64, Some(Hash::Sha1), true),
        ("totp", Some("HMAC-SHA1"), 32, Some(Hash::Sha1), false),
        ("totp", Some("SHA256"), 20, Some(Hash::Sha256), false),
        ("totp", Some("HmacSHA512"), 64, Some(Hash::Sha512), false),
        ("totp", Some("SHA-512"), 64, Some(Hash::Sha512), false),
        ("totp", Some("Suite"), 20, None, true),
        (
            "ocra",
            Some("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1"),
            32,
            Some(Hash::Sha256),
            false,
        ),
    ] {
        let parameters = suite.map_or(String::new(), |suite| {
            format!("<AlgorithmParameters><Suite>{suite}</Suite></AlgorithmParameters>")
        });
        let key = parameters + &data(&bytes(length), "");
        let (token, notices) = only_token(&package("1", "k", algorithm, &key));
        assert_eq!(
            (token.facts.hash, !notices.is_empty()),
            (hash, noticed),
            "{suite:?} {length}"
        );
    }
    let (token, _) = only_token(&package(
        "1",
        "k",
        "OCRA-1:HOTP-SHA512-8:C-QN08",
        &data(SECRET, ""),
    ));
    assert_eq!(
        (token.facts.algorithm, token.facts.hash),
        (Algorithm::Ocra, Some(Hash::Sha512))
    );
    assert_eq!(
        token.facts.comment.as_deref(),
        Some("OCRA-1:HOTP-SHA512-8:C-QN08")
    );
}

fn guarded(serial: &str, id: &str, pin: &str) -> String {
    package(
        serial,
        id,
        "hotp",
        &(data(SECRET, "")
            + &format!("<Policy><PINPolicy PINKeyId=\"{pin}\" PINUsageMode=\"Local\"/></Policy>")),
    )
}

#[test]
fn a_pin_goes_to_the_key_it_protects_and_replaces_none() {
    let pin = package("1", "p", "pin", &data("MTIzNA==", ""));
    for (order, count) in [
        (guarded("1", "a", "p") + &pin, 1),
        (pin.clone() + &guarded("1", "a", "p"), 1),
        (guarded("1", "a", "p") + &guarded("2", "b", "p") + &pin, 2),
        (guarded("1", "a", "p") + &pin + &guarded("2", "b", "p"), 2),
    ] {
        let outcome = read_packages(&order);
        assert_eq!((outcome.errors.len(), outcome.tokens.len()), (0, count));
        assert_eq!(
            (outcome.report.tokens, outcome.report.pins),
            (count as u64, count as u64)
        );
        for token in outcome.tokens {
            assert_eq!(token.seed.expose_secret(), b"12345678901234567890");
            assert_eq!(token.unlock.unwrap().expose_secret(), b"1234");
        }
        assert_eq!(outcome.report.notices, []);
    }
    let alone = read_packages(&pin);
    assert_eq!((alone.tokens.len(), alone.errors.len()), (0, 0));
    assert_eq!(
        alone.report.notices[0].to_string(),
        "line 3, package 1, key 'p': a PIN whose key is not in the file; left out"
    );
    let (token, notices) = only_token(&guarded("1", "a", "p"));
    assert!(token.unlock.is_none());
    assert_eq!(notices[0].what, "its PIN, key 'p', is not in the file");
}

#[test]
fn what_is_no_token_is_counted() {
    let outcome = read_packages(&[
        package("1", "a", "hotp", "<KeyReference>MasterKey</KeyReference><Data><Counter><PlainValue>0</PlainValue></Counter></Data>"),
        package("2", "b", "yubikey-aes", &data(SECRET, "")),
        "<KeyPackage/>".to_owned(),
        "<Signature><SignedInfo><KeyPackage/></SignedInfo></Signature>".to_owned(),
        package("3", "c", "hotp", &data(SECRET, "")),
    ].concat());
    assert_eq!((outcome.tokens.len(), outcome.errors.len()), (1, 0));
    assert_eq!(
        (outcome.report.references, outcome.report.unsupported),
        (1, 1)
    );
    let said: Vec<String> = outcome
        .report
        .notices
        .iter()
        .map(|notice| notice.what.clone())
        .collect();
    assert_eq!(
        said,
        [
            "it names a key that is kept elsewhere; no token",
            "the algorithm 'urn:ietf:params:xml:ns:keyprov:pskc:yubikey-aes' is not supported; no token",
            "the file is signed; the signature is not checked",
        ]
    );
}

#[test]
fn a_bad_key_is_named_and_the_next_one_is_read() {
    let policy = |inside: &str| data(SECRET, "") + &format!("<Policy>{inside}</Policy>");
    let parameters = |inside: &str| {
        format!("<AlgorithmParameters>{inside}</AlgorithmParameters>") + &data(SECRET, "")
    };
    for (key, what) in [
        (data("MTI*NA==", ""), "the secret is not base64 at character 4 (blanks not counted)"),
        (data("MTIzNA", ""), "the secret is not base64: length or padding is wrong"),
        (data("", ""), "the secret is empty"),
        ("<Data/>".to_owned(), "the key has no secret"),
        (data(SECRET, "<Secret><PlainValue>MTIzNA==</PlainValue></Secret>"), "two secrets in one key"),
        ("<Data><Secret><PlainValue>MTIzNA==</PlainValue><PlainValue>MTIzNA==</PlainValue></Secret></Data>".to_owned(), "two values of 'secret'"),
        ("<Data><Secret><PlainValue>MTIz<b/>NA==</PlainValue></Secret></Data>".to_owned(), "an element 'b' inside a value"),
        (data(SECRET, "<Counter><PlainValue>lots!</PlainValue></Counter>"), "'counter' is not a whole number"),
        (data(SECRET, "<Counter><PlainValue>-1</PlainValue></Counter>"), "its counter is below zero"),
        (data(SECRET, "<TimeInterval><PlainValue>0</PlainValue></TimeInterval>"), "its time interval is no number of seconds"),
        (parameters("<ResponseFormat Length=\"six\" Encoding=\"DECIMAL\"/>"), "'length' of 'responseformat' is not a whole number"),
        (parameters("<ResponseFormat Length=\"12\" Encoding=\"DECIMAL\"/>"), "its codes have 12 digits"),
        (parameters("<ResponseFormat Length=\"6\" Encoding=\"HEXADECIMAL\"/>"), "its codes are HEXADECIMAL"),
        (parameters("<ResponseFormat Length=\"6\" Encoding=\"DECIMAL\" CheckDigits=\"maybe\"/>"), "'CheckDigits' is neither true nor false"),
        (parameters("<ChallengeFormat Min=\"x\"/>"), "'min' of 'challengeformat' is not a whole number"),
        (policy("<ExpiryDate>soon</ExpiryDate>"), "'soon' is not a date"),
        (policy("<Foo>bar</Foo>"), "its policy has 'foo', which is not understood"),
        (policy("<KeyUsage>Cooking</KeyUsage>"), "its policy has 'KeyUsage Cooking', which is not understood"),
        (policy("<PINPolicy OnWeekDaysOnly=\"TRUE\"/>"), "its policy has 'PINPolicy onweekdaysonly', which is not understood"),
        (policy("<PINPolicy PINUsageMode=\"Shout\"/>"), "its policy has 'PINPolicy pinusagemode', which is not understood"),
        (policy("<PINPolicy><Foo/></PINPolicy>"), "its policy has 'PINPolicy foo', which is not understood"),
        (policy("<PINPolicy MinLength=\"FOUR\"/>"), "'minlength' of 'pinpolicy' is not a whole number"),
    ] {
        let outcome = read_packages(&(package("77", "k", "hotp", &key) + &package("78", "l", "hotp", &data(SECRET, ""))));
        let [error] = outcome.errors.as_slice() else { panic!("{key}: {:?}", outcome.errors) };
        assert_eq!(error.what, what, "{key}");
        assert_eq!((error.key_id.as_deref(), error.serial.as_deref()), (Some("k"), Some("77")));
        assert_eq!((error.position.line, error.position.package, error.fatal), (3, 1, false), "{key}");
        assert_eq!(outcome.tokens.len(), 1);
        assert_eq!(outcome.tokens[0].facts.serial, "78");
    }
    let error = only_error(&package("", "", "hotp", &data(SECRET, "")));
    assert_eq!(error.what, "it has no serial number");
    let error = only_error(&package("a&#10;b", "k", "hotp", &data(SECRET, "")));
    assert_eq!(
        error.what,
        "its serial number is empty or holds a control character"
    );
    let error =
        only_error(&package("1", "k", "hotp", &data(SECRET, "")).replace("Algorithm=", "Other="));
    assert_eq!(error.what, "the key has no algorithm");
    let vendorless = package("1", "k", "hotp", &data(SECRET, ""))
        .replace("<Manufacturer>Acme</Manufacturer>", "");
    let byte = container(&vendorless).find("<Key ").unwrap();
    assert_eq!(
        only_error(&vendorless).to_string(),
        format!("line 3, byte {byte}, package 1, key 'k', serial '1': it has no manufacturer")
    );
    let error =
        only_error("<KeyPackage><DeviceInfo><ExpiryDate>x</ExpiryDate></DeviceInfo></KeyPackage>");
    assert_eq!(
        (error.what.as_str(), error.fatal),
        ("'x' is not a date", false)
    );
}

#[test]
fn no_error_and_no_notice_holds_a_secret() {
    for key in [
        data("c3VwZXJzZWNyZXQ", ""),
        data("c3VwZXJzZWNyZXQ*", ""),
        data("c3VwZXJz<b/>ZWNyZXQ=", ""),
        data("c3VwZXJz&ent;", ""),
        data("c3VwZXJz<", ""),
    ] {
        let outcome = read_packages(&package("1", "k", "hotp", &key));
        let said = format!(
            "{:?} {:?} {}",
            outcome.errors, outcome.report, outcome.errors[0]
        );
        assert!(!said.contains("c3Vw") && !said.contains("ZWNy"), "{said}");
    }
}

#[test]
fn encrypted_files_say_what_to_do() {
    let encrypted = |method: &str| {
        format!(
            "<Data><Secret><EncryptedValue><EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#{method}\"/><CipherData><CipherValue>AAAA</CipherValue></CipherData></EncryptedValue></Secret></Data>"
        )
    };
    let error = only_error(&package("1", "k", "hotp", &encrypted("aes128-cbc")));
    assert_eq!(
        error.what,
        "the file is encrypted, which igsh does not read"
    );
    assert!(error.fatal && error.hint.contains("pskc2pskc --password"));
    let error = only_error(&package("1", "k", "hotp", &encrypted("rsa_1_5")));
    assert!(
        error.what.contains("asymmetric keys are not supported"),
        "{error}"
    );
    let draft = "<EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#aes128-cbc\"/>\
        <Device><Key KeyAlgorithm=\"HOTP\"><Data Name=\"SECRET\"><Value>AAAA</Value></Data></Key></Device>";
    assert!(only_error(draft).what.contains("encrypted"));
}

#[test]
fn hostile_and_broken_files_are_refused() {
    let good = container(&package("1", "k", "hotp", &data(SECRET, "")));
    let deep = container(&format!("{}{}", "<a>".repeat(40), "</a>".repeat(40)));
    let long = |text: &str| good.replace("Acme", text);
    for (file, what) in [
        (
            good.replace(
                "?>\n",
                "?>\n<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
            ),
            "the file has a document type (DOCTYPE)",
        ),
        (long("&e;"), "the file uses an entity"),
        (long("&#x110000;"), "the file uses an entity"),
        (
            good.replace("Id=\"k\"", "Id=\"&e;\""),
            "the file uses an entity",
        ),
        (
            good.replace("Id=\"k\"", "Id=\"a\" Id=\"b\""),
            "this is not XML: an attribute is malformed",
        ),
        (deep, "elements are nested too deeply"),
        (long(&"x".repeat(70_000)), "a value is too long"),
        (
            long(&"<![CDATA[xxxxxxxx]]>".repeat(10_000)),
            "a value is too long",
        ),
        (
            long(&format!("<!--{}-->", "x".repeat(300_000))),
            "a tag, text or comment is too long",
        ),
        (
            long(&format!("<a b=\"{}\"/>", "x".repeat(300_000))),
            "a tag, text or comment is too long",
        ),
        (
            good.replace("UTF-8", "ISO-8859-1"),
            "the file declares its encoding as iso-8859-1, not UTF-8",
        ),
        (
            good.replace("</KeyPackage>", "</KeyPackag>"),
            "this is not XML: ",
        ),
        (
            good.clone() + "<KeyContainer/>",
            "something stands behind the end of the container",
        ),
        (good.clone() + "text", "this is not XML"),
        (
            "<SomethingElse/>".to_owned(),
            "this is not PSKC: it begins with 'somethingelse'",
        ),
        (String::new(), "this is not PSKC: the file is empty"),
        ("PK\u{3}\u{4}".to_owned(), "this is not XML"),
    ] {
        let outcome = read(file.as_bytes());
        let error = outcome.errors.last().unwrap();
        assert!(
            error.what.starts_with(what) && error.fatal,
            "{what}: {error}"
        );
        assert_eq!(outcome.errors.len(), 1);
    }
    let outcome = read(
        &[
            &good.as_bytes()[..150],
            b"\xFF\xFE",
            &good.as_bytes()[150..],
        ]
        .concat(),
    );
    assert!(outcome.errors[0].what.contains("UTF-8") || outcome.errors[0].what.contains("not XML"));
}

#[test]
fn a_cut_file_is_an_error_wherever_it_is_cut() {
    let whole =
        container(&(guarded("1", "a", "p") + &package("1", "p", "pin", &data("MTIzNA==", ""))));
    let end = whole.rfind("</KeyContainer>").unwrap() + "</KeyContainer>".len();
    for length in 0..end {
        let outcome = read(&whole.as_bytes()[..length]);
        assert!(outcome.errors.iter().any(|error| error.fatal), "{length}");
    }
    assert!(read(&whole.as_bytes()[..end]).errors.is_empty());
}

/// A file without end.
struct Endless {
    package: Vec<u8>,
    at: usize,
    read: std::rc::Rc<std::cell::Cell<usize>>,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let rest = &self.package[self.at..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.at = (self.at + count) % self.package.len();
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

#[test]
fn tokens_come_while_the_file_is_read_and_what_waits_is_limited() {
    let read = std::rc::Rc::new(std::cell::Cell::new(0));
    let endless = |package: String| Endless {
        package: package.into_bytes(),
        at: 0,
        read: read.clone(),
    };
    let head = "<KeyContainer>".as_bytes();
    let stream = head.chain(endless(package("1", "k", "hotp", &data(SECRET, ""))));
    assert_eq!(
        Reader::new(stream).take(1000).filter(Result::is_ok).count(),
        1000
    );
    assert!(read.get() < 1_000_000);

    let stream = head.chain(endless(guarded("1", "a", "p")));
    let error = Reader::new(stream).find_map(Result::err).unwrap();
    assert_eq!(
        error.what,
        "too many keys wait for the PIN of another package"
    );
    assert!(error.fatal);
    let stream = head.chain(endless(
        "<KeyPackage>".to_owned()
            + &package("1", "k", "hotp", "")
                .split_once("</DeviceInfo>")
                .unwrap()
                .1
                .replace("</KeyPackage>", "")
                .repeat(300),
    ));
    assert!(Reader::new(stream).find_map(Result::err).unwrap().fatal);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn no_damage_makes_it_panic_or_loop(at in 0usize..600, byte: u8) {
        let mut file = container(&(guarded("1", "a", "p") + &package("1", "p", "pin", &data("MTIzNA==", "")))).into_bytes();
        if let Some(there) = file.get_mut(at) {
            *there = byte;
        }
        read(&file);
    }
}
