//! Dates at the ends of the calendar, all the way from a source file to the target.

use crate::common::{House, Ran};

const PEOPLE: &str = r#"{"type":"schema","version":1,"system":"s","exported":"2026-01-02T03:04:05Z"}
{"type":"group","name":"g"}
{"type":"user","group":"g","userid":"never","lastAuth":"9999-12-31T23:59:59Z","passwords":[{"value":"a long one","expires":"9999-12-31T23:59:59.999Z"}],"cards":[{"serial":8,"state":"current","created":"0001-01-01T00:00:00+14:00","expires":"9999-12-31T20:30:00-08:00","rows":1,"columns":1,"cells":["A"]}]}
{"type":"user","group":"g","userid":"eve","lastAuth":"9999-12-31T07:00:00+09:00"}
{"type":"user","group":"g","userid":"day","lastAuth":"9999-12-31T00:30:00+00:00"}
{"type":"user","group":"g","userid":"first","lastAuth":"0001-01-01T00:00:00Z"}
{"type":"user","group":"g","userid":"now","lastAuth":"2026-06-01T00:00:00Z"}
"#;

fn loaded() -> House {
    let house = House::with_vault();
    house.file("people.ndjson", PEOPLE);
    let load = "source load file=people.ndjson format=ndjson";
    house.master(&[load]).ok();
    house
}

#[test]
fn c1_the_whole_of_the_years_1_to_9999_is_loaded_listed_and_selected() {
    let house = loaded();
    let listed = house.ask("csv", "user list columns=userid,lastAuth");
    assert_eq!(
        listed,
        "userid,lastAuth\nday,9999-12-31T00:30:00Z\neve,9999-12-30T22:00:00Z\nfirst,0001-01-01T00:00:00Z\n\
         never,9999-12-31T23:59:59Z\nnow,2026-06-01T00:00:00Z\n"
    );
    let users = |selection: &str| {
        let listed = house.ask("value", &format!("user list {selection} columns=userid"));
        listed.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (selection, expected) in [
        ("lastauth=9999-12-31", "day never"),
        ("lastauth=9999-12-31T23:59:59Z", "never"),
        ("lastauth=9999-12-31T23:59:59-14:00", "never"),
        ("lastauth>9999-12-30", "day never"),
        ("lastauth>=9999-12-30", "day eve never"),
        ("lastauth<9999-12-31", "eve first now"),
        ("lastauth<=9999-12-31", "day eve first never now"),
        ("lastauth>9999-12-31", ""),
        ("lastauth<0001-01-02", "first"),
        ("lastauth=0001-01-01", "first"),
        ("lastauth>-99999999d", "day eve first never now"),
        ("lastauth<+99999999d", "day eve first never now"),
        ("lastauth>=+99999999999999999999h", ""),
    ] {
        assert_eq!(users(selection), expected, "{selection}");
    }
    let screen = house
        .master(&["user count lastauth>10000-01-01T00:00:00Z"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 2
    -- err
    error[E0212]: '10000-01-01T00:00:00Z' is not a date
     |
     | user count lastauth>10000-01-01T00:00:00Z
     |                     ^^^^^^^^^^^^^^^^^^^^^
     |
     = expected: 2026-01-31, 2026-01-31T08:00:00Z, -90d or +12h
     = help: write a date from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z
    "#);
    let cards = house.ask("csv", "card list columns=serial,created,expires");
    assert!(
        cards.ends_with("8,0001-01-01T00:00:00Z,9999-12-31T23:59:59Z\n"),
        "{cards}"
    );
    // In every time zone the last second is shown, and none is beyond it.
    for (zone, shown) in [
        ("Pacific/Kiritimati", "9999-12-31 23:59:59"),
        ("Europe/Berlin", "9999-12-31 23:59:59"),
        ("America/Toronto", "9999-12-31 18:59:59"),
    ] {
        let mut igsh = house.session();
        igsh.env("TZ", zone).args([
            "-c",
            "user list userid=never columns=userid,lastAuth format=table",
        ]);
        let ran = Ran::of(&mut igsh).ok();
        assert!(ran.out.contains(shown), "{zone}: {}", ran.out);
    }
}

#[test]
fn c1_never_arrives_at_the_target() {
    let house = loaded();
    house
        .master(&[
            "export file=a.igb",
            "bundle password 1 into=a.password",
            "bundle verify file=a.igb password-file=a.password",
            "tenant init file=t.tenant passwords=masters.txt kdf=19456,2,1",
            "tenant import file=a.igb tenant=t.tenant password-file=a.password",
        ])
        .ok();
    let cards = house.ask(
        "csv",
        "tenant card list tenant=t.tenant columns=serial,created,expires",
    );
    assert!(
        cards.ends_with("8,0001-01-01T00:00:00Z,9999-12-31T23:59:59Z\n"),
        "{cards}"
    );
}

#[test]
fn c1_what_is_outside_or_no_date_is_reported_with_its_field() {
    let house = House::with_vault();
    let load = |date: &str| {
        let user = format!(r#"{{"type":"user","group":"g","userid":"u","lastAuth":"{date}"}}"#);
        let head = PEOPLE.lines().take(2).collect::<Vec<_>>().join("\n");
        house.file("one.ndjson", format!("{head}\n{user}\n"));
        house.master(&["source load file=one.ndjson format=ndjson"])
    };
    for date in [
        "0000-06-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-000044-03-15T12:00:00Z",
    ] {
        load(date).fails(
            1,
            &[
                &format!("field 'lastAuth': '{date}' is not between the years 1 and 9999"),
                "write a date from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z",
            ],
        );
    }
    for date in [
        "9999-12-31",
        "9999-12-31T23:59:59",
        "9999-12-31T24:00:00Z",
        "99991231235959Z",
        "never",
    ] {
        load(date).fails(
            1,
            &[
                &format!("field 'lastAuth': '{date}' is not a date and time"),
                "write RFC 3339 with a zone",
            ],
        );
    }
}
