-- Where files of other places are about to be written: a file found there with exactly this content was
-- written by a command that did not finish.
CREATE TABLE disk_begun (
    doc_id TEXT NOT NULL,
    path   TEXT NOT NULL,
    file   TEXT NOT NULL,
    blake3 TEXT NOT NULL,
    PRIMARY KEY (doc_id, path)
) WITHOUT ROWID;
