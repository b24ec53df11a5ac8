//! Bytes read as a user's file is, in every form that is known: the same trial as in `tests/gate`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/gate/reading.rs"]
mod reading;

fuzz_target!(|bytes: &[u8]| {
    reading::read(bytes);
});
