//! Reads bytes as a document without yrs: what can be walked can be inspected, what passes the check can be
//! shown, and what is salvaged of the rest is a document.

#![no_main]

use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::gate::storable;
use crdtctl::wire::{Salvage, Update};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let nothing = Update::checked(&[0, 0], &[]).expect("nothing");
    if let Some(part) = Salvage::read(bytes).joining(&nothing, &[]) {
        storable(&part).expect("what was salvaged may be stored");
    }
    let Ok(walked) = Update::walk(bytes) else { return };
    for (_, blocks) in walked.clients() {
        for block in blocks {
            walked.header(block);
            walked.content(block);
        }
    }
    walked.version();
    let Ok(checked) = walked.check(&[]) else { return };
    let view = View::of(&checked);
    view.digest();
    for root in view.roots() {
        let _ = serde_json::to_writer(std::io::sink(), &view.typed(&root));
        assert!(view.value(&[&root]).is_some());
        for key in view.keys(&[&root]) {
            assert!(view.value(&[&root, &key]).is_some());
        }
    }
    assert!(checked.fork(&checked).is_none());
});
