-- A segment: all events of one name and one day that one commit brought. Its id begins with the day.
-- Segments are added and expire; only the erasure of a person changes one.
CREATE TABLE IF NOT EXISTS event (
    id bigint PRIMARY KEY,
    name bigint NOT NULL,
    live integer NOT NULL,
    owners bytea NOT NULL,
    body text NOT NULL
);

CREATE INDEX IF NOT EXISTS event_name ON event (name, id);

-- Which segments an owner is in, so that all of a person's events are found.
CREATE TABLE IF NOT EXISTS event_owner (
    owner uuid NOT NULL,
    event bigint NOT NULL,
    PRIMARY KEY (owner, event)
);

-- What changed of profiles: each change in a place of its own, which the profile's document names.
CREATE TABLE IF NOT EXISTS history (
    id bigint PRIMARY KEY,
    doc text NOT NULL
);
