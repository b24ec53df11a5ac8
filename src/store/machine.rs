//! The machine that a store is used on, as the store sees it.

use crate::clock::{Clock, Ids};
use std::path::PathBuf;
use std::time::Duration;

/// What the machine around a store is like.
pub struct Machine {
    /// What time it is; a fixed one in tests.
    pub clock: Clock,
    /// Where new ids and client ids come from: chance, or a seed in tests.
    pub ids: Ids,
    /// `$XDG_STATE_HOME/crdtctl/leases`; None when there is no such place: nothing can be written
    /// then.
    pub leases: Option<PathBuf>,
    /// Identifies the machine (`/etc/machine-id`, else the host name).
    pub id: String,
    /// The name of the machine, for whoever is told who holds the lock.
    pub host: String,
    /// How long a writer waits for the lock of the store before it fails with `Locked`.
    pub lock_wait: Duration,
}
