-- Whether the document is in the normal form of its concern: a board whose lists of cards match what it
-- shows. Set by whatever made it so; 0 if unknown.
ALTER TABLE content ADD COLUMN normal INTEGER NOT NULL DEFAULT 0;
