//! What is trusted, by owner, mode and kind. A foreign owner can be made by root only.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn why(outcome: Result<File, NoFile>) -> String {
    match outcome {
        Ok(_) => String::new(),
        Err(NoFile::Distrusted(distrust)) => distrust.to_string(),
        Err(NoFile::Io(error)) => error.to_string(),
    }
}

/// Gives a file to another user; says so where it cannot.
fn give_away(path: &Path) -> bool {
    let given = std::os::unix::fs::chown(path, Some(12_345), None).is_ok();
    if !given {
        eprintln!("skipped: only root can give a file away");
    }
    given
}

#[test]
fn a_file_that_others_could_have_written_is_not_opened() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("f");
    fs::write(&path, "x").unwrap();
    for (mode, readable, closed) in [
        (0o600, "", ""),
        (0o400, "", ""),
        (0o644, "", "can be read by others (mode 0644)"),
        (
            0o620,
            "can be written by others (mode 0620)",
            "can be written by others (mode 0620)",
        ),
        (
            0o602,
            "can be written by others (mode 0602)",
            "can be written by others (mode 0602)",
        ),
    ] {
        set(&path, mode);
        assert_eq!(why(open_private(&path, Openness::Readable)), readable);
        assert_eq!(why(open_private(&path, Openness::Closed)), closed);
    }
    set(&path, 0o600);
    if give_away(&path) {
        let said = "belongs to another user (number 12345)";
        assert_eq!(why(open_private(&path, Openness::Readable)), said);
        assert_eq!(why(open_or_make(&path, Openness::Readable)), said);
    }
}

#[test]
fn no_link_is_followed_and_nothing_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    symlink(at("nowhere"), at("link")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        at("fifo"),
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
    )
    .unwrap();
    for open in [open_private, open_or_make] {
        assert_eq!(
            why(open(&at("link"), Openness::Readable)),
            "is a symbolic link"
        );
        assert_eq!(
            why(open(&at("fifo"), Openness::Readable)),
            "is not a plain file"
        );
        assert_eq!(why(open(home.path(), Openness::Readable)), "is a folder");
    }
    assert!(!at("nowhere").exists());
    assert_eq!(why(open_or_make(&at("new"), Openness::Closed)), "");
    assert_eq!(fs::metadata(at("new")).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn a_folder_that_others_can_write_is_not_trusted_and_those_above_may_be_sticky() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path().canonicalize().unwrap();
    let (above, folder) = (home.join("a"), home.join("a/b"));
    fs::create_dir_all(&folder).unwrap();
    let judged = |modes: (u32, u32)| {
        set(&above, modes.0);
        set(&folder, modes.1);
        trust_folder(&folder)
            .err()
            .map(|(path, why)| match why {
                NoFile::Distrusted(why) => {
                    format!("{} {why}", path.strip_prefix(&home).unwrap().display())
                }
                NoFile::Io(error) => error.to_string(),
            })
            .unwrap_or_default()
    };
    assert_eq!(judged((0o755, 0o700)), "");
    assert_eq!(judged((0o1777, 0o755)), "");
    assert_eq!(
        judged((0o777, 0o700)),
        "a can be written by others (mode 0777)"
    );
    assert_eq!(
        judged((0o770, 0o700)),
        "a can be written by others (mode 0770)"
    );
    assert_eq!(
        judged((0o755, 0o1777)),
        "a/b can be written by others (mode 1777)"
    );
    assert_eq!(
        judged((0o755, 0o770)),
        "a/b can be written by others (mode 0770)"
    );
    assert_eq!(judged((0o755, 0o555)), "a/b cannot be written (mode 0555)");
    set(&folder, 0o700);
    if give_away(&above) {
        assert_eq!(
            judged((0o755, 0o700)),
            "a belongs to another user (number 12345)"
        );
        assert_eq!(
            judged((0o1777, 0o700)),
            "a belongs to another user (number 12345)"
        );
    }
}

#[test]
fn what_the_user_cannot_write_is_refused_for_root_too() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("f");
    fs::write(&path, "x").unwrap();
    for (mode, wrong) in [(0o600, false), (0o400, true), (0o200, true)] {
        set(&path, mode);
        let meta = fs::metadata(&path).unwrap();
        assert_eq!(writable(&path, &meta).is_err(), wrong, "{mode:o}");
    }
}
