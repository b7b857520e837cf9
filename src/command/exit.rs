//! Exit statuses, and what each means: the table that `--help`, igsh(1) and the program itself go by.

/// Exit status of the process (igsh(1), EXIT STATUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    Denied = 3,
    Nothing = 4,
    Partial = 5,
    Integrity = 6,
    Blocked = 7,
    Internal = 70,
    Interrupted = 130,
}

impl Exit {
    /// Every exit status, in a word or two and in a sentence.
    pub const MEANINGS: &[(Self, &str, &str)] = &[
        (Self::Ok, "ok", "All went well."),
        (
            Self::Failed,
            "failed",
            "A command failed: a missing file, a bad record, not a vault, not a bundle, doubled names in an export.",
        ),
        (Self::Usage, "usage", "Usage or syntax; nothing ran."),
        (
            Self::Denied,
            "not permitted",
            "Not permitted: no session, a wrong or mistyped password, a loose file mode, --read-only.",
        ),
        (
            Self::Nothing,
            "matched nothing",
            "The selection matched nothing: an export always, other commands with -require-match.",
        ),
        (
            Self::Partial,
            "some skipped",
            "Finished, but some records were skipped, or commands failed under --keep-going.",
        ),
        (
            Self::Integrity,
            "integrity",
            "Integrity: a damaged or cut bundle, a corrupt vault, a broken audit chain.",
        ),
        (
            Self::Blocked,
            "blocked",
            "A check found what blocks an export.",
        ),
        (Self::Internal, "internal", "A fault of igsh itself."),
        (Self::Interrupted, "interrupted", "Interrupted."),
    ];
}
