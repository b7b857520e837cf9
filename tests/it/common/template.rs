//! Vaults that many tests begin with: made once for the test binary, and copied.

use std::collections::BTreeMap;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{House, INIT};

/// The files of a house, beside those of its passwords.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// Houses by their number, since each has keys of its own, and how many people they have.
type Templates = BTreeMap<(u64, u32), Arc<OnceLock<Files>>>;

/// Puts a vault with so many made-up people into a house that is empty.
pub(super) fn fill(house: &House, users: u32) {
    static MADE: Mutex<Templates> = Mutex::new(BTreeMap::new());
    let made = {
        let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(made.entry((house.number, users)).or_default())
    };
    for (path, bytes) in made.get_or_init(|| make(house.number, users)) {
        write(&house.path().join(path), bytes);
    }
    // The house goes on where the template's runs ended.
    house.runs.store(2, Ordering::Relaxed);
}

fn make(number: u64, users: u32) -> Files {
    let house = House::numbered(number);
    let before = files_below(house.path());
    house.igsh(&["-c", INIT]).ok();
    if users > 0 {
        house
            .master(&[&format!("source generate users={users} seed=1 -load")])
            .ok();
    }
    let mut files = files_below(house.path());
    files.retain(|path| !before.contains(path));
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a file of the template");
        let inside = path.strip_prefix(house.path()).expect("below it");
        (inside.to_owned(), bytes)
    };
    files.into_iter().map(read).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => files_below(&path),
            false => vec![path],
        })
        .collect()
}

/// As igsh makes them: for the owner alone.
fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let folder = path.parent().expect("a folder");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .expect("a folder");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).expect("a new file");
    file.write_all(bytes).expect("its bytes");
}
