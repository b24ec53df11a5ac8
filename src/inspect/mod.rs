//! Looking at documents: what differs between two, and a copy without what people wrote.

pub mod anonymize;
pub mod diff;
