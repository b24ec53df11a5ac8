//! A missing `crdtctl.db`. The documents do not need it, so the loss of what was local to the replica would
//! go unnoticed.

use super::check::{FileFinding, FileFix, LOST_STATE};
use super::layout::DATABASE;
use super::{Generation, Reader, Store, fs, replica};
use crate::error::{Next, Result};

impl Store {
    /// Returns a finding if the local state of this store is gone: the file is empty, or a lease of this
    /// machine says that we wrote to this very directory. `None` if there is a local state, or was none as
    /// far as anybody here can tell: a copy lacks nothing, and a database without tables is left by a command
    /// killed before it wrote anything.
    ///
    /// # Errors
    /// `Io`.
    pub fn lost_state(&self, reader: &Reader) -> Result<Option<FileFinding>> {
        let Generation::Files(dir) = &self.generation else { return Ok(None) };
        if reader.state().is_some() {
            return Ok(None);
        }
        let file = dir.join(DATABASE);
        if fs::is_file(&dir.join("crdtctl.db.damaged"))? {
            // Somebody has moved it aside, and knows.
            return Ok(None);
        }
        let written_as = replica::leases_of(dir, &self.environment.machine)?;
        let what = match (fs::is_file(&file)?, written_as.last()) {
            (true, None) if fs::size(&file)? > 0 => return Ok(None),
            (false, None) => return Ok(None),
            (true, _) => "is empty".to_owned(),
            (false, Some(replica)) => {
                let short: String = replica.chars().take(8).collect();
                format!("is gone, and this machine wrote here as replica {short}")
            }
        };
        Ok(Some(FileFinding {
            kind: &LOST_STATE,
            doc: None,
            detail: String::new(),
            message: format!(
                "{} {what}: restore it if there is a copy; the documents are complete without it, but \
                 the log, what others are known to have, lost values and the trash were in it, and the \
                 next write makes a new replica",
                file.display()
            ),
            fix: FileFix::Next(Next::SetMember),
        }))
    }
}
