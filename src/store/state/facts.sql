-- What is known of a page without opening it; empty where it has to be opened. Pages are found again with
-- the next command that changes their document.
DELETE FROM page;
DELETE FROM indexed;
ALTER TABLE page ADD COLUMN facts BLOB NOT NULL DEFAULT x'';
-- Of these: the time that records are listed by, NULL where nothing is known; and whether it is deleted.
ALTER TABLE page ADD COLUMN at INTEGER;
ALTER TABLE page ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
CREATE INDEX page_at ON page (doc, root, at);
