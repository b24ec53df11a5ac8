//! Directories of the user's, which are not in a store.

use crate::error::{Error, Result};
use crate::store::Store;
use std::path::Path;

/// Refuses a directory in a store, there already or not.
pub fn outside(dir: &Path) -> Result<()> {
    let made = std::path::absolute(dir)
        .map_err(|e| Error::io(format!("cannot write to {}", dir.display()), e))?;
    let there = made.ancestors().find(|around| around.is_dir());
    match there.map_or(Ok(false), |around| Store::owns(&around.join("x")))? {
        false => Ok(()),
        true => Err(Error::refused(format!("{} belongs to a store", dir.display()))
            .hint("name a directory outside of it")),
    }
}
