-- The entries of lists in roots without keys are pages of their own. The pages are found again by the next
-- command that changes their document.
DELETE FROM page;
DELETE FROM indexed;
DELETE FROM added;
