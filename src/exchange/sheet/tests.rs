//! Sheets as people make them.

use super::*;

fn fields() -> Vec<Field> {
    vec![
        Field::required(&["userid", "user id", "user"]),
        Field::required(&["targetUserId"]),
        Field::optional(&["group"]),
    ]
}

fn read(text: impl AsRef<[u8]>) -> Result<Vec<(u64, String)>, String> {
    let show = |error: Error| error.to_string();
    let mut sheet = Sheet::new(text.as_ref(), fields(), Others::Named).map_err(show)?;
    let mut rows = Vec::new();
    while let Some(row) = sheet.next_row().map_err(show)? {
        rows.push((
            row.line,
            format!("{}>{}@{}", row.get(0), row.get(1), row.get(2)),
        ));
    }
    Ok(rows)
}

fn row(line: u64, text: &str) -> (u64, String) {
    (line, text.to_owned())
}

#[test]
fn every_usual_delimiter_and_any_order_of_columns() {
    for delimiter in [",", ";", "|", "\t"] {
        let text = "group,TARGET_USER_ID,User-ID\nsales,b,a\n\"s 1\",d,c\n";
        let text = text.replace(',', delimiter);
        assert_eq!(
            read(text).unwrap(),
            [row(2, "a>b@sales"), row(3, "c>d@s 1")]
        );
    }
}

#[test]
fn spreadsheets_are_taken_as_they_come() {
    let text = "\u{feff}\r\n \r\nuserid,targetUserId\n\r\n a , b \r\n\n  \r\n\"x,\"\"y\"\"\",\"z\nz\"\r\nc,d";
    assert_eq!(
        read(text).unwrap(),
        [row(5, "a>b@"), row(8, "x,\"y\">z\nz@"), row(10, "c>d@")]
    );
}

#[test]
fn a_header_that_does_not_do_is_refused() {
    for (text, words) in [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        (
            "userid,group\na,b\n",
            "line 1: the header lacks 'targetUserId'; it names 'userid', 'group'",
        ),
        (
            "userid,targetUserId,grop\n",
            "line 1, column 3: unknown column 'grop'",
        ),
        (
            "userid,targetUserId,Group Name\n",
            "line 1, column 3: unknown column 'Group Name'",
        ),
        (
            "userid,targetUserId,USER\n",
            "line 1, column 3: the header names 'userid' twice",
        ),
        ("a\n", "the header lacks 'userid', 'targetUserId'"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(words), "{text:?}: {error}");
    }
    let sheet = Sheet::new(
        &b"x,userid,targetUserId\n1,a,b\n"[..],
        fields(),
        Others::Ignored,
    );
    assert!(sheet.is_ok());
}

#[test]
fn a_bad_row_is_named() {
    let good = "userid,targetUserId\n".to_owned() + &"a,b\n".repeat(100_000);
    for (bad, words) in [
        (
            "a;b",
            "line 100002: 1 value where the header has 2 columns: the row has a semicolon where the header has a comma",
        ),
        ("a", "line 100002: 1 value where the header has 2 columns"),
        (
            "a,b,c",
            "line 100002: 3 values where the header has 2 columns",
        ),
        (",b", "line 100002, column 1: no value for 'userid'"),
    ] {
        let error = read(format!("{good}{bad}\na,b\n")).unwrap_err();
        assert!(error.contains(words), "{bad:?}: {error}");
    }
    let mut bytes = good.into_bytes();
    bytes.extend(b"a,\xFF\n");
    let error = read(bytes).unwrap_err();
    assert!(
        error.contains("line 100002, column 2: the text is not UTF-8"),
        "{error}"
    );
}

#[test]
fn reading_goes_on_behind_a_bad_row() {
    let text = "userid,targetUserId\na\nb,c\n";
    let mut sheet = Sheet::new(text.as_bytes(), fields(), Others::Named).unwrap();
    assert!(!sheet.next_row().unwrap_err().fatal);
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "b");
    assert!(sheet.next_row().unwrap().is_none());
}

#[test]
fn the_last_row_has_its_line_however_the_file_ends() {
    for (end, value) in [
        ("d", "d"),
        ("d\n", "d"),
        ("\"d\ne\"", "d\ne"),
        ("\"d\n\"\n", "d"),
        ("\"d\n\"", "d"),
        // The quote is open.
        ("\"d", "d"),
        ("\"d\n", "d"),
        ("\"d\r\n", "d"),
        ("\"d\"\"\n", "d\""),
    ] {
        let text = format!("user,targetUserId\na,b\n\nc,{end}");
        let expected = [row(2, "a>b@"), row(4, &format!("c>{value}@"))];
        assert_eq!(read(&text).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn an_open_quote_does_not_swallow_the_file() {
    let text = format!("userid,targetUserId\na,\"b\n{}", "x,y\n".repeat(1_000_000));
    let error = read(text).unwrap_err();
    assert!(
        error.contains("quote") || error.contains("more than 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn a_sheet_of_one_column() {
    let fields = vec![Field::required(&["userid"])];
    let mut sheet = Sheet::new(&b"userid\na\nb c\n"[..], fields, Others::Named).unwrap();
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "a");
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "b c");
}

#[test]
fn c3_a_line_names_the_delimiter_as_excel_writes_it() {
    for (first, delimiter) in [
        ("sep=;", ";"),
        ("SEP=|", "|"),
        ("\u{feff}sep=,", ","),
        ("sep=\t", "\t"),
        ("\"sep=;\"", ";"),
        ("sep=;;", ";"),
    ] {
        let text = format!("{first}\r\nuserid,targetUserId\r\na,\"b,c\"\r\n");
        let text = text.replacen("userid,", &format!("userid{delimiter}"), 1);
        let text = text.replacen("a,\"", &format!("a{delimiter}\""), 1);
        assert_eq!(read(&text).unwrap(), [row(3, "a>b,c@")], "{first}");
    }
    let error = read("sep=x\nuseridxgroup\n").unwrap_err();
    assert!(
        error.contains("line 1: 'sep=x' names none of the delimiters"),
        "{error}"
    );
    // Without the line, a column may be called so.
    let error = read("sep,x\na,b\n").unwrap_err();
    assert!(error.contains("the header lacks"), "{error}");
}

#[test]
fn c3_other_columns_are_passed_over_and_named() {
    let text = "No;UserID ;Target User\u{a0}Id;Notes;;\n1;a;b;\"x\ny\";;\n2;c;d;;;;;\n3;e;f;g;h\n;;;;;\n\n";
    let mut sheet = Sheet::new(text.as_bytes(), fields(), Others::Named).unwrap();
    assert_eq!(sheet.unused(), ["No", "Notes"]);
    let mut rows = Vec::new();
    while let Some(row) = sheet.next_row().unwrap() {
        rows.push(format!("{} {}>{}", row.line, row.get(0), row.get(1)));
    }
    assert_eq!(rows, ["2 a>b", "4 c>d", "5 e>f"]);
}

#[test]
fn c3_json_is_no_sheet() {
    for text in [
        "[{\"userid\":\"a\"}]",
        "{\"userid\":\"a\"}\n",
        "\u{feff} [\n",
    ] {
        let error = Sheet::new(text.as_bytes(), fields(), Others::Named)
            .err()
            .unwrap();
        assert!(error.fatal && error.what.contains("JSON"), "{error}");
    }
}

#[test]
fn c3_a_cell_is_what_igsh_wrote_it_for() {
    let text = "userid,targetUserId\n'=a,\\u{202e}b\n''=a,'x\n\" \\u{20}c\",\\u{5c}u{41}\n";
    assert_eq!(
        read(text).unwrap(),
        [
            row(2, "=a>\u{202e}b@"),
            row(3, "'=a>'x@"),
            row(4, " c>\\u{41}@")
        ]
    );
}

#[test]
fn c3_in_a_sheet_of_one_column_every_delimiter_is_text() {
    let fields = vec![Field::required(&["userid"])];
    let text = "userid\na,b\n\"c,d\"\ne;f|g\th\n";
    let mut sheet = Sheet::new(text.as_bytes(), fields, Others::Named).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = sheet.next_row().unwrap() {
        rows.push(row.get(0).into_owned());
    }
    assert_eq!(rows, ["a,b", "c,d", "e;f|g\th"]);
}
