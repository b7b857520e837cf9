//! What people wait for at a prompt: lists in every length, a script that is checked, the grammar itself.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use super::{Run, present, processor, row, run, shell};

/// Lines of the script that is checked.
const LINES: usize = 100_000;

/// Commands that are parsed: those of a small script, over and over, since a million of them do not fit in memory.
const COMMANDS: u32 = 1_000_000;

/// Lines as people write them, each with a number of its own.
fn script(lines: usize) -> String {
    let mut text = String::new();
    for n in 0..lines {
        match n % 5 {
            0 => writeln!(
                text,
                "user list group=sales,hr* state=active limit={}",
                n + 1
            ),
            1 => writeln!(text, "export group=sales userid=a{n}* file=out{n}.igb -yes"),
            2 => writeln!(
                text,
                "user count where=(group=sales or token.vendor=HID*) and not alias=M_{n}*"
            ),
            3 => writeln!(text, "migrate stage group=g{n} wave=W{n} -yes"),
            _ => writeln!(text, "echo 'line {n}'"),
        }
        .expect("text");
    }
    text
}

/// All users as `user list` shows them: in the order of an index, which is the obvious query, and in the order of ids,
/// sorted afterwards, as igsh does.
fn all_users(by_id: bool) -> String {
    let children = |table: &str, what: &str, also: &str| {
        format!(
            "(SELECT {what} FROM {table} k WHERE k.id BETWEEN u.id << 16 AND (u.id << 16) + 65535{also})"
        )
    };
    let (indexed, cross, plus) = if by_id {
        ("NOT INDEXED", "CROSS", "+")
    } else {
        ("", "", "")
    };
    format!(
        "SELECT u.userid, g.name, u.full_name, u.state, coalesce(p.phase, 0), p.bundle, {}, {}, coalesce({}, {}), \
         strftime('%Y-%m-%dT%H:%M:%SZ', u.last_auth / 1000000, 'unixepoch'), u.gone > 0 \
         FROM users u {indexed} {cross} JOIN groups g ON g.id = u.group_id LEFT JOIN progress p ON p.user = u.id \
         ORDER BY {plus}u.userid, u.group_id, u.gone",
        children("tokens", "count(*)", " AND k.gone = 0"),
        children("cards", "count(*)", " AND k.gone = 0"),
        children(
            "contacts",
            "value",
            " AND label LIKE '%mail%' ORDER BY id LIMIT 1"
        ),
        children(
            "contacts",
            "value",
            " AND value LIKE '%_@_%' ORDER BY id LIMIT 1"
        ),
    )
}

fn sqlite_csv(vault: &Path, by_id: bool) -> Option<Run> {
    let script = vault.with_extension("list.sql");
    std::fs::write(&script, all_users(by_id)).expect("the SQL file");
    let line = format!(
        "sqlite3 -csv -cmd 'PRAGMA cache_size = -32768' '{}' < '{}'",
        vault.display(),
        script.display()
    );
    present("sqlite3").then(|| run(shell(&line)))
}

/// The rows of this file; `lists` runs commands in one session.
pub(super) fn output(vault: &Path, users: u64, table: &mut String, lists: impl Fn(&[&str]) -> Run) {
    let csv = lists(&["user list format=csv"]);
    let same = sqlite_csv(vault, true);
    row(
        table,
        "`user list format=csv`",
        users,
        &csv,
        same.map(|other| ("`sqlite3 -csv`, the same query", other)),
    );
    let csv = lists(&["user list format=csv"]);
    let plain = sqlite_csv(vault, false);
    row(
        table,
        "`user list format=csv`",
        users,
        &csv,
        plain.map(|other| ("`sqlite3 -csv`, ordered by an index", other)),
    );
    let ndjson = lists(&["user list format=ndjson"]);
    let same = sqlite_csv(vault, true);
    row(
        table,
        "`user list format=ndjson`",
        users,
        &ndjson,
        same.map(|other| ("`sqlite3 -csv`, the same query", other)),
    );

    const TIMES: usize = 10;
    let mut lines = vec!["user list limit=10000 format=table"];
    let once = lists(&lines);
    lines.extend(["last format=table"; TIMES]);
    let many = lists(&lines);
    let inside = Run {
        wall: many.wall.saturating_sub(once.wall) / TIMES as u32,
        processor: many.processor.saturating_sub(once.processor) / TIMES as u32,
        peak: many.peak,
    };
    row(
        table,
        "a table of 10,000 rows (`last`)",
        users,
        &inside,
        None,
    );
}

/// What needs no vault: `check` runs `igsh check` on a file.
pub(super) fn language(folder: &Path, table: &mut String, check: impl Fn(&Path) -> Run) {
    let path = folder.join("long.igsh");
    std::fs::write(&path, script(LINES)).expect("a script");
    row(
        table,
        "`igsh check` of 100,000 lines",
        0,
        &check(&path),
        None,
    );
    let lines = 1_000;
    let text = script(lines);
    let before = processor(14);
    let started = Instant::now();
    for _ in 0..COMMANDS as usize / lines {
        let script = igsh::lang::grammar::parse(std::hint::black_box(&text)).expect("a script");
        assert_eq!(std::hint::black_box(script).statements.len(), lines);
    }
    let parsed = Run {
        wall: started.elapsed(),
        processor: processor(14).saturating_sub(before),
        peak: 0,
    };
    row(
        table,
        "1,000,000 commands through the grammar",
        0,
        &parsed,
        None,
    );
}
