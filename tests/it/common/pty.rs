//! A program on a terminal of its own: keys go in, a screen comes out.
//!
//! Nothing here sleeps. A test waits for what it wants to see, with a deadline that only a failure reaches.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the test has failed.
const DEADLINE: Duration = Duration::from_secs(60);

/// A program that runs on a pseudo-terminal of 100 columns and 30 lines.
pub(crate) struct Pty {
    screen: vt100::Parser,
    transcript: Vec<u8>,
    output: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // Closing it hangs up the terminal.
    master: Box<dyn MasterPty + Send>,
}

impl Pty {
    /// Runs `program` in `folder`, with nothing in its environment but `PATH`, `TERM` and what `environment` holds.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Self {
        Self::start_sized((100, 30), program, args, environment, folder)
    }

    /// The same on a terminal of so many columns and lines.
    pub(crate) fn start_sized(
        (cols, rows): (u16, u16),
        program: &Path,
        args: &[&str],
        environment: &[(&str, &str)],
        folder: &Path,
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.cwd(folder);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "xterm-256color");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        // Once the child has ended, no process holds the other side and reading ends.
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self {
            screen: vt100::Parser::new(
                size.rows.try_into().unwrap(),
                size.cols.try_into().unwrap(),
                1000,
            ),
            transcript: Vec::new(),
            output,
            keys: pair.master.take_writer().unwrap(),
            child,
            master: pair.master,
        }
    }

    /// Types. Enter is `\r`, Ctrl-C `\x03`, Ctrl-D `\x04`, Escape `\x1b`, TAB `\t`, Up `\x1b[A`.
    pub(crate) fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Types bytes that need not be text.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.keys.write_all(bytes).unwrap();
        self.keys.flush().unwrap();
    }

    /// Gives the terminal another size, with the signal that goes with it.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.screen
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        let size = PtySize {
            rows,
            cols: columns,
            ..PtySize::default()
        };
        self.master.resize(size).unwrap();
    }

    /// Waits until the screen is as `wanted`, which `what` says in words.
    pub(crate) fn wait(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("waited in vain for {what}; on the screen:\n{}", self.text())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended before {what}; on the screen:\n{}", self.text())
                }
            }
        }
    }

    /// Waits until `text` is somewhere on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the line with the cursor reads `text`, trailing blanks aside: a prompt that is ready.
    pub(crate) fn wait_for_line(&mut self, text: &str) {
        self.wait(text, |screen| {
            let (row, _) = screen.cursor_position();
            let (_, columns) = screen.size();
            let line = screen.rows(0, columns.get()).nth(row.into());
            line.is_some_and(|line| line.trim_end() == text)
        });
    }

    /// What is on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Everything the program has written so far, as it was written.
    pub(crate) fn transcript(&self) -> &[u8] {
        &self.transcript
    }

    /// Waits for the end of the program, and says its exit code.
    pub(crate) fn exit_code(&mut self) -> u32 {
        self.exit_status().exit_code()
    }

    /// Waits for the end of the program, and says of which signal it died.
    pub(crate) fn death(&mut self) -> Option<String> {
        self.exit_status().signal().map(str::to_owned)
    }

    fn exit_status(&mut self) -> portable_pty::ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it does not end; on the screen:\n{}", self.text())
                }
            }
        }
        self.child.wait().unwrap()
    }

    /// The process, for a signal.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.transcript.extend_from_slice(bytes);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
