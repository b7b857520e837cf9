//! The audit, from which follows what is expected of the tables.

use super::*;

#[test]
fn a_login_takes_its_expectation_from_no_entry_that_was_changed() {
    const NEWEST: &str = "WHERE seq = (SELECT max(seq) FROM audit)";
    let last = ask(&changed_new(""), "SELECT max(seq) || '' FROM audit");
    for (sql, word) in [
        ("DELETE FROM audit".to_owned(), "entry #1 is not".to_owned()),
        ("DELETE FROM audit WHERE seq = 1".to_owned(), "entry #1 is not".to_owned()),
        ("UPDATE audit SET body = replace(body, 'system init', 'system unit') WHERE seq = 1".to_owned(), "entry #1 is not".to_owned()),
        (format!("UPDATE audit SET body = replace(body, 'Master1', 'Master2') {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET body = replace(body, '\"mapped\":[0', '\"mapped\":[1') {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET body = 'x' {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET mac = NULL {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET mac = zeroblob(32) {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET mac = x'' {NEWEST}"), format!("entry #{last} is not")),
        (format!("UPDATE audit SET seq = seq + 1 {NEWEST}"), "is not what a session wrote".to_owned()),
        ("INSERT INTO audit (seq, body, hash) SELECT -5, body, hash FROM audit WHERE seq = 1".to_owned(), "is not what a session wrote".to_owned()),
        // An end that was cut is an older copy; what was decided since then no longer fits.
        ("DELETE FROM audit WHERE seq > 1".to_owned(), "setting: 1 row, 0 expected (one too many: idle-timeout, 30m); bundles: 1 row, 0 expected".to_owned()),
    ] {
        let house = changed_new(&sql);
        let ran = master(&house, 1, &["user count"]);
        refused(&house, ran, &["E0503", &word], &sql);
        // The next login does not take the entry of this one for a beginning.
        let ran = master(&house, 2, &["user count"]);
        refused(&house, ran, &["E0503"], &sql);
        assert_eq!(firsts(&house), "0", "{sql}");
    }
}

/// How many entries are the first with sums.
fn firsts(house: &House) -> String {
    ask(
        house,
        "SELECT count(*) || '' FROM audit WHERE body LIKE '%\"firstState\":true%'",
    )
}

#[test]
fn a_new_vault_is_never_one_that_was_not_summed() {
    // Its first entry has sums; without it there is no beginning.
    let house = changed_new("");
    assert_eq!(firsts(&house), "0");
    assert!(ask(&house, "SELECT body FROM audit WHERE seq = 1").contains("\"state\":{\"v\":1,"));
}

#[test]
fn an_entry_after_which_none_can_be_numbered_is_damage() {
    let sql = "INSERT INTO audit (seq, body, hash) SELECT 9223372036854775807, body, hash FROM audit WHERE seq = 1";
    let house = changed_new(sql);
    let ran = master(&house, 1, &["user count"]);
    refused(&house, ran, &["the database is damaged"], sql);
}
