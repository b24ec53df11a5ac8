-- The files in the directories of the disks as this replica last wrote them, or took them in: what is
-- there now and differs was changed by somebody else.
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

-- Whose files lie in which directory of the disks: it is called by an entity's id, and entities of
-- several types can have one id.
CREATE TABLE disk_directory (
    name   TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
    doc_id TEXT NOT NULL UNIQUE
) WITHOUT ROWID;
