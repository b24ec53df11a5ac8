//! The board, the issues, the canvas.

use super::shared::{ACKS, ENTITY};
use crate::sql::column::{flag, integer, json, number, text, time};
use crate::sql::view::{Filler, SqlView};
use serde_json::json as object;

pub const CARDS: SqlView = SqlView {
    name: "cards",
    about: "a card, archived ones included",
    columns: &[
        ENTITY,
        text("id", "its id"),
        text("title", "its title"),
        text("description", "its description"),
        text("column_id", "the column it names"),
        text("assignee_id", "who it is assigned to; empty if nobody"),
        text("priority", "urgent, high, medium or low"),
        time("created_at", "when it was created"),
        time("updated_at", "when it was last changed or moved"),
        flag("archived", "it was archived"),
        time("archived_at", "when"),
        ACKS,
        text("column", "the title of its column; null if that is gone"),
        flag("in_archive", "it is in the archive, no longer in its document"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for card in source.cards(entity)?.iter() {
            rows.add_of(entity, card)?;
        }
        Ok(())
    }),
};

pub const COLUMNS: SqlView = SqlView {
    name: "columns",
    about: "a column of the board, in its order",
    columns: &[
        ENTITY,
        text("id", "the id that cards name"),
        text("title", "its title"),
        integer("order", "its place on the board: write \"order\""),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for column in source.columns(entity)? {
            let row = object!({"id": column.id, "title": column.title, "order": column.order});
            rows.add_of(entity, &row)?;
        }
        Ok(())
    }),
};

pub const ISSUES: SqlView = SqlView {
    name: "issues",
    about: "an issue, closed ones included",
    columns: &[
        ENTITY,
        text("id", "its id"),
        text("title", "its title"),
        text("description", "its description"),
        text("status", "backlog, todo, in-progress, done or canceled"),
        text("priority", "urgent, high, medium or low"),
        text("assignee_id", "who it is assigned to; empty if nobody"),
        text("reporter_id", "who opened it"),
        time("created_at", "when it was opened"),
        time("updated_at", "when title or description was last changed"),
        time("status_updated_at", "when the status last changed"),
        time("priority_updated_at", "when the priority last changed"),
        time("assignee_updated_at", "when its assignee last changed"),
        flag("closed", "it was closed"),
        time("closed_at", "when"),
        ACKS,
        flag("in_archive", "it is in the archive, no longer in its document"),
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for issue in source.issues(entity)?.iter() {
            rows.add_of(entity, issue)?;
        }
        Ok(())
    }),
};

pub const COMMENTS: SqlView = SqlView {
    name: "comments",
    about: "a comment on an issue, deleted ones included",
    columns: &[
        ENTITY,
        text("issue_id", "the issue"),
        text("id", "the comment's id"),
        text("author_id", "the member who wrote it"),
        text("content", "the text"),
        time("created_at", "when"),
        time("updated_at", "when it was last edited"),
        flag("deleted", "it was deleted"),
        time("deleted_at", "when"),
        ACKS,
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for issue in source.issues(entity)?.iter() {
            for comment in &issue.comments {
                rows.add_with(entity, ("issue_id", &issue.id), comment)?;
            }
        }
        Ok(())
    }),
};

pub const ELEMENTS: SqlView = SqlView {
    name: "elements",
    about: "an element of the canvas, deleted ones included, the lowest first",
    columns: &[
        ENTITY,
        text("id", "its id"),
        text("element_type", "text, image, chart or shape"),
        number("x", "the left edge"),
        number("y", "the top edge, growing downward"),
        number("width", "in units of the canvas"),
        number("height", "in units of the canvas"),
        number("rotation", "in radians, clockwise about the centre"),
        number("z_index", "greater is on top"),
        json("data", "the rest of its content"),
        time("created_at", "when it was created"),
        time("updated_at", "when any of its fields was last changed"),
        flag("deleted", "it was deleted"),
        time("deleted_at", "when"),
        ACKS,
    ],
    filler: Filler::Entity(|source, entity, rows| {
        for element in source.elements(entity)?.iter() {
            rows.add_of(entity, element)?;
        }
        Ok(())
    }),
};
