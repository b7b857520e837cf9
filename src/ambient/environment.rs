//! What igsh reads of a person's environment: variables and files, described once for `help environment` and igsh(1).

/// The variables, each with what it does. Whatever reads one that is missing here fails a test.
pub const VARIABLES: &[(&str, &str)] = &[
    ("IGSH_VAULT", "The vault file, where --vault is not given."),
    (
        "IGSH_TENANT",
        "The tenant file, where --tenant is not given.",
    ),
    (
        "NO_COLOR",
        "No colours, when set to anything; --color=always overrides it.",
    ),
    (
        "TERM",
        "With 'dumb', or unset, neither colours nor a line editor are used.",
    ),
    (
        "LC_ALL",
        "The locale; where it, or else LC_CTYPE or LANG, names another character set than UTF-8, terminals get ASCII.",
    ),
    ("LC_CTYPE", "As LC_ALL, where that is not set."),
    ("LANG", "As LC_ALL, where neither is set."),
    (
        "COLUMNS",
        "How wide tables may be, where the terminal does not report its width.",
    ),
    (
        "TZ",
        "The zone in which tables show times; files and programs get UTC.",
    ),
    (
        "HOME",
        "Where the folders below are, where the XDG variables are not set.",
    ),
    (
        "XDG_DATA_HOME",
        "The default vault is igsh/vault.db in it; usually ~/.local/share.",
    ),
    (
        "XDG_STATE_HOME",
        "History and anchors are in igsh/ in it; usually ~/.local/state.",
    ),
    (
        "XDG_CONFIG_HOME",
        "settings.igsh and rc.igsh are in igsh/ in it; usually ~/.config.",
    ),
];

/// The files, each with what is in it.
pub const FILES: &[(&str, &str)] = &[
    (
        "~/.local/share/igsh/vault.db",
        "The default vault. It and everything beside it is of mode 0600; igsh refuses a vault that others can read. \
         igsh-vault(5), FILES, says what else is looked at.",
    ),
    (
        "~/.local/share/igsh/vault.db.lock",
        "Which command writes to the vault, shown to a session that waits; every login holds it shared.",
    ),
    (
        "~/.local/share/igsh/vault.db.login1 … login3",
        "One for each master: an attempt to log in holds it until its outcome is recorded, so that logins of \
         one master follow each other. They stay when igsh has ended, and are empty.",
    ),
    (
        "~/.local/state/igsh/anchors/",
        "The newest audit entry that this account has seen of each vault: a vault that is older than that is \
         reported at login.",
    ),
    (
        "~/.local/state/igsh/anchors/….rollback",
        "The entries of a vault that this account had seen and a login did not find any more. Every login reports \
         them, until a master types 'audit acknowledge'.",
    ),
    (
        "~/.local/state/igsh/history-…",
        "What was typed on each vault, the name from the SHA-256 of the vault's path. After a first line, \
         'igsh history 2', each line is a time, an exit status, milliseconds (each '-' where it is not known) and the \
         command, with a TAB between them; in the command '\\n' is a newline, '\\\\' a backslash and '\\u{1b}' a \
         control character. Values of secret arguments are not in it. It is of mode 0600, or not used.",
    ),
    (
        "~/.config/igsh/settings.igsh",
        "The display settings that 'set … -save' has kept; the live shell begins with them.",
    ),
    (
        "~/.config/igsh/rc.igsh",
        "Commands of the form 'set name=value' of your own, which run when the live shell opens.",
    ),
];
