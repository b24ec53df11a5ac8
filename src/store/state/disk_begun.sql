-- Where files are about to be made that lay elsewhere: what is found there with just this content was
-- made by a command that did not come to its end.
CREATE TABLE disk_begun (
    doc_id TEXT NOT NULL,
    path   TEXT NOT NULL,
    file   TEXT NOT NULL,
    blake3 TEXT NOT NULL,
    PRIMARY KEY (doc_id, path)
) WITHOUT ROWID;
