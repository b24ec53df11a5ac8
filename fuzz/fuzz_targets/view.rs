//! Bytes read as a document without yrs: whatever walks can be looked at, whatever is checked can be
//! shown.

#![no_main]

use crdtctl::crdt::update::Update;
use crdtctl::crdt::value::Source;
use crdtctl::crdt::view::View;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
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
        view.typed(&root);
        assert!(view.value(&[&root]).is_some());
        for key in view.keys(&[&root]) {
            assert!(view.value(&[&root, &key]).is_some());
        }
    }
    assert!(checked.fork(&checked).is_none());
});
