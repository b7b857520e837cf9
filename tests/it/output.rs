//! What a list, a record and a message look like, in every format and wherever they go; and that nothing is changed by
//! who only looks or rehearses.

use std::io::{BufRead as _, Read as _};
use std::process::{Command, Stdio};

use crate::common::pty::Pty;
use crate::common::{House, PASSWORDS, Ran};

const FORMATS: [&str; 7] = ["table", "expanded", "json", "ndjson", "csv", "tsv", "value"];

/// A process of Master1 with these options.
fn session(house: &House, options: &[&str], lines: &[&str]) -> Command {
    let mut command = house.session();
    command.args(options);
    for line in lines {
        command.args(["-c", line]);
    }
    command
}

/// igsh on a terminal, logged in, with this environment beside the usual one.
fn terminal(house: &House, options: &[&str], environment: &[(&str, &str)]) -> Pty {
    let mut pty = house.terminal((100, 30), options, environment);
    pty.wait_for_line("igsh>");
    pty.send("login Master1\r");
    pty.wait_for("Password of Master1:");
    pty.send(&format!("{}\r", PASSWORDS[0]));
    pty.wait_for_line("igsh (Master1)>");
    pty
}

/// `text` without its colour sequences.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(part.split_once('m').expect("a colour").1);
    }
    out
}

#[test]
fn a_table_that_is_too_wide_is_shown_expanded() {
    let house = House::with_people(3);
    let list = |columns: &str| {
        let mut command = session(&house, &[], &["user list"]);
        Ran::of(command.env("COLUMNS", columns)).ok().out
    };
    let wide = list("200");
    assert!(wide.starts_with("userid"), "{wide}");
    let narrow = list("40");
    assert!(narrow.starts_with("─ user 1 ─\nuserid"), "{narrow}");
    assert!(narrow.ends_with("3 users\n"), "{narrow}");
}

#[test]
fn a_table_has_the_width_of_its_terminal_and_what_is_cut_is_marked_and_seen_whole_by_last() {
    let house = House::with_vault();
    let name = "Annabella Wilhelmina Featherstonehaugh-Cholmondeley of Upper and Lower Slaughter";
    house.file(
        "people.ldif",
        format!(
            "dn: uid=anna,ou=x,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: anna\ncn: {name}\n"
        ),
    );
    house
        .master(&["source load file=people.ldif format=ldif"])
        .ok();
    let mut pty = terminal(&house, &["--private"], &[]);
    pty.send("user list columns=userid,group,fullname,state,phase\r");
    pty.wait_for("1 user");
    pty.wait_for_line("igsh (Master1)>");
    let line = |pty: &Pty| {
        let text = pty.text();
        let found = text.lines().find(|line| line.starts_with("anna "));
        found.unwrap_or_default().to_owned()
    };
    assert!(line(&pty).contains('…'), "{}", pty.text());
    assert!(line(&pty).chars().count() <= 100, "{}", pty.text());
    pty.send("last format=expanded\r");
    pty.wait_for(name);
}

#[test]
fn timing_is_shown_after_each_command() {
    let house = House::with_people(3);
    let ran = house
        .master(&[
            "whoami",
            "set timing=on",
            "user count",
            "set timing=off",
            "whoami",
        ])
        .ok();
    assert_eq!(ran.err.matches("note: took ").count(), 2, "{}", ran.err);
}

#[test]
fn dates_are_local_with_their_zone_in_tables_and_rfc_3339_elsewhere() {
    let house = House::with_people(3);
    let shown = |format: &str| {
        let mut command = session(
            &house,
            &["--format", format],
            &["user list columns=lastauth where=(lastauth=*) limit=1"],
        );
        command.env("TZ", "XYZ-3");
        Ran::of(&mut command).ok().out
    };
    let table = shown("table");
    assert!(table.contains(" XYZ\n") || table.contains("+03"), "{table}");
    for format in ["json", "ndjson", "csv", "tsv", "value"] {
        let text = shown(format);
        let at = text
            .split(['"', '\n'])
            .find(|part| part.ends_with('Z') && part.contains('T'))
            .unwrap_or_else(|| panic!("{format}: {text}"));
        let at: jiff::Timestamp = at.parse().expect("RFC 3339");
        let local = (at + jiff::SignedDuration::from_hours(3)).to_string();
        assert!(
            table.contains(&local[..19].replace('T', " ")),
            "{table} {local}"
        );
    }
}

#[test]
fn thousands_are_separated_for_people_only() {
    let house = House::with_people(1200);
    for format in FORMATS {
        let text = house.ask(format, "user count");
        let grouped = matches!(format, "table" | "expanded");
        assert_eq!(text.contains("1,200"), grouped, "{format}: {text}");
        assert_eq!(text.contains("1200"), !grouped, "{format}: {text}");
    }
}

#[test]
fn colours_go_to_terminals_or_where_they_are_sent_and_add_nothing_to_the_words() {
    let house = House::with_people(3);
    let ran = |options: &[&str], environment: &[(&str, &str)]| {
        let mut command = session(&house, options, &["user list limit=1", "user get nobody"]);
        command
            .envs(environment.iter().copied())
            .env("TERM", "xterm");
        Ran::of(&mut command).fails(1, &["there is no user"])
    };
    let bare = ran(&[], &[]);
    for (options, environment) in [
        (&["--color", "auto"][..], &[][..]),
        (&["--color", "never"], &[]),
        (&[], &[("NO_COLOR", "1")]),
    ] {
        let ran = ran(options, environment);
        assert!(!(ran.out + &ran.err).contains('\u{1b}'));
    }
    let always = ran(&["--color", "always"], &[]);
    assert!(always.out.contains("\u{1b}[1m") && always.err.contains("\u{1b}[1;31merror"));
    assert_eq!(plain(&always.out), bare.out);
    let errors = |text: &str| {
        let text = plain(text);
        text.lines()
            .filter(|line| !line.starts_with("note: last audit"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(errors(&always.err), errors(&bare.err));
    // What was asked for on the command line is stronger than the environment.
    let both = ran(&["--color", "always"], &[("NO_COLOR", "1")]);
    assert!(both.out.contains('\u{1b}'));
}

#[test]
fn a_terminal_gets_colours_unless_they_are_off() {
    let house = House::with_people(3);
    let seen = |options: &[&str], environment: &[(&str, &str)]| {
        let mut pty = terminal(&house, options, environment);
        let before = pty.transcript().len();
        pty.send("user get nobody\r");
        pty.wait_for("there is no user");
        pty.wait_for_line("igsh (Master1)>");
        let text = String::from_utf8_lossy(&pty.transcript()[before..]).into_owned();
        text.contains("\u{1b}[1;31merror")
    };
    assert!(seen(&["--private"], &[]));
    assert!(!seen(&["--private", "--color", "never"], &[]));
    assert!(!seen(&["--private"], &[("NO_COLOR", "1")]));
}

#[test]
fn a_limit_counts_in_the_order_that_sort_asks_for() {
    let house = House::with_people(60);
    for (list, key) in [
        ("user list", "-tokens"),
        ("user list state=active", "fullname"),
        ("token list", "-serial"),
        ("card list", "-serial"),
        ("alias list", "-alias"),
        ("group list", "-users"),
    ] {
        let whole = house.ask("csv", &format!("{list} sort={key}"));
        let first = house.ask("csv", &format!("{list} sort={key} limit=10"));
        let expected: Vec<_> = whole.lines().take(11).collect();
        assert_eq!(first.lines().collect::<Vec<_>>(), expected, "{list}");
    }
}

#[test]
fn a_reader_that_goes_early_ends_every_format_quietly() {
    let house = House::with_people(1500);
    for format in FORMATS {
        // More than a pipe holds, so that the rest cannot be written.
        let lines = ["user list", "user list", "user list", "user list"];
        let mut child = session(&house, &["--quiet", "--format", format], &lines)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut first = String::new();
        let mut out = std::io::BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
        out.read_line(&mut first).expect("a line");
        drop(out);
        let mut told = String::new();
        let mut err = child.stderr.take().expect("a pipe");
        err.read_to_string(&mut told).expect("text");
        let exit = child.wait().expect("it ends");
        assert_eq!((exit.code(), told.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_full_disk_leaves_no_half_list() {
    let house = House::with_people(1500);
    for format in FORMATS {
        // The write-ahead log of the login must still fit, the list must not; without a limit it is emptied again.
        house.master(&["whoami"]).ok();
        let list = format!("user list format={format} into=list.out");
        let ran = Ran::of(
            Command::new("bash")
                .args(["-c", "ulimit -f 90; exec \"$0\" \"$@\""])
                .arg(env!("CARGO_BIN_EXE_igsh"))
                .args(["--login", "Master1", "--password-file", "m1.txt", "-c"])
                .arg(list)
                .env_clear()
                .envs(house.environment())
                .current_dir(house.path()),
        );
        let ran = ran.fails(1, &["list.out", "no space is left"]);
        assert!(ran.err.contains("E0401"), "{}", ran.err);
        let left = std::fs::read_dir(house.path())
            .expect("the folder")
            .filter(|entry| {
                let name = entry.as_ref().expect("an entry").file_name();
                name.to_string_lossy().contains("list.out")
            });
        assert_eq!(left.count(), 0, "{format}");
    }
}

#[test]
fn a_list_replaces_no_file_without_overwrite() {
    let house = House::with_people(5);
    house.file("list.csv", "mine\n");
    let line = "user list format=csv into=list.csv";
    insta::assert_snapshot!(house.master(&[line]).screen(), @r#"
    exit 1
    -- err
    error[E0401]: cannot write list.csv: it exists
    hint: name another file, or add -overwrite
    "#);
    assert_eq!(house.read("list.csv"), "mine\n");
    let screen = house
        .master(&["user list columns=nam format=csv into=list.csv -overwrite"])
        .screen();
    insta::assert_snapshot!(screen, @r#"
    exit 2
    -- err
    error[E0703]: there is no column 'nam'
    hint: there are: userid, group, fullName, state, phase, bundle, tokens, cards, email, lastAuth, gone
    "#);
    assert_eq!(house.read("list.csv"), "mine\n");
    house.master(&[&format!("{line} -overwrite")]).ok();
    assert_eq!(house.read("list.csv").lines().count(), 6);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(house.at("list.csv"))
        .expect("the file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_unknown_column_is_reported_with_what_could_be_meant() {
    let house = House::with_people(3);
    for line in [
        "user list columns=userid,fulname",
        "user list sort=-fulname",
        "last sort=x",
    ] {
        let wanted: &[&str] = if line.starts_with("last") {
            &["there is no column 'x'", "there are: userid"]
        } else {
            &[
                "there is no column 'fulname'",
                "did you mean 'fullName'?",
                "there are: userid, group",
            ]
        };
        let ran = house.master(&["user list into=first.txt", "user list limit=1", line]);
        let ran = ran.fails(2, wanted);
        assert!(ran.err.contains("E0703"), "{}", ran.err);
        std::fs::remove_file(house.at("first.txt")).expect("the first list");
    }
}

#[test]
fn every_code_is_explained_and_its_examples_are_lines() {
    use igsh::lang::{code, help};
    use igsh::shell::{Text, catalogue, check};
    let now = jiff::Timestamp::now();
    // These are about the machine, not about a line.
    const NO_LINE: [&str; 4] = ["E0502", "E0901", "E0999", "E0130"];
    for found in code::ALL {
        let text = help::answer(&[found.code], &catalogue()).expect(found.code);
        assert!(text.starts_with(found.code), "{text}");
        assert!(found.explanation.len() > 20, "{}", found.code);
        assert!(
            NO_LINE.contains(&found.code) || (!found.wrong.is_empty() && !found.right.is_empty()),
            "{} has no example",
            found.code
        );
    }
    let given = igsh::lang::value::Variables::new();
    for found in code::ALL
        .iter()
        .filter(|code| code.code > "E04" && code.code < "W")
    {
        for (line, is_wrong) in [(found.wrong, true), (found.right, false)] {
            if line.starts_with("igsh ") || line.is_empty() {
                continue;
            }
            let checked = check(&Text::line(line), Some(&given), now);
            let codes: Vec<_> = checked
                .errors
                .first
                .iter()
                .map(|error| error.code)
                .collect();
            let expected: &[&str] = if found.code == "E0706" && is_wrong {
                &["E0706"]
            } else {
                &[]
            };
            assert_eq!(codes, expected, "{line}");
        }
    }
}

#[test]
fn no_example_of_the_catalogue_is_warned_about() {
    use igsh::shell::{Text, catalogue, check};
    let given = igsh::lang::value::Variables::new();
    for command in catalogue().commands {
        for example in command.examples {
            let checked = check(
                &Text::line(example.line),
                Some(&given),
                jiff::Timestamp::now(),
            );
            assert!(checked.warnings.is_empty(), "{}", example.line);
        }
    }
}

/// The rows of all tables but those that a login writes.
fn dump(house: &House, name: &str) -> String {
    let db = rusqlite::Connection::open(house.at(name)).expect("the vault");
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = db.prepare(names).expect("a query");
    let tables = statement
        .query_map([], |row| row.get::<_, String>(0))
        .expect("tables");
    let mut out = String::new();
    for table in tables.map(|table| table.expect("a name")) {
        if ["audit", "epoch", "stamp", "state", "master"].contains(&table.as_str()) {
            continue;
        }
        let mut rows = db
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .expect("a query");
        let columns = rows.column_count();
        let mut rows = rows.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<_> = (0..columns)
                .map(|at| format!("{:?}", row.get_ref(at).expect("a value")))
                .collect();
            out += &format!("{table}: {}\n", values.join(" "));
        }
    }
    out
}

/// The files of a house with their sizes, its vault and home aside.
fn files(house: &House) -> Vec<(String, u64)> {
    let mut found: Vec<_> = std::fs::read_dir(house.path())
        .expect("the folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            (
                entry.file_name().to_string_lossy().into_owned(),
                entry.metadata().expect("its size").len(),
            )
        })
        .filter(|(name, _)| {
            !name.starts_with("vault.db") && name != "home" && !name.contains("tenant")
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_dry_run_and_a_read_only_shell_change_nothing_whatever_the_command() {
    use igsh::lang::spec::Effect;
    let house = House::with_vault();
    house.file(
        "people.ldif",
        "dn: uid=ldap1,ou=x,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: ldap1\ncn: Ldap One\n",
    );
    house.file("answers.csv", "user,record,outcome\n");
    house
        .master(&[
            "source generate users=40 seed=1 file=people.ndjson",
            "source load file=people.ndjson format=ndjson",
            "migrate stage userid=a* wave=W07",
            "export userid=b* file=first.igb",
            "bundle password 1 into=first.password",
            "tenant init file=rehearsal.tenant passwords=masters.txt kdf=19456,2,1",
        ])
        .ok();
    let group = house.ask("value", "group list limit=1 columns=name");
    let kept = house.ask("value", "user list userid=a* limit=1 columns=userid");
    house.file(
        "ids.csv",
        format!("userid,targetUserId\n{},{}.new\n", kept.trim(), kept.trim()),
    );
    let state = || {
        (
            dump(&house, "vault.db"),
            dump(&house, "rehearsal.tenant"),
            files(&house),
        )
    };
    let before = state();
    let mut tried = 0;
    for command in igsh::shell::catalogue().commands {
        // A login is audited all the same.
        if command.effect == Effect::Read || ["login", "system init"].contains(&command.path) {
            continue;
        }
        for example in command.examples {
            let line = example
                .line
                .replace("asmith", kept.trim())
                .replace("group=sales", &format!("group='{}'", group.trim()));
            house
                .logged_in(&["--read-only", "--yes", "-c", &line])
                .fails(3, &["E0603"]);
            assert!(state() == before, "--read-only: {line}");
            let ran = house.logged_in(&["--dry-run", "--yes", "-c", &line]);
            assert!(state() == before, "--dry-run: {line}\n{}", ran.err);
            assert!(
                ran.code != 0 || ran.err.contains("this was a ") || ran.err.contains("note: 0 "),
                "{line} does not say that it did nothing: {}{}",
                ran.out,
                ran.err
            );
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

/// What igsh does where a shell has closed some of its streams.
fn redirected(house: &House, line: &str) -> Ran {
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", line])
        .env("IGSH", env!("CARGO_BIN_EXE_igsh"));
    Ran::of(shell.envs(house.environment()).current_dir(house.path()))
}

#[test]
fn c4_data_for_a_closed_standard_output_is_an_error_and_the_null_device_is_none() {
    let house = House::with_people(3);
    let igsh = "\"$IGSH\" --login Master1 --password-file m1.txt --quiet";
    let closed = ["cannot write the output", "standard output is closed"];
    for line in [
        "user list format=csv",
        "user list",
        "echo a",
        "help",
        "user count format=json",
    ] {
        redirected(&house, &format!("{igsh} -c '{line}' >&-")).fails(1, &closed);
        redirected(&house, &format!("{igsh} -c '{line}' <&- >&-")).fails(1, &closed);
        redirected(&house, &format!("{igsh} -c '{line}' >/dev/null")).ok();
        // As programs open it that run others.
        redirected(&house, &format!("{igsh} -c '{line}' 1<>/dev/null")).ok();
        redirected(&house, &format!("{igsh} -c '{line}' <>/dev/null >&0 2>&0")).ok();
    }
    for line in ["--help", "--version", "man", "completions bash"] {
        redirected(&house, &format!("\"$IGSH\" {line} >&-")).fails(1, &closed);
        redirected(&house, &format!("\"$IGSH\" {line} >/dev/full")).fails(1, &["no space"]);
    }
    // What prints nothing needs no output.
    redirected(&house, &format!("{igsh} -c 'let a=b' >&-")).ok();
    redirected(
        &house,
        &format!("{igsh} -c 'user list format=csv into=a.csv' >&-"),
    )
    .ok();
}

#[test]
fn c4_closed_streams_lend_no_file_their_numbers() {
    let house = House::with_people(3);
    let igsh = "\"$IGSH\" --login Master1 --password-file m1.txt --yes";
    let export = redirected(
        &house,
        &format!("{igsh} -c 'export file=a.igb' <&- >&- 2>&-"),
    );
    assert_eq!((export.code, export.err.as_str()), (1, ""));
    let steps = [
        "bundle password file=a.igb into=a.password",
        "bundle verify file=a.igb password-file=a.password",
        "audit verify",
    ];
    let mut lines = String::new();
    for step in steps {
        lines += &format!(" -c '{step}'");
    }
    let ran = redirected(&house, &format!("{igsh}{lines} <&- 2>&-")).ok();
    assert!(ran.out.contains("a.igb"), "{}", ran.out);
}
