-- What a command did, as its operations: one JSON object a line.

CREATE TABLE operations (
    seq        INTEGER PRIMARY KEY,
    operations TEXT NOT NULL
);
