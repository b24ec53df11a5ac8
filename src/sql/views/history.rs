//! History: deletions, lost values, peers, commands.

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
        text("kind", "the kind of record"),
        text("id", "the record's id"),
        time("deleted_at", "when it was deleted"),
        text("deleted_by", "by whom, if records of this kind say so"),
        json("acknowledged", "member → when it acknowledged the deletion"),
        integer("acknowledgements", "how many have"),
        json("waiting_for", "the active members who have not"),
        json("last_heard", "when each of them was last heard from"),
        time("silent_since", "when the longest-silent of them was last heard from"),
        flag("prunable", "it may be pruned from its document"),
        integer("bytes", "its size in the document"),
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
    about: "a deletion that a member has acknowledged, or has yet to",
    columns: &[
        ENTITY,
        text("doc", "the document"),
        text("kind", "the kind of record"),
        text("id", "the deleted record's id"),
        text("member_id", "who"),
        time("acknowledged_at", "when; null if not yet"),
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
        integer("number", "its number"),
        time("at", "when it was decided"),
        text("doc", "the document that was merged"),
        text("kind", "the kind of record"),
        text("id", "the record's id"),
        text("field", "the field, its steps joined by dots"),
        json("path", "the path to the field from its root"),
        text("rule", "later, greater, unclocked, deleted, pruned, replaced or orphaned"),
        json("winner", "the value after the merge"),
        time("winner_at", "when it was written"),
        text("winner_by", "whose bundle brought it; null if it was already here"),
        json("loser", "the value that lost"),
        time("loser_at", "when it was written"),
        text("loser_by", "whose bundle brought it; null if it was already here"),
        time("restored_at", "when it was restored"),
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
    about: "another replica that was heard from",
    columns: &[
        text("replica_id", "the replica"),
        text("member", "its member"),
        time("last_seen", "when its last bundle was made"),
        text("last_bundle", "the id of that bundle"),
        text("succeeded_by", "the replica that continues it"),
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
        text("command", "the name of the command"),
        json("documents", "the documents it changed"),
        integer("operations", "how many operations it ran"),
        json("from", "whose logs its updates came from: write \"from\""),
        integer("bytes", "the size of its updates"),
    ],
    filler: Filler::Store(|source, rows| {
        for command in source.log()? {
            rows.add(&command)?;
        }
        Ok(())
    }),
};
