//! The vectors of the RFCs, and oathtool as an oracle that we did not write.

use std::process::{Command, Stdio};

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::ocra::{Inputs, Suite};
use super::*;
use crate::crypto::hex;
use crate::model::Hash;

/// So many bytes of `1234567890…`: the seeds of all three RFCs.
fn seed(length: usize) -> Vec<u8> {
    (b'1'..=b'9').chain([b'0']).cycle().take(length).collect()
}

fn shown(code: &Otp) -> String {
    code.display().expose_secret().to_owned()
}

#[test]
fn rfc_4226_appendix_d() {
    const EXPECTED: [(&str, &str); 10] = [
        ("1284755224", "755224"),
        ("1094287082", "287082"),
        ("0137359152", "359152"),
        ("1726969429", "969429"),
        ("1640338314", "338314"),
        ("0868254676", "254676"),
        ("1918287922", "287922"),
        ("0082162583", "162583"),
        ("0673399871", "399871"),
        ("0645520489", "520489"),
    ];
    let generator = Generator::new(&seed(20), Hash::Sha1);
    let digits = |digits| Digits::new(digits).unwrap();
    for (counter, (truncated, code)) in (0..).zip(EXPECTED) {
        assert_eq!(shown(&generator.code(counter, digits(10))), truncated);
        assert_eq!(shown(&generator.code(counter, digits(6))), code);
    }
}

#[test]
fn rfc_6238_appendix_b() {
    const TIMES: [u64; 6] = [
        59,
        1_111_111_109,
        1_111_111_111,
        1_234_567_890,
        2_000_000_000,
        20_000_000_000,
    ];
    const EXPECTED: [(Hash, usize, [&str; 6]); 3] = [
        (
            Hash::Sha1,
            20,
            [
                "94287082", "07081804", "14050471", "89005924", "69279037", "65353130",
            ],
        ),
        (
            Hash::Sha256,
            32,
            [
                "46119246", "68084774", "67062674", "91819424", "90698825", "77737706",
            ],
        ),
        (
            Hash::Sha512,
            64,
            [
                "90693936", "25091201", "99943326", "93441116", "38618901", "47863826",
            ],
        ),
    ];
    for (hash, length, codes) in EXPECTED {
        let generator = Generator::new(&seed(length), hash);
        for (time, code) in TIMES.into_iter().zip(codes) {
            let computed = generator.code(time / 30, Digits::new(8).unwrap());
            assert_eq!(shown(&computed), code, "{hash} at {time}");
        }
    }
}

/// The answers of a suite; the seed's length is the hash's.
fn answers<'a>(suite: &str, inputs: impl IntoIterator<Item = Inputs<'a>>) -> Vec<String> {
    let length = [("SHA1-", 20), ("SHA256-", 32), ("SHA512-", 64)]
        .into_iter()
        .find_map(|(name, length)| suite.contains(&format!("HOTP-{name}")).then_some(length));
    let parsed: Suite = suite.parse().unwrap();
    let seed = seed(length.unwrap());
    let answer = |inputs| shown(&parsed.answer(&seed, &inputs).unwrap());
    inputs.into_iter().map(answer).collect()
}

/// The challenges `00000000` to `99999999`.
fn repeated() -> Vec<String> {
    (0..10).map(|digit| digit.to_string().repeat(8)).collect()
}

fn challenge(challenge: &str) -> Inputs<'_> {
    Inputs {
        challenge,
        pin: Some("1234"),
        // The time of Appendix C: step 0x132d0b6 of one minute.
        time: Some(0x132_d0b6 * 60),
        ..Inputs::default()
    }
}

#[test]
fn rfc_6287_appendix_c_one_way() {
    let questions = repeated();
    let plain = || questions.iter().map(|it| challenge(it));
    assert_eq!(
        answers("OCRA-1:HOTP-SHA1-6:QN08", plain()),
        [
            "237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598",
            "750600", "294470"
        ]
    );
    let counted = (0..).map(|counter| Inputs {
        counter: Some(counter),
        ..challenge("12345678")
    });
    assert_eq!(
        answers("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1", counted.take(10)),
        [
            "65347737", "86775851", "78192410", "71565254", "10104329", "65983500", "70069104",
            "91771096", "75011558", "08522129"
        ]
    );
    assert_eq!(
        answers("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", plain().take(5)),
        ["83238735", "01501458", "17957585", "86776967", "86807031"]
    );
    let counted = plain().zip(0..).map(|(inputs, counter)| Inputs {
        counter: Some(counter),
        ..inputs
    });
    assert_eq!(
        answers("OCRA-1:HOTP-SHA512-8:C-QN08", counted),
        [
            "07016083", "63947962", "70123924", "25341727", "33203315", "34205738", "44343969",
            "51946085", "20403879", "31409299"
        ]
    );
    assert_eq!(
        answers("OCRA-1:HOTP-SHA512-8:QN08-T1M", plain().take(5)),
        ["95209754", "55907591", "22048402", "24218844", "36209546"]
    );
}

#[test]
fn rfc_6287_appendix_c_mutual() {
    let both = |first: &str, second: &str| -> Vec<String> {
        (0..5).map(|n| format!("{first}{n}{second}{n}")).collect()
    };
    let (server, client) = (both("CLI2222", "SRV1111"), both("SRV1111", "CLI2222"));
    for (suite, questions, expected) in [
        (
            "OCRA-1:HOTP-SHA256-8:QA08",
            &server,
            ["28247970", "01984843", "65387857", "03351211", "83412541"],
        ),
        (
            "OCRA-1:HOTP-SHA256-8:QA08",
            &client,
            ["15510767", "90175646", "33777207", "95285278", "28934924"],
        ),
        (
            "OCRA-1:HOTP-SHA512-8:QA08",
            &server,
            ["79496648", "76831980", "12250499", "90856481", "12761449"],
        ),
        (
            "OCRA-1:HOTP-SHA512-8:QA08-PSHA1",
            &client,
            ["18806276", "70020315", "01600026", "18951020", "32528969"],
        ),
    ] {
        assert_eq!(
            answers(suite, questions.iter().map(|it| challenge(it))),
            expected,
            "{suite}"
        );
    }
}

#[test]
fn rfc_6287_appendix_c_plain_signature() {
    let signed: Vec<_> = (0..5).map(|n| format!("SIG1{n}000")).collect();
    assert_eq!(
        answers(
            "OCRA-1:HOTP-SHA256-8:QA08",
            signed.iter().map(|it| challenge(it))
        ),
        ["53095496", "04110475", "31331128", "76028668", "46554205"]
    );
    let timed: Vec<_> = (0..5).map(|n| format!("SIG1{n}00000")).collect();
    assert_eq!(
        answers(
            "OCRA-1:HOTP-SHA512-8:QA10-T1M",
            timed.iter().map(|it| challenge(it))
        ),
        ["77537423", "31970405", "10235557", "95213541", "65360607"]
    );
}

/// What oathtool prints; `None`, with a message, where it is not installed.
fn oathtool(args: &[String]) -> Option<String> {
    let output = Command::new("oathtool")
        .args(args)
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "{args:?}: {output:?}");
            Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
        }
        Err(error) => {
            eprintln!("skipped: oathtool cannot be run: {error}");
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn oathtool_computes_the_same_by_the_counter(
        seed in proptest::collection::vec(any::<u8>(), 1..200),
        // oathtool takes a signed number.
        counter in 0..=i64::MAX.cast_unsigned(),
        digits in 6_u32..=8,
    ) {
        let args = ["--hotp", "-c", &counter.to_string(), "-d", &digits.to_string(), &hex(&seed)];
        if let Some(expected) = oathtool(&args.map(str::to_owned)) {
            let code = Generator::new(&seed, Hash::Sha1).code(counter, Digits::new(digits).unwrap());
            prop_assert_eq!(shown(&code), expected);
        }
    }

    #[test]
    fn oathtool_computes_the_same_by_the_clock(
        seed in proptest::collection::vec(any::<u8>(), 1..200),
        hash in proptest::sample::select(Hash::ALL),
        time in 0_i64..4_000_000_000,
        step in 1_u32..600,
        digits in 6_u32..=8,
    ) {
        let now = crate::model::Timestamp::from_second(time).unwrap();
        let args = [
            format!("--totp={hash}"),
            format!("--now=@{time}"),
            format!("--time-step-size={step}s"),
            format!("--digits={digits}"),
            hex(&seed),
        ];
        if let Some(expected) = oathtool(&args) {
            let code = Generator::new(&seed, hash).code(time.cast_unsigned() / u64::from(step), Digits::new(digits).unwrap());
            prop_assert_eq!(shown(&code), expected.as_str());
            let verifier = Verifier::new(crate::model::Algorithm::Totp, Some(hash), Some(digits), Some(step), &seed);
            let verdict = verifier.unwrap().verify(&Otp::parse(&expected).unwrap(), Standing::default(), now);
            prop_assert!(matches!(verdict, Verdict::Right(Matched { offset: 0, .. })), "{verdict:?}");
        }
    }
}
