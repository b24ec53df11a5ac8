-- Bytes that a repair replaced, as they were. Nothing here is ever read back automatically.

CREATE TABLE quarantine (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    -- The finding that was repaired.
    finding TEXT    NOT NULL,
    doc_id  TEXT    NOT NULL,
    -- The file, relative to the store; or the table that the bytes stood in.
    place   TEXT    NOT NULL,
    bytes   BLOB    NOT NULL
);
