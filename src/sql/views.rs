//! All views.

mod chat;
mod disk;
mod history;
mod people;
mod shared;
mod storage;
mod work;

use super::view::SqlView;

/// Every view, in the order in which they are listed and filled.
pub(super) const VIEWS: &[&SqlView] = &[
    &people::ENTITIES,
    &people::MEMBERS,
    &chat::MESSAGES,
    &chat::MESSAGES_FTS,
    &chat::THREADS,
    &chat::REACTIONS,
    &chat::ATTACHMENTS,
    &work::CARDS,
    &work::COLUMNS,
    &work::ISSUES,
    &work::COMMENTS,
    &work::ELEMENTS,
    &disk::FILES,
    &history::TOMBSTONES,
    &history::ACKNOWLEDGEMENTS,
    &history::CONFLICTS,
    &history::PEERS,
    &history::LOG,
    &storage::DOCUMENTS,
    &storage::SIZES,
];

/// Returns every view, in the order in which they are listed.
pub fn views() -> &'static [&'static SqlView] {
    VIEWS
}

/// Returns the view with this name, ignoring case.
pub(super) fn named(name: &str) -> Option<&'static SqlView> {
    VIEWS.iter().find(|view| view.name.eq_ignore_ascii_case(name)).copied()
}

/// Returns whether the name of a view occurs in a query as a word.
pub(super) fn mentions(sql: &str, view: &SqlView) -> bool {
    let words = sql.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.into_iter().any(|word| word.eq_ignore_ascii_case(view.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern::{canvas, core, issues, kanban};
    use crate::schema::{Collection, FieldKind};
    use crate::sql::column::SqlType;

    /// The columns of a view of records are the fields of the schema, each with its type.
    #[test]
    fn records_have_the_fields_of_their_schema() {
        let views: [(&SqlView, &Collection); 7] = [
            (&people::MEMBERS, &core::MEMBERS),
            (&chat::MESSAGES, &crate::concern::chat::MESSAGES),
            (&chat::THREADS, &crate::concern::chat::THREADS),
            (&work::CARDS, &kanban::CARDS),
            (&work::ISSUES, &issues::ISSUES),
            (&work::COMMENTS, &issues::COMMENTS),
            (&work::ELEMENTS, &canvas::ELEMENTS),
        ];
        for (view, of) in views {
            // Nested records have views of their own.
            let own =
                of.fields.iter().filter(|field| !["comments", "replies"].contains(&field.name));
            for field in own {
                let column = view.columns.iter().find(|column| column.name == field.name);
                let found = column.map(|column| column.kind);
                let expected = match field.kind {
                    FieldKind::Text | FieldKind::SharedText => SqlType::Text,
                    FieldKind::Time => SqlType::Time,
                    FieldKind::Flag => SqlType::Flag,
                    FieldKind::Number => SqlType::Number,
                    FieldKind::Cache if field.name.ends_with("_at") => SqlType::Time,
                    FieldKind::Cache => SqlType::Integer,
                    _ => SqlType::Json,
                };
                assert_eq!(found, Some(expected), "{}.{}", view.name, field.name);
            }
        }
    }

    #[test]
    fn names_are_unique_and_explained() {
        let mut names: Vec<&str> = VIEWS.iter().map(|view| view.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VIEWS.len());
        for view in VIEWS {
            let mut columns: Vec<&str> = view.columns.iter().map(|column| column.name).collect();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), view.columns.len(), "{}", view.name);
            assert!(!view.about.is_empty() && view.columns.iter().all(|c| !c.about.is_empty()));
        }
    }
}
