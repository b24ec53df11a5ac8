//! Every command line of the README and of the help texts works as it is written.
//!
//! `readme.rs` runs the README's blocks as one story, `help.rs` the examples of each page in a home of its
//! own; `home.rs` is where they run. Each line must end with exit code 0, unless a table names another one; a
//! failure inside a pipe counts. Lines that need a program which is not installed are skipped with a notice.

mod help;
mod home;
mod readme;
