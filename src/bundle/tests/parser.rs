//! The JSON parser by itself.

use crate::bundle::json::*;

fn parse<T>(text: &str, read: impl FnOnce(&mut Parser) -> Parsed<T>) -> Option<T> {
    let mut secrets = Secrets::default();
    let mut parser = Parser::new(text, &mut secrets);
    let value = read(&mut parser).ok()?;
    parser.end().ok()?;
    Some(value)
}

#[test]
fn strings_are_read_as_serde_json_reads_them() {
    for text in [
        r#""""#,
        r#" "plain" "#,
        r#""q\"b\\s\/\b\f\n\r\t\u0041é""#,
        r#""\ud83d\ude00 \u00e9\u00E9""#,
        "\"\u{7f}\u{2028}\u{10ffff}\"",
        r#""\ud83d""#,
        r#""\ud83dx\ude00""#,
        r#""\ude00\ud83d""#,
        r#""\u00g0""#,
        r#""\u+123""#,
        r#""\x41""#,
        r#""\u12"#,
        "\"a\u{1}\"",
        "\"a\nb\"",
        r#""open"#,
        r#"\"#,
        r#""a" b"#,
        "'a'",
    ] {
        let known: Option<String> = serde_json::from_str(text).ok();
        assert_eq!(parse(text, |parser| parser.string()), known, "{text}");
    }
}

#[test]
fn integers_are_exact_or_refused() {
    for (text, known) in [
        ("0", Some(0)),
        ("-7", Some(-7)),
        ("9007199254740991", Some(9_007_199_254_740_991)),
        ("-9007199254740991", Some(-9_007_199_254_740_991)),
        ("9007199254740992", None),
        ("-9007199254740992", None),
        ("99999999999999999999999", None),
        ("01", None),
        ("-0", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        ("1E3", None),
        ("-", None),
        ("", None),
        ("0x1", None),
        ("\"1\"", None),
    ] {
        assert_eq!(parse(text, |parser| parser.signed()), known, "{text}");
    }
    assert_eq!(parse("-1", |parser| parser.integer::<u64>()), None);
    assert_eq!(
        parse("4294967295", |parser| parser.integer::<u32>()),
        Some(u32::MAX)
    );
    assert_eq!(parse("4294967296", |parser| parser.integer::<u32>()), None);
}

#[test]
fn times_have_one_form() {
    for (text, known) in [
        ("2026-01-02T03:04:05Z", true),
        ("2026-01-02T03:04:05.5Z", true),
        ("2026-01-02T03:04:05.123456789Z", true),
        ("0001-01-01T00:00:00Z", true),
        ("9999-12-30T21:59:59Z", true),
        ("0000-12-31T23:59:59Z", false),
        ("2026-02-30T03:04:05Z", false),
        ("2026-01-02T03:04:05.Z", false),
        ("2026-01-02T03:04:05.1234567890Z", false),
        ("2026-01-02T03:04:05.5+00:00Z", false),
        ("2026-01-02T03:04:05.5aZ", false),
        ("2026-01-02T03:04:05. Z", false),
        ("2026-01-02T03:04:05,5Z", false),
        ("2026-01-02T03:04:05+00:00", false),
        ("2026-01-02T03:04:05", false),
        ("2026-01-02 03:04:05Z", false),
        ("2026-01-02t03:04:05z", false),
        ("2026-01-02T03:04Z", false),
        ("20260102T030405Z", false),
        ("-000001-01-02T03:04:05Z", false),
        ("+002026-01-02T03:04:05Z", false),
        ("2026-01-02T03:04:05Z[UTC]", false),
        ("", false),
    ] {
        let quoted = format!("\"{text}\"");
        assert_eq!(
            parse(&quoted, |parser| parser.time()).is_some(),
            known,
            "{text}"
        );
    }
}

#[test]
fn objects_and_arrays_keep_to_the_grammar() {
    let numbers = |text: &str| parse(text, |parser| parser.array(Parser::signed));
    assert_eq!(numbers("[ ]"), Some(vec![]));
    assert_eq!(numbers("[1 ,\t2]"), Some(vec![1, 2]));
    for bad in ["[1,]", "[,1]", "[1 2]", "[1", "[", "1]", "[1]]", "[null]"] {
        assert_eq!(numbers(bad), None, "{bad}");
    }
    let member = |text: &str| {
        let mut a = None;
        parse(text, |parser| {
            parser.object(|parser, key| match key {
                "a" => parser.once(&mut a, Parser::boolean),
                _ => parser.fault("unknown"),
            })
        })?;
        Some(a)
    };
    assert_eq!(member("{}"), Some(None));
    assert_eq!(member(" { \"a\" : true } "), Some(Some(true)));
    for bad in [
        r#"{"a":true,"a":true}"#,
        r#"{"a":true,"\u0061":false}"#,
        r#"{"b":true}"#,
        r#"{"a":null}"#,
        r#"{"a":true,}"#,
        r#"{"a" true}"#,
        r#"{a:true}"#,
        r#"{"a":truely}"#,
    ] {
        assert_eq!(member(bad), None, "{bad}");
    }
}

#[test]
fn secrets_come_in_order_and_once() {
    let arena = b"\0\0\0\x01a\0\0\0\x02bc";
    let read = |text: &str| {
        use secrecy::ExposeSecret as _;
        let mut secrets = Secrets::new(arena);
        let list = Parser::new(text, &mut secrets).array(Parser::secret).ok()?;
        let list: Vec<Vec<u8>> = list.iter().map(|s| s.expose_secret().to_vec()).collect();
        Some((list, secrets.is_empty()))
    };
    let both = Some((vec![b"a".to_vec(), b"bc".to_vec()], true));
    assert_eq!(read(r#"[{"$secret":0},{"$secret":1}]"#), both);
    assert_eq!(
        read(r#"[{"$secret":0}]"#),
        Some((vec![b"a".to_vec()], false))
    );
    for bad in [
        r#"[{"$secret":1}]"#,
        r#"[{"$secret":0},{"$secret":0}]"#,
        r#"[{"$secret":0},{"$secret":2}]"#,
        r#"[{"$secret":0},{"$secret":1},{"$secret":2}]"#,
        r#"[{"$secret":0,"$secret":0}]"#,
        r#"[{"$secret":0,"x":1}]"#,
        r#"[{}]"#,
        r#"["a"]"#,
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
