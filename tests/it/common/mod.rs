//! The hermetic environment of the integration tests: a folder of one's own, a home of one's own, nothing inherited.
//!
//! [`House::igsh`], [`House::master`] and [`House::ask`] run igsh inside the test process. What needs a process of its
//! own (standard input, signals, terminals, descriptors, the exit status itself, two sessions at once) takes
//! [`House::command`], [`House::session`], [`House::process`], [`House::shell`] or [`House::terminal`].

mod inside;
pub(crate) mod pty;
mod template;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use igsh::ambient::Ambient;
pub(crate) use inside::Screen;
use pty::Pty;

/// Passwords of the masters in tests.
pub const PASSWORDS: [&str; 3] = [
    "first-master-word",
    "second-master-word",
    "third-master-word",
];

/// The options that log Master1 in.
pub const LOGIN: [&str; 4] = ["--login", "Master1", "--password-file", "m1.txt"];

/// The `system init` that every test can afford: the KDF at its floor.
pub const INIT: &str = "system init passwords=masters.txt kdf=19456,2,1";

/// A folder with a vault that may not be there yet.
pub struct House {
    folder: tempfile::TempDir,
    /// How many houses of this thread there were before it. Each has keys of its own.
    number: u64,
    /// How many runs there were inside this process.
    runs: AtomicU64,
    /// A process of its own has been made, which has the machine's clock: the next runs have it too.
    on_machine_clock: AtomicBool,
}

thread_local! {
    /// How many there are.
    static HOUSES: Cell<u64> = const { Cell::new(0) };
}

/// What a run of igsh gave.
#[derive(Debug)]
pub struct Ran {
    /// Exit status.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it said.
    pub err: String,
    /// The folder of its house, where it had one.
    pub folder: Option<PathBuf>,
}

impl House {
    /// An empty folder with the files of passwords in it.
    pub fn empty() -> Self {
        Self::numbered(HOUSES.get())
    }

    fn numbered(number: u64) -> Self {
        HOUSES.set(HOUSES.get() + 1);
        let house = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            number,
            runs: AtomicU64::new(0),
            on_machine_clock: AtomicBool::new(false),
        };
        let masters: String = PASSWORDS
            .iter()
            .zip(1..)
            .map(|(password, number)| format!("Master{number} {password}\n"))
            .collect();
        house.private("masters.txt", &masters);
        for (password, number) in PASSWORDS.iter().zip(1..) {
            house.private(&format!("m{number}.txt"), &format!("{password}\n"));
        }
        house
    }

    /// A folder with a new vault.
    pub fn with_vault() -> Self {
        Self::with_people(0)
    }

    /// A folder with a vault that holds `users` made-up people.
    pub fn with_people(users: u32) -> Self {
        let house = Self::empty();
        template::fill(&house, users);
        house
    }

    /// The machine's clock and randomness for this house, as a process has them: for files that were made by another
    /// clock than that of the house.
    pub fn on_machine_clock(self) -> Self {
        self.on_machine_clock.store(true, Ordering::Relaxed);
        self
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file that others can read.
    pub fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.at(name), text).expect("a file");
        self.at(name)
    }

    /// Writes a file that only the owner can read.
    pub fn private(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name, text);
        make_private(&path);
        path
    }

    /// Copies a file to one that only the owner can read.
    pub fn private_copy(&self, from: &Path, name: &str) {
        std::fs::copy(from, self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        make_private(&self.at(name));
    }

    /// Reads a file back.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with a clean environment, in this folder, on the vault `vault.db`.
    pub fn command(&self) -> std::process::Command {
        self.on_machine_clock.store(true, Ordering::Relaxed);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_igsh"));
        command.env_clear().current_dir(self.path());
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    /// The environment of [`Self::command`].
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.at(name).display().to_string();
        vec![
            ("HOME", at("home")),
            ("XDG_DATA_HOME", at("home/data")),
            ("XDG_STATE_HOME", at("home/state")),
            ("XDG_CONFIG_HOME", at("home/config")),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("TZ", "UTC".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("COLUMNS", "160".to_owned()),
            ("IGSH_VAULT", at("vault.db")),
        ]
    }

    /// The same with Master1 logged in.
    pub fn session(&self) -> std::process::Command {
        let mut command = self.command();
        command.args(LOGIN);
        command
    }

    /// The program on a terminal of 100 columns, with the same environment.
    pub fn shell(&self, args: &[&str]) -> Pty {
        self.started((100, 30), args, self.environment(), &[])
    }

    /// The program on a terminal of so many columns and lines, which also bounds its tables; `more` comes beside the
    /// usual environment or in its place.
    pub fn terminal(&self, size: (u16, u16), args: &[&str], more: &[(&str, &str)]) -> Pty {
        let mut environment = self.environment();
        environment.retain(|(name, _)| *name != "COLUMNS");
        self.started(size, args, environment, more)
    }

    fn started(
        &self,
        size: (u16, u16),
        args: &[&str],
        usual: Vec<(&'static str, String)>,
        more: &[(&str, &str)],
    ) -> Pty {
        self.on_machine_clock.store(true, Ordering::Relaxed);
        let usual = usual.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = usual.chain(more.iter().copied()).collect();
        let program = Path::new(env!("CARGO_BIN_EXE_igsh"));
        Pty::start_sized(size, program, args, &all, self.path())
    }

    /// Runs igsh with these arguments.
    pub fn igsh(&self, args: &[&str]) -> Ran {
        self.igsh_on(Screen::Pipes, args)
    }

    /// The same on this screen.
    pub fn igsh_on(&self, screen: Screen, args: &[&str]) -> Ran {
        let place = inside::Place {
            folder: self.path().to_owned(),
            ambient: self.ambient(),
            screen,
        };
        inside::run(place, args).unwrap_or_else(|| self.process(args))
    }

    /// Runs igsh with these arguments in a process of its own.
    pub fn process(&self, args: &[&str]) -> Ran {
        Ran::of(self.command().args(args))
    }

    /// Runs igsh with Master1 logged in and these arguments.
    pub fn logged_in(&self, args: &[&str]) -> Ran {
        self.igsh(&[&LOGIN, args].concat())
    }

    /// Runs commands in one session of Master1, every question answered with yes.
    pub fn master(&self, commands: &[&str]) -> Ran {
        self.master_number(1, commands)
    }

    /// Runs commands in one session of this master, every question answered with yes.
    pub fn master_number(&self, number: usize, commands: &[&str]) -> Ran {
        let (login, file) = (format!("Master{number}"), format!("m{number}.txt"));
        let login = ["--login", &login, "--password-file", &file, "--yes"];
        let lines = commands.iter().flat_map(|line| ["-c", line]);
        let args: Vec<&str> = login.into_iter().chain(lines).collect();
        self.igsh(&args)
    }

    /// What igsh answers to each of these lines, each in a session of its own.
    pub fn dialogue(&self, lines: &[&str]) -> String {
        let answers = lines.iter().map(|line| {
            let screen = self.master(&[line]).screen();
            format!("$ {line}\n{screen}")
        });
        answers.collect::<Vec<_>>().join("\n")
    }

    /// One reading command of Master1 in this format: what it printed.
    pub fn ask(&self, format: &str, command: &str) -> String {
        self.logged_in(&["--quiet", "--format", format, "-c", command])
            .ok()
            .out
    }

    /// Clock and randomness of the next run.
    fn ambient(&self) -> Ambient {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        match self.on_machine_clock.load(Ordering::Relaxed) {
            true => Ambient::system(),
            false => inside::fixed(self.number, run),
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        HOUSES.set(HOUSES.get().saturating_sub(1));
    }
}

impl Ran {
    /// Runs a process to its end, without a terminal.
    pub fn of(command: &mut std::process::Command) -> Self {
        let output = command
            .stdin(std::process::Stdio::null())
            .output()
            .expect("the process starts");
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            folder: command.get_current_dir().map(Path::to_owned),
        }
    }

    /// Exit status, standard output and standard error as one text, for a snapshot. What differs between machines and
    /// between versions of libraries is a word in it: the folder of the house and that of the sources, hashes, sizes of
    /// bundles. The greeting of a login is left out, since every line of the audit before it changes its hash.
    pub fn screen(&self) -> String {
        let is_greeting = |line: &&str| {
            ["note: last audit #", "{\"note\":\"last audit #"]
                .iter()
                .any(|start| line.starts_with(start))
        };
        let said = self.err.split_inclusive('\n');
        let said: String = said.filter(|line| !is_greeting(line)).collect();
        let mut screen = format!("exit {}\n", self.code);
        for (stream, text) in [("out", &self.out), ("err", &said)] {
            if !text.is_empty() {
                screen += &format!("-- {stream}\n{text}");
            }
        }
        if let Some(folder) = &self.folder {
            screen = screen.replace(&folder.display().to_string(), "HOUSE");
        }
        screen = screen.replace(env!("CARGO_MANIFEST_DIR"), "SOURCES");
        let lines = screen.split_inclusive('\n').map(|line| {
            match line.split_once(':').filter(|(name, _)| *name == "size") {
                Some(_) => "size: SIZE\n".to_owned(),
                None => without_hashes(line),
            }
        });
        lines.collect()
    }

    /// It must have gone well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        self
    }

    /// It must have failed like this: an exit status, and words that its message holds.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in: {}", self.err);
        }
        self
    }
}

/// `HASH` for every word that is a long number in hexadecimal.
fn without_hashes(line: &str) -> String {
    let is_hash = |word: &str| word.len() >= 32 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let is_word = |c: char| c.is_ascii_alphanumeric();
    let mut left = line.to_owned();
    for word in line.split(|c| !is_word(c)).filter(|word| is_hash(word)) {
        left = left.replace(word, "HASH");
    }
    left
}

fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// The folder of shared test data, where this machine has it.
pub fn shared(part: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(part);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: ../shared/{part} is not here");
    None
}

/// Whether a program is on the path; says so when it is not.
pub fn peer(tool: &str) -> bool {
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(tool).is_file());
    if !found {
        eprintln!("skipped: {tool} is not installed");
    }
    found
}
