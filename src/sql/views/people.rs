//! Entities and their members.

use super::shared::{ACKS, ENTITY};
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};

pub const ENTITIES: SqlView = SqlView {
    name: "entities",
    about: "an entity: a group, channel, project or organization",
    columns: &[
        ENTITY,
        text("entity_id", "the part of the id after the type"),
        text("entity_type", "group, channel, project or organization"),
        text("name", "its name"),
        text("description", "what it is for"),
        text("four_words", "its id if that is four words"),
        time("created_at", "when it was created"),
        text("created_by", "the member who created it"),
        text("website_root", "the BLAKE3 hash of the root of its website"),
        integer("members", "how many active members it has"),
        json("documents", "the concerns it has a document of"),
    ],
    filler: Filler::Store(|source, rows| {
        for entity in source.entity_summaries()? {
            rows.add(&entity)?;
        }
        Ok(())
    }),
};

pub const MEMBERS: SqlView = SqlView {
    name: "members",
    about: "a current or former member of an entity",
    columns: &[
        ENTITY,
        text("member_id", "the member's id"),
        text("role", "owner, admin, member, viewer or guest"),
        time("joined_at", "when the member joined"),
        time("updated_at", "when the record was last written"),
        flag("deleted", "the member was removed"),
        time("deleted_at", "when"),
        text("deleted_by", "by whom"),
        ACKS,
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for member in source.members(entity)?.iter() {
            rows.add_of(entity, member)?;
        }
        Ok(())
    }),
};
