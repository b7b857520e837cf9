//! Values that no session writes are damage of the file, not a fault of the program.

use super::*;

#[test]
fn an_entry_without_a_hash_is_damage() {
    for value in ["x''", "zeroblob(7)"] {
        let house = changed_new(&format!(
            "UPDATE audit SET hash = {value} WHERE seq = (SELECT max(seq) FROM audit)"
        ));
        let ran = master(&house, 1, &["user count"]);
        refused(&house, ran, &[], value);
    }
}

#[test]
fn a_value_that_is_none_of_ours_is_damage() {
    for (sql, word) in [
        ("UPDATE users SET state = 'root'", "'root'"),
        ("UPDATE tokens SET state = 'active'", "'active'"),
    ] {
        let house = changed(sql);
        let ran = master(&house, 1, &[EXPORT]);
        refused(&house, ran, &[word], sql);
    }
}

fn exchange(a: &str, b: &str) -> String {
    format!(
        "PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = \
         (SELECT sum(rootpage) FROM sqlite_schema WHERE name IN ('{a}', '{b}')) - rootpage WHERE name IN ('{a}', '{b}')"
    )
}

#[test]
fn tables_that_were_exchanged_are_not_the_summed_ones() {
    for (a, b, command) in [
        ("mapped", "excluded", EXPORT),
        ("mapped", "moved", EXPORT),
        ("setting", "idp_urls", "user count"),
    ] {
        let house = changed(&exchange(a, b));
        let ran = master(&house, 1, &[command]);
        refused(&house, ran, &[], &format!("{a}, {b}"));
    }
}
