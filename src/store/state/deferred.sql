-- The last command whose changes were deliberately left to be written into the document's .yrs later.
ALTER TABLE document ADD COLUMN deferred_seq INTEGER NOT NULL DEFAULT 0;

-- If that was deferred: the last command that is in the pages, NULL if they are in the file itself; and the
-- pieces of the file, and of added bytes, that the state consists of.
ALTER TABLE indexed ADD COLUMN seq INTEGER;
ALTER TABLE indexed ADD COLUMN pieces BLOB;
-- The hash of the pieces and all added bytes.
ALTER TABLE indexed ADD COLUMN pieces_hash BLOB;

CREATE TABLE added (
    doc   INTEGER NOT NULL,
    -- Where these bytes begin among all that were added.
    at    INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (doc, at)
) WITHOUT ROWID;
