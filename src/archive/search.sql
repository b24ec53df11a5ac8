-- Searches find any part of a text, not words alone: which three letters stand side by side in what was
-- written, in small letters. `rowid` is the `n` of versions; what is found is looked at once more.
CREATE VIEW texts AS
    SELECT n, lower(coalesce(json_extract(record, '$.content'), json_extract(record, '$.title') || ' '
        || coalesce(json_extract(record, '$.description'), ''))) AS text
    FROM versions WHERE removed = 0;
-- Over a view, so that tools which look through every table can.
CREATE VIRTUAL TABLE parts_fts USING fts5 (
    text, content = 'texts', content_rowid = 'n', columnsize = 0, detail = none,
    tokenize = 'trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE parts USING fts5vocab (parts_fts, row);
