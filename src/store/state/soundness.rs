//! Looks through all of `crdtctl.db`: SQLite says that it is damaged only to who reads the damaged part.

use super::State;
use super::fault::{QUICK, failed, found};
use crate::error::{Error, Result};

impl State {
    /// Looks at every page of the file, and `thoroughly` also whether each index fits its table, which takes
    /// about three times as long.
    ///
    /// # Errors
    /// `Corrupt` if something is damaged, whether or not a command comes across it; `Io` if it cannot be read.
    pub(in crate::store) fn examine(&self, thoroughly: bool) -> Result<()> {
        let sql = if thoroughly { "PRAGMA integrity_check(1)" } else { QUICK };
        let said = self.db.query_row(sql, [], |row| row.get::<_, String>(0));
        let said =
            said.map_err(|e| failed(&self.db, "could not look through the local state", e))?;
        match said.as_str() {
            "ok" => Ok(()),
            // The first line only names the database.
            fault => {
                let fault = fault.lines().find(|line| !line.starts_with("***")).unwrap_or(fault);
                Err(found(&self.db, sql, Error::corrupt("crdtctl.db is damaged").because(fault)))
            }
        }
    }
}
