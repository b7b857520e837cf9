//! A run of igsh inside the test process: the entry of the program, with surroundings that a test can fix.
//!
//! A thread of its own has a current folder and a umask of its own, where the system allows that (Linux); elsewhere the
//! run is a process.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use igsh::ambient::{Ambient, CancelToken, Clock, NoRandomness, Randomness};
use igsh::cli::{self, Around};
use igsh::render::{Ask, Colour, Error, Format, Setup, Width};
use igsh::shell::Folders;
use jiff::Timestamp;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::Ran;

/// When the first run of a house begins (2026-11-28T06:00:00Z: later than what the fixtures and samples say of
/// themselves, earlier than any machine's clock), and how long after it the next one does.
const START: Timestamp = Timestamp::constant(1_795_845_600, 0);
const BETWEEN: Duration = Duration::from_secs(60);

/// What a run prints to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Screen {
    /// Pipes, and COLUMNS says 160.
    Pipes,
    /// A terminal of so many columns without colours, on which no user types.
    Terminal(u16),
}

/// The surroundings of one run.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) ambient: Ambient,
    pub(super) screen: Screen,
}

/// Runs igsh with these arguments; nothing where a thread cannot have a folder of its own.
pub(super) fn run(place: Place, args: &[&str]) -> Option<Ran> {
    if !is_possible() {
        return None;
    }
    let (out, err) = (Buffer::default(), Buffer::default());
    let around = around(&place, &out, &err);
    let args = ["igsh"].iter().chain(args);
    let args: Vec<String> = args.map(|arg| (*arg).to_owned()).collect();
    let folder = Some(place.folder.clone());
    let thread = std::thread::Builder::new()
        .name("igsh".to_owned())
        // As much as the first thread of a process has.
        .stack_size(8 << 20);
    let run = thread.spawn(move || {
        own_folder().ok()?;
        std::env::set_current_dir(&place.folder).expect("the folder of the house");
        rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
        Some(cli::run(args, around))
    });
    let exit = match run.expect("a thread").join() {
        Ok(exit) => exit?,
        Err(panic) => std::panic::resume_unwind(panic),
    };
    Some(Ran {
        code: exit as i32,
        out: out.text(),
        err: err.text(),
        folder,
    })
}

fn around(place: &Place, out: &Buffer, err: &Buffer) -> Around {
    let home = place.folder.join("home");
    let (is_terminal, columns) = match place.screen {
        Screen::Pipes => (false, 160),
        Screen::Terminal(columns) => (true, columns),
    };
    Around {
        setup: Setup {
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            ask: Box::new(NoTerminal),
            in_terminal: false,
            out_terminal: is_terminal,
            err_terminal: is_terminal,
            width: Width::Columns(columns),
            colour: Colour::Never,
            dumb: !is_terminal,
            ascii: false,
            quiet: false,
            zone: jiff::tz::TimeZone::UTC,
            format: Format::default(),
        },
        ambient: place.ambient.clone(),
        cancel: CancelToken::default(),
        folders: Some(Folders {
            data: place.folder.clone(),
            state: home.join("state/igsh"),
            config: home.join("config/igsh"),
        }),
    }
}

/// Whether runs may be inside this process. Standard input is empty from the first one on.
fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        // What these hold would reach the options.
        let set = |name: &str| std::env::var_os(name).is_some();
        let input = std::fs::File::open("/dev/null");
        !set("IGSH_VAULT")
            && !set("IGSH_TENANT")
            && input.is_ok_and(|input| rustix::stdio::dup2_stdin(input).is_ok())
    })
}

/// Gives the calling thread, and those that it starts, a current folder and a umask of their own.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn own_folder() -> io::Result<()> {
    use rustix::thread::{UnshareFlags, unshare_unsafe};
    // SAFETY: the files stay shared, so every open one is open in this thread too.
    unsafe { unshare_unsafe(UnshareFlags::FS) }.map_err(Into::into)
}

#[cfg(not(target_os = "linux"))]
fn own_folder() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What a run has written.
#[derive(Debug, Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
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

/// Standard input that is empty, and no terminal that could be asked.
struct NoTerminal;

impl Ask for NoTerminal {
    fn line(&self) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn password(&self, _: &str) -> Result<SecretString, Error> {
        Err(Error::Terminal(rustix::io::Errno::NXIO.into()))
    }
}

/// Time that moves on by a millisecond with every look at it, and by what is slept.
#[derive(Debug)]
struct Counted(Mutex<Timestamp>);

impl Clock for Counted {
    fn now(&self) -> Timestamp {
        self.sleep(Duration::from_millis(1));
        *self.0.lock().unwrap()
    }

    fn sleep(&self, span: Duration) {
        *self.0.lock().unwrap() += span;
    }
}

/// Bytes that a number gives: no key may come from them but a test's.
#[derive(Debug)]
struct Drawn {
    from: [u64; 2],
    drawn: AtomicU64,
}

impl Randomness for Drawn {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        for part in out.chunks_mut(32) {
            let mut block = Sha256::new();
            let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
            for number in [self.from[0], self.from[1], drawn] {
                block.update(number.to_be_bytes());
            }
            part.copy_from_slice(&block.finalize()[..part.len()]);
        }
        Ok(())
    }
}

/// Clock and randomness of run number `run` of house number `house`: always the same.
pub(super) fn fixed(house: u64, run: u64) -> Ambient {
    let minutes = u32::try_from(run).expect("few runs");
    Ambient {
        clock: Arc::new(Counted(Mutex::new(START + BETWEEN * minutes))),
        rng: Arc::new(Drawn {
            from: [house, run],
            drawn: AtomicU64::new(0),
        }),
    }
}
