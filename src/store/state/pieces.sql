-- A text in a page may be split into pieces, so searching the bytes for part of it is not enough. The pages
-- are found again by the next command that changes their document.
DELETE FROM page;
DELETE FROM indexed;
ALTER TABLE page ADD COLUMN pieced INTEGER NOT NULL DEFAULT 1;
CREATE INDEX page_pieced ON page (doc) WHERE pieced;
