//! A vault of before the sums gets them at its first login, once.

use super::*;

const FIRST: &str = "SELECT count(*) || '' FROM audit WHERE body LIKE '%\"firstState\":true%'";

#[test]
fn the_first_login_shows_what_it_takes_and_the_second_does_not() {
    let house = old_files::house();
    change(
        &house,
        "INSERT INTO mapped SELECT id, 'target' || id, 'target' || id FROM users WHERE id NOT IN (SELECT user FROM mapped) LIMIT 5",
    );
    let ran = master(&house, 1, &["user count"]).ok();
    let said = "from now on changes by other programs are noticed; what is there now was taken as it is: setting 4, mapped 7, excluded 5, taken 2, moved 2, idp_urls 6, bundles 2, master1 1, master2 1, master3 1, keys 5";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert_eq!(
        ran.err.matches("warning: mapped: ").count(),
        5,
        "{}",
        ran.err
    );
    assert_eq!(ask(&house, FIRST), "1");
    let ran = master(&house, 2, &["user count"]).ok();
    assert!(!ran.err.contains("from now on"), "{}", ran.err);
    assert_eq!(ask(&house, FIRST), "1");
    master(&house, 1, &["audit verify", EXPORT]).ok();
}

/// The file in which this machine keeps what it saw of the vault's audit.
fn anchor(house: &House) -> String {
    let vid = ask(house, "SELECT lower(hex(vid)) FROM state");
    format!("home/state/igsh/anchors/{vid}")
}

/// The vault of before the sums on a machine that saw its last entry, with these words behind.
fn seen(words: &str) -> House {
    let house = old_files::house();
    let anchor = anchor(&house);
    let last = ask(
        &house,
        "SELECT seq || ':' || lower(hex(hash)) FROM audit ORDER BY seq DESC LIMIT 1",
    );
    fs::create_dir_all(house.at("home/state/igsh/anchors")).expect("a folder");
    house.private(&anchor, &format!("{last} 2026-11-28T04:40:00Z{words}\n"));
    house
}

#[test]
fn an_anchor_of_before_the_sums_lets_them_begin() {
    let house = seen("");
    let ran = master(&house, 1, &["user count"]).ok();
    insta::assert_snapshot!(ran.screen(), @r#"
    exit 0
    -- out
    users: 55
    -- err
    warning: from now on changes by other programs are noticed; what is there now was taken as it is: setting 4, mapped 2, excluded 5, taken 2, moved 2, idp_urls 6, bundles 2, master1 1, master2 1, master3 1, keys 5
    warning: mapped: hr, dario, 44, Dario.Target, dario.target
    warning: mapped: hr, twin, 49, twin.hr, twin.hr
    "#);
    assert!(house.read(&anchor(&house)).trim_end().ends_with(" state"));
}

#[test]
fn where_this_machine_saw_sums_a_vault_without_them_is_damaged() {
    let house = seen(" state");
    for number in [1, 2] {
        let ran = master(&house, number, &["user count"]);
        let words = ["restricted", "has no sums"];
        refused(&house, ran, &words, "an anchor with sums");
    }
    assert_eq!(ask(&house, FIRST), "0");
}

#[test]
fn a_copy_of_before_the_sums_does_not_begin_again() {
    let house = old_files::house();
    master(&house, 1, &["user count"]).ok();
    house.private_copy(&old_files::fixture("vault.db"), "vault.db");
    let ran = master(&house, 1, &["user count"]);
    let words = ["this vault is older", "restricted", "has no sums"];
    refused(&house, ran, &words, "an older copy");
    // The same where only the audit's end was cut.
    let house = old_files::house();
    master(&house, 1, &["user count"]).ok();
    change(&house, "DELETE FROM audit WHERE seq > 47");
    let ran = master(&house, 1, &["user count"]);
    refused(&house, ran, &words, "an end that was cut");
    assert_eq!(ask(&house, FIRST), "0");
}
