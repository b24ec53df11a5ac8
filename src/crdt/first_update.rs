//! An update that is the document's whole content.

use super::view::View;
use crate::parallel;
use crate::wire::{Checked, CheckedBytes, SharedBytes, Update};
use std::rc::Rc;

/// An update that yrs would return unchanged, except for how it is cut into blocks. An empty document can
/// adopt it without asking yrs.
pub struct FirstUpdate {
    /// The update.
    pub state: CheckedBytes<SharedBytes>,
    /// Its view.
    pub view: Rc<View>,
}

impl FirstUpdate {
    /// Returns an update's view if it is a first update: yrs accepts all of it, it needs nothing, and all its
    /// content is live. That of a large one knows its sum, which is worked out beside what else is done with
    /// the update.
    pub(super) fn view_of(update: &Update<'_, Checked>) -> Option<View> {
        if update.beyond().is_some() || update.is_complete().is_err() {
            return None;
        }
        let view = View::read_settled(update)?;
        if parallel::pays(update.bytes().len()) {
            view.sum();
        }
        Some(view)
    }

    pub(super) fn of(update: &Update<'_, Checked>, view: View) -> FirstUpdate {
        FirstUpdate { state: update.to_checked_bytes(), view: Rc::new(view) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::doc::Doc;
    use crate::crdt::testing::{assert_same, random_world, shown_by_view, state, view};
    use crate::wire;

    /// What yrs makes of an update in an empty document.
    fn given_to_yrs(update: &Update<'_, Checked>) -> Vec<u8> {
        let mut doc = Doc::new(1);
        doc.apply(update).unwrap();
        doc.encode().unwrap().0
    }

    /// Tests states as replicas write them, and joined updates that nobody merged. yrs changes the latter,
    /// because what one of them overwrites is live in another.
    #[test]
    fn what_arrives_is_what_yrs_would_make_of_it() {
        let (mut arrived, mut others) = (0, 0);
        for seed in 0..300 {
            let (mut rng, world) = random_world(seed, 24);
            let some = rng.below(world.updates.len()).saturating_add(1);
            let some = world.updates.iter().take(some);
            let parts = some.map(|bytes| Update::checked(bytes, &[]));
            let parts: Vec<_> = parts.collect::<Result<_, _>>().unwrap();
            let joined = wire::merge(&parts);
            let states = world.docs.iter().chain([&world.all()]).map(state).collect::<Vec<_>>();
            for bytes in states.iter().chain(&joined) {
                let update = Update::checked(bytes, &[]).unwrap();
                if update.beyond().is_some() || update.is_complete().is_err() {
                    assert!(FirstUpdate::view_of(&update).is_none());
                    continue;
                }
                let by_yrs = given_to_yrs(&update);
                let same = Update::walk(&by_yrs).unwrap().version() == update.version();
                let Some(shown) = FirstUpdate::view_of(&update) else {
                    others += 1;
                    continue;
                };
                arrived += 1;
                assert!(same, "seed {seed}: yrs deletes more, or less");
                let context = format!("seed {seed}");
                assert_same(&shown_by_view(&shown), &shown_by_view(&view(&by_yrs)), &context);
                let again = Update::checked(&by_yrs, &[]).unwrap();
                assert!(
                    FirstUpdate::view_of(&again).is_some(),
                    "seed {seed}: what yrs wrote arrives"
                );
            }
        }
        assert!(arrived > 300 && others > 100, "{arrived} arrived, {others} did not");
    }
}
