//! Any record comes back as it went in.

use super::arbitrary::record;
use super::samples::every_field;
use super::*;
use crate::model::Group;
use crate::model::bundle::Record;
use proptest::prelude::*;

fn line(record: &Record) -> (Vec<u8>, encode::Arena) {
    let (mut json, mut arena) = (Vec::new(), encode::Arena::default());
    encode::record(record, &mut json, &mut arena).unwrap();
    (json, arena)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_record_round_trips(record in record()) {
        let (json, arena) = line(&record);
        let text = std::str::from_utf8(&json).unwrap();
        prop_assert_eq!(text.matches('\n').count(), 1);
        prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok());
        let mut secrets = json::Secrets::new(&arena.bytes);
        let line_text = text.strip_suffix('\n').unwrap();
        let again = decode::record(&mut json::Parser::new(line_text, &mut secrets)).unwrap();
        prop_assert!(secrets.is_empty());
        // `Debug` shows every field but the secrets; these are compared in the order in which they were written.
        prop_assert_eq!(format!("{again:?}"), format!("{record:?}"));
        let (json_again, arena_again) = line(&again);
        prop_assert_eq!(&json_again, &json);
        prop_assert_eq!(&*arena_again.bytes, &*arena.bytes);
    }
}

/// Every field of every record, as the manual shows it.
#[test]
fn records_look_as_they_are_documented() {
    let records = every_field();
    let mut json = Vec::new();
    let mut arena = encode::Arena::default();
    for record in &records {
        encode::record(record, &mut json, &mut arena).unwrap();
    }
    let when = r#""2026-01-02T03:04:05Z""#;
    let token = r#""vendor":"Entrust","serial":"4824413456","kind":"soft","model":"OT","algorithm":"totp","hash":"sha256","digits":6,"step":30,"counter":7,"drift":-2,STATE"idpUrl":"https://host:8445/igst","transactions":true,"loadDate":"2020-01-02T03:04:05Z","lastUsed":"2021-01-02T03:04:05.123456Z","expires":"2031-01-02T03:04:05Z","issueNo":"1","keyId":"k","comment":"in a drawer","seed":{"$secret":A},"unlock":{"$secret":B}"#;
    let card = r#""serial":10023,STATE"created":"2020-01-02T03:04:05Z","expires":"2031-01-02T03:04:05Z","superseded":"2030-01-02T03:04:05Z","usage":"warning","challengeCount":12,"leastUsedCell":1,"cellUsage":[1,2],"rows":1,"columns":2,"cells":{"$secret":A}"#;
    let fill = |shape: &str, state: &str, a: &str, b: &str| {
        shape
            .replace("STATE", state)
            .replace('A', a)
            .replace('B', b)
    };
    let expected = [
        r#"{"type":"group","name":"sales","default":true}"#.to_owned(),
        format!(
            r#"{{"type":"user","userId":"asmith","sourceUserId":"smith","group":"sales","fullName":"Anna Smith","state":"ACTIVE","aliases":["a.smith"],"contacts":[{{"label":"Email","value":"anna@example.com","default":true}}],"qa":[{{"question":"First school?","answer":{{"$secret":0}}}}],"passwords":[{{"value":{{"$secret":1}}}},{{"name":"ATM","value":{{"$secret":2}},"expires":{when},"mustChange":false}}],"tokens":[{{{}}}],"cards":[{{{}}}],"locationHistory":[{{"country":"CA","region":"ON","city":"Ottawa","isp":"i","ip":"192.0.2.1","lastAuth":{when}}}],"expectedLocations":["CA/ON/Ottawa"],"rba":{{"maxLocations":8,"checkIp":true,"checkVelocity":false,"maxExpectedLocations":20}}}}"#,
            fill(token, r#""state":"inactive","#, "3", "4").replace("inactive", "INACTIVE"),
            fill(card, r#""state":"pending","#, "5", "").replace("pending", "PENDING"),
        ),
        format!(
            r#"{{"type":"token","group":"sales",{}}}"#,
            fill(token, "", "6", "7")
        ),
        format!(
            r#"{{"type":"card","group":"sales","preproduced":true,"comment":"c",{}}}"#,
            fill(card, "", "8", "")
        ),
    ];
    assert_eq!(
        std::str::from_utf8(&json).unwrap(),
        expected.join("\n") + "\n"
    );
    assert_eq!(arena.count, 9);
}

#[test]
fn what_is_absent_leaves_no_trace() {
    let (json, _) = line(&Record::Group(Group {
        name: "a\"b\\\u{1}\n\r\tü".into(),
        default: false,
    }));
    assert_eq!(
        std::str::from_utf8(&json).unwrap(),
        "{\"type\":\"group\",\"name\":\"a\\\"b\\\\\\u0001\\n\\r\\tü\"}\n"
    );
}
