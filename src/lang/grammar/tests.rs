use super::*;
use crate::lang::Span;
use crate::lang::ast::{Condition, Item, PieceKind};
use crate::lang::lexer::Operator;
use proptest::prelude::*;

fn only(text: &str) -> Command {
    let mut script = parse(text).unwrap_or_else(|failed| panic!("{text}: {failed:#?}"));
    assert_eq!(script.statements.len(), 1, "{text}");
    match script.statements.remove(0) {
        Statement::Command(command) => command,
        Statement::Foreach(_) => panic!("{text} is a loop"),
    }
}

fn codes(text: &str) -> Vec<(&'static str, Span)> {
    let failed = parse(text).expect_err(text);
    let each = failed.diagnostics.iter();
    each.map(|found| (found.code, found.span())).collect()
}

/// The condition in a compact form: `(a or (b and not c))`.
fn written(condition: &Condition) -> String {
    let join = |parts: &[Condition], joint: &str| {
        let parts: Vec<_> = parts.iter().map(written).collect();
        format!("({})", parts.join(joint))
    };
    match condition {
        Condition::Any(parts) => join(parts, " or "),
        Condition::All(parts) => join(parts, " and "),
        Condition::Not(inner) => format!("not {}", written(inner)),
        Condition::Same(name, inner) => format!("{}[{}]", name.text, written(inner)),
        Condition::Test(test) => test.name.text.clone(),
    }
}

fn condition(text: &str) -> String {
    match only(text).items.last() {
        Some(Item::Where(item)) => written(&item.condition),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_is_a_flat_list_of_items() {
    let command = only("export sales group=a,b -userid a* -n=1 lastauth<-90d");
    let kinds: Vec<_> = command
        .items
        .iter()
        .map(|item| match item {
            Item::Value(value) => format!("value {}", value.bare().unwrap()),
            Item::Named(named) => format!(
                "{} {} {}",
                named.name.text,
                named.operator.as_str(),
                named.value.elements.len()
            ),
            Item::Dash(dash) => format!("dash {} {}", dash.name.text, dash.value.is_some()),
            Item::Where(_) => "where".to_owned(),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "value export",
            "value sales",
            "group = 2",
            "dash userid false",
            "value a*",
            "dash n true",
            "lastauth < 1"
        ]
    );
    assert_eq!(command.span, 0..52);
}

#[test]
fn spans_cover_what_was_written() {
    let text = "  x a=\"b $c d\"'e'f # end";
    let command = only(text);
    assert_eq!(&text[command.span.clone()], "x a=\"b $c d\"'e'f");
    let Item::Named(named) = &command.items[1] else {
        panic!()
    };
    let pieces = &named.value.elements[0].pieces;
    let spans: Vec<_> = pieces
        .iter()
        .map(|piece| &text[piece.span.clone()])
        .collect();
    assert_eq!(spans, ["\"b ", "$c", " d\"", "'e'", "f"]);
    assert_eq!(pieces[0].kind, PieceKind::Quoted("b ".to_owned()));
    assert_eq!(
        pieces[1].kind,
        PieceKind::Variable {
            name: "c".to_owned(),
            quoted: true
        }
    );
    assert_eq!(pieces[4].kind, PieceKind::Bare("f".to_owned()));
}

#[test]
fn an_empty_text_is_a_value() {
    let command = only("x a=\"\" ''");
    let Item::Named(named) = &command.items[1] else {
        panic!()
    };
    let pieces = &named.value.elements[0].pieces;
    assert_eq!(pieces[0].kind, PieceKind::Quoted(String::new()));
    assert_eq!(&pieces[0].span, &(4..6));
}

#[test]
fn commands_end_at_newlines_and_semicolons() {
    let script = parse("a; b ;; # c; d\n\n  e\\\n f\r\ng").unwrap();
    assert_eq!(script.statements.len(), 4);
    assert_eq!(parse("").unwrap().statements.len(), 0);
    assert_eq!(parse(" ;\n# only a comment").unwrap().statements.len(), 0);
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    assert_eq!(
        condition("x where=a=1 or b=1 and not c=1"),
        "(a or (b and not c))"
    );
    assert_eq!(
        condition("x where=(a=1 or b=1) and not(c=1)"),
        "((a or b) and not c)"
    );
    assert_eq!(
        condition("x WHERE=NOT a=1 AND token(b=1 and c=1)"),
        "(not a and token[(b and c)])"
    );
    assert_eq!(condition("x where=not not a=1"), "not not a");
    assert_eq!(
        condition("x where=not=1"),
        "not",
        "an attribute of that name"
    );
}

#[test]
fn a_condition_ends_where_the_next_item_cannot_continue_it() {
    let command = only("x where=a=1 or b=1 format=json and");
    assert_eq!(command.items.len(), 4);
    assert_eq!(command.items[1].span(), &(2..18));
}

#[test]
fn between_parentheses_a_newline_is_a_blank() {
    assert_eq!(
        condition("x where=(a=1 # so\n  or b=1\n) and\\\n c=1"),
        "((a or b) and c)"
    );
}

#[test]
fn relations_are_kept() {
    for operator in Operator::ALL {
        let text = format!("assert count{}5", operator.as_str());
        let Item::Named(named) = &only(&text).items[1] else {
            panic!()
        };
        assert_eq!(named.operator, operator);
    }
}

#[test]
fn a_dash_before_no_name_is_a_value() {
    for text in ["-90d", "-a*", "-a,b", "--a", "-", "-a'b'", "-$x"] {
        let command = only(&format!("x {text}"));
        assert!(matches!(command.items[1], Item::Value(_)), "{text}");
    }
}

#[test]
fn loops_nest() {
    let script = parse(
        "foreach g in (group list name=a*) {\n  foreach u in (user list group=$g) { echo $u; echo x }\n}\nexit",
    )
    .unwrap();
    assert_eq!(script.statements.len(), 2);
    let Statement::Foreach(outer) = &script.statements[0] else {
        panic!()
    };
    assert_eq!(outer.variable.text, "g");
    let Statement::Foreach(inner) = &outer.body.statements[0] else {
        panic!()
    };
    assert_eq!(inner.body.statements.len(), 2);
    assert!(parse("foreach g in (x) {}").is_ok());
    assert!(parse("foreach g in(x){foreach h in(y){}}").is_ok());
}

#[test]
fn all_errors_of_a_script_are_found() {
    assert_eq!(
        codes("a b= c\nuser list\nd!\nwhere=(e=f\nuser list\n}\nx='"),
        [
            ("E0108", 4..5),
            ("E0103", 18..19),
            ("E0111", 26..27),
            ("E0111", 41..42),
            ("E0102", 45..46),
        ]
    );
    let right = parse("a b= c\nuser list\nd!\nexit").unwrap_err().script;
    assert_eq!(right.statements.len(), 2, "what is right is kept");
    assert_eq!(codes(&"a= b\n".repeat(1000)).len(), 20);
    assert_eq!(
        codes("foreach x in (y) {\n a= b\n c= d\n}\ne= f").len(),
        3,
        "also within loops, and after them"
    );
}

#[test]
fn what_more_lines_could_complete_is_open() {
    use super::Open::*;
    for (text, open) in [
        ("a 'b", Some(Quote(super::Quote::Single))),
        ("a \"b $c", Some(Quote(super::Quote::Double))),
        ("a where=(b=c", Some(Parenthesis)),
        ("a where=(b=c\n", Some(Parenthesis)),
        ("a where=(b=c and", Some(Parenthesis)),
        ("a where=(", Some(Parenthesis)),
        ("a where=not(token(b=c)", Some(Parenthesis)),
        ("foreach x in (", Some(Parenthesis)),
        ("foreach x in (y) {", Some(Brace)),
        ("foreach x in (y) {\n foreach z in (y) {", Some(Brace)),
        (
            "foreach x in (y) {\n a '",
            Some(Quote(super::Quote::Single)),
        ),
        ("a \\", Some(Line)),
        ("a where=(b=", None),
        ("a where=(b=c,", None),
        ("a where=(b= c", None),
        ("a= b\nc '", None),
        ("a \\ ", None),
        ("a b=", None),
        ("a )", None),
        ("a where=", None),
    ] {
        assert_eq!(parse(text).unwrap_err().open, open, "{text}");
    }
}

#[test]
fn nesting_is_limited_so_that_nothing_overflows_the_stack() {
    let nested = |n: usize| format!("x where={}a=b{}", "(".repeat(n), ")".repeat(n));
    assert!(parse(&nested(64)).is_ok());
    for n in [65, 100_000] {
        assert_eq!(codes(&nested(n))[0].0, "E0113", "{n}");
    }
    assert_eq!(
        codes(&format!("x where={}a=b", "not ".repeat(100_000)))[0].0,
        "E0113"
    );
    let loops = |n: usize| format!("{}{}", "foreach x in (y) {".repeat(n), "}".repeat(n));
    assert!(parse(&loops(64)).is_ok());
    assert_eq!(codes(&loops(10_000))[0].0, "E0113");
}

#[test]
fn very_long_lines_parse() {
    let mut text = String::from("x a=b");
    while text.len() < 1_000_000 {
        text.push_str(",c \"d\" e=f");
    }
    assert!(parse(&text).is_ok());
    let joined = format!("x where=a=b{}", " or a=b".repeat(100_000));
    assert!(parse(&joined).is_ok());
    assert!(parse(&"(".repeat(1_000_000)).is_err());
    assert!(parse(&"\"${\\u{".repeat(100_000)).is_err());
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "(?s)\\PC*|[ \t\r\n;#'\"$\\\\{}()=!<>,a-c\u{0}-\u{1f}]*|((foreach|in|where=|and|or|not|a=b|x|[(){};\n, ]) ?)*") {
        if let Err(failed) = parse(&text) {
            prop_assert!(!failed.diagnostics.is_empty());
            for diagnostic in &failed.diagnostics {
                for label in &diagnostic.labels {
                    prop_assert!(text.get(label.span.clone()).is_some(), "{:?}", diagnostic);
                }
            }
        }
    }
}
