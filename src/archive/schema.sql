-- What left the documents: people's own tables, for any SQLite from 3.37 on.

-- Every state in which a record was archived. Rows are added, never changed: triggers see to it.
CREATE TABLE versions (
    n           INTEGER PRIMARY KEY,
    doc_id      TEXT    NOT NULL,
    -- The entity as TYPE:ID.
    entity_id   TEXT    NOT NULL,
    -- message, reply, thread, card or issue.
    kind        TEXT    NOT NULL,
    -- A JSON array: the way to the record from its root.
    path        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    -- BLAKE3 of everything below but `archived_at`, with document and path.
    version     TEXT    NOT NULL,
    -- The message that a reply is to.
    parent      TEXT,
    created_at  INTEGER NOT NULL,
    -- The latest of all its times: of two versions the later one is shown.
    changed_at  INTEGER NOT NULL,
    -- Who wrote it first, and when in what that client wrote: the order within one second.
    client      INTEGER NOT NULL,
    clock       INTEGER NOT NULL,
    -- It was deleted, or restored into its document: nothing of it is to be shown from here.
    removed     INTEGER NOT NULL CHECK (removed IN (0, 1)),
    size        INTEGER NOT NULL,
    record      TEXT    NOT NULL CHECK (json_type(record) = 'object'),
    -- The same in the format of documents, where JSON does not give it back as it was.
    typed       BLOB,
    archived_at INTEGER NOT NULL,
    UNIQUE (doc_id, path, version)
) STRICT;

-- Rows of commands that have not been seen to the end: they count where crdtctl.db says that the
-- command happened.
CREATE TABLE unsettled (
    run TEXT    NOT NULL,
    n   INTEGER NOT NULL REFERENCES versions (n),
    PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX unsettled_rows ON unsettled (n);

-- The version of each record that is shown.
CREATE TABLE records (
    doc_id     TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    n          INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    parent     TEXT,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    client     INTEGER NOT NULL,
    clock      INTEGER NOT NULL,
    removed    INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    version    TEXT    NOT NULL,
    -- It stands in lists by itself: a reply only where its message is not here.
    listed     INTEGER NOT NULL,
    PRIMARY KEY (doc_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_in_order ON records (doc_id, listed, removed, created_at, client, clock, id);
CREATE INDEX records_by_id ON records (doc_id, id);
CREATE INDEX records_by_parent ON records (parent, doc_id);

-- What the records say, as the guide has it and in the same manner.
CREATE TABLE entities (
    id          TEXT PRIMARY KEY,
    entity_type TEXT NOT NULL,
    four_words  TEXT NOT NULL UNIQUE,
    name        TEXT,
    created_at  INTEGER,
    created_by  TEXT
) STRICT;
CREATE TABLE crdt_documents (
    doc_id       TEXT PRIMARY KEY,
    entity_id    TEXT NOT NULL,
    concern      TEXT NOT NULL,
    -- Empty: the state is the store's.
    state_blob   BLOB NOT NULL,
    last_updated INTEGER,
    FOREIGN KEY (entity_id) REFERENCES entities (id)
) STRICT;
CREATE TABLE members (
    entity_id  TEXT NOT NULL,
    four_words TEXT NOT NULL,
    role       TEXT,
    joined_at  INTEGER,
    PRIMARY KEY (entity_id, four_words),
    FOREIGN KEY (entity_id) REFERENCES entities (id)
) STRICT;
CREATE TABLE archived_messages (
    id         TEXT PRIMARY KEY,
    entity_id  TEXT NOT NULL,
    author_id  TEXT,
    content    TEXT,
    created_at INTEGER,
    deleted    INTEGER,
    updated_at INTEGER,
    parent_id  TEXT,
    n          INTEGER,
    FOREIGN KEY (entity_id) REFERENCES entities (id)
) STRICT;
CREATE INDEX archived_messages_in_order ON archived_messages (entity_id, created_at, id);
CREATE INDEX archived_messages_by_n ON archived_messages (n);
CREATE TABLE reactions (
    message_id TEXT NOT NULL,
    entity_id  TEXT NOT NULL,
    emoji      TEXT NOT NULL,
    member_id  TEXT NOT NULL,
    n          INTEGER
) STRICT;
CREATE INDEX reactions_by_n ON reactions (n);
CREATE TABLE attachments (
    message_id TEXT NOT NULL,
    entity_id  TEXT NOT NULL,
    id         TEXT,
    filename   TEXT,
    file_path  TEXT,
    mime_type  TEXT,
    size_bytes INTEGER,
    n          INTEGER
) STRICT;
CREATE INDEX attachments_by_n ON attachments (n);
CREATE TABLE columns (
    id        TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    title     TEXT,
    PRIMARY KEY (entity_id, id)
) STRICT;
CREATE TABLE cards (
    id          TEXT PRIMARY KEY,
    entity_id   TEXT NOT NULL,
    title       TEXT,
    description TEXT,
    column_id   TEXT,
    assignee_id TEXT,
    priority    TEXT,
    created_at  INTEGER,
    updated_at  INTEGER,
    archived_at INTEGER,
    n           INTEGER
) STRICT;
CREATE INDEX cards_by_n ON cards (n);
CREATE TABLE issues (
    id          TEXT PRIMARY KEY,
    entity_id   TEXT NOT NULL,
    title       TEXT,
    description TEXT,
    status      TEXT,
    priority    TEXT,
    assignee_id TEXT,
    reporter_id TEXT,
    created_at  INTEGER,
    updated_at  INTEGER,
    closed_at   INTEGER,
    n           INTEGER
) STRICT;
CREATE INDEX issues_by_n ON issues (n);
CREATE TABLE comments (
    issue_id   TEXT NOT NULL,
    entity_id  TEXT NOT NULL,
    id         TEXT,
    author_id  TEXT,
    content    TEXT,
    created_at INTEGER,
    updated_at INTEGER,
    n          INTEGER
) STRICT;
CREATE INDEX comments_by_n ON comments (n);
CREATE VIEW threads AS
    SELECT doc_id, parent AS parent_id, count(*) AS reply_count, max(created_at) AS last_reply_at
    FROM records WHERE kind = 'reply' AND removed = 0 GROUP BY doc_id, parent;
-- WHERE texts_fts MATCH 'word': `rowid` is the `n` of archived_messages, cards or issues.
CREATE VIRTUAL TABLE texts_fts USING fts5 (text);

CREATE TRIGGER versions_stay BEFORE UPDATE ON versions BEGIN
    SELECT RAISE(ABORT, 'rows of the archive are never changed');
END;
CREATE TRIGGER versions_are_kept BEFORE DELETE ON versions
WHEN NOT EXISTS (SELECT 1 FROM unsettled WHERE unsettled.n = OLD.n) BEGIN
    SELECT RAISE(ABORT, 'rows of the archive are never removed');
END;

CREATE TRIGGER version_is_shown AFTER INSERT ON versions
WHEN NOT EXISTS (
    SELECT 1 FROM records r WHERE r.doc_id = NEW.doc_id AND r.path = NEW.path
    AND (r.changed_at, r.size, r.version) > (NEW.changed_at, NEW.size, NEW.version)
) BEGIN
    DELETE FROM records WHERE doc_id = NEW.doc_id AND path = NEW.path;
    INSERT INTO records VALUES (NEW.doc_id, NEW.path, NEW.n, NEW.kind, NEW.id, NEW.parent,
        NEW.created_at, NEW.changed_at, NEW.client, NEW.clock, NEW.removed, NEW.size, NEW.version,
        0);
END;
-- What never counted is gone: the version before it is shown again.
CREATE TRIGGER version_is_void AFTER DELETE ON versions BEGIN
    DELETE FROM records WHERE doc_id = OLD.doc_id AND path = OLD.path AND n = OLD.n;
    INSERT INTO records
        SELECT doc_id, path, n, kind, id, parent, created_at, changed_at, client, clock, removed,
            size, version, 0
        FROM versions v WHERE v.doc_id = OLD.doc_id AND v.path = OLD.path AND NOT EXISTS (
            SELECT 1 FROM records r WHERE r.doc_id = OLD.doc_id AND r.path = OLD.path)
        ORDER BY changed_at DESC, size DESC, version DESC LIMIT 1;
END;

CREATE TRIGGER record_is_told AFTER INSERT ON records BEGIN
    UPDATE records SET listed = CASE NEW.kind
        WHEN 'thread' THEN 0
        WHEN 'reply' THEN NOT EXISTS (
            SELECT 1 FROM records m INDEXED BY records_by_id
            WHERE m.doc_id = NEW.doc_id AND m.id = NEW.parent
            AND m.kind = 'message' AND m.removed = 0)
        ELSE 1 END
        WHERE doc_id = NEW.doc_id AND path = NEW.path;
    -- By the index: without statistics all of the document would be looked through.
    UPDATE records SET listed = NEW.removed
        WHERE NEW.kind = 'message' AND doc_id = NEW.doc_id AND path IN (
            SELECT r.path FROM records r INDEXED BY records_by_parent
            WHERE r.parent = NEW.id AND r.doc_id = NEW.doc_id AND r.kind = 'reply');
    INSERT OR IGNORE INTO entities (id, entity_type, four_words)
        SELECT entity_id, substr(entity_id, 1, instr(entity_id, ':') - 1),
            CASE WHEN EXISTS (SELECT 1 FROM entities e
                WHERE e.four_words = substr(entity_id, instr(entity_id, ':') + 1))
            THEN entity_id ELSE substr(entity_id, instr(entity_id, ':') + 1) END
        FROM versions WHERE n = NEW.n;
    INSERT OR IGNORE INTO crdt_documents (doc_id, entity_id, concern, state_blob, last_updated)
        SELECT doc_id, entity_id, substr(doc_id, length(entity_id) + 2), x'', archived_at
        FROM versions WHERE n = NEW.n;
    INSERT OR IGNORE INTO archived_messages
        SELECT id, entity_id, CAST(json_extract(record, '$.author_id') AS TEXT),
            CAST(json_extract(record, '$.content') AS TEXT), created_at, 0,
            CAST(json_extract(record, '$.updated_at') AS INTEGER), parent, n
        FROM versions WHERE n = NEW.n AND kind IN ('message', 'reply') AND removed = 0;
    INSERT INTO reactions
        SELECT v.id, v.entity_id, e.key, CAST(m.value AS TEXT), v.n FROM versions v
        JOIN json_each(v.record, '$.reactions') e
        JOIN json_each(CASE e.type WHEN 'array' THEN e.value ELSE '[]' END) m
        WHERE v.n = NEW.n AND v.kind IN ('message', 'reply') AND v.removed = 0
        AND e.key IS NOT NULL AND typeof(e.key) = 'text' AND m.value IS NOT NULL;
    INSERT INTO attachments
        SELECT v.id, v.entity_id, CAST(json_extract(a.value, '$.id') AS TEXT),
            CAST(json_extract(a.value, '$.filename') AS TEXT),
            CAST(json_extract(a.value, '$.file_path') AS TEXT),
            CAST(json_extract(a.value, '$.mime_type') AS TEXT),
            CAST(json_extract(a.value, '$.size_bytes') AS INTEGER), v.n
        FROM versions v
        JOIN (SELECT CASE type WHEN 'object' THEN value ELSE '{}' END AS value FROM versions w
            JOIN json_each(w.record, '$.attachments') WHERE w.n = NEW.n) a
        WHERE v.n = NEW.n AND v.kind IN ('message', 'reply') AND v.removed = 0;
    INSERT OR IGNORE INTO cards
        SELECT id, entity_id, CAST(json_extract(record, '$.title') AS TEXT),
            CAST(json_extract(record, '$.description') AS TEXT),
            CAST(json_extract(record, '$.column_id') AS TEXT),
            CAST(json_extract(record, '$.assignee_id') AS TEXT),
            CAST(json_extract(record, '$.priority') AS TEXT), created_at,
            CAST(json_extract(record, '$.updated_at') AS INTEGER),
            CAST(json_extract(record, '$.archived_at') AS INTEGER), n
        FROM versions WHERE n = NEW.n AND kind = 'card' AND removed = 0;
    INSERT OR IGNORE INTO issues
        SELECT id, entity_id, CAST(json_extract(record, '$.title') AS TEXT),
            CAST(json_extract(record, '$.description') AS TEXT),
            CAST(json_extract(record, '$.status') AS TEXT),
            CAST(json_extract(record, '$.priority') AS TEXT),
            CAST(json_extract(record, '$.assignee_id') AS TEXT),
            CAST(json_extract(record, '$.reporter_id') AS TEXT), created_at,
            CAST(json_extract(record, '$.updated_at') AS INTEGER),
            CAST(json_extract(record, '$.closed_at') AS INTEGER), n
        FROM versions WHERE n = NEW.n AND kind = 'issue' AND removed = 0;
    INSERT INTO comments
        SELECT v.id, v.entity_id, CAST(json_extract(c.value, '$.id') AS TEXT),
            CAST(json_extract(c.value, '$.author_id') AS TEXT),
            CAST(json_extract(c.value, '$.content') AS TEXT),
            CAST(json_extract(c.value, '$.created_at') AS INTEGER),
            CAST(json_extract(c.value, '$.updated_at') AS INTEGER), v.n
        FROM versions v
        JOIN (SELECT CASE type WHEN 'object' THEN value ELSE '{}' END AS value FROM versions w
            JOIN json_each(w.record, '$.comments') WHERE w.n = NEW.n) c
        WHERE v.n = NEW.n AND v.kind = 'issue' AND v.removed = 0;
    INSERT INTO texts_fts (rowid, text)
        SELECT n, coalesce(json_extract(record, '$.content'), '')
            || coalesce(json_extract(record, '$.title'), '') || ' '
            || coalesce(json_extract(record, '$.description'), '')
        FROM versions WHERE n = NEW.n AND kind <> 'thread' AND removed = 0;
END;
CREATE TRIGGER record_is_untold AFTER DELETE ON records BEGIN
    DELETE FROM archived_messages WHERE n = OLD.n;
    DELETE FROM reactions WHERE n = OLD.n;
    DELETE FROM attachments WHERE n = OLD.n;
    DELETE FROM cards WHERE n = OLD.n;
    DELETE FROM issues WHERE n = OLD.n;
    DELETE FROM comments WHERE n = OLD.n;
    DELETE FROM texts_fts WHERE rowid = OLD.n;
END;
