-- A node is a profile (doc is set) or an alias that leads to one (target is set).
-- An integer rowid keeps new documents side by side; the hash is a narrow index beside them.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    key BLOB NOT NULL,
    ver INTEGER NOT NULL,
    target BLOB,
    doc TEXT,
    updated INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX node_key ON node (key);

-- Which profiles an email or phone leads to.
CREATE TABLE contact (
    ckey BLOB NOT NULL,
    pkey BLOB NOT NULL,
    PRIMARY KEY (ckey, pkey)
) STRICT, WITHOUT ROWID;

-- Do-not-disturb flags belong to addresses: one row, however many profiles share the address.
CREATE TABLE address_flag (
    ckey BLOB NOT NULL PRIMARY KEY,
    dnd INTEGER NOT NULL,
    updated INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE passcode (
    id TEXT NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    digest BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER NOT NULL,
    last_used INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
