-- Values that JSON does not give back as they were, in the format of documents; NULL where it does.

ALTER TABLE conflict ADD COLUMN loser_typed BLOB;
ALTER TABLE trash ADD COLUMN record_typed BLOB;
