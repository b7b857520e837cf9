//! What reaches a person or a pipe: every format, every message, hostile text through all of them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use igsh::ambient::{CancelToken, Progress, Unit};
use igsh::exchange::list::Names;
use igsh::exchange::sheet::{Field, Others, Sheet};
use igsh::render::doc::{Cell, Column};
use igsh::render::{Ask, Assent, CAP, Colour, Error, Failure, Format, Setup, Terminal, Ui, Width};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use crate::common::pty::Pty;

/// A stream into memory.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives the same answer to every question.
struct Answer(Option<&'static str>);

impl Ask for Answer {
    fn line(&self) -> Result<Option<String>, Error> {
        Ok(self.0.map(str::to_owned))
    }

    fn password(&self, _: &str) -> Result<SecretString, Error> {
        Err(Error::NoTerminal)
    }
}

struct Desk {
    ui: Ui,
    out: Buffer,
    err: Buffer,
}

fn desk(change: impl FnOnce(&mut Setup)) -> Desk {
    let (out, err) = (Buffer::default(), Buffer::default());
    let mut setup = Setup {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        ask: Box::new(Answer(None)),
        in_terminal: true,
        out_terminal: true,
        err_terminal: true,
        width: Width::Columns(60),
        colour: Colour::Never,
        dumb: false,
        ascii: false,
        quiet: false,
        zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        format: Format::Table,
    };
    change(&mut setup);
    Desk {
        ui: Ui::new(setup),
        out,
        err,
    }
}

const COLUMNS: &[Column] = &[
    Column::whole("userid"),
    Column::text("fullName"),
    Column::whole("tokens"),
    Column::whole("suspended"),
    Column::whole("lastAuth"),
    Column::text("aliases"),
    Column::whole("password"),
];

fn rows() -> Vec<Vec<Cell>> {
    vec![
        vec![
            "anna".into(),
            "Anna Österreicher, Dr.".into(),
            1234_i64.into(),
            false.into(),
            Cell::Time("2026-07-01T10:00:00.5Z".parse().unwrap()),
            Cell::List(vec!["a.oe".into(), "anna;o".into()]),
            Cell::Hidden,
        ],
        vec![
            "bo\u{1b}[31m".into(),
            "=1+1".into(),
            Cell::Number(-5),
            true.into(),
            Cell::Absent,
            Cell::List(vec![]),
            Cell::Absent,
        ],
    ]
}

fn listed(desk: &Desk, format: Format, columns: &[Column], rows: Vec<Vec<Cell>>) -> String {
    let mut sink = desk.ui.rows(format);
    sink.begin("user", columns).unwrap();
    for row in rows {
        if !sink.row(row).unwrap() {
            break;
        }
    }
    sink.end().unwrap();
    desk.out.text()
}

fn list_in(format: Format, width: Width) -> String {
    listed(&desk(|setup| setup.width = width), format, COLUMNS, rows())
}

#[test]
fn every_format_of_one_list() {
    insta::assert_snapshot!("table", list_in(Format::Table, Width::Unlimited));
    insta::assert_snapshot!("expanded", list_in(Format::Expanded, Width::Columns(40)));
    insta::assert_snapshot!("json", list_in(Format::Json, Width::Columns(40)));
    insta::assert_snapshot!("ndjson", list_in(Format::Ndjson, Width::Columns(40)));
    insta::assert_snapshot!("csv", list_in(Format::Csv, Width::Columns(40)));
    insta::assert_snapshot!("tsv", list_in(Format::Tsv, Width::Columns(40)));
    insta::assert_snapshot!("value", list_in(Format::Value, Width::Columns(40)));
}

#[test]
fn a_table_fits_its_terminal_or_is_expanded() {
    let columns = &[
        Column::whole("userid"),
        Column::text("fullName"),
        Column::whole("tokens"),
    ];
    let list = |width| {
        let rows = vec![
            vec![
                "anna".into(),
                "Anna Maria Österreicher-Lüdenscheidt".into(),
                1_i64.into(),
            ],
            vec![
                "山田".into(),
                "山田太郎山田太郎山田太郎".into(),
                12_i64.into(),
            ],
        ];
        listed(
            &desk(|setup| setup.width = Width::Columns(width)),
            Format::Table,
            columns,
            rows,
        )
    };
    insta::assert_snapshot!("table_at_40", list(40));
    insta::assert_snapshot!("table_at_20", list(20));
    for width in 24..80 {
        let shown = list(width);
        for line in shown.lines() {
            assert!(
                unicode_width::UnicodeWidthStr::width(line) <= width.into(),
                "{width}: {line}"
            );
        }
        assert!(shown.contains("anna") && shown.contains("山田 "), "{shown}");
    }
}

#[test]
fn a_single_record() {
    let show = |format| {
        let desk = desk(|_| {});
        let contact = |kind: &str, value: &str| {
            Cell::Record(vec![("kind", kind.into()), ("value", value.into())])
        };
        desk.ui
            .rows(format)
            .record(vec![
                ("userid", "anna".into()),
                ("fullName", Cell::Absent),
                ("bundle", 1200_i64.into()),
                (
                    "contacts",
                    Cell::Items(vec![contact("email", "a@b"), contact("phone", "+49 1")]),
                ),
                (
                    "location",
                    Cell::Record(vec![("country", "AT".into()), ("count", 3_i64.into())]),
                ),
                ("aliases", Cell::List(vec!["a".into(), "b".into()])),
                ("cards", Cell::Items(vec![])),
            ])
            .unwrap();
        desk.out.text()
    };
    insta::assert_snapshot!("record_table", show(Format::Table));
    insta::assert_snapshot!("record_json", show(Format::Json));
    insta::assert_snapshot!("record_csv", show(Format::Csv));
    insta::assert_snapshot!("record_value", show(Format::Value));
}

#[test]
fn a_bare_number_is_bare() {
    let desk = desk(|_| {});
    desk.ui
        .rows(Format::Value)
        .record(vec![("users", 1_200_000_i64.into())])
        .unwrap();
    assert_eq!(desk.out.text(), "1200000\n");
}

#[test]
fn an_empty_list_in_every_format() {
    for (format, shown) in [
        (Format::Table, "0 users\n"),
        (Format::Expanded, "0 users\n"),
        (Format::Json, "[]\n"),
        (Format::Ndjson, ""),
        (Format::Csv, "userid,tokens\n"),
        (Format::Tsv, "userid\ttokens\n"),
        (Format::Value, ""),
    ] {
        let columns = &[Column::whole("userid"), Column::whole("tokens")];
        assert_eq!(
            listed(&desk(|_| {}), format, columns, vec![]),
            shown,
            "{format:?}"
        );
    }
}

#[test]
fn a_long_table_is_capped_and_says_so() {
    let many = |format, count: u64| {
        let desk = desk(|_| {});
        let rows = (0..count).map(|n| vec![Cell::from(n)]).collect();
        let out = listed(&desk, format, &[Column::whole("n")], rows);
        (out, desk.err.text())
    };
    let (out, err) = many(Format::Table, CAP);
    assert!(out.ends_with("\n999\n1,000 users\n"), "{out}");
    assert_eq!(err, "");
    for format in [Format::Table, Format::Expanded] {
        let (out, err) = many(format, 1_234);
        assert!(out.ends_with("999\n1,000 of 1,234 users\n"), "{out}");
        assert!(err.contains("format=csv"), "{err}");
    }
    let (out, _) = many(Format::Table, 100_002);
    assert!(out.ends_with("1,000 of more than 100,000 users\n"));
    let (out, err) = many(Format::Csv, 1_234);
    assert_eq!(out.lines().count(), 1_235);
    assert_eq!(err, "");
}

#[test]
fn csv_for_a_file_computes_nothing() {
    let desk = desk(|_| {});
    let file = Buffer::default();
    let mut sink = desk.ui.rows_into(Box::new(file.clone()), Format::Csv);
    sink.begin("user", &[Column::text("name"), Column::whole("n")])
        .unwrap();
    for name in ["=HYPERLINK(\"x\")", "+49 89", "-x", "anna, \"b\""] {
        sink.row(vec![name.into(), Cell::Number(-1)]).unwrap();
    }
    sink.end().unwrap();
    assert_eq!(
        file.text(),
        "name,n\n\"'=HYPERLINK(\"\"x\"\")\",-1\n+49 89,-1\n'-x,-1\n\"anna, \"\"b\"\"\",-1\n"
    );
    assert_eq!(desk.out.text(), "");
}

/// A semicolon ends a cell in the spreadsheets of some countries, and a blank before a formula does not stop it.
#[test]
fn a7_no_delimited_file_computes_anything() {
    for (format, expected) in [
        (
            Format::Csv,
            "name,n\n\"';=1+1\",-1\n' =1,-1\n'=2,-1\n\"a;b\",-1\n''=3,-1\n",
        ),
        (
            Format::Tsv,
            "name\tn\n';=1+1\t-1\n' =1\t-1\n'=2\t-1\na;b\t-1\n''=3\t-1\n",
        ),
    ] {
        let desk = desk(|_| {});
        let file = Buffer::default();
        let mut sink = desk.ui.rows_into(Box::new(file.clone()), format);
        sink.begin("user", &[Column::text("name"), Column::whole("n")])
            .unwrap();
        for name in [";=1+1", " =1", "=2", "a;b", "'=3"] {
            sink.row(vec![name.into(), Cell::Number(-1)]).unwrap();
        }
        sink.end().unwrap();
        assert_eq!(file.text(), expected);
    }
}

/// Texts that a reader could take for something else.
fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'"),
        Just("="),
        Just("-"),
        Just("@"),
        Just("#"),
        Just("\""),
        Just(","),
        Just(";"),
        Just("|"),
        Just("\t"),
        Just("\n"),
        Just("\r"),
        Just(" "),
        Just("\u{a0}"),
        Just("\u{feff}"),
        Just("\u{200b}"),
        Just("\u{202e}"),
        Just("\\"),
        Just("\\u{41}"),
        Just("u{"),
        Just("\u{ad}"),
        Just("é"),
        Just("a"),
        Just("1"),
        Just("sep="),
    ];
    let odd = proptest::collection::vec(piece, 1..7).prop_map(|pieces| pieces.concat());
    prop_oneof![odd, "\\PC{1,6}", "(?s).{1,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c3_a_list_in_any_format_is_read_back_as_it_was(
        rows in proptest::collection::vec((odd_text(), odd_text()), 1..8),
        into_file in any::<bool>(),
    ) {
        let desk = desk(|setup| setup.out_terminal = false);
        for (format, wide) in [(Format::Csv, true), (Format::Csv, false), (Format::Tsv, true), (Format::Tsv, false)] {
            let written = written(&desk, format, into_file, wide, &rows);
            let fields = match wide {
                true => vec![Field::required(&["userid"]), Field::required(&["group"])],
                false => vec![Field::required(&["userid"])],
            };
            let mut sheet = Sheet::new(written.as_bytes(), fields, Others::Named).unwrap();
            for (name, group) in &rows {
                let row = sheet.next_row();
                let row = row.unwrap_or_else(|error| panic!("{error}: {written}")).expect("a row");
                prop_assert_eq!(&row.get(0), name, "{}", written);
                prop_assert!(!wide || row.get(1) == *group, "{}", written);
            }
            prop_assert!(sheet.next_row().unwrap().is_none());
        }
        let written = written(&desk, Format::Value, into_file, false, &rows);
        let names: Vec<String> = Names::new(written.as_bytes()).map(|name| name.unwrap().name).collect();
        let expected: Vec<&String> = rows.iter().map(|(name, _)| name).collect();
        prop_assert_eq!(names.iter().collect::<Vec<_>>(), expected, "{}", written);
    }
}

/// What a list of users is written as, into a file or through a pipe.
fn written(
    desk: &Desk,
    format: Format,
    file: bool,
    wide: bool,
    rows: &[(String, String)],
) -> String {
    let buffer = Buffer::default();
    let before = desk.out.text().len();
    let mut sink = match file {
        true => desk.ui.rows_into(Box::new(buffer.clone()), format),
        false => desk.ui.rows(format),
    };
    let columns = [Column::whole("userid"), Column::whole("group")];
    let width = if wide { 2 } else { 1 };
    sink.begin("user", &columns[..width]).unwrap();
    for (name, group) in rows {
        let cells = [name.as_str().into(), group.as_str().into()];
        sink.row(cells.into_iter().take(width).collect()).unwrap();
    }
    sink.end().unwrap();
    match file {
        true => buffer.text(),
        false => desk.out.text()[before..].to_owned(),
    }
}

#[test]
fn a_table_needs_no_more_rows_than_it_counts_but_a_loop_needs_them_all() {
    let desk = desk(|_| {});
    assert_eq!(desk.ui.most_rows(Format::Table), Some(100_001));
    assert_eq!(desk.ui.most_rows(Format::Csv), None);
    let (most, _) = desk.ui.collect(|| desk.ui.most_rows(Format::Table));
    assert_eq!(most, None);
}

/// A pipe whose reader has gone.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    for name in Format::NAMES {
        let desk = desk(|setup| {
            setup.out = Box::new(Closed);
            setup.out_terminal = false;
        });
        let mut sink = desk.ui.rows(name.parse().unwrap());
        sink.begin("user", &[Column::text("name")]).unwrap();
        let mut taken = 0_u64;
        while sink.row(vec!["x".repeat(1000).into()]).unwrap() {
            taken += 1;
            assert!(taken <= 100_000, "{name} goes on for ever");
        }
        sink.end().unwrap();
        sink.record(vec![("a", "b".into())]).unwrap();
        assert_eq!(desk.err.text(), "", "{name}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for name in Format::NAMES {
        let mut sink = desk(|_| {})
            .ui
            .rows_into(Box::new(Full), name.parse().unwrap());
        sink.begin("user", &[Column::text("name")]).unwrap();
        sink.row(vec!["x".into()]).unwrap();
        assert_eq!(
            sink.end().unwrap_err().kind(),
            io::ErrorKind::StorageFull,
            "{name}"
        );
    }
}

/// One of each kind of attack.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{85}\r\u{8}\n\t\u{7f}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}z";

fn assert_harmless(text: &str, path: &str) {
    let invisible = |c: char| {
        (c.is_control() && c != '\n')
            || "\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{ad}\u{2028}".contains(c)
    };
    assert!(!text.contains(invisible), "{path}: {text:?}");
    assert!(text.contains('z'), "{path}: {text:?}");
}

#[test]
fn hostile_text_through_every_path() {
    for name in Format::NAMES {
        let format = name.parse().unwrap();
        let hostile = || {
            vec![
                HOSTILE.into(),
                Cell::List(vec![HOSTILE.into(), HOSTILE.into()]),
                Cell::Items(vec![Cell::Record(vec![("a", HOSTILE.into())])]),
            ]
        };
        let columns = &[Column::text("a"), Column::whole("b"), Column::whole("c")];
        for width in [20, 200, 2000] {
            let desk = desk(|setup| setup.width = Width::Columns(width));
            let shown = listed(&desk, format, columns, vec![hostile()]);
            // A tab that separates is ours; a row of a line format is one line.
            assert_harmless(&shown.replace('\t', " "), name);
            if matches!(format, Format::Csv | Format::Tsv | Format::Ndjson) {
                let header = usize::from(format != Format::Ndjson);
                assert_eq!(shown.lines().count(), 1 + header, "{shown}");
            }
            desk.ui
                .rows(format)
                .record(vec![("a", hostile().remove(2))])
                .unwrap();
            assert_harmless(&desk.out.text().replace('\t', " "), name);
        }
        let desk = desk(|setup| {
            setup.format = format;
            setup.colour = Colour::Auto;
            setup.ask = Box::new(Answer(Some("y")));
        });
        let ui = &desk.ui;
        ui.notice(HOSTILE);
        ui.warning(HOSTILE);
        ui.hint(HOSTILE);
        ui.banner(&[HOSTILE.into()]);
        ui.confirm(HOSTILE, Assent::Yes).unwrap();
        for rendered in [None, Some(HOSTILE)] {
            ui.error(&Failure {
                code: "E0101",
                message: HOSTILE,
                hint: Some(HOSTILE),
                rendered,
            });
        }
        let messages = desk.err.text();
        // The colours of the labels are ours.
        let ours = [
            "\u{1b}[1;36m",
            "\u{1b}[1;33m",
            "\u{1b}[1;32m",
            "\u{1b}[1;31m",
            "\u{1b}[0m",
        ];
        let bare = ours
            .iter()
            .fold(messages, |text, own| text.replace(own, ""));
        assert_harmless(&bare, name);
        ui.print(HOSTILE).unwrap();
        assert_harmless(&desk.out.text(), name);
    }
}

#[test]
fn messages_and_errors_for_people() {
    let desk = desk(|setup| setup.quiet = true);
    desk.ui.notice("not said");
    desk.ui.hint("not said");
    desk.ui.warning("the source file is still there in plain");
    desk.ui.error(&Failure {
        code: "E0300",
        message: "p1.igb exists",
        hint: Some("add -overwrite"),
        rendered: None,
    });
    assert_eq!(
        desk.err.text(),
        "warning: the source file is still there in plain\nerror[E0300]: p1.igb exists\nhint: add -overwrite\n"
    );
    assert_eq!(desk.out.text(), "");
}

#[test]
fn errors_for_programs_are_one_object() {
    for format in [Format::Json, Format::Ndjson] {
        let desk = desk(|setup| setup.format = format);
        desk.ui.error(&Failure {
            code: "E0300",
            message: "p1.igb \"exists\"",
            hint: Some("add -overwrite"),
            rendered: Some("a picture"),
        });
        let error: serde_json::Value = serde_json::from_str(&desk.err.text()).unwrap();
        assert_eq!(
            error,
            serde_json::json!({"error": {
                "code": "E0300", "message": "p1.igb \"exists\"", "hint": "add -overwrite"
            }})
        );
    }
}

#[test]
fn a_yes_is_a_yes_and_a_count_is_typed() {
    let confirm = |answer, assent| {
        let desk = desk(|setup| setup.ask = Box::new(Answer(answer)));
        let yes = desk.ui.confirm("Export 2 users?", assent).unwrap();
        (yes, desk.err.text())
    };
    for (answer, yes) in [
        (Some("y"), true),
        (Some(" YES "), true),
        (Some("n"), false),
        (Some(""), false),
        (Some("2"), false),
        (None, false),
    ] {
        assert_eq!(confirm(answer, Assent::to(1_000)).0, yes, "{answer:?}");
    }
    for (answer, yes) in [
        (Some("1200"), true),
        (Some("1,200"), true),
        (Some("1201"), false),
        (Some("y"), false),
        (None, false),
    ] {
        assert_eq!(confirm(answer, Assent::to(1_200)).0, yes, "{answer:?}");
    }
    assert_eq!(confirm(Some("y"), Assent::Yes).1, "Export 2 users? [y/N] ");
    let nobody = desk(|setup| setup.in_terminal = false);
    assert!(matches!(
        nobody.ui.confirm("Export?", Assent::Yes),
        Err(Error::NoTerminal)
    ));
}

#[test]
fn a_password_is_not_shown_without_a_terminal() {
    let cases: [fn(&mut Setup); 3] = [
        |setup| setup.in_terminal = false,
        |setup| setup.out_terminal = false,
        |setup| setup.dumb = true,
    ];
    for change in cases {
        let desk = desk(change);
        let shown = desk
            .ui
            .reveal(&"K7MQ2".into(), 1, &[], &CancelToken::default());
        assert!(matches!(shown, Err(Error::NoScreen)));
        assert_eq!(desk.out.text() + &desk.err.text(), "");
    }
}

/// Not a test of its own: the program that [`on_a_terminal`] runs.
#[test]
#[ignore = "runs on a terminal that other tests make"]
fn on_a_terminal_child() {
    let Ok(what) = std::env::var("ON_A_TERMINAL") else {
        return;
    };
    let cancel = CancelToken::default();
    signal_hook::flag::register(signal_hook::consts::SIGINT, cancel.flag()).unwrap();
    let ui = Ui::new(Setup::of_process(Box::new(Terminal::new(cancel.clone()))));
    let said = match what.as_str() {
        "reveal" => format!(
            "{:?}",
            ui.reveal(&"K7MQ2-ABCDE".into(), 600, &["Bundle 3".into()], &cancel)
        ),
        "password" => {
            let typed = ui.password("Password of Master1: ");
            format!("{:?}", typed.map(|typed| typed.expose_secret().len()))
        }
        "confirm" => format!("{:?}", ui.confirm("Export 2 users?", Assent::Yes)),
        "progress" => {
            let bar = ui.progress();
            bar.begin("Loading", Unit::Items, Some(2_000));
            bar.at(1_000);
            ui.notice("above");
            let answer = Terminal::new(cancel).line();
            drop(bar);
            format!("{answer:?}")
        }
        other => panic!("{other}"),
    };
    ui.notice(&format!("said {said}"));
}

/// Runs [`on_a_terminal_child`] on a terminal.
fn on_a_terminal(what: &str) -> Pty {
    let program = std::env::current_exe().unwrap();
    let args = [
        "--exact",
        "render::on_a_terminal_child",
        "--ignored",
        "--nocapture",
    ];
    let folder = std::env::temp_dir();
    Pty::start(&program, &args, &[("ON_A_TERMINAL", what)], &folder)
}

#[test]
fn the_password_screen_on_a_real_terminal() {
    for (keys, cleared) in [
        ("q", "Ok(ByKey)"),
        ("\r", "Ok(ByKey)"),
        ("\u{1b}", "Ok(ByKey)"),
        ("\u{3}", "Ok(ByKey)"),
    ] {
        let mut pty = on_a_terminal("reveal");
        pty.wait("the password", |screen| {
            screen.alternate_screen() && screen.contents().contains("K7MQ2-ABCDE")
        });
        assert!(pty.text().contains("Bundle 3"));
        pty.send("x");
        pty.wait_for("Cleared in 600 s");
        pty.send(keys);
        pty.wait("the end", |screen| !screen.alternate_screen());
        pty.wait_for(&format!("said {cleared}"));
        assert!(!pty.text().contains("K7MQ2"), "{}", pty.text());
        assert_eq!(pty.exit_code(), 0);
        // Cleared before it is left, for terminals that have no other screen.
        let transcript = String::from_utf8_lossy(pty.transcript()).into_owned();
        assert!(transcript.contains("\u{1b}[2J\u{1b}[?25h\u{1b}[?1049l"));
    }
}

#[test]
fn a_signal_takes_the_password_from_the_screen() {
    let mut pty = on_a_terminal("reveal");
    pty.wait("the password", |screen| {
        screen.contents().contains("K7MQ2-ABCDE")
    });
    let pid = rustix::process::Pid::from_raw(pty.pid().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    pty.wait_for("said Ok(Interrupted)");
    assert!(!pty.text().contains("K7MQ2"));
}

#[test]
fn a_question_on_a_real_terminal() {
    for (keys, answer) in [
        ("y\r", "said Ok(true)"),
        ("\r", "said Ok(false)"),
        ("\u{4}", "said Ok(false)"),
        ("y\u{3}", "said Err(Interrupted)"),
    ] {
        let mut pty = on_a_terminal("confirm");
        pty.wait_for("Export 2 users? [y/N]");
        pty.send(keys);
        pty.wait_for(answer);
    }
}

#[test]
fn messages_stand_above_the_progress_bar_which_goes_away() {
    let mut pty = on_a_terminal("progress");
    pty.wait("the bar below the message", |screen| {
        let text = screen.contents();
        text.find("note: above") < text.find("Loading") && text.contains("1,000/2,000")
    });
    pty.send("\u{4}");
    pty.wait_for("said Ok(None)");
    assert!(!pty.text().contains("Loading"), "{}", pty.text());
}

#[test]
fn a_password_is_typed_unseen() {
    for (keys, said) in [
        ("correct horse ü\r", "said Ok(16)"),
        ("correct\u{3}", "said Err(Interrupted)"),
    ] {
        let mut pty = on_a_terminal("password");
        pty.wait_for("Password of Master1:");
        pty.send(keys);
        pty.wait_for(said);
        assert!(!pty.text().contains("correct"), "{}", pty.text());
    }
}
