-- Lists of what is not put away show the archived cards and issues that somebody took up again before
-- they heard of the archive: few among very many.
CREATE INDEX IF NOT EXISTS versions_opened ON versions (doc_id) WHERE removed = 0 AND (CASE kind
    WHEN 'issue' THEN json_extract(record, '$.closed')
    WHEN 'card' THEN json_extract(record, '$.archived') ELSE 1 END) IS NOT 1;
