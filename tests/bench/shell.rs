//! The live shell: how long it takes from a key to the screen, in a terminal, beside a shell that only echoes.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use super::IGSH;

/// So often each key is pressed; the median counts.
const TIMES: usize = 21;

/// How long anything may take before something is wrong.
const DEADLINE: Duration = Duration::from_secs(60);

/// The rows of this part: what is typed before, the key, and what the screen shows when it is answered.
const KEYS: &[(&str, &str, &str, &str)] = &[
    (
        "complete a user id among all (`user get a`, TAB)",
        "user get a",
        "\t",
        "--More--",
    ),
    (
        "complete a group (`user list group=`, TAB)",
        "user list group=",
        "\t",
        "sales",
    ),
    (
        "complete an alias (`user list alias=`, TAB)",
        "user list alias=",
        "\t",
        "--More--",
    ),
    (
        "complete a token's model (`user list token.model=`, TAB)",
        "user list token.model=",
        "\t",
        "Soft Token",
    ),
];

/// Measures the live shell on `vault`, to which the file `password` lets Master1 in.
pub(super) fn keys(vault: &Path, password: &str, users: u64, table: &mut String) {
    let Some(mut shell) = Screen::start(igsh(vault)) else {
        return;
    };
    shell.until("igsh>");
    shell.send("login Master1\r");
    shell.until("Password of Master1:");
    shell.send(&format!("{password}\r"));
    shell.until("igsh (Master1)>");
    let echo = echo();
    for (what, before, key, shown) in KEYS {
        let took = median(|| {
            shell.send(before);
            shell.settle();
            let took = shell.answer(key, shown);
            shell.send("q\u{1}\u{b}");
            shell.settle();
            took
        });
        row(table, what, users, took, echo);
    }
    let line = "user list group=sales,hr*,\"field service\" userid=a* state=active token.vendor=HID* \
        where=(phase=none or import=error) and not alias=MIGRATED_* and token(state=current and kind=soft) \
        fullname='Anna *' limit=1000 forma";
    shell.send(line);
    shell.settle();
    let took = median(|| {
        let took = shell.answer("Z", "Z");
        shell.send("\u{7f}");
        shell.settle();
        took
    });
    let what = format!("paint a line of {} characters for a key", line.len());
    row(table, &what, users, took, echo);
}

fn igsh(vault: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(IGSH);
    command.args(["--private", "--no-rc", "--vault"]);
    command.arg(vault);
    command
}

/// What the terminal itself takes for a key: `cat`, which has it echoed.
fn echo() -> Duration {
    let Some(mut cat) = Screen::start(CommandBuilder::new("cat")) else {
        return Duration::ZERO;
    };
    median(|| cat.answer("Z", "Z"))
}

fn median(mut one: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..TIMES).map(|_| one()).collect();
    all.sort_unstable();
    all[TIMES / 2]
}

fn row(table: &mut String, what: &str, users: u64, took: Duration, echo: Duration) {
    let millis = |span: Duration| span.as_secs_f64() * 1e3;
    let line = format!(
        "| {what} | {users} | {:.2} ms | | a key that the terminal echoes, {:.2} ms | {:.1} |",
        millis(took),
        millis(echo),
        took.as_secs_f64() / echo.as_secs_f64().max(1e-9)
    );
    eprintln!("{line}");
    writeln!(table, "{line}").expect("text");
}

/// A program on a terminal.
struct Screen {
    output: Receiver<Vec<u8>>,
    keys: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Screen {
    fn start(mut command: CommandBuilder) -> Option<Self> {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pty = native_pty_system().openpty(size).ok()?;
        command.env("TERM", "xterm-256color");
        let child = pty.slave.spawn_command(command).ok()?;
        let mut reader = pty.master.try_clone_reader().ok()?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Some(Self {
            output,
            keys: pty.master.take_writer().ok()?,
            child,
            _master: pty.master,
        })
    }

    fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("keys");
        self.keys.flush().expect("keys");
    }

    /// Reads until `shown` was written.
    fn until(&mut self, shown: &str) {
        let mut seen = Vec::new();
        while !seen
            .windows(shown.len())
            .any(|window| window == shown.as_bytes())
        {
            seen.extend(self.output.recv_timeout(DEADLINE).expect("an answer"));
        }
    }

    /// Reads until nothing more comes.
    fn settle(&mut self) {
        while self.output.recv_timeout(Duration::from_millis(30)).is_ok() {}
    }

    /// The time from a key until `shown` is written.
    fn answer(&mut self, key: &str, shown: &str) -> Duration {
        let started = Instant::now();
        self.send(key);
        self.until(shown);
        started.elapsed()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
