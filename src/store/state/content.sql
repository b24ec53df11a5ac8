-- What is known of the content of a document as it is in its .yrs: a guess, trusted only while the file has
-- these bytes. The table may be emptied at any time.
CREATE TABLE content (
    doc_id TEXT PRIMARY KEY,
    -- Of the file.
    blake3 BLOB NOT NULL,
    -- What its tombstones were acknowledged and pruned by, but for those on the pages that say so; NULL
    -- where nobody did.
    swept  BLOB,
    -- The sum of its content; NULL where nobody took it.
    sum    BLOB
) WITHOUT ROWID;
-- Whether it changed since its document was swept.
ALTER TABLE page ADD COLUMN unswept INTEGER NOT NULL DEFAULT 1;
CREATE INDEX page_unswept ON page (doc) WHERE unswept;
