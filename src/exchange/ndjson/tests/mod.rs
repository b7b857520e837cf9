mod end;
mod residue;
mod rules;
mod schema;

use secrecy::ExposeSecret as _;

use super::*;
use crate::exchange::MAX_LINE;
use crate::model::{
    Activation, Algorithm, CardState, NotMigrated, TokenKind, TokenState, Usage, UserState,
};

const SCHEMA: &str = r#"{"type":"schema","version":1,"system":"ig","systemVersion":"13.0","scope":"full","exported":"2026-01-02T03:04:05Z"}"#;
const GROUP: &str = r#"{"type":"group","name":"sales","default":false}"#;
const TOKEN: &str = r#""vendor":"Entrust","serial":"48244-13456","kind":"hardware","algorithm":"totp","seed":"MTIzNA==""#;
const CARD: &str = r#""serial":7,"rows":2,"columns":2,"cells":["5F","NN","01","é"]"#;

/// Reads the schema, the group and one line more, and gives what became of that line.
fn line(text: &str) -> Result<SourceRecord, Error> {
    let file = format!("{SCHEMA}\n{GROUP}\n{text}\n");
    let mut reader = Reader::new(file.as_bytes());
    reader.next().unwrap().unwrap();
    reader.next().unwrap().unwrap();
    let item = reader.next().unwrap();
    assert!(reader.next().is_none());
    item.map(|(number, record)| {
        assert_eq!(number, 3);
        record
    })
}

/// The error of a line: column, field, what.
fn refused(text: &str) -> (usize, String, String) {
    let error = line(text).err().unwrap_or_else(|| panic!("taken: {text}"));
    assert_eq!(error.line, 3);
    assert!(!error.fatal && !error.hint.is_empty());
    (error.column.unwrap(), error.field, error.what)
}

fn user(fields: &str) -> String {
    format!(r#"{{"type":"user","group":"sales","userid":"asmith"{fields}}}"#)
}

fn token(fields: &str) -> String {
    format!(r#"{{"type":"token","group":"sales",{TOKEN}{fields}}}"#)
}

fn card(fields: &str) -> String {
    format!(r#"{{"type":"card","group":"sales",{CARD}{fields}}}"#)
}

/// Where `needle` stands in `text`, as a column.
fn column_of(text: &str, needle: &str) -> usize {
    text[..text.find(needle).unwrap()].chars().count() + 1
}

fn card_with_cells(cells: &str) -> String {
    format!(r#"{{"type":"card","group":"sales","serial":7,"rows":2,"columns":2,"cells":{cells}}}"#)
}

#[test]
fn a_schema_says_where_records_come_from() {
    let mut reader = Reader::new(SCHEMA.as_bytes());
    let (number, record) = reader.next().unwrap().unwrap();
    let SourceRecord::Schema(schema) = record else {
        panic!("{record:?}");
    };
    assert_eq!(number, 1);
    assert_eq!(schema.system.as_deref(), Some("ig"));
    assert_eq!(schema.system_version.as_deref(), Some("13.0"));
    assert!(schema.full);
    assert_eq!(
        schema.exported,
        Some("2026-01-02T03:04:05Z".parse().unwrap())
    );
    assert_eq!(reader.line(), SCHEMA.as_bytes());

    let delta = Reader::new(&br#"{"type":"schema","version":1}"#[..]).next();
    assert!(matches!(delta, Some(Ok((1, SourceRecord::Schema(schema)))) if !schema.full));
}

#[test]
fn a_file_that_does_not_begin_with_its_schema_is_refused_whole() {
    for (file, what) in [
        (GROUP, "the first line is not the schema"),
        ("PK\u{3}\u{4}", "not JSON: expected value"),
        (r#"{"type":"schema"}"#, "required, but missing"),
        (
            r#"{"type":"schema","version":2}"#,
            "unknown version 2 of the format",
        ),
        (
            r#"{"type":"schema","version":1,"scope":"half"}"#,
            "'half' is not a scope",
        ),
    ] {
        let file = format!("{file}\n{SCHEMA}\n");
        let mut reader = Reader::new(file.as_bytes());
        let error = reader.next().unwrap().unwrap_err();
        assert_eq!(error.what, what);
        assert!(error.fatal && !error.hint.is_empty());
        assert!(reader.next().is_none());
    }
}

#[test]
fn a_file_without_a_record_is_refused() {
    for file in ["", "\n \r\n"] {
        let error = Reader::new(file.as_bytes()).next().unwrap().unwrap_err();
        assert_eq!(error.what, "the file has no record");
        assert!(error.fatal);
    }
}

#[test]
fn a_user_with_everything_is_read() {
    let text = user(
        r#","id":"7c9e","fullName":"Anna Smith","state":"suspended","locale":"en-CA","aliases":["a.smith"],
        "lastAuth":"2026-01-02T03:04:05.123456789+01:00","lockoutCount":2,
        "contacts":[{"label":"Email","value":"anna@example.com","default":true},{"label":"Phone","value":"1"}],
        "qa":[{"question":"First school?","answer":"\u00c9cole \"1\""}],
        "passwords":[{"value":"pw"},{"name":"ATM","value":"1","expires":"2027-01-01T00:00:00Z","mustChange":true}],
        "tokens":[{"vendor":"Entrust","serial":"48244-13456","kind":"soft","model":"OT","algorithm":"totp","hash":"sha256","digits":6,
          "step":30,"counter":1,"drift":-2,"seed":"MTIzNA==","state":"hold_pending","activation":"code_generated",
          "idpUrl":"https://host/igst","transactions":true,"loadDate":"2026-01-02T03:04:05Z","lastUsed":"2026-01-03T03:04:05Z",
          "expires":"2026-01-04T03:04:05Z","issueNo":"1","keyId":"k","comment":"c","unlock":"\/\/8="}],
        "cards":[{"serial":10023,"state":"current","created":"2026-01-02T03:04:05Z","usage":"warning","challengeCount":12,
          "leastUsedCell":1,"cellUsage":[1,2],"rows":1,"columns":2,"cells":["5F","NN"]}],
        "location":{"history":[{"country":"CA","region":"ON","city":"Ottawa","isp":"i","ip":"192.0.2.1","lastAuth":"2026-01-02T03:04:05Z"}],
          "expected":["CA/ON/Ottawa"],"overrides":{"maxHistory":8,"checkIp":true,"checkVelocity":false,"maxExpected":20}},
        "notMigrated":{"certificates":2,"roles":1,"otps":0,"pvns":null},"x":{"any":[1,{"type":"group"}]}"#,
    )
    .replace('\n', " ");
    let Ok(SourceRecord::User(user)) = line(&text) else {
        panic!("{:?}", line(&text));
    };
    assert_eq!(
        (user.facts.group.as_str(), user.facts.userid.as_str()),
        ("sales", "asmith")
    );
    assert_eq!(user.facts.id.as_deref(), Some("7c9e"));
    assert_eq!(user.facts.state, UserState::Suspended);
    assert_eq!(
        user.facts.last_auth,
        Some("2026-01-02T02:04:05.123456Z".parse().unwrap())
    );
    assert_eq!(user.facts.lockout_count, Some(2));
    assert_eq!(user.facts.aliases, ["a.smith"]);
    assert!(user.facts.contacts[0].default && !user.facts.contacts[1].default);
    assert_eq!(user.qa[0].answer.expose_secret(), "École \"1\"".as_bytes());
    assert_eq!(user.passwords[0].value.expose_secret(), b"pw");
    assert_eq!(user.passwords[1].name.as_deref(), Some("ATM"));
    assert_eq!(user.passwords[1].must_change, Some(true));
    let token = &user.tokens[0];
    assert_eq!(token.facts.serial, "4824413456");
    assert_eq!(
        (token.facts.kind, token.facts.algorithm),
        (TokenKind::Soft, Algorithm::Totp)
    );
    assert_eq!(
        (
            token.facts.digits,
            token.facts.step,
            token.facts.counter,
            token.facts.drift
        ),
        (Some(6), Some(30), Some(1), Some(-2))
    );
    assert_eq!(token.state, Some(TokenState::HoldPending));
    assert_eq!(token.activation, Some(Activation::CodeGenerated));
    assert_eq!(token.seed.expose_secret(), b"1234");
    assert_eq!(token.unlock.as_ref().unwrap().expose_secret(), [0xFF, 0xFF]);
    let card = &user.cards[0];
    assert_eq!(
        (card.facts.serial, card.facts.rows, card.facts.columns),
        (10023, 1, 2)
    );
    assert_eq!(
        (card.state, card.facts.usage),
        (Some(CardState::Current), Some(Usage::Warning))
    );
    assert_eq!(card.cells.expose_secret(), b"\x025FNN");
    assert_eq!(card.facts.cell_usage.as_deref(), Some(&[1, 2][..]));
    assert_eq!(
        user.facts.location.history[0].city.as_deref(),
        Some("Ottawa")
    );
    assert_eq!(user.facts.location.overrides.check_velocity, Some(false));
    assert_eq!(
        user.facts.not_migrated,
        [(NotMigrated::Certificates, 2), (NotMigrated::Roles, 1)]
    );
}

#[test]
fn the_least_that_a_record_holds_is_enough() {
    let Ok(SourceRecord::User(user)) = line(&user("")) else {
        panic!()
    };
    assert_eq!(user.facts.state, UserState::Active);
    assert!(
        user.facts.id.is_none()
            && user.tokens.is_empty()
            && user.facts.location.overrides.is_empty()
    );
    let Ok(SourceRecord::Token(token)) = line(&token("")) else {
        panic!()
    };
    assert_eq!((token.group.as_str(), token.token.state), ("sales", None));
    let Ok(SourceRecord::Card(card)) = line(&card("")) else {
        panic!()
    };
    assert!(!card.preproduced);
    // Cells are as long as each other in bytes, not in characters.
    assert!(line(&card_with_cells(r#"["é","ab","cd","ef"]"#)).is_ok());
}

#[test]
fn groups_are_named_once_and_before_their_users() {
    let (_, field, what) = refused(GROUP);
    assert_eq!(
        (field.as_str(), what.as_str()),
        ("name", "group 'sales' stands twice in this file")
    );
    let (column, field, what) = refused(r#"{"type":"user","group":"hr","userid":"a"}"#);
    assert_eq!((column, field.as_str()), (24, "group"));
    assert_eq!(what, "group 'hr' is not named before this line");
    let (_, field, _) = refused(r#"{"type":"group","name":"a/b"}"#);
    assert_eq!(field, "name");

    let file = [
        SCHEMA,
        r#"{"type":"group","name":"a","default":true}"#,
        r#"{"type":"group","name":"b","default":true}"#,
    ]
    .join("\n");
    let last = Reader::new(file.as_bytes()).last().unwrap().unwrap_err();
    assert_eq!(last.what, "a second default group, besides 'a'");
}

#[test]
fn a_bad_line_is_reported_and_the_next_one_is_read() {
    let file = [
        SCHEMA,
        GROUP,
        r#"{"type":"user","group":"sales","userid":}"#,
        "",
        r#"{"type":"user","group":"sales","fullName":"Żółć","userid":7}"#,
        &user("").replace('}', ""),
        "[1]",
        &user(""),
    ]
    .join("\r\n");
    let items: Vec<_> = Reader::new(file.as_bytes()).collect();
    let said: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok((number, _)) => format!("{number}"),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(
        said,
        [
            "1",
            "2",
            "line 3, column 41, field 'userid': not JSON: expected value",
            "line 5, column 59, field 'userid': expected a string, found a number",
            "line 6, column 49, field 'userid': the line ends inside the record",
            "line 7, column 1: expected an object, found an array",
            "8",
        ]
    );
}

#[test]
fn text_that_is_not_utf_8_and_lines_without_end_are_reported() {
    let file = [
        SCHEMA.as_bytes(),
        b"\n{\"type\":\"group\",\"name\":\"\xFF\"}\n",
        GROUP.as_bytes(),
    ]
    .concat();
    let items: Vec<_> = Reader::new(&file[..]).collect();
    let error = items[1].as_ref().unwrap_err();
    assert_eq!(
        (error.line, error.column, error.field.as_str()),
        (2, Some(25), "name")
    );
    assert!(
        error
            .what
            .starts_with("the text is not UTF-8; it looks like Windows-1252")
    );
    assert!(
        error.hint.contains("iconv -f WINDOWS-1252"),
        "{}",
        error.hint
    );
    assert!(items[2].is_ok());

    let file = format!("{SCHEMA}\r{GROUP}\r");
    let items: Vec<_> = Reader::new(file.as_bytes()).collect();
    let error = items[0].as_ref().unwrap_err();
    assert!(error.what.starts_with("the lines end with CR only") && error.fatal);
    assert_eq!(items.len(), 1);

    let file = format!("{SCHEMA}\n{}\n{GROUP}", "x".repeat(MAX_LINE + 1));
    let items: Vec<_> = Reader::new(file.as_bytes()).collect();
    assert_eq!(
        items[1].as_ref().unwrap_err().what,
        "the line has more than 16777216 bytes"
    );
    assert_eq!(items[2].as_ref().unwrap().0, 3);
}

#[test]
fn a_stream_that_breaks_off_ends_the_reading() {
    let whole = zstd::encode_all(format!("{SCHEMA}\n{GROUP}\n").repeat(3).as_bytes(), 1).unwrap();
    let cut = whole[..whole.len() - 4].to_vec();
    let mut reader = Reader::new(input::decompressed(std::io::Cursor::new(cut)).unwrap());
    let error = reader.by_ref().find_map(Result::err).unwrap();
    assert!(
        error.what.starts_with("the file cannot be read further"),
        "{error}"
    );
    assert!(error.fatal);
    assert!(reader.next().is_none());
}
