-- Records that left their document for good, as they were just before.

CREATE TABLE trash (
    id       INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    doc_id   TEXT    NOT NULL,
    -- What the record is called, and a JSON array: the way to it from its root.
    noun     TEXT    NOT NULL,
    path     TEXT    NOT NULL,
    -- The whole record as JSON, and how long that is.
    record   TEXT    NOT NULL,
    bytes    INTEGER NOT NULL,
    -- pruned: by this replica; peer: another one did, and this one heard of it; removed: it left no
    -- tombstone; replaced: it was one, and a new record took its place.
    why      TEXT    NOT NULL,
    -- Who acted here, or sent the bundle.
    member   TEXT,
    -- The id of the new record that was made of it.
    restored TEXT
);
CREATE INDEX trash_by_time ON trash (at);
