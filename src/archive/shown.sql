-- The version of each record that `versions` says is shown, for the statement that follows.
WITH shown AS (
    SELECT v.* FROM (SELECT DISTINCT doc_id, path FROM versions) p
    CROSS JOIN versions v ON v.n = (
        SELECT w.n FROM versions w WHERE w.doc_id = p.doc_id AND w.path = p.path
        AND (w.removed = 1 OR NOT EXISTS (SELECT 1 FROM versions m WHERE
        m.doc_id = w.doc_id AND m.path = w.path AND m.removed = 1 AND CASE
        WHEN m.client <> w.client OR m.clock <> w.clock THEN m.changed_at >= w.changed_at
        ELSE m.record = '{"marker":"deleted"}' END))
        -- With the + by the path, not through all of a document in its order.
        ORDER BY w.removed, +w.changed_at DESC, w.size DESC, w.version DESC LIMIT 1)
)
