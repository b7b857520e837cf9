//! The measured table of `tests/bench/README.md`: real commands of the release build on the standard population, next
//! to what an administrator would do by hand, in the same run. Prints Markdown.
//!
//! `cargo bench` measures a million users; `IGSH_BENCH_USERS=100000 cargo bench` a smaller population,
//! and with none only what needs no vault.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod output;
mod select;
mod shell;
mod tenant;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const IGSH: &str = env!("CARGO_BIN_EXE_igsh");
const PASSWORDS: &str =
    "Master1 bench-password-one\nMaster2 bench-password-two\nMaster3 bench-password-three\n";

/// What a whole process took.
#[derive(Clone, Copy)]
struct Run {
    wall: Duration,
    /// Processor time of all its threads, which says more than `wall` on a machine that does other things.
    processor: Duration,
    /// The highest resident set that was seen, in KiB.
    peak: u64,
}

fn main() {
    let users: u64 = std::env::var("IGSH_BENCH_USERS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let small = (users / 10).max(1);
    let folder = tempfile::tempdir().expect("a folder for the vaults");
    let mut table = String::from(
        "| what | users | wall | processor | peak memory | measured against | ratio (wall, processor) |\n\
         |---|---|---|---|---|---|---|\n",
    );
    machine();
    output::language(folder.path(), &mut table, |script| {
        let mut command = Command::new(IGSH);
        command.arg("check").arg(script);
        run(command)
    });
    for count in [small, users].into_iter().filter(|_| users > 0) {
        bench(folder.path(), count, &mut table);
    }
    println!("{table}");
}

fn machine() {
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find(|line| line.starts_with("model name"))
        .unwrap_or("model name: unknown");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!(
        "{cores} cores, {}\n",
        model.split(':').next_back().unwrap_or_default().trim()
    );
}

fn bench(folder: &Path, users: u64, table: &mut String) {
    let at = |name: &str| folder.join(format!("{users}-{name}"));
    let vault = at("vault.db");
    write_private(&at("masters"), PASSWORDS);
    write_private(&at("m1"), "bench-password-one\n");
    let igsh = |commands: &[String]| {
        let mut command = Command::new(IGSH);
        command
            .arg("--vault")
            .arg(&vault)
            .args(["--quiet", "--yes", "--format", "value"]);
        if vault.exists() {
            command
                .args(["--login", "Master1"])
                .arg("--password-file")
                .arg(at("m1"));
        }
        for line in commands {
            command.arg("-c").arg(line);
        }
        command
    };
    let line = |text: String| vec![text];
    run(igsh(&line(format!(
        "system init kdf=19456,2,1 passwords={}",
        quoted(&at("masters"))
    ))));
    let idle = run(igsh(&line("whoami".to_owned())));

    let people = at("people.ndjson");
    let generate = run(igsh(&line(format!(
        "source generate users={users} seed=1 file={}",
        quoted(&people)
    ))));
    row(table, "generate NDJSON", users, &generate, None);
    let load = run(igsh(&line(format!(
        "source load format=ndjson file={}",
        quoted(&people)
    ))));
    let parse = jq(&people).map(|other| ("`jq -c .type` over the same file", other));
    row(table, "load NDJSON", users, &load, parse);
    std::fs::remove_file(&people).ok();

    select::selections(&vault, users, table, |line, times| {
        run(igsh(&vec![line.to_owned(); times]))
    });

    output::output(&vault, users, table, |lines| {
        let lines: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        run(igsh(&lines))
    });
    shell::keys(&vault, "bench-password-one", users, table);

    let bundle = at("all.igb");
    let export = run(igsh(&line(format!("export file={}", quoted(&bundle)))));
    row(
        table,
        "export all users",
        users,
        &export,
        pipeline(&vault).map(|o| ("`sqlite3` .mode json, zstd -1, age -r", o)),
    );
    run(igsh(&line(format!(
        "bundle password 1 into={}",
        quoted(&at("password"))
    ))));
    let verify = run(igsh(&line(format!(
        "bundle verify file={} password-file={}",
        quoted(&bundle),
        quoted(&at("password"))
    ))));
    let copied = run(shell(&format!("sha256sum {}", quoted(&bundle))));
    row(
        table,
        "bundle verify",
        users,
        &verify,
        Some(("`sha256sum` of the bundle", copied)),
    );
    let sent = tenant::Sent {
        load,
        export,
        bundle: &bundle,
        password: &at("password"),
        masters: &at("masters"),
    };
    tenant::receiving(&at("target.tenant"), users, table, &sent, igsh);
    row(table, "log in, `whoami`", users, &idle, None);
    if let Some(prompt) = first_prompt(&vault) {
        row(
            table,
            "first prompt of the live shell",
            users,
            &prompt,
            None,
        );
    }
    for path in [vault, bundle] {
        let size = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        println!(
            "{}: {:.1} MiB",
            path.extension().unwrap_or_default().to_string_lossy(),
            size as f64 / 1048576.0
        );
        std::fs::remove_file(&path).ok();
    }
}

/// The same columns by hand: one query of every user with all that is theirs, as JSON, compressed, encrypted.
fn pipeline(vault: &Path) -> Option<Run> {
    if !["sqlite3", "zstd", "age", "age-keygen"]
        .iter()
        .all(|tool| present(tool))
    {
        println!("(sqlite3, zstd or age is missing: no export ratio)");
        return None;
    }
    let key = Command::new("age-keygen").output().ok()?;
    let key = String::from_utf8_lossy(&key.stdout).into_owned();
    let recipient = key
        .lines()
        .find_map(|line| line.strip_prefix("# public key: "))?
        .to_owned();
    let script = vault.with_extension("sql");
    std::fs::write(&script, everything()).expect("the SQL file");
    let out = vault.with_extension("age");
    let run = run(shell(&format!(
        "sqlite3 '{}' < '{}' | zstd -1 -q | age -r {recipient} > '{}'",
        vault.display(),
        script.display(),
        out.display()
    )));
    std::fs::remove_file(out).ok();
    Some(run)
}

/// The query of [`pipeline`]. Children of a user lie in one range of ids, so that each is found at once; sealed values
/// are written in hexadecimal digits, since JSON holds no bytes.
fn everything() -> String {
    let children = [
        ("aliases", "alias"),
        ("contacts", "label, value, is_default"),
        ("passwords", "name, expires, must_change, hex(sealed)"),
        (
            "tokens",
            "vendor, serial, issue_no, key_id, kind, algorithm, state, activation, model, hash, digits, step, \
             counter, drift, idp_url, transactions, load_date, last_used, expires, comment, hex(seed), hex(unlock)",
        ),
        (
            "cards",
            "serial, state, usage, created, expires, superseded, challenge_count, least_used_cell, cell_usage, \
             rows, columns, comment, hex(cells)",
        ),
        ("locations", "country, region, city, isp, ip, last_auth"),
        ("expected", "place"),
    ];
    let mut sql = String::from(".mode json\nSELECT u.*, g.name AS \"group\"");
    for (table, columns) in children {
        write!(
            sql,
            ", (SELECT json_group_array(json_array({columns})) FROM {table} c \
             WHERE c.id BETWEEN u.id << 16 AND (u.id << 16) + 65535) AS {table}"
        )
        .expect("text");
    }
    sql.push_str(", (SELECT hex(sealed) FROM qa q WHERE q.user = u.id) AS qa FROM users u JOIN groups g ON g.id = u.group_id;\n");
    sql
}

fn sqlite(vault: &Path, sql: &str) -> Option<Run> {
    present("sqlite3").then(|| run(shell(&format!("sqlite3 '{}' \"{sql}\"", vault.display()))))
}

fn jq(people: &Path) -> Option<Run> {
    present("jq").then(|| run(shell(&format!("jq -c .type '{}'", people.display()))))
}

/// Time from starting the live shell in a terminal to its first prompt.
fn first_prompt(vault: &Path) -> Option<Run> {
    use std::io::Read as _;
    let pty = portable_pty::native_pty_system()
        .openpty(portable_pty::PtySize::default())
        .ok()?;
    let mut command = portable_pty::CommandBuilder::new(IGSH);
    command.args(["--private", "--no-rc", "--vault"]);
    command.arg(vault);
    command.env("TERM", "xterm");
    let mut reader = pty.master.try_clone_reader().ok()?;
    let started = Instant::now();
    let mut child = pty.slave.spawn_command(command).ok()?;
    let (mut seen, mut buffer) = (Vec::new(), [0u8; 4096]);
    while !seen.windows(5).any(|window| window == b"igsh>") {
        let n = reader.read(&mut buffer).ok()?;
        seen.extend_from_slice(&buffer[..n]);
    }
    let wall = started.elapsed();
    child.kill().ok();
    child.wait().ok();
    Some(Run {
        wall,
        processor: Duration::ZERO,
        peak: 0,
    })
}

/// A path as a word of the command language, and of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}

fn shell(line: &str) -> Command {
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", line]);
    command
}

fn present(tool: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(tool).is_file())
}

/// Runs a process to its end; it must succeed.
fn run(mut command: Command) -> Run {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the process starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let before = children();
    let exit = loop {
        if let Some(exit) = child.try_wait().expect("the process can be waited for") {
            break exit;
        }
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = peak.max(
                line.and_then(|kib| kib.trim().trim_end_matches(" kB").trim().parse().ok())
                    .unwrap_or(0),
            );
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(exit.success(), "{command:?} failed: {exit}");
    Run {
        wall: started.elapsed(),
        processor: children().saturating_sub(before),
        peak,
    }
}

/// Processor time of the children that have ended, theirs included: fields 16 and 17 of proc_pid_stat(5).
fn children() -> Duration {
    processor(16)
}

/// The two fields of proc_pid_stat(5) from this one on, user and system time in hundredths of a second.
fn processor(field: usize) -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // What follows the name in parentheses begins with the third field.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(field - 3)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn row(table: &mut String, what: &str, users: u64, run: &Run, against: Option<(&str, Run)>) {
    let (name, ratio) = against.map_or(("", String::new()), |(name, other)| {
        let ratio = |own: Duration, other: Duration| {
            format!("{:.2}", own.as_secs_f64() / other.as_secs_f64().max(1e-9))
        };
        let text = format!(
            "{}, {} × {:.2} s",
            ratio(run.wall, other.wall),
            ratio(run.processor, other.processor),
            other.wall.as_secs_f64()
        );
        (name, text)
    });
    let peak = if run.peak == 0 {
        String::new()
    } else {
        format!("{:.0} MiB", run.peak as f64 / 1024.0)
    };
    let time = |time: Duration| match time.as_millis() {
        0..1000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    };
    let (wall, processor) = (time(run.wall), time(run.processor));
    let line = format!("| {what} | {users} | {wall} | {processor} | {peak} | {name} | {ratio} |");
    eprintln!("{line}");
    writeln!(table, "{line}").expect("text");
}

fn write_private(path: &Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .expect("a new file");
    file.write_all(text.as_bytes()).expect("written");
}
