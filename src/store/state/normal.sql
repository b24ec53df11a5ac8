-- Whether the document is in the normal form of its concern: a board whose lists of cards say what it
-- shows. Written by who made it so; 0 where nobody knows.
ALTER TABLE content ADD COLUMN normal INTEGER NOT NULL DEFAULT 0;
