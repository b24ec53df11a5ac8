//! Sync by file: bundles out, bundles in, and what each peer is known to have.

pub mod bundle;
pub mod manifest;
