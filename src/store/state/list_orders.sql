-- The order of a list in a root without keys, as ListOrder writes it, if it is known: a change of a few entries
-- then does not open the others.
ALTER TABLE page ADD COLUMN list_order BLOB;
