//! Filters by member that name nobody.

use super::Context;
use crate::cmd::failure;
use crate::error::Next;
use crate::id::EntityId;
use crate::query::member;
use crate::store::Reader;

impl Context {
    /// Notes that a filter by member found nothing because it names nobody: no member, and none who left. An
    /// empty name stands for no member, and is no mistake.
    pub fn note_stranger(
        &self,
        reader: &Reader,
        entity: &EntityId,
        wanted: Option<&str>,
        found: usize,
    ) {
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty() && found == 0) else { return };
        let Ok(members) = member::list(reader, entity, true) else { return };
        if !members.iter().any(|member| member.member_id.starts_with(wanted)) {
            let next = Next::Members { all: true, entity: None }.and(" shows them");
            self.note(format!("no member {wanted:?}; {}", failure::hint(&next)));
        }
    }
}
