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
    let mut sheet = Sheet::new(text.as_ref(), fields(), Others::Refused).map_err(show)?;
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
            "userid,targetUserId,usrid\n",
            "line 1, column 3: the column 'usrid' is not known",
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
    let mut sheet = Sheet::new(text.as_bytes(), fields(), Others::Refused).unwrap();
    assert!(!sheet.next_row().unwrap_err().fatal);
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "b");
    assert!(sheet.next_row().unwrap().is_none());
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
    let mut sheet = Sheet::new(&b"userid\na\nb c\n"[..], fields, Others::Refused).unwrap();
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "a");
    assert_eq!(sheet.next_row().unwrap().unwrap().get(0), "b c");
}
