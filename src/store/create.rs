//! Making a sealed file: all of it under another name first, then one rename, so that a half-made file never bears
//! the name that was asked for.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::TransactionBehavior;
use rustix::fs::CWD;
use rustix::io::Errno;
use secrecy::ExposeSecret as _;

use super::audit::{self, Draft, Who, codes};
use super::file::SealedFile;
use super::{Error, Kind, Result, place, slots};
use crate::ambient::Ambient;
use crate::crypto::kdf::{self, Cost};
use crate::crypto::master_password::{self, Unfit};
use crate::files;
use crate::model::SecretBytes;

/// The names of the masters of every sealed file.
pub const MASTERS: [&str; 3] = ["Master1", "Master2", "Master3"];

/// A master of a file that is being made.
#[derive(Debug)]
pub struct NewMaster {
    /// One of [`MASTERS`].
    pub name: String,
    /// The password as typed or as read from a file.
    pub password: SecretBytes,
}

impl SealedFile {
    /// Makes a file at `path` with its three masters, 0600, or nothing at all. `command` is the one in the
    /// audit's first entry, masked.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Masters`] and [`Error::Password`] before anything is written.
    pub fn create(
        path: &Path,
        kind: &'static Kind,
        masters: &[NewMaster; 3],
        cost: Cost,
        command: &str,
        who: &Who,
        ambient: &Ambient,
    ) -> Result<()> {
        cost.check(&kdf::VAULT)?;
        let passwords = fit_all(masters)?;
        if files::is_taken(path) {
            return Err(exists(path, kind));
        }
        place::make_folder(path)?;
        let path = place::resolve(path)?;
        place::trust_folder(&path)?;
        place::no_leftovers(&path, kind)?;
        let part = Part::new(&path, ambient)?;
        let draft = Draft::new(&codes::INIT, command).object(path.to_string_lossy());
        fill(&part.0, kind, &passwords, cost, &draft, who, ambient)?;
        fs::File::open(&part.0)
            .and_then(|file| file.sync_all())
            .map_err(|source| Error::io("sync", &part.0, source))?;
        files::rename_new(CWD, &part.0, &path).map_err(|errno| match errno {
            Errno::EXIST => exists(&path, kind),
            errno => Error::io("make", &path, errno.into()),
        })?;
        place::sync_folder(&path)
    }
}

fn fill(
    path: &Path,
    kind: &'static Kind,
    passwords: &[SecretBytes; 3],
    cost: Cost,
    draft: &Draft,
    who: &Who,
    ambient: &Ambient,
) -> Result<()> {
    let mut connection = place::open(path)?;
    place::harden(&connection)?;
    connection.pragma_update(None, "application_id", kind.application_id)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    kind.apply(&tx)?;
    let masters = std::array::from_fn(|at| (MASTERS[at], &passwords[at]));
    let now = ambient.clock.now().as_microsecond();
    let keys = slots::establish(&tx, kind, &masters, cost, now, &*ambient.rng)?;
    audit::append(&tx, draft, who, Some(&keys), &*ambient.clock)?;
    tx.commit()?;
    // The last connection to close moves the log into the file and removes it.
    connection.close().map_err(|(_, error)| error.into())
}

/// The passwords in the order of [`MASTERS`], each in its one form, no two alike.
fn fit_all(masters: &[NewMaster; 3]) -> Result<[SecretBytes; 3]> {
    let of = |name: &str| -> Result<SecretBytes> {
        let mut found = masters.iter().filter(|master| master.name == name);
        match (found.next(), found.next()) {
            (Some(master), None) => long_enough(name, &master.password),
            _ => Err(Error::Masters {
                what: format!(
                    "exactly three masters are needed, {}, each once",
                    MASTERS.join(", ")
                ),
                hint: "give a password for each",
            }),
        }
    };
    let passwords = [of(MASTERS[0])?, of(MASTERS[1])?, of(MASTERS[2])?];
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        if passwords[first].expose_secret() == passwords[second].expose_secret() {
            return Err(Error::Masters {
                what: format!(
                    "{} and {} have the same password",
                    MASTERS[first], MASTERS[second]
                ),
                hint: "choose three different ones",
            });
        }
    }
    Ok(passwords)
}

/// A new password in its one form. A slot takes any 12 bytes; people choose at least 12 characters.
pub(super) fn long_enough(name: &str, typed: &SecretBytes) -> Result<SecretBytes> {
    let password = master_password::normalise(typed.expose_secret())
        .map_err(|unfit| slots::unfit(name, unfit))?;
    let text = str::from_utf8(password.expose_secret()).unwrap_or_default();
    if text.chars().count() < master_password::MIN {
        return Err(slots::unfit(name, Unfit::Short));
    }
    Ok(password)
}

fn exists(path: &Path, kind: &Kind) -> Error {
    Error::Exists {
        kind: kind.name,
        path: path.to_owned(),
    }
}

/// A file that is removed again unless it has been renamed.
struct Part(PathBuf);

impl Part {
    fn new(path: &Path, ambient: &Ambient) -> Result<Self> {
        let mut id = [0; 8];
        ambient.rng.fill(&mut id)?;
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.new", audit::hex(&id)));
        let part = path.with_file_name(name);
        files::create_new(&part).map_err(|source| Error::io("make", &part, source))?;
        Ok(Self(part))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            // After a rename there is nothing left of it, which is as it should be.
            let _ = fs::remove_file(files::beside(&self.0, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(words: [&str; 3]) -> [NewMaster; 3] {
        std::array::from_fn(|at| NewMaster {
            name: MASTERS[at].to_owned(),
            password: SecretBytes::from(words[at].as_bytes().to_vec()),
        })
    }

    const GOOD: [&str; 3] = ["first-password", "second-password", "third-password"];

    #[test]
    fn masters_may_come_in_any_order() {
        let mut masters = three(GOOD);
        masters.swap(0, 2);
        masters.swap(0, 1);
        let passwords = fit_all(&masters).unwrap();
        for (password, word) in passwords.iter().zip(GOOD) {
            let master = masters
                .iter()
                .find(|m| m.password.expose_secret() == word.as_bytes());
            assert_eq!(
                password.expose_secret(),
                master.unwrap().password.expose_secret()
            );
        }
        assert_eq!(passwords[0].expose_secret(), b"first-password");
    }

    #[test]
    fn masters_that_are_not_three_with_different_passwords_are_refused() {
        let mut doubled = three(GOOD);
        doubled[1].name = "Master1".to_owned();
        let mut strange = three(GOOD);
        strange[2].name = "Master4".to_owned();
        let same = three([GOOD[0], GOOD[1], "first-password\n"]);
        for (masters, word) in [
            (doubled, "exactly three"),
            (strange, "exactly three"),
            (same, "Master1 and Master3"),
        ] {
            let error = fit_all(&masters).err().unwrap().to_string();
            assert!(error.contains(word), "{error}");
        }
        for short in ["", "eleven char", "ääääää", "two\nlines in one"] {
            let error = fit_all(&three([GOOD[0], short, GOOD[2]])).err().unwrap();
            assert!(
                matches!(&error, Error::Password { name, .. } if name == "Master2"),
                "{error}"
            );
        }
    }
}
