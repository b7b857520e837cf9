//! Selections as a user types them: rows of tokens and cards, absence, letter case.

use crate::common::House;

/// Names that differ in letter case alone.
const PEOPLE: &str = r#"{"type":"schema","version":1}
{"type":"group","name":"sales"}
{"type":"group","name":"Sales"}
{"type":"user","group":"sales","userid":"asmith","fullName":"Anna Smith","state":"active","aliases":["anna"]}
{"type":"user","group":"sales","userid":"ASmith","state":"active"}
{"type":"user","group":"Sales","userid":"bob","state":"suspended"}
"#;

fn house() -> House {
    let house = House::with_vault();
    house.file("people.ndjson", PEOPLE);
    house
        .master(&["source load file=people.ndjson format=ndjson"])
        .ok();
    house
}

#[test]
fn a_note_says_how_many_more_another_case_would_match() {
    let house = house();
    for (line, note) in [
        (
            "user count userid=asmith",
            Some("1 user would match in another case"),
        ),
        (
            "user list userid=as*",
            Some("1 user would match in another case"),
        ),
        (
            "alias list userid=ASmith",
            Some("1 user would match in another case"),
        ),
        (
            "user count group=sales",
            Some("1 user would match in another case"),
        ),
        (
            "user count fullname=anna*",
            Some("1 user would match in another case"),
        ),
        ("user count userid=bob", None),
        ("user count userid!=asmith", None),
        ("user count", None),
    ] {
        let ran = house.master(&[line]).ok();
        let told = ran.err.contains("would match in another case");
        assert_eq!(told, note.is_some(), "{line}\n{}", ran.err);
        if let Some(note) = note {
            assert!(ran.err.contains(note), "{line}\n{}", ran.err);
        }
    }
}

#[test]
fn rows_are_filtered_by_their_own_attributes_and_their_owners() {
    let house = House::with_people(200);
    let rows = |line: &str| house.ask("ndjson", line).lines().count();
    let (all, of_users, of_nobody) = (
        rows("token list"),
        rows("token list assigned=yes"),
        rows("token list assigned=no"),
    );
    assert_eq!(all, of_users + of_nobody);
    assert!(of_nobody > 0 && of_users > 0, "{of_users} {of_nobody}");
    assert_eq!(rows("token list where=not assigned=yes"), of_nobody);
    assert_eq!(rows("token list assigned=no userid=*"), 0);
    assert_eq!(
        rows("token list vendor=HID,Entrust"),
        rows("token list where=(token.vendor=HID or vendor=Entrust)")
    );
    assert_eq!(
        rows("card list"),
        rows("card list assigned=yes") + rows("card list assigned=no")
    );
}

#[test]
fn counts_are_never_absent() {
    let house = house();
    for (selection, expected) in [
        ("qa.count=0", "3"),
        ("location.count=0", "3"),
        ("location.count>0", "0"),
        ("rba.override=no", "3"),
        ("changed=*", "0"),
        ("import=none", "3"),
        ("excluded=no gone=no", "3"),
        ("where=token(vendor=* and assigned=yes)", "0"),
    ] {
        let found = house.ask("value", &format!("user count {selection}"));
        assert_eq!(found.trim(), expected, "{selection}");
    }
}
