//! Undo and redo: the timeline of this replica's operations on a canvas.
//!
//! Undoing is a new edit, so it merges like any other. An operation that somebody else has built on is
//! undone only with `force`. A deleted element is recreated under a new id: a deleted id never comes
//! back, since other replicas may be pruning it right now.

use super::element::{FieldChanges, FoundElement};
use super::fields::{self, ElementFields};
use super::{ElementDone, SPEC, put, remove, rewrite};
use crate::concern::{Actor, Outcome};
use crate::error::{Error, Hint, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::{Session, UndoStep};
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// The most characters of a value that a sentence shows.
const SHOWN: usize = 60;

/// Undoes the last operation of this replica on a canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// The group, channel, project or organization whose canvas it is; each canvas has its own
    /// timeline.
    pub entity: EntityId,
    /// Even if somebody has built on it.
    #[serde(default)]
    pub force: bool,
}

/// Redoes what was undone last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redo {
    /// The group, channel, project or organization whose canvas it is; each canvas has its own
    /// timeline.
    pub entity: EntityId,
    /// Even if somebody has built on it.
    #[serde(default)]
    pub force: bool,
}

impl Undo {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        travel(session, &self.entity, self.force, Way::Back)
    }
}

impl Redo {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        travel(session, &self.entity, self.force, Way::Forth)
    }
}

/// The direction along the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    Forth,
}

impl Way {
    fn verb(self) -> &'static str {
        if self == Way::Back { "undo" } else { "redo" }
    }

    fn past(self) -> &'static str {
        if self == Way::Back { "undid" } else { "redid" }
    }

    /// Of a pair of before and after: the value now, and the value wanted.
    fn ends(self, (before, after): (Json, Json)) -> (Json, Json) {
        match self {
            Way::Back => (after, before),
            Way::Forth => (before, after),
        }
    }
}

fn travel(session: &mut Session, entity: &EntityId, force: bool, way: Way) -> Result<Outcome> {
    let actor = Actor::of(session, entity)?.writing()?;
    let doc = entity.document(SPEC.name);
    let Some(step) = session.state().next_step(&doc, way == Way::Forth)? else {
        let mut outcome = Outcome::unchanged(doc, "").saying(format!("nothing to {}", way.verb()));
        outcome.id = None;
        return Ok(outcome);
    };
    let changes: FieldChanges = serde_json::from_str(&step.changes).map_err(|e| {
        Error::corrupt("a step of the canvas timeline is not valid JSON").because(e)
    })?;
    let journey = Journey { entity, actor: &actor, doc, step, changes, way, force };
    let arrived = match (journey.step.verb.as_str(), way) {
        ("add", Way::Forth) | ("delete", Way::Back) => journey.put_back(session)?,
        ("add", Way::Back) | ("delete", Way::Forth) => journey.take_away(session)?,
        _ => journey.rewrite(session)?,
    };
    session.state().mark_step(journey.step.id, way == Way::Back)?;
    Ok(journey.tell(arrived))
}

/// One step along the timeline.
struct Journey<'j> {
    entity: &'j EntityId,
    actor: &'j Actor,
    doc: DocId,
    step: UndoStep,
    changes: FieldChanges,
    way: Way,
    force: bool,
}

/// The result.
enum Arrived {
    /// The element now has another id.
    Anew(ElementDone),
    Changed(ElementDone),
    /// There was nothing to do.
    Already(&'static str),
}

impl Journey<'_> {
    /// Recreates the whole element under a new id.
    fn put_back(&self, session: &mut Session) -> Result<Arrived> {
        let done = put(session, self.entity, self.actor, self.goal()?)?;
        session.state().replace_element(&self.doc, &self.step.element, &done.id)?;
        session.state().mark_element(&self.doc, &done.id, done.clock)?;
        Ok(Arrived::Anew(done))
    }

    fn take_away(&self, session: &mut Session) -> Result<Arrived> {
        let found = FoundElement::at(session, &self.doc, &self.step.element)?;
        let Some(element) = found.filter(|element| !element.is_deleted()) else {
            return Ok(Arrived::Already("it is already deleted"));
        };
        if element.clock() != self.step.clock && !self.force {
            return Err(self.built_on("it was changed since"));
        }
        remove(session, self.entity, self.actor, &element).map(Arrived::Changed)
    }

    fn rewrite(&self, session: &mut Session) -> Result<Arrived> {
        let found = FoundElement::at(session, &self.doc, &self.step.element)?;
        let Some(element) = found.filter(|element| !element.is_deleted()) else {
            return match self.force {
                true => Ok(Arrived::Already("it is deleted, so the step is skipped")),
                false => Err(self.built_on("it was deleted since")),
            };
        };
        for (name, pair) in &self.changes {
            let (expected, _) = self.way.ends(pair.clone());
            let value =
                fields::typed(name, &expected).unwrap_or_else(|_| Value::from_json(&expected));
            if !self.force && !element.shows(name, value.as_ref()) {
                let is = fields::json(&element.record, name);
                return Err(self.built_on(&format!("{name} is {is} now, not {expected}")));
            }
        }
        Ok(match rewrite(session, self.entity, self.actor, &element, self.goal()?)? {
            Some(done) => Arrived::Changed(done),
            None => Arrived::Already("it already has these values"),
        })
    }

    /// The values that the fields must get; `None` for a key to remove.
    fn goal(&self) -> Result<ElementFields> {
        let value = |(name, pair): (&String, &(Json, Json))| {
            let (_, goal) = self.way.ends(pair.clone());
            let value = match goal {
                Json::Null => None,
                // A value from another program may not have the schema's type.
                goal => fields::typed(name, &goal).unwrap_or_else(|_| Value::from_json(&goal)),
            };
            Ok((name.clone(), value))
        };
        self.changes.iter().map(value).collect()
    }

    fn built_on(&self, why: &str) -> Error {
        let UndoStep { verb, element, .. } = &self.step;
        Error::refused(format!("somebody built on the {verb} of {element}: {why}"))
            .because("undoing it would undo their work too")
            .hint(
                Hint::from("look with ")
                    .next(Next::Element(element.to_owned()))
                    .and("; ")
                    .next(Next::Insist(self.way.verb()))
                    .and(" insists"),
            )
    }

    fn tell(&self, arrived: Arrived) -> Outcome {
        let (way, verb) = (self.way, self.step.verb.as_str());
        let done = match arrived {
            Arrived::Already(why) => {
                return Outcome::unchanged(self.doc.clone(), &self.step.element)
                    .saying(format!("{verb} of {}: {why}", self.step.element));
            }
            Arrived::Anew(done) => {
                let sentence = format!(
                    "{} the {verb} of {}: it is back as {}",
                    way.past(),
                    self.step.element,
                    done.id
                );
                let outcome = Outcome::created(self.doc.clone(), &done.id);
                return outcome.saying(sentence).with(way.past(), self.account(&done));
            }
            Arrived::Changed(done) => done,
        };
        let mut what: Vec<String> = Vec::new();
        if !matches!(verb, "add" | "delete") {
            let said = |value: &Json| match value {
                Json::Null => "nothing".to_owned(),
                value => value.to_string().chars().take(SHOWN).collect(),
            };
            let arrow = |(name, (old, new)): (&String, &(Json, Json))| {
                format!("{name} {} → {}", said(old), said(new))
            };
            what = done.changes.iter().map(arrow).collect();
        }
        let colon = if what.is_empty() { "" } else { ": " };
        let what = what.join(", ");
        Outcome::changed(self.doc.clone(), &done.id)
            .saying(format!("{} the {verb} of {}{colon}{what}", way.past(), done.id))
            .with(way.past(), self.account(&done))
            .pruning(done.pruned)
    }

    /// For programs: which step it was, and what it changed.
    fn account(&self, done: &ElementDone) -> Json {
        let fields: Map<String, Json> = done
            .changes
            .iter()
            .map(|(name, (old, new))| (name.clone(), json!({"old": old, "new": new})))
            .collect();
        json!({
            "verb": self.step.verb, "element_id": self.step.element, "at": self.step.at,
            "member": self.step.member, "fields": fields,
        })
    }
}
