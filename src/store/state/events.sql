-- What is handed to a relay has a number, and waits until it is acknowledged.

-- NULL until it was handed out for the first time; the message is whole then.
ALTER TABLE canvas_outbox ADD COLUMN event INTEGER;
-- The last number given, acknowledged, and written to whoever asked.
ALTER TABLE canvas_handed ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE canvas_handed ADD COLUMN acknowledged INTEGER NOT NULL DEFAULT 0;
ALTER TABLE canvas_handed ADD COLUMN printed INTEGER NOT NULL DEFAULT 0;
