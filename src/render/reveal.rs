//! The screen that shows a password, and takes it away again (igsh-vault(5), PROCESS).
//!
//! The password goes straight to the terminal device, through no buffer that outlives the screen, onto the alternate
//! screen, which keeps no scrollback. The screen is cleared and left whatever ends it, a panic included.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Error;
use super::glyphs;
use super::sanitize::{Reader, sanitize};
use super::ui::Ui;
use crate::ambient::CancelToken;

/// How a password went from the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleared {
    /// A key was pressed for it.
    ByKey,
    ByTime,
    Interrupted,
}

/// What a key means to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Leave,
    Extend,
    Resized,
}

/// Room enough for a frame, so that no half-written one is left behind by growing.
const FRAME: usize = 32 * 1024;

/// Where the password is shown; a test has another.
trait Screen {
    fn show(&mut self, frame: &[u8]) -> io::Result<()>;
    /// The next key within `wait`.
    fn key(&mut self, wait: Duration) -> io::Result<Option<Key>>;
    /// Time on a clock that only goes forward.
    fn now(&self) -> Instant;
    fn size(&self) -> (usize, usize);
    /// Whether it shows ASCII only, and so no large letters.
    fn is_ascii(&self) -> bool {
        false
    }
}

impl Ui {
    /// Shows a password with `lines` of context for `seconds`. Any key begins the time anew, but `q`, Enter, Escape and
    /// Ctrl-C, which clear the screen at once, as a cancelled `cancel` does.
    pub fn reveal(
        &self,
        password: &SecretString,
        seconds: u64,
        lines: &[String],
        cancel: &CancelToken,
    ) -> Result<Cleared, Error> {
        if !self.has_screen() {
            return Err(Error::NoScreen);
        }
        let mut screen = Alternate::enter(self.is_ascii()).map_err(Error::Terminal)?;
        run(&mut screen, password, seconds, lines, cancel).map_err(Error::Terminal)
    }
}

fn run(
    screen: &mut impl Screen,
    password: &SecretString,
    seconds: u64,
    lines: &[String],
    cancel: &CancelToken,
) -> io::Result<Cleared> {
    let full = Duration::from_secs(seconds);
    let mut end = screen.now() + full;
    let mut drawn = None;
    loop {
        let left = end.saturating_duration_since(screen.now());
        if cancel.is_cancelled() {
            return Ok(Cleared::Interrupted);
        }
        if left.is_zero() {
            return Ok(Cleared::ByTime);
        }
        let seconds_left = left.as_millis().div_ceil(1000);
        if drawn != Some(seconds_left) {
            let mut frame = Zeroizing::new(Vec::with_capacity(FRAME));
            draw(
                password.expose_secret(),
                seconds_left,
                lines,
                screen.size(),
                screen.is_ascii(),
                &mut frame,
            )?;
            screen.show(&frame)?;
            drawn = Some(seconds_left);
        }
        match screen.key(left.min(Duration::from_millis(200)))? {
            Some(Key::Leave) => return Ok(Cleared::ByKey),
            Some(Key::Extend) => end = screen.now() + full,
            Some(Key::Resized) => drawn = None,
            None => {}
        }
    }
}

/// One frame: context, the password as it is typed, large where there is room, and what the keys do.
fn draw(
    password: &str,
    seconds_left: u128,
    lines: &[String],
    (columns, rows): (usize, usize),
    ascii: bool,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    const NEXT: &str = "\u{1b}[K\r\n";
    out.write_all(b"\x1b[H")?;
    for line in lines {
        let line = sanitize(line, Reader::Terminal);
        write!(out, "  {line}{NEXT}")?;
    }
    write!(out, "{NEXT}  \u{1b}[1m{password}\u{1b}[0m{NEXT}{NEXT}")?;
    let groups = || password.split('-');
    let longest = groups().map(|group| group.chars().count()).max();
    let block = longest.unwrap_or(0) * glyphs::WIDTH + 2;
    let beside = (columns.saturating_sub(2) / block).min(2);
    let large = glyphs::HEIGHT + 1;
    let needed = lines.len() + 5 + groups().count().div_ceil(beside.max(1)) * large;
    if !ascii && beside > 0 && needed < rows && groups().all(glyphs::can_draw) {
        let mut rest = groups().peekable();
        while rest.peek().is_some() {
            let side_by_side = rest.clone().take(beside);
            for line in 0..glyphs::HEIGHT {
                out.write_all(b"  ")?;
                for group in side_by_side.clone() {
                    glyphs::draw_line(group, line, out)?;
                    let drawn = group.chars().count() * glyphs::WIDTH;
                    write!(out, "{:1$}", "", block - drawn)?;
                }
                out.write_all(NEXT.as_bytes())?;
            }
            out.write_all(NEXT.as_bytes())?;
            for _ in side_by_side {
                rest.next();
            }
        }
    }
    write!(
        out,
        "  Cleared in {seconds_left} s. Enter, Esc or q clears it now, any other key extends.\u{1b}[J"
    )
}

/// The terminal's alternate screen, in raw mode, for as long as this lives.
struct Alternate {
    ascii: bool,
}

impl Alternate {
    fn enter(ascii: bool) -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        // From here on dropping it restores the terminal.
        let mut screen = Self { ascii };
        screen.show(b"\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H")?;
        // What was typed before there was anything to see is no answer to it.
        while event::poll(Duration::ZERO)? {
            event::read()?;
        }
        Ok(screen)
    }
}

impl Drop for Alternate {
    fn drop(&mut self) {
        // Clearing comes first: not every terminal has an alternate screen.
        let _ = self.show(b"\x1b[H\x1b[2J\x1b[?25h\x1b[?1049l");
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

impl Screen for Alternate {
    fn show(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut rest = frame;
        while !rest.is_empty() {
            match rustix::io::write(rustix::stdio::stdout(), rest) {
                Ok(written) => rest = &rest[written..],
                Err(rustix::io::Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    fn key(&mut self, wait: Duration) -> io::Result<Option<Key>> {
        match event::poll(wait) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Ok(None),
            Err(e) => return Err(e),
        }
        Ok(match event::read()? {
            Event::Key(key) if key.kind == KeyEventKind::Press => Some(match key.code {
                KeyCode::Enter | KeyCode::Esc | KeyCode::Char('q' | 'Q') => Key::Leave,
                KeyCode::Char('c' | 'd') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    Key::Leave
                }
                _ => Key::Extend,
            }),
            Event::Resize(..) => Some(Key::Resized),
            _ => None,
        })
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn is_ascii(&self) -> bool {
        self.ascii
    }

    fn size(&self) -> (usize, usize) {
        crossterm::terminal::size()
            .map_or((80, 24), |(columns, rows)| (columns.into(), rows.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "K7MQ2-00000-ABCDE-XYZ12-99999-X4B";

    /// Plays keys at their seconds and keeps what was shown.
    struct Fake {
        began: Instant,
        now: Duration,
        keys: Vec<(u64, Key)>,
        frames: Vec<String>,
        size: (usize, usize),
        cancel_at: Option<(u64, CancelToken)>,
    }

    impl Fake {
        fn new(keys: &[(u64, Key)]) -> Self {
            Self {
                began: Instant::now(),
                now: Duration::ZERO,
                keys: keys.to_vec(),
                frames: Vec::new(),
                size: (80, 24),
                cancel_at: None,
            }
        }
    }

    impl Screen for Fake {
        fn show(&mut self, frame: &[u8]) -> io::Result<()> {
            self.frames.push(String::from_utf8(frame.to_vec()).unwrap());
            Ok(())
        }

        fn key(&mut self, wait: Duration) -> io::Result<Option<Key>> {
            self.now += wait;
            if let Some((at, cancel)) = &self.cancel_at
                && self.now.as_secs() >= *at
            {
                cancel.cancel();
            }
            match self.keys.first() {
                Some((at, key)) if self.now.as_secs() >= *at => {
                    let key = *key;
                    self.keys.remove(0);
                    Ok(Some(key))
                }
                _ => Ok(None),
            }
        }

        fn now(&self) -> Instant {
            self.began + self.now
        }

        fn size(&self) -> (usize, usize) {
            self.size
        }
    }

    fn shown(screen: &mut Fake, seconds: u64) -> Cleared {
        let cancel = match &screen.cancel_at {
            Some((_, cancel)) => cancel.clone(),
            None => CancelToken::default(),
        };
        let lines = ["Bundle 3\u{1b}[2J".to_owned()];
        run(screen, &PASSWORD.into(), seconds, &lines, &cancel).unwrap()
    }

    #[test]
    fn it_goes_when_the_time_is_up() {
        let mut screen = Fake::new(&[]);
        assert_eq!(shown(&mut screen, 3), Cleared::ByTime);
        assert_eq!(screen.now, Duration::from_secs(3));
        let left: Vec<bool> = screen
            .frames
            .iter()
            .zip(["in 3 s", "in 2 s", "in 1 s"])
            .map(|(frame, left)| frame.contains(left))
            .collect();
        assert_eq!(left, [true; 3]);
    }

    #[test]
    fn a_key_begins_the_time_anew() {
        let mut screen = Fake::new(&[(2, Key::Extend), (4, Key::Extend)]);
        assert_eq!(shown(&mut screen, 3), Cleared::ByTime);
        assert_eq!(screen.now.as_secs(), 7);
    }

    #[test]
    fn a_key_clears_it() {
        let mut screen = Fake::new(&[(1, Key::Leave)]);
        assert_eq!(shown(&mut screen, 120), Cleared::ByKey);
        assert_eq!(screen.now.as_secs(), 1);
    }

    #[test]
    fn an_interrupt_clears_it() {
        let mut screen = Fake::new(&[]);
        screen.cancel_at = Some((1, CancelToken::default()));
        assert_eq!(shown(&mut screen, 120), Cleared::Interrupted);
        assert_eq!(screen.now.as_secs(), 1);
    }

    #[test]
    fn another_size_draws_it_again() {
        let mut screen = Fake::new(&[(0, Key::Resized), (1, Key::Leave)]);
        shown(&mut screen, 120);
        assert_eq!(screen.frames[0], screen.frames[1]);
    }

    #[test]
    fn the_frame_fits_the_usual_terminal_and_neutralises_its_context() {
        let mut screen = Fake::new(&[(0, Key::Leave)]);
        shown(&mut screen, 120);
        let frame = &screen.frames[0];
        assert!(frame.len() < FRAME);
        assert!(frame.contains(PASSWORD));
        assert!(frame.contains("Bundle 3\\u{1b}[2J"));
        assert!(frame.contains('█'));
        let mut terminal = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
        terminal.process(frame.as_bytes());
        let text = terminal.screen().contents();
        assert!(text.starts_with("  Bundle 3"), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn a_small_terminal_shows_the_password_alone() {
        let mut screen = Fake::new(&[(0, Key::Leave)]);
        screen.size = (40, 10);
        shown(&mut screen, 120);
        assert!(screen.frames[0].contains(PASSWORD));
        assert!(!screen.frames[0].contains('█'));
    }
}
