//! `igsh --demo`: the newcomer's first minute, on a throw-away vault with made-up people.

use std::io::Write as _;

use secrecy::SecretSlice;

use super::{Shell, Text};
use crate::command::file::write_new;
use crate::command::{Exit, Failure};
use crate::lang::code;

/// How many people the demo makes up.
const USERS: u32 = 250;
/// Letters of the demo's passwords: none that look alike.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A throw-away vault. It is gone when this is dropped.
#[derive(Debug)]
pub struct Demo {
    _folder: tempfile::TempDir,
}

impl Shell {
    /// Makes a vault with three masters and made-up people, and says how to begin.
    pub fn open_demo(&mut self) -> Result<(), Failure> {
        let temporary = std::env::temp_dir();
        let folder = tempfile::Builder::new()
            .prefix("igsh-demo-")
            .tempdir()
            .map_err(|error| Failure::file("make a folder in", &temporary, &error))?;
        let passwords = [
            self.made_up_password()?,
            self.made_up_password()?,
            self.made_up_password()?,
        ];
        let file = folder.path().join("masters.txt");
        write_new(&file, false, |out| {
            for (password, number) in passwords.iter().zip(1..) {
                writeln!(out, "Master{number} {password}")
                    .map_err(|error| Failure::file("write", &file, &error))?;
            }
            Ok(())
        })?;
        // What the demo writes goes with it.
        std::env::set_current_dir(folder.path())
            .map_err(|error| Failure::file("enter", folder.path(), &error))?;
        self.desk.path = folder.path().join("demo.db");
        let place = folder.path().display().to_string();
        self.demo = Some(Demo { _folder: folder });
        self.hushed = true;
        self.quietly(&format!(
            "system init passwords='{}' kdf=19456,2,1",
            file.display()
        ))?;
        self.log_in(
            "Master1",
            Some(SecretSlice::new(passwords[0].as_bytes().into())),
        )?;
        self.quietly(&format!("source generate users={USERS} seed=1 -load"))?;
        self.log_out()?;
        self.hushed = false;
        self.ui.banner(&[
            format!(
                "igsh {}: moves users and their second factors into a cloud service.",
                env!("CARGO_PKG_VERSION")
            ),
            format!("A demo vault with {USERS} made-up people, in {place}."),
            "It is gone when you leave, and so are the files that you write there.".to_owned(),
            String::new(),
            format!("  Master1  {}", passwords[0]),
            format!("  Master2  {}", passwords[1]),
            format!("  Master3  {}", passwords[2]),
            String::new(),
            "Try these:".to_owned(),
            "  login Master1".to_owned(),
            "  export group=* userid=a*".to_owned(),
            "  bundle password 1".to_owned(),
            "TAB shows what can be typed, 'help' explains, 'exit' leaves.".to_owned(),
            String::new(),
        ]);
        Ok(())
    }

    /// Runs a line of our own without its notices.
    fn quietly(&mut self, line: &str) -> Result<(), Failure> {
        match self.run_text(Text::line(line)) {
            Exit::Ok => Ok(()),
            exit => Err(Failure::new(
                exit,
                code::INTERNAL,
                "the demo could not be set up",
            )),
        }
    }

    fn made_up_password(&self) -> Result<String, Failure> {
        let mut random = [0u8; 12];
        self.ambient.rng.fill(&mut random)?;
        let letters: Vec<char> = random
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
            .collect();
        Ok(letters
            .chunks(4)
            .map(String::from_iter)
            .collect::<Vec<_>>()
            .join("-"))
    }
}
