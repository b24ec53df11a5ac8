-- A record of the trash is found by its former id: the end of its path.
CREATE INDEX trash_by_id ON trash (CASE WHEN json_valid(path) THEN json_extract(path, '$[#-1]') END);
