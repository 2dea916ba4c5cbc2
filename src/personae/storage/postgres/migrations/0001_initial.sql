-- A node is a profile (doc is set) or an alias that leads to one (target is set).
-- op is the write attempt that left the row as it is: after a lost connection it tells whether that landed.
-- Updates change no indexed column; the free space in each page lets them stay in it.
CREATE TABLE IF NOT EXISTS node (
    key uuid PRIMARY KEY,
    project text NOT NULL,
    ver bigint NOT NULL,
    target uuid,
    op uuid NOT NULL,
    doc text,
    updated bigint NOT NULL
) WITH (fillfactor = 85);

-- Which profiles an email or phone leads to; seen is the version of the profile that last said so.
CREATE TABLE IF NOT EXISTS contact (
    ckey uuid NOT NULL,
    pkey uuid NOT NULL,
    seen bigint NOT NULL,
    PRIMARY KEY (ckey, pkey)
);

-- Do-not-disturb flags belong to addresses: one row, however many profiles share the address.
CREATE TABLE IF NOT EXISTS address_flag (
    ckey uuid PRIMARY KEY,
    dnd boolean NOT NULL,
    updated bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS project (
    id text PRIMARY KEY,
    name text NOT NULL,
    secret bytea NOT NULL,
    created bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS passcode (
    id text PRIMARY KEY,
    project text NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    created bigint NOT NULL,
    expires bigint NOT NULL,
    revoked bigint NOT NULL,
    last_used bigint NOT NULL
);
