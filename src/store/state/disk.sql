-- The files in the directories of the disks as this replica last wrote or read them: a difference found there
-- now was made by somebody else.
CREATE TABLE disk_file (
    doc_id     TEXT    NOT NULL,
    file       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    blake3     TEXT    NOT NULL,
    -- What a text said, its lines ending in \n; NULL for bytes.
    text       TEXT,
    executable INTEGER NOT NULL,
    PRIMARY KEY (doc_id, file)
) WITHOUT ROWID;

-- Which directory of the disks has whose files: it is named by an entity's id, and entities of several types
-- can have the same id.
CREATE TABLE disk_directory (
    name   TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    doc_id TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
