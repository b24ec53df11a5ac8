-- The last command whose changes were left to be written into the document's .yrs later, on purpose.
ALTER TABLE document ADD COLUMN deferred_seq INTEGER NOT NULL DEFAULT 0;

-- Where that was left for later: the last command that is in the pages, NULL where they stand in the file
-- itself; and of which pieces of the file, and of bytes that were added, the state consists.
ALTER TABLE indexed ADD COLUMN seq INTEGER;
ALTER TABLE indexed ADD COLUMN pieces BLOB;
-- Of the pieces and all that was added.
ALTER TABLE indexed ADD COLUMN pieces_hash BLOB;

CREATE TABLE added (
    doc   INTEGER NOT NULL,
    -- Where these bytes begin among all that were added.
    at    INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    PRIMARY KEY (doc, at)
) WITHOUT ROWID;
