//! What an operation says of itself.

/// One operation as it is declared: its name, what a batch line of it holds, what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// Its name in batch lines and in the log.
    pub op: &'static str,
    /// Which entity it is about, and who says so.
    pub within: Within,
    /// The fields of a line, beside `op` and `entity`.
    pub takes: &'static [Argument],
    /// Whether its outcome names a record that others can refer to.
    pub creates: Creates,
    /// It can take a record out of its document for good, where nobody is waited for.
    pub deletes: bool,
}

/// Where an operation happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// In the entity of the line; the one that is meant elsewhere, where the line names none.
    Entity,
    /// In an entity that it makes, which the line must name.
    NewEntity,
    /// Its arguments say where.
    Anywhere,
}

/// Whether an operation makes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creates {
    /// It changes or deletes what is there.
    Never,
    /// It can; the outcome says whether it did.
    Sometimes,
    /// That is what it is for: the record's id is its answer.
    Record,
}

/// A field of a batch line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The key in the line's JSON object.
    pub name: &'static str,
    /// Whether a line without it is refused.
    pub required: bool,
    /// What becomes of its value before the operation is read.
    pub holds: Holds,
    /// What it is, where the name does not tell; may be empty.
    pub note: &'static str,
}

/// What a field of a batch line holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A name, a number, an object: `$1.id` in it is the id of an earlier line's record.
    Value,
    /// What people write, taken as it stands. `$1.id` in it is text: who makes lines out of what
    /// others wrote need not look for it.
    Prose,
    /// A time: Unix seconds, or as people write one.
    Time,
    /// Paths of files, which become `attachments`.
    Files,
}

impl Declaration {
    /// What is so unless a declaration says otherwise.
    pub(crate) const DEFAULT: Declaration = Declaration {
        op: "",
        within: Within::Entity,
        takes: &[],
        creates: Creates::Never,
        deletes: false,
    };

    /// The field with this name, if a line can have it. `op` and `entity` are none.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.takes.iter().find(|argument| argument.name == name)
    }

    /// Every name that a field of its lines can have, beside `op`.
    pub fn names(&self) -> Vec<&'static str> {
        let entity = (self.within != Within::Anywhere).then_some("entity");
        entity.into_iter().chain(self.takes.iter().map(|argument| argument.name)).collect()
    }
}

/// A field that a line must have.
pub(crate) const fn needs(name: &'static str) -> Argument {
    Argument { name, required: true, holds: Holds::Value, note: "" }
}

/// A field that a line may have.
pub(crate) const fn may(name: &'static str) -> Argument {
    Argument { required: false, ..needs(name) }
}

impl Argument {
    pub(crate) const fn prose(self) -> Argument {
        Argument { holds: Holds::Prose, ..self }
    }

    pub(crate) const fn time(self) -> Argument {
        Argument { holds: Holds::Time, note: "a time", ..self }
    }

    pub(crate) const fn files(self) -> Argument {
        Argument { holds: Holds::Files, ..self }
    }

    pub(crate) const fn note(self, note: &'static str) -> Argument {
        Argument { note, ..self }
    }
}

impl std::fmt::Display for Argument {
    /// `title`, `description?`, `attach? (files)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        if !self.required {
            f.write_str("?")?;
        }
        if !self.note.is_empty() {
            write!(f, " ({})", self.note)?;
        }
        Ok(())
    }
}
