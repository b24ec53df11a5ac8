-- Where the pages of a document are in its .yrs: a guess, trusted only while the file is the very one that it
-- was made from. Both tables may be emptied at any time.
CREATE TABLE indexed (
    doc      INTEGER PRIMARY KEY,
    doc_id   TEXT    NOT NULL UNIQUE,
    -- Of the file.
    blake3   BLOB    NOT NULL,
    -- Which file it is, and when it was last changed.
    file     TEXT    NOT NULL,
    segments BLOB    NOT NULL
);

CREATE TABLE page (
    doc   INTEGER NOT NULL,
    root  TEXT    NOT NULL,
    -- '=' and the key; '' for a root without keys.
    key   TEXT    NOT NULL,
    lives INTEGER NOT NULL,
    -- Without it cannot be told what the root is, or if there is anything under the key.
    least INTEGER NOT NULL,
    -- The ids of its blocks, as a delete set is written.
    ids   BLOB    NOT NULL,
    PRIMARY KEY (doc, root, key)
) WITHOUT ROWID;
CREATE INDEX page_least ON page (doc) WHERE least;
