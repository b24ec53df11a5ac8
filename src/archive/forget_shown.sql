-- Empties `records`, and the tables that follow it.
DELETE FROM records;
DELETE FROM archived_messages;
DELETE FROM reactions;
DELETE FROM attachments;
DELETE FROM cards;
DELETE FROM issues;
DELETE FROM comments;
DELETE FROM texts_fts;
