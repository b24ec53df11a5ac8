//! Reads bytes as a bundle: it is refused as untrusted, or it is within every limit and can be verified,
//! written and read again.

#![no_main]

use crdtctl::concern;
use crdtctl::error::Kind;
use crdtctl::sync::Bundle;
use crdtctl::sync::verify::verify;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let bundle = match Bundle::read(bytes) {
        Ok(bundle) => bundle,
        Err(error) => {
            assert_eq!(error.kind, Kind::Untrusted, "{error}");
            return;
        }
    };
    if let Err(error) = verify(&bundle, concern::expected) {
        assert_eq!(error.kind, Kind::Untrusted, "{error}");
    }
    let mut again = Vec::new();
    bundle.write(&mut again).expect("what was read can be written");
    let again = Bundle::read(again.as_slice()).expect("what was written can be read");
    assert!(again.documents().eq(bundle.documents()));
});
