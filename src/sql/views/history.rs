//! What was deleted, what lost, who was heard of, what was done.

use super::shared::ENTITY;
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};
use serde_json::json as object;
use std::collections::BTreeSet;

pub const TOMBSTONES: SqlView = SqlView {
    name: "tombstones",
    about: "a deleted record that is still in its document",
    columns: &[
        ENTITY,
        text("doc", "the document"),
        text("kind", "what such a record is called"),
        text("id", "of the record"),
        time("deleted_at", "when it was deleted"),
        text("deleted_by", "by whom, where records of this kind say so"),
        json("acknowledged", "member → when it acknowledged the deletion"),
        integer("acknowledgements", "how many have"),
        json("waiting_for", "the active members that have not"),
        json("last_heard", "when each of those was last heard of"),
        time("silent_since", "since when the most silent of them is"),
        flag("prunable", "it may leave its document"),
        integer("bytes", "what it takes in the document"),
    ],
    filler: Filler::Store(|source, rows| {
        for record in source.tombstones()?.iter() {
            rows.add_of_document(&record.doc, record)?;
        }
        Ok(())
    }),
};

pub const ACKNOWLEDGEMENTS: SqlView = SqlView {
    name: "acknowledgements",
    about: "a member and a deletion that it has acknowledged, or that waits for it",
    columns: &[
        ENTITY,
        text("doc", "the document"),
        text("kind", "what such a record is called"),
        text("id", "of the deleted record"),
        text("member_id", "who"),
        time("acknowledged_at", "when; null where not yet"),
        flag("waited_for", "the record stays because of this member"),
    ],
    filler: Filler::Store(|source, rows| {
        for record in source.tombstones()?.iter() {
            let waiting = &record.waiting_for;
            let members: BTreeSet<&String> = record.acknowledged.keys().chain(waiting).collect();
            for member in members {
                let row = object!({
                    "doc": record.doc,
                    "kind": record.kind,
                    "id": record.id,
                    "member_id": member,
                    "acknowledged_at": record.acknowledged.get(member),
                    "waited_for": waiting.contains(member),
                });
                rows.add_of_document(&record.doc, &row)?;
            }
        }
        Ok(())
    }),
};

pub const CONFLICTS: SqlView = SqlView {
    name: "conflicts",
    about: "a value that lost a merge, the latest first",
    columns: &[
        ENTITY,
        integer("number", "by which it is known"),
        time("at", "when it was decided"),
        text("doc", "the document that was merged"),
        text("kind", "what the record is called"),
        text("id", "of the record"),
        text("field", "the field, its steps joined by dots"),
        json("path", "the way to the field from its root"),
        text("rule", "later, greater, unclocked, deleted, pruned, replaced or orphaned"),
        json("winner", "what stood there after the merge"),
        time("winner_at", "when it was written"),
        text("winner_by", "whose bundle it came in; null for what was here"),
        json("loser", "what lost"),
        time("loser_at", "when it was written"),
        text("loser_by", "whose bundle it came in; null for what was here"),
        time("restored_at", "when it was written again"),
    ],
    filler: Filler::Store(|source, rows| {
        for lost in source.conflicts()? {
            rows.add_of_document(&lost.doc, &lost)?;
        }
        Ok(())
    }),
};

pub const PEERS: SqlView = SqlView {
    name: "peers",
    about: "another replica that was heard of",
    columns: &[
        text("replica_id", "the replica"),
        text("member", "the member whose it is"),
        time("last_seen", "when its last bundle was made"),
        text("last_bundle", "the id of that"),
        text("succeeded_by", "the replica as which it goes on"),
    ],
    filler: Filler::Store(|source, rows| {
        for peer in source.peers()? {
            rows.add(&peer)?;
        }
        Ok(())
    }),
};

pub const LOG: SqlView = SqlView {
    name: "log",
    about: "a command that changed a document, the newest last",
    columns: &[
        integer("seq", "its number"),
        time("at", "when"),
        text("member", "who acted"),
        text("command", "its words"),
        json("documents", "the documents that it changed"),
        integer("operations", "how many operations it ran"),
        json("from", "whose logs its updates came out of: write \"from\""),
        integer("bytes", "of its updates"),
    ],
    filler: Filler::Store(|source, rows| {
        for command in source.log()? {
            rows.add(&command)?;
        }
        Ok(())
    }),
};
