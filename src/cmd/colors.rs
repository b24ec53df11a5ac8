use crate::ui::Color;

/// How urgent something is: what is ordinary does not stand out.
pub const PRIORITY: &[(&str, Color)] =
    &[("urgent", Color::Red), ("high", Color::Yellow), ("low", Color::Dim)];

/// How far an issue is.
pub const STATUS: &[(&str, Color)] = &[
    ("in-progress", Color::Cyan),
    ("done", Color::Green),
    ("canceled", Color::Dim),
    ("backlog", Color::Dim),
];
