-- What this replica did on canvases: to undo it, and to hand it to a live relay.

CREATE TABLE canvas_timeline (
    id      INTEGER PRIMARY KEY,
    doc_id  TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    member  TEXT    NOT NULL,
    -- add, set, move or delete.
    verb    TEXT    NOT NULL,
    element TEXT    NOT NULL,
    -- JSON: field → [before, after].
    changes TEXT    NOT NULL,
    -- The element's clock after this replica's last write to it.
    clock   INTEGER NOT NULL,
    undone  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX canvas_timeline_by_element ON canvas_timeline (doc_id, element);

-- Messages for the relay that have not been handed out yet.
CREATE TABLE canvas_outbox (
    id      INTEGER PRIMARY KEY,
    doc_id  TEXT    NOT NULL,
    -- The command in the log that it is about; NULL for an answer.
    seq     INTEGER,
    message TEXT    NOT NULL
);

-- How far the log of a canvas has been handed out.
CREATE TABLE canvas_handed (
    doc_id TEXT    PRIMARY KEY,
    seq    INTEGER NOT NULL
) WITHOUT ROWID;

-- When each field of an element was last written, as far as operations record it; the empty name stands for
-- all other fields.
CREATE TABLE canvas_clock (
    doc_id  TEXT    NOT NULL,
    element TEXT    NOT NULL,
    field   TEXT    NOT NULL,
    clock   INTEGER NOT NULL,
    PRIMARY KEY (doc_id, element, field)
) WITHOUT ROWID;
