//! The hermetic environment of the integration tests: a folder of one's own, a home of one's own, nothing inherited.

pub(crate) mod pty;

use std::path::{Path, PathBuf};

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
}

impl House {
    /// An empty folder with the files of passwords in it.
    pub fn empty() -> Self {
        let house = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
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
        let house = Self::empty();
        house.igsh(&["-c", INIT]).ok();
        house
    }

    /// A folder with a vault that holds `users` made-up people.
    pub fn with_people(users: u32) -> Self {
        let house = Self::with_vault();
        house
            .master(&[&format!("source generate users={users} seed=1 -load")])
            .ok();
        house
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
        let usual = usual.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = usual.chain(more.iter().copied()).collect();
        let program = Path::new(env!("CARGO_BIN_EXE_igsh"));
        Pty::start_sized(size, program, args, &all, self.path())
    }

    /// Runs igsh with these arguments.
    pub fn igsh(&self, args: &[&str]) -> Ran {
        Ran::of(self.command().args(args))
    }

    /// Runs commands in one session of Master1, every question answered with yes.
    pub fn master(&self, commands: &[&str]) -> Ran {
        let mut command = self.session();
        command.arg("--yes");
        for line in commands {
            command.args(["-c", line]);
        }
        Ran::of(&mut command)
    }

    /// One reading command of Master1 in this format: what it printed.
    pub fn ask(&self, format: &str, command: &str) -> String {
        let mut igsh = self.session();
        igsh.args(["--quiet", "--format", format, "-c", command]);
        Ran::of(&mut igsh).ok().out
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
        }
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
