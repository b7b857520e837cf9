//! The end record: a file that was cut is refused, wherever it was cut.

use std::io::{Cursor, Write as _};

use super::*;

const PROMISED: &str = r#"{"type":"schema","version":1,"scope":"full","end":true}"#;

/// A file of two users with two tokens and a card, and a token and a card of no user: 2, 3 and 2.
fn people(schema: &str) -> Vec<String> {
    vec![
        schema.to_owned(),
        GROUP.to_owned(),
        format!(
            r#"{{"type":"user","group":"sales","userid":"a","tokens":[{{{TOKEN},"state":"current"}},{{{},"state":"hold"}}]}}"#,
            TOKEN.replace("13456", "13457")
        ),
        format!(
            r#"{{"type":"user","group":"sales","userid":"b","cards":[{{{CARD},"state":"current"}}]}}"#
        ),
        token("").replace("13456", "13458"),
        card("").replace("\"serial\":7", "\"serial\":8"),
    ]
}

fn end(users: u64, tokens: u64, cards: u64) -> String {
    format!(r#"{{"type":"end","users":{users},"tokens":{tokens},"cards":{cards}}}"#)
}

/// Reads everything: how many records there are, what was wrong, and whether the file has an end.
fn read(file: &[u8]) -> (usize, Vec<Error>, bool) {
    let mut reader = Reader::new(file);
    let (mut records, mut errors) = (0, Vec::new());
    for item in reader.by_ref() {
        match item {
            Ok(_) => records += 1,
            Err(error) => errors.push(error),
        }
    }
    assert!(reader.next().is_none());
    (records, errors, reader.has_end())
}

/// The one error of a file, which ends the reading.
fn refused(lines: &[String]) -> Error {
    let (_, mut errors, _) = read(lines.join("\n").as_bytes());
    assert_eq!(errors.len(), 1, "{lines:?} {errors:?}");
    let error = errors.remove(0);
    assert!(error.fatal && !error.hint.is_empty());
    error
}

#[test]
fn a1_an_end_record_that_agrees_is_no_record() {
    for schema in [
        PROMISED,
        SCHEMA,
        r#"{"type":"schema","version":1,"end":false}"#,
    ] {
        let mut lines = people(schema);
        lines.push(end(2, 3, 2));
        let text = lines.join("\n");
        // Blank lines and comments may stand behind it.
        for tail in ["", "\n", "\r\n", "\n\n \n# done\n"] {
            let (records, errors, has_end) = read(format!("{text}{tail}").as_bytes());
            assert_eq!((records, errors, has_end), (6, Vec::new(), true));
        }
    }
    let (records, errors, has_end) = read(people(SCHEMA).join("\n").as_bytes());
    assert_eq!((records, errors, has_end), (6, Vec::new(), false));
}

#[test]
fn a1_every_count_must_agree() {
    for (counts, field) in [
        ((1, 3, 2), "users"),
        ((3, 3, 2), "users"),
        ((2, 2, 2), "tokens"),
        ((2, 4, 2), "tokens"),
        ((2, 3, 1), "cards"),
        ((2, 3, 3), "cards"),
        ((0, 0, 0), "users"),
        // Unassigned ones count too.
        ((2, 2, 1), "tokens"),
    ] {
        for schema in [PROMISED, SCHEMA] {
            let mut lines = people(schema);
            lines.push(end(counts.0, counts.1, counts.2));
            let error = refused(&lines);
            assert_eq!((error.line, error.field.as_str()), (7, field));
            assert_eq!(
                error.what,
                format!(
                    "the end record and the file do not agree: users {} expected, 2 found; tokens {}, 3; cards {}, 2",
                    counts.0, counts.1, counts.2
                )
            );
        }
    }
}

#[test]
fn a1_nothing_stands_behind_the_end_record() {
    for behind in [
        end(2, 3, 2),
        PROMISED.to_owned(),
        user("").replace("asmith", "c"),
        "no JSON".to_owned(),
        "x".repeat(MAX_LINE + 1),
    ] {
        let mut lines = people(PROMISED);
        lines.extend([end(2, 3, 2), String::new(), behind]);
        let error = refused(&lines);
        assert_eq!(
            (error.line, error.what.as_str()),
            (9, "something stands behind the end record")
        );
    }
    // Two files, one behind the other.
    let mut one = people(PROMISED);
    one.push(end(2, 3, 2));
    let error = refused(&[one.clone(), one].concat());
    assert_eq!(error.line, 8);
}

#[test]
fn a1_an_end_record_is_whole_and_behind_the_schema() {
    for (text, field, what) in [
        (
            r#"{"type":"end","users":2,"tokens":3}"#,
            "cards",
            "required, but missing",
        ),
        (
            r#"{"type":"end","users":2,"tokens":3,"cards":2,"groups":1}"#,
            "groups",
            "unknown field 'groups'",
        ),
        (
            r#"{"type":"end","users":-2,"tokens":3,"cards":2}"#,
            "users",
            "expected a whole number",
        ),
        (
            r#"{"type":"end","users":2,"tok"#,
            "",
            "the line ends inside the record",
        ),
    ] {
        let mut lines = people(SCHEMA);
        lines.push(text.to_owned());
        let error = refused(&lines);
        assert!(error.field == field || field.is_empty(), "{error}");
        assert!(
            error.what.starts_with(what) || what.starts_with("expected a"),
            "{error}"
        );
    }
    assert_eq!(
        refused(&[end(0, 0, 0)]).what,
        "the first line is not the schema"
    );
}

#[test]
fn a1_a_file_that_was_cut_is_refused_wherever_that_was() {
    let mut lines = people(PROMISED);
    lines.push(end(2, 3, 2));
    let whole = lines.join("\n") + "\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(whole.as_bytes()).unwrap();
    for packed in [
        whole.clone().into_bytes(),
        zstd::encode_all(whole.as_bytes(), 1).unwrap(),
        gzip.finish().unwrap(),
    ] {
        for length in 0..=packed.len() {
            let bytes = Cursor::new(packed[..length].to_vec());
            let mut reader = Reader::new(input::decompressed(bytes).unwrap());
            let last = reader.by_ref().last();
            // Only the last line feed says nothing.
            let is_whole = reader.has_end() && matches!(last, Some(Ok(_)));
            let may_be = length + usize::from(packed[0] == b'{') >= packed.len();
            assert_eq!(is_whole, may_be, "{length} of {}", packed.len());
            if !is_whole {
                assert!(last.unwrap().unwrap_err().fatal, "{length}");
            }
        }
    }
    lines.pop();
    let error = refused(&lines);
    assert_eq!(error.line, 6);
    assert_eq!(
        error.what,
        "the file ends without its end record: it was cut"
    );
}

#[test]
fn a1_bad_lines_do_not_hide_a_cut() {
    let with_bad = |bad: usize, counts: (u64, u64, u64)| {
        let mut lines = people(PROMISED);
        lines.splice(2..2, (0..bad).map(|_| "bad".to_owned()));
        lines.push(end(counts.0, counts.1, counts.2));
        let (_, errors, _) = read(lines.join("\n").as_bytes());
        assert!(errors.iter().take(bad).all(|error| !error.fatal));
        errors.get(bad).map(|error| error.what.clone())
    };
    assert_eq!(with_bad(1, (2, 3, 2)), None);
    assert_eq!(with_bad(1, (3, 9, 4)), None);
    assert_eq!(with_bad(1, (2, 4, 2)), None);
    assert_eq!(
        with_bad(1, (4, 3, 2)).unwrap(),
        "the end record and the file do not agree: users 4 expected, 2 found; tokens 3, 3; cards 2, 2, bad lines 1"
    );
    assert!(with_bad(1, (2, 5, 2)).is_some());
    assert!(with_bad(9, (1, 3, 2)).is_some());
    // Without the end record nothing helps.
    let mut lines = people(PROMISED);
    lines.push("bad".to_owned());
    let (_, errors, _) = read(lines.join("\n").as_bytes());
    assert!(!errors[0].fatal && errors[1].fatal);
    assert_eq!(
        errors[1].what,
        "the file ends without its end record: it was cut"
    );
}
