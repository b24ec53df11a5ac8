-- The latest time that any record in a page can have, where the page is not itself the only one (`at`): what was
-- written into a thread lately is found without opening it. The pages are found again by the next command that changes
-- their document.
DELETE FROM page;
DELETE FROM indexed;
DELETE FROM added;
ALTER TABLE page ADD COLUMN latest INTEGER;
CREATE INDEX page_latest ON page (doc, root, latest) WHERE latest IS NOT NULL;
