-- Behind `shown.sql`: fills `records`, and by triggers the tables that follow it.
INSERT INTO records
    SELECT doc_id, path, n, kind, id, parent, created_at, changed_at, client, clock, removed, size,
        version, 0
    FROM shown ORDER BY n;
