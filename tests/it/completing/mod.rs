//! What helps while a line is typed, on a real terminal: TAB, the grey hint, colours, `?`.

mod hints;
mod hostile;

use std::sync::OnceLock;

use crate::common::pty::Pty;
use crate::common::{House, PASSWORDS};

/// People of the vault that every test gets a copy of.
const PEOPLE: u32 = 300;

/// A house with a vault of made-up people.
fn house() -> House {
    static TEMPLATE: OnceLock<House> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| House::with_people(PEOPLE));
    let house = House::empty();
    for entry in std::fs::read_dir(template.path()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("vault.db") {
            std::fs::copy(entry.path(), house.at(&name)).unwrap();
        }
    }
    house
}

fn start(house: &House, size: (u16, u16), environment: &[(&str, &str)]) -> Pty {
    let mut pty = house.terminal(size, &[], environment);
    pty.wait_for_line("igsh>");
    pty
}

fn log_in(pty: &mut Pty) {
    pty.send("login Master1\r");
    pty.wait_for("Password of Master1:");
    pty.send(&format!("{}\r", PASSWORDS[0]));
    pty.wait_for_line("igsh (Master1)>");
}

/// A shell on the house's vault, logged in.
fn shell(house: &House) -> Pty {
    let mut pty = start(house, (100, 30), &[]);
    log_in(&mut pty);
    pty
}

/// Empties the line; the screen shows that it is empty.
fn clear(pty: &mut Pty) {
    pty.send("\u{1}\u{b}");
    pty.wait_for_line("igsh (Master1)>");
}

/// Types `keys` on an empty line, and waits until the line, hint and all, reads `text`.
fn types(pty: &mut Pty, keys: &str, text: &str) {
    clear(pty);
    pty.send(keys);
    pty.wait_for_line(&format!("igsh (Master1)> {text}"));
}

/// Types `keys`, and waits until the line begins with `text`.
fn begins(pty: &mut Pty, keys: &str, text: &str) {
    clear(pty);
    pty.send(keys);
    wait_for_begin(pty, text);
}

fn wait_for_begin(pty: &mut Pty, text: &str) {
    let wanted = format!("igsh (Master1)> {text}");
    pty.wait(text, |screen| cursor_line(screen).starts_with(&wanted));
}

fn cursor_line(screen: &vt100::Screen) -> String {
    let (row, _) = screen.cursor_position();
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).nth(row.into()).unwrap()
}

fn leave(mut pty: Pty) {
    clear(&mut pty);
    pty.send("exit\r");
    assert_eq!(pty.exit_code(), 0, "{}", pty.text());
}

#[test]
fn tab_completes_a_group_and_lists_groups() {
    let house = house();
    let mut pty = shell(&house);
    begins(&mut pty, "user list group=sal\t", "user list group=sales ");
    clear(&mut pty);
    pty.send("user list group=s\t");
    pty.wait_for("sales     security  support");
    wait_for_begin(&mut pty, "user list group=s");
    leave(pty);
}

#[test]
fn tab_lists_two_hundred_user_ids_and_counts_the_others() {
    let house = house();
    let all = house.ask("value", "user list columns=userid limit=1000");
    let mut ids: Vec<&str> = all.lines().collect();
    ids.sort_unstable();
    ids.dedup();
    let more = format!("… {} more", ids.len() - 200);
    // All of it is on one page.
    let mut pty = start(&house, (100, 120), &[]);
    log_in(&mut pty);
    pty.send("user list userid=\t");
    pty.wait_for(&more);
    wait_for_begin(&mut pty, "user list userid=");
    assert!(pty.text().contains(ids[199]), "{}", pty.text());
    assert!(!pty.text().contains(ids[201]), "{}", pty.text());
    let first = ids[0];
    begins(
        &mut pty,
        &format!("user get {first}\t"),
        &format!("user get {first}"),
    );
    leave(pty);
}

#[test]
fn a_list_of_several_pages_ends_with_any_key() {
    let house = house();
    let mut pty = shell(&house);
    for key in ["x", "\u{3}", "q", "\u{1b}[A"] {
        clear(&mut pty);
        pty.send("user list \t");
        pty.wait("the end of a page", |screen| {
            cursor_line(screen).starts_with("--More--")
        });
        pty.send(key);
        wait_for_begin(&mut pty, "user list ");
    }
    leave(pty);
}

#[test]
fn tab_completes_attributes_and_values_within_conditions() {
    let house = house();
    let mut pty = shell(&house);
    for (keys, text) in [
        ("user list where=(gro\t", "user list where=(group="),
        (
            "user list where=not(alias=x or pha\t",
            "user list where=not(alias=x or phase=",
        ),
        (
            "user list where=(phase=imp\t",
            "user list where=(phase=imported ",
        ),
        (
            "user list where=token(ven\t",
            "user list where=token(vendor=",
        ),
        (
            "user list where=token(vendor=Ent\t",
            "user list where=token(vendor=Entrust ",
        ),
        (
            "user list where=(group=sal\t",
            "user list where=(group=sales ",
        ),
        (
            "user list where=(group=sales an\t",
            "user list where=(group=sales and ",
        ),
    ] {
        begins(&mut pty, keys, text);
    }
    leave(pty);
}

#[test]
fn tab_completes_the_old_spelling() {
    let house = house();
    let mut pty = shell(&house);
    begins(&mut pty, "export -gro\t", "export -group ");
    begins(&mut pty, "export -group sal\t", "export -group sales ");
    begins(
        &mut pty,
        "export -unassigned on\t",
        "export -unassigned only ",
    );
    leave(pty);
}

#[test]
fn tab_in_the_middle_keeps_what_stands_behind() {
    let house = house();
    let mut pty = shell(&house);
    let home = "\u{1}";
    let right = "\u{1b}[C";
    begins(
        &mut pty,
        &format!("us list limit=1{home}{right}{right}\t"),
        "user list limit=1",
    );
    begins(
        &mut pty,
        &format!("user li group=sales{home}{}\t", right.repeat(7)),
        "user list group=sales",
    );
    begins(
        &mut pty,
        &format!("user list group=sales{home}{}\tX", right.repeat(7)),
        "user listX group=sales",
    );
    leave(pty);
}

#[test]
fn values_that_need_quotes_come_quoted() {
    let house = house();
    let mut pty = shell(&house);
    begins(
        &mut pty,
        "user list group=Bür\t",
        "user list group=\"Büro Köln\" ",
    );
    begins(
        &mut pty,
        "user list group='Bür\t",
        "user list group='Büro Köln' ",
    );
    begins(
        &mut pty,
        "user list group=\"field s\t",
        "user list group=\"field service\" ",
    );
    begins(
        &mut pty,
        "user list group=field\" s\t",
        "user list group=\"field service\" ",
    );
    leave(pty);
}

#[test]
fn tab_completes_the_last_item_of_a_list() {
    let house = house();
    let mut pty = shell(&house);
    begins(
        &mut pty,
        "user list group=hr,sal\t",
        "user list group=hr,sales ",
    );
    begins(
        &mut pty,
        "user list state=active,sus\t",
        "user list state=active,suspended ",
    );
    leave(pty);
}

#[test]
fn tab_completes_settings_and_their_values() {
    let house = house();
    let mut pty = shell(&house);
    begins(&mut pty, "set form\t", "set format=");
    begins(&mut pty, "set format=js\t", "set format=json ");
    begins(&mut pty, "set timing=of\t", "set timing=off ");
    begins(&mut pty, "system set idle\t", "system set idle-timeout=");
    begins(
        &mut pty,
        "system set policy.require-reason=of\t",
        "system set policy.require-reason=off ",
    );
    begins(
        &mut pty,
        "system get migrate.pre\t",
        "system get migrate.prefixes ",
    );
    begins(
        &mut pty,
        "tenant set lockout\t",
        "tenant set lockout.failures=",
    );
    leave(pty);
}

#[test]
fn tab_completes_scripts_and_other_files() {
    let house = house();
    house.file("night.igsh", "echo night");
    house.file("night.txt", "");
    house.file("two words.igb", "");
    std::fs::create_dir(house.at("waves")).unwrap();
    house.file("waves/one.igsh", "echo one");
    let mut pty = shell(&house);
    begins(&mut pty, "run ni\t", "run night.igsh ");
    begins(&mut pty, "run wa\t\t", "run waves/one.igsh ");
    begins(
        &mut pty,
        "bundle inspect file=two\t",
        "bundle inspect file=\"two words.igb\" ",
    );
    begins(
        &mut pty,
        "user list userid=@night.t\t",
        "user list userid=@night.txt ",
    );
    leave(pty);
}

#[test]
fn tab_completes_variables() {
    let house = house();
    let mut pty = shell(&house);
    pty.send("let chosen=sales\r");
    pty.wait_for_line("igsh (Master1)>");
    begins(&mut pty, "user list group=$ch\t", "user list group=$chosen");
    begins(
        &mut pty,
        "user list group=${ch\t",
        "user list group=${chosen}",
    );
    begins(
        &mut pty,
        "foreach each in (group list) { user count group=$ea\t",
        "foreach each in (group list) { user count group=$each",
    );
    leave(pty);
}

#[test]
fn tab_completes_topics_of_help_and_error_codes() {
    let house = house();
    let mut pty = shell(&house);
    begins(&mut pty, "help sel\t", "help selection ");
    begins(&mut pty, "help user li\t", "help user list ");
    begins(&mut pty, "help E0304\t", "help E0304 ");
    clear(&mut pty);
    pty.send("help E030\t");
    pty.wait_for("E0304");
    leave(pty);
}

#[test]
fn tab_completes_models_waves_bundles_aliases_and_masters() {
    let house = house();
    house
        .master(&["migrate stage phase=none limit=3 wave=W07"])
        .ok();
    house.master(&["export limit=2 file=one.igb"]).ok();
    let mut pty = shell(&house);
    begins(&mut pty, "user list wave=\t", "user list wave=W07 ");
    begins(&mut pty, "bundle get \t1\t", "bundle get 1 ");
    begins(
        &mut pty,
        "user list token.model=Soft\t",
        "user list token.model=\"Soft Token\" ",
    );
    begins(
        &mut pty,
        "master unlock Master3\t",
        "master unlock Master3 ",
    );
    clear(&mut pty);
    pty.send("user list alias=\t");
    pty.wait("the end of a page", |screen| {
        cursor_line(screen).starts_with("--More--")
    });
    pty.wait_for("aliases that begin so");
    pty.send("q");
    wait_for_begin(&mut pty, "user list alias=");
    leave(pty);
}

#[test]
fn no_live_name_is_shown_before_a_login() {
    let house = house();
    let mut pty = start(&house, (100, 30), &[]);
    pty.send("user list group=sal\tX");
    pty.wait_for_line("igsh> user list group=salX");
    pty.send("\u{1}\u{b}");
    pty.wait_for_line("igsh>");
    pty.send("exit\r");
    assert_eq!(pty.exit_code(), 0);
}

#[test]
fn twenty_columns_are_enough() {
    let house = house();
    let mut pty = start(&house, (20, 30), &[]);
    pty.send("login Master1\r");
    pty.wait_for("Password of Master1:");
    pty.send(&format!("{}\r", PASSWORDS[0]));
    pty.wait_for("igsh (Master1)>");
    pty.send("bundle \t");
    pty.wait_for("inspect");
    let text = pty.text();
    assert!(
        text.lines().any(|line| line.trim() == "list      skipped"),
        "{text}"
    );
    pty.send("insp\t");
    pty.wait_for("igsh (Master1)> bundle inspect");
    pty.send("\u{1}\u{b}");
    pty.wait_for_line("igsh (Master1)>");
    pty.send("exit\r");
    assert_eq!(pty.exit_code(), 0);
}
