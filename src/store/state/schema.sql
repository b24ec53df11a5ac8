-- Everything that is local to this replica. Numbered by PRAGMA user_version; never edited, only
-- followed by another file.

CREATE TABLE replica (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    replica_id TEXT    NOT NULL,
    member     TEXT,
    created_at INTEGER NOT NULL,
    client_id  INTEGER NOT NULL,
    -- Log rows up to here belong to an earlier replica of this store.
    log_floor  INTEGER NOT NULL
);

CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE document (
    doc_id     TEXT PRIMARY KEY,
    -- Of the .yrs as we last wrote it; NULL before the first time.
    blake3     BLOB,
    bytes      INTEGER NOT NULL DEFAULT 0,
    folded_seq INTEGER NOT NULL DEFAULT 0,
    -- How often we wrote the .yrs, as .meta counts it.
    version    INTEGER NOT NULL DEFAULT 0,
    -- The client id of our last own write, and the clock after it.
    own_client INTEGER NOT NULL DEFAULT 0,
    own_clock  INTEGER NOT NULL DEFAULT 0,
    -- Whoever has our log up to this seq or later can follow it from there; the rows before
    -- were trimmed, or do not hold what another program wrote into the file.
    log_from   INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE log (
    seq            INTEGER NOT NULL,
    doc_id         TEXT    NOT NULL REFERENCES document (doc_id),
    part           INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    member         TEXT,
    command        TEXT    NOT NULL,
    update_v1      BLOB    NOT NULL,
    origin_replica TEXT,
    origin_seq     INTEGER,
    folded         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (seq, doc_id, part)
);
CREATE INDEX log_by_document ON log (doc_id, seq, part);
CREATE INDEX log_unfolded ON log (doc_id) WHERE folded = 0;

CREATE TABLE peer (
    replica_id  TEXT PRIMARY KEY,
    member      TEXT,
    last_bundle TEXT,
    last_seen   INTEGER NOT NULL
);

CREATE TABLE receipt (
    replica_id TEXT NOT NULL,
    doc_id     TEXT NOT NULL,
    version    TEXT NOT NULL,
    applied    TEXT NOT NULL,
    PRIMARY KEY (replica_id, doc_id)
);

CREATE TABLE applied (
    doc_id     TEXT    NOT NULL,
    replica_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (doc_id, replica_id)
) WITHOUT ROWID;

CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY,
    doc_id      TEXT    NOT NULL,
    bundle      TEXT    NOT NULL,
    replica_id  TEXT,
    update_v1   BLOB    NOT NULL,
    needs       TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    manifest    TEXT    NOT NULL,
    -- The same update of the same bundle waits once, however often it is imported.
    blake3      BLOB    NOT NULL,
    UNIQUE (doc_id, bundle, blake3)
);
