-- What commands worked out from whole documents, such as digests: trusted only while the file of the document
-- has these bytes, and the log goes no further for it. The table may be emptied at any time.
CREATE TABLE result (
    doc_id TEXT    NOT NULL,
    -- What was worked out, and by which version of the rules.
    kind   TEXT    NOT NULL,
    -- Of the file.
    blake3 BLOB    NOT NULL,
    seq    INTEGER NOT NULL,
    result BLOB    NOT NULL,
    UNIQUE (doc_id, kind)
);
