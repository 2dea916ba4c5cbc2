-- A segment: the events of one name and one day that one commit brought. id = day << 40 | sequence.
-- owners come before body, so that they are read without it.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    name INTEGER NOT NULL,
    live INTEGER NOT NULL,
    owners BLOB NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE INDEX event_name ON event (name, id, live);

-- Which segments have events of an owner. The day in front keeps the pages that a commit changes few:
-- owners come in no order, days one after the other.
CREATE TABLE event_owner (
    day INTEGER NOT NULL,
    owner BLOB NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (day, owner, event)
) STRICT, WITHOUT ROWID;

-- What changed of profiles: each change in a place of its own, which the profile's document names.
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    doc TEXT NOT NULL
) STRICT;
