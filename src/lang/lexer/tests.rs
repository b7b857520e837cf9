use super::*;
use proptest::prelude::*;

fn shapes(text: &str) -> Vec<(TokenKind, &str, bool)> {
    lex(text)
        .into_iter()
        .map(|token| (token.kind, &text[token.span], token.glued))
        .collect()
}

#[test]
fn an_argument_is_three_tokens_glued_together() {
    use TokenKind::*;
    assert_eq!(
        shapes("export group=sales,hr*"),
        [
            (Word, "export", false),
            (Blank, " ", true),
            (Word, "group", false),
            (Operator(super::Operator::Equal), "=", true),
            (Word, "sales", true),
            (Comma, ",", true),
            (Word, "hr*", true),
        ]
    );
}

#[test]
fn the_longest_operator_wins() {
    for (text, operator) in [
        ("a!=b", Operator::NotEqual),
        ("a<=b", Operator::LessOrEqual),
        ("a>=b", Operator::GreaterOrEqual),
        ("a<-90d", Operator::Less),
        ("a>b", Operator::Greater),
        ("a=b", Operator::Equal),
    ] {
        let tokens = lex(text);
        assert_eq!(tokens[1].kind, TokenKind::Operator(operator), "{text}");
        assert_eq!(tokens.len(), 3, "{text}");
    }
}

#[test]
fn double_quotes_take_escapes_and_variables() {
    use TokenKind::*;
    assert_eq!(
        shapes(r#""a\n\u{e9}$x${y.z}'""#),
        [
            (Quote(super::Quote::Double), "\"", false),
            (Text, "a", true),
            (Escape('\n'), "\\n", true),
            (Escape('é'), "\\u{e9}", true),
            (Variable, "$x", true),
            (Variable, "${y.z}", true),
            (Text, "'", true),
            (EndQuote(super::Quote::Double), "\"", true),
        ]
    );
    assert_eq!(variable_name("${y.z}"), "y.z");
    assert_eq!(variable_name("$x"), "x");
}

#[test]
fn single_quotes_take_every_sign_as_it_is() {
    let shapes = shapes(r#"'a\n$x"'"#);
    assert_eq!(shapes[1], (TokenKind::Text, r#"a\n$x""#, true));
    assert_eq!(shapes.len(), 3);
}

#[test]
fn a_comment_begins_a_word_and_ends_with_the_line() {
    use TokenKind::*;
    assert_eq!(
        shapes("a#b #c;d\ne"),
        [
            (Word, "a#b", false),
            (Blank, " ", true),
            (Comment, "#c;d", false),
            (Newline, "\n", false),
            (Word, "e", false),
        ]
    );
}

#[test]
fn what_is_wrong_is_a_token() {
    for (text, at, bad) in [
        ("a='b", 2, Bad::OpenQuote(Quote::Single)),
        ("a=\"b", 2, Bad::OpenQuote(Quote::Double)),
        ("a\u{1b}b", 1, Bad::Control('\u{1b}')),
        ("a\rb", 1, Bad::Control('\r')),
        ("a\u{9b}b", 1, Bad::Control('\u{9b}')),
        ("'\u{7}'", 1, Bad::Control('\u{7}')),
        ("#\u{7}", 1, Bad::Control('\u{7}')),
        ("a\u{a0}b", 1, Bad::Space('\u{a0}')),
        ("a\\b", 1, Bad::Backslash),
        ("\"\\q\"", 1, Bad::Escape),
        ("\"\\u{110000}\"", 1, Bad::Escape),
        ("\"\\u{}\"", 1, Bad::Escape),
        ("a=$", 2, Bad::Dollar),
        ("a=${b", 2, Bad::Dollar),
        ("a=$1", 2, Bad::Dollar),
        ("a!b", 1, Bad::Quotable('!')),
        ("a=#b", 2, Bad::Quotable('#')),
        ("a=“b”", 2, Bad::LookAlike('“')),
        ("a=“b”", 4, Bad::LookAlike('”')),
        ("a=b’’", 3, Bad::LookAlike('’')),
        ("a=“$b”", 2, Bad::LookAlike('“')),
        ("a b,„c“", 4, Bad::LookAlike('„')),
        ("a ––b", 2, Bad::LookAlike('–')),
    ] {
        assert_eq!(lex(text)[at].kind, TokenKind::Bad(bad), "{text:?}");
    }
}

#[test]
fn b2_signs_of_typography_within_a_word_belong_to_it() {
    for word in ["o’neil", "Anna–Maria", "–", "–5", "a«b»c", "x—", "‚"] {
        let quote = word == "‚";
        let tokens = lex(word);
        assert_eq!(tokens.len(), 1, "{word}");
        assert_eq!(tokens[0].kind == TokenKind::Word, !quote, "{word}");
    }
    // A dash is looked at where an item begins.
    assert_eq!(lex("a=–b")[2].kind, TokenKind::Word);
    assert!(lex("# “x” –y").iter().all(|t| t.kind == TokenKind::Comment));
    assert!(
        lex("'“x”'")
            .iter()
            .all(|t| !matches!(t.kind, TokenKind::Bad(_)))
    );
}

#[test]
fn lines_end_as_on_any_system_and_may_go_on() {
    let kinds = |text| lex(text).into_iter().map(|t| t.kind).collect::<Vec<_>>();
    use TokenKind::*;
    assert_eq!(
        kinds("\u{feff}a\r\nb"),
        [Blank, Word, Newline, Word],
        "BOM, CR LF"
    );
    assert_eq!(kinds("a \\\r\nb"), [Word, Blank, Blank, Word]);
    assert_eq!(kinds("#c\r\n"), [Comment, Newline]);
    assert_eq!(
        kinds("a\\"),
        [Word, Bad(super::Bad::Backslash)],
        "the end is no newline"
    );
}

proptest! {
    #[test]
    fn the_spans_are_the_text(text in "(?s)\\PC*|[ \t\r\n;#'\"$\\\\{}()=!<>,a-c\u{0}-\u{1f}\u{feff}“’–]*") {
        let tokens = lex(&text);
        let mut at = 0;
        for token in &tokens {
            prop_assert_eq!(token.span.start, at);
            prop_assert!(token.span.end > at);
            at = token.span.end;
        }
        prop_assert_eq!(at, text.len());
    }
}
