-- A text in it need not stand there in one piece, so looking for a part of it in the bytes is not enough.
-- Pages are found again with the next command that changes their document.
DELETE FROM page;
DELETE FROM indexed;
ALTER TABLE page ADD COLUMN pieced INTEGER NOT NULL DEFAULT 1;
CREATE INDEX page_pieced ON page (doc) WHERE pieced;
