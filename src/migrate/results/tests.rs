use super::*;
use crate::ambient::Silent;
use crate::migrate::error::Error;
use crate::migrate::testing::House;
use crate::vault::answers::{self, Source};
use crate::vault::testing::{bare, group, record};

/// A vault whose users `a`, `B` and `c` are in bundle 1, `c` as `see`; `d` waits; `e` of another group waits as well.
fn house() -> House {
    let house = House::new(
        [group("g"), group("h")]
            .into_iter()
            .chain(["a", "B", "c", "d"].map(|name| record(bare("g", name))))
            .chain([record(bare("h", "e"))]),
    );
    house.sql(
        "INSERT INTO progress (user, phase, bundle, at, master)
         SELECT id, CASE WHEN userid IN ('d', 'e') THEN 1 ELSE 2 END, 1, 5, 'Master2' FROM users;
         INSERT INTO members (bundle, user, target) SELECT 1, id, CASE userid WHEN 'c' THEN 'see' END FROM users
         WHERE userid IN ('a', 'B', 'c')",
    );
    house
}

fn take(house: &House, text: &str, skip_unknown: bool) -> Result<(Contents, Judged), String> {
    let db = house.vault.file().connection();
    let contents = read(
        db,
        text.as_bytes(),
        &Layout::Guess,
        skip_unknown,
        &Silent,
        &house.cancel,
    )
    .map_err(|error| match error {
        Error::Answers { what, .. } => what,
        other => other.to_string(),
    })?;
    let judged = answers::judge(db).unwrap();
    let source = Source {
        file: "answers.csv",
        records: contents.records,
        master: "Master1",
        at: Timestamp::from_microsecond(9).unwrap(),
    };
    if judged.changed > 0 {
        answers::apply(db, &source, &judged).unwrap();
    }
    Ok((contents, judged))
}

use crate::model::Timestamp;

/// `userid phase import at` of all users.
fn standing(house: &House) -> String {
    house.ask(
        "SELECT group_concat(userid || phase || import || at, ' ') FROM (SELECT u.userid, p.phase, p.import, p.at \
         FROM progress p JOIN users u ON u.id = p.user ORDER BY u.id)",
    )
}

const HEAD: &str = "user,record,outcome,message\n";

#[test]
fn whose_every_record_is_there_is_imported_the_others_have_an_error() {
    let house = house();
    let text = format!(
        "{HEAD}a,card 1,added,\nsee,token 1,error: full,too many\na,qa,exists,\nsee,qa,added,\nsee,card,skipped,\n"
    );
    let (contents, judged) = take(&house, &text, false).unwrap();
    assert_eq!(contents.records, 5);
    assert_eq!((judged.ok, judged.errors, judged.moved), (1, 1, 1));
    assert_eq!(standing(&house), "a319 B205 c225 d105 e105");
    let db = house.vault.file().connection();
    let id = house.ask("SELECT id FROM users WHERE userid = 'c'");
    let said = answers::of_user(db, id).unwrap();
    assert_eq!(said.ok, Some(false));
    let records: Vec<&str> = said.missing.iter().map(|(r, ..)| r.as_str()).collect();
    assert_eq!(records, ["card", "token 1"]);
    assert_eq!(said.missing[1].2, "too many");
    assert_eq!(said.file.unwrap().0, "answers.csv");
    assert_eq!(answers::count_silent(db).unwrap(), 1, "B");

    // The same again, in another order, changes nothing.
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.reverse();
    let again = format!("{HEAD}{}\n", rows.join("\n"));
    let (_, judged) = take(&house, &again, false).unwrap();
    assert_eq!((judged.changed, judged.ok, judged.errors), (0, 1, 1));

    // A later file about the same user takes the place of the answers before.
    let later = format!("{HEAD}see,token 1,error: full,still too many\n");
    assert_eq!(take(&house, &later, false).unwrap().1.changed, 1);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM answers"), 1);
    let later = format!("{HEAD}see,token 1,added,\n");
    assert_eq!(take(&house, &later, false).unwrap().1.moved, 1);
    assert_eq!(house.ask::<u64>("SELECT count(*) FROM answers"), 0);
    assert_eq!(standing(&house), "a319 B205 c319 d105 e105");
    // And an error of a user who is imported leaves the phase.
    let later = format!("{HEAD}a,token 1,error,\n");
    take(&house, &later, false).unwrap();
    assert_eq!(standing(&house), "a329 B205 c319 d105 e105");
}

#[test]
fn users_are_found_by_their_target_id_with_the_group_and_without_letter_case() {
    for name in ["B", "b", "g/B"] {
        let house = house();
        take(&house, &format!("{HEAD}{name},qa,added,\n"), false).unwrap();
        assert_eq!(standing(&house), "a205 B319 c205 d105 e105", "{name}");
    }
    let house = house();
    // Under the source's id, which the target does not have.
    let error = take(&house, &format!("{HEAD}c,qa,added,\n"), false).unwrap_err();
    assert!(
        error.contains("1 user is not in the vault: 'c' (line 2)"),
        "{error}"
    );
    for name in ["SEE", "g/see", "g/c"] {
        take(&house, &format!("{HEAD}{name},qa,added,\n"), false).unwrap();
    }
    house.sql("UPDATE users SET userid = 'A', fold = 'a' WHERE userid = 'B'");
    assert!(take(&house, &format!("{HEAD}A,qa,added,\n"), false).is_ok());
    house.sql("UPDATE users SET userid = 'á', fold = NULL WHERE userid = 'a'");
    house.sql(
        "UPDATE members SET target = 'Á' WHERE user = (SELECT id FROM users WHERE userid = 'A')",
    );
    let error = take(&house, &format!("{HEAD}A\u{301}x,qa,added,\n"), false).unwrap_err();
    assert!(error.contains("not in the vault"), "{error}");
    let error = take(&house, &format!("{HEAD}a\u{301},qa,added,\n"), false).unwrap_err();
    assert!(error.contains("can be one of several users"), "{error}");
}

#[test]
fn what_cannot_be_taken_changes_nothing_and_is_named() {
    let good = "a,card 1,added,\n".to_owned();
    for (text, words) in [
        (
            format!("{good}x,qa,added,\nx,card,added,\ny,qa,added,\n"),
            "2 users are not in the vault: 'x' (line 3), 'y' (line 5)",
        ),
        (
            format!("{good}d,qa,added,\n"),
            "1 user is not exported: 'd' (line 3)",
        ),
        (
            format!("{good}B,qa,added,\na,card 1,error,\n"),
            "line 4: the record 'card 1' of 'a' stands in line 2 already",
        ),
        (
            format!("{good}a,qa,perhaps,\n"),
            "line 3: unknown outcome 'perhaps'",
        ),
        (
            format!("{good}a;qa;added;\n"),
            "line 3: 1 value where the header has 4 columns",
        ),
        (String::new(), "the file has no answer about a user"),
    ] {
        let house = house();
        let error = take(&house, &format!("{HEAD}{text}"), false).unwrap_err();
        assert!(error.contains(words), "{error}");
        assert_eq!(standing(&house), "a205 B205 c205 d105 e105");
    }
    let house = house();
    let (contents, judged) = take(
        &house,
        &format!("{HEAD}a,card 1,added,\nx,qa,error,\n"),
        true,
    )
    .unwrap();
    assert_eq!(
        (contents.records, contents.unknown.count, judged.moved),
        (1, 1, 1)
    );
    // More than are named.
    let many: String = (0..30).map(|n| format!("x{n},qa,added,\n")).collect();
    let error = take(&house, &format!("{HEAD}{many}"), false).unwrap_err();
    assert!(
        error.contains("30 users") && error.ends_with("'x9' (line 11) and 20 more"),
        "{error}"
    );
}

#[test]
fn a_user_who_is_taken_back_between_reading_and_writing_is_noticed() {
    let house = house();
    let db = house.vault.file().connection();
    let text = format!("{HEAD}a,card 1,added,\n");
    read(
        db,
        text.as_bytes(),
        &Layout::Guess,
        false,
        &Silent,
        &house.cancel,
    )
    .unwrap();
    let before = answers::judge(db).unwrap();
    house.sql("UPDATE progress SET phase = 1");
    let now = answers::judge(db).unwrap();
    assert_eq!((before.lost, now.lost), (0, 1));
    assert_ne!(before, now);
    answers::forget(db).unwrap();
}
