-- Progressive migration: waves, what changed since a bundle, the target's answers, identity providers' addresses.
--
-- `wave` is the label of `migrate stage`. `import` counts none, ok, error from 0: what the target said of the last
-- bundle the user was in. `changed` is a set of bits (`model::Changes`): how the record now differs from what that
-- bundle held. All three are of the user's last bundle and begin anew with the next one; only `wave` stays.
ALTER TABLE progress ADD COLUMN wave TEXT;
ALTER TABLE progress ADD COLUMN import INTEGER NOT NULL DEFAULT 0;
ALTER TABLE progress ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
-- Sealed: what the bundle held of the user, as digests.
ALTER TABLE members ADD COLUMN digest BLOB;
-- Workflow aliases that the source still has; they are no aliases of the user and never exported. Ids as elsewhere.
CREATE TABLE workflow (
    id INTEGER PRIMARY KEY,
    alias TEXT NOT NULL
) STRICT;
-- `migrate begin` and `migrate end`.
CREATE TABLE campaigns (
    number INTEGER PRIMARY KEY,
    began INTEGER NOT NULL,
    began_by TEXT NOT NULL,
    ended INTEGER,
    ended_by TEXT
) STRICT;
-- Files of the target's answers that were taken in.
CREATE TABLE answer_files (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    master TEXT NOT NULL,
    source TEXT NOT NULL,
    records INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    errors INTEGER NOT NULL
) STRICT;
-- What the target said of a user's records other than that they are there; `file` is the one it stands in.
CREATE TABLE answers (
    user INTEGER NOT NULL,
    place INTEGER NOT NULL,
    file INTEGER NOT NULL,
    record TEXT NOT NULL,
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (user, place)
) STRICT, WITHOUT ROWID;
-- Addresses that a master has given to soft tokens, by the token's key, so that a load keeps them. `source` is what
-- the source last said, `previous` what held before the last change.
CREATE TABLE idp_urls (
    serial TEXT NOT NULL,
    vendor TEXT NOT NULL,
    distinction TEXT NOT NULL,
    url TEXT NOT NULL,
    previous TEXT,
    source TEXT,
    PRIMARY KEY (serial, vendor, distinction)
) STRICT, WITHOUT ROWID;
CREATE INDEX workflow_alias ON workflow (alias);
-- Groups that exported users were in before a load moved them all the same.
CREATE TABLE moved (
    user INTEGER PRIMARY KEY,
    group_name TEXT NOT NULL
) STRICT;
-- For selections that choose few: each covers its condition, so that the users are found without the wide rows. Every
-- one costs a load of a million users about half a second; none is on a column that an export moves.
CREATE INDEX users_state ON users (state);
CREATE INDEX users_locale ON users (locale) WHERE locale IS NOT NULL;
CREATE INDEX users_last_auth ON users (last_auth) WHERE last_auth IS NOT NULL;
CREATE INDEX contacts_value ON contacts (value);
CREATE INDEX qa_pairs ON qa (pairs);
CREATE INDEX passwords_name ON passwords (name) WHERE name IS NOT NULL;
CREATE INDEX tokens_vendor ON tokens (vendor, state);
CREATE INDEX tokens_state ON tokens (state) WHERE state IS NOT NULL;
CREATE INDEX tokens_activation ON tokens (activation) WHERE activation IS NOT NULL;
CREATE INDEX tokens_model ON tokens (model) WHERE model IS NOT NULL;
CREATE INDEX tokens_algorithm ON tokens (algorithm);
CREATE INDEX tokens_last_used ON tokens (last_used) WHERE last_used IS NOT NULL;
CREATE INDEX tokens_expires ON tokens (expires) WHERE expires IS NOT NULL;
CREATE INDEX tokens_drift ON tokens (drift) WHERE drift IS NOT NULL;
CREATE INDEX cards_state ON cards (state) WHERE state IS NOT NULL;
CREATE INDEX cards_usage ON cards (usage) WHERE usage IS NOT NULL;
CREATE INDEX cards_expires ON cards (expires) WHERE expires IS NOT NULL;
CREATE INDEX locations_user ON locations (id >> 16);
CREATE INDEX locations_place ON locations (country, region, city);
CREATE INDEX progress_wave ON progress (wave) WHERE wave IS NOT NULL;
CREATE INDEX progress_changed ON progress (user) WHERE changed <> 0;
CREATE INDEX progress_error ON progress (user) WHERE import = 2;
