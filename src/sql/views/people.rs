//! Entities and their members.

use super::shared::{ACKS, ENTITY};
use crate::sql::column::{flag, integer, json, text, time};
use crate::sql::view::{Filler, SqlView};

pub const ENTITIES: SqlView = SqlView {
    name: "entities",
    about: "an entity: a group, channel, project or organization",
    columns: &[
        ENTITY,
        text("entity_id", "the part of the id behind the type"),
        text("entity_type", "group, channel, project or organization"),
        text("name", "what people call it"),
        text("description", "what it is for"),
        text("four_words", "its id where that is four words"),
        time("created_at", "when it was made"),
        text("created_by", "the member who made it"),
        text("website_root", "the BLAKE3 hash of the root of its website"),
        integer("members", "how many active members it has"),
        json("documents", "the concerns of which it has a document"),
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
    about: "a member of an entity, or who was one",
    columns: &[
        ENTITY,
        text("member_id", "by which the member is known"),
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
