//! Reports about documents, read from their bytes without yrs.
//!
//! [`size`] accounts for every byte of a file, [`tree`] shows the shape of the live content, [`blocks`] the
//! raw blocks. [`jsonpath`] selects values from a document, [`diff`] compares two, [`explain`] describes an
//! update, [`steps`] and [`blame`] show who wrote what and when, [`anonymize`] makes a copy without what
//! people wrote, [`picture`] draws a canvas. Content that rule 1 of the gate excludes (XML, formats,
//! sub-documents of other programs) can still be measured and shown block by block.

pub mod accounting;
pub mod anonymize;
pub mod blame;
pub mod blocks;
pub mod diff;
mod earliest;
pub mod explain;
pub mod jsonpath;
pub mod path;
pub mod picture;
pub mod size;
pub mod steps;
pub mod touched;
pub mod tree;
pub mod twice;
mod why;

#[cfg(test)]
mod tests;
