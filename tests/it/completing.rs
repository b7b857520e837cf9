//! What helps while a line is typed, on a real terminal: TAB, the grey hint, colours, `?`.

use std::path::Path;
use std::sync::OnceLock;

use igsh::ambient::CancelToken;
use igsh::lang::args::Key;
use igsh::lang::spec::{Catalogue, Command, Complete};
use igsh::render::{Setup, Terminal, Ui};
use igsh::shell::editor::{Beyond, Editor, Found, History, Line, Live, Name};

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
    let own = house.environment();
    let own = own
        .iter()
        .filter(|(name, _)| *name != "COLUMNS")
        .map(|(name, value)| (*name, value.as_str()));
    let all: Vec<(&str, &str)> = own.chain(environment.iter().copied()).collect();
    let program = Path::new(env!("CARGO_BIN_EXE_igsh"));
    let mut pty = Pty::start_sized(size, program, &[], &all, house.path());
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
fn tab_knows_attributes_and_values_within_conditions() {
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
fn tab_knows_settings_and_their_values() {
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
fn tab_knows_scripts_and_other_files() {
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
fn tab_knows_topics_of_help_and_error_codes() {
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
fn tab_knows_models_waves_bundles_aliases_and_masters() {
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
fn nobody_sees_live_names_before_a_login() {
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

#[test]
fn the_hint_shows_what_is_still_possible() {
    let house = house();
    let mut pty = shell(&house);
    types(&mut pty, "token", "token load|list");
    begins(&mut pty, "bundle get ", "bundle get <number> [");
    types(
        &mut pty,
        "export phase=",
        "export phase=none|export|exported|imported|migrated",
    );
    types(&mut pty, "export file=", "export file=FILE");
    leave(pty);
}

#[test]
fn the_hint_recalls_the_newest_line_that_begins_so() {
    let house = house();
    let mut pty = shell(&house);
    for line in ["user count group=sales", "user count group=hr"] {
        clear(&mut pty);
        pty.send(&format!("{line}\r"));
        pty.wait_for("user");
        pty.wait_for_line("igsh (Master1)>");
    }
    for key in ["\u{1b}[C", "\u{1b}[F", "\u{5}", "\u{6}"] {
        types(&mut pty, "user count g", "user count group=hr");
        pty.wait("the cursor before the hint", |screen| {
            usize::from(screen.cursor_position().1) == "igsh (Master1)> user count g".len()
        });
        pty.send(key);
        pty.wait("the cursor behind what was taken", |screen| {
            usize::from(screen.cursor_position().1) == "igsh (Master1)> user count group=hr".len()
        });
    }
    types(&mut pty, "user count group=s", "user count group=sales");
    types(&mut pty, "user count g\u{1}", "user count g");
    leave(pty);
}

#[test]
fn no_hint_is_left_behind_an_interrupted_or_entered_line() {
    let house = house();
    let mut pty = shell(&house);
    for end in ["\u{3}", "\r"] {
        clear(&mut pty);
        pty.send("\u{c}bundle ");
        pty.wait_for("bundle list|get");
        pty.send(end);
        pty.wait("the line alone and a new prompt below", |screen| {
            cursor_line(screen).trim_end() == "igsh (Master1)>"
                && !screen.contents().contains("bundle list|get")
                && screen
                    .contents()
                    .lines()
                    .any(|line| line.trim_end() == "igsh (Master1)> bundle")
        });
    }
    leave(pty);
}

#[test]
fn secrets_are_dots_and_in_no_hint() {
    let house = house();
    for colourless in ["", "1"] {
        let mut pty = start(&house, (100, 30), &[("NO_COLOR", colourless)]);
        log_in(&mut pty);
        let line = "tenant verify tenant=x code=48151623 userid=y";
        begins(
            &mut pty,
            line,
            "tenant verify tenant=x code=•••••••• userid=y",
        );
        // It cannot be told where this secret ends, so the line is kept for this session only.
        clear(&mut pty);
        pty.send("tenant verify code='9042\r");
        pty.wait_for("'>");
        pty.send("\r");
        pty.wait_for("'>");
        pty.send("\u{3}");
        pty.wait_for_line("igsh (Master1)>");
        clear(&mut pty);
        pty.send("tenant verify code=5318 (\r");
        pty.wait("an error or a further line", |screen| {
            let line = cursor_line(screen);
            line.trim_end() == "igsh (Master1)>" || line.contains("(>")
        });
        pty.send("\u{3}");
        pty.wait_for_line("igsh (Master1)>");
        begins(&mut pty, "tenant verify cod", "tenant verify cod");
        pty.send("\u{5}X");
        wait_for_begin(&mut pty, "tenant verify cod");
        let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
        for secret in ["48151623", "9042", "5318"] {
            assert!(!shown.contains(secret), "{secret} in {shown:?}");
        }
        leave(pty);
    }
}

#[test]
fn a_question_mark_tells_what_could_stand_there_and_runs_nothing() {
    let house = house();
    let mut pty = shell(&house);
    for (line, shown) in [
        ("token ?", "load  Take tokens"),
        ("export file=never.igb ?", "-skip-conflicts"),
        ("user list -format ?", "ndjson"),
        ("?", "help selection"),
        ("bundle get ?", "<number>"),
    ] {
        clear(&mut pty);
        pty.send("\u{c}");
        pty.wait_for_line("igsh (Master1)>");
        pty.send(&format!("{line}\r"));
        if line != "token ?" {
            pty.wait_for(shown);
        }
        pty.wait_for_line("igsh (Master1)>");
    }
    assert!(!house.at("never.igb").exists());
    clear(&mut pty);
    pty.send("bundel ?\r");
    pty.wait_for("did you mean 'bundle'?");
    pty.wait_for_line("igsh (Master1)>");
    pty.send("echo 'a\r");
    pty.wait_for("'>");
    pty.send("?'\r");
    pty.wait_for("a\n?");
    pty.wait_for_line("igsh (Master1)>");
    leave(pty);
}

#[test]
fn files_with_hostile_names_harm_nobody() {
    let house = house();
    let hostile = "evil\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gro\nx";
    house.file(hostile, "");
    house.file("evil two", "");
    let mut pty = shell(&house);
    clear(&mut pty);
    pty.send("bundle inspect file=ev\t");
    pty.wait_for("evil\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}gro\\u{a}x");
    wait_for_begin(&mut pty, "bundle inspect file=evil");
    begins(
        &mut pty,
        "bundle inspect file=\"evil\\u{1b}\t",
        "bundle inspect file=\"evil\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}gro\\nx\"",
    );
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    for harm in ["\u{1b}]0;", "\u{7}\u{1b}[2J", "\u{202e}"] {
        assert!(!shown.contains(harm), "{shown:?}");
    }
    leave(pty);
}

#[test]
fn a_line_of_a_million_letters_is_taken_and_cleared() {
    let house = house();
    let mut pty = shell(&house);
    pty.send(&format!(
        "\u{1b}[200~echo {}END\u{1b}[201~",
        "x ".repeat(500_000)
    ));
    pty.wait("the end of the line", |screen| {
        cursor_line(screen).contains("END")
    });
    pty.send("\t!");
    pty.wait("a key", |screen| cursor_line(screen).contains("END!"));
    pty.send("\u{3}");
    pty.wait_for_line("igsh (Master1)>");
    leave(pty);
}

/// Groups that somebody has given names to harm who lists them.
struct Hostile;

impl Live for Hostile {
    fn candidates(&self, _: Complete, prefix: &str, _: usize) -> Found {
        let names = [
            "\u{1b}[31mred".to_owned(),
            "\u{202e}desrever".to_owned(),
            "two\nlines".to_owned(),
            "w".repeat(10_000),
        ];
        let names = names.into_iter().filter(|name| name.starts_with(prefix));
        Found {
            names: names
                .map(|name| Name::of((name, "\u{9b}2J".to_owned())))
                .collect(),
            beyond: prefix.is_empty().then(|| Beyond {
                count: Some(4311),
                last: "z".to_owned(),
            }),
        }
    }

    fn values(&self, _: Complete, _: &str) -> Vec<(String, String)> {
        Vec::new()
    }

    fn variables(&self) -> Vec<String> {
        Vec::new()
    }
}

static GROUP: Key<String> = Key::text("group", "Its name").complete(Complete::Groups);
static GROUP_GET: Command = Command {
    args: &[GROUP.arg],
    ..Command::new("group get", "Show a group")
};
static CATALOGUE: Catalogue = Catalogue {
    commands: &[&GROUP_GET],
};

/// Not a test of its own: the program that the next one runs.
#[test]
#[ignore = "runs on a terminal that another test makes"]
fn hostile_child() {
    if std::env::var_os("HOSTILE_CHILD").is_none() {
        return;
    }
    let ask = Box::new(Terminal::new(CancelToken::default()));
    let ui = Ui::new(Setup::of_process(ask));
    let mut history = History::private(CATALOGUE);
    history.remember("group get group=\"\u{1b}[2J\"").unwrap();
    let mut editor = Editor::new(ui.clone(), CATALOGUE, Box::new(Hostile), history).unwrap();
    loop {
        let line = editor.read_line("igsh> ").unwrap();
        ui.print(&format!("{line:?}")).unwrap();
        if line == Line::End {
            break;
        }
    }
}

#[test]
fn hostile_names_in_candidates_and_hints_harm_nobody() {
    let program = std::env::current_exe().unwrap();
    let args = [
        "--exact",
        "completing::hostile_child",
        "--ignored",
        "--nocapture",
    ];
    let mut pty = Pty::start_sized(
        (60, 24),
        &program,
        &args,
        &[("HOSTILE_CHILD", "1")],
        &std::env::temp_dir(),
    );
    pty.wait_for_line("igsh>");
    pty.send("group get group=\t");
    pty.wait_for("\\u{1b}[31mred");
    pty.wait_for("\\u{202e}desrever");
    pty.wait_for("two\\u{a}lines");
    pty.wait_for("wwww…");
    pty.wait_for("… 4,311 more");
    pty.wait("the line as it was", |screen| {
        cursor_line(screen).starts_with("igsh> group get group=")
    });
    pty.send("two\t\r");
    pty.wait_for("Text(\"group get group=\\\"two\\\\nlines\\\" \")");
    pty.wait_for_line("igsh>");
    pty.send("group get group=\"\\u{1b}\t\r");
    pty.wait_for("Text(\"group get group=\\\"\\\\u{1b}[31mred\\\" \")");
    pty.wait_for_line("igsh>");
    // The newest line that could be recalled holds an escape sequence.
    pty.send("group get group=\"\r");
    pty.wait_for("\">");
    pty.send("\u{3}");
    pty.wait_for_line("igsh>");
    let shown = String::from_utf8_lossy(pty.transcript()).into_owned();
    for harm in ["\u{1b}[31mred", "\u{202e}", "\u{9b}", "\u{1b}[2J"] {
        assert!(!shown.contains(harm), "{harm:?} in {shown:?}");
    }
    pty.send("\u{4}");
    assert_eq!(pty.exit_code(), 0);
}
