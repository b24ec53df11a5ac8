//! Reads bytes like a user's file, in every known form: the same trial as in `tests/gate`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/gate/reading.rs"]
mod reading;

fuzz_target!(|bytes: &[u8]| {
    reading::read(bytes);
});
