//! When each field of an element was last written, as far as operations tell.
//!
//! The schema has one clock for all fields of an element. A live relay delivers operations in any
//! order; with that clock alone, the older of two operations that change different fields would be
//! lost.

use crate::error::Result;
use crate::id::DocId;
use crate::store::State;
use std::collections::BTreeMap;

/// The clocks of one element.
pub struct FieldClocks {
    /// For every field without a clock of its own.
    rest: i64,
    fields: BTreeMap<String, i64>,
    /// The recorded clocks no longer hold: something else has written to the element since.
    stale: bool,
}

impl FieldClocks {
    /// The clocks of an element, given the element's own clock.
    pub fn of(state: &State, doc: &DocId, element: &str, clock: i64) -> Result<FieldClocks> {
        let mut fields = state.element_clocks(doc, element)?;
        let rest = fields.remove("");
        match (rest, fields.values().max()) {
            (Some(rest), Some(last)) if *last == clock => {
                Ok(FieldClocks { rest, fields, stale: false })
            }
            _ => Ok(FieldClocks { rest: clock, fields: BTreeMap::new(), stale: true }),
        }
    }

    /// The latest time at which a field may have been written.
    pub fn last(&self, field: &str) -> i64 {
        self.fields.get(field).copied().unwrap_or(self.rest)
    }

    /// Records that some fields were written.
    pub fn note<'f>(
        &self,
        state: &State,
        doc: &DocId,
        element: &str,
        fields: impl Iterator<Item = &'f String>,
        clock: i64,
    ) -> Result<()> {
        if self.stale {
            state.forget_element_clocks(doc, element)?;
            state.put_element_clock(doc, element, "", self.rest)?;
        }
        for field in fields {
            state.put_element_clock(doc, element, field, clock)?;
        }
        Ok(())
    }
}
