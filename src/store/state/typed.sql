-- Values that JSON does not represent exactly, in the format of documents; NULL if it does.

ALTER TABLE conflict ADD COLUMN loser_typed BLOB;
ALTER TABLE trash ADD COLUMN record_typed BLOB;
