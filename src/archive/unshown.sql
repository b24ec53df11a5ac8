-- The rows of records that `records`, or a table that follows it, does not show as `versions` has them.
SELECT v.n FROM shown v LEFT JOIN records r ON r.doc_id = v.doc_id AND r.path = v.path
WHERE (r.n, r.kind, r.id, r.parent, r.created_at, r.changed_at, r.client, r.clock, r.removed, r.size,
        r.version)
    IS NOT (v.n, v.kind, v.id, v.parent, v.created_at, v.changed_at, v.client, v.clock, v.removed,
        v.size, v.version)
    OR (v.removed = 0 AND CASE
        -- Of records of several entities with one id, these tables have the first one.
        WHEN v.kind IN ('message', 'reply') THEN
            NOT EXISTS (SELECT 1 FROM archived_messages t WHERE t.id = v.id AND (t.n <> v.n
                OR t.content IS CAST(json_extract(v.record, '$.content') AS TEXT)))
            OR (SELECT count(*) FROM reactions t WHERE t.n = v.n) <> (
                SELECT count(*) FROM json_each(v.record, '$.reactions') e
                JOIN json_each(CASE e.type WHEN 'array' THEN e.value ELSE '[]' END) m
                WHERE e.key IS NOT NULL AND typeof(e.key) = 'text' AND m.value IS NOT NULL)
            OR (SELECT count(*) FROM attachments t WHERE t.n = v.n)
                <> (SELECT count(*) FROM json_each(v.record, '$.attachments'))
        WHEN v.kind = 'card' THEN
            NOT EXISTS (SELECT 1 FROM cards t WHERE t.id = v.id AND (t.n <> v.n
                OR t.title IS CAST(json_extract(v.record, '$.title') AS TEXT)))
        WHEN v.kind = 'issue' THEN
            NOT EXISTS (SELECT 1 FROM issues t WHERE t.id = v.id AND (t.n <> v.n
                OR t.title IS CAST(json_extract(v.record, '$.title') AS TEXT)))
            OR (SELECT count(*) FROM comments t WHERE t.n = v.n)
                <> (SELECT count(*) FROM json_each(v.record, '$.comments'))
        ELSE 0 END)
    OR (v.removed = 0 AND v.kind <> 'thread'
        AND NOT EXISTS (SELECT 1 FROM texts_fts_docsize t WHERE t.id = v.n))
UNION ALL
SELECT r.n FROM records r WHERE NOT EXISTS (
    SELECT 1 FROM versions v WHERE v.n = r.n AND v.doc_id = r.doc_id AND v.path = r.path)
