-- Archives travel: what a document's rows are, in the one order that all replicas have.

CREATE INDEX versions_as_a_set ON versions (doc_id, changed_at, version);
-- What hides versions says which item of the document was deleted, or is there in the place of what was
-- archived. Nothing archived of an item that was deleted is shown, and nothing from before the marker
-- that is of another item: whatever is archived later of the one that came back is.
CREATE INDEX versions_that_hide ON versions (doc_id, path) WHERE removed = 1;

DROP TRIGGER version_is_shown;
CREATE TRIGGER version_is_shown AFTER INSERT ON versions
WHEN NEW.removed = 0 AND NOT EXISTS (SELECT 1 FROM versions m WHERE
        m.doc_id = NEW.doc_id AND m.path = NEW.path AND m.removed = 1 AND CASE
        WHEN m.client <> NEW.client OR m.clock <> NEW.clock THEN m.changed_at >= NEW.changed_at
        ELSE m.record = '{"marker":"deleted"}' END
) AND NOT EXISTS (
    SELECT 1 FROM records r WHERE r.doc_id = NEW.doc_id AND r.path = NEW.path AND r.removed = 0
    AND (r.changed_at, r.size, r.version) > (NEW.changed_at, NEW.size, NEW.version)
) BEGIN
    DELETE FROM records WHERE doc_id = NEW.doc_id AND path = NEW.path;
    INSERT INTO records VALUES (NEW.doc_id, NEW.path, NEW.n, NEW.kind, NEW.id, NEW.parent,
        NEW.created_at, NEW.changed_at, NEW.client, NEW.clock, NEW.removed, NEW.size, NEW.version,
        0);
END;
-- It can hide what is shown now: the latest of all that it does not hide is shown then.
CREATE TRIGGER version_hides AFTER INSERT ON versions WHEN NEW.removed = 1 BEGIN
    DELETE FROM records WHERE doc_id = NEW.doc_id AND path = NEW.path;
    INSERT INTO records
        SELECT doc_id, path, n, kind, id, parent, created_at, changed_at, client, clock, removed,
            size, version, 0
        FROM versions v WHERE v.doc_id = NEW.doc_id AND v.path = NEW.path
        AND (v.removed = 1 OR NOT EXISTS (SELECT 1 FROM versions m WHERE
        m.doc_id = v.doc_id AND m.path = v.path AND m.removed = 1 AND CASE
        WHEN m.client <> v.client OR m.clock <> v.clock THEN m.changed_at >= v.changed_at
        ELSE m.record = '{"marker":"deleted"}' END))
        ORDER BY removed, changed_at DESC, size DESC, version DESC LIMIT 1;
END;
DROP TRIGGER version_is_void;
-- What never counted is gone: the version before it is shown again.
CREATE TRIGGER version_is_void AFTER DELETE ON versions BEGIN
    DELETE FROM records WHERE doc_id = OLD.doc_id AND path = OLD.path;
    INSERT INTO records
        SELECT doc_id, path, n, kind, id, parent, created_at, changed_at, client, clock, removed,
            size, version, 0
        FROM versions v WHERE v.doc_id = OLD.doc_id AND v.path = OLD.path
        AND (v.removed = 1 OR NOT EXISTS (SELECT 1 FROM versions m WHERE
        m.doc_id = v.doc_id AND m.path = v.path AND m.removed = 1 AND CASE
        WHEN m.client <> v.client OR m.clock <> v.clock THEN m.changed_at >= v.changed_at
        ELSE m.record = '{"marker":"deleted"}' END))
        ORDER BY removed, changed_at DESC, size DESC, version DESC LIMIT 1;
END;
