use secrecy::ExposeSecret as _;

use super::*;
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
            "version 2 of the format is not known",
        ),
        (
            r#"{"type":"schema","version":1,"scope":"half"}"#,
            "'half' is not a scope: expected one of full, delta",
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
        (user.group.as_str(), user.userid.as_str()),
        ("sales", "asmith")
    );
    assert_eq!(user.id.as_deref(), Some("7c9e"));
    assert_eq!(user.state, UserState::Suspended);
    assert_eq!(
        user.last_auth,
        Some("2026-01-02T02:04:05.123456Z".parse().unwrap())
    );
    assert_eq!(user.lockout_count, Some(2));
    assert_eq!(user.aliases, ["a.smith"]);
    assert!(user.contacts[0].default && !user.contacts[1].default);
    assert_eq!(user.qa[0].answer.expose_secret(), "École \"1\"".as_bytes());
    assert_eq!(user.passwords[0].value.expose_secret(), b"pw");
    assert_eq!(user.passwords[1].name.as_deref(), Some("ATM"));
    assert_eq!(user.passwords[1].must_change, Some(true));
    let token = &user.tokens[0];
    assert_eq!(token.serial, "4824413456");
    assert_eq!(
        (token.kind, token.algorithm),
        (TokenKind::Soft, Algorithm::Totp)
    );
    assert_eq!(
        (token.digits, token.step, token.counter, token.drift),
        (Some(6), Some(30), Some(1), Some(-2))
    );
    assert_eq!(token.state, Some(TokenState::HoldPending));
    assert_eq!(token.activation, Some(Activation::CodeGenerated));
    assert_eq!(token.seed.expose_secret(), b"1234");
    assert_eq!(token.unlock.as_ref().unwrap().expose_secret(), [0xFF, 0xFF]);
    let card = &user.cards[0];
    assert_eq!((card.serial, card.rows, card.columns), (10023, 1, 2));
    assert_eq!(
        (card.state, card.usage),
        (Some(CardState::Current), Some(Usage::Warning))
    );
    assert_eq!(card.cells.expose_secret(), b"\x025FNN");
    assert_eq!(card.cell_usage.as_deref(), Some(&[1, 2][..]));
    assert_eq!(user.location.history[0].city.as_deref(), Some("Ottawa"));
    assert_eq!(user.location.overrides.check_velocity, Some(false));
    assert_eq!(
        user.not_migrated,
        [(NotMigrated::Certificates, 2), (NotMigrated::Roles, 1)]
    );
}

#[test]
fn the_least_that_a_record_holds_is_enough() {
    let Ok(SourceRecord::User(user)) = line(&user("")) else {
        panic!()
    };
    assert_eq!(user.state, UserState::Active);
    assert!(user.id.is_none() && user.tokens.is_empty() && user.location.overrides.is_empty());
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

fn card_with_cells(cells: &str) -> String {
    format!(r#"{{"type":"card","group":"sales","serial":7,"rows":2,"columns":2,"cells":{cells}}}"#)
}

#[test]
fn null_is_the_same_as_absent() {
    let text = user(
        r#","fullName":null,"state":null,"aliases":null,"qa":null,"tokens":null,"location":{"history":null,"overrides":null},"notMigrated":null,"x":null"#,
    );
    let Ok(SourceRecord::User(user)) = line(&text) else {
        panic!()
    };
    assert!(user.full_name.is_none() && user.qa.is_empty());
    let (_, field, what) = refused(r#"{"type":"user","group":"sales","userid":null}"#);
    assert_eq!(
        (field.as_str(), what.as_str()),
        ("userid", "required, but missing")
    );
    assert!(line(&token(r#","state":null,"activation":null,"unlock":null"#)).is_ok());
}

#[test]
fn the_order_of_fields_is_free() {
    let text = format!(r#"{{ {TOKEN}, "x":{{"type":"user"}}, "group":"sales", "type" : "token"}}"#);
    assert!(matches!(line(&text), Ok(SourceRecord::Token(_))));
}

#[test]
fn every_required_field_is_asked_for() {
    let whole = [
        user(
            r#","contacts":[{"label":"Email","value":"a@b"}],"qa":[{"question":"q","answer":"a"}],"passwords":[{"value":"p"}]"#,
        ),
        token(""),
        card(""),
        user(&format!(
            r#","tokens":[{{{TOKEN},"state":"current"}}],"cards":[{{{CARD},"state":"pending"}}]"#
        )),
    ];
    let required: [(usize, &str, &str); 19] = [
        (0, "group", "group"),
        (0, "userid", "userid"),
        (0, "label", "contacts[0].label"),
        (0, "value", "contacts[0].value"),
        (0, "question", "qa[0].question"),
        (0, "answer", "qa[0].answer"),
        (1, "group", "group"),
        (1, "vendor", "vendor"),
        (1, "serial", "serial"),
        (1, "kind", "kind"),
        (1, "algorithm", "algorithm"),
        (1, "seed", "seed"),
        (2, "group", "group"),
        (2, "serial", "serial"),
        (2, "rows", "rows"),
        (2, "columns", "columns"),
        (2, "cells", "cells"),
        (3, "state\":\"current", "tokens[0].state"),
        (3, "state\":\"pending", "cards[0].state"),
    ];
    for (record, name, field) in required {
        let whole = &whole[record];
        assert!(line(whole).is_ok(), "{whole}: {:?}", line(whole));
        // Renamed to the ignored object, the field is not there any more.
        let value_at = whole.find(&format!("\"{name}")).unwrap();
        let key = name.split('"').next().unwrap();
        let colon = value_at + key.len() + 3;
        let value: serde_json::Value = serde_json::Deserializer::from_str(&whole[colon..])
            .into_iter()
            .next()
            .unwrap()
            .unwrap();
        let text = whole.replacen(
            &format!("\"{key}\":{}", serde_json::to_string(&value).unwrap()),
            &format!("\"{key}\":null"),
            1,
        );
        assert_ne!(&text, whole);
        let (column, found, what) = refused(&text);
        assert_eq!(
            (found.as_str(), what.as_str()),
            (field, "required, but missing")
        );
        assert_eq!(column, column_of(&text, "null"), "{text}");
    }
    let (_, field, what) = refused(r#"{"type":"group","default":true}"#);
    assert_eq!(
        (field.as_str(), what.as_str()),
        ("name", "required, but missing")
    );
    let (_, field, _) = refused(&user(r#","passwords":[{"name":"ATM"}]"#));
    assert_eq!(field, "passwords[0].value");
}

#[test]
fn unknown_and_doubled_fields_are_named() {
    for (text, field, what, at) in [
        (
            user(r#","fulName":"A""#),
            "fulName",
            "unknown field 'fulName'; did you mean 'fullName'?",
            "\"fulName\"",
        ),
        (
            user(r#","colour":1"#),
            "colour",
            "unknown field 'colour'",
            "\"colour\"",
        ),
        (
            user(r#","userid":"b""#),
            "userid",
            "'userid' stands twice in this object",
            "\"userid\":\"b\"",
        ),
        (
            user(r#","id":null,"id":"b""#),
            "id",
            "'id' stands twice in this object",
            "\"id\":\"b\"",
        ),
        (
            user(r#","location":{"overrides":{"checkIP":true}}"#),
            "location.overrides.checkIP",
            "unknown field 'checkIP'; did you mean 'checkIp'?",
            "\"checkIP\"",
        ),
        (
            user(r#","notMigrated":{"otp":1}"#),
            "notMigrated.otp",
            "unknown field 'otp'; did you mean 'otps'?",
            "\"otp\"",
        ),
        (
            r#"{"type":"group","name":"b","type":"user"}"#.to_owned(),
            "type",
            "'type' stands twice in this object",
            "\"type\":\"user\"",
        ),
    ] {
        let (column, found, said) = refused(&text);
        assert_eq!((found.as_str(), said.as_str()), (field, what));
        let expected = column_of(&text, at);
        assert_eq!(column, expected, "{text}");
    }
    let (_, field, what) = refused(&user(&format!(
        r#","tokens":[{{{TOKEN},"state":"hold","group":"sales"}}]"#
    )));
    assert_eq!(field, "tokens[0].group");
    assert!(what.contains("belongs to a line of its own"), "{what}");
    let (_, field, _) = refused(&user(&format!(
        r#","cards":[{{{CARD},"state":"hold","comment":"c"}}]"#
    )));
    assert_eq!(field, "cards[0].comment");
}

#[test]
fn values_of_the_wrong_kind_are_refused_without_being_quoted() {
    for (fields, field, what) in [
        (
            r#","fullName":12"#,
            "fullName",
            "expected a string, found a number",
        ),
        (
            r#","aliases":"a""#,
            "aliases",
            "expected an array, found a string",
        ),
        (
            r#","aliases":[null]"#,
            "aliases[0]",
            "expected a string, found null",
        ),
        (
            r#","lockoutCount":"3""#,
            "lockoutCount",
            "expected a whole number, 0 or more, found a string",
        ),
        (
            r#","lockoutCount":-1"#,
            "lockoutCount",
            "expected a whole number, 0 or more, found a number that does not fit",
        ),
        (
            r#","lockoutCount":1.5"#,
            "lockoutCount",
            "expected a whole number, 0 or more, found a number that does not fit",
        ),
        (
            r#","lockoutCount":9223372036854775808"#,
            "lockoutCount",
            "a whole number may not be above 9223372036854775807",
        ),
        (
            r#","contacts":[["Email","a@b"]]"#,
            "contacts[0]",
            "expected an object, found an array",
        ),
        (
            r#","qa":[["q","hunter2"]]"#,
            "qa[0]",
            "expected an object, found an array",
        ),
        (
            r#","qa":["hunter2"]"#,
            "qa[0]",
            "expected an object, found a string",
        ),
        (
            r#","tokens":"hunter2""#,
            "tokens",
            "expected an array, found a string",
        ),
        (
            r#","qa":[{"question":"q","answer":12}]"#,
            "qa[0].answer",
            "expected a string",
        ),
        (
            r#","x":"hunter2""#,
            "x",
            "expected an object, found a string",
        ),
        (
            r#","locale":"a\u0000b""#,
            "locale",
            "a string may not hold the character U+0000",
        ),
        (
            r#","contacts":[{"label":"Email","value":"a","default":"yes"}]"#,
            "contacts[0].default",
            "expected true or false, found a string",
        ),
    ] {
        let text = user(fields);
        let error = line(&text).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.what.as_str()),
            (field, what),
            "{fields}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert_eq!(
            error.column,
            locate::value_at(&text, field).map(|at| at + 1),
            "{fields}"
        );
    }
}

#[test]
fn secrets_never_stand_in_an_error() {
    let secret = "c3VwZXJzZWNyZXQ";
    for text in [
        token("").replace("MTIzNA==", secret),
        token("").replace("MTIzNA==", &format!("{secret}=*")),
        token("").replace("\"MTIzNA==\"", &format!("{{\"{secret}\":1}}")),
        token("").replace("\"MTIzNA==\"", &format!("\"{secret}")),
        token("").replace("\"MTIzNA==\"", &format!("\"{secret}\\q\"")),
        token(&format!(r#","unlock":"{secret}""#)),
        user(&format!(r#","passwords":[{{"value":["{secret}"]}}]"#)),
        user(&format!(r#","passwords":["{secret}"]"#)),
        user(&format!(
            r#","qa":[{{"question":"q","answer":"{secret}\ud800"}}]"#
        )),
        card_with_cells(&format!(r#"["a","b","c","{secret}"]"#)),
        card_with_cells(&format!(r#"{{"a":"{secret}"}}"#)),
    ] {
        let error = line(&text).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains(secret) && !said.contains("c3Vw"), "{said}");
    }
}

#[test]
fn names_of_enumerations_are_told() {
    for (text, field, what) in [
        (
            user(r#","state":"off""#),
            "state",
            "'off' is not a user state: expected one of active, suspended",
        ),
        (
            token("").replace("hardware", "Hardware"),
            "kind",
            "'Hardware' is not a token kind: expected one of hardware, soft",
        ),
        (
            token("").replace("totp", "motp"),
            "algorithm",
            "'motp' is not a token algorithm: expected one of totp, hotp, ocra, cr, at",
        ),
        (
            token(r#","hash":"md5""#),
            "hash",
            "'md5' is not a hash: expected one of sha1, sha256, sha512",
        ),
        (
            card(r#","usage":"low""#),
            "usage",
            "'low' is not a card usage: expected one of unknown, none, warning, replacement",
        ),
        (
            user(&format!(r#","tokens":[{{{TOKEN},"state":"lost"}}]"#)),
            "tokens[0].state",
            "'lost' is not a token state: expected one of pending, current, hold, hold_pending, activating, canceled",
        ),
        (
            user(&format!(r#","cards":[{{{CARD},"state":"lost"}}]"#)),
            "cards[0].state",
            "'lost' is not a card state: expected one of pending, hold_pending, current, hold, canceled",
        ),
        (
            r#"{"type":"person"}"#.to_owned(),
            "type",
            "'person' is not a record: expected one of schema, group, user, token, card",
        ),
        (
            r#"{"name":"sales"}"#.to_owned(),
            "type",
            "required, but missing",
        ),
        (SCHEMA.to_owned(), "type", "a second schema line"),
    ] {
        let (_, found, said) = refused(&text);
        assert_eq!((found.as_str(), said.as_str()), (field, what));
    }
}

#[test]
fn dates_are_rfc_3339() {
    for good in [
        "2026-01-02T03:04:05Z",
        "2026-01-02t03:04:05.5z",
        "2026-01-02T03:04:05-05:00",
    ] {
        assert!(
            line(&user(&format!(r#","lastAuth":"{good}""#))).is_ok(),
            "{good}"
        );
    }
    for bad in [
        "2026-01-02",
        "2026-01-02T03:04:05",
        "01/02/2026",
        "2026-13-02T03:04:05Z",
        "",
        "2026-01-02T03:04:05+01[Europe/Paris]",
        "2026-01-02T03:04:05,5Z",
    ] {
        let (_, field, what) = refused(&user(&format!(r#","lastAuth":"{bad}""#)));
        assert_eq!(field, "lastAuth");
        assert_eq!(what, format!("'{bad}' is not a date and time"));
    }
}

#[test]
fn tokens_keep_to_their_rules() {
    for (text, field, what) in [
        (
            token(r#","state":"current""#),
            "state",
            "an unassigned token has no state",
        ),
        (
            token(r#","activation":"created""#),
            "activation",
            "only soft tokens have this field",
        ),
        (
            token(r#","idpUrl":"https://h""#),
            "idpUrl",
            "only soft tokens have this field",
        ),
        (
            token(r#","transactions":false"#),
            "transactions",
            "only soft tokens have this field",
        ),
        (
            token(r#","digits":0"#),
            "digits",
            "0 is not between 1 and 10",
        ),
        (
            token(r#","step":0"#),
            "step",
            "0 is not between 1 and 4294967295",
        ),
        (
            token("").replace("48244-13456", "--"),
            "serial",
            "the serial has nothing but dashes",
        ),
        (token("").replace("48244-13456", ""), "serial", "empty"),
        (
            token("").replace("Entrust", "a\\nb"),
            "vendor",
            "holds a control character",
        ),
        (token("").replace("MTIzNA==", ""), "seed", "empty"),
        (
            token("").replace("MTIzNA==", "MTI NA=="),
            "seed",
            "not base64 at character 4 of the value",
        ),
        (
            token("").replace("MTIzNA==", "MTIzNA"),
            "seed",
            "not base64: length or padding is wrong",
        ),
        (
            token("").replace("\"sales\"", "\"other\""),
            "group",
            "group 'other' is not named before this line",
        ),
    ] {
        let (_, found, said) = refused(&text);
        assert_eq!((found.as_str(), said.as_str()), (field, what), "{text}");
    }
    let soft = token(r#","activation":"created","idpUrl":"https://h","transactions":false"#)
        .replace("hardware", "soft");
    assert!(line(&soft).is_ok());
}

#[test]
fn cards_keep_to_their_rules() {
    for (text, field, what) in [
        (
            card(r#","state":"current""#),
            "state",
            "an unassigned card has no state",
        ),
        (
            card(r#","preproduced":true,"usage":"none""#),
            "usage",
            "a preproduced card was never used and has no usage data",
        ),
        (
            card(r#","preproduced":true,"challengeCount":0"#),
            "challengeCount",
            "a preproduced card was never used and has no usage data",
        ),
        (
            card(r#","preproduced":true,"leastUsedCell":0"#),
            "leastUsedCell",
            "a preproduced card was never used and has no usage data",
        ),
        (
            card(r#","preproduced":true,"cellUsage":[0,0,0,0]"#),
            "cellUsage",
            "a preproduced card was never used and has no usage data",
        ),
        (
            card(r#","cellUsage":[1,2,3]"#),
            "cellUsage",
            "3 counts for 2 rows of 2 columns",
        ),
        (
            card_with_cells(r#"["a","b","c"]"#),
            "cells",
            "3 cells for 2 rows of 2 columns",
        ),
        (
            card_with_cells("[]"),
            "cells",
            "fewer cells for 2 rows of 2 columns",
        ),
        (
            card_with_cells(r#"["a","b","c","d","e"]"#),
            "cells[4]",
            "one cell more than rows × columns",
        ),
        (
            card_with_cells(r#"["a","b","cc","d"]"#),
            "cells[2]",
            "this cell has 2 bytes, those before it have 1",
        ),
        (
            card_with_cells(r#"["","","",""]"#),
            "cells[0]",
            "a cell has 1 to 255 bytes",
        ),
        (
            card_with_cells(r#"["a",1,"c","d"]"#),
            "cells[1]",
            "expected a string",
        ),
        (
            card_with_cells(r#""abcdefgh""#),
            "cells",
            "expected an array of strings",
        ),
        (
            card("").replace("\"rows\":2", "\"rows\":0"),
            "rows",
            "0 is not between 1 and 4294967295",
        ),
        (
            card("").replace("\"rows\":2", "\"rows\":4294967295"),
            "cells",
            "fewer cells for 4294967295 rows of 2 columns",
        ),
        (
            card("").replace("\"serial\":7", "\"serial\":\"7\""),
            "serial",
            "expected a whole number, 0 or more, found a string",
        ),
    ] {
        let (_, found, said) = refused(&text);
        assert_eq!((found.as_str(), said.as_str()), (field, what), "{text}");
    }
    assert!(
        line(&card(
            r#","preproduced":true,"comment":"c","created":"2026-01-02T03:04:05Z""#
        ))
        .is_ok()
    );
    assert!(line(&card(r#","usage":"none","cellUsage":[1,2,3,4]"#)).is_ok());
    let long = "x".repeat(256);
    let (_, field, what) = refused(&card_with_cells(&format!(
        r#"["{long}","{long}","{long}","{long}"]"#
    )));
    assert_eq!(
        (field.as_str(), what.as_str()),
        ("cells[0]", "a cell has 1 to 255 bytes")
    );
}

#[test]
fn the_same_thing_twice_with_one_user_is_an_error() {
    let token = format!(r#"{{{TOKEN},"state":"current"}}"#);
    let other = token.replace("\"state\"", "\"issueNo\":\"2\",\"state\"");
    let card = format!(r#"{{{CARD},"state":"current"}}"#);
    for (fields, field) in [
        (r#","aliases":["a","b","a"]"#.to_owned(), "aliases[2]"),
        (r#","passwords":[{"value":"a"},{"value":"b"}]"#.to_owned(), "passwords[1]"),
        (format!(r#","tokens":[{token},{}]"#, token.replace("48244-13456", "4824413456")), "tokens[1]"),
        (format!(r#","cards":[{card},{card}]"#), "cards[1]"),
        (r#","contacts":[{"label":"a","value":"a","default":true},{"label":"b","value":"b","default":true}]"#.to_owned(), "contacts[1].default"),
    ] {
        assert_eq!(refused(&user(&fields)).1, field);
    }
    assert!(line(&user(&format!(r#","tokens":[{token},{other}]"#))).is_ok());
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
fn a_bad_line_is_told_and_the_next_one_is_read() {
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
fn text_that_is_not_utf_8_and_lines_without_end_are_told() {
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
    assert_eq!(error.what, "the text is not UTF-8");
    assert!(items[2].is_ok());

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
