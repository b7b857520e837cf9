-- The embedded tenant: the receiving side, beside the base tables of every sealed file.
--
-- Rows of a child table belong to the user id >> 16, as in the vault. Unassigned tokens and cards have negative ids and
-- a group. Moments are microseconds since 1970 UTC. BLOB columns are sealed (columns 101 to 105), but for digests and
-- packed events. `fold` is the name after NFC and case folding, where that differs: on the target names are unique.

CREATE TABLE groups (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX groups_name ON groups (name);

-- All users are in the default group; `group_id` is the other one. `synced`: the user comes from a directory. `missing`
-- names the mandatory attributes that the user was created without. `failures` is the lockout counter.
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    userid TEXT NOT NULL,
    fold TEXT,
    group_id INTEGER,
    synced INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    phone TEXT,
    mobile TEXT,
    missing TEXT,
    failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX users_key ON users (coalesce(fold, userid));
CREATE INDEX users_group ON users (group_id) WHERE group_id IS NOT NULL;

CREATE TABLE aliases (
    id INTEGER PRIMARY KEY,
    alias TEXT NOT NULL,
    fold TEXT
) STRICT;
CREATE UNIQUE INDEX aliases_key ON aliases (coalesce(fold, alias));

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

-- `last_step` is the last time step or counter that was accepted, so that no code is taken twice.
CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    group_id INTEGER,
    vendor TEXT NOT NULL,
    serial TEXT NOT NULL,
    issue_no TEXT,
    key_id TEXT,
    kind TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT,
    model TEXT,
    hash TEXT,
    digits INTEGER,
    step INTEGER,
    counter INTEGER,
    drift INTEGER,
    last_step INTEGER,
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

CREATE TABLE cards (
    id INTEGER PRIMARY KEY,
    group_id INTEGER,
    serial INTEGER NOT NULL,
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

-- The cells that a user was asked for and has not given yet, as `B3, H1`.
CREATE TABLE challenges (
    card INTEGER PRIMARY KEY,
    cells TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

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
    max_locations INTEGER,
    check_ip INTEGER,
    check_velocity INTEGER,
    max_expected INTEGER
) STRICT;

-- An import. `digest` identifies the bundle (SHA-256 of the payload's first 56 bytes), `next_block` what comes next, `bulk`
-- that the indexes are away. `counts` is JSON: what became of how many records.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    bundle TEXT NOT NULL,
    file TEXT NOT NULL,
    master TEXT NOT NULL,
    state TEXT NOT NULL,
    stop INTEGER NOT NULL DEFAULT 0,
    bulk INTEGER NOT NULL DEFAULT 0,
    blocks INTEGER NOT NULL,
    next_block INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    counts TEXT NOT NULL DEFAULT '{}',
    started INTEGER NOT NULL,
    finished INTEGER,
    note TEXT
) STRICT;

-- The blocks that were applied, each in the transaction of its rows. `first` is its first event.
CREATE TABLE journal (
    job INTEGER NOT NULL,
    block INTEGER NOT NULL,
    at INTEGER NOT NULL,
    first INTEGER NOT NULL,
    PRIMARY KEY (job, block)
) STRICT, WITHOUT ROWID;

-- What became of each record: one row a record of a bundle, job << 40 | its place there. `name` is the user; `items` is
-- packed, see events/stored.rs.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    name TEXT,
    items BLOB NOT NULL
) STRICT;
