-- Who goes through all of a document finds each row by this index alone: the table is in the order of
-- paths, and to look into it for each is to read all of it in no order.
DROP INDEX records_in_order;
CREATE INDEX records_in_order ON records (
    doc_id, listed, removed, created_at, client, clock, id, kind, n
);
