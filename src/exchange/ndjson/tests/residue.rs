//! Bad lines in a file of their own, which is loaded once they are corrected.

use super::*;
use crate::exchange::NoResidue;

fn of(file: &str, bad: &[(u64, &str)]) -> String {
    let bad: Vec<_> = bad
        .iter()
        .map(|(line, why)| (*line, (*why).to_owned()))
        .collect();
    let mut out = Vec::new();
    write_residue(file.as_bytes(), &bad, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_residue_is_a_delta_with_the_groups_of_its_file() {
    let schema = SCHEMA.replace('}', r#","end":true,"x":{"a":1}}"#);
    let bad = user("").replace("asmith\"", "asmith\",\"state\":\"on\"");
    let twice = user("").replace("asmith", "b");
    let file = [
        "",
        &schema,
        GROUP,
        &user(""),
        &bad,
        r#"{"type":"group","name":"hr"}"#,
        &twice,
        &twice,
        r#"{"type":"group","name":"late"}"#,
    ]
    .join("\r\n");
    let text = of(
        &file,
        &[(5, "line 5: 'on' is\nno state"), (8, "one"), (8, "two")],
    );
    let delta = SCHEMA.replace("full", "delta");
    assert_eq!(
        text,
        format!(
            "{delta}\n{GROUP}\r\n# line 5: 'on' is no state\n{bad}\r\n{{\"type\":\"group\",\"name\":\"hr\"}}\r\n# one\n# two\n{twice}\r\n"
        )
    );
    // As it is, it has one bad line; corrected it has none.
    let errors = |text: &str| Reader::new(text.as_bytes()).filter(Result::is_err).count();
    assert_eq!(errors(&text), 1);
    assert_eq!(errors(&text.replace("\"on\"", "\"active\"")), 0);
}

#[test]
fn a_line_that_is_no_text_or_has_no_end_is_kept_as_far_as_it_can_be() {
    let long = "x".repeat(MAX_LINE + 1);
    let file = [
        SCHEMA.as_bytes(),
        b"\n\xFF\xFE\n",
        long.as_bytes(),
        b"\n[1]",
    ]
    .concat();
    let bad: Vec<_> = (2..=4).map(|line| (line, "bad".to_owned())).collect();
    let mut out = Vec::new();
    write_residue(&file[..], &bad, &mut out).unwrap();
    let delta = SCHEMA.replace("full", "delta");
    let expected = [
        delta.as_bytes(),
        b"\n# bad\n\xFF\xFE\n# bad\n# The line is too long to stand here.\n# bad\n[1]\n",
    ]
    .concat();
    assert_eq!(out, expected);
    let gone = write_residue(&file[..9], &bad, &mut Vec::new()).unwrap_err();
    assert!(
        matches!(gone, NoResidue::Read(error) if error.kind() == std::io::ErrorKind::UnexpectedEof)
    );
}

#[test]
fn comments_are_no_records() {
    let file = format!("# one\n{SCHEMA}\n#\n{GROUP}\n# {{\"type\":\"end\"}}\n");
    let lines: Vec<u64> = Reader::new(file.as_bytes())
        .map(|item| item.unwrap().0)
        .collect();
    assert_eq!(lines, [2, 4]);
    let error = Reader::new(&b"# one\n# two\n"[..])
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(error.what, "the file has no record");
}
