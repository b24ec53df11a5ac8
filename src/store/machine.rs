//! The machine that a store is used on, as the store sees it.

use crate::clock::{Clock, Ids};
use std::path::PathBuf;
use std::time::Duration;

/// What a store uses of the machine around it.
pub struct Machine {
    /// The time; fixed in tests.
    pub clock: Clock,
    /// The source of new ids and client ids: random, or a seed in tests.
    pub ids: Ids,
    /// `$XDG_STATE_HOME/crdtctl/leases`; `None` if there is no such place, and nothing can be written then.
    pub leases: Option<PathBuf>,
    /// Identifies the machine (`/etc/machine-id`, else the host name).
    pub id: String,
    /// The name of the machine, for those who are told who holds the lock.
    pub host: String,
    /// How long a writer waits for the lock of the store before it fails with `Locked`.
    pub lock_wait: Duration,
}
