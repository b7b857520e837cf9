//! Every rule that one record shows, with what is said when it is broken.

use super::*;

#[test]
fn null_is_the_same_as_absent() {
    let text = user(
        r#","fullName":null,"state":null,"aliases":null,"qa":null,"tokens":null,"location":{"history":null,"overrides":null},"notMigrated":null,"x":null"#,
    );
    let Ok(SourceRecord::User(user)) = line(&text) else {
        panic!()
    };
    assert!(user.facts.full_name.is_none() && user.qa.is_empty());
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
fn a_field_that_is_nearly_one_of_the_format_is_in_the_hint() {
    let error = line(&user(r#","fulName":"A""#)).unwrap_err();
    insta::assert_snapshot!(format!("{error}\n    {}", error.hint), @r"
    line 3, column 50, field 'fulName': unknown field 'fulName'
        did you mean 'fullName'? igsh-source(5) lists all fields
    ");
}

#[test]
fn unknown_and_doubled_fields_are_named() {
    for (text, field, what, at) in [
        (
            user(r#","fulName":"A""#),
            "fulName",
            "unknown field 'fulName'",
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
            "unknown field 'checkIP'",
            "\"checkIP\"",
        ),
        (
            user(r#","notMigrated":{"otp":1}"#),
            "notMigrated.otp",
            "unknown field 'otp'",
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
            "too small: -1; the smallest is 0",
        ),
        (
            r#","lockoutCount":1.5"#,
            "lockoutCount",
            "not a whole number",
        ),
        (
            r#","lockoutCount":9223372036854775808"#,
            "lockoutCount",
            "too large: 9223372036854775808; the largest is 9223372036854775807",
        ),
        (
            r#","lockoutCount":18446744073709551616"#,
            "lockoutCount",
            "too large: 18446744073709551616; the largest is 9223372036854775807",
        ),
        (
            r#","location":{"overrides":{"maxHistory":99999999999999999999999}}"#,
            "location.overrides.maxHistory",
            "too large: 99999999999999999999999; the largest is 9223372036854775807",
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
fn a_name_that_is_not_in_its_set_is_refused() {
    for (text, field, what) in [
        (
            user(r#","state":"off""#),
            "state",
            "'off' is not a user state",
        ),
        (
            token("").replace("hardware", "Hardware"),
            "kind",
            "'Hardware' is not a token kind",
        ),
        (
            token("").replace("totp", "motp"),
            "algorithm",
            "'motp' is not a token algorithm",
        ),
        (token(r#","hash":"md5""#), "hash", "'md5' is not a hash"),
        (
            card(r#","usage":"low""#),
            "usage",
            "'low' is not a card usage",
        ),
        (
            user(&format!(r#","tokens":[{{{TOKEN},"state":"lost"}}]"#)),
            "tokens[0].state",
            "'lost' is not a token state",
        ),
        (
            user(&format!(r#","cards":[{{{CARD},"state":"lost"}}]"#)),
            "cards[0].state",
            "'lost' is not a card state",
        ),
        (
            r#"{"type":"person"}"#.to_owned(),
            "type",
            "'person' is not a record",
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
            "fewer cells for 4,294,967,295 rows of 2 columns",
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
fn messages_stay_short_whatever_a_file_holds() {
    let long = "ü".repeat(100_000);
    for text in [
        user(&format!(r#","state":"{long}""#)),
        user(&format!(r#","{long}":1"#)),
        user(&format!(r#","lastAuth":"{long}""#)),
        format!(r#"{{"type":"{long}"}}"#),
    ] {
        let (_, field, what) = refused(&text);
        assert!(what.len() < 400 && field.len() < 400, "{}", what.len());
        assert!(what.ends_with('…') || what.ends_with('\''), "{what}");
    }
}
