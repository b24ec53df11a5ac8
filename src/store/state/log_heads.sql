-- How far the log goes for each document and origin is found without reading its rows.
CREATE INDEX log_by_origin ON log (doc_id, origin_replica, seq);
CREATE INDEX log_by_origin_seq ON log (doc_id, origin_replica, origin_seq)
    WHERE origin_replica IS NOT NULL;
