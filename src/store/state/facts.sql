-- What is known of a page without opening it; empty if it has to be opened. The pages are found again by the
-- next command that changes their document.
DELETE FROM page;
DELETE FROM indexed;
ALTER TABLE page ADD COLUMN facts BLOB NOT NULL DEFAULT x'';
-- Taken from the facts: the time that records are listed by, NULL if nothing is known; and whether it is
-- deleted.
ALTER TABLE page ADD COLUMN at INTEGER;
ALTER TABLE page ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
CREATE INDEX page_at ON page (doc, root, at);
