-- The source copy and the ledger of bundles, beside the base tables of every sealed file.
--
-- Rows of a child table belong to the user id >> 16; the low 16 bits are the place in the record. So children lie in
-- the order of their users, are found by a range of the primary key, and need no index of their own. Unassigned
-- tokens and cards have negative ids and a group. Moments are microseconds since 1970 UTC. BLOB columns are sealed.
-- `load` is the load that wrote the row last, `line` its line there, `gone` the load that no longer had it (0 = here).

CREATE TABLE systems (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT
) STRICT;

CREATE TABLE loads (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    master TEXT NOT NULL,
    source TEXT NOT NULL,
    format TEXT NOT NULL,
    system_id INTEGER NOT NULL,
    full INTEGER NOT NULL,
    exported INTEGER,
    groups INTEGER NOT NULL DEFAULT 0,
    users INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    cards INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE groups (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0,
    system_id INTEGER NOT NULL,
    load INTEGER NOT NULL,
    line INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX groups_name ON groups (name);

-- `fold` is the name after NFC and case folding, where that differs from the name.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL,
    userid TEXT NOT NULL,
    fold TEXT,
    gone INTEGER NOT NULL DEFAULT 0,
    load INTEGER NOT NULL,
    line INTEGER NOT NULL,
    system_id INTEGER NOT NULL,
    source_id TEXT,
    full_name TEXT,
    state TEXT NOT NULL,
    locale TEXT,
    last_auth INTEGER,
    lockout_count INTEGER
) STRICT;
CREATE UNIQUE INDEX users_name ON users (userid, group_id, gone);
CREATE UNIQUE INDEX users_source ON users (source_id, system_id) WHERE source_id IS NOT NULL;
CREATE INDEX users_fold ON users (fold) WHERE fold IS NOT NULL;
CREATE INDEX users_group ON users (group_id, userid, gone);
CREATE INDEX users_full_name ON users (full_name) WHERE full_name IS NOT NULL;

CREATE TABLE aliases (
    id INTEGER PRIMARY KEY,
    alias TEXT NOT NULL,
    fold TEXT
) STRICT;
CREATE INDEX aliases_alias ON aliases (alias);
CREATE INDEX aliases_fold ON aliases (fold) WHERE fold IS NOT NULL;

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    is_default INTEGER NOT NULL
) STRICT;

CREATE TABLE qa (
    user INTEGER PRIMARY KEY,
    pairs INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE passwords (
    id INTEGER PRIMARY KEY,
    name TEXT,
    expires INTEGER,
    must_change INTEGER,
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    group_id INTEGER,
    vendor TEXT NOT NULL,
    serial TEXT NOT NULL,
    issue_no TEXT,
    key_id TEXT,
    gone INTEGER NOT NULL DEFAULT 0,
    load INTEGER NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT,
    activation TEXT,
    model TEXT,
    hash TEXT,
    digits INTEGER,
    step INTEGER,
    counter INTEGER,
    drift INTEGER,
    idp_url TEXT,
    transactions INTEGER,
    load_date INTEGER,
    last_used INTEGER,
    expires INTEGER,
    comment TEXT,
    seed BLOB NOT NULL,
    unlock BLOB
) STRICT;
CREATE UNIQUE INDEX tokens_key ON tokens (serial, vendor, coalesce(issue_no, key_id, ''));
CREATE INDEX tokens_group ON tokens (group_id) WHERE group_id IS NOT NULL;

-- Every vendor that a token ever had: to ask the tokens would be to read them all.
CREATE TABLE vendors (
    name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE cards (
    id INTEGER PRIMARY KEY,
    group_id INTEGER,
    serial INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0,
    load INTEGER NOT NULL,
    line INTEGER NOT NULL,
    preproduced INTEGER NOT NULL DEFAULT 0,
    state TEXT,
    usage TEXT,
    created INTEGER,
    expires INTEGER,
    superseded INTEGER,
    challenge_count INTEGER,
    least_used_cell INTEGER,
    cell_usage TEXT,
    rows INTEGER NOT NULL,
    columns INTEGER NOT NULL,
    comment TEXT,
    cells BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX cards_serial ON cards (serial);
CREATE INDEX cards_group ON cards (group_id) WHERE group_id IS NOT NULL;

CREATE TABLE locations (
    id INTEGER PRIMARY KEY,
    country TEXT,
    region TEXT,
    city TEXT,
    isp TEXT,
    ip TEXT,
    last_auth INTEGER
) STRICT;

CREATE TABLE expected (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL
) STRICT;

CREATE TABLE overrides (
    user INTEGER PRIMARY KEY,
    max_history INTEGER,
    check_ip INTEGER,
    check_velocity INTEGER,
    max_expected INTEGER
) STRICT;

CREATE TABLE not_migrated (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    count INTEGER NOT NULL
) STRICT;

-- Where a user stands: narrow, so that moving a million is cheap, and apart, so that a load keeps it.
-- `phase` counts none, export, exported, imported, migrated from 0; `bundle` is the last one the user was in, and stays
-- when the phase is taken back.
CREATE TABLE progress (
    user INTEGER PRIMARY KEY,
    phase INTEGER NOT NULL,
    bundle INTEGER,
    at INTEGER NOT NULL,
    master TEXT NOT NULL
) STRICT;

CREATE TABLE excluded (
    user INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    master TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Target ids that a master chose.
CREATE TABLE mapped (
    user INTEGER PRIMARY KEY,
    target TEXT NOT NULL,
    fold TEXT NOT NULL
) STRICT;
CREATE INDEX mapped_fold ON mapped (fold);

-- Target ids that exported users hold although they are now called otherwise here.
CREATE TABLE taken (
    fold TEXT NOT NULL,
    user INTEGER NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (fold, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE bundles (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    path TEXT NOT NULL,
    overwrite INTEGER NOT NULL,
    master TEXT NOT NULL,
    selection TEXT NOT NULL,
    password BLOB,
    password_generation INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    finished INTEGER,
    loaded INTEGER,
    sha256 TEXT,
    size INTEGER,
    groups INTEGER,
    users INTEGER,
    tokens INTEGER,
    cards INTEGER,
    note TEXT
) STRICT;

-- What was not taken, by reason, as in the bundle's manifest.
CREATE TABLE not_taken (
    bundle INTEGER NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (bundle, reason)
) STRICT, WITHOUT ROWID;

-- Who was in a bundle; `target` where that is not the user id of then.
CREATE TABLE members (
    bundle INTEGER NOT NULL,
    user INTEGER NOT NULL,
    target TEXT,
    PRIMARY KEY (bundle, user)
) STRICT, WITHOUT ROWID;

-- Items that did not go, or not whole; those without an owner stand under user 0.
CREATE TABLE left_out (
    bundle INTEGER NOT NULL,
    user INTEGER NOT NULL,
    place INTEGER NOT NULL,
    reason TEXT NOT NULL,
    item TEXT NOT NULL,
    detail TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (bundle, user, place)
) STRICT, WITHOUT ROWID;
