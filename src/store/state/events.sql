-- Events for a relay are numbered, and wait until they are acknowledged.

-- NULL until it is handed out for the first time; from then on the message is whole.
ALTER TABLE canvas_outbox ADD COLUMN event INTEGER;
-- The last number given, acknowledged, and printed.
ALTER TABLE canvas_handed ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE canvas_handed ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE canvas_handed ADD COLUMN printed INTEGER NOT NULL DEFAULT 0;
