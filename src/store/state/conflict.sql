-- What merges decided: values that lost, and what a sender's role would not have allowed here.

CREATE TABLE conflict (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    doc_id    TEXT    NOT NULL,
    -- What the record is called; NULL where nothing tells any more.
    noun      TEXT,
    -- A JSON array: the way to the field from its root; NULL as above.
    path      TEXT,
    rule      TEXT    NOT NULL,
    -- The two values as JSON, the clock of each, and whose it was; NULL where not known.
    winner    TEXT,
    winner_at INTEGER,
    winner_by TEXT,
    loser     TEXT    NOT NULL,
    loser_at  INTEGER,
    loser_by  TEXT,
    -- The item that held the value that lost: it is kept once.
    client    INTEGER NOT NULL,
    clock     INTEGER NOT NULL,
    restored  INTEGER,
    UNIQUE (doc_id, client, clock)
);

CREATE TABLE audit (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    doc_id TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    -- What it is about, which makes the finding's id.
    detail TEXT    NOT NULL,
    message TEXT   NOT NULL,
    UNIQUE (doc_id, kind, detail)
);
