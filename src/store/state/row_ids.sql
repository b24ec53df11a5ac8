-- Looking for a row in a table WITHOUT ROWID reads all of each row that it is compared with: whoever looked for a
-- page beside that of a long list read the list, and whoever looked for a file of a disk read the texts of others.
-- These tables have row ids from now on, and what can be long is in their last columns.

-- What the columns mean is said where they were added first. The pages are found again by the next command that
-- changes their document.
DROP TABLE page;
CREATE TABLE page (
    doc        INTEGER NOT NULL,
    root       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    lives      INTEGER NOT NULL,
    least      INTEGER NOT NULL,
    at         INTEGER,
    hidden     INTEGER NOT NULL DEFAULT 0,
    unswept    INTEGER NOT NULL DEFAULT 1,
    pieced     INTEGER NOT NULL DEFAULT 1,
    latest     INTEGER,
    facts      BLOB    NOT NULL DEFAULT x'',
    ids        BLOB    NOT NULL,
    list_order BLOB,
    UNIQUE (doc, root, key)
);
CREATE INDEX page_least ON page (doc, root) WHERE least;
CREATE INDEX page_at ON page (doc, root, at);
CREATE INDEX page_unswept ON page (doc) WHERE unswept;
CREATE INDEX page_pieced ON page (doc) WHERE pieced;
CREATE INDEX page_latest ON page (doc, root, latest) WHERE latest IS NOT NULL;
-- Those under whose key no record is shown, or that have to be opened for that. In a root of records they are few:
-- all others are told by their keys alone.
CREATE INDEX page_unshown ON page (doc, root, key) WHERE NOT (lives AND NOT hidden AND facts <> x'');
DELETE FROM indexed;

DROP TABLE added;
CREATE TABLE added (
    doc   INTEGER NOT NULL,
    at    INTEGER NOT NULL,
    bytes BLOB    NOT NULL,
    UNIQUE (doc, at)
);

-- It may be emptied at any time, too.
DROP TABLE content;
CREATE TABLE content (
    doc_id TEXT    PRIMARY KEY,
    blake3 BLOB    NOT NULL,
    normal INTEGER NOT NULL DEFAULT 0,
    sum    BLOB,
    swept  BLOB
);

CREATE TABLE file_row (
    doc_id     TEXT    NOT NULL,
    file       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    blake3     TEXT    NOT NULL,
    executable INTEGER NOT NULL,
    text       TEXT,
    UNIQUE (doc_id, file)
);
INSERT INTO file_row (doc_id, file, path, blake3, executable, text)
    SELECT doc_id, file, path, blake3, executable, text FROM disk_file;
DROP TABLE disk_file;
ALTER TABLE file_row RENAME TO disk_file;
