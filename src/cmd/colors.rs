use crate::ui::Color;

/// Colours of priorities; the ordinary one has none.
pub const PRIORITY: &[(&str, Color)] =
    &[("urgent", Color::Red), ("high", Color::Yellow), ("low", Color::Dim)];

/// Colours of issue statuses.
pub const STATUS: &[(&str, Color)] = &[
    ("in-progress", Color::Cyan),
    ("done", Color::Green),
    ("canceled", Color::Dim),
    ("backlog", Color::Dim),
];
