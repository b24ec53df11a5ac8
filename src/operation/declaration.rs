//! The declaration of an operation.

/// An operation's name, the fields of its batch line, and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// Its name in batch lines and in the log.
    pub op: &'static str,
    /// Which entity it applies to, and how that is given.
    pub within: Within,
    /// The fields of a line besides `op` and `entity`.
    pub takes: &'static [Argument],
    /// Whether its outcome names a record that later lines can refer to.
    pub creates: Creates,
    /// Whether it can remove a record from its document for good, when no acknowledgement is missing.
    pub deletes: bool,
}

/// Where an operation applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// In the entity of the line, or the default one if the line names none.
    Entity,
    /// In an entity that it creates, which the line must name.
    NewEntity,
    /// Its arguments say where.
    Anywhere,
}

/// Whether an operation creates a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creates {
    /// It changes or deletes existing records.
    Never,
    /// It can; the outcome says whether it did.
    Sometimes,
    /// It always does, and returns the record's id.
    Record,
}

/// A field of a batch line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// The key in the line's JSON object.
    pub name: &'static str,
    /// Whether a line without it is refused.
    pub required: bool,
    /// How its value is treated before the operation is read.
    pub holds: Holds,
    /// A description, if the name is not enough; may be empty.
    pub note: &'static str,
}

/// The kind of value in a field of a batch line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A name, a number, an object; `$1.id` in it is replaced by the id of an earlier line's record.
    Value,
    /// Text, taken literally: `$1.id` in it is not replaced, so a program that builds lines from other
    /// people's text need not escape it.
    Prose,
    /// A time: Unix seconds, or any form that people write.
    Time,
    /// Paths of files, which become `attachments`.
    Files,
}

impl Declaration {
    /// The defaults of a declaration.
    pub(crate) const DEFAULT: Declaration = Declaration {
        op: "",
        within: Within::Entity,
        takes: &[],
        creates: Creates::Never,
        deletes: false,
    };

    /// The field with this name, if a line can have it; never `op` or `entity`.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.takes.iter().find(|argument| argument.name == name)
    }

    /// All possible field names of its lines, except `op`.
    pub fn names(&self) -> Vec<&'static str> {
        let entity = (self.within != Within::Anywhere).then_some("entity");
        entity.into_iter().chain(self.takes.iter().map(|argument| argument.name)).collect()
    }
}

/// A required field.
pub(crate) const fn needs(name: &'static str) -> Argument {
    Argument { name, required: true, holds: Holds::Value, note: "" }
}

/// An optional field.
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
